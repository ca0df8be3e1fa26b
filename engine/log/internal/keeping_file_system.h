// A file system that can hold back the deletion of files.
//
// When IngestExternalFile() cannot sync the MANIFEST, RocksDB 7.8 deletes the file it was taking in. The MANIFEST may
// have reached the disk all the same, and then names a file that is gone: the ledger would not open again. So deletions
// are held back while a run is taken in; they are carried out when that has succeeded, and never if it has not. A file
// that is left over is found and removed at the next open.
#pragma once

#include <rocksdb/file_system.h>

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace daybook::log::internal {

class KeepingFileSystem : public rocksdb::FileSystemWrapper {
public:
    explicit KeepingFileSystem(const std::shared_ptr<rocksdb::FileSystem>& base) : FileSystemWrapper(base) {}
    [[nodiscard]] const char* Name() const override { return "DaybookKeepingFileSystem"; }

    void hold() {
        const std::lock_guard lock(mutex_);
        holding_ = true;
    }
    // A deletion that fails leaves a file that the next open removes.
    void release() {
        std::vector<std::string> paths;
        {
            const std::lock_guard lock(mutex_);
            holding_ = false;
            paths.swap(held_);
        }
        for (const std::string& path : paths) {
            target()->DeleteFile(path, rocksdb::IOOptions(), nullptr).PermitUncheckedError();
        }
    }

    rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& io,
                                 rocksdb::IODebugContext* debug) override {
        {
            const std::lock_guard lock(mutex_);
            if (holding_) {
                held_.push_back(path);
                return rocksdb::IOStatus::OK();
            }
        }
        return target()->DeleteFile(path, io, debug);
    }

private:
    std::mutex mutex_;
    bool holding_ = false;
    std::vector<std::string> held_;
};

}  // namespace daybook::log::internal
