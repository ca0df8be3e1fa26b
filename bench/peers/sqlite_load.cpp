// Events of 200 bytes into SQLite, each commit synced; built by sqlite.sh, not with Daybook.
//
//   sqlite_load DIR EVENTS BATCH THREADS position|id
//
// position: a table of position and payload; id: with a unique random 16-byte id as well. One connection a thread.
// SQLite has one writer at a time and does not group commits; a mutex stands in front, because its own lock sleeps.
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

void must(sqlite3* db, int code) {
    if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW) return;
    std::fprintf(stderr, "%s\n", sqlite3_errmsg(db));
    std::exit(1);
}
void run(sqlite3* db, const char* sql) { must(db, sqlite3_exec(db, sql, nullptr, nullptr, nullptr)); }

sqlite3* open(const std::string& path) {
    sqlite3* db = nullptr;
    must(db, sqlite3_open(path.c_str(), &db));
    sqlite3_busy_timeout(db, 60'000);
    run(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;");
    return db;
}

double microseconds(Clock::time_point begin) {
    return std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 6) {
        std::fprintf(stderr, "sqlite_load DIR EVENTS BATCH THREADS position|id\n");
        return 64;
    }
    const std::string path = std::string(argv[1]) + "/events.db";
    const long events = std::atol(argv[2]), batch = std::atol(argv[3]), workers = std::atol(argv[4]);
    const bool with_id = std::string(argv[5]) == "id";
    const auto remove = [&] {
        for (const char* tail : {"", "-wal", "-shm"}) unlink((path + tail).c_str());
    };
    remove();
    sqlite3* first = open(path);
    const std::string columns = "position INTEGER PRIMARY KEY, payload BLOB NOT NULL";
    run(first, ("CREATE TABLE events(" + columns + (with_id ? ", id BLOB NOT NULL UNIQUE)" : ")")).c_str());
    std::string payload(200, '\0');
    std::mt19937 random(1);
    for (char& byte : payload) byte = static_cast<char>(random());
    std::vector<std::thread> threads;
    std::vector<std::vector<double>> each(static_cast<std::size_t>(workers));
    std::mutex writer;
    const auto begin = Clock::now();
    for (long worker = 0; worker < workers; ++worker) {
        threads.emplace_back([&, worker] {
            sqlite3* db = open(path);
            sqlite3_stmt* insert = nullptr;
            must(db, sqlite3_prepare_v2(db, with_id ? "INSERT INTO events(payload, id) VALUES(?, randomblob(16))"
                                                    : "INSERT INTO events(payload) VALUES(?)", -1, &insert, nullptr));
            for (long n = worker * batch; n < events; n += workers * batch) {
                const auto asked = Clock::now();
                const std::lock_guard lock(writer);
                run(db, "BEGIN IMMEDIATE");
                for (long i = 0; i < batch; ++i) {
                    sqlite3_bind_blob(insert, 1, payload.data(), static_cast<int>(payload.size()), SQLITE_STATIC);
                    must(db, sqlite3_step(insert));
                    sqlite3_reset(insert);
                }
                run(db, "COMMIT");
                each[static_cast<std::size_t>(worker)].push_back(microseconds(asked));
            }
            sqlite3_finalize(insert);
            sqlite3_close(db);
        });
    }
    for (std::thread& thread : threads) thread.join();
    const double seconds = microseconds(begin) / 1e6;
    std::vector<double> all;
    for (const auto& some : each) all.insert(all.end(), some.begin(), some.end());
    std::sort(all.begin(), all.end());
    std::printf("{\"name\": \"sqlite\", \"work\": \"%s\", \"batch\": %ld, \"clients\": %ld, \"events\": %ld, "
                "\"rate\": %.0f, \"p50_us\": %.0f, \"p99_us\": %.0f, \"durable\": true}\n",
                argv[5], batch, workers, events, static_cast<double>(events) / seconds, all[all.size() / 2],
                all[all.size() * 99 / 100]);
    sqlite3_close(first);
    remove();
    return 0;
}
