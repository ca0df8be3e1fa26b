#include "bench/floors/raw_rocksdb.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "bench/harness.h"
#include "engine/base/bytes.h"
#include "engine/base/limits.h"
#include "engine/crypto/digest.h"

namespace daybook::bench {
namespace {

void must_be_ok(const rocksdb::Status& status) {
    if (!status.ok()) give_up(status.ToString());
}

}  // namespace

RawRocksdb::RawRocksdb(const std::filesystem::path& dir, bool compressed) {
    rocksdb::Options options;
    options.create_if_missing = true;
    if (!compressed) options.compression = rocksdb::kNoCompression;
    rocksdb::DB* db = nullptr;
    must_be_ok(rocksdb::DB::Open(options, dir.string(), &db));
    db_.reset(db);
}
RawRocksdb::~RawRocksdb() = default;

double RawRocksdb::write(const log::EventLog& log, Position from, Position to) {
    rocksdb::WriteOptions synced;
    synced.sync = true;
    double seconds = 0;
    log::Cursor cursor = log.scan(from, to);
    rocksdb::WriteBatch batch;
    std::string block;
    Position block_first = from;
    const auto end_block = [&] {
        if (block.empty()) return;
        char key[8];
        put_be64(key, block_first);
        const auto begin = Steady::now();
        must_be_ok(batch.Put(rocksdb::Slice(key, sizeof(key)), block));
        seconds += seconds_since(begin);
        block.clear();
    };
    while (must(cursor.next())) {
        if (block.size() + cursor.bytes().size() > limits::kBlockBytesMax) end_block();
        if (block.empty()) block_first = cursor.position();
        block.append(cursor.bytes());
        sizes_.push_back(static_cast<std::uint32_t>(cursor.bytes().size()));
        if (cursor.position() + 1 != cursor.group_end()) continue;
        end_block();
        const auto begin = Steady::now();
        must_be_ok(db_->Write(synced, &batch));
        seconds += seconds_since(begin);
        batch.Clear();
    }
    return seconds;
}

double RawRocksdb::put_singly(const log::EventLog& log, Position from, std::size_t threads) {
    std::vector<std::string> events;
    log::Cursor cursor = log.scan(from);
    while (must(cursor.next())) events.emplace_back(cursor.bytes());
    rocksdb::WriteOptions synced;
    synced.sync = true;
    std::vector<std::thread> putting;
    const auto begin = Steady::now();
    for (std::size_t first = 0; first < threads; ++first) {
        putting.emplace_back([&, first] {
            char key[8];
            for (std::size_t i = first; i < events.size(); i += threads) {
                put_be64(key, from + i);
                must_be_ok(db_->Put(synced, rocksdb::Slice(key, sizeof(key)), events[i]));
            }
        });
    }
    for (std::thread& thread : putting) thread.join();
    return seconds_since(begin);
}

void RawRocksdb::flush() { must_be_ok(db_->Flush(rocksdb::FlushOptions())); }

double RawRocksdb::read_and_hash() const {
    rocksdb::ReadOptions options;
    options.fill_cache = false;
    options.readahead_size = 1 << 20;
    const auto begin = Steady::now();
    const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(options));
    std::size_t event = 0;
    for (it->SeekToFirst(); it->Valid(); it->Next()) {
        for (std::size_t at = 0; at < it->value().size(); at += sizes_[event++]) {
            static_cast<void>(sha256({it->value().data() + at, sizes_[event]}));  // of another library: not left out
        }
    }
    must_be_ok(it->status());
    const double seconds = seconds_since(begin);
    if (event != sizes_.size()) give_up("the floor lost events");
    return seconds;
}

}  // namespace daybook::bench
