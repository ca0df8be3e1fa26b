#include "projections/store/database.h"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/table.h>
#include <rocksdb/universal_compaction.h>

#include <algorithm>
#include <string>
#include <system_error>

#include "engine/base/assert.h"
#include "projections/store/layer.h"

namespace daybook::projections {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kStaging = "staging";
constexpr int kRunsBeforeMerging = 6;

rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }

// Bytes that all keys read together have in common: the letter and the group, where all tables of a view agree on it.
std::size_t prefix_bytes(View view) {
    std::size_t bytes = 0;
    for (const TableInfo& table : kTables) {
        if (table.view != view || table.group_bytes == 0) continue;
        bytes = bytes == 0 ? table.group_bytes + 1 : std::min(bytes, table.group_bytes + 1);
    }
    // Rows keyed by their group alone must be as long: account totals are, the others stand in views without prefix.
    return view == View::kHistory || view == View::kAccounts ? bytes : 0;
}

rocksdb::ColumnFamilyOptions family_options(View view, const std::shared_ptr<rocksdb::Cache>& cache) {
    rocksdb::ColumnFamilyOptions options;
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = cache;
    table.block_size = 8u << 10;
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    table.format_version = 5;
    table.cache_index_and_filter_blocks = false;
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    if (const std::size_t bytes = prefix_bytes(view))
        options.prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(bytes));
    options.compression = rocksdb::kLZ4Compression;
    options.level0_file_num_compaction_trigger = kRunsBeforeMerging;
    options.level_compaction_dynamic_level_bytes = true;
    if (view == View::kHistory || view == View::kAccounts) {
        // Nearly nothing in them is ever overwritten, so merging serves reading only: eight runs at a time, and eight
        // of those, where levels merge what is there again and again (to 10 million events 12 % of appending's
        // processor time, to 5 million nothing). Reading an account takes a twentieth longer.
        options.compaction_style = rocksdb::kCompactionStyleUniversal;
        options.compaction_options_universal.min_merge_width = 8;
        options.compaction_options_universal.size_ratio = 50;
        options.compaction_options_universal.max_size_amplification_percent = 10'000;
        options.level0_file_num_compaction_trigger = 8;
    }
    options.write_buffer_size = 1u << 20;  // nothing is written but through runs
    options.disable_auto_compactions = true;  // until merge()
    return options;
}

}  // namespace

Result<void> from_rocks(const rocksdb::Status& status, std::string_view what) {
    if (status.ok()) return {};
    std::string message = std::string(what) + ": " + status.ToString();
    if (status.IsCorruption() || status.IsNotFound() || status.IsPathNotFound() || status.IsInvalidArgument() ||
        status.IsNotSupported()) {
        return fail(ErrorCode::kCorrupt, "the read models are damaged (" + message +
                                             "); the ledger is not: run `daybook rebuild`, or delete views/");
    }
    if (status.IsNoSpace()) return fail(ErrorCode::kDiskFull, "no space left for the read models (" + message + ")");
    if (status.IsIOError()) {
        const bool refused = message.find("ermission denied") != std::string::npos;
        if (refused) return fail(ErrorCode::kNotWritable, "the read models may not be written (" + message + ")");
        const bool missing = message.find("No such file") != std::string::npos;
        if (missing) {
            return fail(ErrorCode::kCorrupt, "a file of the read models is missing (" + message +
                                                 "); the ledger is whole: run `daybook rebuild`, or delete views/");
        }
        if (message.find("LOCK") != std::string::npos || message.find("lock") != std::string::npos) {
            return fail(ErrorCode::kInUse, "another process has the read models open (" + message + ")");
        }
    }
    return fail(ErrorCode::kIo, message);
}

Result<std::shared_ptr<Database>> Database::open(const fs::path& dir, std::size_t cache_bytes) {
    std::error_code error;
    fs::create_directories(dir, error);
    if (error) return fail(ErrorCode::kNotWritable, "cannot make " + dir.string() + ": " + error.message());
    fs::remove_all(dir / kStaging, error);  // of a run that was not brought in
    fs::create_directories(dir / kStaging, error);
    if (error) return fail(ErrorCode::kNotWritable, "cannot write in " + dir.string() + ": " + error.message());

    // Views are written without a WAL, so its files are empty; RocksDB makes one at each open and keeps them until it
    // flushes, which here it never does.
    for (const auto& entry : fs::directory_iterator(dir, error)) {
        if (entry.path().extension() == ".log" && entry.file_size(error) == 0) fs::remove(entry.path(), error);
    }

    rocksdb::DBOptions options;
    options.create_if_missing = true;
    options.create_missing_column_families = true;
    options.max_background_jobs = 2;
    options.keep_log_file_num = 2;
    options.info_log_level = rocksdb::WARN_LEVEL;
    options.avoid_flush_during_shutdown = true;
    const auto cache = rocksdb::NewLRUCache(cache_bytes);
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (std::size_t i = 0; i < kViewCount; ++i) {
        families.emplace_back(std::string(kViewNames[i]), family_options(static_cast<View>(i), cache));
    }
    families.emplace_back(rocksdb::kDefaultColumnFamilyName, family_options(View::kCustody, cache));

    auto database = std::shared_ptr<Database>(new Database(dir));
    rocksdb::DB* db = nullptr;
    DAYBOOK_TRY(from_rocks(rocksdb::DB::Open(options, dir.string(), families, &database->families_, &db),
                           "open " + dir.string()));
    database->db_.reset(db);
    return database;
}

Database::~Database() {
    if (db_) {
        rocksdb::CancelAllBackgroundWork(db_.get(), true);
        for (rocksdb::ColumnFamilyHandle* family : families_) {
            db_->DestroyColumnFamilyHandle(family).PermitUncheckedError();
        }
        db_->Close().PermitUncheckedError();
        db_.reset();
    }
    if (remove_) {
        std::error_code ignored;  // what stays is deleted at the next open
        fs::remove_all(dir_, ignored);
    }
}

Result<void> Database::merge() {
    if (merges_.exchange(true)) return {};
    return from_rocks(db_->EnableAutoCompaction(families_), "begin merging runs");
}

Result<void> Database::merge_if_due() {
    for (rocksdb::ColumnFamilyHandle* const family : families_) {
        std::string files;
        const bool told = db_->GetProperty(family, rocksdb::DB::Properties::kNumFilesAtLevelPrefix + "0", &files);
        if (!told || std::stoi(files) >= kRunsBeforeMerging) return merge();
    }
    return {};
}

Database::Snapshot Database::snapshot(const std::shared_ptr<Database>& database) {
    return {database->db_->GetSnapshot(),
            [database](const rocksdb::Snapshot* snapshot) { database->db_->ReleaseSnapshot(snapshot); }};
}

Result<bool> Database::get(View view, std::string_view key, const rocksdb::Snapshot* snapshot,
                           std::string& value) const {
    rocksdb::ReadOptions options;
    options.snapshot = snapshot;
    rocksdb::PinnableSlice found;
    const rocksdb::Status status = db_->Get(options, families_[static_cast<std::size_t>(view)], slice(key), &found);
    if (status.IsNotFound()) return false;
    DAYBOOK_TRY(from_rocks(status, "read view " + std::string(to_string(view))));
    value.assign(found.data(), found.size());
    return true;
}

Result<bool> Database::get_meta(std::string_view name, std::string& value) const {
    const rocksdb::Status status = db_->Get({}, families_[kViewCount], slice(name), &value);
    if (status.IsNotFound()) return false;
    DAYBOOK_TRY(from_rocks(status, "read " + std::string(name)));
    return true;
}

std::unique_ptr<rocksdb::Iterator> Database::iterate(View view, const rocksdb::Snapshot* snapshot,
                                                     const Bounds& bounds, bool backwards) const {
    rocksdb::ReadOptions options;
    options.snapshot = snapshot;
    if (!bounds.upper.empty()) options.iterate_upper_bound = &bounds.upper_slice;
    // A whole table, as at start: what it reads is not wanted again, and would push out of the cache what is.
    options.fill_cache = bounds.lower.size() > 1;
    const std::size_t prefix = prefix_bytes(view);
    const std::string end = end_of_prefix(std::string_view(bounds.lower).substr(0, prefix));
    if (backwards) options.iterate_lower_bound = &bounds.lower_slice;
    const bool one_group = !backwards && prefix != 0 && bounds.lower.size() >= prefix && !bounds.upper.empty() &&
                           (end.empty() || bounds.upper <= end);
    options.total_order_seek = !one_group;
    options.prefix_same_as_start = one_group;
    options.auto_prefix_mode = false;
    return std::unique_ptr<rocksdb::Iterator>(db_->NewIterator(options, families_[static_cast<std::size_t>(view)]));
}

// ---- Run ----

struct Database::Run::File {
    std::string path;
    std::unique_ptr<rocksdb::SstFileWriter> writer;
};

Database::Run::Run(Database& database, Position position) : database_(database), position_(position) {}

Database::Run::~Run() {
    for (const auto& file : files_) {
        std::error_code ignored;
        if (file) fs::remove(file->path, ignored);
    }
}

Result<Database::Run::File*> Database::Run::file(std::size_t family) {
    if (!files_[family]) {
        auto made = std::make_unique<File>();
        const std::string name = std::to_string(position_) + "-" + std::to_string(family) + ".sst";
        made->path = (database_.dir_ / kStaging / name).string();
        rocksdb::ColumnFamilyHandle* handle = database_.families_[family];
        const rocksdb::Options options = database_.db_->GetOptions(handle);
        made->writer = std::make_unique<rocksdb::SstFileWriter>(rocksdb::EnvOptions(), options, handle);
        DAYBOOK_TRY(from_rocks(made->writer->Open(made->path), "write " + made->path));
        files_[family] = std::move(made);
    }
    return files_[family].get();
}

Result<void> Database::Run::put(View view, std::string_view key, std::string_view value) {
    DAYBOOK_ASSIGN(File * to, file(static_cast<std::size_t>(view)));
    return from_rocks(to->writer->Put(slice(key), slice(value)), "write a run");
}

Result<void> Database::Run::erase(View view, std::string_view key) {
    DAYBOOK_ASSIGN(File * to, file(static_cast<std::size_t>(view)));
    return from_rocks(to->writer->Delete(slice(key)), "write a run");
}

Result<void> Database::Run::put_meta(std::string_view name, std::string_view value) {
    DAYBOOK_ASSIGN(File * to, file(kViewCount));
    return from_rocks(to->writer->Put(slice(name), slice(value)), "write a run");
}

Result<void> Database::Run::finish() {
    std::vector<rocksdb::IngestExternalFileArg> all;
    for (std::size_t i = 0; i < files_.size(); ++i) {
        if (!files_[i]) continue;
        DAYBOOK_TRY(from_rocks(files_[i]->writer->Finish(), "finish a run"));
        rocksdb::IngestExternalFileArg one;
        one.column_family = database_.families_[i];
        one.external_files = {files_[i]->path};
        one.options.move_files = true;
        one.options.failed_move_fall_back_to_copy = true;
        one.options.write_global_seqno = false;
        all.push_back(std::move(one));
    }
    DAYBOOK_ASSERT(!all.empty());
    return from_rocks(database_.db_->IngestExternalFiles(all), "bring a run in");
}

}  // namespace daybook::projections
