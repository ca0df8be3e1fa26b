#include "projections/store/layer.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>

#include "engine/base/assert.h"
#include "engine/base/bytes.h"
#include "projections/store/encoding.h"

namespace daybook::projections {
namespace {

constexpr std::size_t kFirstIndexSlots = 64;
constexpr std::uint32_t kRoomFrom = 32;            // entries of a group, before it has room of its own, …
constexpr std::size_t kRoomBytesMax = 16u << 10;  // … which is as large as the group until then, and at most this

__extension__ using Wide = unsigned __int128;  // GCC's and clang's; not in ISO C++

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
    const auto product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// Eight bytes at a time, a multiplication each. Nothing that is stored depends on it.
std::uint64_t hash_of(std::string_view key) {
    constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15ULL;
    std::uint64_t hash = key.size() * kOdd;
    std::uint64_t word = 0;
    if (key.size() < 8) {
        for (const char byte : key) word = word << 8 | static_cast<unsigned char>(byte);
        return mix(hash ^ word, kOdd);
    }
    for (std::size_t at = 0; at + 8 < key.size(); at += 8) {
        std::memcpy(&word, key.data() + at, 8);
        hash = mix(hash ^ word, 0xd6e8feb86659fd93ULL);
    }
    std::memcpy(&word, key.data() + key.size() - 8, 8);  // the rest, with some of what was there already
    return mix(hash ^ word, kOdd);
}

}  // namespace

std::unique_ptr<char[]> ChunkPool::take() {
    {
        const std::lock_guard lock(mutex_);
        if (!free_.empty()) {
            auto chunk = std::move(free_.back());
            free_.pop_back();
            return chunk;
        }
    }
    return std::make_unique_for_overwrite<char[]>(kChunkBytes);
}

void ChunkPool::give(std::vector<std::unique_ptr<char[]>>& chunks) {
    const std::lock_guard lock(mutex_);
    for (auto& chunk : chunks) {
        if (free_.size() < kKeptMax) free_.push_back(std::move(chunk));
    }
    chunks.clear();
}

Layer::Layer(Position from, std::shared_ptr<ChunkPool> pool, const Layer* like)
    : from_(from), pool_(pool ? std::move(pool) : std::make_shared<ChunkPool>()) {
    for (std::size_t table = 0; like != nullptr && table < kTableCount; ++table) {
        const Index* index = like->tables_[table].index.load(std::memory_order_relaxed);
        if (index != nullptr) make_index(tables_[table], index->size);
    }
}
Layer::~Layer() { pool_->give(chunks_); }

char* Layer::allocate(std::size_t size) {
    size = (size + 7) / 8 * 8;
    if (size > ChunkPool::kChunkBytes / 4) {
        large_chunks_.push_back(std::make_unique_for_overwrite<char[]>(size));
        bytes_ += size;
        return large_chunks_.back().get();
    }
    if (size > free_size_) {
        chunks_.push_back(pool_->take());
        free_ = chunks_.back().get();
        free_size_ = ChunkPool::kChunkBytes;
        bytes_ += free_size_;
    }
    char* at = free_;
    free_ += size;
    free_size_ -= size;
    return at;
}

char* Layer::allocate_in(Group& group, std::size_t size) {
    if (group.entries < kRoomFrom) return allocate(size);
    size = (size + 7) / 8 * 8;
    if (group.room == nullptr) group.room = new (allocate(sizeof(Group::Room))) Group::Room;
    Group::Room& room = *group.room;
    if (size > room.left) {
        const std::size_t wanted = std::min(std::size_t{group.entries} * 64, kRoomBytesMax);
        if (size > wanted) return allocate(size);
        room = {allocate(wanted), wanted};
    }
    char* at = room.free;
    room.free += size;
    room.left -= size;
    return at;
}

std::uint32_t Layer::mark(Position events) const {
    if (events <= from_) return 0;
    return static_cast<std::uint32_t>(std::min<Position>(events - from_, std::numeric_limits<std::uint32_t>::max()));
}

// Addresses of a process take 48 bits on the machines that this runs on; that the others are 0 is checked.
Layer::Place::Place(const Group* group, std::uint64_t hash)
    : bits_(reinterpret_cast<std::uintptr_t>(group) | hash >> kTagShift << kTagShift) {
    DAYBOOK_ASSERT(reinterpret_cast<std::uintptr_t>(group) >> kTagShift == 0);
}

Group* Layer::Place::group() const {
    return reinterpret_cast<Group*>(bits_ & ((std::uint64_t{1} << kTagShift) - 1));  // NOLINT: see Place()
}

void Layer::make_index(TableState& state, std::size_t size) {
    auto index = std::make_unique<Index>();
    index->size = size;
    index->slots = std::make_unique<std::atomic<Place>[]>(size);
    bytes_ += size * sizeof(std::atomic<Place>);
    state.index.store(index.get(), std::memory_order_release);
    state.all.push_back(std::move(index));
}

void Layer::grow(TableState& state) {
    const Index* old = state.index.load(std::memory_order_relaxed);
    if (old == nullptr) return make_index(state, kFirstIndexSlots);
    auto index = std::make_unique<Index>();
    index->size = old->size * 2;
    index->slots = std::make_unique<std::atomic<Place>[]>(index->size);
    bytes_ += index->size * sizeof(std::atomic<Place>);
    for (std::size_t i = 0; i < old->size; ++i) {
        const Place place = old->slots[i].load(std::memory_order_relaxed);
        if (place.empty()) continue;
        std::size_t slot = place.group()->hash & (index->size - 1);
        while (!index->slots[slot].load(std::memory_order_relaxed).empty()) slot = (slot + 1) & (index->size - 1);
        index->slots[slot].store(place, std::memory_order_relaxed);
    }
    state.index.store(index.get(), std::memory_order_release);
    state.all.push_back(std::move(index));
}

void Layer::near(Table table, std::string_view key) const {
    const Index* index = state_of(table).index.load(std::memory_order_relaxed);
    if (index != nullptr) __builtin_prefetch(&index->slots[hash_of(key) & (index->size - 1)], 1);
}

void Layer::touch(Table table, std::string_view key) const {
    const Index* index = state_of(table).index.load(std::memory_order_relaxed);
    if (index == nullptr) return;
    const std::uint64_t hash = hash_of(key);
    const Place place = index->slots[hash & (index->size - 1)].load(std::memory_order_relaxed);
    if (!place.empty() && place.may_be(hash)) __builtin_prefetch(place.group(), 1);
}

Group& Layer::group_for(Table table, std::string_view key) {
    TableState& state = state_of(table);
    if (state.last != nullptr && state.last->key() == key) return *state.last;
    const std::uint64_t hash = hash_of(key);
    const Index* index = state.index.load(std::memory_order_relaxed);
    if (index == nullptr || (state.count + 1) * 4 > index->size * 3) {
        grow(state);
        index = state.index.load(std::memory_order_relaxed);
    }
    std::size_t slot = hash & (index->size - 1);
    for (;; slot = (slot + 1) & (index->size - 1)) {
        const Place place = index->slots[slot].load(std::memory_order_relaxed);
        if (place.empty()) break;
        if (!place.may_be(hash)) continue;
        Group* group = place.group();
        if (group->hash == hash && group->key() == key) return *(state.last = group);
    }
    char* at = allocate(sizeof(Group) + key.size());
    auto* group = new (at) Group;
    group->hash = hash;
    group->key_size = static_cast<std::uint32_t>(key.size());
    std::memcpy(at + sizeof(Group), key.data(), key.size());
    index->slots[slot].store(Place(group, hash), std::memory_order_release);
    ++state.count;
    state.last = group;
    return *group;
}

void Layer::link(Table table, Group& group, std::string_view suffix, std::string_view value, std::uint32_t at,
                 Entry::Kind kind) {
    DAYBOOK_ASSERT(suffix.size() <= std::numeric_limits<std::uint16_t>::max());
    char* bytes = allocate_in(group, sizeof(Entry) + suffix.size() + value.size());
    ++group.entries;
    auto* entry = new (bytes) Entry;
    entry->at = at;
    entry->value_size = static_cast<std::uint32_t>(value.size());
    entry->suffix_size = static_cast<std::uint16_t>(suffix.size());
    entry->kind = kind;
    bytes += sizeof(Entry);
    if (!suffix.empty()) std::memcpy(bytes, suffix.data(), suffix.size());
    if (!value.empty()) std::memcpy(bytes + suffix.size(), value.data(), value.size());
    std::atomic<const Entry*>& newest = group.newest[info(table).share()];
    entry->older = newest.load(std::memory_order_relaxed);
    newest.store(entry, std::memory_order_release);
}

void Layer::put(Table table, std::string_view group, std::string_view suffix, std::string_view value, Position events,
                Entry::Kind kind) {
    link(table, group_for(table, group), suffix, value, mark(events), kind);
}

void Layer::erase(Table table, std::string_view group, std::string_view suffix, Position events) {
    link(table, group_for(table, group), suffix, {}, mark(events), Entry::Kind::kErased);
}

void Layer::append(Table table, std::string_view group, std::string_view entry, Position position) {
    link(table, group_for(table, group), {}, entry, mark(position + 1), Entry::Kind::kPut);
}

void Layer::append(Table table, Group& group, std::string_view entry, Position position) {
    link(table, group, {}, entry, mark(position + 1), Entry::Kind::kPut);
}

const Group* Layer::group(Table table, std::string_view key) const {
    const Index* index = state_of(table).index.load(std::memory_order_acquire);
    if (index == nullptr) return nullptr;
    const std::uint64_t hash = hash_of(key);
    for (std::size_t slot = hash & (index->size - 1);; slot = (slot + 1) & (index->size - 1)) {
        const Place place = index->slots[slot].load(std::memory_order_acquire);
        if (place.empty()) return nullptr;
        if (!place.may_be(hash)) continue;
        const Group* group = place.group();
        if (group->hash == hash && group->key() == key) return group;
    }
}

const Entry* Layer::find(Table table, std::string_view group_key, std::string_view suffix, Position events) const {
    const Group* found = group(table, group_key);
    if (found == nullptr) return nullptr;
    const std::uint32_t limit = mark(events);
    const std::atomic<const Entry*>& newest = found->newest[info(table).share()];
    for (const Entry* entry = newest.load(std::memory_order_acquire); entry != nullptr; entry = entry->older) {
        if (entry->at <= limit && entry->suffix() == suffix) return entry;
    }
    return nullptr;
}

std::vector<const Group*> Layer::groups(Table table) const {
    std::vector<const Group*> all;
    const Index* index = state_of(table).index.load(std::memory_order_acquire);
    for (std::size_t i = 0; index != nullptr && i < index->size; ++i) {
        const Place place = index->slots[i].load(std::memory_order_acquire);
        if (!place.empty()) all.push_back(place.group());
    }
    return all;
}

// ---- LayerStream ----

namespace {

// The first eight bytes, in the order of the bytes: they decide nearly every comparison without reading the rest.
std::uint64_t head_of(std::string_view key) {
    char head[8] = {};
    std::memcpy(head, key.data(), std::min<std::size_t>(8, key.size()));
    return get_be64(head);
}

// How many groups or rows ahead memory is asked for while a layer is read in the order of its keys, which is none in
// memory.
constexpr std::size_t kAhead = 8;

}  // namespace

std::string end_of_prefix(std::string_view prefix) {
    std::string end(prefix);
    while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xff) end.pop_back();
    if (!end.empty()) end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
    return end;
}

LayerStream::LayerStream(const Layer& layer, Table table, Position events, std::string_view lower,
                         std::string_view upper)
    : layer_(layer), table_(info(table)), mark_(layer.mark(events)), lower_(lower), upper_(upper) {
    take_groups();
}

void LayerStream::take_groups() {
    const std::size_t size = table_.group_bytes;
    if (size > 0 && lower_.size() >= size && !upper_.empty()) {
        const std::string_view only = std::string_view(lower_).substr(0, size);
        const std::string end = end_of_prefix(only);
        if (end.empty() || upper_ <= end) {
            if (const Group* group = layer_.group(table_.table, only)) groups_.push_back(group);
            return;
        }
    }
    std::vector<std::pair<std::uint64_t, const Group*>> sorted;
    const std::vector<const Group*> all = layer_.groups(table_.table);
    sorted.reserve(all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (i + kAhead < all.size()) __builtin_prefetch(all[i + kAhead]);
        const Group* group = all[i];
        const std::string_view key = group->key();
        if (!upper_.empty() && key >= upper_) continue;
        if (!lower_.empty() && key < std::string_view(lower_).substr(0, key.size())) continue;
        sorted.emplace_back(head_of(key), group);
    }
    std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
        return a.first != b.first ? a.first < b.first : a.second->key() < b.second->key();
    });
    groups_.reserve(sorted.size());
    for (const auto& [head, group] : sorted) groups_.push_back(group);
}

void LayerStream::take_rows(const Group& group) {
    const std::atomic<const Entry*>& newest = group.newest[table_.share()];
    for (const Entry* entry = newest.load(std::memory_order_acquire); entry != nullptr; entry = entry->older) {
        if (entry->at <= mark_) entries_.push_back(entry);
    }
    if (table_.kind == TableKind::kLists) {
        std::reverse(entries_.begin(), entries_.end());
        return;
    }
    take_newest_of_each_suffix();
}

std::strong_ordering LayerStream::order(const Ranked& a, const Ranked& b) {
    if (a.first != b.first) return a.first <=> b.first;
    if (a.second != b.second) return a.second <=> b.second;
    constexpr std::size_t kRanked = 2 * sizeof(std::uint64_t);
    if (a.suffix_size == b.suffix_size && a.suffix_size <= kRanked) return std::strong_ordering::equal;
    return a.entry->suffix() <=> b.entry->suffix();
}

// The newest of each suffix counts; the oldest tells whether the key was new. Sorting the entries themselves, wherever
// they lie, was half of the time of writing a run: an account has as many as there were moves.
void LayerStream::take_newest_of_each_suffix() {
    ranked_.clear();
    for (const Entry* entry : entries_) {
        const std::string_view suffix = entry->suffix();
        ranked_.push_back({head_of(suffix), suffix.size() > 8 ? head_of(suffix.substr(8)) : 0, entry,
                           static_cast<std::uint32_t>(ranked_.size()), entry->suffix_size, entry->kind});
    }
    if (table_.group_bytes > 0) {  // else every entry has the same, empty suffix
        std::sort(ranked_.begin(), ranked_.end(), [](const Ranked& a, const Ranked& b) {
            const auto by_suffix = order(a, b);
            return by_suffix != std::strong_ordering::equal ? by_suffix < 0 : a.age < b.age;
        });
    }
    entries_.clear();
    for (std::size_t i = 0; i < ranked_.size();) {
        std::size_t end = i + 1;
        while (end < ranked_.size() && order(ranked_[end], ranked_[i]) == std::strong_ordering::equal) ++end;
        const bool vanished = ranked_[i].kind == Entry::Kind::kErased && ranked_[end - 1].kind == Entry::Kind::kFresh;
        if (!vanished) entries_.push_back(ranked_[i].entry);
        i = end;
    }
}

// Half the way ahead the group itself has come: its newest entry can be asked for.
void LayerStream::ask_for_next_groups() const {
    if (next_group_ + kAhead < groups_.size()) __builtin_prefetch(groups_[next_group_ + kAhead]);
    if (next_group_ + kAhead / 2 < groups_.size()) {
        __builtin_prefetch(groups_[next_group_ + kAhead / 2]->newest[table_.share()].load(std::memory_order_relaxed));
    }
}

void LayerStream::enter(const Group& group) {
    group_ = &group;
    entries_.clear();
    next_entry_ = 0;
    take_rows(group);
}

bool LayerStream::next() {
    while (true) {
        if (group_ != nullptr && next_entry_ < entries_.size()) {
            if (table_.kind == TableKind::kLists) return next_chunk();
            if (next_row()) return true;
            continue;
        }
        if (next_group_ == groups_.size()) return false;
        ask_for_next_groups();
        enter(*groups_[next_group_++]);
    }
}

bool LayerStream::next_row() {
    if (next_entry_ + kAhead < entries_.size()) __builtin_prefetch(entries_[next_entry_ + kAhead]);
    const Entry& entry = *entries_[next_entry_++];
    key_.assign(group_->key());
    key_.append(entry.suffix());
    if (key_ < lower_ || (!upper_.empty() && key_ >= upper_)) return false;
    value_ = entry.value();
    erased_ = entry.kind == Entry::Kind::kErased;
    return true;
}

bool LayerStream::next_chunk() {
    const Position first = layer_.position_of(*entries_[next_entry_]);
    key_.assign(group_->key());
    append_be64(key_, first);
    chunk_.clear();
    for (; next_entry_ < entries_.size(); ++next_entry_) {
        const Entry& entry = *entries_[next_entry_];
        const Position position = layer_.position_of(entry);
        // Two chunks of one list must differ in their first position: an event's entries stay together.
        const bool full = chunk_.size() >= kChunkBytesMax && position != layer_.position_of(*entries_[next_entry_ - 1]);
        if (full) break;
        put_number(chunk_, position - first);
        put_text(chunk_, entry.value());
    }
    value_ = chunk_;
    erased_ = false;
    return true;
}

}  // namespace daybook::projections
