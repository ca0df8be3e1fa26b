// The books: the state that decide() judges by: who holds what, what is open, which rules are in force.
//
// A value built only by apply(), from events in order of position; equal logs give equal states. It carries both
// times. It knows no disk, clock or thread: one thread uses it at a time. Memory: proportional to pieces, accounts and
// open obligations, never to history (sessions, grants and policies excepted, which are few).
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/base/ids.h"
#include "engine/base/time.h"
#include "engine/custody/account.h"
#include "engine/custody/command.h"
#include "engine/custody/event.h"
#include "engine/custody/table.h"

namespace daybook::custody {

// Flags of a piece that events set and clear. RESERVED, SOLD_HELD, CARNET_BOUND and DISPUTED are no flags: they stand
// exactly while an obligation is open.
enum ItemFlag : std::uint8_t {
    kQuarantined = 1,
    kDamaged = 2,
    kRepairDeclined = 4,   // the client declined the repair: fit for release with any verdict
    kSealExcused = 8,      // an exception was recorded on the piece in its present transfer
    kCites = 16,
    kMoreThanRegistered = 32,  // some event other than the registration has a line for it
};

// One piece. Texts are indexes into Names (0: none); obligations and parcel are slots (0: none).
struct Item {
    ItemId id;
    AccountId account;                  // the holder
    Owner owner;                        // title
    Position last = kNoPosition;        // its newest event
    Position since_event = kNoPosition; // the event that put it into its account
    Micros last_at = 0;                 // valid time of its newest event
    Micros since = 0;                   // valid time at which it came into its account
    std::int64_t insured_minor = 0;     // in the entity's currency
    std::int64_t retail_minor = 0;
    std::int64_t gross_mg = 0;
    std::uint32_t version = 0;          // events in the log that have a line for it, sightings excepted
    std::uint32_t model = 0, collection = 0, category = 0, metal = 0, stone = 0;  // Names
    std::uint32_t hold = 0;             // SIGNOUT in D and P, TRANSFER in T, WORKSHOP in W, DISCREPANCY in S
    std::uint32_t memo_out = 0, repair = 0, delivery = 0, reservation = 0, carnet = 0, memo_in = 0;
    std::uint32_t disputes = 0;         // how many other DISCREPANCY are open (Books::disputes names them)
    std::uint32_t parcel = 0;           // in K and T
    EntityId sold_by = 0;               // the entity whose SaleCompleted is its last title leg; 0: none
    SiteId put_by = 0;                  // the site whose event put it where it is
    std::uint8_t flags = 0;             // ItemFlag
    Verdict verdict = Verdict::kNone;   // of the last inspection since it entered R

    [[nodiscard]] State state() const { return *state_of(account.kind); }
    [[nodiscard]] bool has(ItemFlag flag) const { return (flags & flag) != 0; }
};

struct Interval {
    Micros from = 0;
    Micros to = 0;  // exclusive; 0: still open
    [[nodiscard]] bool contains(Micros at) const { return from <= at && (to == 0 || at < to); }
};

// An attested count of an account.
struct CountOfAccount {
    ObligationId id;
    Micros opened_at = 0, attested_at = 0;
    Position by = kNoPosition;  // its CountAttested
};

struct KeyOfLeg {
    Micros at = 0;
    Position place = kNoPosition;
    Position by = kNoPosition;  // its event
    friend auto operator<=>(const KeyOfLeg&, const KeyOfLeg&) = default;
};

// The legs at one end of an interval, from the outside inwards; the rest are empty. Those of events that were corrected
// since stay, so that it is known whether all are listed: what is not lies behind those that are.
struct EndLegs {
    static constexpr std::size_t kMost = 4;
    std::array<KeyOfLeg, kMost> legs{};
};

// When a SITE account was open, from its AccountOpened to its AccountClosed, and how it was opened. The places order
// what happened at one time (domain: 5.4).
struct OpenTime : Interval {
    Position opened_by = kNoPosition, opened_place = kNoPosition;
    Position closed_by = kNoPosition, closed_place = kNoPosition;
    std::optional<std::int64_t> insured_limit_minor;
    std::int64_t capacity = 0;
    bool sellable = true;
    bool night_empty = false;
    EndLegs first_legs, last_legs;  // of pieces, on the account in that time
};
// Who answers for an account from a CustodianChanged on.
struct Custody {
    Micros at = 0;
    Position by = kNoPosition;
    Principal custodian = 0;
};

struct Account {
    std::vector<OpenTime> opened;            // SITE accounts: when it was open, in order
    std::optional<std::int64_t> insured_limit_minor;  // this, and what follows, as it was opened last
    std::int64_t capacity = 0;
    bool sellable = true;
    bool night_empty = false;
    Principal custodian = 0;                 // the last of `custodians` since it was opened; 0: none
    std::vector<Custody> custodians;         // in order
    std::uint32_t pieces = 0;
    std::int64_t insured_minor = 0;          // Σ insured of the pieces in it
    std::uint32_t first = 0;                 // a piece in it: slot of Books::items
    Micros last_leg_at = 0;                  // newest valid time of a leg on it
    Micros fence = 0;                        // greatest CountOpened.occurred_at among its attested counts; 0: none
    ObligationId counted_by;                 // its newest attested count
    Micros counted_at = 0;                   // valid time of that attestation
    // Those of its attested counts that were opened last, from which the three above follow, in the order of their
    // opening; kCountsOfAccount at most. older_counts: there were others.
    std::vector<CountOfAccount> counts;
    bool older_counts = false;
};
inline constexpr std::size_t kCountsOfAccount = 4;

// An obligation names the pieces of its opening event, and is closed when the last of them has left it. Where a
// HandedOver or MemoExtended concerns a piece that was named with others, the piece goes on under {id}:{item}, with its
// own due date and responsible, so that what one person has still out is told from what was handed on.
struct Obligation {
    ObligationRef ref;
    ObligationKind kind{};
    Position opened_by = kNoPosition;
    Micros opened_at = 0;           // valid time
    Micros due_at = 0;              // 0: none
    SiteId site = 0;                // of the opening event
    Principal responsible = 0;      // SIGNOUT: who has it
    PartyId party = 0;              // memo party, workshop, client, vendor, sender; TRANSFER outbound: the receiver
    std::string document;           // memo, carnet, firm order number
    std::uint32_t lines = 0;        // pieces named at the opening; 0: the obligation is the event's own
    std::uint32_t open_lines = 0;
    // TRANSFER:
    PartyId carrier = 0;
    SiteId origin = 0;              // 0: inbound, from outside
    SiteId to_site = 0;             // 0: to an outside account
    AccountId to_account;
    TransferPurpose purpose{};
    MemoPurpose memo_purpose{};
    // DISCREPANCY:
    DifferenceKind difference{};
    ItemId item;                    // empty: about no piece
    bool by_declared_missing = false;
};

// The pieces of one TransferPacked, as long as they are in K or T.
struct Parcel {
    std::string sscc, seal;
    PartyId for_party = 0;
    ObligationId request;
    Position packed_by = kNoPosition;  // its TransferPacked
    std::uint32_t pieces = 0;
    std::int64_t insured_minor = 0;  // Σ insured of its pieces, as they are valued now
};

struct Session {
    Interval open;
    Position opened_by = kNoPosition, opened_place = kNoPosition;
    ObligationId obligation;
    Position closed_by = kNoPosition, closed_place = kNoPosition;
    ObligationId closing_count{};
    Principal opener = 0;
    // The legs on the site's VAULT and COM accounts in it: how many, and between which they lie. What a correction
    // takes back lessens the number; the bounds stay until it is 0.
    std::uint64_t legs = 0;
    KeyOfLeg first_leg{}, last_leg{};
    // Only within a correcting batch: its opening was taken back, and another may take its place.
    [[nodiscard]] bool is_void() const { return opened_by == kNoPosition; }
};
// The end of a day of a site.
struct DayEnd {
    Micros at = 0;
    Position by = kNoPosition;
    ObligationId closing_count{};
};
struct AttestedCount {
    ObligationId id;
    Micros at = 0;
    Position by = kNoPosition;
};
struct Site {
    Micros newest_at = 0;                    // newest valid time of an event of the site
    Micros newest_session_at = 0;            // of a VaultOpened or VaultClosed
    std::vector<ObligationId> counts;           // the open ones, in the order of their opening
    std::vector<ObligationId> ended;            // counts that ended and are kept for corrections, in the order of that
    // The legs from or to its accounts since the first cut of these, in chunks (Books::legs) of these numbers.
    std::uint32_t legs_begin = 0, legs_end = 0;
    std::vector<AccountId> night_empty;         // its open accounts that are to be empty at night, as they were opened
};

struct Sighting {
    ItemId item;
    AccountId account;
    friend auto operator<=>(const Sighting&, const Sighting&) = default;
};
// An open count, or one of the newest that have ended (Site::ended). Its moves are the legs since the cut from or to
// any account of its site, in order; with the present books they give the books at the cut.
struct CountMove {
    ItemId item;
    AccountId from, to;  // both empty: it has no leg, or the leg was taken back; the book alone is known
    AccountId book;  // where the piece was booked just before: `from`, but for a late leg
    Position by = 0;
};
struct Count {
    CountKind kind{};
    SiteId site = 0;
    Principal counter = 0;
    std::vector<AccountId> accounts;
    Position cut = 0;
    Micros opened_at = 0;
    std::map<Sighting, std::uint32_t> sightings;  // de-duplicated per (piece, account): by how many scans
    std::vector<Position> scans;                  // its effective CountScanned, in order of position
    Position ended_by = kNoPosition;              // its CountAttested or CountAbandoned
};
// A part of the legs of a site, in order of position.
struct LegsKey {
    SiteId site = 0;
    std::uint32_t number = 0;
    friend bool operator==(const LegsKey&, const LegsKey&) = default;
    friend auto operator<=>(const LegsKey&, const LegsKey&) = default;
};
struct LegsKeyHash {
    std::size_t operator()(const LegsKey& key) const {
        return (std::size_t{key.site} << 32 | key.number) * 0x9e3779b97f4a7c15ULL;
    }
};
inline constexpr std::size_t kLegsOfChunk = 64;
// How long a count that has ended may still be corrected: while its site has had no more legs since its cut, and those
// that ended since have seen no more.
inline constexpr std::size_t kLegsKept = 4096;
inline constexpr std::size_t kSightingsKept = 16384;
inline constexpr std::size_t kEndedCountsKept = 16;

struct RoleInterval {
    Role role{};
    SiteId site = 0;      // 0: every site
    bool granted = true;  // false: revoked in that interval
    Interval when;
    Position by = 0;
};
struct PolicyKey {
    SiteId site = 0;         // 0: the entity
    std::uint32_t name = 0;  // Names: "time.late_after"
    friend auto operator<=>(const PolicyKey&, const PolicyKey&) = default;
};
struct PolicyKeyHash {
    std::size_t operator()(const PolicyKey& key) const {
        return (std::size_t{key.site} << 32 | key.name) * 0x9e3779b97f4a7c15ULL;
    }
};
struct PolicyEntry {
    Micros from = 0;
    Position by = 0;
    PolicyValue value;  // its texts are views of Names
};
struct Party {
    PartyKind kind{};
    std::string country;
    Position by = 0;
};
struct Supply {
    std::string sku, unit;
    std::int64_t reorder_point = 0, reorder_quantity = 0;
    Position by = 0;
};
struct SupplyKey {
    AccountId account;
    SupplyId supply = 0;
    friend auto operator<=>(const SupplyKey&, const SupplyKey&) = default;
};
struct SupplyKeyHash {
    std::size_t operator()(const SupplyKey& key) const {
        return AccountHash{}(key.account) ^ key.supply * 0x9e3779b97f4a7c15ULL;
    }
};
struct SupplyBalance {
    std::int64_t quantity = 0, measure = 0;
    Micros last_at = 0;
};
// A move on a SITE account, for the balance at any valid time. In the order of (at, by).
struct SupplyLeg {
    Micros at = 0;
    Position by = 0;
    std::int64_t quantity = 0, measure = 0;  // signed
};
struct Request {
    bool approved = false;
    SiteId site = 0;
    TransferPurpose purpose{};
    Position by = 0;
};
struct Rejected {
    Request request;
    Position by = kNoPosition;
};
struct Cleared {
    Position raised = kNoPosition;
    Position by = kNoPosition;
};
struct Override {
    std::int64_t allowed_minor = 0;
    Micros from = 0, until = 0;
    Position by = 0;
};
struct AttachedDoc {
    DocType type{};
    std::string number;
    Micros from = 0, to = 0;
};
// What corrections have to do with an event: it is a CorrectionDeclared, it is the target of one, or a corrective.
struct Corrected {
    Position by = kNoPosition;           // the effective CorrectionDeclared that targets it
    Position target = kNoPosition;       // of a CorrectionDeclared
    Position declaration = kNoPosition;  // of a corrective
};
// A correcting batch that has not ended. Its pieces are re-told with its last event, and the openings and closings of
// its sites and accounts put in order.
struct Touched {
    Position first = 0;  // event of the batch
    std::vector<ItemId> items;
    std::vector<SiteId> sites;
    std::vector<AccountId> accounts;
};
struct PartySum {
    std::uint32_t pieces = 0;
    std::int64_t insured_minor = 0;  // in M and on the way there
};

// Texts that many pieces share (models, metals …) or policies use, each kept once, for ever: also where an atomic
// batch is taken back, so that no saved bytes show an index. Index 0 is the empty text. The texts stay where they are,
// so that a view of one is good as long as the Names.
class Names {
public:
    Names() { add(""); }
    std::uint32_t add(std::string_view text);
    [[nodiscard]] std::string_view text(std::uint32_t index) const { return texts_[index]; }
    [[nodiscard]] std::uint32_t find(std::string_view text) const;  // 0: none
    [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(texts_.size()); }

    // For the read models, which follow the books at a distance and learn each text from the event that brought it:
    // gives an index its text. Indexes not yet learnt read as the empty text; find() and add() are not for such Names.
    void learn(std::uint32_t index, std::string_view text) {
        while (texts_.size() <= index) texts_.emplace_back();
        texts_[index] = text;
    }

private:
    std::deque<std::string> texts_;
    std::unordered_map<std::string_view, std::uint32_t> index_;
};

// The pieces: slots that are never given up, found by id through an open-addressing table. References are good as
// long as the Items. The pieces of an account are a list, in no set order; its links stand apart from the pieces, close
// together, because a move changes those of three others, of which nothing else is wanted.
class Items {
public:
    explicit Items(Journal& journal) : journal_(journal) {}

    [[nodiscard]] std::uint32_t slot(const ItemId& id) const;  // 0: none
    [[nodiscard]] const Item* find(const ItemId& id) const {
        const auto at = slot(id);
        return at == 0 ? nullptr : &at_slot(at);
    }
    [[nodiscard]] const Item& operator[](std::uint32_t at) const { return at_slot(at); }
    Item& edit(std::uint32_t at) {
        if (journal_.open()) remember(at);
        return at_slot(at);
    }
    std::uint32_t add(const Item& item);  // its id is new
    [[nodiscard]] std::size_t size() const { return count_; }  // the slots are 1 … size()
    // The next piece of the same account; 0: none.
    [[nodiscard]] std::uint32_t next(std::uint32_t at) const { return links_[at].next; }
    [[nodiscard]] std::uint32_t prev(std::uint32_t at) const { return links_[at].prev; }
    void set_next(std::uint32_t at, std::uint32_t next) { edit_links(at).next = next; }
    void set_prev(std::uint32_t at, std::uint32_t prev) { edit_links(at).prev = prev; }
    // Bring near what a later step will read, each what the one before it leads to (bring_near): a piece's place in the
    // table; the piece itself and its links; the links of those next to it in its account.
    void prefetch_place(const ItemId& id) const;
    void prefetch_piece(const ItemId& id) const;
    void prefetch_neighbours(std::uint32_t at) const;
    // The slot that the table's place says, unless another piece's id has the same hash. 0: none.
    [[nodiscard]] std::uint32_t likely_slot(const ItemId& id) const;

private:
    static constexpr std::uint32_t kChunk = 1024;
    struct Links {
        std::uint32_t next = 0, prev = 0;
    };
    // As many cache lines as it has, and no more.
    struct alignas(64) Cell {
        Item item;
    };
    // A place of the table. 32 bits of the id's hash give its place and tell most other ids from it, so that neither
    // a search nor a growth of the table reads pieces in vain.
    struct Entry {
        std::uint32_t hash = 0;
        std::uint32_t slot = 0;  // 0: free
    };

    [[nodiscard]] Item& at_slot(std::uint32_t at) const { return chunks_[at / kChunk][at % kChunk].item; }
    Links& edit_links(std::uint32_t at) {
        if (journal_.open()) remember_links(at);
        return links_[at];
    }
    void remember_links(std::uint32_t at);
    void remember(std::uint32_t at);
    void grow();
    void insert(Entry entry);
    void drop_last();

    Journal& journal_;
    std::vector<std::unique_ptr<Cell[]>> chunks_;
    std::vector<Links> links_{1};
    std::uint32_t count_ = 0;
    std::vector<Entry> index_;  // a power of two in size, at most three quarters full
    Remembered<std::uint32_t> remembered_, remembered_links_;
};

// The open obligations by name: an open-addressing table of their slots, like that of the pieces. An obligation is in
// its slot when it is added here, and still there when it is erased.
class OpenIndex {
public:
    OpenIndex(Journal& journal, const Slots<Obligation>& obligations) : journal_(journal), obligations_(obligations) {}

    [[nodiscard]] std::uint32_t find(const ObligationRef& ref) const;  // 0: none
    void add(std::uint32_t slot);    // its name is new
    void erase(std::uint32_t slot);  // it is there
    void prefetch(const ObligationRef& ref) const {
        if (!index_.empty()) __builtin_prefetch(&index_[hash_of(ref) & (index_.size() - 1)], 1);
    }
    [[nodiscard]] std::size_t size() const { return count_; }

private:
    struct Entry {
        std::uint32_t hash = 0;
        std::uint32_t slot = 0;  // 0: free
    };
    static std::uint32_t hash_of(const ObligationRef& ref);
    void insert(Entry entry);
    void remove(Entry entry);
    void grow();

    Journal& journal_;
    const Slots<Obligation>& obligations_;
    std::vector<Entry> index_;  // a power of two in size, at most three quarters full
    std::uint32_t count_ = 0;
};

struct Books {
    Books() = default;
    Books(const Books&) = delete;
    Books& operator=(const Books&) = delete;

    Journal journal;

    EntityId entity = 0;
    std::uint32_t currency = 0;
    Position next = 0;         // events applied so far
    Micros recorded_at = 0;    // of the newest

    Items items{journal};
    Names names;
    Table<AccountId, Account, AccountHash> accounts{journal};  // opened ones, and those that hold something
    Slots<Obligation> obligations{journal};                     // the open ones
    OpenIndex open{journal, obligations};                       // their slots by name
    Table<ItemId, std::vector<std::uint32_t>, UuidHash> disputes{journal};
    Slots<Parcel> parcels{journal};
    Table<SiteId, Site> sites{journal};
    Lists<SiteId, Session> sessions{journal};              // of the site's vault, in order
    Lists<SiteId, DayEnd> days{journal};                   // in order
    Lists<SiteId, AttestedCount> closing_counts{journal};  // attested CLOSING counts
    Table<ObligationId, Count, UuidHash> counts{journal};       // the open ones
    Table<ObligationId, Count, UuidHash> ended_counts{journal}; // Site::ended
    Table<LegsKey, std::vector<CountMove>, LegsKeyHash> legs{journal};
    Table<Principal, std::vector<RoleInterval>> roles{journal};
    Table<PolicyKey, std::vector<PolicyEntry>, PolicyKeyHash> policies{journal};  // by from, then by position
    Table<PartyId, std::vector<Party>> parties{journal};  // by position: the newest registration counts
    Table<SupplyId, Supply> supplies{journal};
    Table<SupplyKey, SupplyBalance, SupplyKeyHash> balances{journal};
    Lists<SupplyKey, SupplyLeg, SupplyKeyHash> supply_legs{journal};  // of SITE accounts, in order
    Table<ObligationId, Request, UuidHash> requests{journal};   // neither packed nor rejected
    Table<ObligationId, Position, UuidHash> exceptions{journal};  // raised, not cleared
    // What corrections can open again: few.
    Table<ObligationId, Rejected, UuidHash> rejected{journal};
    Table<ObligationId, Cleared, UuidHash> cleared{journal};
    Table<std::string, std::vector<Override>> overrides{journal};
    Table<ItemId, std::vector<AttachedDoc>, UuidHash> documents{journal};
    Table<PartyId, PartySum> memo_sums{journal};
    // The SITE accounts of a site that were ever opened: where a piece could go. Follows from `accounts`.
    Table<SiteId, std::set<AccountId>> site_accounts{journal};
    Table<Position, Corrected> corrected{journal};                // few: corrections are
    Table<std::uint32_t, Touched> touched{journal};               // of key 0, within a correcting batch

    [[nodiscard]] const Party* party(PartyId id) const;  // nullptr: not registered
    [[nodiscard]] bool holds_role(Principal who, Role role, SiteId site, Micros at) const;
    // The value in force at `at`: the site's, else the entity's, else nullptr (the default of the key holds).
    [[nodiscard]] const PolicyValue* policy(std::string_view key, SiteId site, Micros at) const;
    // The session of a site that contains a valid time, open still or closed later; nullptr: the vault was closed. Of
    // what happened at one time the place decides; none is behind all others.
    [[nodiscard]] const Session* session(SiteId site, Micros at, Position place = kNoPosition) const;
    // The one that a VaultClosed of that valid time would close; nullptr: none is open.
    [[nodiscard]] const Session* unclosed_session(SiteId site, Micros at) const;
    // Which of its site's sessions it is.
    [[nodiscard]] std::size_t index_of(SiteId site, const Session& session) const {
        return static_cast<std::size_t>(&session - sessions.of(site).data());
    }
    // Whether an event is effective now.
    [[nodiscard]] bool is_effective(Position event) const;
    [[nodiscard]] const Obligation* find_open(const ObligationRef& ref) const;
};

}  // namespace daybook::custody
