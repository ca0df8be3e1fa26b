// Accounts over time: what one held, its statement, and the trial balance, each at (valid time, record time).
#include <algorithm>
#include <map>
#include <set>

#include "engine/api/internal/moves.h"
#include "engine/api/internal/open.h"
#include "engine/api/internal/reached.h"
#include "engine/api/internal/rules_at.h"
#include "engine/api/internal/trial.h"
#include "engine/api/internal/when.h"
#include "engine/base/bytes.h"
#include "engine/base/limits.h"
#include "engine/crypto/digest.h"

namespace daybook::api {
namespace {

using custody::AccountClass;
using projections::AsKnown;
using projections::PieceRow;

Result<custody::AccountId> account_of_path(const Asked& asked) {
    std::string path;
    for (std::size_t i = 1; i < asked.question.path.size(); ++i) path += (i == 1 ? "" : "/") + asked.question.path[i];
    const auto account = custody::AccountId::parse(path);
    if (!account) return wrong("account", path, "an account's path, as in SITE/1/VAULT/A-03");
    return *account;
}

// Every page of what an account held.
Result<std::vector<PieceRow>> all_pieces(const projections::Reading& reading, const custody::AccountId& account,
                                         const AsKnown& at) {
    std::vector<PieceRow> all;
    projections::Page page{limits::kPageRowsMax, {}};
    do {
        DAYBOOK_ASSIGN(auto found, reading.account_at(account, at, page));
        all.insert(all.end(), found.rows.begin(), found.rows.end());
        page.cursor = std::move(found.next);
    } while (!page.cursor.empty());
    return all;
}

// ---- What it held ----

// The pieces that were in the account some time in the interval, in order of their ids.
Result<std::vector<ItemId>> pieces_within(const When& when, const custody::AccountId& account,
                                          const Interval& interval) {
    std::vector<ItemId> items;
    DAYBOOK_ASSIGN(const auto there, all_pieces(when.reading, account, {interval.from, when.at.known}));
    for (const PieceRow& row : there) items.push_back(row.item);
    DAYBOOK_ASSIGN(const auto postings,
                   when.reading.postings(account, interval.from + 1, interval.to, when.at.known));
    for (const auto& posting : postings) {
        if (posting.count > 0) items.emplace_back(posting.id);
    }
    std::sort(items.begin(), items.end());
    items.erase(std::unique(items.begin(), items.end()), items.end());
    return items;
}

// What is asked for: one account; or a person, a party or a parcel, which may have been in several.
struct Holders {
    std::set<custody::AccountId> accounts;
    std::map<ItemId, std::set<Position>> packed;  // of a parcel: its pieces, and by which events they came into it
    std::string named;
    std::set<Position> memos = {};  // of a party: what opened its memos; others may have memos of the same number
};

// A person's at all sites: those that ever held a piece, whatever became of them since.
Result<Holders> person(const Asked& asked, const When& when) {
    DAYBOOK_ASSIGN(const auto who, asked.number_param<Principal>("person", 0, ~Principal{0}));
    Holders holders;
    holders.named = "principal " + std::to_string(who);
    DAYBOOK_ASSIGN(const auto accounts, when.reading.accounts_ever({AccountClass::kSitePerson}));
    for (const custody::AccountId& account : accounts) {
        if (account.number() == who) holders.accounts.insert(account);
    }
    return holders;
}

// Adds a party's memo that an event opens; nothing where it opens none, or another party's.
void add_memos(const v1::Event& event, PartyId party, Holders& holders) {
    const v1::Command& command = event.command();
    const bool issued = command.has_memo_out_issued() && command.memo_out_issued().party() == party;
    const bool delivered = command.has_transfer_delivered() && command.transfer_delivered().party() == party;
    if (!issued && !delivered) return;
    holders.memos.insert(event.position());
    for (const v1::EventLine& line : event.lines()) {
        const auto account = custody::AccountId::parse(line.to());
        if (account && account->kind == AccountClass::kExtMemo) holders.accounts.insert(*account);
    }
}

// The events that opened memos of a party as known at R, and some others. A memo's row tells the event that opened it
// when it was told last: as known at R that is the one, or what stands in its place. What a correction since R took
// out was not known to be so.
Result<std::set<Position>> memo_openings(const Asked& asked, const When& when, PartyId party) {
    std::set<Position> told, openings;
    std::vector<std::pair<Position, PartyId>> memos;
    DAYBOOK_TRY(when.reading.each_obligation([&](const projections::ObligationRow& row) {
        const custody::Obligation& it = row.obligation;
        if (it.kind == custody::ObligationKind::kMemoOut) memos.emplace_back(it.opened_by, it.party);
    }));
    DAYBOOK_TRY(add_forgotten(asked, when.reading, when.at.known, told));
    for (const auto& [opening, its_party] : memos) {
        if (opening >= when.at.known) continue;
        DAYBOOK_ASSIGN(const bool counts, when.reading.is_effective(opening, when.at.known));
        if (!counts) {
            told.insert(opening);  // of whichever party: what stands in its place may be of another
        } else if (its_party == party) {
            openings.insert(opening);
        }
    }
    for (const Position event : told) {
        if (event >= when.at.known) break;
        DAYBOOK_ASSIGN(const v1::Event stored, asked.event_at(event));
        const bool of_a_memo = stored.command().has_memo_out_issued() || stored.command().has_transfer_delivered();
        if (!of_a_memo) continue;  // a corrective has its target's type
        DAYBOOK_ASSIGN(const auto standing, standing_for(asked, when.reading, event, when.at.known));
        openings.insert(standing.begin(), standing.end());
    }
    return openings;
}

// A party's own accounts, and those of its memos.
Result<Holders> party(const Asked& asked, const When& when) {
    DAYBOOK_ASSIGN(const auto who, asked.number_param<PartyId>("party", 0, ~PartyId{0}));
    Holders holders;
    holders.named = "party " + std::to_string(who);
    for (const char* kind : {"SUPPLIER", "CLIENT", "WORKSHOP", "ENTITY"}) {
        const auto account = custody::AccountId::parse("EXT/" + std::string(kind) + "/" + std::to_string(who));
        if (account) holders.accounts.insert(*account);
    }
    DAYBOOK_ASSIGN(const auto openings, memo_openings(asked, when, who));
    for (const Position position : openings) {
        DAYBOOK_ASSIGN(const v1::Event event, asked.event_at(position));
        add_memos(event, who, holders);
    }
    return holders;
}

// The pieces that were packed into it.
Result<Holders> parcel(const Asked& asked, const When& when) {
    Holders holders;
    holders.named = "parcel " + asked.param("parcel");
    DAYBOOK_ASSIGN(const auto events, when.reading.number(asked.param("parcel"), 0, when.at.known, ~std::size_t{0}));
    for (const auto& row : events) {
        DAYBOOK_ASSIGN(const v1::Event event, asked.event_at(row.position));
        if (event.command().transfer_packed().parcel() != asked.param("parcel")) continue;
        for (const ItemId& item : items_of(event)) holders.packed[item].insert(row.position);
    }
    if (holders.packed.empty())
        return fail(ErrorCode::kNotFound, "nothing was ever packed into a parcel '" + asked.param("parcel") + "'");
    return holders;
}

Result<Holders> holders_of(const Asked& asked, const When& when) {
    int named = asked.question.path.size() > 1 ? 1 : 0;
    for (const char* name : {"person", "party", "parcel"}) named += asked.param(name).empty() ? 0 : 1;
    if (named > 1) return fail(ErrorCode::kInvalid, "person, party, parcel: one at a time, or an account instead");
    if (asked.question.path.size() > 1) {
        DAYBOOK_ASSIGN(const custody::AccountId account, account_of_path(asked));
        return Holders{{account}, {}, holder_text(account)};
    }
    if (!asked.param("person").empty()) return person(asked, when);
    if (!asked.param("party").empty()) return party(asked, when);
    if (!asked.param("parcel").empty()) return parcel(asked, when);
    return fail(ErrorCode::kInvalid, "held: by whom? Name an account, or give person, party or parcel");
}

// Whether a stay is in an account of a party's memo, but on the memo of another party.
bool is_of_another(const Holders& holders, const projections::StayRow& stay) {
    return !holders.memos.empty() && stay.account.kind == AccountClass::kExtMemo &&
           holders.memos.count(stay.opened_by) == 0;
}

// The stays of a chain that are asked for, from a time on. A parcel goes from its packing to where it leaves its
// transfer.
std::vector<projections::StayRow> stays_with(const Holders& holders, const ItemId& item,
                                             const projections::ChainRows& chain, Micros since) {
    const auto packed = holders.packed.find(item);
    std::vector<projections::StayRow> stays;
    bool within = false;
    for (const auto& stay : chain.stays) {
        const bool opens = packed != holders.packed.end() && packed->second.count(stay.opened_by) == 1;
        within = opens || (within && stay.account.kind == AccountClass::kTransit);
        const bool over = stay.to && *stay.to <= since;
        const bool its = holders.accounts.count(stay.account) == 1 && !is_of_another(holders, stay);
        if (!over && (within || its)) stays.push_back(stay);
    }
    return stays;
}

void fill_held(const Asked& asked, const projections::StayRow& stay, v1::HeldRow& row) {
    fill(stay.from, row.mutable_from());
    if (stay.to) fill(*stay.to, row.mutable_to());
    if (stay.opened_by != kNoPosition) row.set_opened_by(stay.opened_by);
    if (stay.closed_by != kNoPosition) row.set_closed_by(stay.closed_by);
    asked.money(stay.insured_minor, *row.mutable_insured());
}

// Where a page begins: a cursor has the number of a piece and, behind '/', how many of its stays were given.
struct HeldFrom {
    std::size_t piece = 0, stay = 0;
};
Result<HeldFrom> held_from_cursor(const Asked& asked) {
    const std::string rest = rest_of_cursor(asked);
    if (rest.empty()) return HeldFrom{};
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    const auto piece = parse_number<std::size_t>(std::string_view(rest).substr(0, slash));
    const auto stay = parse_number<std::size_t>(std::string_view(rest).substr(std::min(slash + 1, rest.size())));
    if (!piece || !stay) return wrong("cursor", asked.param("cursor"), "a cursor of this question");
    return HeldFrom{*piece, *stay};
}

Result<std::string> held(const Asked& asked) {
    DAYBOOK_ASSIGN(const Interval interval, interval_of(asked));
    DAYBOOK_ASSIGN(auto page, asked.page());
    DAYBOOK_ASSIGN(When when, when_of(asked));
    when.at.valid = interval.to - 1;
    DAYBOOK_ASSIGN(const Holders holders, holders_of(asked, when));
    std::vector<ItemId> items;
    for (const custody::AccountId& account : holders.accounts) {
        DAYBOOK_ASSIGN(const auto some, pieces_within(when, account, interval));
        items.insert(items.end(), some.begin(), some.end());
    }
    for (const auto& [item, packings] : holders.packed) items.push_back(item);
    std::sort(items.begin(), items.end());
    items.erase(std::unique(items.begin(), items.end()), items.end());
    v1::HeldAnswer message;
    DAYBOOK_TRY(when.fill_as_of(asked, *message.mutable_as_of()));
    const bool one = asked.question.path.size() > 1;
    if (one) message.set_account(holders.accounts.begin()->path());
    message.set_holder(holders.named);
    fill(interval.from, message.mutable_from());
    fill(interval.to, message.mutable_to());
    DAYBOOK_ASSIGN(HeldFrom next, held_from_cursor(asked));
    for (; next.piece < items.size(); next = {next.piece + 1, 0}) {
        const ItemId& item = items[next.piece];
        DAYBOOK_ASSIGN(const auto chain, when.reading.chain(item, {interval.to - 1, when.at.known}));
        const auto stays = stays_with(holders, item, chain, interval.from);
        std::string model;
        for (; next.stay < stays.size(); ++next.stay) {
            if (message.rows_size() == static_cast<int>(page.rows_max)) {
                const std::string rest = std::to_string(next.piece) + "/" + std::to_string(next.stay);
                message.set_next(cursor_text(asked, when, rest));
                return codec::to_json(message);
            }
            if (model.empty()) {
                DAYBOOK_ASSIGN(model, model_at(asked, chain, when.at.valid));
            }
            v1::HeldRow& row = *message.add_rows();
            row.set_item(item.text());
            row.set_model(model);
            fill_held(asked, stays[next.stay], row);
            if (!one) row.set_account(stays[next.stay].account.path());
        }
    }
    return codec::to_json(message);
}

// ---- Statement ----

Result<void> fill_side(const Asked& asked, const When& when, const custody::AccountId& account, Micros valid,
                       v1::StatementSide& out) {
    const AsKnown at{valid, when.at.known};
    DAYBOOK_ASSIGN(const auto pieces, all_pieces(when.reading, account, at));
    DAYBOOK_ASSIGN(const auto totals, when.reading.account_totals_at(account, at));
    DAYBOOK_ASSIGN(const auto supplies, when.reading.supplies_at(account, at));
    Sha256 digest;
    for (const PieceRow& row : pieces) digest.update(row.item.text()).update("\n");
    out.set_pieces(totals.pieces);
    asked.money(totals.insured_minor, *out.mutable_insured());
    out.set_digest(hex(digest.finish()));
    for (const auto& row : supplies.rows) fill(row, *out.add_supplies());
    return {};
}

// A line of a statement, of a piece or of a supply.
struct Move {
    projections::PostingRow posting;
    bool supply = false;
};

// All that came and went, by valid time.
Result<std::vector<Move>> moves_of(const Asked& asked, const When& when, const custody::AccountId& account,
                                   const Interval& interval) {
    std::vector<Move> moves;
    DAYBOOK_ASSIGN(const auto pieces, when.reading.postings(account, interval.from, interval.to, when.at.known));
    for (const auto& line : net(pieces)) moves.push_back({line, false});
    DAYBOOK_ASSIGN(const auto postings,
                   when.reading.supply_postings(account, interval.from, interval.to, when.at.known));
    DAYBOOK_ASSIGN(const auto supplies, supply_moves(asked, when.reading, postings, when.at.known));
    for (const auto& line : supplies) moves.push_back({line, true});
    std::stable_sort(moves.begin(), moves.end(),
                     [](const Move& a, const Move& b) { return a.posting.at < b.posting.at; });
    return moves;
}

Result<void> fill_line(const Asked& asked, const When& when, const custody::AccountId& account, const Move& line,
                       v1::StatementLine& row) {
    const projections::PostingRow& posting = line.posting;
    fill(posting.at, row.mutable_at());
    if (line.supply) {
        row.set_supply(posting.id.low);
        row.set_quantity(posting.count);
        row.set_measure(posting.amount);
        row.set_position(posting.position);
        row.set_type(v1::EventType::SupplyMoved);
        return {};
    }
    row.set_item(posting.id.text());
    row.set_pieces(static_cast<std::int32_t>(posting.count));
    asked.money(posting.amount, *row.mutable_insured());
    DAYBOOK_ASSIGN(const auto chain, when.reading.chain(ItemId(posting.id), {posting.at, when.at.known}));
    row.set_position(event_of(posting, account, chain));
    DAYBOOK_ASSIGN(const v1::Event event, asked.event_at(row.position()));
    row.set_type(event_type_of(event));
    DAYBOOK_ASSIGN(const std::string model, model_at(asked, chain, posting.at));
    row.set_model(model);
    return {};
}

// The interval of the question: given, or the business day of the account's site that contains `at`, as known then. The
// open one goes up to V.
Result<Interval> interval_or_day(const Asked& asked, const custody::AccountId& account, const When& when) {
    if (asked.param("at").empty()) return interval_of(asked);
    if (!asked.param("from").empty() || !asked.param("to").empty())
        return fail(ErrorCode::kInvalid, "at, from, to: either a day or an interval");
    DAYBOOK_ASSIGN(const Micros at, asked.time_param("at"));
    DAYBOOK_ASSIGN(const auto days, when.reading.days(account.site, when.at.known));
    const auto day = day_at(days.rows, at);
    if (!day) {
        return fail(ErrorCode::kNotFound, "at: no business day of site " + std::to_string(account.site) +
                                              " contains " + asked.param("at"));
    }
    if (day->to != 0) return Interval{day->from, day->to};
    DAYBOOK_ASSIGN(const Micros end, when.newest());
    return Interval{day->from, std::max(end, at) + 1};
}

Result<std::string> statement(const Asked& asked) {
    DAYBOOK_ASSIGN(const custody::AccountId account, account_of_path(asked));
    DAYBOOK_ASSIGN(const auto page, asked.page());
    DAYBOOK_ASSIGN(When when, when_of(asked));
    DAYBOOK_ASSIGN(const Interval interval, interval_or_day(asked, account, when));
    when.at.valid = interval.to - 1;
    v1::StatementAnswer message;
    DAYBOOK_TRY(when.fill_as_of(asked, *message.mutable_as_of()));
    message.set_account(account.path());
    fill(interval.from, message.mutable_from());
    fill(interval.to, message.mutable_to());
    DAYBOOK_TRY(fill_side(asked, when, account, interval.from - 1, *message.mutable_opening()));
    DAYBOOK_TRY(fill_side(asked, when, account, interval.to - 1, *message.mutable_closing()));
    DAYBOOK_ASSIGN(const auto lines, moves_of(asked, when, account, interval));
    for (const auto& line : lines) {
        if (line.supply) continue;
        if (line.posting.count > 0) message.set_came(message.came() + 1);
        if (line.posting.count < 0) message.set_went(message.went() + 1);
    }
    DAYBOOK_ASSIGN(std::size_t next, row_of_cursor(asked));
    for (; next < lines.size() && message.lines_size() < static_cast<int>(page.rows_max); ++next)
        DAYBOOK_TRY(fill_line(asked, when, account, lines[next], *message.add_lines()));
    if (next < lines.size()) message.set_next(cursor_text(asked, when, std::to_string(next)));
    return codec::to_json(message);
}

// ---- Trial balance ----

Result<std::string> trial_balance(const Asked& asked) {
    DAYBOOK_ASSIGN(const bool check, asked.flag_param("check", false));
    DAYBOOK_ASSIGN(const When when, when_of(asked));
    struct Sums {
        std::uint64_t pieces = 0;
        std::int64_t insured_minor = 0;
        std::map<SupplyId, std::pair<std::int64_t, std::int64_t>> supplies;
    };
    std::map<custody::AccountClass, Sums> classes;
    DAYBOOK_ASSIGN(const auto accounts, when.reading.accounts_at({}, when.at));
    for (const auto& row : accounts.rows) {
        Sums& sums = classes[row.account.kind];
        sums.pieces += row.pieces;
        sums.insured_minor += row.insured_minor;
    }
    DAYBOOK_ASSIGN(const auto supplies, when.reading.all_supplies_at(when.at));
    for (const auto& row : supplies.rows) {
        auto& sum = classes[row.account.kind].supplies[row.supply];
        sum.first += row.quantity;
        sum.second += row.measure;
    }
    v1::TrialAnswer message;
    DAYBOOK_TRY(when.fill_as_of(asked, *message.mutable_as_of()));
    for (const auto& [kind, sums] : classes) {
        v1::TrialRow& row = *message.add_rows();
        row.set_account_class(std::string(to_string(kind)));
        row.set_pieces(sums.pieces);
        asked.money(sums.insured_minor, *row.mutable_insured());
        message.set_pieces(message.pieces() + sums.pieces);
        for (const auto& [supply, sum] : sums.supplies) {
            v1::SupplyRow& out = *row.add_supplies();
            out.set_supply(supply);
            out.set_quantity(sum.first);
            out.set_measure(sum.second);
        }
    }
    DAYBOOK_TRY(fill_verdicts(asked, when, accounts.rows, supplies.rows, check, message));
    return codec::to_json(message);
}

constexpr QuestionInfo kQuestions[] = {
    {"held", "person party parcel from to known_at rows cursor", held},
    {"held/**", "from to known_at rows cursor", held},
    {"statements/**", "from to at known_at rows cursor", statement},
    {"trial-balance", "check valid_at known_at", trial_balance},
};

}  // namespace

Family statement_questions() { return kQuestions; }

}  // namespace daybook::api
