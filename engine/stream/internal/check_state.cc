#include <array>
#include <charconv>
#include <thread>

#include "engine/stream/internal/checker.h"
#include "engine/stream/partitioner.h"

namespace daybook::stream {
namespace {

constexpr int kStateRounds = 20;  // to compare keys that are written again meanwhile

}  // namespace

std::optional<Position> as_of_in(std::string_view value, ValueFormat format) {
    Position as_of = 0;
    if (format == ValueFormat::kJson) {
        constexpr std::string_view kBefore = "{\"as_of\":\"";
        if (!value.starts_with(kBefore)) return std::nullopt;
        value.remove_prefix(kBefore.size());
        const char* const end = value.data() + value.size();
        const auto [read, error] = std::from_chars(value.data(), end, as_of);
        return error == std::errc() && read != end && *read == '"' ? std::optional(as_of) : std::nullopt;
    }
    constexpr char kTag = 1 << 3;
    if (!value.starts_with(kTag)) return std::nullopt;
    value.remove_prefix(1);
    for (unsigned shift = 0; !value.empty() && shift < 64; shift += 7) {
        const auto byte = static_cast<unsigned char>(value.front());
        as_of |= Position{byte & 0x7fU} << shift;
        if ((byte & 0x80U) == 0) return as_of;
        value.remove_prefix(1);
    }
    return std::nullopt;
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
    DAYBOOK_TRY(read_tails(readers_, tails, after(kCheckRead)));
    state.at.resize(partitions_, RD_KAFKA_OFFSET_BEGINNING);
    for (std::uint32_t i = 0; i < partitions_; ++i) {
        if (state.at[i] >= tails[i].end || tails[i].low >= tails[i].end) continue;
        DAYBOOK_ASSIGN(PartitionReader reader, PartitionReader::open(client_, tails[i].topic, i, state.at[i]));
        while (true) {
            DAYBOOK_ASSIGN(const auto record, next_below(reader, tails[i].end));
            if (!record) break;
            take_state(*record, i, state);
            state.at[i] = record->offset + 1;
            if (state.row.checked % 1024 == 0) DAYBOOK_TRY(go_on(report_.next));
        }
    }
    return {};
}

void Checker::take_state(const ReadRecord& record, std::uint32_t partition, StateTopic& state) const {
    Position as_of = 0;
    std::from_chars(record.sequence.data(), record.sequence.data() + record.sequence.size(), as_of);
    const std::string key(record.key);
    const std::string id = state_record_id(ledger_.text(), state.topic, key, as_of);
    const std::uint32_t right = partition_of(key, partitions_);
    if (right != partition) {
        wrong(state.row, as_of, key + " is in partition " + std::to_string(partition) + ", and belongs in " +
                                    std::to_string(right));
    }
    if (record.id != id) {
        wrong(state.row, as_of, "the record of " + key + " is '" + std::string(record.id) + "', and '" + id +
                                    "' was to be there");
    }
    if (!record.tombstone) check_value(record.value, key, as_of, state);
    Known& known = state.states[key];
    if (as_of < known.as_of) wrong(state.row, as_of, "the state of " + key + " goes back to an earlier position");
    known = known_of(record.value, record.tombstone, as_of, state.topic);
    ++state.row.checked;
}

// What readers rely on before they look at the rest. The newest value of a key is compared whole, the others here only.
void Checker::check_value(std::string_view value, const std::string& key, Position as_of, StateTopic& state) const {
    const std::string frame = value_frame(state.topic, options_.format, options_.schemas);
    if (!value.starts_with(frame)) {
        wrong(state.row, as_of, "the value of " + key + " does not begin with the id of its schema");
        return;
    }
    const auto inside = as_of_in(value.substr(frame.size()), options_.format);
    if (inside == as_of) return;
    wrong(state.row, as_of, "the value of " + key + " says as_of " + (inside ? std::to_string(*inside) : "nowhere") +
                                ", and its header ce_sequence " + std::to_string(as_of));
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
        PieceState piece;
        for (const std::string& key : waiting) {
            const auto item = ItemId::parse(key);
            if (!item) continue;
            DAYBOOK_ASSIGN(const bool is_there, reading.piece(*item, options_.format, kNoPosition, piece));
            if (is_there) right.emplace(key, known_of(piece.value, piece.gone, 0, state.topic));
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
    const Deadline deadline = after(kCheckMarkers);
    while (true) {
        DAYBOOK_ASSIGN(const auto control, read_control());
        if (control.next >= position) return true;
        if (std::chrono::steady_clock::now() >= deadline) return false;
        DAYBOOK_TRY(go_on(report_.next));
        std::this_thread::sleep_for(kCheckAgain);
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
        if (round > 0) std::this_thread::sleep_for(kCheckAgain);
        DAYBOOK_ASSIGN(const auto reading, options_.state->read(report_.next, after(kCheckMarkers)));
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

}  // namespace daybook::stream
