// Search: which pieces there are, by their attributes, by what stands on them or on their papers, and which can be had.
#include <algorithm>
#include <limits>
#include <set>

#include "engine/api/internal/asked.h"
#include "engine/api/internal/open.h"
#include "engine/base/limits.h"

namespace daybook::api {
namespace {

using custody::ObligationKind;
using custody::State;
using projections::ItemRow;
using projections::Reading;

// Beside the attributes: where the piece is, whether it can be had, what it costs.
struct Wanted {
    SiteId site = 0;         // 0: any
    bool available = false;  // only those that can be sold now
    std::int64_t retail_from = 0, retail_to = std::numeric_limits<std::int64_t>::max();  // minor units
};

// The column "available" of the stock.
bool is_available(const ItemRow& piece) {
    const bool in_hand = piece.state == State::kV || piece.state == State::kD || piece.state == State::kP;
    const bool flagged = (piece.flags & (custody::kQuarantined | custody::kDamaged)) != 0;
    return in_hand && piece.owner.kind == custody::OwnerKind::kHouse && !flagged &&
           !piece.has_open(ObligationKind::kReservation) && !piece.has_open(ObligationKind::kDelivery) &&
           !piece.has_open(ObligationKind::kCarnet) && !piece.has_open(ObligationKind::kDiscrepancy);
}

bool is_wanted(const ItemRow& piece, const Wanted& wanted) {
    if (wanted.site != 0 && piece.account.site != wanted.site) return false;
    if (wanted.available && !is_available(piece)) return false;
    return piece.retail_minor >= wanted.retail_from && piece.retail_minor <= wanted.retail_to;
}

// Adds a piece as it is now, if it is wanted. One whose registration was taken back is none.
Result<void> add_piece(const Asked& asked, const Reading& reading, const ItemId& id, const Wanted& wanted,
                       v1::SearchAnswer& message) {
    DAYBOOK_ASSIGN(const auto found, reading.item(id));
    if (!found.row || found.row->state == State::kX0 || !is_wanted(*found.row, wanted)) return {};
    v1::ItemRow item;
    fill(*found.row, asked.context, item);
    v1::FoundItem& out = *message.add_rows();
    out.set_item(item.item());
    out.set_model(item.model());
    out.set_collection(item.collection());
    out.set_category(item.category());
    out.set_metal(item.metal());
    out.set_stone(item.stone());
    out.set_state(item.state());
    out.set_account(item.account());
    if (item.has_retail()) *out.mutable_retail() = item.retail();
    out.set_available(is_available(*found.row));
    return {};
}

Result<Wanted> wanted_of(const Asked& asked) {
    Wanted wanted;
    DAYBOOK_ASSIGN(wanted.site, asked.site());
    DAYBOOK_ASSIGN(wanted.available, asked.flag_param("available", false));
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    DAYBOOK_ASSIGN(wanted.retail_from, asked.number_param<std::int64_t>("retail_from", 0, kMost));
    DAYBOOK_ASSIGN(wanted.retail_to, asked.number_param<std::int64_t>("retail_to", kMost, kMost));
    return wanted;
}

// The pieces of the events that carry a number and count: a serial, a repair, a memo.
Result<void> add_by_number(const Asked& asked, const Reading& reading, const std::string& number,
                           const Wanted& wanted, std::size_t rows_max, v1::SearchAnswer& message) {
    DAYBOOK_ASSIGN(const auto carriers, reading.number(number, 0, reading.position(), rows_max));
    std::set<ItemId> seen;
    for (const auto& carrier : carriers) {
        DAYBOOK_ASSIGN(const bool counts, reading.is_effective(carrier.position, reading.position()));
        if (!counts) continue;
        DAYBOOK_ASSIGN(const v1::Event event, asked.event_at(carrier.position));
        for (const ItemId& item : items_of(event)) {
            if (static_cast<std::size_t>(message.rows_size()) == rows_max) return {};
            if (seen.insert(item).second) DAYBOOK_TRY(add_piece(asked, reading, item, wanted, message));
        }
    }
    return {};
}

// A page of what has the attributes. What is not wanted is passed over, up to a bound: then the page is short.
Result<void> add_by_attributes(const Asked& asked, const Reading& reading, const projections::SearchQuery& query,
                               const Wanted& wanted, projections::Page page, v1::SearchAnswer& message) {
    std::uint64_t looked = 0;
    const std::size_t rows_max = page.rows_max;
    do {
        page.rows_max = rows_max - static_cast<std::size_t>(message.rows_size());
        DAYBOOK_ASSIGN(const auto found, reading.search(query, page));
        for (const auto& row : found.rows) DAYBOOK_TRY(add_piece(asked, reading, row.item, wanted, message));
        looked += found.rows.size();
        page.cursor = found.next;
    } while (!page.cursor.empty() && static_cast<std::size_t>(message.rows_size()) < rows_max &&
             looked < limits::kScanEventsMax);
    message.set_next(asked.next(page.cursor));
    return {};
}

Result<std::string> search(const Asked& asked) {
    DAYBOOK_ASSIGN(const auto page, asked.page());
    DAYBOOK_ASSIGN(const Wanted wanted, wanted_of(asked));
    const Reading& reading = asked.reading();
    v1::SearchAnswer message;
    asked.as_of(message);
    if (const std::string epc = asked.param("epc"); !epc.empty()) {
        DAYBOOK_ASSIGN(const auto found, reading.item_of_epc(epc));
        if (found.row) DAYBOOK_TRY(add_piece(asked, reading, *found.row, wanted, message));
        return codec::to_json(message);
    }
    if (const std::string number = asked.param("number"); !number.empty()) {
        DAYBOOK_TRY(add_by_number(asked, reading, number, wanted, page.rows_max, message));
        return codec::to_json(message);
    }
    const projections::SearchQuery query{asked.param("model"), asked.param("collection"), asked.param("category"),
                                         asked.param("metal"), asked.param("stone"),      asked.param("text")};
    DAYBOOK_TRY(add_by_attributes(asked, reading, query, wanted, page, message));
    return codec::to_json(message);
}

constexpr QuestionInfo kQuestions[] = {
    {"items",
     "model collection category metal stone text epc number site available retail_from retail_to rows cursor", search,
     About::kNow},
};

}  // namespace

Family search_questions() { return kQuestions; }

}  // namespace daybook::api
