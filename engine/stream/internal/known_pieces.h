// What was written last of each piece, so that the same is not written again.
//
// Purpose.   Looked up for every piece that a transaction touches, at random among half a million.
// Threads.   One at a time.
// Limits.    Holds limits::kStreamPiecesKnownMax pieces, 60 bytes each on average; then it forgets all, which costs
//            records that say what is known already, and nothing else.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "engine/base/ids.h"
#include "engine/base/limits.h"

namespace daybook::stream {

class KnownPieces {
public:
    struct Written {
        Position reading = 0;  // the position of the reading by which it was seen to hold
        Position last_event = 0;
        std::size_t content = 0;
    };

    // Asks for the memory that find() and set() will touch.
    void near(const ItemId& item) const { __builtin_prefetch(&slots_[home(item)]); }
    // nullptr: nothing is known. Until the next set().
    [[nodiscard]] const Written* find(const ItemId& item) const {
        const Slot& slot = slots_[index_of(item)];
        return slot.item.empty() ? nullptr : &slot.written;
    }
    void set(const ItemId& item, const Written& written) {
        Slot* slot = &slots_[index_of(item)];
        if (slot->item.empty()) {
            if (count_ >= limits::kStreamPiecesKnownMax) {
                slots_.assign(slots_.size(), Slot());
                count_ = 0;
            }
            if (++count_ * 4 > slots_.size() * 3) grow();
            slot = &slots_[index_of(item)];
            slot->item = item;
        }
        slot->written = written;
    }

private:
    struct Slot {
        ItemId item;  // empty: the slot is
        Written written;
    };
    static constexpr std::size_t kFirstSlots = 1024;  // a power of two, as every size

    [[nodiscard]] std::size_t home(const ItemId& item) const { return UuidHash{}(item) & (slots_.size() - 1); }
    // Of the item's slot, or of the empty one where it would be.
    [[nodiscard]] std::size_t index_of(const ItemId& item) const {
        std::size_t at = home(item);
        while (!slots_[at].item.empty() && slots_[at].item != item) at = (at + 1) & (slots_.size() - 1);
        return at;
    }
    void grow() {
        std::vector<Slot> old(slots_.size() * 2);
        old.swap(slots_);
        for (const Slot& slot : old) {
            if (!slot.item.empty()) slots_[index_of(slot.item)] = slot;
        }
    }

    std::vector<Slot> slots_ = std::vector<Slot>(kFirstSlots);
    std::size_t count_ = 0;
};

}  // namespace daybook::stream
