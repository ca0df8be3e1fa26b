// What happened since a moment: at a site, to pieces, in a range of the log.
#include <algorithm>
#include <map>
#include <set>

#include "engine/api/internal/asked.h"
#include "engine/api/internal/open.h"
#include "engine/base/bytes.h"
#include "engine/base/limits.h"
#include "engine/codec/checkpoint.h"
#include "engine/crypto/digest.h"
#include "schemas/daybook/v1/report.pb.h"

namespace daybook::api {
namespace {

// ---- A site since a moment ----

// Why an event is told by itself and not only counted; nullptr: it is a day's work.
const char* exceptional(const v1::Command& command) {
    switch (command.payload_case()) {
        case v1::Command::kCorrectionDeclared: return "correction";
        case v1::Command::kDeclaredMissing: return "declared missing";
        case v1::Command::kLossDeclared: return "loss";
        case v1::Command::kItemRecovered: return "recovered";
        case v1::Command::kExceptionRaised: return "exception raised";
        case v1::Command::kDiscrepancyOpened:
        case v1::Command::kReceiptDiscrepancyRecorded:
        case v1::Command::kTransferExceptionRecorded: return "discrepancy";
        case v1::Command::kLimitOverrideApproved: return "limit lifted";
        case v1::Command::kCountAbandoned: return "count abandoned";
        case v1::Command::kDamageRecorded: return "damage";
        case v1::Command::kQuarantineSet: return "quarantine";
        case v1::Command::kVaultClosed:
            return command.vault_closed().exceptions().empty() ? nullptr : "vault closed with exceptions";
        default: return command.late().flag() ? "late entry" : nullptr;
    }
}

bool concerns(const v1::Command& command, SiteId site) {
    if (site == 0 || command.site() == site) return true;
    return command.has_transfer_dispatched() && command.transfer_dispatched().dest().site() == site;
}

void add_exception(const v1::Event& event, Position position, const char* why, v1::SinceAnswer& message) {
    v1::SinceException& out = *message.add_exceptions();
    out.set_position(position);
    out.set_type(static_cast<v1::EventType::Code>(static_cast<int>(event.command().payload_case()) - 100));
    *out.mutable_occurred_at() = event.occurred_at();
    *out.mutable_recorded_at() = event.recorded_at();
    out.set_why(why);
    for (const ItemId& item : items_of(event)) out.add_items(item.text());
    out.set_by(event.command().actor().principal());
}

void add_count(const v1::Event& event, Position position, std::map<int, v1::SinceRow>& rows) {
    const int type = static_cast<int>(event.command().payload_case()) - 100;
    v1::SinceRow& row = rows[type];
    if (row.events() == 0) row.set_first(position);
    row.set_type(static_cast<v1::EventType::Code>(type));
    row.set_events(row.events() + 1);
    row.set_pieces(row.pieces() + static_cast<std::uint64_t>(event.command().lines_size()));
    row.set_last(position);
}

Result<std::string> since(const Asked& asked) {
    DAYBOOK_ASSIGN(const auto page, asked.page());
    DAYBOOK_ASSIGN(const SiteId site, asked.site());
    DAYBOOK_ASSIGN(const Position from, asked.position_param("from"));
    const Position head = asked.log.head();
    if (from > head) return wrong("from", asked.param("from"), "a position up to " + std::to_string(head));
    v1::SinceAnswer message;
    DAYBOOK_TRY(asked.as_of(head, asked.context.now, message));
    message.set_site(site);
    message.set_from(from);
    std::map<int, v1::SinceRow> rows;
    auto cursor = asked.log.scan(from, std::min(head, from + limits::kScanEventsMax));
    v1::Event event;
    Position reached = from;
    while (static_cast<std::size_t>(message.exceptions_size()) < page.rows_max) {
        DAYBOOK_ASSIGN(const bool more, asked.next_event(cursor, event));
        if (!more) break;
        reached = cursor.position() + 1;
        if (!concerns(event.command(), site)) continue;
        add_count(event, cursor.position(), rows);
        if (const char* why = exceptional(event.command())) add_exception(event, cursor.position(), why, message);
    }
    for (auto& [type, row] : rows) *message.add_rows() = std::move(row);
    std::stable_sort(message.mutable_rows()->begin(), message.mutable_rows()->end(),
                     [](const auto& a, const auto& b) { return a.events() > b.events(); });
    if (reached < head) message.set_next(std::to_string(reached));
    return codec::to_json(message);
}

// ---- Pieces that changed ----

Result<std::string> changes(const Asked& asked) {
    DAYBOOK_ASSIGN(const auto page, asked.page());
    DAYBOOK_ASSIGN(const auto token, asked.number_param<Position>("token", 0, kNoPosition - 1));
    const projections::Reading& reading = asked.reading();
    const Position end = reading.position();
    v1::ChangesAnswer message;
    asked.as_of(message);
    std::set<ItemId> changed;
    auto cursor = asked.log.scan(token, std::min(end, token + limits::kScanEventsMax));
    v1::Event event;
    Position reached = std::min(token, end);
    while (changed.size() < page.rows_max) {
        DAYBOOK_ASSIGN(const bool more, asked.next_event(cursor, event));
        if (!more) break;
        reached = cursor.position() + 1;
        if (event.command().has_count_scanned()) continue;  // seen, not changed
        for (const ItemId& item : items_of(event)) changed.insert(item);
    }
    const std::vector<ItemId> items(changed.begin(), changed.end());
    DAYBOOK_ASSIGN(const auto found, reading.items(items));
    for (const auto& row : found.rows) fill(row, asked.context, *message.add_items());
    message.set_token(std::to_string(reached));
    message.set_more(reached < end);
    return codec::to_json(message);
}

// ---- A range of the log ----

Result<std::string> range(const Asked& asked) {
    DAYBOOK_ASSIGN(const Position from, asked.position_param("from"));
    const Position head = asked.log.head();
    Position to = head;
    if (!asked.param("to").empty()) {
        DAYBOOK_ASSIGN(to, asked.position_param("to"));
    }
    if (to > head || from > to || to - from > limits::kRangeEventsMax) {
        return wrong("to", asked.param("to"), "a position from `from` to " + std::to_string(head) + ", at most " +
                                                  std::to_string(limits::kRangeEventsMax) + " behind it");
    }
    v1::RangeAnswer message;
    DAYBOOK_TRY(asked.as_of(head, asked.context.now, message));
    message.set_from(from);
    message.set_to(to);
    Sha256 digest;
    std::string length;
    auto cursor = asked.log.scan(from, to);
    for (;;) {
        DAYBOOK_ASSIGN(const bool more, cursor.next());
        if (!more) break;
        const std::string_view bytes = cursor.bytes();
        length.clear();
        for (std::size_t size = bytes.size();; size >>= 7) {
            length += static_cast<char>(size < 128 ? size : (size & 127) | 128);
            if (size < 128) break;
        }
        digest.update(length).update(bytes);
        message.set_events(message.events() + 1);
        message.set_bytes(message.bytes() + length.size() + bytes.size());
    }
    message.set_sha256(hex(digest.finish()));
    DAYBOOK_ASSIGN(const Hash root, asked.log.root(to));
    message.set_root(hex(root));
    return codec::to_json(message);
}

// ---- A checkpoint ----

// Of the events before `size`, or before the last atomic batch's end: what a CheckpointSealed over them commits to.
Result<std::string> checkpoint(const Asked& asked) {
    const Position head = asked.log.head();
    DAYBOOK_ASSIGN(const Position size, asked.number_param<Position>("size", head, head));
    if (size == 0) return wrong("size", asked.param("size"), "a number of events from 1 to " + std::to_string(head));
    DAYBOOK_ASSIGN(const v1::Event last, asked.event_at(size - 1));
    if (last.has_batch_last() && last.batch_last() != size - 1) {
        return wrong("size", asked.param("size"), "the end of an atomic batch; this one ends behind position " +
                                                      std::to_string(last.batch_last()));
    }
    DAYBOOK_ASSIGN(const Hash root, asked.log.root(size));
    codec::Checkpoint sealed;
    sealed.size = size;
    sealed.root = {reinterpret_cast<const char*>(root.data()), root.size()};
    v1::CheckpointAnswer message;
    DAYBOOK_TRY(asked.as_of(head, asked.context.now, message));
    message.set_size(size);
    message.set_root(hex(root));
    message.set_text(codec::checkpoint_text(asked.ledger.id(), sealed));
    return codec::to_json(message);
}

constexpr QuestionInfo kQuestions[] = {
    {"since", "from site rows", since},
    {"changes", "token rows", changes, About::kNow},
    {"range", "from to", range},
    {"checkpoint", "size", checkpoint},
};

}  // namespace

Family since_questions() { return kQuestions; }

}  // namespace daybook::api
