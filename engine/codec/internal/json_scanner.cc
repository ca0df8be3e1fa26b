#include "engine/codec/internal/json_scanner.h"

#include <algorithm>
#include <vector>

namespace daybook::codec {
namespace {

// Deeper than any message of daybook.v1; bounds skip().
constexpr std::size_t kDepthMax = 64;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

void append_utf8(std::string& out, unsigned code) {
    const auto byte = [&](unsigned value) { out.push_back(static_cast<char>(value)); };
    if (code < 0x80) {
        byte(code);
    } else if (code < 0x800) {
        byte(0xc0 | code >> 6);
        byte(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        byte(0xe0 | code >> 12);
        byte(0x80 | (code >> 6 & 0x3f));
        byte(0x80 | (code & 0x3f));
    } else {
        byte(0xf0 | code >> 18);
        byte(0x80 | (code >> 12 & 0x3f));
        byte(0x80 | (code >> 6 & 0x3f));
        byte(0x80 | (code & 0x3f));
    }
}

}  // namespace

void JsonScanner::blanks() {
    while (at_ < json_.size() && (json_[at_] == ' ' || json_[at_] == '\t' || json_[at_] == '\n' || json_[at_] == '\r'))
        ++at_;
}

void JsonScanner::fail(std::string_view expected) {
    if (broken()) return;
    reason_ = "no JSON: at byte " + std::to_string(at_) + ", " + std::string(expected);
    at_ = json_.size();
}

char JsonScanner::peek() {
    if (broken()) return '\0';
    blanks();
    return at_ < json_.size() ? json_[at_] : '\0';
}

std::string JsonScanner::what() {
    switch (peek()) {
        case '"': return "a text";
        case '{': return "an object";
        case '[': return "a list";
        case 't':
        case 'f': return "true or false";
        case 'n': return "null";
        case '\0': return "missing";
        default: return is_digit(peek()) || peek() == '-' ? "a number" : "no JSON value";
    }
}

bool JsonScanner::take(char c) {
    if (peek() != c || broken()) return false;
    ++at_;
    return true;
}

bool JsonScanner::take_word(std::string_view word) {
    if (peek() != word.front() || !json_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
}

bool JsonScanner::next_entry(char close) {
    if (take(',')) return true;
    if (!take(close)) fail(close == '}' ? "expected ',' or '}' after a value" : "expected ',' or ']' after a value");
    return false;
}

std::optional<std::string_view> JsonScanner::key() {
    if (peek() != '"') {
        fail("expected a field's name in double quotes");
        return std::nullopt;
    }
    const auto name = text();
    if (!name) return std::nullopt;
    if (!take(':')) {
        fail("expected ':' after a field's name");
        return std::nullopt;
    }
    return name;
}

std::optional<std::string_view> JsonScanner::text() {
    if (peek() != '"') return std::nullopt;
    const std::size_t begin = ++at_;
    while (at_ < json_.size() && json_[at_] != '"' && json_[at_] != '\\' &&
           static_cast<unsigned char>(json_[at_]) >= 0x20)
        ++at_;
    if (at_ < json_.size() && json_[at_] == '"') return json_.substr(begin, at_++ - begin);
    scratch_.assign(json_.substr(begin, at_ - begin));
    while (at_ < json_.size() && json_[at_] != '"') {
        const char c = json_[at_++];
        if (static_cast<unsigned char>(c) < 0x20) {
            fail("a control character stands in a text; write it as an escape");
            return std::nullopt;
        }
        if (c != '\\') {
            scratch_.push_back(c);
        } else if (!unescape()) {
            fail("an escape in a text is none of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u0000, or half of a pair");
            return std::nullopt;
        }
    }
    if (at_ == json_.size()) {
        fail("a text has no end");
        return std::nullopt;
    }
    ++at_;
    return scratch_;
}

std::optional<unsigned> JsonScanner::hex4() {
    if (json_.size() - at_ < 4) return std::nullopt;
    unsigned value = 0;
    for (int i = 0; i < 4; ++i) {
        const char c = json_[at_++];
        const bool upper = c >= 'A' && c <= 'F';
        const bool lower = c >= 'a' && c <= 'f';
        if (!is_digit(c) && !upper && !lower) return std::nullopt;
        value = value << 4 | static_cast<unsigned>(is_digit(c) ? c - '0' : upper ? c - 'A' + 10 : c - 'a' + 10);
    }
    return value;
}

bool JsonScanner::unescape() {
    if (at_ == json_.size()) return false;
    const char c = json_[at_++];
    constexpr std::string_view kEscapes = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    if (const auto known = kEscapes.find(c); known != std::string_view::npos) {
        scratch_.push_back(kMeanings[known]);
        return true;
    }
    if (c != 'u') return false;
    const auto first = hex4();
    if (!first || (*first >= 0xdc00 && *first <= 0xdfff)) return false;
    unsigned code = *first;
    if (*first >= 0xd800 && *first <= 0xdbff) {
        if (!json_.substr(at_).starts_with("\\u")) return false;
        at_ += 2;
        const auto second = hex4();
        if (!second || *second < 0xdc00 || *second > 0xdfff) return false;
        code = 0x10000 + ((*first - 0xd800) << 10) + (*second - 0xdc00);
    }
    append_utf8(scratch_, code);
    return true;
}

std::optional<std::string_view> JsonScanner::number() {
    const char first = peek();
    if (!is_digit(first) && first != '-') return std::nullopt;
    const std::size_t begin = at_;
    const auto digits = [&] {
        const std::size_t from = at_;
        while (at_ < json_.size() && is_digit(json_[at_])) ++at_;
        return at_ != from;
    };
    const auto next = [&](char c) { return at_ < json_.size() && json_[at_] == c; };
    if (first == '-') ++at_;
    bool good = next('0') ? ++at_ != 0 : digits();
    if (next('.')) {
        ++at_;
        good = good && digits();
    }
    if (next('e') || next('E')) {
        ++at_;
        if (next('+') || next('-')) ++at_;
        good = good && digits();
    }
    if (!good || (at_ < json_.size() && is_digit(json_[at_]))) {
        fail("a number is not written as JSON writes numbers");
        return std::nullopt;
    }
    return json_.substr(begin, at_ - begin);
}

bool JsonScanner::skip() {
    std::vector<char> open;
    do {
        if (take('{') || take('[')) {
            const char close = json_[at_ - 1] == '{' ? '}' : ']';
            if (open.size() == kDepthMax) fail("objects and lists are nested too deeply");
            if (!take(close)) {
                open.push_back(close);
                if (close == '}' && !key()) return false;
                continue;
            }
        } else if (!text() && !number() && !take_word("true") && !take_word("false") && !take_word("null")) {
            fail("expected a value");
        }
        while (!open.empty() && !next_entry(open.back())) {
            if (broken()) return false;
            open.pop_back();
        }
        if (!open.empty() && open.back() == '}' && !key()) return false;
    } while (!open.empty() && !broken());
    return !broken();
}

bool JsonScanner::at_end() {
    if (peek() != '\0' || at_ < json_.size()) fail("something stands after the end of the object");
    return !broken();
}

bool JsonScanner::begins_with_key(std::initializer_list<std::string_view> keys) {
    if (!take('{')) return false;
    const auto name = text();
    return name && std::find(keys.begin(), keys.end(), *name) != keys.end();
}

}  // namespace daybook::codec
