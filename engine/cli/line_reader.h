// Lines of a file or of standard input, each with a bound: a line that is too long is passed over without being kept.
#pragma once

#include <cstdio>
#include <string>

namespace daybook::cli {

class LineReader {
public:
    // `file` outlives the reader.
    LineReader(std::FILE* file, std::size_t bytes_max) : file_(file), bytes_max_(bytes_max), buffer_(1u << 20, '\0') {}

    struct Line {
        std::string text;          // without its end; empty where too_long
        std::uint64_t number = 0;  // from 1
        bool too_long = false;
    };
    // False at the end. The last line needs no line end.
    bool next(Line& line);
    // True when next() ended because reading failed.
    [[nodiscard]] bool failed() const { return std::ferror(file_) != 0; }

private:
    bool refill();

    std::FILE* file_;
    std::size_t bytes_max_;
    std::string buffer_;
    std::size_t at_ = 0, end_ = 0;
    std::uint64_t number_ = 0;
};

}  // namespace daybook::cli
