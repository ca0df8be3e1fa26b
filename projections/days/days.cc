#include "projections/days/days.h"

#include <algorithm>
#include <optional>
#include <variant>

#include "projections/cursor.h"
#include "projections/history/history.h"
#include "projections/store/encoding.h"

namespace daybook::projections {

using custody::EventType;

namespace {

constexpr std::size_t kSiteBytes = 4;
constexpr std::size_t kEntryKeyBytes = 16;  // valid time and position, behind the site

std::optional<DayEntryKind> kind_of(EventType type) {
    switch (type) {
        case EventType::kSaleCompleted: return DayEntryKind::kSale;
        case EventType::kSaleReturned: return DayEntryKind::kCredit;
        case EventType::kGoodsReceived:
        case EventType::kMemoInReceived:
        case EventType::kReceivedFromClient:
        case EventType::kTransferReceived:
        case EventType::kTransferReturned:
        case EventType::kMemoReturned:
        case EventType::kReturnedFromWorkshop: return DayEntryKind::kReceipt;
        case EventType::kTransferDispatched:
        case EventType::kMemoOutIssued:
        case EventType::kSentToWorkshop:
        case EventType::kReleasedToClient: return DayEntryKind::kDispatch;
        default: return std::nullopt;  // every other type: no entry
    }
}

DayEntryRow entry_of(DayEntryKind kind, const custody::Event& event) {
    DayEntryRow row;
    row.kind = kind;
    row.position = event.position;
    row.type = event.command.type;
    row.occurred_at = event.decided.occurred_at;
    row.pieces = event.decided.lines.size();
    if (!event.command.docs.empty()) row.document = event.command.docs.front().number;
    const custody::Payload& payload = event.command.payload;
    if (const auto* sale = std::get_if<custody::SaleCompleted>(&payload)) {
        row.amount = sale->price;
        row.tax = sale->tax;
        row.document = sale->invoice;
        row.party = sale->party;
    } else if (const auto* credit = std::get_if<custody::SaleReturned>(&payload)) {
        row.amount = credit->refund;
        row.document = credit->credit_note;
    } else if (const auto* memo = std::get_if<custody::MemoOutIssued>(&payload)) {
        row.document = memo->memo;
        row.party = memo->party;
    } else if (const auto* memo_in = std::get_if<custody::MemoInReceived>(&payload)) {
        row.party = memo_in->vendor;
    } else if (const auto* sent = std::get_if<custody::SentToWorkshop>(&payload)) {
        row.party = sent->workshop;
    } else if (const auto* dispatched = std::get_if<custody::TransferDispatched>(&payload)) {
        row.party = dispatched->dest.party;
    }
    return row;
}

void put_money(std::string& out, const custody::Money& money) {
    put_signed(out, money.minor);
    put_number(out, money.currency);
}

custody::Money take_money(RowReader& reader) {
    const std::int64_t minor = reader.signed_number();
    return {minor, static_cast<std::uint32_t>(reader.number())};
}

Result<DayEntryRow> take_row(std::string_view key, std::string_view value) {
    DayEntryRow row;
    row.occurred_at = time_of_key(key.data() + kSiteBytes);
    row.position = get_be64(key.data() + kSiteBytes + 8);
    RowReader reader(value);
    row.kind = static_cast<DayEntryKind>(reader.number());
    row.type = static_cast<EventType>(reader.number());
    row.pieces = reader.number();
    row.amount = take_money(reader);
    row.tax = take_money(reader);
    row.document = reader.text();
    row.party = reader.number();
    if (!reader.ok() || !reader.done()) {
        return fail(ErrorCode::kCorrupt,
                    "a day's entry is damaged at position " + std::to_string(row.position) + ": run `daybook rebuild`");
    }
    return row;
}

std::string site_key(SiteId site) {
    std::string key;
    key_u32(key, site);
    return key;
}

}  // namespace

void DaysFold::fold(const Step& step, Store& store) {
    const custody::Event& event = step.event;
    for (const custody::DayChange& day : step.effects.days) {
        site_.clear();
        key_u32(site_, day.site);
        suffix_.clear();
        key_time(suffix_, day.end.at);
        key_u64(suffix_, day.end.by);
        value_.clear();
        put_number(value_, day.end.by);
        // One that was corrected stays: what was known before answers with it. Only of these a reader asks.
        put_number(value_, day.end.by == event.position ? 0 : 1);
        store.layer().put(Table::kDayEnds, site_, suffix_, value_, event.position + 1);
    }
    const auto kind = kind_of(event.command.type);
    if (!kind) return;
    site_.clear();
    key_u32(site_, event.command.site);
    suffix_.clear();
    key_time(suffix_, event.decided.occurred_at);
    value_.clear();
    key_u64(suffix_, event.position);
    const DayEntryRow row = entry_of(*kind, event);
    put_number(value_, static_cast<std::uint64_t>(row.kind));
    put_number(value_, static_cast<std::uint64_t>(row.type));
    put_number(value_, row.pieces);
    put_money(value_, row.amount);
    put_money(value_, row.tax);
    put_text(value_, row.document);
    put_number(value_, row.party);
    store.layer().put(Table::kDayEntries, site_, suffix_, value_, event.position + 1);
}

Result<Rows<DayRow>> read_days(const ReadPoint& point, SiteId site, Position known) {
    Rows<DayRow> answer{point.position(), {}, {}};
    DayRow day{site, 1, 0, 0, kNoPosition};
    Scan scan = point.scan_prefix(Table::kDayEnds, site_key(site));
    while (scan.next()) {
        RowReader reader(scan.value());
        const Position closed_by = reader.number();
        const bool corrected = reader.number() != 0;
        if (!reader.ok()) return fail(ErrorCode::kCorrupt, "the end of a day is damaged: run `daybook rebuild`");
        if (closed_by >= known) continue;
        if (corrected) {
            DAYBOOK_ASSIGN(const bool counts, is_effective(point, closed_by, known));
            if (!counts) continue;
        }
        day.to = time_of_key(scan.key().data() + kSiteBytes);
        day.closed_by = closed_by;
        answer.rows.push_back(day);
        day = {site, day.number + 1, day.to, 0, kNoPosition};
    }
    DAYBOOK_TRY(scan.status());
    answer.rows.push_back(day);
    return answer;
}

Result<Rows<DayEntryRow>> read_day(const ReadPoint& point, SiteId site, Micros at, const Page& page, Position known) {
    DAYBOOK_ASSIGN(const Cursor cursor, cursor_of(page, point.position(), kEntryKeyBytes));
    known = std::min(known, cursor.position);
    DAYBOOK_ASSIGN(const Rows<DayRow> days, read_days(point, site, known));
    DayRow day = days.rows.back();
    for (const DayRow& one : days.rows) {
        if (at >= one.from && (one.to == 0 || at < one.to)) day = one;
    }
    std::string lower = site_key(site);
    std::string upper = end_of_prefix(lower);
    if (day.to != 0) {
        upper = lower;
        key_time(upper, day.to);
    }
    if (!cursor.first) {
        lower = behind(lower + cursor.key);
    } else if (day.number != 1) {
        key_time(lower, day.from);
    }
    Rows<DayEntryRow> answer{known, {}, {}};
    Scan scan = point.scan(Table::kDayEntries, lower, upper);
    std::string last;
    while (scan.next()) {
        DAYBOOK_ASSIGN(DayEntryRow row, take_row(scan.key(), scan.value()));
        if (row.position >= known) continue;
        DAYBOOK_ASSIGN(const bool counts, is_effective(point, row.position, known));
        if (!counts) continue;
        if (answer.rows.size() == page.rows_max) {
            answer.next = to_text({known, last, false});
            break;
        }
        last = scan.key().substr(kSiteBytes);
        answer.rows.push_back(std::move(row));
    }
    DAYBOOK_TRY(scan.status());
    return answer;
}

}  // namespace daybook::projections
