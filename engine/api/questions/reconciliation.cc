// A site's business day in numbers: for each account what it held at the beginning, what came and went and why, what it
// should hold, and what was counted.
#include <algorithm>
#include <cstdlib>
#include <limits>
#include <map>
#include <set>

#include "engine/api/internal/business_day.h"
#include "engine/api/internal/moves.h"
#include "engine/api/internal/pieces_at.h"
#include "engine/api/internal/reached.h"
#include "engine/api/internal/rules_at.h"
#include "engine/api/internal/scans.h"
#include "engine/api/internal/supply_counts.h"
#include "engine/api/internal/when.h"
#include "engine/base/limits.h"
#include "schemas/daybook/v1/report.pb.h"

namespace daybook::api {
namespace {

constexpr Micros kNever = std::numeric_limits<Micros>::max();

using custody::AccountId;
using custody::EventType;
using projections::Reading;
using projections::Register;

// The column of a move, by its event; `signed_count`: 1 came, -1 went.
void add_move(EventType type, std::int64_t count, v1::ReconciliationRow& out) {
    const auto came = [&](auto get, auto set) { (out.*set)((out.*get)() + count); };
    const auto went = [&](auto get, auto set) { (out.*set)((out.*get)() - count); };
    using Row = v1::ReconciliationRow;
    switch (type) {
        case EventType::kGoodsReceived:
        case EventType::kMemoInReceived:
        case EventType::kReceivedFromClient: return came(&Row::received, &Row::set_received);
        case EventType::kMemoReturned:
        case EventType::kSaleReturned:
        case EventType::kReturnedFromWorkshop: return came(&Row::returned, &Row::set_returned);
        case EventType::kTransferReceived:
        case EventType::kTransferReturned:
        case EventType::kTransferVoided: return came(&Row::transfers_in, &Row::set_transfers_in);
        case EventType::kSaleCompleted:
        case EventType::kReleasedToClient: return went(&Row::sold, &Row::set_sold);
        case EventType::kTransferDispatched: return went(&Row::transfers_out, &Row::set_transfers_out);
        case EventType::kMemoOutIssued: return went(&Row::memo_out, &Row::set_memo_out);
        case EventType::kSentToWorkshop:
            return count > 0 ? came(&Row::moved_in, &Row::set_moved_in) : went(&Row::workshop, &Row::set_workshop);
        case EventType::kDeclaredMissing:
        case EventType::kItemRecovered:
        case EventType::kLossDeclared:
        case EventType::kIdentityResolved:
        case EventType::kItemRegistered:
        case EventType::kItemDecommissioned: return came(&Row::adjusted, &Row::set_adjusted);
        default:
            return count > 0 ? came(&Row::moved_in, &Row::set_moved_in) : went(&Row::moved_out, &Row::set_moved_out);
    }
}

class Reconciliation {
public:
    Reconciliation(const Asked& asked, const When& when, SiteId site, const projections::DayRow& day)
        : asked_(asked), when_(when), reading_(when_.reading), known_(when_.at.known), site_(site), day_(day) {}

    Result<void> fill_answer(v1::ReconciliationAnswer& message) {
        message.set_site(site_);
        if (day_.from != 0) fill(day_.from, message.mutable_from());
        if (day_.to != 0) fill(day_.to, message.mutable_to());
        DAYBOOK_TRY(read_counts());
        DAYBOOK_TRY(find_accounts());
        DAYBOOK_TRY(find_discrepancies());
        for (const AccountId& account : accounts_) DAYBOOK_TRY(add_account(account, message));
        DAYBOOK_TRY(fill_supplies(message));
        return count_late_entries(message);
    }

private:
    [[nodiscard]] bool in_the_day(Micros at) const { return at >= day_.from && (day_.to == 0 || at < day_.to); }

    // What was recorded in the day of earlier ones: late facts of the site, and corrections of what lies there.
    Result<void> count_late_entries(v1::ReconciliationAnswer& message) {
        if (day_.from == 0) return {};
        const auto earlier = [this](const v1::Event& event) {
            return event.command().site() == site_ && time_of(event.occurred_at()) < day_.from;
        };
        for (const Register name : {Register::kLate, Register::kCorrections}) {
            DAYBOOK_ASSIGN(const auto entries, reading_.entries(name, 0, 0, known_, ~std::size_t{0}));
            for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
                if (name == Register::kLate && entry->site != site_) continue;
                DAYBOOK_ASSIGN(const v1::Event event, asked_.event_at(entry->position));
                const Micros recorded = time_of(event.recorded_at());
                if (recorded < day_.from) break;  // so are all before it
                if (day_.to != 0 && recorded >= day_.to) continue;
                std::vector<v1::Event> events;
                if (name == Register::kLate) {
                    if (event.correcting().has_declaration()) continue;  // its correction is counted
                    events.push_back(event);
                } else {
                    DAYBOOK_ASSIGN(events, reached_by(asked_, event));
                    DAYBOOK_TRY(add_correctives(asked_, event, events));
                }
                const bool counts = std::any_of(events.begin(), events.end(), earlier);
                message.set_late_entries(message.late_entries() + (counts ? 1 : 0));
            }
        }
        return {};
    }

    // Those that ever held a piece, and those that were counted: whether they are open now says nothing of then.
    Result<void> find_accounts() {
        // By class: memos and transfers have as many accounts as there ever were of them.
        for (std::size_t i = 0; i < custody::kAccountClassCount; ++i) {
            const auto kind = static_cast<custody::AccountClass>(i);
            if (!custody::to_string(kind).starts_with("SITE/")) continue;
            DAYBOOK_ASSIGN(const auto accounts, reading_.accounts_ever({kind, site_}));
            accounts_.insert(accounts.begin(), accounts.end());
        }
        for (const auto& [path, seen] : counted_) {
            if (const auto account = AccountId::parse(path)) accounts_.insert(*account);
        }
        std::erase_if(accounts_,
                      [](const AccountId& id) { return !id.must_be_opened() || !custody::state_of(id.kind); });
        return {};
    }

    Result<void> read_counts() {
        DAYBOOK_ASSIGN(const auto ended,
                       reading_.entries(Register::kCounts, site_, 0, known_, ~std::size_t{0}));
        for (auto entry = ended.rbegin(); entry != ended.rend(); ++entry) {
            DAYBOOK_ASSIGN(const v1::Event end, asked_.event_at(entry->position));
            const Micros at = time_of(end.occurred_at());
            if (time_of(end.recorded_at()) + kDay < day_.from) break;  // nothing is recorded so long before it happens
            if (!end.command().has_count_attested() || !in_the_day(at)) continue;
            const std::string& text = end.command().obligation_id();
            DAYBOOK_ASSIGN(const bool ended_then, reading_.is_effective(entry->position, known_));
            if (!ended_then) continue;
            DAYBOOK_ASSIGN(const auto opening, opening_at(asked_, reading_, text, known_));
            if (!opening) continue;
            SeenByAccount of_count;
            SuppliesSeen supplies;
            DAYBOOK_TRY(read_scans(asked_, reading_, *opening, entry->position, known_, of_count, &supplies));
            for (const auto& [key, seen] : supplies) {
                if (of_count.contains(key.account.path())) supplies_counted_[key][text] = {seen, at};
            }
            for (auto& [account, seen] : of_count) {  // of an account the one with the latest cut stays
                const auto [known, is_new] = counted_.try_emplace(account, seen);
                if (!is_new && seen.cut_at > known->second.cut_at) known->second = std::move(seen);
            }
        }
        return {};
    }

    // ---- Supplies ----

    // Those that the site had, that moved, or that were counted.
    Result<void> fill_supplies(v1::ReconciliationAnswer& message) {
        std::map<custody::SupplyKey, v1::ReconciliationSupply> rows;
        std::set<AccountId> accounts;
        if (const auto supply = AccountId::parse("SITE/" + std::to_string(site_) + "/SUPPLY"))
            accounts.insert(*supply);
        for (const auto& [key, counts] : supplies_counted_) accounts.insert(key.account);
        for (const AccountId& account : accounts) DAYBOOK_TRY(add_supplies(account, rows));
        std::map<custody::SupplyKey, Micros> ends;
        for (const auto& [key, counts] : supplies_counted_) {
            const auto counted = counted_.find(key.account.path());
            const auto by = counted == counted_.end() ? counts.end() : counts.find(counted->second.count);
            if (by == counts.end()) continue;  // a later one did not count it
            DAYBOOK_TRY(add_counted(key, by->first, by->second.seen, rows[key]));
            ends[key] = by->second.ended_at;
        }
        if (rows.empty()) return {};
        RuleEvents supplies = RuleEvents::of_supplies(asked_);
        RulesAt rules(known_);
        DAYBOOK_TRY(rules.read(supplies));
        for (auto& [key, row] : rows) {
            row.set_account(key.account.path());
            row.set_supply(key.supply);
            if (const custody::Supply* supply = rules.books.supplies.find(key.supply)) {
                row.set_sku(supply->sku);
                row.set_unit(supply->unit);
            }
            if (row.has_counted()) {
                row.set_tolerance(rules.tolerance(row.sku(), site_, ends[key]));
                row.set_different(std::abs(row.difference()) > row.tolerance());
            }
            *message.add_supplies() = std::move(row);
        }
        return {};
    }

    Result<void> add_supplies(const AccountId& account, std::map<custody::SupplyKey, v1::ReconciliationSupply>& rows) {
        if (day_.from != 0) {
            DAYBOOK_ASSIGN(const auto opening, reading_.supplies_at(account, {day_.from - 1, known_}));
            for (const auto& held : opening.rows) {
                if (held.quantity == 0) continue;
                v1::ReconciliationSupply& row = rows[{account, held.supply}];
                row.set_opening(held.quantity);
                row.set_expected(held.quantity);
            }
        }
        DAYBOOK_ASSIGN(const auto postings,
                       reading_.supply_postings(account, day_.from, day_.to == 0 ? kNever : day_.to, known_));
        DAYBOOK_ASSIGN(const auto moves, supply_moves(asked_, reading_, postings, known_));
        for (const auto& move : moves) {
            v1::ReconciliationSupply& row = rows[{account, move.id.low}];
            row.set_expected(row.expected() + move.count);
            DAYBOOK_ASSIGN(const v1::Event event, asked_.event_at(move.position));
            switch (event.command().supply_moved().kind()) {
                case v1::SupplyMoved::RECEIVED: row.set_received(row.received() + move.count); break;
                case v1::SupplyMoved::ISSUED: row.set_issued(row.issued() - move.count); break;
                case v1::SupplyMoved::SCRAPPED: row.set_scrapped(row.scrapped() - move.count); break;
                default: row.set_adjusted(row.adjusted() + move.count); break;
            }
        }
        return {};
    }

    Result<void> add_counted(const custody::SupplyKey& key, const std::string& count, const SupplySeen& seen,
                             v1::ReconciliationSupply& row) {
        DAYBOOK_ASSIGN(const auto held, held_when_seen(asked_, reading_, key, seen.key, known_));
        row.set_counted(seen.quantity);
        row.set_difference(seen.quantity - held.quantity);
        row.set_count(count);
        DAYBOOK_ASSIGN(const bool recheck, is_to_be_rechecked(reading_, key.account, count, known_));
        row.set_recheck(recheck);
        return {};
    }

    // Open ones at (V, R), each account's in order of their ids.
    Result<void> find_discrepancies() {
        DAYBOOK_ASSIGN(const bool is_now, when_.is_now());
        DAYBOOK_TRY(is_now ? find_discrepancies_now() : find_discrepancies_at());
        for (auto& [account, open] : discrepancies_) std::sort(open.begin(), open.end());
        return {};
    }
    Result<void> find_discrepancies_now() {
        projections::DueQuery query;
        query.site = site_;
        query.kinds = custody::bit(custody::ObligationKind::kDiscrepancy);
        projections::Page page{limits::kPageRowsMax, {}};
        do {
            DAYBOOK_ASSIGN(const auto open, reading_.due(query, page));
            for (const auto& row : open.rows) {
                const ItemId& item = row.obligation.item;
                if (item.empty()) continue;
                DAYBOOK_ASSIGN(const auto piece, reading_.item(item));
                v1::ObligationRow whole;
                fill(row, asked_.context, whole);
                if (piece.row) discrepancies_[piece.row->account.path()].push_back(whole.obligation());
            }
            page.cursor = open.next;
        } while (!page.cursor.empty());
        return {};
    }
    Result<void> find_discrepancies_at() {
        PiecesAt pieces(asked_, when_);
        const auto told = [&](const custody::PieceState& piece) -> Result<void> {
            for (const auto& obligation : piece.obligations) {
                if (obligation.kind != custody::ObligationKind::kDiscrepancy || obligation.site != site_) continue;
                v1::ObligationRow whole;
                fill_obligation(obligation, asked_.context, whole);
                discrepancies_[piece.item.account.path()].push_back(whole.obligation());
            }
            return {};
        };
        const auto as_now = [&](const projections::ItemRow& row) -> Result<void> {
            if (!row.has_open(custody::ObligationKind::kDiscrepancy)) return {};
            DAYBOOK_ASSIGN(const auto piece, pieces.tell(row));
            return piece ? told(*piece) : Result<void>();
        };
        return pieces.each(as_now, told);
    }

    Result<void> add_account(const AccountId& account, v1::ReconciliationAnswer& message) {
        v1::ReconciliationRow out;
        out.set_account(account.path());
        // Everything that is known, ahead of the clock too: what lies behind the day is taken off.
        DAYBOOK_ASSIGN(const auto totals, reading_.account_totals_at(account, {kNever, known_}));
        const auto now = static_cast<std::int64_t>(totals.pieces);
        const auto counted = counted_.find(out.account());
        std::int64_t in_day = 0, behind_day = 0, behind_cut = 0;
        DAYBOOK_ASSIGN(const auto moves, moves_since(account));
        for (const Move& move : moves) {
            if (in_the_day(move.at)) {
                in_day += move.count;
                add_move(move.type, move.count, out);
            } else {
                behind_day += move.count;
            }
            if (counted != counted_.end() && move.at >= counted->second.cut_at) behind_cut += move.count;
        }
        out.set_expected(now - behind_day);
        out.set_opening(out.expected() - in_day);
        if (counted != counted_.end()) {
            out.set_counted(static_cast<std::int64_t>(counted->second.items.size()));
            out.set_difference(out.counted() - (now - behind_cut));
            out.set_count(counted->second.count);
            DAYBOOK_ASSIGN(const bool recheck, is_to_be_rechecked(reading_, account, out.count(), known_));
            out.set_recheck(recheck);
        }
        if (const auto open = discrepancies_.find(out.account()); open != discrepancies_.end()) {
            for (const std::string& one : open->second) out.add_discrepancies(one);
        }
        if (now != 0 || !moves.empty() || out.has_counted()) *message.add_rows() = std::move(out);
        return {};
    }

    // What came and went from the day's beginning on, as it counts at R: what was corrected never was, and its
    // corrective is what it is.
    struct Move {
        Micros at = 0;
        std::int64_t count = 0;  // 1 came, -1 went
        EventType type{};
    };
    Result<std::vector<Move>> moves_since(const AccountId& account) const {
        std::vector<Move> moves;
        DAYBOOK_ASSIGN(const auto postings, reading_.postings(account, day_.from, kNever, known_));
        for (const auto& posting : net(postings)) {
            if (posting.count == 0) continue;
            // A column is of the day only.
            DAYBOOK_ASSIGN(const EventType type, in_the_day(posting.at) ? type_of(account, posting) : EventType{});
            moves.push_back({posting.at, posting.count, type});
        }
        return moves;
    }
    Result<EventType> type_of(const AccountId& account, const projections::PostingRow& posting) const {
        DAYBOOK_ASSIGN(v1::Event event, asked_.event_at(posting.position));
        DAYBOOK_ASSIGN(const bool counts, reading_.is_effective(posting.position, known_));
        if (!counts || !makes(event, account, posting)) {
            DAYBOOK_ASSIGN(const auto chain, reading_.chain(ItemId(posting.id), {posting.at, known_}));
            DAYBOOK_ASSIGN(event, asked_.event_at(event_of(posting, account, chain)));
        }
        return static_cast<EventType>(static_cast<int>(event.command().payload_case()) - 100);
    }
    // Whether the event itself moved the piece then, and does not tell of others that did.
    static bool makes(const v1::Event& event, const AccountId& account, const projections::PostingRow& posting) {
        if (time_of(event.occurred_at()) != posting.at) return false;
        const std::string item = posting.id.text(), path = account.path();
        for (int i = 0; i < event.lines_size(); ++i) {
            const v1::EventLine& line = event.lines(i);
            const std::string& of = line.item().empty() && i < event.command().lines_size()
                                        ? event.command().lines(i).item()
                                        : line.item();
            if (of == item && !line.to().empty() && (posting.count > 0 ? line.to() : line.from()) == path) return true;
        }
        return false;
    }

    const Asked& asked_;
    const When& when_;
    const Reading& reading_;
    const Position known_;
    const SiteId site_;
    const projections::DayRow day_;
    std::set<AccountId> accounts_;
    SeenByAccount counted_;
    struct SupplySeenBy {
        SupplySeen seen;
        Micros ended_at = 0;
    };
    std::map<custody::SupplyKey, std::map<std::string, SupplySeenBy>> supplies_counted_;  // by the counts of the day
    std::map<std::string, std::vector<std::string>> discrepancies_;  // open ones, by the account of their piece
};

Result<std::string> reconciliation(const Asked& asked) {
    const auto site = parse_number<SiteId>(asked.question.path[1]);
    if (!site || *site == 0) return wrong("site", asked.question.path[1], "the number of a site");
    DAYBOOK_ASSIGN(When when, when_of(asked));
    DAYBOOK_ASSIGN(const auto day, day_asked_for(asked, *site, when));
    v1::ReconciliationAnswer message;
    DAYBOOK_TRY(when.fill_as_of(asked, *message.mutable_as_of()));
    DAYBOOK_TRY(Reconciliation(asked, when, *site, day).fill_answer(message));
    return codec::to_json(message);
}

constexpr QuestionInfo kQuestions[] = {{"reconciliation/*", "at known_at", reconciliation}};

}  // namespace

Family reconciliation_questions() { return kQuestions; }

}  // namespace daybook::api
