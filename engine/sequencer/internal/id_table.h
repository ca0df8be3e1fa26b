// The unique ids of one commit group that is not durable yet, found by key.
//
// The entries themselves stand in the group (log::Group::ids); this holds only where. For one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/base/ids.h"
#include "engine/log/event_log.h"

namespace daybook::sequencer {

class IdTable {
public:
    // Where the key stands in `ids`, whose entries have all been added here.
    [[nodiscard]] const log::IdEntry* find(const log::IdKey& key, const std::vector<log::IdEntry>& ids) const {
        if (slots_.empty()) return nullptr;
        for (std::size_t at = home(key);; at = (at + 1) & mask()) {
            if (slots_[at] == 0) return nullptr;
            const log::IdEntry& entry = ids[slots_[at] - 1];
            if (entry.key == key) return &entry;
        }
    }

    // Adds the entries of `ids` from `from` on.
    void add(const std::vector<log::IdEntry>& ids, std::size_t from) {
        if (ids.size() * 2 > slots_.size()) return rebuild(ids);
        for (std::size_t i = from; i < ids.size(); ++i) insert(ids, i);
    }

    // Takes back the entries of `ids` from `keep` on; they are still in `ids`. Only for entries added last, so that no
    // probe of another entry leads over them.
    void cut(const std::vector<log::IdEntry>& ids, std::size_t keep) {
        for (std::size_t i = ids.size(); i > keep; --i) {
            std::size_t at = home(ids[i - 1].key);
            while (slots_[at] != i) at = (at + 1) & mask();
            slots_[at] = 0;
        }
    }

    // Takes back everything; `ids` still holds the entries.
    void clear(const std::vector<log::IdEntry>& ids) {
        if (ids.size() * 8 > slots_.size()) {
            std::fill(slots_.begin(), slots_.end(), 0U);
            return;
        }
        // Few entries in a large table: from each home up to the first empty slot. As everything goes, it does not
        // matter whose slots these are.
        for (const auto& entry : ids) {
            for (std::size_t at = home(entry.key); slots_[at] != 0; at = (at + 1) & mask()) slots_[at] = 0;
        }
    }

private:
    [[nodiscard]] std::size_t mask() const { return slots_.size() - 1; }
    [[nodiscard]] std::size_t home(const log::IdKey& key) const { return (UuidHash{}(key.id) + key.kind) & mask(); }

    void insert(const std::vector<log::IdEntry>& ids, std::size_t index) {
        std::size_t at = home(ids[index].key);
        while (slots_[at] != 0) at = (at + 1) & mask();
        slots_[at] = static_cast<std::uint32_t>(index + 1);
    }
    void rebuild(const std::vector<log::IdEntry>& ids) {
        std::size_t size = slots_.empty() ? 64 : slots_.size();
        while (size < ids.size() * 4) size *= 2;
        slots_.assign(size, 0);
        for (std::size_t i = 0; i < ids.size(); ++i) insert(ids, i);
    }

    std::vector<std::uint32_t> slots_;  // index into ids + 1; 0: empty. A power of two, at most half full
};

}  // namespace daybook::sequencer
