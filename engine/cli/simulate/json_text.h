// Writes one JSON object a field at a time into a string. For texts that need no escaping (ids, paths, codes).
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace daybook::cli {

class JsonText {
public:
    explicit JsonText(std::string& out) : out_(out) {}

    JsonText& field(std::string_view name, std::string_view text) {
        key(name);
        out_ += '"';
        out_ += text;
        out_ += '"';
        return *this;
    }
    JsonText& field(std::string_view name, const char* text) { return field(name, std::string_view(text)); }
    template <std::integral Number>
    JsonText& field(std::string_view name, Number number) {
        key(name);
        if constexpr (std::same_as<Number, bool>) {
            out_ += number ? "true" : "false";
        } else {
            out_ += std::to_string(number);
        }
        return *this;
    }
    JsonText& open(std::string_view name, char bracket) {  // '{' or '['
        key(name);
        return open(bracket);
    }
    JsonText& open(char bracket) {
        comma();
        out_ += bracket;
        return *this;
    }
    JsonText& close(char bracket) {
        out_ += bracket;
        return *this;
    }
    JsonText& text(std::string_view value) {  // of a list
        comma();
        out_ += '"';
        out_ += value;
        out_ += '"';
        return *this;
    }

private:
    void key(std::string_view name) {
        comma();
        out_ += '"';
        out_ += name;
        out_ += "\":";
    }
    void comma() {
        if (out_.empty()) return;
        const char last = out_.back();
        if (last != '{' && last != '[' && last != ':') out_ += ',';
    }

    std::string& out_;
};

}  // namespace daybook::cli
