// RocksDB as the log uses it: its errors turned into ours, the column families, the keys, and the options with what
// each of them bought.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/sst_file_reader.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/ids.h"
#include "engine/ledger/tile.h"
#include "engine/log/event_log.h"
#include "engine/log/internal/keeping_file_system.h"

namespace daybook::log::internal {

// What went wrong, in our terms: kDiskFull, kNotWritable, kCorrupt, kInUse, kStopped or kIo.
Error from_rocks(const rocksdb::Status& status, std::string_view what);
// The same as a Result: nothing for an OK status.
Result<void> check(const rocksdb::Status& status, std::string_view what);

enum class Family { kLog = 0, kTree = 1, kIds = 2, kMeta = 3 };
inline constexpr std::size_t kFamilies = 4;
inline constexpr std::array<const char*, kFamilies> kFamilyNames = {"log", "tree", "ids", "meta"};

inline constexpr std::string_view kMetaFormat = "format";
inline constexpr std::string_view kMetaLedger = "ledger";
inline constexpr std::string_view kMetaCreatedAt = "created_at";
inline constexpr std::string_view kMetaClock = "clock";

// Keys. Big-endian, so that the order of bytes is the order of numbers.
std::array<char, 8> position_key(Position position);
std::array<char, 9> tile_key(Tile tile);
std::array<char, 17> id_key(const IdKey& key);
inline constexpr std::size_t kIdKeyBytes = 17;

inline rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
template <std::size_t N>
rocksdb::Slice slice(const std::array<char, N>& bytes) {
    return {bytes.data(), N};
}
inline std::string_view view(const rocksdb::Slice& bytes) { return {bytes.data(), bytes.size()}; }

// One open database: handles go before it, as RocksDB demands. Move-only by pointer.
class Database {
public:
    enum class Mode {
        kCreate,           // must not exist
        kLook,             // read-only, every record of the WAL must be whole
        kLookUpToDamage,   // read-only, the WAL up to its first damaged record
        kLookAtCatalogue,  // read-only, as much as can be had when files are missing or damaged
        kWrite,            // every record of the WAL must be whole
        kWriteUpToDamage,  // what is behind the WAL's first damaged record is cut off for ever
    };
    // The status is RocksDB's own, because recovery decides by it.
    static rocksdb::Status open(const Options& options, const std::string& path, Mode mode,
                                std::unique_ptr<Database>& out);
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;
    ~Database();

    [[nodiscard]] rocksdb::DB& db() const { return *db_; }
    [[nodiscard]] rocksdb::ColumnFamilyHandle* family(Family family) const {
        return handles_[static_cast<std::size_t>(family)];
    }
    // The options that a sorted file for the family must be written with.
    [[nodiscard]] rocksdb::Options file_options(Family family) const;
    // Makes sure that nothing is at the path. A leftover of a run may be a second name of a file that the database
    // uses, if a crash came between its linking and the removal of the first name: writing to it destroys that file.
    rocksdb::Status clear(const std::string& file);
    // Takes in a sorted file written with file_options(). After an error the database must not be written to any more.
    rocksdb::Status ingest(Family family, const std::string& file);
    rocksdb::Status close();

    // The sorted files of a family as they are at one moment. They stay until this goes, whatever is merged meanwhile.
    struct Files {
        std::vector<std::string> names;           // in the ledger's directory
        std::unique_ptr<rocksdb::Iterator> held;  // what RocksDB keeps them for
    };
    [[nodiscard]] Files files(Family family) const;
    // Opens one of them, past the memory of the database.
    Result<std::unique_ptr<rocksdb::SstFileReader>> open_file(Family family, const std::string& name) const;

private:
    Database() = default;
    std::shared_ptr<KeepingFileSystem> files_;
    std::unique_ptr<rocksdb::Env> env_;
    std::unique_ptr<rocksdb::DB> db_;
    std::vector<rocksdb::ColumnFamilyHandle*> handles_;  // the four families, then the default one
};

}  // namespace daybook::log::internal
