#include "engine/audit/internal/sorter.h"

#include <atomic>
#include <cerrno>
#include <cstring>

namespace daybook::audit {

Result<ScratchFile> open_scratch(const std::filesystem::path& folder) {
    static std::atomic<unsigned> number{0};
    for (int attempt = 0; attempt < 1'000; ++attempt) {
        const auto path = folder / ("daybook-audit-" + std::to_string(++number));
        ScratchFile file(std::fopen(path.c_str(), "w+bx"));  // x: never a file that is there already
        if (file != nullptr) {
            std::error_code ignored;  // a name that stays is only untidy
            std::filesystem::remove(path, ignored);
            return file;
        }
        if (errno != EEXIST) {
            return fail(ErrorCode::kNotWritable, "no scratch file can be made in " + folder.string() + ": " +
                                                     std::strerror(errno) + "; name another folder (--scratch)");
        }
    }
    return fail(ErrorCode::kNotWritable, folder.string() + " is full of scratch files; remove daybook-audit-*");
}

Error scratch_failed(bool writing) {
    if (writing) return {ErrorCode::kDiskFull, "the audit's scratch files do not fit; name another folder (--scratch)"};
    return {ErrorCode::kIo, "the audit's scratch files cannot be read back"};
}

}  // namespace daybook::audit
