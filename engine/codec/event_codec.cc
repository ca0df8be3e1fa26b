#include "engine/codec/event_codec.h"

#include "engine/base/assert.h"
#include "engine/codec/event_uniques.h"
#include "engine/codec/internal/field.h"
#include "engine/codec/internal/fill.h"
#include "engine/codec/internal/wire.h"
#include "engine/codec/internal/wire_writer.h"
#include "engine/codec/obligation_text.h"
#include "schemas/daybook/v1/command.pb.h"
#include "schemas/daybook/v1/event.pb.h"

namespace daybook::codec {
namespace {

using custody::Closed;
using custody::LineFacts;

constexpr std::size_t kObligationTextMax = 96;  // none is longer

// What a line, a closing and a list's entry take at most.
constexpr std::size_t kLineMax =
    kFieldMax + (kFieldMax + kUuidChars) + kFieldMax + 2 * (kFieldMax + custody::kAccountPathMax);
constexpr std::size_t kClosedMax = 3 * kFieldMax + kFieldMax + kObligationTextMax;
constexpr std::size_t kListEntry = 2 + kUuidChars;

void write_line(const LineFacts& line, bool of_command, WireWriter& out) {
    using Field = v1::EventLine;
    char* const place = out.begin(v1::Event::kLinesFieldNumber);
    if (!of_command && !line.item.empty()) out.uuid(Field::kItemFieldNumber, line.item);
    if (line.prev != kNoPosition) out.number(Field::kPrevFieldNumber, line.prev);
    if (!line.from.empty()) out.account(Field::kFromFieldNumber, line.from);
    if (!line.to.empty()) out.account(Field::kToFieldNumber, line.to);
    out.end(place);
}

void write_closed(const Closed& closed, WireWriter& out) {
    using Field = v1::Closed;
    char* const place = out.begin(v1::Event::kClosesFieldNumber);
    if (closed.line != Closed::kWholeEvent) out.number(Field::kLineFieldNumber, closed.line);
    if (closed.obligation.item.empty()) {
        out.uuid(Field::kObligationFieldNumber, closed.obligation.id);
    } else {
        std::string text;
        append_obligation_text(closed.obligation, text);
        out.bytes(Field::kObligationFieldNumber, text);
    }
    out.number(Field::kKindFieldNumber, static_cast<std::uint64_t>(closed.kind));
    out.end(place);
}

std::size_t pieces_in(const custody::CountLists& lists) {
    return lists.matched.size() + lists.missing.size() + lists.moved.size() + lists.misplaced.size() +
           lists.unexpected.size();
}

// The size is known beforehand: a list may have a hundred thousand pieces.
void write_lists(const custody::CountLists& lists, WireWriter& out) {
    using Field = v1::CountLists;
    out.tag(v1::Event::kCountedFieldNumber, WireType::kBytes);
    out.varint(pieces_in(lists) * kListEntry);
    const auto write = [&](std::uint32_t number, const std::vector<ItemId>& items) {
        for (const auto& item : items) out.uuid(number, item);
    };
    write(Field::kMatchedFieldNumber, lists.matched);
    write(Field::kMissingFieldNumber, lists.missing);
    write(Field::kMovedFieldNumber, lists.moved);
    write(Field::kMisplacedFieldNumber, lists.misplaced);
    write(Field::kUnexpectedFieldNumber, lists.unexpected);
}

// A message of its own; empty for what is no correction.
std::string correcting_bytes(const custody::Correcting& correcting) {
    using Field = v1::Correcting;
    std::string out;
    if (correcting.target != kNoPosition) append_number(out, Field::kTargetFieldNumber, correcting.target);
    if (correcting.declaration != kNoPosition)
        append_number(out, Field::kDeclarationFieldNumber, correcting.declaration);
    if (correcting.place != kNoPosition) append_number(out, Field::kPlaceFieldNumber, correcting.place);
    if (correcting.keeps_obligation) append_number(out, Field::kKeepsObligationFieldNumber, 1);
    if (correcting.keeps_epc) append_number(out, Field::kKeepsEpcFieldNumber, 1);
    return out;
}

void read_correcting(std::string_view bytes, Reading& reading, custody::Correcting& out) {
    using Field = v1::Correcting;
    WireReader at(bytes);
    while (at.next()) {
        switch (at.number()) {
            case Field::kTargetFieldNumber: get(at, reading, out.target); break;
            case Field::kDeclarationFieldNumber: get(at, reading, out.declaration); break;
            case Field::kPlaceFieldNumber: get(at, reading, out.place); break;
            case Field::kKeepsObligationFieldNumber: get(at, reading, out.keeps_obligation); break;
            case Field::kKeepsEpcFieldNumber: get(at, reading, out.keeps_epc); break;
            default: reading.newer = true;
        }
    }
    if (at.damaged()) reading.corrupt = true;
}

void read_line(std::string_view bytes, Reading& reading, LineFacts& out) {
    using Field = v1::EventLine;
    WireReader at(bytes);
    while (at.next()) {
        switch (at.number()) {
            case Field::kItemFieldNumber: get(at, reading, out.item); break;
            case Field::kPrevFieldNumber: get(at, reading, out.prev); break;
            case Field::kFromFieldNumber: get(at, reading, out.from); break;
            case Field::kToFieldNumber: get(at, reading, out.to); break;
            default: break;
        }
    }
    if (at.damaged()) reading.corrupt = true;
}

void read_closed(std::string_view bytes, Reading& reading, Closed& out) {
    using Field = v1::Closed;
    WireReader at(bytes);
    while (at.next()) {
        switch (at.number()) {
            case Field::kLineFieldNumber: get(at, reading, out.line); break;
            case Field::kObligationFieldNumber: get(at, reading, out.obligation); break;
            case Field::kKindFieldNumber:
                get_enum(at, reading, custody::ObligationKind::kVaultSession, out.kind);
                break;
            default: break;
        }
    }
    if (at.damaged() || out.obligation.id.empty()) reading.corrupt = true;
}

tl::unexpected<Error> corrupt(std::string_view what) {
    return fail(ErrorCode::kCorrupt, "the stored bytes are no event: " + std::string(what));
}
tl::unexpected<Error> newer() {
    return fail(ErrorCode::kNewerFormat,
                "the event holds what this version of Daybook does not know; it was written by a later one");
}

}  // namespace

void append_event(const custody::Event& event, std::string& out) {
    using Field = v1::Event;
    const auto& decided = event.decided;
    const std::size_t before = out.size();
    const std::string correcting = correcting_bytes(decided.correcting);
    out.resize(before + kFieldMax + event.command.bytes.size() + kFieldMax + correcting.size() + 2 * kFieldMax +
               2 * kTimeFieldMax + decided.lines.size() * kLineMax + decided.closes.size() * kClosedMax +
               (decided.count_lists == nullptr ? 0 : kFieldMax + pieces_in(*decided.count_lists) * kListEntry));
    WireWriter to(out.data() + before);
    to.bytes(Field::kCommandFieldNumber, event.command.bytes);
    // Next to the command, where read_event_uniques() looks for it.
    if (!correcting.empty()) to.bytes(Field::kCorrectingFieldNumber, correcting);
    to.number(Field::kPositionFieldNumber, event.position);
    to.number(Field::kBatchLastFieldNumber, event.batch_last);
    to.time(Field::kRecordedAtFieldNumber, event.recorded_at);
    to.time(Field::kOccurredAtFieldNumber, decided.occurred_at);
    const std::size_t sent = event.command.lines.size();
    for (std::size_t i = 0; i < decided.lines.size(); ++i) write_line(decided.lines[i], i < sent, to);
    for (const auto& closed : decided.closes) write_closed(closed, to);
    if (decided.count_lists != nullptr) write_lists(*decided.count_lists, to);
    const auto size = static_cast<std::size_t>(to.at() - out.data());
    DAYBOOK_ASSERT(size <= out.size());
    out.resize(size);
}

Result<void> decode_event(std::string_view stored, StoredEvent& out) {
    using Field = v1::Event;
    out.decided.clear();
    out.position = out.batch_last = kNoPosition;
    out.recorded_at = 0;
    Reading reading;
    std::string_view command;
    WireReader at(stored);
    while (at.next()) {
        switch (at.number()) {
            case Field::kCommandFieldNumber: command = at.bytes(); break;
            case Field::kPositionFieldNumber: get(at, reading, out.position); break;
            case Field::kBatchLastFieldNumber: get(at, reading, out.batch_last); break;
            case Field::kRecordedAtFieldNumber: get_time(at, out.recorded_at); break;
            case Field::kOccurredAtFieldNumber: get_time(at, out.decided.occurred_at); break;
            case Field::kLinesFieldNumber: read_line(at.bytes(), reading, out.decided.lines.emplace_back()); break;
            case Field::kClosesFieldNumber: read_closed(at.bytes(), reading, out.decided.closes.emplace_back()); break;
            case Field::kCountedFieldNumber:
                out.decided.count_lists = std::make_unique<custody::CountLists>();
                read_count_lists(at.bytes(), reading, *out.decided.count_lists);
                break;
            case Field::kCorrectingFieldNumber:
                read_correcting(at.bytes(), reading, out.decided.correcting);
                break;
            default: return newer();
        }
    }
    if (at.damaged()) return corrupt("they end within a field");
    if (out.position == kNoPosition || out.batch_last == kNoPosition) return corrupt("they have no position");
    switch (fill_command(command, out.command)) {
        case Filled::kOk: break;
        case Filled::kCorrupt: return corrupt("the command cannot be read");
        case Filled::kNewer: return newer();
    }
    auto& lines = out.decided.lines;
    for (std::size_t i = 0; i < lines.size() && i < out.command.lines.size(); ++i)
        lines[i].item = out.command.lines[i].item;
    for (const auto& closed : out.decided.closes) {
        if (closed.line != Closed::kWholeEvent && closed.line >= lines.size()) reading.corrupt = true;
    }
    if (reading.corrupt) return corrupt("an id or account in them is none");
    if (reading.newer) return newer();
    return {};
}

Result<EventUniques> read_event_uniques(std::string_view stored) {
    // The command is the first field, and all that is wanted of the event; of a correction the second one too.
    WireReader first(stored);
    if (!first.next() || first.number() != v1::Event::kCommandFieldNumber || first.bytes().empty()) {
        return corrupt("they do not begin with a command");
    }
    using Field = v1::Command;
    EventUniques found;
    Reading reading;
    custody::ObligationRef obligation;
    custody::EventType type{};
    std::string_view payload;
    WireReader at(first.bytes());
    while (at.next()) {
        switch (at.number()) {
            case Field::kEventIdFieldNumber: get(at, reading, found.event); break;
            case Field::kObligationIdFieldNumber: get(at, reading, obligation); break;
            default:
                if (at.number() <= kPayloadNumberBase) break;
                if (at.number() > kPayloadNumberBase + custody::kEventTypeCount) return newer();
                type = static_cast<custody::EventType>(at.number() - kPayloadNumberBase);
                payload = at.bytes();
                break;
        }
    }
    if (at.damaged() || reading.corrupt || type == custody::EventType{} || found.event.empty()) {
        return corrupt("the command cannot be read");
    }
    if (!names_obligation(type)) found.obligation = obligation.id;
    if (type == custody::EventType::kItemRegistered) {
        WireReader field(payload);
        while (field.next()) {
            if (field.number() == v1::ItemRegistered::kEpcFieldNumber) found.epc = field.bytes();
        }
        if (field.damaged()) return corrupt("the command cannot be read");
    }
    if (first.next() && first.number() == v1::Event::kCorrectingFieldNumber) {
        custody::Correcting correcting;
        read_correcting(first.bytes(), reading, correcting);
        if (reading.corrupt) return corrupt("the correction cannot be read");
        if (correcting.keeps_obligation) found.obligation = {};
        if (correcting.keeps_epc) found.epc = {};
    }
    return found;
}

Result<EventHead> read_event_head(std::string_view stored) {
    using Field = v1::Event;
    EventHead head;
    head.position = head.batch_last = kNoPosition;
    WireReader at(stored);
    while (at.next()) {
        switch (at.number()) {
            case Field::kCommandFieldNumber: head.command = at.bytes(); break;
            case Field::kPositionFieldNumber: head.position = at.number_value(); break;
            case Field::kBatchLastFieldNumber: head.batch_last = at.number_value(); break;
            case Field::kRecordedAtFieldNumber: head.recorded_at = read_time(at.bytes()); break;
            case Field::kOccurredAtFieldNumber: head.occurred_at = read_time(at.bytes()); break;
            default: break;
        }
    }
    if (at.damaged() || head.command.empty()) return corrupt("they end within a field or hold no command");
    if (head.position == kNoPosition || head.batch_last == kNoPosition) return corrupt("they have no position");
    return head;
}

}  // namespace daybook::codec
