// RocksDB's files with a gate before every sync of a write-ahead log: closed, a sync waits; broken, it fails. So a test
// can look at an engine in the midst of a commit.
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace daybook::test {

class Gate {
public:
    void close() {
        const std::lock_guard lock(mutex_);
        closed_ = true;
    }
    void open() {
        {
            const std::lock_guard lock(mutex_);
            closed_ = false;
        }
        moved_.notify_all();
    }
    // Every sync from now on fails, those that wait among them.
    void break_disk() {
        {
            const std::lock_guard lock(mutex_);
            broken_ = true;
            closed_ = false;
        }
        moved_.notify_all();
    }
    void mend_disk() {
        const std::lock_guard lock(mutex_);
        broken_ = false;
    }
    // Waits until a sync stands before the closed gate.
    bool wait_for_sync(std::chrono::seconds limit = std::chrono::seconds(30)) {
        std::unique_lock lock(mutex_);
        return moved_.wait_for(lock, limit, [&] { return waiting_ > 0; });
    }
    int syncs() const {
        const std::lock_guard lock(mutex_);
        return syncs_;
    }

    // Of a sync: false when it is to fail.
    bool pass() {
        std::unique_lock lock(mutex_);
        ++waiting_;
        moved_.notify_all();
        moved_.wait(lock, [&] { return !closed_; });
        --waiting_;
        ++syncs_;
        return !broken_;
    }

private:
    mutable std::mutex mutex_;
    std::condition_variable moved_;
    bool closed_ = false;
    bool broken_ = false;
    int waiting_ = 0;
    int syncs_ = 0;
};

class GatedFile : public rocksdb::FSWritableFileOwnerWrapper {
public:
    GatedFile(std::unique_ptr<rocksdb::FSWritableFile> file, std::shared_ptr<Gate> gate)
        : FSWritableFileOwnerWrapper(std::move(file)), gate_(std::move(gate)) {}
    rocksdb::IOStatus Sync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* context) override {
        if (!gate_->pass()) return rocksdb::IOStatus::IOError("the test broke the disk");
        return FSWritableFileOwnerWrapper::Sync(options, context);
    }
    rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* context) override {
        if (!gate_->pass()) return rocksdb::IOStatus::IOError("the test broke the disk");
        return FSWritableFileOwnerWrapper::Fsync(options, context);
    }

private:
    std::shared_ptr<Gate> gate_;
};

class GatedFileSystem : public rocksdb::FileSystemWrapper {
public:
    explicit GatedFileSystem(std::shared_ptr<Gate> gate)
        : FileSystemWrapper(rocksdb::FileSystem::Default()), gate_(std::move(gate)) {}
    const char* Name() const override { return "GatedFileSystem"; }
    rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSWritableFile>* file,
                                      rocksdb::IODebugContext* context) override {
        return wrapped(name, FileSystemWrapper::NewWritableFile(name, options, file, context), file);
    }
    rocksdb::IOStatus ReuseWritableFile(const std::string& name, const std::string& old,
                                        const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSWritableFile>* file,
                                        rocksdb::IODebugContext* context) override {
        return wrapped(name, FileSystemWrapper::ReuseWritableFile(name, old, options, file, context), file);
    }

private:
    rocksdb::IOStatus wrapped(const std::string& name, rocksdb::IOStatus made,
                              std::unique_ptr<rocksdb::FSWritableFile>* file) {
        if (made.ok() && name.ends_with(".log")) *file = std::make_unique<GatedFile>(std::move(*file), gate_);
        return made;
    }
    std::shared_ptr<Gate> gate_;
};

}  // namespace daybook::test
