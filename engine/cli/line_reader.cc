#include "engine/cli/line_reader.h"

#include <algorithm>

namespace daybook::cli {

bool LineReader::refill() {
    at_ = 0;
    end_ = std::fread(buffer_.data(), 1, buffer_.size(), file_);
    return end_ > 0;
}

bool LineReader::next(Line& line) {
    line.text.clear();
    line.too_long = false;
    bool any = false;
    for (;;) {
        if (at_ == end_ && !refill()) break;
        any = true;
        const auto begin = buffer_.begin() + static_cast<std::ptrdiff_t>(at_);
        const auto stop = buffer_.begin() + static_cast<std::ptrdiff_t>(end_);
        const auto found = std::find(begin, stop, '\n');
        const auto size = static_cast<std::size_t>(found - begin);
        if (!line.too_long && line.text.size() + size > bytes_max_) {
            line.too_long = true;
            line.text.clear();
            line.text.shrink_to_fit();
        }
        if (!line.too_long) line.text.append(begin, found);
        at_ += size;
        if (found != stop) {
            ++at_;
            break;
        }
    }
    if (!any) return false;
    line.number = ++number_;
    if (line.text.ends_with('\r')) line.text.pop_back();
    return true;
}

}  // namespace daybook::cli
