// A table for people: columns as wide as they must be, numbers to the right.
#pragma once

#include <string>
#include <vector>

namespace daybook::cli {

class Table {
public:
    // A column whose title begins with '>' is aligned to the right; the sign itself is not shown.
    explicit Table(std::vector<std::string> titles);
    void add(std::vector<std::string> cells);  // as many as there are titles
    [[nodiscard]] bool empty() const { return rows_.empty(); }
    [[nodiscard]] std::string text() const;

private:
    std::vector<std::string> titles_;
    std::vector<bool> right_;
    std::vector<std::vector<std::string>> rows_;
};

}  // namespace daybook::cli
