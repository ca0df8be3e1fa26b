// Sums that many events change (pieces of an account, of a model at a site): read once, changed in memory, and written
// when readers are to see them, so that an account that a thousand events touch costs one row and not a thousand.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/base/error.h"
#include "projections/store/store.h"

namespace daybook::projections {

// Sums: default-constructed is "nothing"; has empty(), write(std::string&) and
// read(std::string_view).
template <class Key, class Sums, class Hash>
class Counters {
public:
    // Whether sums that have become nothing leave a row, for those who must hear that they did.
    enum class Empties : std::uint8_t { kErased, kKept };
    explicit Counters(Table table, Empties empties = Empties::kErased) : table_(table), empties_(empties) {}

    // The sums of a key, to be changed. `make_key` gives the stored key's bytes; it is asked only when the key is new
    // to the cache.
    template <class MakeKey>
    Result<Sums*> edit(const Key& key, Store& store, MakeKey make_key) {
        auto [it, is_new] = cache_.try_emplace(key);
        Cached& cached = it->second;
        if (is_new) {
            cached.key = make_key();
            DAYBOOK_ASSIGN(const bool there, store.latest(table_, cached.key, value_));
            if (there && !cached.sums.read(value_)) {
                return fail(ErrorCode::kCorrupt, "a sum of the read models is damaged: run `daybook rebuild`");
            }
        }
        if (!cached.changed) {
            cached.changed = true;
            changed_.push_back(&cached);
        }
        return &cached.sums;
    }

    // Writes what was changed; readers of store.folded() events see it.
    void flush(Store& store) {
        for (Cached* cached : changed_) {
            cached->changed = false;
            if (cached->sums.empty() && empties_ == Empties::kErased) {
                store.layer().erase(table_, cached->key, {}, store.folded());
            } else {
                value_.clear();
                cached->sums.write(value_);
                store.layer().put(table_, cached->key, {}, value_, store.folded());
            }
        }
        changed_.clear();
    }

    // After flush(). Bounds the memory: called at each run boundary.
    void forget() { cache_.clear(); }

private:
    struct Cached {
        std::string key;
        Sums sums;
        bool changed = false;
    };
    const Table table_;
    const Empties empties_;
    std::unordered_map<Key, Cached, Hash> cache_;
    std::vector<Cached*> changed_;
    std::string value_;
};

}  // namespace daybook::projections
