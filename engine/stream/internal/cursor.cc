#include "engine/stream/internal/cursor.h"

#include <algorithm>

namespace daybook::stream {
namespace {

std::string number(std::uint64_t value) { return std::to_string(value); }

}  // namespace

Result<Cursor> judge(const Found& found, LedgerId ledger, Position head, std::uint32_t partitions,
                     std::string_view value, std::optional<Position> known) {
    Cursor cursor;
    cursor.floors = found.places;
    if (found.control) {
        const codec::ControlRecord& control = *found.control;
        if (control.ledger != ledger) {
            return fail(ErrorCode::kForeign, "the control topic belongs to ledger " + control.ledger.text());
        }
        if (control.partitions != partitions) {
            return fail(ErrorCode::kForeign, "the ledger was published to " + number(control.partitions) +
                                                 " partitions, and the events topic has " + number(partitions) +
                                                 "; the number can never change: publish another generation of topics");
        }
        if (!control.value.empty() && control.value != value) {
            return fail(ErrorCode::kForeign, "the values of this generation are " + control.value + ", and not " +
                                                 std::string(value) +
                                                 "; readers rely on that: publish another generation of topics");
        }
        cursor.next = control.next;
        cursor.epoch = control.epoch;
    }
    if (known && cursor.next < *known) {
        return fail(ErrorCode::kNotFound, "Kafka has lost records: its cursor says " + number(cursor.next) + ", and " +
                                             number(*known) + " had been committed (" + found.offsets + ")");
    }
    if (cursor.next > head) {
        return fail(ErrorCode::kForeign, "diverged: Kafka holds events up to position " + number(cursor.next - 1) +
                                             ", and this ledger ends at " + number(head) +
                                             " events; it was put back to an older " +
                                             "state, or it is not the ledger that was published");
    }
    cursor.log_floor = found.log_next.value_or(0);
    if (cursor.log_floor > head) {
        return fail(ErrorCode::kForeign, "diverged: the log topic ends at position " + number(cursor.log_floor) +
                                             ", and this ledger at " + number(head) + " events");
    }
    if (cursor.log_floor < cursor.next && !found.log_emptied) {
        return fail(ErrorCode::kNotFound, "the log topic has lost records: it ends at position " +
                                              number(cursor.log_floor) + ", and " + number(cursor.next) +
                                              " had been committed");
    }
    for (const auto& place : found.places) {
        if (!place) continue;
        if (!found.control) {
            return fail(ErrorCode::kNotFound, "the events topic holds position " + number(place->position) +
                                                  ", but the control topic holds no cursor: it was emptied or made " +
                                                  "anew (" + found.offsets + ")");
        }
        if (place->position >= head) {
            return fail(ErrorCode::kForeign, "diverged: the events topic holds position " + number(place->position) +
                                                 ", and this ledger ends at " + number(head) + " events");
        }
        if (place->position >= cursor.next) ++cursor.torn;
    }
    // A topic without a record is lost, but where the cursor says that there was nothing to write.
    const auto lost = [&](Topic topic) {
        return !found.control || std::ranges::find(found.control->state_untouched, to_string(topic)) ==
                                     found.control->state_untouched.end();
    };
    // Or a term that wrote it again did not come to the end.
    const bool incomplete = found.control && found.control->state_incomplete;
    cursor.state_lost = (incomplete || std::ranges::any_of(found.untouched, lost)) && cursor.next > 0;
    cursor.untouched = found.untouched;
    return cursor;
}

Result<void> check_last(const Found& found, const std::vector<Record>& records) {
    for (const Record& record : records) {
        const auto& place = found.places[record.partition];
        if (found.emptied[record.partition] || (place && *place >= record.place)) continue;
        return fail(ErrorCode::kNotFound,
                    "the events topic has lost records: partition " + number(record.partition) +
                        (place ? " ends at position " + number(place->position) : std::string(" is empty")) +
                        ", and position " + number(record.place.position) + " had been committed to it");
    }
    return {};
}

}  // namespace daybook::stream
