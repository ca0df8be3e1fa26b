// The event log alone against raw RocksDB writing the same bytes: what hashing, the tree, the ids and the markers cost.
//
//   log_append append DIR EVENTS [GROUP=1000] [BYTES=300]   one writer; prints both rates, interleaved in rounds
//   log_append find DIR IDS [BYTES=100]                     find_id of new, recent and old ids; open, verify, scan
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "engine/crypto/digest.h"
#include "engine/log/event_log.h"

namespace {

using namespace daybook;  // NOLINT: a program of one file
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

template <class T>
T must(Result<T> result) {
    if (result) return std::move(*result);
    std::fprintf(stderr, "%s\n", result.error().message.c_str());
    std::exit(1);
}
void must(const Result<void>& result) {
    if (result) return;
    std::fprintf(stderr, "%s\n", result.error().message.c_str());
    std::exit(1);
}

Uuid id_of(Position position) {
    const Hash hash = sha256(std::to_string(position));
    return Uuid::load(reinterpret_cast<const char*>(hash.data()));
}

// An event of the bench begins with its id.
Result<void> ids_of(std::string_view event, Position position, std::vector<log::IdEntry>& out) {
    out.push_back({{log::kEventIdKind, Uuid::load(event.data())}, position});
    return {};
}

std::string noise(std::size_t bytes) {
    std::mt19937_64 random(7);
    std::string out(bytes, '\0');
    for (char& byte : out) byte = static_cast<char>(random());
    return out;
}

// Fills `group` with events that differ in their ids only.
void fill(log::Group& group, Position first, std::size_t count, const std::string& event) {
    group.clear();
    group.first = first;
    for (std::size_t i = 0; i < count; ++i) {
        const Uuid id = id_of(first + i);
        const std::size_t begin = group.bytes.size();
        group.bytes += event;
        id.store(group.bytes.data() + begin);
        group.ends.push_back(static_cast<std::uint32_t>(group.bytes.size()));
        group.ids.push_back({{log::kEventIdKind, id}, first + i});
    }
    group.last_recorded_at = static_cast<Micros>(first);
}

log::Options options_in(const std::string& dir) {
    log::Options options;
    options.dir = dir;
    options.ids_of = ids_of;
    return options;
}

std::unique_ptr<log::EventLog> fresh(const std::string& dir) {
    std::filesystem::remove_all(dir);
    const log::Options options = options_in(dir);
    must(log::EventLog::create(options, LedgerId(Uuid{1, 2}), 0));
    return must(log::EventLog::open(options));
}

// Raw RocksDB with its defaults: the same bytes as blocks of 32 KiB, one synced batch a group.
class Floor {
public:
    explicit Floor(const std::string& dir) {
        std::filesystem::remove_all(dir);
        rocksdb::Options options;
        options.create_if_missing = true;
        options.compression = rocksdb::kNoCompression;
        rocksdb::DB* db = nullptr;
        if (!rocksdb::DB::Open(options, dir, &db).ok()) std::exit(1);
        db_.reset(db);
    }
    void write(const log::Group& group) {
        constexpr std::size_t kBlock = 32 << 10;
        rocksdb::WriteBatch batch;
        for (std::size_t at = 0; at < group.bytes.size(); at += kBlock) {
            char key[8];
            put_be64(key, group.first * 10'000'000 + at);
            const std::size_t size = std::min(kBlock, group.bytes.size() - at);
            batch.Put(rocksdb::Slice(key, 8), rocksdb::Slice(group.bytes.data() + at, size)).PermitUncheckedError();
        }
        rocksdb::WriteOptions synced;
        synced.sync = true;
        if (!db_->Write(synced, &batch).ok()) std::exit(1);
    }

private:
    std::unique_ptr<rocksdb::DB> db_;
};

int append(const std::string& dir, Position events, std::size_t group_events, std::size_t bytes) {
    const std::string event = noise(bytes);
    const auto log = fresh(dir + "/log");
    Floor floor(dir + "/floor");
    log::Group group;
    // Rounds of a tenth, so that the disk's moods meet both.
    const Position round = std::max<Position>(group_events, events / 10);
    double log_seconds = 0;
    double floor_seconds = 0;
    std::vector<double> took;
    for (Position first = 0; first < events;) {
        const Position end = std::min(events, first + round);
        for (int pass = 0; pass < 2; ++pass) {
            for (Position at = first; at < end; at += group_events) {
                fill(group, at, group_events, event);
                const auto begin = Clock::now();
                if (pass == 0) {
                    must(log->append(group));
                    took.push_back(seconds_since(begin));
                    log_seconds += took.back();
                } else {
                    floor.write(group);
                    floor_seconds += seconds_since(begin);
                }
            }
        }
        first = end;
    }
    const double count = static_cast<double>(log->head());
    std::sort(took.begin(), took.end());
    std::printf("{\"name\": \"log_append\", \"rate\": %.0f, \"floor\": %.0f, \"ratio\": %.3f, \"group\": %zu, "
                "\"bytes\": %zu, \"p50_us\": %.0f, \"p99_us\": %.0f, \"max_us\": %.0f}\n",
                count / log_seconds, count / floor_seconds, floor_seconds / log_seconds, group_events, bytes,
                took[took.size() / 2] * 1e6, took[took.size() * 99 / 100] * 1e6, took.back() * 1e6);
    must(log->close());
    return 0;
}

int find(const std::string& dir, Position ids, std::size_t bytes) {
    const std::string event = noise(bytes);
    auto log = fresh(dir + "/log");
    log::Group group;
    for (Position at = 0; at < ids; at += 10'000) {
        fill(group, at, 10'000, event);
        must(log->append(group));
    }
    const auto ask = [&](const char* what, Position from, Position to, bool known) {
        constexpr std::size_t kCount = 200'000;
        std::vector<log::IdKey> keys;
        std::mt19937_64 random(3);
        for (std::size_t i = 0; i < kCount; ++i) {
            keys.push_back({log::kEventIdKind, id_of(from + random() % (to - from))});
        }
        const auto begin = Clock::now();
        std::size_t found = 0;
        for (const log::IdKey& key : keys) found += must(log->find_id(key)).has_value() ? 1U : 0U;
        std::printf("{\"name\": \"find_%s\", \"ids\": %llu, \"us\": %.3f, \"ok\": %s}\n", what,
                    static_cast<unsigned long long>(ids), seconds_since(begin) / kCount * 1e6,
                    found == (known ? kCount : 0) ? "true" : "false");
    };
    std::this_thread::sleep_for(std::chrono::seconds(2));  // runs settle
    ask("new", ids, 100 * ids, false);
    ask("recent", ids - 10'000, ids, true);
    ask("any", 0, ids, true);
    must(log->close());
    const auto begin = Clock::now();
    log.reset();
    log = must(log::EventLog::open(options_in(dir + "/log")));
    std::printf("{\"name\": \"open\", \"seconds\": %.3f, \"ids_rebuilt\": %llu}\n", seconds_since(begin),
                static_cast<unsigned long long>(log->recovery().ids_rebuilt));
    ask("new_at_once", ids, 100 * ids, false);
    const auto again = Clock::now();
    const log::VerifyReport report = must(log->verify());
    std::printf("{\"name\": \"verify\", \"seconds\": %.3f, \"sound\": %s}\n", seconds_since(again),
                report.damage ? report.damage->message.c_str() : "true");
    const auto scanned = Clock::now();
    log::Cursor cursor = log->scan(0);
    std::size_t total = 0;
    while (must(cursor.next())) total += cursor.bytes().size();
    std::printf("{\"name\": \"scan\", \"rate\": %.0f, \"bytes\": %zu}\n",
                static_cast<double>(ids) / seconds_since(scanned), total);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4) return 2;
    const std::string what = argv[1];
    const auto number = [&](int i, std::uint64_t otherwise) {
        return argc > i ? std::strtoull(argv[i], nullptr, 10) : otherwise;
    };
    if (what == "append") return append(argv[2], number(3, 0), number(4, 1000), number(5, 300));
    if (what == "find") return find(argv[2], number(3, 0), number(4, 100));
    return 2;
}
