// Policies: which value and scope each key asks for (domain: 8.5), and the small language of docs.required.
#include <algorithm>
#include <array>
#include <charconv>
#include <variant>

#include "engine/codec/internal/payload_rules.h"
#include "engine/codec/internal/tables.h"

namespace daybook::codec {
namespace {

namespace c = custody;

enum class Value { kNumber, kMoney, kTime, kDocRules, kNumbers, kCurrency };
enum class Scope { kAny, kEntity, kSite };
// A key that ends in "." is followed by a name, or by a number where `numbered`.
struct Key {
    std::string_view key;
    Value value;
    Scope scope = Scope::kAny;
    bool numbered = false;
    std::int64_t max = 1'000'000'000'000;
};
constexpr std::array kKeys{
    Key{"time.future_tolerance", Value::kNumber, Scope::kEntity},
    Key{"time.late_after", Value::kNumber, Scope::kEntity},
    Key{"limit.parcel", Value::kMoney},
    Key{"limit.carrier.", Value::kMoney, Scope::kAny, true},
    Key{"limit.memo_party.", Value::kMoney, Scope::kAny, true},
    Key{"limit.overnight", Value::kMoney},
    Key{"sign.memo_value", Value::kMoney},
    Key{"sign.discount", Value::kNumber, Scope::kAny, false, 1000},
    Key{"docs.required", Value::kDocRules},
    Key{"vault.not_before", Value::kTime},
    Key{"vault.not_after", Value::kTime},
    Key{"count.per_day", Value::kNumber},
    Key{"count.coverage_days", Value::kNumber},
    Key{"count.custodian_age", Value::kNumber},
    Key{"count.tolerance.", Value::kNumber},
    Key{"due.hold", Value::kNumber},
    Key{"due.transit_grace", Value::kNumber},
    Key{"due.missing", Value::kNumber},
    Key{"due.found", Value::kNumber},
    Key{"alert.memo", Value::kNumbers},
    Key{"repair.weight_tolerance", Value::kNumber},
    Key{"stock.target.", Value::kNumber, Scope::kSite},
    Key{"entity.currency", Value::kCurrency, Scope::kEntity},
};

bool bad(Fault& fault, std::string path, std::string text) {
    fault.path = std::move(path);
    fault.text = std::move(text);
    return false;
}

// A number without sign or leading zero, as accounts and keys have it.
bool is_number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() && text.front() != '0';
}

const Key* find_key(std::string_view key) {
    for (const Key& each : kKeys) {
        if (!each.key.ends_with('.')) {
            if (each.key == key) return &each;
            continue;
        }
        if (!key.starts_with(each.key) || key.size() == each.key.size()) continue;
        if (!each.numbered || is_number(key.substr(each.key.size()))) return &each;
    }
    return nullptr;
}

bool named(const EnumTable& values, std::string_view name) {
    const auto it = values.numbers.find(name);
    return it != values.numbers.end() && it->second != 0;
}
const EnumTable& values_of(std::string_view message, std::string_view field) {
    return *message_table(message)->find(field)->values;
}

// True where `text` is `prefix` and one of the enum's names.
bool one_of(std::string_view text, std::string_view prefix, const EnumTable& values) {
    return text.starts_with(prefix) && named(values, text.substr(prefix.size()));
}

bool valid_to(std::string_view to) {
    if (to == "*" || is_number(to)) return true;
    constexpr std::string_view kCountry = "country:";
    if (to.starts_with(kCountry)) {
        const auto code = to.substr(kCountry.size());
        return code.size() == 2 &&
               std::all_of(code.begin(), code.end(), [](char letter) { return letter >= 'A' && letter <= 'Z'; });
    }
    return one_of(to, "kind:", values_of("daybook.v1.PartyRegistered", "kind"));
}

bool valid_when(std::string_view when) {
    constexpr std::string_view kValue = "value>=";
    if (when.empty() || when == "cites") return true;
    if (when.starts_with(kValue))
        return when == "value>=0" || (when.size() > kValue.size() && is_number(when.substr(kValue.size())));
    return one_of(when, "category:", values_of("daybook.v1.ItemRegistered", "category")) ||
           one_of(when, "metal:", values_of("daybook.v1.ItemRegistered", "metal")) ||
           one_of(when, "stone:", values_of("daybook.v1.Stone", "type")) ||
           one_of(when, "title:", values_of("daybook.v1.Owner", "kind"));
}

bool check_doc_rules(const std::vector<c::DocRule>& rules, Fault& fault) {
    for (std::size_t i = 0; i < rules.size(); ++i) {
        const auto& rule = rules[i];
        const std::string path = "value.doc_rules.rules[" + std::to_string(i) + "].";
        if (rule.from != "*" && !is_number(rule.from))
            return bad(fault, path + "from", quoted(rule.from) + " is neither the number of a site nor *");
        if (!valid_to(rule.to)) {
            return bad(fault, path + "to",
                       quoted(rule.to) + " is none of: the number of a site, country:CH, kind:CLIENT, *");
        }
        if (!valid_when(rule.when)) {
            return bad(
                fault, path + "when",
                quoted(rule.when) +
                    " is none of: category:RING, metal:GOLD_18K, stone:DIAMOND, cites, value>=100000, title:CLIENT");
        }
    }
    return true;
}

bool check_value(const Key& key, const c::PolicyValue& value, Fault& fault) {
    switch (key.value) {
        case Value::kNumber: {
            const auto* number = std::get_if<std::int64_t>(&value);
            if (number == nullptr) return bad(fault, "value.number", "missing; this policy is a number");
            return *number <= key.max ||
                   bad(fault, "value.number", std::to_string(*number) + " is over " + std::to_string(key.max));
        }
        case Value::kMoney:
            return std::holds_alternative<c::Money>(value) ||
                   bad(fault, "value.money", "missing; this policy is an amount of money");
        case Value::kTime:
            return std::holds_alternative<c::LocalTime>(value) ||
                   bad(fault, "value.time", "missing; this policy is a time of day");
        case Value::kNumbers:
            return std::holds_alternative<std::vector<std::int64_t>>(value) ||
                   bad(fault, "value.numbers", "missing; this policy is a list of numbers");
        case Value::kDocRules: {
            const auto* rules = std::get_if<std::vector<c::DocRule>>(&value);
            return rules == nullptr ? bad(fault, "value.doc_rules", "missing; this policy is a list of rules")
                                    : check_doc_rules(*rules, fault);
        }
        case Value::kCurrency: {
            const auto* text = std::get_if<std::string_view>(&value);
            const bool good =
                text != nullptr && text->size() == 3 &&
                std::all_of(text->begin(), text->end(), [](char letter) { return letter >= 'A' && letter <= 'Z'; });
            return good || bad(fault, "value.text", "is no currency; write three capital letters, as in EUR");
        }
    }
    return false;
}

}  // namespace

bool check_policy(const c::PolicySet& policy, Fault& fault) {
    const Key* key = find_key(policy.key);
    if (key == nullptr) return bad(fault, "key", quoted(policy.key) + " is no policy; schemas/README.md lists them");
    if (key->scope == Scope::kEntity && policy.site != 0)
        return bad(fault, "site", "not wanted; this policy is the whole entity's");
    if (key->scope == Scope::kSite && policy.site == 0) return bad(fault, "site", "missing; this policy is a site's");
    return check_value(*key, policy.value, fault);
}

}  // namespace daybook::codec
