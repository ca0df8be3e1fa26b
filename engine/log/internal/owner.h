// ledger/OWNER: whoever holds a lock on it owns the ledger; its text says who that is.
//
// An advisory lock of the kernel (flock) on the open file: it ends with its process, however that ends, and keeps out
// a second open within the same process too. Taken before anything is read, so that an open that fails for another
// reason has touched nothing that belongs to a running engine.
#pragma once

#include <filesystem>
#include <utility>

#include "engine/base/error.h"

namespace daybook::log::internal {

class Owner {
public:
    // kInUse with the owner's pid, kNotWritable, kDiskFull, kIo.
    static Result<Owner> take(const std::filesystem::path& file);
    // The same on a directory, which can be locked but not written: used while a ledger is being made in it.
    static Result<Owner> take_directory(const std::filesystem::path& directory);

    Owner(Owner&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Owner& operator=(Owner&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Owner();

private:
    explicit Owner(int fd) : fd_(fd) {}
    int fd_ = -1;
};

// What errno says, as an error: kNotWritable, kDiskFull, kInUse or kIo.
Error from_errno(int number, std::string_view what);
// So that the names of new files in it last.
Result<void> sync_directory(const std::filesystem::path& directory);

}  // namespace daybook::log::internal
