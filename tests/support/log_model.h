// A small ledger of opaque events for tests of the log: what stands at each position follows from the position, so that
// a test can say what a log must hold, and check all of it, without remembering anything.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/crypto/digest.h"
#include "engine/log/event_log.h"

namespace daybook::test {

inline const LedgerId kTestLedger{Uuid{0x0190a0a0a0a07000, 0x8000000000000001}};
inline constexpr Micros kTestStart = 1'700'000'000'000'000;

// Any 16 bytes that depend on the words.
inline Uuid uuid_of(std::uint64_t a, std::uint64_t b = 0) {
    const Hash hash = sha256(std::to_string(a) + "/" + std::to_string(b));
    return Uuid::load(reinterpret_cast<const char*>(hash.data()));
}

// An event: one byte with its number of ids, the ids (kind and 16 bytes each), and filling.
inline std::string event_at(Position position, std::size_t filling = 40) {
    const unsigned ids = position % 5 == 0 ? 3 : 1;
    std::string event(1, static_cast<char>(ids));
    for (unsigned i = 0; i < ids; ++i) {
        char bytes[17];
        bytes[0] = static_cast<char>(1 + i);
        uuid_of(position, i).store(bytes + 1);
        event.append(bytes, sizeof bytes);
    }
    const Hash noise = sha256("filling " + std::to_string(position));
    while (filling > 0) {
        const std::size_t part = std::min(filling, noise.size());
        event.append(reinterpret_cast<const char*>(noise.data()), part);
        filling -= part;
    }
    return event;
}

inline Result<void> ids_of_event(std::string_view event, Position position, std::vector<log::IdEntry>& out) {
    const std::size_t ids = event.empty() ? 0 : static_cast<std::size_t>(event[0]);
    if (event.empty() || event.size() < 1 + 17 * ids) return fail(ErrorCode::kCorrupt, "not an event of this test");
    for (std::size_t i = 0; i < ids; ++i) {
        const char* bytes = event.data() + 1 + 17 * i;
        out.push_back({{static_cast<std::uint8_t>(bytes[0]), Uuid::load(bytes + 1)}, position});
    }
    return {};
}

inline void append_event(log::Group& group, const std::string& event) {
    const Position position = group.first + group.ends.size();
    group.bytes += event;
    group.ends.push_back(static_cast<std::uint32_t>(group.bytes.size()));
    EXPECT_TRUE(ids_of_event(event, position, group.ids).has_value());
}

inline log::Group group_of(Position first, std::size_t count, std::size_t filling = 40) {
    log::Group group;
    group.first = first;
    for (std::size_t i = 0; i < count; ++i) append_event(group, event_at(first + i, filling));
    group.last_recorded_at = kTestStart + static_cast<Micros>(first + count);
    return group;
}

inline log::Options options_for(const std::filesystem::path& dir) {
    log::Options options;
    options.dir = dir;
    options.ids_of = ids_of_event;
    options.run_events = 64;
    options.write_buffer_bytes = 1 << 20;
    options.cache_bytes = 1 << 20;
    return options;
}

// An independent root: RFC 6962's definition over the leaf hashes.
inline Hash root_by_definition(std::span<const Hash> leaves) {
    if (leaves.empty()) return sha256("");
    if (leaves.size() == 1) return leaves[0];
    const std::size_t k = std::bit_floor(leaves.size() - 1);
    return interior_hash(root_by_definition(leaves.first(k)), root_by_definition(leaves.subspan(k)));
}

// Everything that the log says about its events, against what it must say. The first thing that is wrong: an error that
// the log named (fine after damage), or a wrong answer (never fine).
struct Answer {
    std::optional<Error> error;  // named by the log
    std::string wrong;           // what it said that is not so
};
inline Answer ask_everything(const log::EventLog& log, Position head, std::size_t filling = 40) {
    Answer answer;
    if (log.head() != head) {
        answer.wrong = "head " + std::to_string(log.head()) + " instead of " + std::to_string(head);
        return answer;
    }
    std::vector<Hash> leaves;
    std::vector<log::IdEntry> ids;
    log::Cursor cursor = log.scan(0);
    for (Position position = 0; position <= head; ++position) {
        const auto found = cursor.next();
        if (!found) return {found.error(), ""};
        if (*found != (position < head)) return {std::nullopt, "the scan ends at " + std::to_string(position)};
        if (!*found) break;
        if (cursor.position() != position || cursor.bytes() != event_at(position, filling)) {
            return {std::nullopt, "another event at " + std::to_string(position)};
        }
        leaves.push_back(leaf_hash(cursor.bytes()));
        ids.clear();
        EXPECT_TRUE(ids_of_event(cursor.bytes(), position, ids).has_value());
        for (const log::IdEntry& id : ids) {
            const auto where = log.find_id(id.key);
            if (!where) return {where.error(), ""};
            if (*where != position) return {std::nullopt, "an id of " + std::to_string(position) + " is lost"};
        }
    }
    for (const Position size : {head, head / 2, head == 0 ? 0 : head - 1}) {
        const auto root = log.root(size);
        if (!root) return {root.error(), ""};
        if (*root != root_by_definition(std::span(leaves).first(size))) {
            return {std::nullopt, "another root of " + std::to_string(size)};
        }
    }
    const auto unknown = log.find_id({1, uuid_of(head)});
    if (!unknown) return {unknown.error(), ""};
    if (*unknown) return {std::nullopt, "an id that was never there"};
    return answer;
}

// For logs that must be sound.
inline void expect_sound(const log::EventLog& log, Position head, std::size_t filling = 40) {
    const Answer answer = ask_everything(log, head, filling);
    EXPECT_EQ(answer.wrong, "");
    EXPECT_FALSE(answer.error.has_value()) << answer.error->message;
    const auto report = log.verify();
    ASSERT_TRUE(report.has_value()) << report.error().message;
    EXPECT_FALSE(report->damage.has_value()) << report->damage->message;
    EXPECT_EQ(report->events, head);
}

inline std::unique_ptr<log::EventLog> open_log(const log::Options& options) {
    auto log = log::EventLog::open(options);
    EXPECT_TRUE(log.has_value()) << log.error().message;
    return log ? std::move(*log) : nullptr;
}

inline std::unique_ptr<log::EventLog> make_log(const log::Options& options) {
    const auto meta = log::EventLog::create(options, kTestLedger, kTestStart);
    EXPECT_TRUE(meta.has_value()) << meta.error().message;
    return meta ? open_log(options) : nullptr;
}

}  // namespace daybook::test
