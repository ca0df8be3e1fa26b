// A small ledger with its files damaged: cut short, bits flipped, files gone. Never a different answer: a named error,
// or no effect, and an open that failed has harmed nothing.
//
// DAYBOOK_EVERY_BYTE=1 does it at every byte; otherwise at some, from DAYBOOK_SEED, or always the same; with
// DAYBOOK_LONG=1 from a printed seed.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <map>
#include <random>
#include <regex>
#include <utility>

#include "engine/log/internal/durable.h"
#include "engine/log/internal/id_index.h"
#include "engine/log/internal/rocks.h"
#include "tests/support/log_model.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait.h"

namespace daybook::log {
namespace {

namespace fs = std::filesystem;
using test::TempDir;

// A ledger's files, in memory.
using Image = std::map<std::string, std::string>;

Image image_of(const fs::path& ledger) {
    Image image;
    for (const auto& entry : fs::directory_iterator(ledger)) {
        std::ifstream in(entry.path(), std::ios::binary);
        std::string& bytes = image[entry.path().filename().string()];
        bytes.assign(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    }
    return image;
}

// The same of a ledger that is open. Its threads take in and merge runs of ids beside it, and files read one by one
// while one comes or goes are those of no moment; so it reads until twice the same was there.
Image image_of_open(const fs::path& ledger) {
    Image image;
    EXPECT_TRUE(test::wait_until([&] {
        Image before = std::exchange(image, image_of(ledger));
        return before == image;
    }));
    return image;
}

void lay_out(const Image& image, const fs::path& ledger) {
    fs::remove_all(ledger);
    fs::create_directories(ledger);
    for (const auto& [name, bytes] : image) std::ofstream(ledger / name, std::ios::binary) << bytes;
}

std::string file_like(const Image& image, const std::string& pattern) {
    std::string found;
    for (const auto& [name, bytes] : image) {
        if (!bytes.empty() && std::regex_match(name, std::regex(pattern))) found = name;
    }
    EXPECT_NE(found, "") << pattern;
    return found;
}

void say_acknowledged(Image& image, Position head) {
    const internal::DurableMark mark{1000, head, test::kTestLedger};
    image["DURABLE"].replace(0, internal::kDurableSlotBytes, internal::encode_mark(mark));
}

class LogDamageTest : public testing::Test {
protected:
    LogDamageTest() {
        const char* given = std::getenv("DAYBOOK_SEED");
        const bool any = std::getenv("DAYBOOK_LONG") != nullptr;
        const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10)
                                   : any            ? std::random_device()()
                                                    : 1;
        std::cout << "DAYBOOK_SEED=" << seed << std::endl;  // also before an abort
        random_.seed(seed);
    }
    // Every place in [from, to), or about `count` of them.
    std::vector<std::size_t> places(std::size_t from, std::size_t to, std::size_t count) {
        const bool every = std::getenv("DAYBOOK_EVERY_BYTE") != nullptr;
        const std::size_t stride = every ? 1 : std::max<std::size_t>((to - from) / count, 1);
        std::vector<std::size_t> out;
        for (std::size_t at = from + random_() % stride; at < to; at += 1 + random_() % (2 * stride - 1)) {
            out.push_back(at);
        }
        return out;
    }

    std::mt19937_64 random_;
    TempDir dir_{TempDir::in_memory()};
    Options options_ = test::options_for(dir_.path());
    fs::path ledger_ = dir_ / "ledger";

    // As left by kill -9: two closings with files of their own, runs of ids, and groups in the write-ahead log.
    Image killed(Position settled, const std::vector<std::size_t>& in_wal) {
        auto log = test::make_log(options_);
        for (Position at = 0; at < settled; at += 100) {
            EXPECT_TRUE(log->append(test::group_of(at, 100)).has_value());
            if (at % 200 != 0) continue;
            EXPECT_TRUE(log->close().has_value());
            log = test::open_log(options_);
        }
        if (settled > 0) {
            EXPECT_TRUE(log->close().has_value());
            log = test::open_log(options_);
        }
        Position head = settled;
        wal_sizes_.clear();
        for (const std::size_t count : in_wal) {
            EXPECT_TRUE(log->append(test::group_of(head, count)).has_value());
            head += count;
            const Image now = image_of_open(ledger_);
            wal_sizes_.push_back(now.at(file_like(now, "[0-9]+\\.log")).size());
        }
        Image image = image_of_open(ledger_);
        say_acknowledged(image, head);
        return image;
    }

    std::vector<std::size_t> wal_sizes_;  // behind each group of killed()
};

TEST_F(LogDamageTest, ATailIsCutWhereItWasTornAndNotAcknowledged) {
    Image image = killed(100, {3, 2, 2});
    const std::string wal = file_like(image, "[0-9]+\\.log");
    say_acknowledged(image, 103);
    std::vector<std::size_t> sizes = places(wal_sizes_[0], wal_sizes_[2], 100);
    sizes.insert(sizes.end(), wal_sizes_.begin(), wal_sizes_.end());
    for (const std::size_t size : sizes) {
        SCOPED_TRACE("cut to " + std::to_string(size));
        Image torn = image;
        torn[wal].resize(size);
        lay_out(torn, ledger_);
        const auto log = test::open_log(options_);
        ASSERT_NE(log, nullptr);
        const Position head = size == wal_sizes_[2] ? 107 : size >= wal_sizes_[1] ? 105 : 103;
        const bool at_boundary = size == wal_sizes_[0] || size == wal_sizes_[1] || size == wal_sizes_[2];
        EXPECT_EQ(log->recovery().tail_cut, !at_boundary) << log->recovery().note;
        const test::Answer answer = test::ask_everything(*log, head);
        ASSERT_EQ(answer.wrong, "");
        ASSERT_FALSE(answer.error.has_value());
        ASSERT_TRUE(log->append(test::group_of(head, 1)).has_value());
    }
}

TEST_F(LogDamageTest, AcknowledgedEventsThatAreGoneAreNamed) {
    const Image image = killed(100, {3, 2, 2});
    const std::string wal = file_like(image, "[0-9]+\\.log");
    for (const std::size_t size : places(0, wal_sizes_[2], 100)) {
        SCOPED_TRACE("cut to " + std::to_string(size));
        Image torn = image;
        torn[wal].resize(size);
        lay_out(torn, ledger_);
        const auto log = EventLog::open(options_);
        ASSERT_FALSE(log.has_value());
        EXPECT_EQ(log.error().code, ErrorCode::kCorrupt);
        const Position end = size >= wal_sizes_[1] ? 105 : size >= wal_sizes_[0] ? 103 : 100;
        EXPECT_NE(log.error().message.find("positions " + std::to_string(end) + " to 106 are gone"), std::string::npos)
            << log.error().message;
        EXPECT_EQ(image_of(ledger_).at(wal), torn[wal]) << "a failed open must not touch the evidence";
    }
}

TEST_F(LogDamageTest, DamageWithARecordBehindItIsNeverCut) {
    Image image = killed(100, {3, 2, 2});
    const std::string wal = file_like(image, "[0-9]+\\.log");
    say_acknowledged(image, 100);  // long behind: only the record that follows can tell
    for (const std::size_t at : places(0, wal_sizes_[1], 100)) {
        SCOPED_TRACE("byte " + std::to_string(at));
        Image damaged = image;
        damaged[wal][at] = static_cast<char>(damaged[wal][at] ^ 1);
        lay_out(damaged, ledger_);
        const auto log = EventLog::open(options_);
        ASSERT_FALSE(log.has_value());
        EXPECT_EQ(log.error().code, ErrorCode::kCorrupt);
        const Position position = at < wal_sizes_[0] ? 100 : 103;
        EXPECT_NE(log.error().message.find("position " + std::to_string(position)), std::string::npos)
            << log.error().message;
    }
}

TEST_F(LogDamageTest, AFlippedBitIsNamedOrWithoutEffect) {
    const Image image = killed(400, {30, 4, 300});
    std::map<std::string, int> named;
    for (const auto& [name, bytes] : image) {
        for (const std::size_t at : places(0, bytes.size(), 15)) {
            SCOPED_TRACE(name + " byte " + std::to_string(at));
            Image damaged = image;
            damaged[name][at] = static_cast<char>(damaged[name][at] ^ (1 << random_() % 8));
            lay_out(damaged, ledger_);
            auto opened = EventLog::open(options_);
            if (opened) {
                EXPECT_FALSE((*opened)->recovery().tail_cut);
                const test::Answer answer = test::ask_everything(**opened, 734);
                EXPECT_EQ(answer.wrong, "");
                if (answer.error) {
                    EXPECT_EQ(answer.error->code, ErrorCode::kCorrupt) << answer.error->message;
                    ++named[name];
                }
            } else {
                const ErrorCode code = opened.error().code;
                EXPECT_TRUE(code == ErrorCode::kCorrupt) << to_string(code) << " " << opened.error().message;
                ++named[name];
                // Put right again, nothing is missing.
                std::ofstream(ledger_ / name, std::ios::binary) << bytes;
                opened = EventLog::open(options_);
                ASSERT_TRUE(opened.has_value()) << opened.error().message;
                const test::Answer answer = test::ask_everything(**opened, 734);
                EXPECT_EQ(answer.wrong, "");
                EXPECT_FALSE(answer.error.has_value());
            }
            ASSERT_FALSE(HasFailure());
        }
    }
    EXPECT_GT(named[file_like(image, "[0-9]+\\.log")], 0);
    EXPECT_GT(named[file_like(image, "[0-9]+\\.sst")], 0);
    EXPECT_GT(named[file_like(image, "MANIFEST-.*")], 0);
}

TEST_F(LogDamageTest, AMissingOrShortFileIsNamedOrWithoutEffect) {
    const Image image = killed(400, {30, 4});
    for (const auto& [name, bytes] : image) {
        for (const bool gone : {true, false}) {
            SCOPED_TRACE(name + (gone ? " gone" : " cut in half"));
            Image damaged = image;
            if (gone) {
                damaged.erase(name);
            } else {
                damaged[name].resize(bytes.size() / 2);
            }
            lay_out(damaged, ledger_);
            const auto opened = EventLog::open(options_);
            const bool needed = name.ends_with(".sst") || (name.ends_with(".log") && !bytes.empty()) ||
                                name.starts_with("MANIFEST") || name == "CURRENT" || (name == "DURABLE" && gone);
            if (opened) {
                EXPECT_FALSE(needed);
                const test::Answer answer = test::ask_everything(**opened, 434);
                EXPECT_EQ(answer.wrong, "");
                EXPECT_FALSE(answer.error.has_value()) << answer.error->message;
                continue;
            }
            EXPECT_TRUE(needed) << opened.error().message;
            EXPECT_EQ(opened.error().code, ErrorCode::kCorrupt) << opened.error().message;
            if (name.ends_with(".sst")) {
                EXPECT_NE(opened.error().message.find(name), std::string::npos) << opened.error().message;
            }
        }
    }
}

TEST_F(LogDamageTest, AMissingFileOfEventsIsNamedWithItsPositions) {
    auto log = test::make_log(options_);
    ASSERT_TRUE(log->append(test::group_of(0, 10)).has_value());
    ASSERT_TRUE(log->append(test::group_of(10, 5)).has_value());
    ASSERT_TRUE(log->close().has_value());
    const Image image = image_of(ledger_);
    int named = 0;
    for (const auto& [name, bytes] : image) {
        if (!name.ends_with(".sst")) continue;
        Image damaged = image;
        damaged.erase(name);
        lay_out(damaged, ledger_);
        const auto opened = EventLog::open(options_);
        ASSERT_FALSE(opened.has_value());
        const std::string& message = opened.error().message;
        if (message.find("is missing: it held events from position 0 to 10") != std::string::npos) ++named;
    }
    EXPECT_EQ(named, 1);
}

// A crash between the two steps of taking in a run, linking it under its name and removing run.tmp, leaves both names.
// Writing the next run to run.tmp destroyed the one before.
TEST_F(LogDamageTest, ALeftoverRunIsNotWrittenInto) {
    auto log = test::make_log(options_);
    ASSERT_TRUE(log->append(test::group_of(0, 100)).has_value());
    const auto settled = [&](Position left) {
        return test::wait_until([&] {
            EXPECT_TRUE(log->close().has_value());
            log = test::open_log(options_);
            return log->recovery().ids_rebuilt == left;
        });
    };
    ASSERT_TRUE(settled(100 % 64));
    ASSERT_TRUE(log->close().has_value());
    for (const auto& [name, bytes] : image_of(ledger_)) {
        if (!name.ends_with(".sst") || !fs::exists(ledger_ / name)) continue;  // some are merged away meanwhile
        SCOPED_TRACE(name);
        fs::create_hard_link(ledger_ / name, ledger_ / "run.tmp");
        log = test::open_log(options_);
        const Position head = log->head();
        ASSERT_TRUE(log->append(test::group_of(head, 64)).has_value());
        ASSERT_TRUE(settled((head + 64) % 64));
        test::expect_sound(*log, head + 64);
        ASSERT_TRUE(log->close().has_value());
        EXPECT_FALSE(fs::exists(ledger_ / "run.tmp"));
    }
}

// A ledger whose settled ids are not those of its events: whole in itself, so that only verification can tell.
TEST_F(LogDamageTest, ForgedIdsAreNamed) {
    using internal::Database;
    using internal::Family;
    const IdKey key{1, test::uuid_of(7)};
    constexpr Position kRuns = 8;
    constexpr Position kHead = kRuns * 64 + 2;
    // A ledger with that many runs of ids settled, and the id of position 7 in the first of them as given: an open
    // would make it anew from the events if it were not settled, so there are more than ever wait for it.
    static_assert(kRuns > internal::IdIndex::kSealedMax + 1);
    const auto settled = [&](const IdEntry& forged) {
        std::filesystem::remove_all(ledger_);
        auto log = test::make_log(options_);
        for (Position at = 0; at < kHead;) {
            Group group = test::group_of(at, std::min<Position>(kHead - at, 64));
            for (IdEntry& id : group.ids) {
                if (id.key == key) id = forged;
            }
            EXPECT_TRUE(log->append(group).has_value());
            at += group.ends.size();
        }
        EXPECT_TRUE(test::wait_until([&] {
            EXPECT_TRUE(log->close().has_value());
            log = test::open_log(options_);
            return log->recovery().ids_rebuilt == kHead % 64;
        }));
        EXPECT_TRUE(log->close().has_value());
    };
    const auto verified = [&] {
        const auto log = test::open_log(options_);
        const auto report = log->verify();
        return !report ? report.error().message : report->damage ? report->damage->message : "";
    };
    const std::string id = "position 7: its id " + key.id.text();
    settled({key, 7});
    EXPECT_EQ(verified(), "");
    settled({key, 8});
    EXPECT_EQ(verified(), id + " is said to be at position 8");
    settled({{1, test::uuid_of(1000)}, 7});
    EXPECT_EQ(verified(), id + " is not in the index");

    // And by a program that writes to the database itself.
    settled({key, 7});
    const auto write = [&](const std::function<rocksdb::Status(rocksdb::DB&, rocksdb::ColumnFamilyHandle*)>& change) {
        std::unique_ptr<Database> database;
        EXPECT_TRUE(Database::open(options_, ledger_.string(), Database::Mode::kWrite, database).ok());
        EXPECT_TRUE(change(database->db(), database->family(Family::kIds)).ok());
        EXPECT_TRUE(database->db().Flush(rocksdb::FlushOptions(), database->family(Family::kIds)).ok());
        EXPECT_TRUE(database->close().ok());
    };
    const auto bytes = internal::id_key(key);
    const auto moved = internal::position_key(8);
    const Image sound = image_of(ledger_);
    write([&](auto& db, auto* ids) { return db.Put({}, ids, internal::slice(bytes), internal::slice(moved)); });
    EXPECT_EQ(verified(), "the ids of the positions below 512 are 719, their runs were written with 718");
    lay_out(sound, ledger_);
    write([&](auto& db, auto* ids) { return db.Delete({}, ids, internal::slice(bytes)); });
    const std::string erased = verified();
    EXPECT_NE(erased.find(" erases ids"), std::string::npos) << erased;
}

TEST_F(LogDamageTest, AnotherLedgersMarkIsForeign) {
    Image image = killed(0, {3});
    const internal::DurableMark mark{2000, 0, LedgerId(Uuid{1, 1})};
    image["DURABLE"].replace(0, internal::kDurableSlotBytes, internal::encode_mark(mark));
    lay_out(image, ledger_);
    EXPECT_EQ(EventLog::open(options_).error().code, ErrorCode::kForeign);
}

TEST_F(LogDamageTest, AnOlderCopyOfTheFilesIsTooShort) {
    Image image = killed(0, {3});
    say_acknowledged(image, 4);
    lay_out(image, ledger_);
    const auto opened = EventLog::open(options_);
    ASSERT_FALSE(opened.has_value());
    EXPECT_NE(opened.error().message.find("ends at position 3, but all below 4"), std::string::npos);
}

}  // namespace
}  // namespace daybook::log
