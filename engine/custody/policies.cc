// Policies: which keys there are, what type of value each has, and reading them.
#include <algorithm>
#include <charconv>

#include "engine/custody/internal/case.h"

namespace daybook::custody {
namespace {

enum class ValueType { kNumber, kMoney, kLocalTime, kDocRules, kNumbers, kText };
enum class Scope { kAny, kEntity, kSite };

struct PolicyRule {
    std::string_view key;  // ending in '.': a prefix, before a name
    ValueType type;
    Scope scope;
    bool numbered = false;  // the name after the prefix is a party's number
};

constexpr PolicyRule kRules[] = {
    {"time.future_tolerance", ValueType::kNumber, Scope::kEntity},
    {"time.late_after", ValueType::kNumber, Scope::kEntity},
    {"limit.parcel", ValueType::kMoney, Scope::kAny},
    {"limit.carrier.", ValueType::kMoney, Scope::kAny, true},
    {"limit.memo_party.", ValueType::kMoney, Scope::kAny, true},
    {"limit.overnight", ValueType::kMoney, Scope::kAny},
    {"sign.memo_value", ValueType::kMoney, Scope::kAny},
    {"sign.discount", ValueType::kNumber, Scope::kAny},
    {"docs.required", ValueType::kDocRules, Scope::kAny},
    {"vault.not_before", ValueType::kLocalTime, Scope::kAny},
    {"vault.not_after", ValueType::kLocalTime, Scope::kAny},
    {"count.per_day", ValueType::kNumber, Scope::kAny},
    {"count.coverage_days", ValueType::kNumber, Scope::kAny},
    {"count.custodian_age", ValueType::kNumber, Scope::kAny},
    {"count.tolerance.", ValueType::kNumber, Scope::kAny},
    {"due.hold", ValueType::kNumber, Scope::kAny},
    {"due.transit_grace", ValueType::kNumber, Scope::kAny},
    {"due.missing", ValueType::kNumber, Scope::kAny},
    {"due.found", ValueType::kNumber, Scope::kAny},
    {"alert.memo", ValueType::kNumbers, Scope::kAny},
    {"repair.weight_tolerance", ValueType::kNumber, Scope::kAny},
    {"stock.target.", ValueType::kNumber, Scope::kSite},
    {"entity.currency", ValueType::kText, Scope::kEntity},
};

bool positive_number(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return !text.empty() && text.front() != '0' && error == std::errc{} && end == text.data() + text.size();
}

const PolicyRule* rule_of(std::string_view key) {
    for (const PolicyRule& rule : kRules) {
        if (!rule.key.ends_with('.')) {
            if (key == rule.key) return &rule;
        } else if (key.starts_with(rule.key) && key.size() > rule.key.size()) {
            if (!rule.numbered || positive_number(key.substr(rule.key.size()))) return &rule;
        }
    }
    return nullptr;
}

std::string_view type_name(ValueType type) {
    switch (type) {
        case ValueType::kNumber: return "a number of 0 or more";
        case ValueType::kMoney: return "money of 0 or more in the entity's currency";
        case ValueType::kLocalTime: return "a time of day with the zone's offset";
        case ValueType::kDocRules: return "rules of documents";
        case ValueType::kNumbers: return "a list of numbers";
        case ValueType::kText: return "three capital letters of ISO 4217";
    }
    return "";
}

bool has_prefix_and_more(std::string_view text, std::string_view prefix) {
    return text.starts_with(prefix) && text.size() > prefix.size();
}

bool valid_condition(std::string_view when) {
    if (when.empty() || when == "cites") return true;
    if (has_prefix_and_more(when, "value>=")) return when == "value>=0" || positive_number(when.substr(7));
    if (when.starts_with("title:")) {
        static constexpr std::string_view kOwners[] = {"HOUSE", "VENDOR", "CLIENT", "INSURER", "UNKNOWN"};
        return std::find(std::begin(kOwners), std::end(kOwners), when.substr(6)) != std::end(kOwners);
    }
    return has_prefix_and_more(when, "category:") || has_prefix_and_more(when, "metal:") ||
           has_prefix_and_more(when, "stone:");
}

bool valid_lane_end(std::string_view to) {
    if (to == "*" || positive_number(to)) return true;
    if (to.starts_with("country:")) return to.size() == 10;
    static constexpr std::string_view kKinds[] = {"kind:CLIENT",   "kind:VENDOR", "kind:CARRIER",
                                                  "kind:WORKSHOP", "kind:ENTITY", "kind:STAFF"};
    return std::find(std::begin(kKinds), std::end(kKinds), to) != std::end(kKinds);
}

std::optional<std::string> doc_rules_fault(const std::vector<DocRule>& rules) {
    for (std::size_t i = 0; i < rules.size(); ++i) {
        const std::string at = "value.doc_rules[" + std::to_string(i) + "]";
        const DocRule& rule = rules[i];
        if (rule.from != "*" && !positive_number(rule.from))
            return at + ".from: '" + std::string(rule.from) + "' is neither a site's number nor *";
        if (!valid_lane_end(rule.to))
            return at + ".to: '" + std::string(rule.to) + "' is no site's number, country:XX, kind:{party kind} or *";
        if (!valid_condition(rule.when))
            return at + ".when: '" + std::string(rule.when) +
                   "' is no condition; write category:…, metal:…, stone:…, cites, value>=N, title:… or nothing";
        if (rule.types.empty()) return at + ".types: name at least one type of document";
    }
    return std::nullopt;
}

bool is_currency(std::string_view text) {
    return text.size() == 3 && std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool fits(const Books& books, ValueType type, const PolicyValue& value) {
    switch (type) {
        case ValueType::kNumber: {
            const auto* number = std::get_if<std::int64_t>(&value);
            return number != nullptr && *number >= 0;
        }
        case ValueType::kMoney: {
            const auto* money = std::get_if<Money>(&value);
            return money != nullptr && money->minor >= 0 && money->currency == currency_of(books, books.recorded_at);
        }
        case ValueType::kLocalTime: return std::holds_alternative<LocalTime>(value);
        case ValueType::kDocRules: return std::holds_alternative<std::vector<DocRule>>(value);
        case ValueType::kNumbers: return std::holds_alternative<std::vector<std::int64_t>>(value);
        case ValueType::kText: {
            const auto* text = std::get_if<std::string_view>(&value);
            return text != nullptr && is_currency(*text);
        }
    }
    return false;
}

}  // namespace

std::optional<std::string> policy_fault(const Books& books, const PolicySet& policy) {
    const std::string key(policy.key);
    const PolicyRule* rule = rule_of(policy.key);
    if (rule == nullptr) return "key: there is no policy '" + key + "'";
    if (!fits(books, rule->type, policy.value))
        return "value: " + key + " asks for " + std::string(type_name(rule->type));
    if (rule->scope == Scope::kEntity && policy.site != 0) return "site: " + key + " is set for the whole entity";
    if (rule->scope == Scope::kSite && policy.site == 0) return "site: " + key + " is set for a site";
    if (const auto* rules = std::get_if<std::vector<DocRule>>(&policy.value)) return doc_rules_fault(*rules);
    return std::nullopt;
}

bool names_limit(std::string_view limit) {
    if (limit.starts_with("limit.")) return rule_of(limit) != nullptr;
    return AccountId::parse(limit).has_value();
}

std::int64_t policy_number(const Books& books, std::string_view key, SiteId site, Micros at, std::int64_t otherwise) {
    const PolicyValue* value = books.policies.size() == 0 ? nullptr : books.policy(key, site, at);
    return value == nullptr ? otherwise : std::get<std::int64_t>(*value);
}

std::optional<std::int64_t> policy_money(const Books& books, std::string_view key, SiteId site, Micros at) {
    const PolicyValue* value = books.policies.size() == 0 ? nullptr : books.policy(key, site, at);
    return value == nullptr ? std::nullopt : std::optional(std::get<Money>(*value).minor);
}

std::uint32_t currency_of(const Books& books, Micros at) {
    const PolicyValue* value = books.policies.size() == 0 ? nullptr : books.policy("entity.currency", 0, at);
    if (value == nullptr) return books.currency;
    std::uint32_t currency = 0;
    for (const char c : std::get<std::string_view>(*value)) currency = currency << 8 | static_cast<unsigned char>(c);
    return currency;
}

}  // namespace daybook::custody
