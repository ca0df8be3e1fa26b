// What an auditor looks for: late entries, corrections and counts.
#include <algorithm>
#include <functional>
#include <limits>
#include <set>

#include "engine/api/internal/in_order.h"
#include "engine/api/internal/open.h"
#include "engine/api/internal/open_then.h"
#include "engine/api/internal/reached.h"
#include "engine/api/internal/rules_at.h"
#include "engine/api/internal/scans.h"
#include "engine/api/internal/supply_counts.h"
#include "engine/api/internal/when.h"
#include "engine/base/limits.h"
#include "engine/codec/obligation_text.h"
#include "schemas/daybook/v1/report.pb.h"

namespace daybook::api {
namespace {

using custody::ObligationKind;
using projections::Reading;
using projections::Register;

constexpr std::size_t kCountsPassedMax = 400;  // the newest counts of a site, among which those passed are looked for

// Of its legs: what moves nothing is of no account, and passes no count.
std::set<std::string> accounts_of(const v1::Event& event) {
    std::set<std::string> accounts;
    for (const v1::EventLine& line : event.lines()) {
        if (!line.to().empty()) accounts.insert({line.from(), line.to()});
    }
    return accounts;
}

// A count that ended: its opening, by which its accounts and its cut are known.
struct EndedCount {
    std::string id;
    Micros opened_at = 0;
    Position ended_by = 0;
    bool attested = false;
    std::vector<std::string> accounts;
};

Result<std::optional<EndedCount>> count_ended_by(const Asked& asked, const Reading& reading, Position position,
                                                 Position known) {
    DAYBOOK_ASSIGN(const v1::Event end, asked.event_at(position));
    const std::string& id = end.command().obligation_id();
    DAYBOOK_ASSIGN(const auto opening, opening_at(asked, reading, id, known));
    if (!opening) return std::optional<EndedCount>();
    const auto& accounts = opening->command().count_opened().accounts();
    return std::optional(EndedCount{id, time_of(opening->occurred_at()), position, end.command().has_count_attested(),
                                    {accounts.begin(), accounts.end()}});
}

// The attested counts of the event's accounts that it lies before, and that ended before `position`, where it came in
// or went; and the days of its site that had been closed past it. Those that are there are not added again.
Result<void> fill_passed(const Asked& asked, const Reading& reading, const v1::Event& event, Position position,
                         v1::LateRow& out) {
    const auto add = [](const auto& value, auto& values) {
        if (std::find(values.begin(), values.end(), value) == values.end()) *values.Add() = value;
    };
    const SiteId site = event.command().site();
    const Micros at = time_of(event.occurred_at());
    if (site == 0) return {};
    const std::set<std::string> touched = accounts_of(event);
    DAYBOOK_ASSIGN(auto counts, reading.entries(Register::kCounts, site, 0, position, ~std::size_t{0}));
    if (counts.size() > kCountsPassedMax) counts.erase(counts.begin(), counts.end() - kCountsPassedMax);
    for (const auto& entry : counts) {
        DAYBOOK_ASSIGN(const bool counts_then, reading.is_effective(entry.position, position));
        if (!counts_then) continue;
        DAYBOOK_ASSIGN(const auto count, count_ended_by(asked, reading, entry.position, position));
        if (!count || !count->attested || at >= count->opened_at) continue;
        if (std::any_of(count->accounts.begin(), count->accounts.end(),
                        [&](const std::string& account) { return touched.contains(account); }))
            add(count->id, *out.mutable_counts_passed());
    }
    DAYBOOK_ASSIGN(const auto days, reading.days(site, position));
    for (const auto& day : days.rows) {
        if (at < day.to) add(day.closed_by, *out.mutable_days_passed());
    }
    return {};
}

void fill_late(const v1::Event& event, Position position, v1::LateRow& out) {
    const v1::Command& command = event.command();
    out.set_position(position);
    out.set_event_id(command.event_id());
    out.set_type(static_cast<v1::EventType::Code>(static_cast<int>(command.payload_case()) - 100));
    *out.mutable_occurred_at() = event.occurred_at();
    *out.mutable_recorded_at() = event.recorded_at();
    out.set_delay_minutes(
        std::max<Micros>(0, time_of(event.recorded_at()) - time_of(event.occurred_at())) / kMinute);  // whole ones
    out.set_reason(command.late().reason());
    out.set_by(command.actor().principal());
    out.set_approved_by(command.late().approver());
    out.set_site(command.site());
    for (const ItemId& item : items_of(event)) out.add_items(item.text());
}

// What a correction supersedes, and what stands in its place; the counts and days that it reaches behind are those of
// what leaves, or comes back. Correctives have rows of their own.
Result<void> fill_correction(const Asked& asked, const When& when, const v1::Event& event, Position declared,
                             v1::LateRow& out) {
    const v1::CorrectionDeclared& correction = event.command().correction_declared();
    out.set_reason(v1::CorrectionDeclared::Reason_Name(correction.reason()));
    out.set_target(correction.target());
    for (const v1::Attestation& signer : event.command().attest()) {
        if (signer.role() == v1::Role::VM) out.set_approved_by(signer.principal());
    }
    const Position target = event.correcting().target();
    out.set_target_position(target);
    DAYBOOK_ASSIGN(const v1::Event superseded, asked.event_at(target));
    *out.mutable_occurred_at() = superseded.occurred_at();  // what is corrected lies there
    out.set_delay_minutes(
        std::max<Micros>(0, time_of(event.recorded_at()) - time_of(superseded.recorded_at())) / kMinute);
    DAYBOOK_ASSIGN(const auto reached, reached_by(asked, event));
    for (const v1::Event& changed : reached) DAYBOOK_TRY(fill_passed(asked, when.reading, changed, declared, out));
    DAYBOOK_ASSIGN(const auto standing, standing_for(asked, when.reading, reached.back().position(), when.at.known));
    for (const Position position : standing) out.add_stands(position);
    for (const std::string& corrective : correction.correctives()) {
        DAYBOOK_ASSIGN(const auto position, position_of(asked, corrective));
        if (position) out.add_replacements(*position);
    }
    return {};
}

struct Entry {
    projections::RegisterRow row;
    Register of{};
};

// A late fact is of its site; a correction of each site that it reaches as well.
Result<bool> concerns(const Asked& asked, const Entry& entry, SiteId site) {
    if (site == 0 || entry.row.site == site) return true;
    if (entry.of != Register::kCorrections) return false;
    DAYBOOK_ASSIGN(const v1::Event event, asked.event_at(entry.row.position));
    DAYBOOK_ASSIGN(const auto sites, sites_of(asked, event));
    return sites.contains(site);
}

// The entries of registers in order of position, of one site or of all, as known at R. A cursor has, beside (V, R), the
// position to go on from.
Result<std::string> entries_of(const Asked& asked, std::initializer_list<Register> registers) {
    DAYBOOK_ASSIGN(const auto page, asked.page());
    DAYBOOK_ASSIGN(const SiteId site, asked.site());
    DAYBOOK_ASSIGN(Position from, asked.position_param("from"));
    DAYBOOK_ASSIGN(const When when, when_known(asked));
    const Reading& reading = when.reading;
    Position to = when.at.known;
    if (from > asked.log.head())
        return wrong("from", asked.param("from"), "a position up to " + std::to_string(asked.log.head()));
    if (!asked.param("to").empty()) {
        DAYBOOK_ASSIGN(const Position before, asked.position_param("to"));
        // Times behind the newest event are one position, and still an order.
        const auto from_time = parse_time(asked.param("from")), to_time = parse_time(asked.param("to"));
        if (from > before || (from_time && to_time && *from_time > *to_time)) {
            return fail(ErrorCode::kInvalid, "from, to: " + asked.param("from") + " does not lie before " +
                                                 asked.param("to"));
        }
        to = std::min(to, before);
    }
    if (!page.cursor.empty()) {
        DAYBOOK_ASSIGN(from, row_of_cursor(asked));
    }
    std::vector<Entry> entries;
    for (const Register name : registers) {
        DAYBOOK_ASSIGN(const auto found, reading.entries(name, 0, from, to, ~std::size_t{0}));
        for (const auto& row : found) entries.push_back({row, name});
    }
    std::sort(entries.begin(), entries.end(),
              [](const Entry& a, const Entry& b) { return a.row.position < b.row.position; });
    v1::LateAnswer message;
    DAYBOOK_TRY(when.fill_as_of(asked, *message.mutable_as_of()));
    for (const auto& entry : entries) {
        const Position position = entry.row.position;
        DAYBOOK_ASSIGN(const bool wanted, concerns(asked, entry, site));
        if (!wanted) continue;
        if (static_cast<std::size_t>(message.rows_size()) == page.rows_max) {
            message.set_next(cursor_text(asked, when, std::to_string(position)));
            break;
        }
        DAYBOOK_ASSIGN(const v1::Event event, asked.event_at(position));
        v1::LateRow& out = *message.add_rows();
        fill_late(event, position, out);
        DAYBOOK_ASSIGN(const Position by, reading.corrected_by(position, when.at.known));
        if (by != kNoPosition) out.set_corrected_by(by);
        DAYBOOK_TRY(entry.of == Register::kCorrections ? fill_correction(asked, when, event, position, out)
                                                       : fill_passed(asked, reading, event, position, out));
    }
    return codec::to_json(message);
}

Result<std::string> late(const Asked& asked) { return entries_of(asked, {Register::kLate, Register::kCorrections}); }
Result<std::string> corrections(const Asked& asked) { return entries_of(asked, {Register::kCorrections}); }

// ---- Counts ----

// When a count's discrepancy was resolved, by the events of its piece that count at R; nullopt: it is open.
Result<std::optional<Micros>> resolved_at(const Asked& asked, const When& when, const ItemId& item,
                                          const std::string& discrepancy) {
    DAYBOOK_ASSIGN(const auto chain, when.reading.chain(item, {std::numeric_limits<Micros>::max(), when.at.known}));
    std::optional<Micros> at;
    for (const auto& row : chain.events) {
        if (row.type != custody::EventType::kDiscrepancyResolved || !row.effective) continue;
        DAYBOOK_ASSIGN(const v1::Event event, asked.event_at(row.position));
        if (event.command().obligation_id() == discrepancy) at = row.occurred_at;
    }
    return at;
}

// Of the discrepancies that a count opened: how many are open, and when the last of the others was resolved.
Result<void> fill_discrepancies(const Asked& asked, const When& when, const v1::Event& end, const ObligationId& id,
                                v1::CountRow& out) {
    using Kind = custody::DifferenceKind;
    Micros last = 0;
    const auto look = [&](const auto& items, Kind kind) -> Result<void> {
        for (const std::string& text : items) {
            const auto item = ItemId::parse(text);
            if (!item) continue;
            const custody::ObligationRef ref{id, kind, *item};
            DAYBOOK_ASSIGN(const auto found, when.reading.obligation(ref));
            if (!found.row) continue;
            DAYBOOK_ASSIGN(const auto at, resolved_at(asked, when, *item, codec::obligation_text(ref)));
            if (at) last = std::max(last, *at);
            else out.set_discrepancies_open(out.discrepancies_open() + 1);
        }
        return {};
    };
    DAYBOOK_TRY(look(end.counted().missing(), Kind::kMissing));
    DAYBOOK_TRY(look(end.counted().misplaced(), Kind::kMisplaced));
    DAYBOOK_TRY(look(end.counted().unexpected(), Kind::kUnexpected));
    if (out.discrepancies_open() == 0 && last != 0)
        out.set_resolved_minutes(std::max<Micros>(0, last - time_of(end.occurred_at())) / kMinute);
    return {};
}

void fill_opening(const v1::Event& opening, Position position, v1::CountRow& out) {
    const v1::Command& command = opening.command();
    out.set_count(command.obligation_id());
    out.set_kind(command.count_opened().kind());
    out.set_site(command.site());
    *out.mutable_accounts() = command.count_opened().accounts();
    *out.mutable_opened_at() = opening.occurred_at();
    out.set_counter(command.actor().principal());
    out.set_opened_by(position);
}

void fill_lists(const v1::CountLists& lists, v1::CountRow& out) {
    out.set_matched(static_cast<std::uint64_t>(lists.matched_size()));
    out.set_missing(static_cast<std::uint64_t>(lists.missing_size()));
    out.set_moved(static_cast<std::uint64_t>(lists.moved_size()));
    out.set_misplaced(static_cast<std::uint64_t>(lists.misplaced_size()));
    out.set_unexpected(static_cast<std::uint64_t>(lists.unexpected_size()));
    out.set_expected(out.matched() + out.missing() + out.moved());
}

// Of an attested count that looked for supplies: how many there were of them, and how many differed. Cost: its scans.
Result<void> fill_supplies(const Asked& asked, const When& when, const v1::Event& opening, const v1::Event& end,
                           RuleEvents& rules, v1::CountRow& out) {
    if (!counts_supplies(opening)) return {};
    SeenByAccount seen;
    SuppliesSeen supplies_seen;
    DAYBOOK_TRY(read_scans(asked, when.reading, opening, end.position(), when.at.known, seen, &supplies_seen));
    DAYBOOK_ASSIGN(const auto supplies, supplies_counted(asked, when.reading, opening, &end, supplies_seen, rules));
    for (const SupplyCounted& supply : supplies) {
        if (!supply.in_scope) continue;
        out.set_supplies(out.supplies() + 1);
        if (!supply.counted) out.set_supplies_not_counted(out.supplies_not_counted() + 1);
        if (supply.is_different()) out.set_supplies_different(out.supplies_different() + 1);
    }
    return {};
}

// `ended`: the event that had ended it, as known at R; nullptr: it was open. `rules`: of supplies, for all of the page.
Result<void> fill_count(const Asked& asked, const When& when, const v1::Event& opening, const v1::Event* ended,
                        RuleEvents& rules, v1::CountRow& out) {
    fill_opening(opening, opening.position(), out);
    if (ended == nullptr) return {};
    const v1::Event& end = *ended;
    const v1::Command& command = end.command();
    *out.mutable_ended_at() = end.occurred_at();
    out.set_ended_by(end.position());
    out.set_minutes(std::max<Micros>(0, time_of(end.occurred_at()) - time_of(opening.occurred_at())) / kMinute);
    out.set_attested(command.has_count_attested());
    out.set_abandoned_because(command.count_abandoned().why());
    if (!out.attested()) return {};
    for (const v1::Attestation& signer : command.attest()) {
        if (signer.principal() != out.counter() && out.second_counter() == 0)
            out.set_second_counter(signer.principal());
    }
    fill_lists(end.counted(), out);
    if (const auto id = ObligationId::parse(out.count())) DAYBOOK_TRY(fill_discrepancies(asked, when, end, *id, out));
    DAYBOOK_TRY(fill_supplies(asked, when, opening, end, rules, out));
    DAYBOOK_ASSIGN(const bool recheck, is_to_be_rechecked(when.reading, opening, end.position(), when.at.known));
    out.set_recheck(recheck);
    return {};
}

// The counts of a site that were open at R: now, or ended since.
Result<std::vector<projections::ObligationRow>> open_counts(const Asked& asked, const When& when, SiteId site) {
    std::vector<projections::ObligationRow> rows;
    projections::DueQuery query;
    query.site = site;
    query.kinds = custody::bit(ObligationKind::kCount);
    DAYBOOK_ASSIGN(auto open, when.reading.due(query, {limits::kPageRowsMax, {}}));
    rows = std::move(open.rows);
    DAYBOOK_ASSIGN(const auto ended, when.reading.entries(Register::kCounts, site, when.at.known,
                                                          when.reading.position(), ~std::size_t{0}));
    for (const auto& entry : ended) {
        DAYBOOK_ASSIGN(const v1::Event end, asked.event_at(entry.position));
        const auto id = ObligationId::parse(end.command().obligation_id());
        if (!id) continue;
        DAYBOOK_ASSIGN(auto row, when.reading.obligation({*id, {}, {}}));
        if (row.row) rows.push_back(std::move(*row.row));
    }
    DAYBOOK_ASSIGN(rows, open_then(asked, when, std::move(rows)));
    std::erase_if(rows, [&](const projections::ObligationRow& row) {
        return row.obligation.kind != ObligationKind::kCount || row.obligation.site != site;
    });
    return rows;
}

// The key of a count's end in a cursor; kBehindAll: none was given yet.
constexpr custody::ChainKey kBehindAll{std::numeric_limits<Micros>::max(), kNoPosition, kNoPosition};
std::string cursor_of(const custody::ChainKey& key) {
    return std::to_string(key.at) + "_" + std::to_string(key.place) + "_" + std::to_string(key.position);
}
std::optional<custody::ChainKey> of_cursor(std::string_view text) {
    const std::size_t first = text.find('_');
    const std::size_t second = text.rfind('_');
    if (first == std::string_view::npos || second == first) return std::nullopt;
    const auto at = parse_number<Micros>(text.substr(0, first));
    const auto place = parse_number<Position>(text.substr(first + 1, second - first - 1));
    const auto position = parse_number<Position>(text.substr(second + 1));
    if (!at || !place || !position) return std::nullopt;
    return custody::ChainKey{*at, *place, *position};
}

// The ends of a site's counts that count at R, before a key, the newest first: `enough` of them and one more, or all.
Result<std::vector<custody::ChainKey>> newest_ends(const Asked& asked, const When& when, SiteId site,
                                                   const custody::ChainKey& before, std::size_t enough) {
    DAYBOOK_ASSIGN(const auto ended, when.reading.entries(Register::kCounts, site, 0, when.at.known, ~std::size_t{0}));
    std::vector<custody::ChainKey> ends;
    for (auto entry = ended.rbegin(); entry != ended.rend(); ++entry) {
        DAYBOOK_ASSIGN(const v1::Event end, asked.event_at(entry->position));
        // Nothing is recorded so long before it happens: all that comes now is older.
        if (ends.size() > enough && time_of(end.recorded_at()) + kDay < ends.back().at) break;
        DAYBOOK_ASSIGN(const bool counts, when.reading.is_effective(entry->position, when.at.known));
        const custody::ChainKey key = key_of(end);
        if (!counts || key >= before) continue;
        ends.insert(std::upper_bound(ends.begin(), ends.end(), key, std::greater<>()), key);
        if (ends.size() > enough + 1) ends.pop_back();
    }
    return ends;
}

// Open ones first, in order of their ids; then those that ended, the newest first by valid time, as known at R. A
// cursor has, beside (V, R), the number of open ones that were given, or the key of the last end.
Result<std::string> counts(const Asked& asked) {
    DAYBOOK_ASSIGN(const auto page, asked.page());
    DAYBOOK_ASSIGN(const SiteId site, asked.site());
    if (site == 0) return wrong("site", asked.param("site"), "the number of the site whose counts are asked for");
    DAYBOOK_ASSIGN(const When when, when_known(asked));
    custody::ChainKey given = kBehindAll;
    RuleEvents rules = RuleEvents::of_supplies(asked);
    v1::CountsAnswer message;
    DAYBOOK_TRY(when.fill_as_of(asked, *message.mutable_as_of()));
    const std::string rest = rest_of_cursor(asked);
    const auto first = parse_number<std::size_t>(page.cursor.empty() ? "0" : rest);
    if (first) {
        DAYBOOK_ASSIGN(const auto open, open_counts(asked, when, site));
        for (std::size_t i = *first; i < open.size(); ++i) {
            if (static_cast<std::size_t>(message.rows_size()) == page.rows_max) {
                message.set_next(cursor_text(asked, when, std::to_string(i)));
                return codec::to_json(message);
            }
            DAYBOOK_ASSIGN(const v1::Event opening, asked.event_at(open[i].obligation.opened_by));
            DAYBOOK_TRY(fill_count(asked, when, opening, nullptr, rules, *message.add_rows()));
        }
    } else {
        const auto last = of_cursor(rest);
        if (!last) return wrong("cursor", page.cursor, "a cursor of this question");
        given = *last;
    }
    const std::size_t room = page.rows_max - std::min(page.rows_max, static_cast<std::size_t>(message.rows_size()));
    DAYBOOK_ASSIGN(const auto ends, newest_ends(asked, when, site, given, room));
    for (std::size_t i = 0; i < std::min(room, ends.size()); ++i) {
        given = ends[i];
        DAYBOOK_ASSIGN(const v1::Event end, asked.event_at(given.position));
        DAYBOOK_ASSIGN(const auto opening,
                       opening_at(asked, when.reading, end.command().obligation_id(), when.at.known));
        if (opening) DAYBOOK_TRY(fill_count(asked, when, *opening, &end, rules, *message.add_rows()));
    }
    if (ends.size() > room) message.set_next(cursor_text(asked, when, cursor_of(given)));
    return codec::to_json(message);
}

constexpr QuestionInfo kQuestions[] = {
    {"late", "from to site known_at rows cursor", late},
    {"corrections", "from to site known_at rows cursor", corrections},
    {"counts", "site known_at rows cursor", counts},
};

}  // namespace

Family register_questions() { return kQuestions; }

}  // namespace daybook::api
