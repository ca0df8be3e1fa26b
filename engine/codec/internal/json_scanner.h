// The words of a JSON text (RFC 8259), one after another. Knows nothing of messages.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace daybook::codec {

// Walks over a text that is valid UTF-8. Every function skips blanks first. Once something is no JSON, broken() is true
// and every function says no. A copy remembers the place.
class JsonScanner {
public:
    explicit JsonScanner(std::string_view json) : json_(json) {}

    // Takes one of { } [ ] if it is next.
    bool take(char c);
    // Takes true, false or null if it is next.
    bool take_word(std::string_view word);
    // After an entry of an object or list: takes ',' and returns true, or takes `close` and returns false.
    bool next_entry(char close);
    // An object's key and its colon. The view is good until the next call.
    std::optional<std::string_view> key();
    // A string, its escapes undone; nullopt where there is none (nothing is taken) or it is broken. As above.
    std::optional<std::string_view> text();
    // A number as it is written; nullopt where there is none.
    std::optional<std::string_view> number();
    // Steps over one value of any kind.
    bool skip();
    // True where nothing but blanks is left; otherwise the text is broken.
    bool at_end();
    // True for an object whose first key is one of these. To be asked of a fresh scanner, which is of no use
    // afterwards.
    bool begins_with_key(std::initializer_list<std::string_view> keys);

    [[nodiscard]] char peek();         // '\0' at the end
    [[nodiscard]] std::string what();  // "a text", "a number", "an object" … : what is next, for a message

    [[nodiscard]] bool broken() const { return !reason_.empty(); }
    [[nodiscard]] const std::string& reason() const { return reason_; }  // "no JSON: at byte 17, …"

private:
    void blanks();
    void fail(std::string_view expected);
    bool unescape();
    std::optional<unsigned> hex4();

    std::string_view json_;
    std::size_t at_ = 0;
    std::string scratch_;  // the text whose escapes were undone
    std::string reason_;
};

}  // namespace daybook::codec
