// RocksDB's files on a disk that fails when it is told to, and that can lose its power: what was not synced is then
// gone.
//
// Operations that change the disk are counted from 1. The plan says which of them fails, how, and what follows.
#pragma once

#include <rocksdb/file_system.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace daybook::test {

class FaultFileSystem : public rocksdb::FileSystemWrapper {
public:
    enum class Fault { kNone, kError, kNoSpace, kPowerCut };

    FaultFileSystem() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
    [[nodiscard]] const char* Name() const override { return "FaultFileSystem"; }

    // The operation of that number fails. With kPowerCut, and with `for_good`, so does every one after it. With
    // `only_syncs` only syncs are counted. A failed append may have written a part: half of it is.
    void plan(Fault fault, std::uint64_t number, bool for_good, bool only_syncs = false) {
        const std::lock_guard lock(mutex_);
        fault_ = fault;
        number_ = number;
        for_good_ = for_good || fault == Fault::kPowerCut;
        only_syncs_ = only_syncs;
        count_ = 0;
        struck_ = false;
    }
    [[nodiscard]] bool struck() const {
        const std::lock_guard lock(mutex_);
        return struck_;
    }

    // After a power cut, when nothing is open any more: files keep what was synced, and lose the rest.
    void lose_what_was_not_synced() {
        const std::lock_guard lock(mutex_);
        for (const auto& [path, state] : files_) {
            if (!std::filesystem::exists(path)) continue;
            if (state.whole_at_sync) {
                std::ofstream(path, std::ios::binary | std::ios::trunc) << state.synced_bytes;
            } else if (std::filesystem::file_size(path) > state.synced) {
                std::filesystem::resize_file(path, state.synced);
            }
        }
        files_.clear();
    }

    using Status = rocksdb::IOStatus;
    using IO = rocksdb::IOOptions;
    using Debug = rocksdb::IODebugContext;

    Status NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* out, Debug* debug) override {
        if (Status status = operation(); !status.ok()) return status;
        Status status = target()->NewWritableFile(path, options, out, debug);
        if (!status.ok()) return status;
        {
            const std::lock_guard lock(mutex_);
            files_[path] = {};
        }
        *out = std::make_unique<WritableFile>(*this, path, std::move(*out));
        return status;
    }
    Status NewRandomRWFile(const std::string& path, const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSRandomRWFile>* out, Debug* debug) override {
        Status status = target()->NewRandomRWFile(path, options, out, debug);
        if (!status.ok()) return status;
        remember_whole(path);
        *out = std::make_unique<RandomRWFile>(*this, path, std::move(*out));
        return status;
    }
    Status NewDirectory(const std::string& path, const IO& io, std::unique_ptr<rocksdb::FSDirectory>* out,
                        Debug* debug) override {
        Status status = target()->NewDirectory(path, io, out, debug);
        if (status.ok()) *out = std::make_unique<Directory>(*this, std::move(*out));
        return status;
    }
    Status RenameFile(const std::string& from, const std::string& to, const IO& io, Debug* debug) override {
        if (Status status = operation(); !status.ok()) return status;
        Status status = target()->RenameFile(from, to, io, debug);
        const std::lock_guard lock(mutex_);
        if (const auto found = files_.find(from); status.ok() && found != files_.end()) {
            files_[to] = found->second;
            files_.erase(from);
        }
        return status;
    }
    Status LinkFile(const std::string& from, const std::string& to, const IO& io, Debug* debug) override {
        if (Status status = operation(); !status.ok()) return status;
        Status status = target()->LinkFile(from, to, io, debug);
        const std::lock_guard lock(mutex_);
        if (const auto found = files_.find(from); status.ok() && found != files_.end()) files_[to] = found->second;
        return status;
    }
    Status DeleteFile(const std::string& path, const IO& io, Debug* debug) override {
        if (Status status = operation(); !status.ok()) return status;
        Status status = target()->DeleteFile(path, io, debug);
        const std::lock_guard lock(mutex_);
        if (status.ok()) files_.erase(path);
        return status;
    }

private:
    struct FileState {
        std::uint64_t size = 0;
        std::uint64_t synced = 0;
        bool whole_at_sync = false;  // written in place: the bytes at the last sync
        std::string synced_bytes;
    };

    class WritableFile : public rocksdb::FSWritableFileOwnerWrapper {
    public:
        WritableFile(FaultFileSystem& disk, std::string path, std::unique_ptr<rocksdb::FSWritableFile> file)
            : FSWritableFileOwnerWrapper(std::move(file)), disk_(disk), path_(std::move(path)) {}
        using FSWritableFileOwnerWrapper::Append;
        Status Append(const rocksdb::Slice& bytes, const IO& io, Debug* debug) override {
            if (Status status = disk_.operation(); !status.ok()) {
                const rocksdb::Slice half(bytes.data(), bytes.size() / 2);
                if (target()->Append(half, io, debug).ok()) disk_.grew(path_, half.size());
                return status;
            }
            Status status = target()->Append(bytes, io, debug);
            if (status.ok()) disk_.grew(path_, bytes.size());
            return status;
        }
        Status Sync(const IO& io, Debug* debug) override {
            if (Status status = disk_.operation(true); !status.ok()) return status;
            disk_.synced(path_);
            return target()->Flush(io, debug);  // the real sync would only cost time
        }
        Status Fsync(const IO& io, Debug* debug) override { return Sync(io, debug); }
        Status RangeSync(std::uint64_t, std::uint64_t, const IO&, Debug*) override { return Status::OK(); }

    private:
        FaultFileSystem& disk_;
        const std::string path_;
    };

    class RandomRWFile : public rocksdb::FSRandomRWFileOwnerWrapper {
    public:
        RandomRWFile(FaultFileSystem& disk, std::string path, std::unique_ptr<rocksdb::FSRandomRWFile> file)
            : FSRandomRWFileOwnerWrapper(std::move(file)), disk_(disk), path_(std::move(path)) {}
        Status Write(std::uint64_t at, const rocksdb::Slice& bytes, const IO& io, Debug* debug) override {
            if (Status status = disk_.operation(); !status.ok()) return status;
            return FSRandomRWFileOwnerWrapper::Write(at, bytes, io, debug);
        }
        Status Sync(const IO& io, Debug* debug) override {
            if (Status status = disk_.operation(true); !status.ok()) return status;
            Status status = FSRandomRWFileOwnerWrapper::Flush(io, debug);
            disk_.remember_whole(path_);
            return status;
        }

    private:
        FaultFileSystem& disk_;
        const std::string path_;
    };

    class Directory : public rocksdb::FSDirectoryWrapper {
    public:
        Directory(FaultFileSystem& disk, std::unique_ptr<rocksdb::FSDirectory> directory)
            : FSDirectoryWrapper(directory.get()), disk_(disk), directory_(std::move(directory)) {}
        Status Fsync(const IO&, Debug*) override { return disk_.operation(true); }
        Status FsyncWithDirOptions(const IO&, Debug*, const rocksdb::DirFsyncOptions&) override {
            return disk_.operation(true);
        }

    private:
        FaultFileSystem& disk_;
        std::unique_ptr<rocksdb::FSDirectory> directory_;
    };

    // Counts an operation; its outcome, if it is to fail.
    Status operation(bool is_sync = false) {
        const std::lock_guard lock(mutex_);
        if (fault_ == Fault::kNone) return Status::OK();
        if (struck_ && for_good_) return outcome();
        if (only_syncs_ && !is_sync) return Status::OK();
        if (++count_ != number_) return Status::OK();
        struck_ = true;
        return outcome();
    }
    [[nodiscard]] Status outcome() const {
        if (fault_ == Fault::kNoSpace) return Status::NoSpace("No space left on device");
        return Status::IOError("the disk failed");
    }
    void grew(const std::string& path, std::uint64_t bytes) {
        const std::lock_guard lock(mutex_);
        files_[path].size += bytes;
    }
    void synced(const std::string& path) {
        const std::lock_guard lock(mutex_);
        files_[path].synced = files_[path].size;
    }
    void remember_whole(const std::string& path) {
        std::ifstream in(path, std::ios::binary);
        std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
        const std::lock_guard lock(mutex_);
        files_[path] = {bytes.size(), bytes.size(), true, bytes};
    }

    mutable std::mutex mutex_;
    Fault fault_ = Fault::kNone;
    std::uint64_t number_ = 0;
    bool for_good_ = false;
    bool only_syncs_ = false;
    std::uint64_t count_ = 0;
    bool struck_ = false;
    std::map<std::string, FileState> files_;
};

}  // namespace daybook::test
