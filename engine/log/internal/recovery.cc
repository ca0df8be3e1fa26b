#include "engine/log/internal/recovery.h"

#include <rocksdb/metadata.h>
#include <rocksdb/sst_file_reader.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "engine/base/bytes.h"
#include "engine/log/internal/block.h"
#include "engine/log/internal/wal_scan.h"

namespace daybook::log::internal {
namespace {

Result<std::string> read_meta_entry(const Database& database, std::string_view name, std::size_t bytes) {
    std::string value;
    const rocksdb::Status status =
        database.db().Get(rocksdb::ReadOptions(), database.family(Family::kMeta), slice(name), &value);
    const std::string what = "the ledger's meta entry " + std::string(name);
    if (status.IsNotFound()) return fail(ErrorCode::kCorrupt, what + " is missing");
    DAYBOOK_TRY(check(status, "reading " + what));
    if (value.size() != bytes) return fail(ErrorCode::kCorrupt, what + " is malformed");
    return value;
}

// The positions that a sorted file speaks of, from its smallest and largest key. Nothing for families without any.
std::optional<std::string> positions_in(const rocksdb::LiveFileMetaData& file) {
    const std::string& family = file.column_family_name;
    if (family == kFamilyNames[0] && file.smallestkey.size() == 8 && file.largestkey.size() == 8) {
        return "events from position " + std::to_string(get_be64(file.smallestkey.data())) + " to " +
               std::to_string(get_be64(file.largestkey.data())) + " (the first of its last block)";
    }
    if (family == kFamilyNames[1] && file.smallestkey.size() == 9) {
        const auto level = static_cast<unsigned char>(file.smallestkey[0]);
        return "the tree's tiles from tile " + tile_path({level, get_be64(file.smallestkey.data() + 1)}) + " on";
    }
    if (family == kFamilyNames[2] && file.smallestkey.size() == 9) {
        return "the ids of positions below " + std::to_string(get_be64(file.smallestkey.data() + 1)) + " or beyond";
    }
    return std::nullopt;
}

// Why the file cannot be used; nothing if it can.
std::optional<std::string> fault_of(const Database& catalogue, const rocksdb::LiveFileMetaData& file) {
    const std::filesystem::path path = std::filesystem::path(file.directory) / file.relative_filename;
    std::error_code error;
    const std::uintmax_t size = std::filesystem::file_size(path, error);
    if (error) return "is missing";
    if (size != file.size) return "has " + std::to_string(size) + " bytes instead of " + std::to_string(file.size);
    for (std::size_t i = 0; i < kFamilies; ++i) {
        if (file.column_family_name != kFamilyNames[i]) continue;
        rocksdb::SstFileReader reader(catalogue.file_options(static_cast<Family>(i)));
        rocksdb::Status status = reader.Open(path.string());
        if (status.ok()) status = reader.VerifyChecksum();
        if (!status.ok()) return "is damaged (" + status.ToString() + ")";
    }
    return std::nullopt;
}

// Finds out which file is at fault, in the order of positions, and says what it held.
Error explain(const Options& options, const std::string& path, const DurableMark& mark, const rocksdb::Status& status) {
    const Error plain = from_rocks(status, "the ledger in " + path + ", which reached position " +
                                               std::to_string(mark.head) + ", cannot be opened");
    if (plain.code != ErrorCode::kCorrupt && plain.code != ErrorCode::kIo) return plain;
    std::unique_ptr<Database> catalogue;
    if (!Database::open(options, path, Database::Mode::kLookAtCatalogue, catalogue).ok()) {
        return {ErrorCode::kCorrupt, "the catalogue of the ledger's files (CURRENT, MANIFEST) in " + path +
                                         " is damaged, positions 0 to " + std::to_string(mark.head) +
                                         " cannot be found: " + status.ToString()};
    }
    std::vector<rocksdb::LiveFileMetaData> files;
    catalogue->db().GetLiveFilesMetaData(&files);
    std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) {
        return std::tie(a.column_family_name, a.smallestkey) < std::tie(b.column_family_name, b.smallestkey);
    });
    for (const auto& file : files) {
        const auto fault = fault_of(*catalogue, file);
        if (!fault) continue;
        return {ErrorCode::kCorrupt, "the ledger's file " + file.relative_filename + " " + *fault + ": it held " +
                                         positions_in(file).value_or("entries of " + file.column_family_name)};
    }
    return plain;
}

Result<void> check_against_mark(const LogEnd& end, const DurableMark& mark, const std::string& why) {
    if (end.head >= mark.head) return {};
    return fail(ErrorCode::kCorrupt, "the log ends at position " + std::to_string(end.head) + ", but all below " +
                                         std::to_string(mark.head) + " was acknowledged: positions " +
                                         std::to_string(end.head) + " to " + std::to_string(mark.head - 1) +
                                         " are gone" + why);
}

Result<void> look(const Database& database, Assessment& found) {
    DAYBOOK_ASSIGN(found.meta, read_meta(database));
    if (found.meta.ledger != found.mark.ledger) {
        return fail(ErrorCode::kForeign, "ledger/DURABLE belongs to the ledger " + found.mark.ledger.text() +
                                             ", not to this one, " + found.meta.ledger.text());
    }
    DAYBOOK_ASSIGN(found.end, read_end(database));
    return {};
}

// The WAL has a record that is not whole: may what is behind it be cut off?
Result<void> judge_damaged_wal(const Database& database, const std::string& path, const rocksdb::Status& status,
                               Assessment& found) {
    DAYBOOK_TRY(look(database, found));
    DAYBOOK_ASSIGN(const std::optional<WalDamage> damage, scan_wal_files(path));
    const std::string position = std::to_string(found.end.head);
    if (!damage) {
        return fail(ErrorCode::kCorrupt, "the write-ahead log is damaged behind position " + position +
                                             ", where all below " + std::to_string(found.mark.head) +
                                             " was acknowledged: " + status.ToString());
    }
    const std::string place = damage->file + " at byte " + std::to_string(damage->offset);
    DAYBOOK_TRY(check_against_mark(found.end, found.mark, "; the write-ahead log is damaged in " + place));
    if (damage->record_behind) {
        return fail(ErrorCode::kCorrupt, "the write-ahead log is damaged in " + place + ": the record of position " +
                                             position +
                                             " is not whole, and a later one follows, so it was acknowledged");
    }
    found.cut_tail = true;
    found.note = "a torn record at the end of the write-ahead log (" + place +
                 ") was cut off: a group that began at position " + position + " and was never acknowledged";
    return {};
}

}  // namespace

Result<LogEnd> read_end(const Database& database) {
    rocksdb::ReadOptions read;
    const std::unique_ptr<rocksdb::Iterator> it(database.db().NewIterator(read, database.family(Family::kLog)));
    it->SeekToLast();
    if (!it->Valid()) {
        DAYBOOK_TRY(check(it->status(), "reading the end of the log"));
        return LogEnd{};
    }
    if (it->key().size() != 8) return fail(ErrorCode::kCorrupt, "the key of the log's last block is malformed");
    const Position first = get_be64(it->key().data());
    const std::string where = "the log's last block, at position " + std::to_string(first);
    auto block = BlockReader::open(view(it->value()));
    if (!block) return tl::unexpected(block.error().in(where));
    const BlockHeader& header = block->header();
    if (header.group_place + header.events != header.group_events || header.group_place > first) {
        return fail(ErrorCode::kCorrupt, where + ", is not the end of its commit group: positions from " +
                                             std::to_string(first + header.events) + " on are gone");
    }
    return LogEnd{first + header.events, first - header.group_place, header.group_recorded_at};
}

Result<Meta> read_meta(const Database& database) {
    Meta meta;
    DAYBOOK_ASSIGN(const std::string format, read_meta_entry(database, kMetaFormat, 4));
    meta.format = get_be32(format.data());
    if (meta.format > kFormatVersion) {
        return fail(ErrorCode::kNewerFormat, "the ledger has format " + std::to_string(meta.format) +
                                                 ", written by a later version of Daybook; this one reads up to " +
                                                 std::to_string(kFormatVersion));
    }
    DAYBOOK_ASSIGN(const std::string ledger, read_meta_entry(database, kMetaLedger, 16));
    meta.ledger = LedgerId(Uuid::load(ledger.data()));
    DAYBOOK_ASSIGN(const std::string created, read_meta_entry(database, kMetaCreatedAt, 8));
    meta.created_at = static_cast<Micros>(get_be64(created.data()));
    return meta;
}

Result<Micros> read_clock(const Database& database) {
    DAYBOOK_ASSIGN(const std::string clock, read_meta_entry(database, kMetaClock, 8));
    return static_cast<Micros>(get_be64(clock.data()));
}

Result<Assessment> assess(const Options& options, const std::string& path) {
    Assessment found;
    DAYBOOK_ASSIGN(found.mark, read_durable(options, path + "/DURABLE"));
    std::unique_ptr<Database> database;
    const rocksdb::Status whole = Database::open(options, path, Database::Mode::kLook, database);
    if (whole.ok()) {
        DAYBOOK_TRY(look(*database, found));
        DAYBOOK_TRY(check_against_mark(found.end, found.mark, ""));
        return found;
    }
    if (!whole.IsCorruption()) return tl::unexpected(explain(options, path, found.mark, whole));
    const rocksdb::Status part = Database::open(options, path, Database::Mode::kLookUpToDamage, database);
    if (!part.ok()) return tl::unexpected(explain(options, path, found.mark, part));
    DAYBOOK_TRY(judge_damaged_wal(*database, path, whole, found));
    return found;
}

}  // namespace daybook::log::internal
