// More records than memory holds, in order: collected, sorted and spilled in runs, then merged.
//
// Records are plain values that compare with <. One thread. Scratch files have no name once they are open, so that
// nothing is left behind, whatever happens.
#pragma once

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <queue>
#include <string>
#include <type_traits>
#include <vector>

#include "engine/base/error.h"

namespace daybook::audit {

// An unnamed file in `folder`.
struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
};
using ScratchFile = std::unique_ptr<std::FILE, CloseFile>;
Result<ScratchFile> open_scratch(const std::filesystem::path& folder);
// The disk is full, or a read failed.
Error scratch_failed(bool writing);

template <class Record>
class Sorter {
    static_assert(std::is_trivially_copyable_v<Record>);

public:
    Sorter(std::filesystem::path folder, std::size_t memory_bytes)
        : folder_(std::move(folder)), most_(std::max<std::size_t>(memory_bytes / sizeof(Record), 1)) {}

    Result<void> add(const Record& record) {
        if (heap_.size() == most_) DAYBOOK_TRY(spill());
        heap_.push_back(record);
        ++size_;
        return {};
    }
    [[nodiscard]] std::uint64_t size() const { return size_; }

    // Calls take(record) for each in order; take gives a Result<void>. Ends this object.
    template <class Take>
    Result<void> each(Take&& take) {
        if (runs_.empty()) {
            std::sort(heap_.begin(), heap_.end());
            for (const Record& record : heap_) DAYBOOK_TRY(take(record));
            return {};
        }
        DAYBOOK_TRY(spill());
        heap_ = {};
        std::vector<Reader> readers;
        for (auto& run : runs_) {
            std::rewind(run.get());
            readers.emplace_back(run.get());
        }
        const auto later = [&](std::size_t a, std::size_t b) { return readers[b].now() < readers[a].now(); };
        std::priority_queue<std::size_t, std::vector<std::size_t>, decltype(later)> next(later);
        for (std::size_t i = 0; i < readers.size(); ++i) {
            DAYBOOK_ASSIGN(const bool any, readers[i].step());
            if (any) next.push(i);
        }
        while (!next.empty()) {
            const std::size_t i = next.top();
            next.pop();
            DAYBOOK_TRY(take(readers[i].now()));
            DAYBOOK_ASSIGN(const bool more, readers[i].step());
            if (more) next.push(i);
        }
        return {};
    }

private:
    class Reader {
    public:
        explicit Reader(std::FILE* file) : file_(file), chunk_(kChunk) {}
        [[nodiscard]] const Record& now() const { return chunk_[at_]; }
        Result<bool> step() {
            if (++at_ < have_) return true;
            have_ = std::fread(chunk_.data(), sizeof(Record), chunk_.size(), file_);
            at_ = 0;
            if (have_ == 0 && std::ferror(file_) != 0) return tl::unexpected(scratch_failed(false));
            return have_ != 0;
        }

    private:
        static constexpr std::size_t kChunk = 2'048;
        std::FILE* file_;
        std::vector<Record> chunk_;
        std::size_t at_ = 0, have_ = 0;
    };

    Result<void> spill() {
        std::sort(heap_.begin(), heap_.end());
        DAYBOOK_ASSIGN(ScratchFile file, open_scratch(folder_));
        const bool written = std::fwrite(heap_.data(), sizeof(Record), heap_.size(), file.get()) == heap_.size();
        if (!written || std::fflush(file.get()) != 0) return tl::unexpected(scratch_failed(true));
        runs_.push_back(std::move(file));
        heap_.clear();
        return {};
    }

    std::filesystem::path folder_;
    std::size_t most_;
    std::uint64_t size_ = 0;
    std::vector<Record> heap_;
    std::vector<ScratchFile> runs_;
};

}  // namespace daybook::audit
