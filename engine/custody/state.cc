#include "engine/custody/state.h"

#include <algorithm>

#include "engine/base/assert.h"
#include "engine/custody/decide.h"

namespace daybook::custody {

// ---- Names ----

std::uint32_t Names::add(std::string_view text) {
    const auto it = index_.find(text);
    if (it != index_.end()) return it->second;
    const auto index = static_cast<std::uint32_t>(texts_.size());
    index_.emplace(texts_.emplace_back(text), index);
    return index;
}

std::uint32_t Names::find(std::string_view text) const {
    const auto it = index_.find(text);
    return it == index_.end() ? 0 : it->second;
}

// ---- Items ----

namespace {
void bring_lines_near(const void* object, std::size_t bytes) {
    for (std::size_t offset = 0; offset < bytes; offset += 64) {
        __builtin_prefetch(static_cast<const char*>(object) + offset, 1);
    }
}

std::uint32_t hash_of(const ItemId& id) {
    const auto hash = static_cast<std::uint64_t>(UuidHash{}(id));
    return static_cast<std::uint32_t>(hash >> 32 ^ hash);
}
}  // namespace

std::uint32_t Items::slot(const ItemId& id) const {
    if (index_.empty()) return 0;
    const std::uint32_t hash = hash_of(id);
    const std::size_t mask = index_.size() - 1;
    for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
        const Entry& entry = index_[at];
        if (entry.slot == 0) return 0;
        if (entry.hash == hash && at_slot(entry.slot).id == id) return entry.slot;
    }
}

std::uint32_t Items::likely_slot(const ItemId& id) const {
    if (index_.empty()) return 0;
    const std::uint32_t hash = hash_of(id);
    const std::size_t mask = index_.size() - 1;
    for (std::size_t at = hash & mask; index_[at].slot != 0; at = (at + 1) & mask) {
        if (index_[at].hash == hash) return index_[at].slot;
    }
    return 0;
}

void Items::prefetch_place(const ItemId& id) const {
    if (!index_.empty()) __builtin_prefetch(&index_[hash_of(id) & (index_.size() - 1)]);
}

void Items::prefetch_piece(const ItemId& id) const {
    const std::uint32_t at = likely_slot(id);
    if (at == 0) return;
    bring_lines_near(&at_slot(at), sizeof(Item));
    __builtin_prefetch(&links_[at], 1);
}

void Items::prefetch_neighbours(std::uint32_t at) const {
    __builtin_prefetch(&links_[links_[at].next], 1);
    __builtin_prefetch(&links_[links_[at].prev], 1);
}

std::uint32_t Items::add(const Item& item) {
    if ((std::size_t{count_} + 1) * 4 > index_.size() * 3) grow();
    const std::uint32_t at = count_ + 1;
    if (at / kChunk == chunks_.size()) chunks_.push_back(std::make_unique<Cell[]>(kChunk));
    count_ = at;
    at_slot(at) = item;
    links_.push_back({});
    insert({hash_of(item.id), at});
    if (journal_.open()) journal_.push([this] { drop_last(); });
    return at;
}

void Items::remember(std::uint32_t at) {
    DAYBOOK_ASSERT(at != 0 && at <= count_);
    if (!remembered_.first(journal_, at)) return;
    journal_.push([this, at, old = at_slot(at)] { at_slot(at) = old; });
}

void Items::remember_links(std::uint32_t at) {
    DAYBOOK_ASSERT(at != 0 && at <= count_);
    if (!remembered_links_.first(journal_, at)) return;
    journal_.push([this, at, old = links_[at]] { links_[at] = old; });
}

void Items::insert(Entry entry) {
    const std::size_t mask = index_.size() - 1;
    std::size_t at = entry.hash & mask;
    while (index_[at].slot != 0) at = (at + 1) & mask;
    index_[at] = entry;
}

// Entries go in by slot here too, so that the newest always stands behind all that it met, and drop_last may free its
// place without closing a gap.
void Items::grow() {
    std::vector<Entry> old(std::max<std::size_t>(64, index_.size() * 2));
    old.swap(index_);
    std::vector<std::uint32_t> hashes(std::size_t{count_} + 1);
    for (const Entry& entry : old) hashes[entry.slot] = entry.hash;
    for (std::uint32_t at = 1; at <= count_; ++at) insert({hashes[at], at});
}

void Items::drop_last() {
    const std::size_t mask = index_.size() - 1;
    std::size_t at = hash_of(at_slot(count_).id) & mask;
    while (index_[at].slot != count_) at = (at + 1) & mask;
    index_[at] = {};
    at_slot(count_) = Item{};
    links_.pop_back();
    --count_;
}

// ---- OpenIndex ----

std::uint32_t OpenIndex::hash_of(const ObligationRef& ref) {
    const auto hash = static_cast<std::uint64_t>(UuidHash{}(ref.id) ^ UuidHash{}(ref.item) * 31 ^
                                                 static_cast<std::size_t>(ref.kind));
    return static_cast<std::uint32_t>(hash >> 32 ^ hash);
}

std::uint32_t OpenIndex::find(const ObligationRef& ref) const {
    if (index_.empty()) return 0;
    const std::uint32_t hash = hash_of(ref);
    const std::size_t mask = index_.size() - 1;
    for (std::size_t at = hash & mask; index_[at].slot != 0; at = (at + 1) & mask) {
        if (index_[at].hash == hash && obligations_[index_[at].slot].ref == ref) return index_[at].slot;
    }
    return 0;
}

void OpenIndex::add(std::uint32_t slot) {
    const Entry entry{hash_of(obligations_[slot].ref), slot};
    insert(entry);
    if (journal_.open()) journal_.push([this, entry] { remove(entry); });
}

void OpenIndex::erase(std::uint32_t slot) {
    const Entry entry{hash_of(obligations_[slot].ref), slot};
    remove(entry);
    if (journal_.open()) journal_.push([this, entry] { insert(entry); });
}

void OpenIndex::insert(Entry entry) {
    if ((std::size_t{count_} + 1) * 4 > index_.size() * 3) grow();
    const std::size_t mask = index_.size() - 1;
    std::size_t at = entry.hash & mask;
    while (index_[at].slot != 0) at = (at + 1) & mask;
    index_[at] = entry;
    ++count_;
}

// Closes the gap: whatever stands behind it and belongs at or before it moves up (Knuth, TAOCP 3, 6.4, algorithm R).
void OpenIndex::remove(Entry entry) {
    const std::size_t mask = index_.size() - 1;
    std::size_t gap = entry.hash & mask;
    while (index_[gap].slot != entry.slot) {
        DAYBOOK_ASSERT(index_[gap].slot != 0);
        gap = (gap + 1) & mask;
    }
    for (std::size_t at = (gap + 1) & mask; index_[at].slot != 0; at = (at + 1) & mask) {
        const std::size_t from_home = (at - index_[at].hash) & mask;
        if (from_home < ((at - gap) & mask)) continue;
        index_[gap] = index_[at];
        gap = at;
    }
    index_[gap] = {};
    --count_;
}

void OpenIndex::grow() {
    std::vector<Entry> old(std::max<std::size_t>(64, index_.size() * 2));
    old.swap(index_);
    count_ = 0;
    for (const Entry& entry : old) {
        if (entry.slot != 0) insert(entry);
    }
}

// ---- Books ----

bool Books::holds_role(Principal who, Role role, SiteId site, Micros at) const {
    const auto* intervals = roles.find(who);
    if (intervals == nullptr) return false;
    // The newest word counts: a grant after a revocation, or the other way round.
    for (auto it = intervals->rbegin(); it != intervals->rend(); ++it) {
        if (it->role == role && (it->site == 0 || it->site == site) && it->when.contains(at)) return it->granted;
    }
    return false;
}

const PolicyValue* Books::policy(std::string_view key, SiteId site, Micros at) const {
    if (policies.size() == 0) return nullptr;
    const std::uint32_t name = names.find(key);
    if (name == 0) return nullptr;
    for (const SiteId scope : {site, SiteId{0}}) {
        const auto* entries = policies.find({scope, name});
        if (entries == nullptr) continue;
        const auto after = std::upper_bound(entries->begin(), entries->end(), at,
                                            [](Micros when, const PolicyEntry& entry) { return when < entry.from; });
        if (after != entries->begin()) return &std::prev(after)->value;
    }
    return nullptr;
}

const Session* Books::session(SiteId site, Micros at, Position place) const {
    const auto& all = sessions.of(site);
    const std::pair key(at, place);
    const auto it = std::find_if(all.rbegin(), all.rend(), [&key](const Session& session) {
        return !session.is_void() && std::pair(session.open.from, session.opened_place) <= key;
    });
    if (it == all.rend()) return nullptr;
    return it->open.to == 0 || key < std::pair(it->open.to, it->closed_place) ? &*it : nullptr;
}

const Session* Books::unclosed_session(SiteId site, Micros at) const {
    const auto& all = sessions.of(site);
    const auto it = std::find_if(all.rbegin(), all.rend(), [at](const Session& session) {
        return !session.is_void() && session.open.from <= at && session.open.to == 0;
    });
    return it == all.rend() ? nullptr : &*it;
}

const Party* Books::party(PartyId id) const {
    const auto* found = parties.find(id);
    return found == nullptr || found->empty() ? nullptr : &found->back();
}

bool Books::is_effective(Position event) const {
    const Corrected* found = corrected.find(event);
    if (found == nullptr) return true;
    if (found->by != kNoPosition) return false;
    const Corrected* declaration = found->declaration == kNoPosition ? nullptr : corrected.find(found->declaration);
    return declaration == nullptr || declaration->by == kNoPosition;
}

const Obligation* Books::find_open(const ObligationRef& ref) const {
    const std::uint32_t slot = open.find(ref);
    return slot == 0 ? nullptr : &obligations[slot];
}

void bring_near(const Books& books, const Command& command, Nearness step) {
    // A command of many pieces is long enough to hide its own misses: only the first few are asked for.
    constexpr std::size_t kLines = 4;
    const std::size_t lines = std::min(command.lines.size(), kLines);
    if (step == Nearness::kPlace && !command.obligation.empty()) books.open.prefetch({command.obligation, {}, {}});
    for (std::size_t i = 0; i < lines; ++i) {
        const ItemId& id = command.lines[i].item;
        if (step == Nearness::kPlace) {
            books.items.prefetch_place(id);
            continue;
        }
        if (step == Nearness::kPiece) {
            books.items.prefetch_piece(id);
            continue;
        }
        const std::uint32_t slot = books.items.likely_slot(id);
        if (slot == 0) continue;
        const std::uint32_t hold = books.items[slot].hold;
        if (step == Nearness::kHold) {
            books.items.prefetch_neighbours(slot);
            if (hold != 0) bring_lines_near(&books.obligations[hold], sizeof(Obligation));
        } else if (hold != 0) {
            books.open.prefetch(books.obligations[hold].ref);
        }
    }
}

ObligationRef opened_discrepancy(const Command& command, const ItemId& item) {
    const bool each = command.type == EventType::kDeclaredMissing || command.lines.size() > 1;
    return {command.obligation, DifferenceKind::kUnspecified, each ? item : ItemId{}};
}

}  // namespace daybook::custody
