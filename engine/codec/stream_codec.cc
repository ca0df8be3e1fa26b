#include "engine/codec/stream_codec.h"

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/codec/json.h"
#include "schemas/daybook/v1/event.pb.h"
#include "schemas/daybook/v1/stream.pb.h"

namespace daybook::codec {

std::string control_to_json(const ControlRecord& record) {
    v1::Control message;
    message.set_ledger(record.ledger.text());
    message.set_epoch(record.epoch);
    message.set_next(record.next);
    message.set_root(record.root.data(), record.root.size());
    message.set_partitions(record.partitions);
    message.mutable_written_at()->set_seconds(record.written_at / kSecond);
    message.mutable_written_at()->set_nanos(static_cast<std::int32_t>(record.written_at % kSecond) * 1000);
    message.set_records(record.records);
    message.set_publisher(record.publisher);
    message.set_value(record.value);
    message.set_state_incomplete(record.state_incomplete);
    message.mutable_state_untouched()->Assign(record.state_untouched.begin(), record.state_untouched.end());
    if (record.from) message.set_from(*record.from);
    return to_json(message);
}

Result<ControlRecord> control_from_json(std::string_view json) {
    v1::Control message;
    if (auto read = from_json(json, message); !read) {
        return fail(ErrorCode::kCorrupt, "not a control record: " + read.error().message);
    }
    ControlRecord record;
    const auto ledger = LedgerId::parse(message.ledger());
    if (!ledger || message.root().size() != record.root.size() || !message.has_next()) {
        return fail(ErrorCode::kCorrupt, "not a control record: ledger, next or root is missing or malformed");
    }
    record.ledger = *ledger;
    record.epoch = message.epoch();
    record.next = message.next();
    std::ranges::copy(message.root(), reinterpret_cast<char*>(record.root.data()));
    record.partitions = message.partitions();
    record.written_at = message.written_at().seconds() * kSecond + message.written_at().nanos() / 1000;
    record.records = message.records();
    record.publisher = message.publisher();
    record.value = message.value();
    record.state_incomplete = message.state_incomplete();
    record.state_untouched.assign(message.state_untouched().begin(), message.state_untouched().end());
    if (message.has_from()) record.from = message.from();
    return record;
}

void append_frame_event(std::string_view stored, std::string& events) {
    constexpr auto kTag = static_cast<char>(v1::LogFrame::kEventsFieldNumber << 3 | 2);
    events.push_back(kTag);
    std::uint64_t size = stored.size();
    for (; size >= 0x80; size >>= 7) events.push_back(static_cast<char>((size & 0x7f) | 0x80));
    events.push_back(static_cast<char>(size));
    events += stored;
}

std::string log_frame(const LogFrame& frame, std::string_view events) {
    v1::LogFrame message;
    message.set_ledger(frame.ledger.text());
    message.set_first(frame.first);
    message.set_root_before(frame.root_before.data(), frame.root_before.size());
    message.set_root(frame.root.data(), frame.root.size());
    std::string bytes;
    bytes.reserve(160 + events.size());
    message.AppendToString(&bytes);
    return bytes += events;
}

Result<LogFrame> read_log_frame(std::string_view bytes, const std::function<void(std::string_view stored)>& event) {
    v1::LogFrame message;
    LogFrame frame;
    const bool whole = message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
    const auto ledger = LedgerId::parse(message.ledger());
    if (!whole || !ledger || !message.has_first() || message.root().size() != frame.root.size() ||
        message.root_before().size() != frame.root.size()) {
        return fail(ErrorCode::kCorrupt, "not a frame of a log");
    }
    frame.ledger = *ledger;
    frame.first = message.first();
    std::ranges::copy(message.root_before(), reinterpret_cast<char*>(frame.root_before.data()));
    std::ranges::copy(message.root(), reinterpret_cast<char*>(frame.root.data()));
    for (const std::string& stored : message.events()) event(stored);
    return frame;
}

// `whole` is the event; `frame` the same without what belongs to lines, which part() adds and clears again. The indices
// keep a part's cost at its own size.
struct EventSplitter::State {
    v1::Event whole;
    v1::Event frame;
    std::vector<int> closes_for_event;                       // of whole.closes
    std::vector<std::pair<std::uint32_t, int>> closes;       // line, index in whole.closes; in that order
    std::unordered_multimap<std::string_view, int> expects;  // item, index in the command's expect

    void index() {
        closes_for_event.clear();
        closes.clear();
        expects.clear();
        for (int i = 0; i < whole.closes_size(); ++i) {
            if (whole.closes(i).has_line()) {
                closes.emplace_back(whole.closes(i).line(), i);
            } else {
                closes_for_event.push_back(i);
            }
        }
        std::ranges::sort(closes);
        for (int i = 0; i < whole.command().expect_size(); ++i) expects.emplace(whole.command().expect(i).item(), i);
    }
};

EventSplitter::EventSplitter() : state_(std::make_unique<State>()) {}
EventSplitter::~EventSplitter() = default;
EventSplitter::EventSplitter(EventSplitter&&) noexcept = default;
EventSplitter& EventSplitter::operator=(EventSplitter&&) noexcept = default;

Result<void> EventSplitter::load(std::string_view stored) {
    v1::Event& whole = state_->whole;
    if (!whole.ParseFromArray(stored.data(), static_cast<int>(stored.size()))) {
        return fail(ErrorCode::kCorrupt, "not an event");
    }
    whole.clear_counted();
    if (whole.command().has_count_attested()) whole.mutable_command()->mutable_count_attested()->clear_lists();
    // What belongs to lines is moved aside while the rest is copied: ten thousand lines are not copied to be dropped.
    v1::Event aside;
    const auto swap_lines = [&] {
        aside.mutable_lines()->Swap(whole.mutable_lines());
        aside.mutable_closes()->Swap(whole.mutable_closes());
        aside.mutable_command()->mutable_lines()->Swap(whole.mutable_command()->mutable_lines());
        aside.mutable_command()->mutable_expect()->Swap(whole.mutable_command()->mutable_expect());
    };
    swap_lines();
    state_->frame = whole;
    swap_lines();
    state_->index();
    return {};
}

Result<std::string> EventSplitter::part(std::span<const std::uint32_t> lines, Form form) {
    const v1::Event& whole = state_->whole;
    v1::Event& out = state_->frame;
    out.clear_lines();
    out.clear_closes();
    out.mutable_command()->clear_lines();
    out.mutable_command()->clear_expect();
    for (const int i : state_->closes_for_event) *out.add_closes() = whole.closes(i);
    for (std::uint32_t added = 0; added < lines.size(); ++added) {
        const auto line = static_cast<int>(lines[added]);
        const bool has_facts = line < whole.lines_size();
        if (!has_facts && line >= whole.command().lines_size())
            return fail(ErrorCode::kInternal, "the event has no such line");
        if (has_facts) *out.add_lines() = whole.lines(line);
        auto closed = std::ranges::lower_bound(state_->closes, std::pair(lines[added], 0));
        for (; closed != state_->closes.end() && closed->first == lines[added]; ++closed) {
            v1::Closed& copy = *out.add_closes();
            copy = whole.closes(closed->second);
            copy.set_line(added);
        }
        if (line >= whole.command().lines_size()) continue;
        const v1::Line& sent = whole.command().lines(line);
        *out.mutable_command()->add_lines() = sent;
        const auto expects = state_->expects.equal_range(sent.item());
        for (auto it = expects.first; it != expects.second; ++it) {
            *out.mutable_command()->add_expect() = whole.command().expect(it->second);
        }
    }
    std::string bytes = out.SerializeAsString();
    if (form == Form::kProtobuf) return bytes;
    return event_to_json(bytes);
}

}  // namespace daybook::codec
