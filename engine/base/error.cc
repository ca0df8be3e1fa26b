#include "engine/base/error.h"

namespace daybook {

std::string_view to_string(ErrorCode code) {
    switch (code) {
        case ErrorCode::kInvalid: return "E_SCHEMA";
        case ErrorCode::kNotFound: return "E_NOT_FOUND";
        case ErrorCode::kOverloaded: return "E_OVERLOADED";
        case ErrorCode::kStopped: return "E_STOPPED";
        case ErrorCode::kTimeout: return "E_TIMEOUT";
        case ErrorCode::kCorrupt: return "E_CORRUPT";
        case ErrorCode::kIo: return "E_IO";
        case ErrorCode::kDiskFull: return "E_DISK_FULL";
        case ErrorCode::kInUse: return "E_IN_USE";
        case ErrorCode::kNewerFormat: return "E_NEWER_FORMAT";
        case ErrorCode::kForeign: return "E_FOREIGN";
        case ErrorCode::kNotWritable: return "E_NOT_WRITABLE";
        case ErrorCode::kNoLedger: return "E_NO_LEDGER";
        case ErrorCode::kExists: return "E_EXISTS";
        case ErrorCode::kUnavailable: return "E_UNAVAILABLE";
        case ErrorCode::kInternal: return "E_INTERNAL";
    }
    return "E_INTERNAL";
}

}  // namespace daybook
