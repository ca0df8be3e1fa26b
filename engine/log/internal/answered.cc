#include "engine/log/internal/answered.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "engine/log/internal/owner.h"

namespace daybook::log::internal {
namespace {

Error named(const Error& error) { return error.in("the record time that was answered (ANSWERED)"); }

}  // namespace

Result<void> AnsweredTime::open(LedgerId ledger) {
    const std::lock_guard lock(mutex_);
    ledger_ = ledger;
    std::error_code error;
    if (!std::filesystem::exists(path_, error)) {
        if (error) return tl::unexpected(named(from_errno(error.value(), path_)));
        return {};
    }
    const auto mark = read_durable(options_, path_);
    if (!mark) return tl::unexpected(named(mark.error()));
    if (mark->ledger != ledger) {
        return fail(ErrorCode::kForeign, path_ + " belongs to ledger " + mark->ledger.text());
    }
    auto file = DurableFile::open(options_, path_, *mark);
    if (!file) return tl::unexpected(named(file.error()));
    file_ = std::move(*file);
    at_ = static_cast<Micros>(mark->head);
    return {};
}

Result<void> AnsweredTime::keep(Micros at) {
    const std::lock_guard lock(mutex_);
    if (at <= at_) return {};
    if (file_ == nullptr) {
        const DurableMark first{1, static_cast<Position>(at), ledger_};
        // Under another name until it is whole: half a file would keep the ledger from being opened.
        const std::string unfinished = path_ + ".tmp";
        if (const auto made = DurableFile::create(options_, unfinished, first); !made) {
            return tl::unexpected(named(made.error()));
        }
        std::error_code error;
        std::filesystem::rename(unfinished, path_, error);
        if (error) return tl::unexpected(named(from_errno(error.value(), path_)));
        DAYBOOK_TRY(sync_directory(std::filesystem::path(path_).parent_path()));
        auto file = DurableFile::open(options_, path_, first);
        if (!file) return tl::unexpected(named(file.error()));
        file_ = std::move(*file);
    } else if (const auto written = file_->write(static_cast<Position>(at)); !written) {
        return tl::unexpected(named(written.error()));
    }
    at_ = at;
    return {};
}

Micros AnsweredTime::at() const {
    const std::lock_guard lock(mutex_);
    return at_;
}

}  // namespace daybook::log::internal
