// The comparison of Kafka with the ledger (check.h), topic by topic.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "engine/base/time.h"
#include "engine/codec/stream_codec.h"
#include "engine/crypto/digest.h"
#include "engine/stream/check.h"
#include "engine/stream/internal/divergence.h"
#include "engine/stream/internal/partition_reader.h"
#include "engine/stream/internal/reader.h"
#include "engine/stream/records.h"

namespace daybook::stream {

inline constexpr std::chrono::seconds kCheckRead{20};         // until Kafka answers
inline constexpr std::chrono::seconds kCheckMarkers{10};      // until what is committed shows in every partition
inline constexpr std::chrono::milliseconds kCheckAgain{200};  // between two looks

// The position that a value of custody or stock (no frame before it) says it reflects: its first field, in JSON and on
// the wire. nullopt: it does not say.
std::optional<Position> as_of_in(std::string_view value, ValueFormat format);

// Of one comparison. Threads: one.
class Checker {
public:
    Checker(const Source& source, LedgerId ledger, const Options& options,
            const std::function<bool(Position, Position)>& progress, kafka::Client client, Readers readers)
        : source_(source),
          ledger_(ledger),
          options_(options),
          topics_{options.prefix, ledger, options.generation},
          progress_(progress),
          client_(std::move(client)),
          readers_(std::move(readers)) {}

    Result<CheckReport> run() {
        DAYBOOK_ASSIGN(const codec::ControlRecord control, read_control());
        report_.next = control.next;
        partitions_ = control.partitions;
        markers_ = after(kCheckMarkers);
        DAYBOOK_TRY(check_control(control));
        if (!report_.ok()) return std::move(report_);
        DAYBOOK_TRY(check_events());
        DAYBOOK_TRY(check_log());
        if (options_.state != nullptr) DAYBOOK_TRY(check_state());
        return std::move(report_);
    }

private:
    // Offsets that a partition holds: [low, high) is decided, [high, end) is not yet.
    struct Range {
        std::int64_t low = 0, high = 0, end = 0;
        [[nodiscard]] bool is_emptied() const { return low > 0 && low >= high; }
    };
    struct Partition {
        PartitionReader reader;
        Range range;
        CheckRow row;
        Sha256 digest{};
        std::optional<ReadRecord> ahead{};
        std::optional<RecordPlace> cut{};  // the first that is left, where the beginning is gone
        bool begun = false;
        bool emptied = false;
    };
    struct Known {
        std::uint64_t content = 0;
        Position as_of = 0;
        bool gone = false;
        bool seen = false;
    };
    struct StateTopic {
        Topic topic = Topic::kCustody;
        CheckRow row{};
        std::vector<std::int64_t> at{};                   // of each partition: what was read
        std::unordered_map<std::string, Known> states{};  // the newest of each key
        std::unordered_set<std::string> waiting{};        // keys that no reading could be compared with yet
    };

    Result<codec::ControlRecord> read_control() const;
    Result<void> check_control(const codec::ControlRecord& control);
    // The first position that differs, where the topic `log` tells it.
    [[nodiscard]] std::optional<Position> differs_from() const {
        const auto first = first_difference(client_, topics_, source_, after(kCheckRead));
        return first ? *first : std::nullopt;
    }
    Result<void> check_events();
    Result<void> expect(const Record& record, Partition& partition);
    void check_headers(const Record& record, const ReadRecord& there, const std::string& where, CheckRow& row) const;
    Result<void> check_behind(Partition& partition) const;
    Result<void> check_log();
    Result<bool> check_frame(const ReadRecord& record, Position& next, CheckRow& row);
    Result<void> check_state();
    Result<void> read_on(StateTopic& state);
    void take_state(const ReadRecord& record, std::uint32_t partition, StateTopic& state) const;
    void check_value(std::string_view value, const std::string& key, Position as_of, StateTopic& state) const;
    Result<bool> is_published(Position position) const;
    Result<void> compare_all(const StateReading& reading, StateTopic& state);
    Result<void> compare_waiting(const StateReading& reading, StateTopic& state);
    Known known_of(std::string_view value, bool tombstone, Position as_of, Topic topic) const;
    static void compare(const std::string& key, const Known* right, Position reading, StateTopic& state);
    static void wrong(CheckRow& row, std::optional<Position> position, std::string message) {
        if (!row.ok) return;
        row.ok = false;
        row.position = position;
        row.message = std::move(message);
    }
    // That position is gone from the beginning: lost, where it is younger than the topic is to keep it. `now`: what is
    // there now, for people.
    void gone(CheckRow& row, Position position, Micros recorded_at, const std::string& now) const {
        const bool for_ever = options_.retention_ms < 0;
        if (!for_ever && clock().now() - recorded_at >= options_.retention_ms * 1000) return;
        wrong(row, position,
              "position " + std::to_string(position) + " is gone, " + now + ", and the configured retention is " +
                  (for_ever ? std::string("for ever") : std::to_string(options_.retention_ms / 1000) + " s"));
    }
    [[nodiscard]] const Clock& clock() const { return options_.clock != nullptr ? *options_.clock : system_clock(); }
    // The same for the frames of the log, up to `end`.
    Result<void> gone_frames(Position end, const std::string& now, CheckRow& row) const;
    Result<void> go_on(Position done) const {
        if (!progress_ || progress_(done, report_.next)) return {};
        return fail(ErrorCode::kStopped, "the comparison was broken off");
    }
    // The next record, waiting for what is committed to show; nullopt where it does not.
    Result<std::optional<ReadRecord>> next_of(PartitionReader& reader, const std::string& topic,
                                              std::uint32_t partition) const;
    // The next record below `end`, as far as that is decided.
    static Result<std::optional<ReadRecord>> next_below(PartitionReader& reader, std::int64_t end);
    Result<Range> range_of(const std::string& topic, std::uint32_t partition) const;
    // False where the topic is not there with its partitions: then a row named `what` says so.
    Result<bool> is_there(Topic topic, const std::string& what);

    const Source& source_;
    const LedgerId ledger_;
    const Options& options_;
    const TopicSet topics_;
    const std::function<bool(Position, Position)>& progress_;
    const kafka::Client client_;
    const Readers readers_;
    std::uint32_t partitions_ = 0;
    Deadline markers_;  // what the control record covers shows by then
    CheckReport report_;
};

}  // namespace daybook::stream
