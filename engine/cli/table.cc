#include "engine/cli/table.h"

#include <algorithm>
#include <utility>

#include "engine/base/assert.h"

namespace daybook::cli {
namespace {

// Code points, not bytes; good enough for the Latin texts that ids, paths and models are.
std::size_t width(const std::string& text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace

Table::Table(std::vector<std::string> titles) : titles_(std::move(titles)) {
    for (auto& title : titles_) {
        right_.push_back(title.starts_with('>'));
        if (right_.back()) title.erase(0, 1);
    }
}

void Table::add(std::vector<std::string> cells) {
    DAYBOOK_ASSERT(cells.size() == titles_.size());
    rows_.push_back(std::move(cells));
}

std::string Table::text() const {
    std::vector<std::size_t> widths;
    for (std::size_t column = 0; column < titles_.size(); ++column) {
        std::size_t widest = width(titles_[column]);
        for (const auto& row : rows_) widest = std::max(widest, width(row[column]));
        widths.push_back(widest);
    }
    std::string out;
    const auto line = [&](const std::vector<std::string>& cells) {
        std::string text;
        for (std::size_t column = 0; column < cells.size(); ++column) {
            const std::string space(widths[column] - width(cells[column]), ' ');
            text += right_[column] ? space + cells[column] : cells[column] + space;
            text += "  ";
        }
        text.erase(text.find_last_not_of(' ') + 1);
        out += text + "\n";
    };
    line(titles_);
    std::vector<std::string> rule;
    for (const std::size_t wide : widths) rule.emplace_back(wide, '-');
    line(rule);
    for (const auto& row : rows_) line(row);
    return out;
}

}  // namespace daybook::cli
