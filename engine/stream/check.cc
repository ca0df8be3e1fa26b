#include "engine/stream/check.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <thread>
#include <utility>

#include "engine/codec/event_codec.h"
#include "engine/stream/internal/admin.h"
#include "engine/stream/internal/checker.h"
#include "engine/stream/internal/settings.h"

namespace daybook::stream {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kEmptied = "retention has taken all of it";
constexpr std::string_view kCut = "retention has cut it short, it begins at position ";

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

}  // namespace

Result<codec::ControlRecord> Checker::read_control() const {
    std::vector<Tail> tails(1);
    tails[0].topic = topics_.name(Topic::kControl);
    // What was acknowledged to its publisher may not show yet: what is open is waited for.
    const Deadline undecided = after(kCheckMarkers);
    std::int64_t end = 0;
    while (true) {
        DAYBOOK_TRY(read_tails(readers_, tails, after(kCheckRead)));
        end = end == 0 ? tails[0].end : end;
        if (tails[0].high >= end || std::chrono::steady_clock::now() >= undecided) break;
        std::this_thread::sleep_for(kCheckAgain);
    }
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
    DAYBOOK_TRY(read_tails(readers_, tails, after(kCheckRead)));
    return Range{.low = tails[0].low, .high = tails[0].high, .end = tails[0].end};
}

Result<bool> Checker::is_there(Topic topic, const std::string& what) {
    const std::string name = topics_.name(topic);
    const std::uint32_t right = is_keyed(topic) ? partitions_ : 1;
    const auto count = partition_count(client_, name, static_cast<int>(milliseconds(kCheckRead).count()));
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
    const Deadline give_up = after(kCheckMarkers + kCheckRead);
    while (true) {
        auto record = reader.next(reader.ended_at() ? after(kCheckAgain) : after(kCheckRead));
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
    const Deadline undecided = after(kCheckMarkers);
    while (!reader.ended_at() || (*reader.ended_at() < end && std::chrono::steady_clock::now() < undecided)) {
        DAYBOOK_ASSIGN(auto record, reader.next(reader.ended_at() ? after(kCheckAgain) : after(kCheckRead)));
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
    Records made;
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
    } else {
        check_headers(record, there, at + ": of " + id, partition.row);
    }
    update(partition.digest, there.id);
    update(partition.digest, there.key);
    update(partition.digest, there.value);
    ++partition.row.checked;
    partition.ahead.reset();
    return {};
}

// Those that depend on nothing but the event.
void Checker::check_headers(const Record& record, const ReadRecord& there, const std::string& where,
                            CheckRow& row) const {
    const auto expect_header = [&](const char* name, std::string_view right) {
        if (there.header(name) == right) return;
        wrong(row, record.place.position, where + " the header " + name + " is '" + std::string(there.header(name)) +
                                              "', and '" + std::string(right) + "' was to be there");
    };
    expect_header("ce_specversion", "1.0");
    expect_header("ce_source", "/daybook/" + ledger_.text());
    expect_header("ce_type", "daybook." + std::string(record.type) + ".v1");
    expect_header("ce_time", format_time(record.occurred_at));
    expect_header("ce_parts", record.parts > 1 ? std::to_string(record.parts) : "");
    expect_header("content-type",
                  options_.format == ValueFormat::kJson ? "application/json" : "application/protobuf");
    Position sequence = 0;
    const char* const end = there.sequence.data() + there.sequence.size();
    const auto [read, error] = std::from_chars(there.sequence.data(), end, sequence);
    if (error != std::errc() || read != end || sequence != record.place.position) {
        expect_header("ce_sequence", std::to_string(record.place.position));
    }
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

Result<CheckReport> check(const Source& source, LedgerId ledger, const Options& options,
                          const std::function<bool(Position done, Position of)>& progress) {
    kafka::Settings settings = client_settings(options);
    DAYBOOK_ASSIGN(Readers readers, Readers::make(settings));
    DAYBOOK_ASSIGN(kafka::Client client, kafka::Client::make(kafka::Client::Kind::kConsumer, lone_reader(settings)));
    DAYBOOK_TRY(client.reach(static_cast<int>(milliseconds(kCheckRead).count())));
    return Checker(source, ledger, options, progress, std::move(client), std::move(readers)).run();
}

}  // namespace daybook::stream
