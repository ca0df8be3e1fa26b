// The sheet of a count: what its accounts held at its cut, piece by piece, and what became of each; and how much of
// each supply there should have been, and was.
#include <limits>
#include <map>

#include "engine/api/internal/asked.h"
#include "engine/api/internal/scans.h"
#include "engine/api/internal/supply_counts.h"
#include "schemas/daybook/v1/report.pb.h"

namespace daybook::api {
namespace {

using projections::Page;
using projections::Reading;

constexpr Micros kWhenever = std::numeric_limits<Micros>::max();

// In which of the lists of an attestation a piece stands; empty: in none, or there are none yet.
std::map<std::string, std::string> found_as(const v1::CountLists& lists) {
    std::map<std::string, std::string> found;
    const auto add = [&](const auto& items, const char* as) {
        for (const std::string& item : items) found.emplace(item, as);
    };
    add(lists.matched(), "MATCHED");
    add(lists.missing(), "MISSING");
    add(lists.moved(), "MOVED");
    add(lists.misplaced(), "MISPLACED");
    add(lists.unexpected(), "UNEXPECTED");
    return found;
}

// The pieces that a sheet expects, account by account; then those that were seen and not expected. A cursor is an
// account's path and, behind '!', that of its page; "!" alone stands before the pieces that were not expected.
class Sheet {
public:
    Sheet(const Asked& asked, const Reading& reading, const projections::ObligationRow& count)
        : asked_(asked), reading_(reading), count_(count) {}

    Result<void> read(v1::CountSheetAnswer& message) {
        DAYBOOK_ASSIGN(const v1::Event opening, asked_.event_at(count_.obligation.opened_by));
        const auto& paths = opening.command().count_opened().accounts();
        accounts_.assign(paths.begin(), paths.end());
        blind_ = opening.command().count_opened().blind() && count_.open;
        SuppliesSeen supplies_seen;
        DAYBOOK_TRY(
            read_scans(asked_, reading_, opening, count_.open ? reading_.position() : count_.closed_by,
                       reading_.position(), seen_, &supplies_seen));
        message.set_kind(opening.command().count_opened().kind());
        message.set_blind(blind_);
        message.set_open(count_.open);
        *message.mutable_cut_at() = opening.occurred_at();
        message.set_cut(count_.obligation.opened_by);
        RuleEvents rules = RuleEvents::of_supplies(asked_);
        const bool supplies = counts_supplies(opening) || !supplies_seen.empty();
        if (count_.open) {
            if (!supplies) return {};
            DAYBOOK_ASSIGN(supplies_, supplies_counted(asked_, reading_, opening, nullptr, supplies_seen, rules));
            return {};
        }
        DAYBOOK_ASSIGN(const v1::Event end, asked_.event_at(count_.closed_by));
        found_ = found_as(end.counted());
        if (supplies) {
            DAYBOOK_ASSIGN(supplies_, supplies_counted(asked_, reading_, opening, &end, supplies_seen, rules));
        }
        if (!end.command().has_count_attested()) return {};
        DAYBOOK_ASSIGN(const bool recheck, is_to_be_rechecked(reading_, opening, count_.closed_by,
                                                              reading_.position()));
        message.set_recheck(recheck);
        return {};
    }

    Result<void> fill_page(const Page& page, v1::CountSheetAnswer& message) {
        const std::size_t bang = page.cursor.find('!');
        const std::string path = page.cursor.substr(0, bang);
        std::string inner = bang == std::string::npos ? "" : page.cursor.substr(bang + 1);
        std::size_t at = 0;
        while (!page.cursor.empty() && at < accounts_.size() && accounts_[at] != path) ++at;
        if (!page.cursor.empty() && (bang == std::string::npos || (at == accounts_.size() && !path.empty())))
            return wrong("cursor", page.cursor, "a cursor of this question");
        for (; at < accounts_.size(); ++at, inner.clear()) {
            const auto account = custody::AccountId::parse(accounts_[at]);
            if (!account) continue;
            do {
                const auto room = page.rows_max - static_cast<std::size_t>(message.rows_size());
                if (room == 0) return stop_at(accounts_[at] + "!" + inner, message);
                const projections::AsKnown cut{kWhenever, count_.obligation.opened_by};
                DAYBOOK_ASSIGN(const auto pieces, reading_.account_at(*account, cut, {room, inner}));
                for (const auto& piece : pieces.rows) DAYBOOK_TRY(add(piece.item.text(), accounts_[at], message));
                inner = pieces.next;
            } while (!inner.empty());
        }
        if (static_cast<std::size_t>(message.rows_size()) >= page.rows_max) return stop_at("!", message);
        for (const SupplyCounted& supply : supplies_) add(supply, *message.add_supplies());
        return add_not_expected(message);
    }

private:
    Result<void> stop_at(const std::string& rest, v1::CountSheetAnswer& message) const {
        message.set_next(asked_.next(rest));
        return {};
    }

    // At most as many as were scanned: they come on the last page together.
    Result<void> add_not_expected(v1::CountSheetAnswer& message) {
        for (const auto& [path, seen] : seen_) {
            for (const std::string& item : seen.items) {
                const auto as = found_.find(item);
                if (as == found_.end() || (as->second != "MISPLACED" && as->second != "UNEXPECTED")) continue;
                DAYBOOK_TRY(add(item, path, message));
            }
        }
        return {};
    }

    Result<void> add(const std::string& item, const std::string& path, v1::CountSheetAnswer& message) {
        v1::CountSheetRow& out = *message.add_rows();
        out.set_account(path);
        out.set_item(item);
        const auto seen = seen_.find(path);
        out.set_seen(seen != seen_.end() && seen->second.items.contains(item));
        if (const auto as = found_.find(item); as != found_.end()) out.set_found(as->second);
        const auto id = ItemId::parse(item);
        if (blind_ || !id) return {};
        DAYBOOK_ASSIGN(const auto piece, reading_.item(*id));
        if (piece.row) out.set_model(piece.row->model);
        return {};
    }

    void add(const SupplyCounted& supply, v1::CountSheetSupply& out) const {
        out.set_account(supply.key.account.path());
        out.set_supply(supply.key.supply);
        out.set_sku(supply.sku);
        out.set_unit(supply.unit);
        if (supply.counted) out.set_counted(*supply.counted);
        out.set_counted_measure(supply.counted_measure);
        if (supply.in_scope && !blind_) {
            out.set_at_cut(supply.at_cut);
            out.set_moved(supply.expected - supply.at_cut);
            out.set_expected(supply.expected);
            out.set_expected_measure(supply.expected_measure);
            out.set_difference(supply.difference());
            out.set_tolerance(supply.tolerance);
        }
        if (count_.open) return;
        const bool over = supply.difference() > 0;
        out.set_found(!supply.in_scope         ? "UNEXPECTED"
                      : !supply.counted        ? "NOT_COUNTED"
                      : !supply.is_different() ? "MATCHED"
                      : over                   ? "OVER"
                                               : "SHORT");
    }

    const Asked& asked_;
    const Reading& reading_;
    const projections::ObligationRow& count_;
    std::vector<std::string> accounts_;
    SeenByAccount seen_;
    std::vector<SupplyCounted> supplies_;
    std::map<std::string, std::string> found_;
    bool blind_ = false;
};

Result<std::string> count_sheet(const Asked& asked) {
    const std::string& text = asked.question.path[1];
    const auto id = ObligationId::parse(text);
    if (!id) return wrong("count", text, "a UUID, 8-4-4-4-12 lower-case hexadecimal");
    DAYBOOK_ASSIGN(const auto page, asked.page());
    const Reading& reading = asked.reading();
    DAYBOOK_ASSIGN(const auto count, reading.obligation({*id, {}, {}}));
    if (!count.row || count.row->obligation.kind != custody::ObligationKind::kCount)
        return fail(ErrorCode::kNotFound, "no count has the id " + text);
    DAYBOOK_ASSIGN(const bool counts, reading.is_effective(count.row->obligation.opened_by, reading.position()));
    if (!counts)
        return fail(ErrorCode::kNotFound, "no count has the id " + text + " any more: its opening was taken back");
    v1::CountSheetAnswer message;
    asked.as_of(message);
    message.set_count(text);
    Sheet sheet(asked, reading, *count.row);
    DAYBOOK_TRY(sheet.read(message));
    DAYBOOK_TRY(sheet.fill_page(page, message));
    return codec::to_json(message);
}

constexpr QuestionInfo kQuestions[] = {{"counts/*", "rows cursor", count_sheet, About::kNow}};

}  // namespace

Family count_sheet_questions() { return kQuestions; }

}  // namespace daybook::api
