// The settled part of the read models: a RocksDB database of sorted runs. Nothing is ever written key by key, so there
// is no WAL: a run comes in as one file a view, all together or not at all.
//
// Threads.   One thread ingests; any thread reads. Iterators and snapshots must go before the database.
// Failure.   Damage is kCorrupt and says how to get rid of the views.
#pragma once

#include <rocksdb/db.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/ids.h"
#include "projections/store/tables.h"

namespace daybook::projections {

// RocksDB's statuses as Errors; `what` says what was being done.
Result<void> from_rocks(const rocksdb::Status& status, std::string_view what);

class Database {
public:
    // Opens what is there, or makes it.
    static Result<std::shared_ptr<Database>> open(const std::filesystem::path& dir, std::size_t cache_bytes);
    // Closes it, and deletes it if remove_when_closed() was called.
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    void remove_when_closed() { remove_ = true; }
    [[nodiscard]] const std::filesystem::path& dir() const { return dir_; }

    // Lets RocksDB merge runs from here on, and not before: merging takes a processor from what an open has to do.
    // Any thread, any number of times. Telling RocksDB costs some 40 ms of syncs, once.
    Result<void> merge();
    // The same, if there are as many runs as are merged at a time.
    Result<void> merge_if_due();

    // A snapshot that lives as long as its owners, and keeps the database alive.
    using Snapshot = std::shared_ptr<const rocksdb::Snapshot>;
    static Snapshot snapshot(const std::shared_ptr<Database>& database);

    // `key` with its table's letter. False: there is none.
    [[nodiscard]] Result<bool> get(View view, std::string_view key, const rocksdb::Snapshot* snapshot,
                                   std::string& value) const;
    // Values that belong to no view: "position", "book" …
    [[nodiscard]] Result<bool> get_meta(std::string_view name, std::string& value) const;

    struct Bounds {  // of keys with their letter; owned by whoever iterates
        std::string lower, upper;
        rocksdb::Slice lower_slice, upper_slice;
    };
    // `backwards`: the iterator will also be asked for the key before one, down to `lower_slice`.
    [[nodiscard]] std::unique_ptr<rocksdb::Iterator> iterate(View view, const rocksdb::Snapshot* snapshot,
                                                             const Bounds& bounds,
                                                             bool backwards = false) const;

    // Writes the sorted files of a run, then brings all in at once.
    class Run {
    public:
        Run(Database& database, Position position);
        ~Run();  // removes the files that were not brought in
        // Keys in ascending order within a view, and views in any order.
        Result<void> put(View view, std::string_view key, std::string_view value);
        Result<void> erase(View view, std::string_view key);
        // In ascending order of names.
        Result<void> put_meta(std::string_view name, std::string_view value);
        Result<void> finish();

    private:
        struct File;
        Result<File*> file(std::size_t family);
        Database& database_;
        const Position position_;
        std::array<std::unique_ptr<File>, kViewCount + 1> files_;
    };

private:
    Database(std::filesystem::path dir) : dir_(std::move(dir)) {}

    const std::filesystem::path dir_;
    bool remove_ = false;
    std::atomic<bool> merges_{false};
    std::unique_ptr<rocksdb::DB> db_;
    std::vector<rocksdb::ColumnFamilyHandle*> families_;  // the views in order, then the default one
};

}  // namespace daybook::projections
