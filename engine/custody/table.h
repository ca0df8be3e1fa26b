// Containers of the custody state that can take back what an atomic batch did: while a journal is open, the first
// change of each entry keeps a copy of what was there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "engine/base/assert.h"

namespace daybook::custody {

// Undo steps, newest last. One per State; open only while an atomic batch is decided.
class Journal {
public:
    [[nodiscard]] bool open() const { return open_; }
    // Tells one batch from the next.
    [[nodiscard]] std::uint64_t batch() const { return batch_; }
    void begin() {
        DAYBOOK_ASSERT(!open_ && undo_.empty());
        open_ = true;
        ++batch_;
    }
    void commit() {
        open_ = false;
        undo_.clear();
    }
    void rollback() {
        open_ = false;
        while (!undo_.empty()) {
            undo_.back()();
            undo_.pop_back();
        }
    }
    void push(std::function<void()> undo) { undo_.push_back(std::move(undo)); }

private:
    bool open_ = false;
    std::uint64_t batch_ = 0;
    std::vector<std::function<void()>> undo_;
};

// Which entries of a container the open journal holds a copy of.
template <class Key, class Hash = std::hash<Key>>
class Remembered {
public:
    // Whether this is the batch's first change of the entry.
    bool first(const Journal& journal, const Key& key) {
        if (batch_ != journal.batch()) {
            keys_.clear();
            batch_ = journal.batch();
        }
        return keys_.insert(key).second;
    }

private:
    std::uint64_t batch_ = 0;
    std::unordered_set<Key, Hash> keys_;
};

// A hash map. Pointers and references are good until the next change of the same entry.
template <class Key, class Value, class Hash = std::hash<Key>>
class Table {
public:
    explicit Table(Journal& journal) : journal_(journal) {}

    [[nodiscard]] const Value* find(const Key& key) const {
        const auto it = map_.find(key);
        return it == map_.end() ? nullptr : &it->second;
    }
    // The entry to be changed, made where there is none.
    Value& edit(const Key& key) {
        if (journal_.open()) remember(key);
        return map_[key];
    }
    void erase(const Key& key) {
        if (journal_.open()) remember(key);
        map_.erase(key);
    }
    [[nodiscard]] const std::unordered_map<Key, Value, Hash>& all() const { return map_; }
    [[nodiscard]] std::size_t size() const { return map_.size(); }
    void clear() { map_.clear(); }

private:
    void remember(const Key& key) {
        if (!remembered_.first(journal_, key)) return;
        const auto it = map_.find(key);
        std::optional<Value> old;
        if (it != map_.end()) old = it->second;
        journal_.push([this, key, old = std::move(old)] {
            if (old) {
                map_[key] = *old;
            } else {
                map_.erase(key);
            }
        });
    }

    Journal& journal_;
    std::unordered_map<Key, Value, Hash> map_;
    Remembered<Key, Hash> remembered_;
};

// A list for each key, which may grow for ever: what a batch changes is kept copies of entry by entry, not of the list.
// Pointers and references are good until the next change of the same list. A key without entries is as one never seen.
template <class Key, class Value, class Hash = std::hash<Key>>
class Lists {
public:
    explicit Lists(Journal& journal) : journal_(journal) {}

    [[nodiscard]] const std::vector<Value>& of(const Key& key) const {
        static const std::vector<Value> kNone;
        const auto it = map_.find(key);
        return it == map_.end() ? kNone : it->second;
    }
    // Before the entry that has this index now, or behind the last one.
    void insert(const Key& key, std::size_t index, Value value) {
        std::vector<Value>& list = map_[key];
        DAYBOOK_ASSERT(index <= list.size());
        list.insert(list.begin() + static_cast<std::ptrdiff_t>(index), std::move(value));
        if (!journal_.open()) return;
        journal_.push([this, key, index] {
            const auto it = map_.find(key);
            it->second.erase(it->second.begin() + static_cast<std::ptrdiff_t>(index));
            if (it->second.empty()) map_.erase(it);
        });
    }
    // An entry to be changed.
    Value& edit(const Key& key, std::size_t index) {
        Value& value = map_.at(key).at(index);
        if (journal_.open()) journal_.push([this, key, index, old = value] { map_.at(key)[index] = old; });
        return value;
    }
    // The whole list to be changed. An open journal copies it whole: for what corrections do, and not for every day.
    std::vector<Value>& edit_all(const Key& key) {
        std::vector<Value>& list = map_[key];
        if (journal_.open()) journal_.push([this, key, old = list] { map_[key] = old; });
        return list;
    }
    [[nodiscard]] const std::unordered_map<Key, std::vector<Value>, Hash>& all() const { return map_; }

private:
    Journal& journal_;
    std::unordered_map<Key, std::vector<Value>, Hash> map_;
};

// A vector of entries named by their index. Erased slots are used again, the last erased first, so that equal
// histories give equal slots. Slot 0 is never given out: 0 means "none".
template <class Value>
class Slots {
public:
    explicit Slots(Journal& journal) : journal_(journal) { values_.emplace_back(); }

    [[nodiscard]] const Value& operator[](std::uint32_t slot) const { return values_[slot]; }
    Value& edit(std::uint32_t slot) {
        DAYBOOK_ASSERT(slot != 0 && slot < values_.size());
        if (journal_.open() && remembered_.first(journal_, slot)) {
            journal_.push([this, slot, old = values_[slot]] { values_[slot] = old; });
        }
        return values_[slot];
    }
    std::uint32_t add(Value value) {
        std::uint32_t slot = 0;
        if (free_.empty()) {
            slot = static_cast<std::uint32_t>(values_.size());
            values_.push_back(std::move(value));
            if (journal_.open()) journal_.push([this] { values_.pop_back(); });
        } else {
            slot = free_.back();
            free_.pop_back();
            if (journal_.open()) {
                journal_.push([this, slot] {
                    values_[slot] = Value{};
                    free_.push_back(slot);
                });
            }
            values_[slot] = std::move(value);
        }
        return slot;
    }
    void erase(std::uint32_t slot) {
        if (journal_.open()) {
            journal_.push([this, slot, old = values_[slot]] {
                values_[slot] = old;
                free_.pop_back();
            });
        }
        values_[slot] = Value{};
        free_.push_back(slot);
    }
    // For saving and loading: every slot, the unused ones among them, and the order in which they will be used again.
    std::vector<Value>& raw_values() { return values_; }
    std::vector<std::uint32_t>& raw_free() { return free_; }
    [[nodiscard]] const std::vector<Value>& raw_values() const { return values_; }
    [[nodiscard]] const std::vector<std::uint32_t>& raw_free() const { return free_; }

private:
    Journal& journal_;
    std::vector<Value> values_;
    std::vector<std::uint32_t> free_;
    Remembered<std::uint32_t> remembered_;
};

}  // namespace daybook::custody
