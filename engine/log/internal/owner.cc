#include "engine/log/internal/owner.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace daybook::log::internal {
namespace {

std::string text_of(int fd) {
    char text[64];
    const ssize_t size = ::pread(fd, text, sizeof text, 0);
    std::string line(text, size > 0 ? static_cast<std::size_t>(size) : 0);
    return line.substr(0, line.find('\n'));
}

}  // namespace

Error from_errno(int number, std::string_view what) {
    ErrorCode code = ErrorCode::kIo;
    if (number == EACCES || number == EROFS || number == EPERM) code = ErrorCode::kNotWritable;
    if (number == ENOSPC || number == EDQUOT) code = ErrorCode::kDiskFull;
    return {code, std::string(what) + ": " + std::strerror(number)};
}

Result<Owner> Owner::take(const std::filesystem::path& file) {
    const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) return tl::unexpected(from_errno(errno, "cannot write in the ledger (" + file.string() + ")"));
    Owner owner(fd);
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return tl::unexpected(from_errno(errno, "cannot lock " + file.string()));
        const std::string who = text_of(fd);
        return fail(ErrorCode::kInUse, "the ledger in " + file.parent_path().string() + " is in use by " +
                                           (who.empty() ? "another process" : "the process with " + who));
    }
    // Only information for a person: a failure to write it is no reason not to start.
    const std::string who = "pid " + std::to_string(::getpid()) + "\n";
    if (::ftruncate(fd, 0) == 0 && ::pwrite(fd, who.data(), who.size(), 0) < 0) errno = 0;
    return owner;
}

Result<Owner> Owner::take_directory(const std::filesystem::path& directory) {
    const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return tl::unexpected(from_errno(errno, "cannot open the directory " + directory.string()));
    Owner owner(fd);
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return tl::unexpected(from_errno(errno, "cannot lock " + directory.string()));
        return fail(ErrorCode::kInUse, "another process is making a ledger in " + directory.string());
    }
    return owner;
}

Owner::~Owner() {
    if (fd_ >= 0) ::close(fd_);
}

Result<void> sync_directory(const std::filesystem::path& directory) {
    const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return tl::unexpected(from_errno(errno, "opening " + directory.string()));
    const int synced = ::fsync(fd);
    const int number = errno;
    ::close(fd);
    if (synced != 0) return tl::unexpected(from_errno(number, "syncing " + directory.string()));
    return {};
}

}  // namespace daybook::log::internal
