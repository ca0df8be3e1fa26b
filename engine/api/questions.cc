#include "engine/api/questions.h"

#include <charconv>
#include <utility>

#include "engine/api/internal/asked.h"

namespace daybook::api {
namespace {

constexpr std::uint64_t kWaitMillisDefault = 2'000;
constexpr std::uint64_t kWaitMillisMax = 5'000;
constexpr std::string_view kParamsOfAll = "at_least wait_ms";

// The families, in the order in which they are listed to people.
constexpr Family (*kFamilies[])() = {
    item_questions,      custody_questions, statement_questions, search_questions,   next_questions,
    stock_questions,     account_questions,
    obligation_questions, board_questions,   claim_questions,    day_questions,    desk_questions,
    since_questions,     replenish_questions, rule_questions,    refused_questions, register_questions,
    document_questions,  count_sheet_questions, counted_questions, reconciliation_questions, event_questions,
    engine_questions,
    stream_questions};

// The first of the words of a text that are parted by a character; the text becomes the rest.
std::string_view take_word(std::string_view& text, char between) {
    const std::size_t end = text.find(between);
    const std::string_view word = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    return word;
}

// "%2F" is "/"; what is no such escape stays.
std::string decoded(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        unsigned char byte = 0;
        const char* const digits = text.data() + at + 1;
        if (text[at] == '%' && at + 2 < text.size() &&
            std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
            out += static_cast<char>(byte);
            at += 2;
        } else {
            out += text[at];
        }
    }
    return out;
}

bool has_word(std::string_view words, std::string_view wanted) {
    while (!words.empty()) {
        if (take_word(words, ' ') == wanted) return true;
    }
    return false;
}

bool matches(std::string_view pattern, const std::vector<std::string>& path) {
    for (std::size_t i = 0; !pattern.empty(); ++i) {
        const std::string_view part = take_word(pattern, '/');
        if (i >= path.size()) return false;
        if (part == "**") return true;
        if (part != "*" && part != path[i]) return false;
        if (pattern.empty()) return i + 1 == path.size();
    }
    return false;
}

const QuestionInfo* find_question(const std::vector<std::string>& path) {
    for (const auto& family : kFamilies) {
        for (const QuestionInfo& info : family()) {
            if (matches(info.path, path)) return &info;
        }
    }
    return nullptr;
}

tl::unexpected<Error> unknown(const std::vector<std::string>& path) {
    std::string text;
    for (const auto& part : path) text += "/" + part;
    std::string known, last;
    for (const auto& pattern : question_paths()) {
        std::string_view rest = pattern;
        if (const std::string first(take_word(rest, '/')); first != last) {
            known += (known.empty() ? "" : ", ") + first;
            last = first;
        }
    }
    return fail(ErrorCode::kInvalid, "no such question: " + text + "; there are " + known);
}

// A mistyped one must not silently widen the answer.
Result<void> check_params(const QuestionInfo& info, const Question& question) {
    for (const auto& [name, value] : question.params) {
        if (has_word(kParamsOfAll, name) || has_word(info.params, name)) continue;
        std::string known;
        for (std::string_view words = info.params; !words.empty();) known += std::string(take_word(words, ' ')) + ", ";
        return fail(ErrorCode::kInvalid, name + ": there is no such parameter of this question; it takes " + known +
                                             "at_least and wait_ms");
    }
    return {};
}

Result<void> wait(const Asked& asked) {
    if (asked.param("at_least").empty()) return {};
    DAYBOOK_ASSIGN(const auto at_least, asked.number_param<Position>("at_least", 0, kNoPosition - 1));
    DAYBOOK_ASSIGN(const auto wait_ms,
                   asked.number_param<std::uint64_t>("wait_ms", kWaitMillisDefault, kWaitMillisMax));
    if (asked.views.wait_for(at_least + 1, after(std::chrono::milliseconds(wait_ms)))) return {};
    return fail(ErrorCode::kTimeout, "position " + std::to_string(at_least) +
                                         " is not reflected yet; the answer would reflect " +
                                         std::to_string(asked.views.position()) + " events");
}

}  // namespace

Question Question::parse(std::string_view text) {
    Question question;
    const std::size_t query = text.find('?');
    std::string_view path = text.substr(0, query);
    while (!path.empty()) {
        if (const auto part = take_word(path, '/'); !part.empty()) question.path.push_back(decoded(part));
    }
    if (query == std::string_view::npos) return question;
    std::string_view rest = text.substr(query + 1);
    while (!rest.empty()) {
        std::string_view value = take_word(rest, '&');
        const std::string name = decoded(take_word(value, '='));
        question.params[name] = decoded(value);
    }
    return question;
}

std::vector<std::string> question_paths() {
    std::vector<std::string> paths;
    for (const auto& family : kFamilies) {
        for (const QuestionInfo& info : family()) paths.emplace_back(info.path);
    }
    return paths;
}

Questions::Questions(Ledger& ledger, const Clock& clock, std::function<EngineStatus()> status)
    : ledger_(ledger), clock_(clock), status_(std::move(status)) {}

Result<std::string> Questions::answer(const Question& question) const {
    const QuestionInfo* info = find_question(question.path);
    if (info == nullptr) return unknown(question.path);
    DAYBOOK_TRY(check_params(*info, question));
    const EngineStatus status = status_();
    Asked asked(ledger_, clock_, question, status);
    DAYBOOK_TRY(wait(asked));
    if (info->about == About::kNow) DAYBOOK_TRY(asked.stand_at_now());
    return info->answer(asked);
}

}  // namespace daybook::api
