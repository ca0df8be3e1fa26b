#include "engine/stream/check.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "engine/codec/event_codec.h"
#include "engine/codec/stream_codec.h"
#include "engine/crypto/digest.h"
#include "engine/stream/internal/admin.h"
#include "engine/stream/internal/divergence.h"
#include "engine/stream/internal/partition_reader.h"
#include "engine/stream/internal/reader.h"
#include "engine/stream/internal/settings.h"
#include "engine/stream/records.h"

namespace daybook::stream {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kRead{20};             // until Kafka answers
constexpr std::string_view kEmptied = "retention has taken all of it";
constexpr std::string_view kCut = "retention has cut it short, it begins at position ";
constexpr seconds kMarkers{10};          // until what is committed shows in every partition
constexpr milliseconds kAgain{200};      // between two looks
constexpr int kStateRounds = 20;         // to compare keys that are written again meanwhile

std::string hex(const Hash& hash) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (const auto byte : hash) {
        const auto value = static_cast<unsigned>(byte);
        text += kDigits[value >> 4];
        text += kDigits[value & 15];
    }
    return text;
}

void update(Sha256& digest, std::string_view part) {
    std::string size(4, '\0');
    for (int i = 0; i < 4; ++i) size[static_cast<std::size_t>(i)] = static_cast<char>(part.size() >> (24 - 8 * i));
    digest.update(size).update(part);
}

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
        markers_ = after(kMarkers);
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
        const auto first = first_difference(client_, topics_, source_, after(kRead));
        return first ? *first : std::nullopt;
    }
    Result<void> check_events();
    Result<void> expect(const Record& record, Partition& partition);
    Result<void> check_behind(Partition& partition) const;
    Result<void> check_log();
    Result<bool> check_frame(const ReadRecord& record, Position& next, CheckRow& row);
    Result<void> check_state();
    Result<void> read_on(StateTopic& state);
    void take_state(const ReadRecord& record, StateTopic& state) const;
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

Result<codec::ControlRecord> Checker::read_control() const {
    std::vector<Tail> tails(1);
    tails[0].topic = topics_.name(Topic::kControl);
    DAYBOOK_TRY(read_tails(readers_, tails, after(kRead)));
    if (!tails[0].last) {
        return fail(ErrorCode::kNotFound, "topic " + tails[0].topic + " holds no cursor: nothing was published there");
    }
    return codec::control_from_json(tails[0].last->value);
}

Result<void> Checker::check_control(const codec::ControlRecord& control) {
    CheckRow row{.what = "control", .checked = 1};
    if (control.ledger != ledger_) {
        wrong(row, std::nullopt, "the control topic belongs to ledger " + control.ledger.text());
    } else if (control.next > source_.head()) {
        wrong(row, differs_from().value_or(source_.head()),
              "Kafka holds events up to position " + std::to_string(control.next - 1) + ", and this ledger has " +
                  std::to_string(source_.head()));
    } else {
        DAYBOOK_ASSIGN(const Hash root, source_.root(control.next));
        if (root != control.root) {
            const auto first = differs_from();
            wrong(row, first, "the tree head is not that of this ledger's events" +
                                  (first ? ", they differ from position " + std::to_string(*first) + " on" : ""));
        }
    }
    report_.rows.push_back(std::move(row));
    return {};
}

Result<Checker::Range> Checker::range_of(const std::string& topic, std::uint32_t partition) const {
    std::vector<Tail> tails(1);
    tails[0].topic = topic;
    tails[0].partition = partition;
    tails[0].ends_only = true;
    DAYBOOK_TRY(read_tails(readers_, tails, after(kRead)));
    return Range{.low = tails[0].low, .high = tails[0].high, .end = tails[0].end};
}

Result<bool> Checker::is_there(Topic topic, const std::string& what) {
    const std::string name = topics_.name(topic);
    const std::uint32_t right = is_keyed(topic) ? partitions_ : 1;
    const auto count = partition_count(client_, name, static_cast<int>(milliseconds(kRead).count()));
    if (!count && count.error().code != ErrorCode::kNotFound) return tl::unexpected(count.error());
    if (count && *count == right) return true;
    CheckRow row{.what = what};
    wrong(row, std::nullopt, !count ? "there is no topic " + name
                                    : name + " has " + std::to_string(*count) + " partitions, and " +
                                          std::to_string(right) + " were to be there");
    report_.rows.push_back(std::move(row));
    return false;
}

Result<std::optional<ReadRecord>> Checker::next_of(PartitionReader& reader, const std::string& topic,
                                                   std::uint32_t partition) const {
    const Deadline give_up = after(kMarkers + kRead);
    while (true) {
        auto record = reader.next(reader.ended_at() ? after(kAgain) : after(kRead));
        if (!record || *record) return record;
        if (std::chrono::steady_clock::now() < markers_) continue;
        // The end may have been told long ago, and a broker that is gone is silent as well.
        DAYBOOK_ASSIGN(const Range range, range_of(topic, partition));
        if (*reader.ended_at() >= range.high) return record;
        if (std::chrono::steady_clock::now() >= give_up) {
            return fail(ErrorCode::kUnavailable, "topic " + topic + "/" + std::to_string(partition) +
                                                     " cannot be read to its end");
        }
    }
}

Result<std::optional<ReadRecord>> Checker::next_below(PartitionReader& reader, std::int64_t end) {
    // A transaction may stay open for as long as its publisher is gone: what is not committed is not looked at.
    const Deadline undecided = after(kMarkers);
    while (!reader.ended_at() || (*reader.ended_at() < end && std::chrono::steady_clock::now() < undecided)) {
        DAYBOOK_ASSIGN(auto record, reader.next(reader.ended_at() ? after(kAgain) : after(kRead)));
        if (!record) continue;
        if (record->offset < end) return record;
        break;
    }
    return std::optional<ReadRecord>();
}

// ---- events: the records that the log becomes, one after the other, against those of their partitions ----

Result<void> Checker::check_events() {
    DAYBOOK_ASSIGN(const bool there, is_there(Topic::kEvents, "events"));
    if (!there) return {};
    const std::string topic = topics_.name(Topic::kEvents);
    std::vector<Partition> partitions;
    for (std::uint32_t i = 0; i < partitions_; ++i) {
        DAYBOOK_ASSIGN(const Range range, range_of(topic, i));
        DAYBOOK_ASSIGN(PartitionReader reader, PartitionReader::open(client_, topic, i, RD_KAFKA_OFFSET_BEGINNING));
        partitions.push_back(
            {.reader = std::move(reader), .range = range, .row = {.what = "events/" + std::to_string(i)}});
    }
    RecordMaker maker(ledger_, partitions_, options_.format);
    std::vector<Record> made;
    Result<void> checked;
    DAYBOOK_TRY(source_.read(0, report_.next, [&](Position position, std::string_view stored) {
        made.clear();
        checked = maker.add(stored, made);
        for (const Record& record : made) {
            if (checked) checked = expect(record, partitions[record.partition]);
        }
        if (checked && position % 1024 == 0) checked = go_on(position);
        return checked.has_value();
    }));
    DAYBOOK_TRY(checked);
    for (Partition& partition : partitions) {
        DAYBOOK_TRY(check_behind(partition));
        partition.ahead.reset();
        if (partition.row.ok) {
            partition.row.message = "digest " + hex(partition.digest.finish());
            if (partition.emptied) {
                partition.row.message = std::string(kEmptied);
            } else if (partition.cut) {
                partition.row.message += "; " + std::string(kCut) + std::to_string(partition.cut->position);
            }
        }
        report_.rows.push_back(std::move(partition.row));
    }
    return {};
}

Result<void> Checker::expect(const Record& record, Partition& partition) {
    if (!partition.row.ok) return {};
    const bool is_cut = partition.cut && record.place < *partition.cut;
    if (!partition.begun) partition.emptied = partition.range.is_emptied();
    if (!is_cut && !partition.emptied && !partition.ahead) {
        DAYBOOK_ASSIGN(partition.ahead, next_of(partition.reader, topics_.name(Topic::kEvents), record.partition));
    }
    const std::string id = record_id(ledger_.text(), record.place, record.parts);
    if (!std::exchange(partition.begun, true) && partition.range.low > 0) {
        if (!partition.ahead) {
            partition.emptied = true;
        } else if (partition.ahead->id != id) {
            partition.cut = parse_record_id(ledger_.text(), partition.ahead->id);
        }
    }
    if (partition.emptied) {
        return gone(partition.row, record.place.position, record.recorded_at, "nothing is left"), Result<void>();
    }
    if (partition.cut && record.place < *partition.cut) {
        gone(partition.row, record.place.position, record.recorded_at,
             "it begins at position " + std::to_string(partition.cut->position));
        return {};
    }
    if (!partition.ahead) {
        wrong(partition.row, record.place.position, id + " is missing, and everything behind it");
        return {};
    }
    const ReadRecord& there = *partition.ahead;
    const std::string at = "offset " + std::to_string(there.offset);
    const std::string value = value_frame(Topic::kEvents, options_.format, options_.schemas) + record.value;
    if (there.id != id) {
        wrong(partition.row, record.place.position,
              at + " holds " + (there.id.empty() ? "a record without ce_id" : std::string(there.id)) + ", and " + id +
                  " was to be there");
    } else if (there.key != record.key) {
        wrong(partition.row, record.place.position, at + ": the key of " + id + " is another than " + record.key);
    } else if (there.tombstone != record.left_out || (!there.tombstone && there.value != value)) {
        wrong(partition.row, record.place.position, at + ": the value of " + id + " is not what the ledger holds");
    }
    update(partition.digest, there.id);
    update(partition.digest, there.key);
    update(partition.digest, there.value);
    ++partition.row.checked;
    partition.ahead.reset();
    return {};
}

// Behind the last that was expected, up to where the partition ended when the check began: events that are published
// meanwhile, and nothing else.
Result<void> Checker::check_behind(Partition& partition) const {
    RecordPlace next{.position = report_.next};
    while (partition.row.ok) {
        if (!partition.ahead) {
            DAYBOOK_ASSIGN(partition.ahead, next_below(partition.reader, partition.range.end));
        }
        if (!partition.ahead || partition.ahead->offset >= partition.range.end) break;
        const ReadRecord& there = *partition.ahead;
        const std::string at = "offset " + std::to_string(there.offset) + " holds ";
        const auto place = parse_record_id(ledger_.text(), there.id);
        if (!place) {
            wrong(partition.row, std::nullopt,
                  at + (there.id.empty() ? "a record without ce_id" : std::string(there.id)) +
                      ", which is no record of this ledger");
        } else if (*place < next) {
            wrong(partition.row, place->position,
                  at + std::string(there.id) + " once more, behind all that was to come");
        } else if (place->position >= source_.head()) {
            wrong(partition.row, place->position, at + std::string(there.id) + ", and the ledger has no such event");
        } else {
            next = {.position = place->position, .part = place->part + 1};
        }
        partition.ahead.reset();
    }
    return {};
}

// ---- log: frame by frame, against the bytes and the tree ----

Result<void> Checker::check_log() {
    DAYBOOK_ASSIGN(const bool there, is_there(Topic::kLog, "log"));
    if (!there) return {};
    const std::string topic = topics_.name(Topic::kLog);
    CheckRow row{.what = "log"};
    DAYBOOK_ASSIGN(const Range range, range_of(topic, 0));
    DAYBOOK_ASSIGN(PartitionReader reader, PartitionReader::open(client_, topic, 0, RD_KAFKA_OFFSET_BEGINNING));
    Position next = 0;
    bool begun = false;
    // Also what is published meanwhile: frames follow one another without a gap, and none comes again.
    while (row.ok) {
        const bool expected = next < report_.next && !(!begun && range.is_emptied());
        DAYBOOK_ASSIGN(const auto record, expected ? next_of(reader, topic, 0) : next_below(reader, range.end));
        if (!std::exchange(begun, true) && range.low > 0) {
            Position first = report_.next;
            if (record) {
                const auto frame = codec::read_log_frame(record->value, [](std::string_view) {});
                first = frame ? std::min(frame->first, source_.head()) : 0;
            }
            if (first > 0) {
                row.message = record ? std::string(kCut) + std::to_string(first) : std::string(kEmptied);
                DAYBOOK_TRY(gone_frames(first, record ? "it begins at position " + std::to_string(first)
                                                      : "nothing is left", row));
                next = first;
            }
        }
        if (!record && next < report_.next) {
            wrong(row, next, "the frames end before position " + std::to_string(next));
        }
        if (!record || !row.ok) break;
        DAYBOOK_ASSIGN(const bool sound, check_frame(*record, next, row));
        if (sound) ++row.checked;
        DAYBOOK_TRY(go_on(std::min(next, report_.next)));
    }
    report_.rows.push_back(std::move(row));
    return {};
}

Result<void> Checker::gone_frames(Position end, const std::string& now, CheckRow& row) const {
    Result<void> read;
    DAYBOOK_TRY(source_.read(end - 1, end, [&](Position position, std::string_view stored) {
        const auto head = codec::read_event_head(stored);
        if (head) {
            gone(row, position, head->recorded_at, now);
        } else {
            read = tl::unexpected(head.error());
        }
        return false;
    }));
    return read;
}

Result<bool> Checker::check_frame(const ReadRecord& record, Position& next, CheckRow& row) {
    std::vector<std::string> events;
    const auto frame =
        codec::read_log_frame(record.value, [&](std::string_view stored) { events.emplace_back(stored); });
    const std::string at = "offset " + std::to_string(record.offset);
    if (!frame) return wrong(row, next, at + ": " + frame.error().message), false;
    if (frame->first != next) {
        return wrong(row, next, at + ": a frame begins at position " + std::to_string(frame->first) + ", and " +
                                    std::to_string(next) + " was to follow"),
               false;
    }
    const Position end = next + events.size();
    if (end > source_.head()) return wrong(row, source_.head(), at + ": holds more events than this ledger"), false;
    DAYBOOK_TRY(source_.read(next, end, [&](Position position, std::string_view stored) {
        if (stored != events[position - frame->first]) wrong(row, position, at + ": the event is another one");
        return row.ok;
    }));
    DAYBOOK_ASSIGN(const Hash before, source_.root(next));
    DAYBOOK_ASSIGN(const Hash root, source_.root(end));
    if (before != frame->root_before) wrong(row, next, at + ": the tree head before the frame is another one");
    if (root != frame->root) wrong(row, end - 1, at + ": the tree head behind the frame is another one");
    next = end;
    return row.ok;
}

// ---- custody and stock: the newest record of each key, against the read models ----

Checker::Known Checker::known_of(std::string_view value, bool tombstone, Position as_of, Topic topic) const {
    Known known{.as_of = as_of, .gone = tombstone};
    if (tombstone) return known;
    const std::string frame = value_frame(topic, options_.format, options_.schemas);
    if (value.starts_with(frame)) value.remove_prefix(frame.size());
    known.content = std::hash<std::string_view>{}(state_content(value, options_.format));
    return known;
}

// Up to where the topic ends just now: to the end of what is open as well, which is decided before long.
Result<void> Checker::read_on(StateTopic& state) {
    std::vector<Tail> tails(partitions_);
    for (std::uint32_t i = 0; i < partitions_; ++i) {
        tails[i].topic = topics_.name(state.topic);
        tails[i].partition = i;
        tails[i].ends_only = true;
    }
    DAYBOOK_TRY(read_tails(readers_, tails, after(kRead)));
    state.at.resize(partitions_, RD_KAFKA_OFFSET_BEGINNING);
    for (std::uint32_t i = 0; i < partitions_; ++i) {
        if (state.at[i] >= tails[i].end || tails[i].low >= tails[i].end) continue;
        DAYBOOK_ASSIGN(PartitionReader reader, PartitionReader::open(client_, tails[i].topic, i, state.at[i]));
        while (true) {
            DAYBOOK_ASSIGN(const auto record, next_below(reader, tails[i].end));
            if (!record) break;
            take_state(*record, state);
            state.at[i] = record->offset + 1;
            if (state.row.checked % 1024 == 0) DAYBOOK_TRY(go_on(report_.next));
        }
    }
    return {};
}

void Checker::take_state(const ReadRecord& record, StateTopic& state) const {
    Position as_of = 0;
    std::from_chars(record.sequence.data(), record.sequence.data() + record.sequence.size(), as_of);
    const std::string key(record.key);
    Known& known = state.states[key];
    if (as_of < known.as_of) wrong(state.row, as_of, "the state of " + key + " goes back to an earlier position");
    known = known_of(record.value, record.tombstone, as_of, state.topic);
    ++state.row.checked;
}

// `right` nullptr: the ledger knows no such key. What is in Kafka may be of a later position than the reading, which
// then says nothing of it: the key waits for another one.
void Checker::compare(const std::string& key, const Known* right, Position reading, StateTopic& state) {
    const auto it = state.states.find(key);
    Known* const there = it == state.states.end() ? nullptr : &it->second;
    if (there != nullptr) there->seen = true;
    if (there != nullptr && there->as_of >= reading) {
        state.waiting.insert(key);
        return;
    }
    const bool gone_there = there == nullptr || there->gone;
    if (right == nullptr) {
        if (!gone_there) wrong(state.row, there->as_of, "the ledger knows no " + key);
    } else if (right->gone) {
        if (!gone_there) wrong(state.row, there->as_of, key + " is still there, and nothing is left of it");
    } else if (gone_there) {
        wrong(state.row, std::nullopt, key + " is missing");
    } else if (there->content != right->content) {
        wrong(state.row, there->as_of, key + " is not as the read models have it (as of position " +
                                           std::to_string(there->as_of) + ")");
    }
}

Result<void> Checker::compare_all(const StateReading& reading, StateTopic& state) {
    const auto with = [&](const std::string& key, std::string_view value, bool gone) {
        const Known right = known_of(value, gone, 0, state.topic);
        compare(key, &right, reading.position(), state);
        return Result<void>();
    };
    if (state.topic == Topic::kCustody) {
        DAYBOOK_TRY(reading.all_pieces(options_.format, [&](const ItemId& item, const PieceState& piece) {
            return with(item.text(), piece.value, piece.gone);
        }));
    } else {
        DAYBOOK_TRY(reading.all_stock(options_.format, [&](const StockState& stock) {
            return with(stock.key, stock.value, stock.empty);
        }));
    }
    for (const auto& [key, known] : state.states) {
        if (!known.seen) compare(key, nullptr, reading.position(), state);
    }
    return {};
}

Result<void> Checker::compare_waiting(const StateReading& reading, StateTopic& state) {
    const auto waiting = std::exchange(state.waiting, {});
    std::unordered_map<std::string, Known> right;
    if (state.topic == Topic::kCustody) {
        for (const std::string& key : waiting) {
            const auto item = ItemId::parse(key);
            if (!item) continue;
            DAYBOOK_ASSIGN(const auto piece, reading.piece(*item, options_.format, kNoPosition));
            if (piece) right.emplace(key, known_of(piece->value, piece->gone, 0, state.topic));
        }
    } else if (!waiting.empty()) {
        DAYBOOK_TRY(reading.all_stock(options_.format, [&](const StockState& stock) {
            if (waiting.contains(stock.key)) {
                right.emplace(stock.key, known_of(stock.value, stock.empty, 0, state.topic));
            }
            return Result<void>();
        }));
    }
    for (const std::string& key : waiting) {
        const auto it = right.find(key);
        compare(key, it == right.end() ? nullptr : &it->second, reading.position(), state);
    }
    return {};
}

// Whether everything below that position is published in time.
Result<bool> Checker::is_published(Position position) const {
    const Deadline deadline = after(kMarkers);
    while (true) {
        DAYBOOK_ASSIGN(const auto control, read_control());
        if (control.next >= position) return true;
        if (std::chrono::steady_clock::now() >= deadline) return false;
        DAYBOOK_TRY(go_on(report_.next));
        std::this_thread::sleep_for(kAgain);
    }
}

// A reading first, then the topics as they are once everything in it is published. A key that was not written since is
// as the reading has it. Those that were wait for the next reading; only they are compared then.
Result<void> Checker::check_state() {
    std::array states{StateTopic{Topic::kCustody}, StateTopic{Topic::kStock}};
    for (StateTopic& state : states) {
        state.row.what = to_string(state.topic);
        DAYBOOK_ASSIGN(const bool there, is_there(state.topic, state.row.what));
        if (!there) return {};
        DAYBOOK_TRY(read_on(state));  // the bulk of it
    }
    std::string why = "their keys are written again all the time";
    bool compared = false;
    for (int round = 0; round < kStateRounds; ++round) {
        if (round > 0) std::this_thread::sleep_for(kAgain);
        DAYBOOK_ASSIGN(const auto reading, options_.state->read(report_.next, after(kMarkers)));
        if (!reading) {
            why = "the read models are behind what is published";
            break;
        }
        DAYBOOK_ASSIGN(const bool published, is_published(reading->position()));
        if (!published) {
            why = "publishing is behind, it has not come to position " + std::to_string(reading->position()) + " yet";
            break;
        }
        for (StateTopic& state : states) {
            DAYBOOK_TRY(read_on(state));
            DAYBOOK_TRY(compared ? compare_waiting(*reading, state) : compare_all(*reading, state));
        }
        compared = true;
        if (states[0].waiting.empty() && states[1].waiting.empty()) break;
    }
    for (StateTopic& state : states) {
        if (state.row.ok && !(compared && state.waiting.empty())) {
            state.row.ok = false;
            state.row.not_compared = true;
            state.row.message = compared ? std::to_string(state.waiting.size()) + " keys: " + why : why;
        }
        report_.rows.push_back(std::move(state.row));
    }
    return {};
}

}  // namespace

Result<CheckReport> check(const Source& source, LedgerId ledger, const Options& options,
                          const std::function<bool(Position done, Position of)>& progress) {
    kafka::Settings settings = client_settings(options);
    DAYBOOK_ASSIGN(Readers readers, Readers::make(settings));
    DAYBOOK_ASSIGN(kafka::Client client, kafka::Client::make(kafka::Client::Kind::kConsumer, lone_reader(settings)));
    DAYBOOK_TRY(client.reach(static_cast<int>(milliseconds(kRead).count())));
    return Checker(source, ledger, options, progress, std::move(client), std::move(readers)).run();
}

}  // namespace daybook::stream
