// The books as bytes: the pieces one by one, and everything else in one text. What follows from other things (which
// pieces are in an account, how many, worth what; memo sums; where an open obligation stands) is not saved but made
// again while loading.
#include <algorithm>
#include <array>
#include <variant>

#include "engine/custody/internal/applier.h"
#include "engine/custody/internal/archive.h"

namespace daybook::custody {

// ---- One function for each struct. Not in an unnamed namespace, where Writer and Reader would not find them. ----

template <class A>
void fields(A& ar, Like<AccountId> auto& v) {
    ar(v.named, v.kind, v.site, v.name);
}
template <class A>
void fields(A& ar, Like<Money> auto& v) {
    ar(v.minor, v.currency);
}
template <class A>
void fields(A& ar, Like<Owner> auto& v) {
    ar(v.kind, v.id);
}
template <class A>
void fields(A& ar, Like<Interval> auto& v) {
    ar(v.from, v.to);
}
template <class A>
void fields(A& ar, Like<ObligationRef> auto& v) {
    ar(v.id, v.kind, v.item);
}
template <class A>
void fields(A& ar, Like<KeyOfLeg> auto& v) {
    ar(v.at, v.place, v.by);
}
template <class A>
void fields(A& ar, Like<EndLegs> auto& v) {
    for (auto& leg : v.legs) ar(leg);
}
template <class A>
void fields(A& ar, Like<OpenTime> auto& v) {
    ar(v.from, v.to, v.opened_by, v.opened_place, v.closed_by, v.closed_place, v.insured_limit_minor, v.capacity,
       v.sellable, v.night_empty, v.first_legs, v.last_legs);
}
template <class A>
void fields(A& ar, Like<Custody> auto& v) {
    ar(v.at, v.by, v.custodian);
}
template <class A>
void fields(A& ar, Like<Account> auto& v) {
    ar(v.opened, v.insured_limit_minor, v.capacity, v.sellable, v.night_empty, v.custodian, v.custodians, v.last_leg_at,
       v.fence, v.counted_by, v.counted_at, v.counts, v.older_counts);
}
template <class A>
void fields(A& ar, Like<Obligation> auto& v) {
    ar(v.ref, v.kind, v.opened_by, v.opened_at, v.due_at, v.site, v.responsible, v.party, v.document, v.lines,
       v.open_lines, v.carrier, v.origin, v.to_site, v.to_account, v.purpose, v.memo_purpose, v.difference, v.item,
       v.by_declared_missing);
}
template <class A>
void fields(A& ar, Like<Parcel> auto& v) {
    ar(v.sscc, v.seal, v.for_party, v.request, v.packed_by, v.pieces, v.insured_minor);
}
template <class A>
void fields(A& ar, Like<Session> auto& v) {
    ar(v.open, v.opened_by, v.opened_place, v.obligation, v.closed_by, v.closed_place, v.closing_count, v.opener,
       v.legs, v.first_leg, v.last_leg);
}
template <class A>
void fields(A& ar, Like<AttestedCount> auto& v) {
    ar(v.id, v.at, v.by);
}
template <class A>
void fields(A& ar, Like<DayEnd> auto& v) {
    ar(v.at, v.by, v.closing_count);
}
template <class A>
void fields(A& ar, Like<CountOfAccount> auto& v) {
    ar(v.id, v.opened_at, v.attested_at, v.by);
}
template <class A>
void fields(A& ar, Like<LegsKey> auto& v) {
    ar(v.site, v.number);
}
template <class A>
void fields(A& ar, Like<Site> auto& v) {
    ar(v.newest_at, v.newest_session_at, v.counts, v.ended, v.legs_begin, v.legs_end, v.night_empty);
}
template <class A>
void fields(A& ar, Like<Sighting> auto& v) {
    ar(v.item, v.account);
}
template <class A>
void fields(A& ar, Like<CountMove> auto& v) {
    ar(v.item, v.from, v.to, v.book, v.by);
}
template <class A>
void fields(A& ar, Like<Count> auto& v) {
    ar(v.kind, v.site, v.counter, v.accounts, v.cut, v.opened_at, v.sightings, v.scans, v.ended_by);
}
template <class A>
void fields(A& ar, Like<RoleInterval> auto& v) {
    ar(v.role, v.site, v.granted, v.when, v.by);
}
template <class A>
void fields(A& ar, Like<LocalTime> auto& v) {
    ar(v.minute_of_day, v.offset_minutes);
}
template <class A>
void fields(A& ar, Like<DocRule> auto& v) {
    ar(v.from, v.to, v.when, v.types);
}
template <class A>
void fields(A& ar, Like<Party> auto& v) {
    ar(v.kind, v.country, v.by);
}
template <class A>
void fields(A& ar, Like<Supply> auto& v) {
    ar(v.sku, v.unit, v.reorder_point, v.reorder_quantity, v.by);
}
template <class A>
void fields(A& ar, Like<SupplyKey> auto& v) {
    ar(v.account, v.supply);
}
template <class A>
void fields(A& ar, Like<SupplyBalance> auto& v) {
    ar(v.quantity, v.measure, v.last_at);
}
template <class A>
void fields(A& ar, Like<SupplyLeg> auto& v) {
    ar(v.at, v.by, v.quantity, v.measure);
}
template <class A>
void fields(A& ar, Like<Request> auto& v) {
    ar(v.approved, v.site, v.purpose, v.by);
}
template <class A>
void fields(A& ar, Like<Rejected> auto& v) {
    ar(v.request, v.by);
}
template <class A>
void fields(A& ar, Like<Cleared> auto& v) {
    ar(v.raised, v.by);
}
template <class A>
void fields(A& ar, Like<Override> auto& v) {
    ar(v.allowed_minor, v.from, v.until, v.by);
}
template <class A>
void fields(A& ar, Like<Corrected> auto& v) {
    ar(v.by, v.target, v.declaration);
}
template <class A>
void fields(A& ar, Like<Touched> auto& v) {
    ar(v.first, v.items, v.sites, v.accounts);
}
template <class A>
void fields(A& ar, Like<AttachedDoc> auto& v) {
    ar(v.type, v.number, v.from, v.to);
}
// Without its texts and its place in the account's list.
template <class A>
void fields(A& ar, Like<Item> auto& v) {
    ar(v.id, v.account, v.owner, v.last, v.since_event, v.last_at, v.since, v.insured_minor, v.retail_minor, v.gross_mg,
       v.version, v.hold, v.memo_out, v.repair, v.delivery, v.reservation, v.carnet, v.memo_in, v.disputes, v.parcel,
       v.sold_by, v.put_by, v.flags, v.verdict);
}

namespace {

// The first byte of a saved piece and of the saved rest. A reader knows no other; the read model that keeps these
// bytes is rebuilt from the log then.
constexpr std::uint8_t kSaveFormat = 6;

// ---- Policies: the one value whose texts live in Names ----

template <std::size_t N = 0>
void read_alternative(Reader& reader, std::size_t index, PolicyValue& value) {
    if constexpr (N == std::variant_size_v<PolicyValue>) {
        reader.fail();
    } else if (index != N) {
        read_alternative<N + 1>(reader, index, value);
    } else if constexpr (N != 0) {
        reader(value.emplace<N>());
    }
}

void save_policies(Writer& writer, const Books& books) {
    using Row = std::pair<std::pair<SiteId, std::string_view>, const std::vector<PolicyEntry>*>;
    std::vector<Row> rows;
    for (const auto& [key, entries] : books.policies.all()) {
        rows.push_back({{key.site, books.names.text(key.name)}, &entries});
    }
    std::sort(rows.begin(), rows.end());
    writer(rows.size());
    for (const auto& [key, entries] : rows) {
        writer(key.first, key.second, entries->size());
        for (const PolicyEntry& entry : *entries) {
            writer(entry.from, entry.by, entry.value.index());
            const auto write = [&writer](const auto& value) {
                if constexpr (!std::is_same_v<decltype(value), const std::monostate&>) writer(value);
            };
            std::visit(write, entry.value);
        }
    }
}

void load_policies(Reader& reader, Books& books) {
    for (std::size_t rows = reader.count(); rows != 0; --rows) {
        SiteId site = 0;
        std::string_view name;
        reader(site, name);
        auto& entries = books.policies.edit({site, books.names.add(name)});
        for (std::size_t left = reader.count(); left != 0; --left) {
            PolicyEntry entry;
            std::size_t index = 0;
            reader(entry.from, entry.by, index);
            read_alternative(reader, index, entry.value);
            entry.value = keep_texts(books.names, entry.value);
            entries.push_back(std::move(entry));
        }
    }
}

// ---- Tables and slots ----

template <class Rows, class Wanted>
void save_rows(Writer& writer, const Rows& table, Wanted wanted) {
    using Row = typename std::decay_t<decltype(table.all())>::value_type;
    std::vector<std::pair<std::remove_const_t<typename Row::first_type>, const typename Row::second_type*>> rows;
    for (const auto& [key, value] : table.all()) {
        if (wanted(value)) rows.emplace_back(key, &value);
    }
    std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    writer(rows.size());
    for (const auto& [key, value] : rows) writer(key, *value);
}

template <class Key, class Value, class Hash>
void load_rows(Reader& reader, Table<Key, Value, Hash>& table) {
    for (std::size_t left = reader.count(); left != 0; --left) {
        Key key{};
        reader(key);
        reader(table.edit(key));
    }
}

// One visitor for both directions, as with the structs.
struct SaveTables {
    Writer& writer;
    template <class Key, class Value, class Hash>
    void operator()(const Table<Key, Value, Hash>& table) const {
        save_rows(writer, table, [](const Value& /*value*/) { return true; });
    }
    template <class Key, class Value, class Hash>
    void operator()(const Lists<Key, Value, Hash>& lists) const {
        save_rows(writer, lists, [](const std::vector<Value>& list) { return !list.empty(); });
    }
};
struct LoadTables {
    Reader& reader;
    template <class Key, class Value, class Hash>
    void operator()(Table<Key, Value, Hash>& table) const {
        load_rows(reader, table);
    }
    template <class Key, class Value, class Hash>
    void operator()(Lists<Key, Value, Hash>& lists) const {
        for (std::size_t left = reader.count(); left != 0; --left) {
            Key key{};
            reader(key);
            reader(lists.edit_all(key));
        }
    }
};
template <class Archive>
void plain_tables(const Archive& archive, Like<Books> auto& books) {
    archive(books.disputes);
    archive(books.sites);
    archive(books.sessions);
    archive(books.days);
    archive(books.closing_counts);
    archive(books.counts);
    archive(books.ended_counts);
    archive(books.legs);
    archive(books.roles);
    archive(books.parties);
    archive(books.supplies);
    archive(books.balances);
    archive(books.supply_legs);
    archive(books.requests);
    archive(books.exceptions);
    archive(books.rejected);
    archive(books.cleared);
    archive(books.overrides);
    archive(books.documents);
    archive(books.corrected);
    archive(books.touched);
}

template <class Value>
std::vector<bool> used_slots(const Slots<Value>& slots) {
    std::vector<bool> used(slots.raw_values().size(), true);
    used[0] = false;
    for (const std::uint32_t free : slots.raw_free()) used[free] = false;
    return used;
}

template <class Value>
void save_slots(Writer& writer, const Slots<Value>& slots) {
    const std::vector<bool> used = used_slots(slots);
    writer(static_cast<std::uint32_t>(used.size() - 1), slots.raw_free());
    for (std::size_t slot = 1; slot < used.size(); ++slot) {
        if (used[slot]) writer(slots.raw_values()[slot]);
    }
}

template <class Value>
void load_slots(Reader& reader, Slots<Value>& slots) {
    std::uint32_t count = 0;
    reader(count, slots.raw_free());
    const bool right = std::all_of(slots.raw_free().begin(), slots.raw_free().end(),
                                   [count](std::uint32_t free) { return free != 0 && free <= count; });
    // Every slot is either in the list of the free or has a value, of a byte at least.
    if (reader.failed() || !right || count - std::min<std::size_t>(count, slots.raw_free().size()) > reader.left()) {
        slots.raw_free().clear();
        return reader.fail();
    }
    slots.raw_values().resize(std::size_t{count} + 1);
    const std::vector<bool> used = used_slots(slots);
    for (std::size_t slot = 1; slot <= count; ++slot) {
        if (used[slot]) reader(slots.raw_values()[slot]);
    }
}

bool is_open(const Books& books, std::uint32_t slot) {
    return slot < books.obligations.raw_values().size() && !books.obligations[slot].ref.id.empty();
}

// Makes what was not saved, and sees that what was saved fits together.
bool link_obligations(Books& books) {
    const auto& obligations = books.obligations.raw_values();
    const std::vector<bool> used = used_slots(books.obligations);
    for (std::uint32_t slot = 1; slot < obligations.size(); ++slot) {
        if (!used[slot]) continue;
        const ObligationRef& ref = obligations[slot].ref;
        const bool known = books.open.find(ref) != 0;
        if (ref.id.empty() || obligations[slot].kind == ObligationKind{} || known) return false;
        books.open.add(slot);
    }
    for (const auto& [item, slots] : books.disputes.all()) {
        if (!std::all_of(slots.begin(), slots.end(), [&](std::uint32_t slot) { return is_open(books, slot); })) {
            return false;
        }
    }
    for (const auto& [id, site] : books.sites.all()) {
        for (const ObligationId& count : site.counts) {
            if (books.counts.find(count) == nullptr) return false;
        }
        for (const ObligationId& count : site.ended) {
            if (books.ended_counts.find(count) == nullptr) return false;
        }
        for (std::uint32_t number = site.legs_begin; number != site.legs_end; ++number) {
            if (books.legs.find({id, number}) == nullptr) return false;
        }
    }
    return true;
}

// By their slots; 0 where it names none.
std::array<std::uint32_t, 7> named_obligations(const Item& item) {
    return {item.hold, item.memo_out, item.repair, item.delivery, item.reservation, item.carnet, item.memo_in};
}

// Whether the books have what the piece refers to.
bool fits(const Books& books, const Item& item) {
    if (item.id.empty() || books.items.slot(item.id) != 0) return false;
    if (item.account.empty() || !state_of(item.account.kind) || item.state() == State::kX0) return false;
    if (item.account.must_be_opened()) {
        const Account* account = books.accounts.find(item.account);
        if (account == nullptr || account->opened.empty()) return false;
    }
    for (const std::uint32_t slot : named_obligations(item)) {
        if (slot != 0 && !is_open(books, slot)) return false;
    }
    const auto* disputes = books.disputes.find(item.id);
    if (item.disputes != (disputes == nullptr ? 0 : disputes->size())) return false;
    return item.parcel < books.parcels.raw_values().size();
}

}  // namespace

void save_item(const Names& names, const Item& item, std::string& out) {
    Writer writer(out);
    writer(kSaveFormat, item);
    for (const std::uint32_t name : {item.model, item.collection, item.category, item.metal, item.stone}) {
        writer(names.text(name));
    }
}

Result<SavedItem> read_item(std::string_view bytes) {
    Reader reader(bytes);
    std::uint8_t format = 0;
    reader(format);
    if (!reader.failed() && format != kSaveFormat) {
        return fail(ErrorCode::kNewerFormat, "a saved piece is of format " + std::to_string(format));
    }
    SavedItem saved;
    reader(saved.item, saved.model, saved.collection, saved.category, saved.metal, saved.stone);
    const AccountId& account = saved.item.account;
    if (!reader.done() || saved.item.id.empty() || account.empty() || !state_of(account.kind)) {
        return fail(ErrorCode::kCorrupt, "a saved piece is damaged");
    }
    return saved;
}

Result<void> load_item(Books& books, std::string_view bytes) {
    DAYBOOK_ASSIGN(const Item item, take_item(books, bytes));
    return put_item(books, item);
}

Result<Item> take_item(Books& books, std::string_view bytes) {
    DAYBOOK_ASSIGN(const SavedItem saved, read_item(bytes));
    Item item = saved.item;
    item.model = books.names.add(saved.model);
    item.collection = books.names.add(saved.collection);
    item.category = books.names.add(saved.category);
    item.metal = books.names.add(saved.metal);
    item.stone = books.names.add(saved.stone);
    books.items.prefetch_place(item.id);
    for (const std::uint32_t slot : named_obligations(item)) {
        if (slot != 0) __builtin_prefetch(books.obligations.raw_values().data() + slot);
    }
    return item;
}

Result<void> put_item(Books& books, const Item& item) {
    if (!fits(books, item)) return fail(ErrorCode::kCorrupt, "a saved piece is damaged");
    const std::uint32_t slot = books.items.add(item);
    enter_account(books, slot, {});
    const PartyId memo = memo_party(books, books.items[slot]);
    if (memo != 0) add_to_memo_sum(books, memo, books.items[slot]);
    return {};
}

std::string save_book(const Books& books) {
    std::string out;
    {
        Writer writer(out);
        writer(kSaveFormat, books.entity, books.currency, books.next, books.recorded_at);
        save_slots(writer, books.obligations);
        save_slots(writer, books.parcels);
        save_rows(writer, books.accounts,
                  [](const Account& account) { return !is_known_for_its_pieces_only(account); });
        plain_tables(SaveTables{writer}, books);
        save_policies(writer, books);
    }
    return out;
}

Result<void> load_book(Books& books, std::string_view bytes) {
    DAYBOOK_ASSERT(books.next == 0 && books.items.size() == 0);
    Reader reader(bytes);
    std::uint8_t format = 0;
    reader(format);
    if (!reader.failed() && format != kSaveFormat) {
        return fail(ErrorCode::kNewerFormat, "saved books are of format " + std::to_string(format));
    }
    reader(books.entity, books.currency, books.next, books.recorded_at);
    load_slots(reader, books.obligations);
    load_slots(reader, books.parcels);
    load_rows(reader, books.accounts);
    for (const auto& [id, account] : books.accounts.all()) {
        if (!account.opened.empty()) books.site_accounts.edit(id.site).insert(id);
    }
    plain_tables(LoadTables{reader}, books);
    load_policies(reader, books);
    if (!reader.done() || !link_obligations(books)) return fail(ErrorCode::kCorrupt, "saved books are damaged");
    return {};
}

}  // namespace daybook::custody
