// Limits of insured value. Judged on the sums of the books as they would be after the event, for the holder that it
// fills; the limit and its overrides are those in force at occurred_at.
#include <algorithm>
#include <unordered_map>

#include "engine/custody/internal/checks.h"
#include "engine/custody/past.h"

namespace daybook::custody {
namespace {

bool overridden(const Case& c, const std::string& limit, std::int64_t would_be) {
    const auto* overrides = c.books.overrides.find(limit);
    return overrides != nullptr && std::any_of(overrides->begin(), overrides->end(), [&](const Override& approved) {
               return approved.from <= c.at && c.at < approved.until && would_be <= approved.allowed_minor;
           });
}

Fault over(const Case& c, std::size_t line, const std::string& limit, std::int64_t allowed, std::int64_t would_be) {
    if (would_be <= allowed || overridden(c, limit, would_be)) return std::nullopt;
    const std::uint32_t currency = currency_of(c.books, c.at);
    Refusal refusal = refuse_line(c, line, RefusalCode::kLimit,
                                  "the limit " + limit + " allows " + money_text(allowed, currency) +
                                      " and would hold " + money_text(would_be, currency) +
                                      "; take fewer pieces, or have it lifted by VM and HQ (LimitOverrideApproved)");
    refusal.limit = limit;
    refusal.allowed = Money{allowed, currency};
    refusal.would_be = Money{would_be, currency};
    return refusal;
}

// What a line brings into the account that it names. Of a late fact only a piece counts that is there for it now: a
// later event may have moved it on, or had brought it there already.
std::int64_t brought(const Case& c, std::size_t i) {
    const LineCase& line = c.lines[i];
    if (c.context.past == nullptr) return line.item->insured_minor;
    const Item& after = c.context.past->pieces[i].after.item;
    const Item* now = c.books.items.find(line.item->id);
    const bool new_there = after.account == line.to && (now == nullptr || now->account != line.to);
    return new_there ? after.insured_minor : 0;
}

std::int64_t insured_of_lines(const Case& c) {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < c.lines.size(); ++i) sum += brought(c, i);
    return sum;
}

// Cases and persons: the limit stands on the account. A command may fill several, and empty one into another.
Fault check_accounts(const Case& c) {
    if (c.lines.size() == 1) {
        const LineCase& line = c.lines[0];
        if (line.to_account == nullptr || !line.to_account->insured_limit_minor) return std::nullopt;
        const std::int64_t would_be = line.to_account->insured_minor + brought(c, 0);
        if (would_be <= *line.to_account->insured_limit_minor) return std::nullopt;
        return over(c, 0, line.to.path(), *line.to_account->insured_limit_minor, would_be);
    }
    const auto limited = [](const LineCase& line) {
        return line.to_account != nullptr && line.to_account->insured_limit_minor.has_value();
    };
    if (std::none_of(c.lines.begin(), c.lines.end(), limited)) return std::nullopt;
    std::unordered_map<AccountId, std::int64_t, AccountHash> change;
    for (std::size_t i = 0; i < c.lines.size(); ++i) {
        change[c.lines[i].to] += brought(c, i);
        if (c.context.past == nullptr) change[c.lines[i].from] -= brought(c, i);
    }
    for (std::size_t i = 0; i < c.lines.size(); ++i) {
        const LineCase& line = c.lines[i];
        if (!limited(line)) continue;
        const std::int64_t would_be = line.to_account->insured_minor + change[line.to];
        if (would_be <= *line.to_account->insured_limit_minor) continue;
        if (Fault fault = over(c, i, line.to.path(), *line.to_account->insured_limit_minor, would_be)) return fault;
    }
    return std::nullopt;
}

Fault check_policy_limit(const Case& c, const std::string& key, std::size_t line, std::int64_t would_be) {
    const auto allowed = policy_money(c.books, key, c.command.site, c.at);
    return allowed ? over(c, line, key, *allowed, would_be) : std::nullopt;
}

Fault check_memo_party(const Case& c, PartyId party) {
    const PartySum* sum = c.books.memo_sums.find(party);
    const std::int64_t would_be = (sum == nullptr ? 0 : sum->insured_minor) + insured_of_lines(c);
    return check_policy_limit(c, "limit.memo_party." + std::to_string(party), 0, would_be);
}

// The parcels whose pieces are dispatched; each was within the limit when it was packed, and may have been revalued.
Fault check_dispatched_parcels(const Case& c) {
    const std::string key = "limit.parcel";
    const auto allowed = policy_money(c.books, key, c.command.site, c.at);
    if (!allowed) return std::nullopt;
    for (std::size_t i = 0; i < c.lines.size(); ++i) {
        const std::uint32_t parcel = c.lines[i].item->parcel;
        if (parcel == 0) continue;
        if (Fault fault = over(c, i, key, *allowed, c.pieces.parcels[parcel].insured_minor)) return fault;
    }
    return std::nullopt;
}

Fault check_dispatch(const Case& c) {
    const auto& payload = c.payload<TransferDispatched>();
    if (Fault fault = check_dispatched_parcels(c)) return fault;
    if (payload.carrier != 0) {
        const std::string key = "limit.carrier." + std::to_string(payload.carrier);
        if (Fault fault = check_policy_limit(c, key, 0, insured_of_lines(c))) return fault;
    }
    return c.dispatched_to() == State::kM ? check_memo_party(c, payload.dest.party) : std::nullopt;
}

}  // namespace

Fault check_limits(const Case& c) {
    switch (c.command.type) {
        case EventType::kSignedOut:
        case EventType::kHandedOver: return check_accounts(c);
        case EventType::kTransferPacked:
            return c.books.policies.size() == 0 ? std::nullopt
                                                : check_policy_limit(c, "limit.parcel", 0, insured_of_lines(c));
        case EventType::kTransferDispatched: return c.books.policies.size() == 0 ? std::nullopt : check_dispatch(c);
        case EventType::kMemoOutIssued:
            return c.books.policies.size() == 0 ? std::nullopt : check_memo_party(c, c.payload<MemoOutIssued>().party);
        default: return std::nullopt;
    }
}

}  // namespace daybook::custody
