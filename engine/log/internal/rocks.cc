#include "engine/log/internal/rocks.h"

#include <rocksdb/convenience.h>
#include <rocksdb/file_system.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/universal_compaction.h>

#include <algorithm>

#include "engine/base/bytes.h"

namespace daybook::log::internal {
namespace {

// RocksDB insists on an info log; the read-only looks at a ledger must leave no trace in it.
class NoLogger : public rocksdb::Logger {
public:
    using rocksdb::Logger::Logv;
    void Logv(const char*, va_list) override {}
};

bool mentions(const rocksdb::Status& status, const char* words) {
    return status.ToString().find(words) != std::string::npos;
}

rocksdb::DBOptions database_options(Database::Mode mode, rocksdb::Env* env) {
    using Mode = Database::Mode;
    rocksdb::DBOptions db;
    db.env = env;
    db.create_if_missing = mode == Mode::kCreate;
    db.create_missing_column_families = mode == Mode::kCreate;
    db.error_if_exists = mode == Mode::kCreate;

    // Safety.
    // RocksDB's default silently drops everything behind the first damaged WAL record. Here damage is an error, and
    // recovery.cc alone decides whether it is a torn tail.
    db.wal_recovery_mode = mode == Mode::kLookUpToDamage || mode == Mode::kWriteUpToDamage ||
                                   mode == Mode::kLookAtCatalogue
                               ? rocksdb::WALRecoveryMode::kPointInTimeRecovery
                               : rocksdb::WALRecoveryMode::kAbsoluteConsistency;
    db.track_and_verify_wals_in_manifest = true;  // a closed WAL that is gone or shorter is an error
    db.paranoid_checks = mode != Mode::kLookAtCatalogue;
    // All families reach files together: what is in files is always a prefix of the commit groups, and the small
    // families do not keep old WAL files alive.
    db.atomic_flush = true;
    db.max_bgerror_resume_count = 0;  // a failed flush stops the log; RocksDB must not go on by itself

    // Speed. Measured with bench/log_append: groups of 1,000 events of 300 bytes; see engine/adr/0005.
    // Spreads the writing of sorted files, so that a flush does not sit before a group's sync (p99 of a group).
    db.bytes_per_sync = 1 << 20;
    db.allow_concurrent_memtable_write = false;  // there is one writer
    db.max_background_jobs = 2;
    // recycle_log_file_num stays 0: RocksDB refuses recycled WAL files together with kAbsoluteConsistency, because
    // what an old file holds behind the new records looks like damage. They bought nothing here (1.04 against 1.05
    // million events a second).

    // Bounds.
    db.max_open_files = mode == Mode::kLookAtCatalogue ? 16 : 512;  // below the usual 1,024 descriptors of a process
    db.keep_log_file_num = 4;
    db.max_log_file_size = 1 << 20;
    db.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
    db.stats_dump_period_sec = 0;
    db.stats_persist_period_sec = 0;
    db.db_host_id = "";  // a ledger's files do not name the machine that wrote them
    if (mode != Mode::kWrite && mode != Mode::kWriteUpToDamage) db.info_log = std::make_shared<NoLogger>();
    return db;
}

rocksdb::CompressionType compression_of(Options::Compression compression) {
    switch (compression) {
        case Options::Compression::kNone: return rocksdb::kNoCompression;
        case Options::Compression::kLz4: return rocksdb::kLZ4Compression;
        case Options::Compression::kZstd: return rocksdb::kZSTD;
    }
    return rocksdb::kNoCompression;
}

rocksdb::ColumnFamilyOptions family_options(const Options& options, std::size_t family,
                                            const std::shared_ptr<rocksdb::Cache>& cache) {
    rocksdb::ColumnFamilyOptions cf;
    cf.compression = rocksdb::kNoCompression;  // hashes and ids are noise
    // The log's memtable alone decides when to flush (atomic_flush takes the others along).
    cf.write_buffer_size = options.write_buffer_bytes;
    cf.max_write_buffer_number = 3;
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = cache;
    table.cache_index_and_filter_blocks = true;  // memory does not grow with history
    table.cache_index_and_filter_blocks_with_high_priority = true;
    table.pin_l0_filter_and_index_blocks_in_cache = true;
    table.format_version = 5;
    switch (static_cast<Family>(family)) {
        case Family::kLog:
            cf.compression = compression_of(options.compression);
            // A full block is one value of 32 KiB and gets a block of its own whatever this says; groups of single
            // events share one.
            table.block_size = 16 << 10;
            cf.target_file_size_base = 128 << 20;  // 100 million events of 300 bytes: 250 files
            cf.max_bytes_for_level_base = std::uint64_t{1} << 30;
            break;
        case Family::kTree: cf.target_file_size_base = 64 << 20; break;
        case Family::kIds:
            // Runs are merged sixteen at a time: an id is rewritten about log16(runs) times, twice at 100 million
            // events. A look-up passes a filter per sorted run left, and few look there: new ids stop at the filter in
            // memory.
            cf.compaction_style = rocksdb::kCompactionStyleUniversal;
            cf.compaction_options_universal.min_merge_width = 16;
            cf.compaction_options_universal.size_ratio = 50;
            cf.compaction_options_universal.max_size_amplification_percent = 10'000;  // nothing is ever overwritten
            cf.level0_file_num_compaction_trigger = 16;
            cf.level0_slowdown_writes_trigger = 1 << 20;  // runs must never hold up the log
            cf.level0_stop_writes_trigger = 1 << 20;
            table.filter_policy.reset(rocksdb::NewRibbonFilterPolicy(12));
            // In parts of 4 KiB, of which the cache keeps the used ones: a whole filter of a merged run is larger than
            // a shard of the cache, and was read anew for every look-up (199 µs; now 12).
            table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
            table.partition_filters = true;
            table.metadata_block_size = 4096;
            break;
        case Family::kMeta: break;
    }
    cf.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    return cf;
}

}  // namespace

Error from_rocks(const rocksdb::Status& status, std::string_view what) {
    ErrorCode code = ErrorCode::kIo;
    if (status.IsNoSpace() || mentions(status, "No space left")) {
        code = ErrorCode::kDiskFull;
    } else if (mentions(status, "Permission denied") || mentions(status, "Read-only file system")) {
        code = ErrorCode::kNotWritable;
    } else if (status.IsCorruption() || status.IsPathNotFound() || status.IsNotFound()) {
        code = ErrorCode::kCorrupt;
    } else if (status.IsShutdownInProgress()) {
        code = ErrorCode::kStopped;
    } else if (mentions(status, "lock hold") || mentions(status, "While lock file")) {
        code = ErrorCode::kInUse;
    }
    return {code, std::string(what) + ": " + status.ToString()};
}

Result<void> check(const rocksdb::Status& status, std::string_view what) {
    if (status.ok()) return {};
    return tl::unexpected(from_rocks(status, what));
}

std::array<char, 8> position_key(Position position) {
    std::array<char, 8> key;
    put_be64(key.data(), position);
    return key;
}

std::array<char, 9> tile_key(Tile tile) {
    std::array<char, 9> key;
    key[0] = static_cast<char>(tile.level);
    put_be64(key.data() + 1, tile.index);
    return key;
}

std::array<char, 17> id_key(const IdKey& key) {
    std::array<char, 17> bytes;
    bytes[0] = static_cast<char>(key.kind);
    key.id.store(bytes.data() + 1);
    return bytes;
}

rocksdb::Status Database::open(const Options& options, const std::string& path, Mode mode,
                               std::unique_ptr<Database>& out) {
    std::unique_ptr<Database> database(new Database);
    database->files_ = std::make_shared<KeepingFileSystem>(
        options.file_system != nullptr ? options.file_system : rocksdb::FileSystem::Default());
    database->env_ = rocksdb::NewCompositeEnv(database->files_);
    const rocksdb::DBOptions db_options = database_options(mode, database->env_.get());
    const auto cache = rocksdb::NewLRUCache(options.cache_bytes, -1, false, 0.5);
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (std::size_t i = 0; i < kFamilies; ++i) {
        families.emplace_back(kFamilyNames[i], family_options(options, i, cache));
    }
    families.emplace_back(rocksdb::kDefaultColumnFamilyName, family_options(options, kFamilies, cache));

    const bool read_only = mode == Mode::kLook || mode == Mode::kLookUpToDamage || mode == Mode::kLookAtCatalogue;
    rocksdb::DB* db = nullptr;
    rocksdb::Status status;
    try {
        status = read_only ? rocksdb::DB::OpenForReadOnly(db_options, path, families, &database->handles_, &db)
                           : rocksdb::DB::Open(db_options, path, families, &database->handles_, &db);
    } catch (const std::exception& e) {  // std::bad_alloc, or a length that damaged bytes made absurd
        status = rocksdb::Status::Corruption(e.what());
    }
    database->db_.reset(db);
    if (status.ok()) out = std::move(database);
    return status;
}

Database::~Database() {
    if (db_ != nullptr) close().PermitUncheckedError();
}

rocksdb::Options Database::file_options(Family which) const {
    return db_->GetOptions(handles_[static_cast<std::size_t>(which)]);
}

rocksdb::Status Database::clear(const std::string& file) {
    const rocksdb::IOOptions io;
    const rocksdb::IOStatus there = files_->FileExists(file, io, nullptr);
    if (there.IsNotFound()) return rocksdb::Status::OK();
    if (!there.ok()) return there;
    return files_->DeleteFile(file, io, nullptr);
}

rocksdb::Status Database::ingest(Family which, const std::string& file) {
    rocksdb::IngestExternalFileOptions ingest;
    ingest.move_files = true;
    ingest.write_global_seqno = false;  // the file stays as it was synced
    files_->hold();
    const rocksdb::Status status = db_->IngestExternalFile(family(which), {file}, ingest);
    if (status.ok()) files_->release();
    return status;
}

Database::Files Database::files(Family which) const {
    const auto names = [&] {
        std::vector<rocksdb::LiveFileMetaData> all;
        db_->GetLiveFilesMetaData(&all);
        std::vector<std::string> found;
        for (const auto& file : all) {
            if (file.column_family_name == kFamilyNames[static_cast<std::size_t>(which)]) {
                found.push_back(file.relative_filename);
            }
        }
        std::sort(found.begin(), found.end());
        return found;
    };
    // An iterator holds the files that there are when it is made. They are those of before and afterwards, if these are
    // the same: a file's name never comes again.
    Files files{names(), nullptr};
    for (;;) {
        files.held.reset(db_->NewIterator(rocksdb::ReadOptions(), family(which)));
        std::vector<std::string> again = names();
        if (again == files.names) return files;
        files.names = std::move(again);
    }
}

Result<std::unique_ptr<rocksdb::SstFileReader>> Database::open_file(Family which, const std::string& name) const {
    auto reader = std::make_unique<rocksdb::SstFileReader>(file_options(which));
    DAYBOOK_TRY(check(reader->Open(db_->GetName() + "/" + name), "opening the ledger's file " + name));
    return reader;
}

rocksdb::Status Database::close() {
    if (db_ == nullptr) return rocksdb::Status::OK();
    rocksdb::CancelAllBackgroundWork(db_.get(), true);
    rocksdb::Status status;
    for (rocksdb::ColumnFamilyHandle* handle : handles_) {
        const rocksdb::Status one = db_->DestroyColumnFamilyHandle(handle);
        if (!one.ok()) status = one;
    }
    handles_.clear();
    const rocksdb::Status closed = db_->Close();
    if (!closed.ok()) status = closed;
    db_.reset();
    return status;
}

}  // namespace daybook::log::internal
