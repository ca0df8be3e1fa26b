// Events as Kafka records: which records an event becomes, their keys, partitions and values. CONSUMERS.md is the
// contract; this is where it is kept.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/ids.h"
#include "engine/base/time.h"
#include "engine/codec/event_codec.h"
#include "engine/codec/stream_codec.h"
#include "engine/stream/state_source.h"
#include "engine/stream/topics.h"

namespace daybook::stream {

// A place in the order of one partition's records: the event, and which of its records.
struct RecordPlace {
    Position position = 0;
    std::uint32_t part = 0;
    friend auto operator<=>(const RecordPlace&, const RecordPlace&) = default;
};

struct Record {
    Topic topic = Topic::kEvents;
    std::uint32_t partition = 0;
    RecordPlace place;        // state: the last position that is in it; log: the first position
    std::uint32_t parts = 1;  // how many records the event becomes; log: how many events
    std::string_view type;    // of the event, "SignedOut"; static storage
    Micros occurred_at = 0;
    Micros recorded_at = 0;
    ItemId item;              // events: the piece that it is about; empty where it is about none or several
    std::string key;
    std::string value;
    std::string after;      // events: the piece after the event, where it is known
    bool left_out = false;  // the value is too large for a record; the header ce_dataref says where it is
    bool tombstone = false;  // state: what the key names is gone

    // Back to an empty record, whose strings keep their memory unless they are large.
    void reset();
};

// Records one after the other. One that is added where another was takes its strings' memory: what one thread makes and
// another drops is dear to the allocator.
class Records {
public:
    Records() = default;
    Records(Records&& other) noexcept
        : slots_(std::move(other.slots_)), size_(std::exchange(other.size_, 0)) {}
    Records& operator=(Records&& other) noexcept {
        slots_ = std::move(other.slots_);
        size_ = std::exchange(other.size_, 0);
        return *this;
    }

    // An empty record at the end. References to records are good until the next add().
    Record& add();
    // The first `size` of them stay.
    void shrink(std::size_t size) { size_ = size; }
    void clear() { shrink(0); }

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] Record& operator[](std::size_t index) { return slots_[index]; }
    [[nodiscard]] const Record& operator[](std::size_t index) const { return slots_[index]; }
    [[nodiscard]] Record* begin() { return slots_.data(); }
    [[nodiscard]] Record* end() { return slots_.data() + size_; }
    [[nodiscard]] const Record* begin() const { return slots_.data(); }
    [[nodiscard]] const Record* end() const { return slots_.data() + size_; }

private:
    std::vector<Record> slots_;
    std::size_t size_ = 0;
};

// The ids that a schema registry gave to daybook.v1.Event, Custody and Stock; 0: none.
struct SchemaIds {
    std::uint32_t events = 0, custody = 0, stock = 0;
    [[nodiscard]] std::uint32_t of(Topic topic) const;
};
// What stands before a topic's values: empty, but for kConfluent: 0x00, the schema's id, and which message of it.
std::string value_frame(Topic topic, ValueFormat format, const SchemaIds& schemas);
// The header __value_schema_id: 0x00, the id, and for protobuf which message of the schema; empty where there is none.
std::string schema_header(Topic topic, ValueFormat format, const SchemaIds& schemas);
// A value of custody or stock (no frame before it) without its as_of.
std::string_view state_content(std::string_view value, ValueFormat format);

// "<ledger>:<position>" where the event is one record, "<ledger>:<position>:<part>" where it is several.
std::string record_id(std::string_view ledger, const RecordPlace& place, std::uint32_t parts);
// The place in such an id; nullopt where it is none of that ledger.
std::optional<RecordPlace> parse_record_id(std::string_view ledger, std::string_view id);
// "<ledger>:custody:<key>:<position>", and the same for stock: state of a key as of a position.
std::string state_record_id(std::string_view ledger, Topic topic, std::string_view key, Position as_of);
// "<ledger>:log:<first>:<count>".
std::string frame_id(std::string_view ledger, Position first, std::uint64_t count);
// The position behind the frame with such an id; nullopt where it is none of that ledger.
std::optional<Position> parse_frame_id(std::string_view ledger, std::string_view id);

// Makes the records of events. Threads: one at a time; reused from event to event.
class RecordMaker {
public:
    // `partitions` of the events topic.
    RecordMaker(LedgerId ledger, std::uint32_t partitions, ValueFormat format);

    // Adds the records of one stored event to `out`: one for each piece it has a line for, in the order of the lines;
    // likewise for each supply; one for the whole, keyed by what it concerns, where it has no lines, and for a
    // CountAttested always. kCorrupt, kNewerFormat: the bytes are no event that this version knows.
    Result<void> add(std::string_view stored, Records& out);

    // Of the event added last: the last position of its atomic batch (its own outside one).
    [[nodiscard]] Position batch_last() const { return event_.batch_last; }
    [[nodiscard]] LedgerId ledger() const { return ledger_; }
    [[nodiscard]] std::uint32_t partitions() const { return partitions_; }
    [[nodiscard]] ValueFormat format() const { return format_; }
    // Whether it changes the pieces that it names: a sighting in a count does not.
    [[nodiscard]] bool changes_pieces() const;
    // Whether pieces that it names may be of another model after it: an amendment of that, and any correction.
    [[nodiscard]] bool may_change_models() const;
    // And the obligations that it closes for pieces without a line in it.
    [[nodiscard]] std::vector<custody::ObligationRef> closed_without_line() const;

private:
    // The lines of one subject.
    struct Subject {
        ItemId item;
        std::string key;
        std::vector<std::uint32_t> lines;
    };
    // Fills subjects_ with the pieces and supplies of the event, in the order of their first lines.
    void find_subjects();
    Result<void> set_value(std::string_view stored, const Subject* subject, std::string& value);

    const LedgerId ledger_;
    const std::uint32_t partitions_;
    const ValueFormat format_;
    codec::StoredEvent event_;
    codec::EventSplitter splitter_;
    std::vector<Subject> subjects_;
};

// What an event without lines concerns: "site:3", "account:SITE/3/VAULT/A-01", "obligation:<uuid>" …
std::string subject_key(const custody::Command& command, LedgerId ledger);

}  // namespace daybook::stream
