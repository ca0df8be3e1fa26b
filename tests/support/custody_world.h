// A ledger's books for tests of custody, built by commands alone: each goes through decide() and apply(), as in the
// engine. Two salons with the usual accounts, one principal for each role, and pieces brought into any state.
//
// Ownership: the World keeps every text that its commands and events point to. Not for several threads.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/custody/decide.h"
#include "engine/custody/past.h"

namespace daybook::custody::test {

inline constexpr EntityId kEntity = 1;
inline constexpr std::uint32_t kEuro = 'E' << 16 | 'U' << 8 | 'R';
inline constexpr PartyId kVendor = 700, kClient = 800, kOtherClient = 801, kCarrier = 600, kMemoParty = 900,
                         kWorkshop = 650;
inline constexpr Principal kWitness = 77, kHolder = 71, kOtherHolder = 72;
inline constexpr SupplyId kBoxes = 5;

// The principal who holds a role at every site, from the beginning.
constexpr Principal who(Role role) { return 10 + static_cast<Principal>(role); }
// Another who holds it too.
constexpr Principal who_else(Role role) { return 40 + static_cast<Principal>(role); }

inline AccountId account(std::string_view path) {
    const auto id = AccountId::parse(path);
    EXPECT_TRUE(id) << path;
    return id.value_or(AccountId{});
}
inline Money euro(std::int64_t minor) { return {minor, kEuro}; }

// The event type of a payload: the v1 types in the order of the variant's alternatives.
inline EventType type_of(const Payload& payload) {
    std::size_t index = 0;
    for (const EventInfo& event : kEvents) {
        if (!event.v1) continue;
        if (index++ == payload.index()) return event.type;
    }
    ADD_FAILURE() << "a payload without an event type";
    return {};
}

// Everything the books hold, as bytes: equal bytes are equal books.
inline std::string bytes_of(const Books& books) {
    std::string all = save_book(books);
    for (std::uint32_t slot = 1; slot <= books.items.size(); ++slot) save_item(books.names, books.items[slot], all);
    return all;
}

class World {
public:
    // With LedgerCreated and everything opened, unless `empty`.
    enum class Start { kOpened, kEmpty };
    explicit World(Start start = Start::kOpened) {
        if (start == Start::kEmpty) return;
        begin();
        for (const SiteId site : {SiteId{1}, SiteId{2}}) open_site(site);
        must(command(PartyRegistered{kVendor, PartyKind::kVendor, "CH"}));
        must(command(PartyRegistered{kClient, PartyKind::kClient, "FR"}));
        must(command(PartyRegistered{kMemoParty, PartyKind::kEntity, "FR"}));
        must(command(SupplyRegistered{kBoxes, "BOX-S", "piece", 0, 0}));
    }

    Books books;
    Decided decided;                       // of the last accepted command
    Effects effects;                       // of the last accepted command
    Micros now = 1'772'442'000 * kSecond;  // 2026-03-02T09:00:00Z; every submission takes a second

    // ---- Ids and texts ----
    Uuid uuid() { return {0x0190'0000'0000'7000ULL, 0x8000'0000'0000'0000ULL + ++ids_}; }
    ItemId new_item() { return ItemId(uuid()); }
    ObligationId new_obligation() { return ObligationId(uuid()); }
    std::string_view keep(std::string text) { return texts_.emplace_back(std::move(text)); }

    // ---- Commands ----
    // Signed as the event asks: the first signer acts, the others attest. At site 1, now.
    Command command(Payload payload, std::vector<ItemId> items = {}, AccountId to = {}) {
        Command out;
        out.type = type_of(payload);
        out.event_id = EventId(uuid());
        out.entity = kEntity;
        out.site = 1;
        out.payload = std::move(payload);
        for (const ItemId& item : items) out.lines.push_back({item, 0, 0, 0, {}, {}});
        out.to = to;
        sign(out);
        const EventInfo& event = info(out.type);
        const bool later =
            out.type != EventType::kSaleCompleted || std::get<SaleCompleted>(out.payload).handover == Handover::kLater;
        if (event.opens != 0 && out.type != EventType::kCountAttested && later) out.obligation = new_obligation();
        return out;
    }

    static void sign(Command& command) {
        const Who& signers = info(command.type).who;
        command.actor = {};
        command.attest.clear();
        for (std::size_t i = 0; i < signers.count; ++i) {
            const auto role = first_role(signers.signers[i]);
            if (i == 0) {
                command.actor = {who(role.value_or(Role::kOc)), role.value_or(Role::kOc), 0};
            } else if (role) {
                const bool taken = *role == command.actor.role;
                command.attest.push_back({taken ? who_else(*role) : who(*role), role});
            } else {
                command.attest.push_back({kWitness, std::nullopt});
            }
        }
        if (command.type == EventType::kCustodianChanged) {
            const auto& changed = std::get<CustodianChanged>(command.payload);
            command.actor = {changed.old_custodian == 0 ? kWitness : changed.old_custodian, Role{}, 0};
            command.attest = {{changed.new_custodian, std::nullopt}, {who(Role::kVm), Role::kVm}};
        }
        if (command.type == EventType::kItemAmended) command.actor = {who(Role::kVm), Role::kVm, 0};
    }

    std::optional<Refusal> judge(const Command& command) {
        Context known = context(command);
        past_ = {};
        correction_ = {};
        together_.clear();
        reaches_back_ = command.type == EventType::kCorrectionDeclared && known.target.has_value();
        if (reaches_back_) {
            tell_correction(command, *known.target);
            known.past = &past_;
        }
        auto refusal = decide(books, command, known, decided);
        if (!refusal || !asks_for_past(*refusal)) return refusal;
        reaches_back_ = true;
        found_ = decided.count_lists == nullptr ? CountLists{} : *decided.count_lists;
        for (std::uint32_t line = 0; line < decided.lines.size() && decided.count_lists != nullptr; ++line) {
            const ItemId& item = decided.lines[line].item;
            const Pending pending{&command, 0, line, command.occurred_at, {}, &found_};
            past_.pieces.push_back(tell_in_turn(item, chain(item), std::span(&pending, 1)).front());
        }
        for (std::uint32_t line = 0; line < command.lines.size(); ++line) {
            const ItemId& item = command.lines[line].item;
            const Pending pending{&command, 0, line, command.occurred_at, {}, nullptr};
            past_.pieces.push_back(tell_in_turn(item, chain(item), std::span(&pending, 1)).front());
        }
        known.past = &past_;
        return decide(books, command, known, decided);
    }
    // Judges a command and takes its event into the books if it is accepted.
    std::optional<Refusal> submit(const Command& sent) {
        now += kSecond;
        const Command& command = keep_command(sent);
        std::optional<Refusal> refusal = judge(command);
        if (refusal) return refusal;
        const Position position = books.next;
        events_[command.event_id] = position;
        if (info(command.type).opens != 0) used_.insert(command.obligation);
        if (const auto* registered = std::get_if<ItemRegistered>(&command.payload);
            registered && !registered->epc.empty())
            epcs_.try_emplace(registered->epc, books.next);
        Retelling retelling;
        if (reaches_back_) {
            const bool correcting = command.type == EventType::kCorrectionDeclared;
            retelling.pieces = correcting ? std::move(together_) : std::move(past_.pieces);
            if (correcting) retelling.changes = correction_.changes;
            for (PiecePast& piece : retelling.pieces) stamp(piece, {position, {decided.occurred_at}});
        }
        apply(books, {command, decided, position, position, now}, effects, reaches_back_ ? &retelling : nullptr);
        keep_event(command, position);
        return std::nullopt;
    }
    // The same for one that the test relies on.
    void must(const Command& command) {
        const auto refusal = submit(command);
        ASSERT_FALSE(refusal) << to_string(command.type) << ": " << to_string(refusal->code) << " " << refusal->message;
    }
    // The code of a refusal; nothing for an accepted command.
    std::optional<RefusalCode> answer(const Command& command) {
        const auto refusal = submit(command);
        return refusal ? std::optional(refusal->code) : std::nullopt;
    }

    [[nodiscard]] Context context(const Command& command) const {
        Context context;
        context.now = now;
        context.position = books.next;
        context.obligation_used = used_.contains(command.obligation);
        if (const auto* registered = std::get_if<ItemRegistered>(&command.payload))
            if (epcs_.contains(registered->epc)) context.epc_used = epcs_.at(registered->epc);
        if (const auto* correction = std::get_if<CorrectionDeclared>(&command.payload)) {
            const auto target = events_.find(correction->target);
            if (target != events_.end()) context.target = target->second;
        }
        return context;
    }

    // ---- What there is ----
    // Every event with a line for the piece.
    [[nodiscard]] std::vector<ChainEvent> chain(const ItemId& item) const {
        std::vector<ChainEvent> out;
        for (const Kept& kept : log_) {
            const auto& lines = kept.decided.lines;
            for (std::uint32_t line = 0; line < lines.size(); ++line) {
                if (lines[line].item == item) out.push_back({kept.command, &kept.decided, kept.position, line});
            }
        }
        return out;
    }
    [[nodiscard]] const Command& event_at(Position position) const { return *log_[position].command; }
    // The same books, folded from the log.
    void expect_rebuilt() const {
        Books again;
        Effects changed;
        for (const Kept& kept : log_) {
            const Event event{*kept.command, kept.decided, kept.position, kept.position, kept.recorded_at};
            if (reach_of(again, *kept.command, kept.decided) == Reach::kEnd) {
                apply(again, event, changed);
                continue;
            }
            Retelling retelling;
            if (kept.decided.correcting.target != kNoPosition)
                retelling.changes = changes_of(kept.decided.correcting.target);
            for (const LineFacts& line : kept.decided.lines) {
                std::vector<ChainEvent> known = chain(line.item);
                std::erase_if(known, [&](const ChainEvent& other) { return other.position > kept.position; });
                retelling.pieces.push_back(retell(line.item, known, kept.position));
            }
            apply(again, event, changed, &retelling);
        }
        EXPECT_EQ(bytes_of(again), bytes_of(books));
    }
    [[nodiscard]] const Item& item(const ItemId& id) const {
        const Item* found = books.items.find(id);
        EXPECT_NE(found, nullptr) << id.text();
        static const Item none;
        return found == nullptr ? none : *found;
    }
    [[nodiscard]] State state(const ItemId& id) const {
        const Item* found = books.items.find(id);
        return found == nullptr ? State::kX0 : found->state();
    }
    [[nodiscard]] const Obligation* open(const ObligationId& id) const { return books.find_open({id, {}, {}}); }

    // ---- The salons ----
    void begin() {
        LedgerCreated created;
        created.entity = kEntity;
        created.currency = kEuro;
        for (std::size_t role = 1; role <= kRoleCount; ++role) {
            created.grants.push_back({who(static_cast<Role>(role)), static_cast<Role>(role), 0});
            created.grants.push_back({who_else(static_cast<Role>(role)), static_cast<Role>(role), 0});
        }
        Command first = command(created);
        first.site = 0;
        must(first);
    }
    void open_site(SiteId site) {
        const std::string root = "SITE/" + std::to_string(site);
        for (const char* path :
             {"/VAULT/A", "/VAULT/B", "/COM/C", "/COM/D", "/HOLD", "/HOLD/S", "/DISPLAY/D1", "/DISPLAY/D2", "/WINDOW",
              "/PERSON/71", "/PERSON/72", "/PACK", "/WORKSHOP-INT", "/SUPPLY"}) {
            AccountOpened opened;
            opened.account = account(root + path);
            Command command = this->command(opened);
            command.site = site;
            must(command);
        }
        open_vault(site);
    }
    void open_vault(SiteId site = 1) {
        Command command = this->command(VaultOpened{});
        command.site = site;
        must(command);
    }

    // ---- Pieces ----
    ItemRegistered description(Origin origin = Origin::kSupplier, std::int64_t insured = 1'000'00) {
        ItemRegistered out;
        out.origin = origin;
        out.epc = keep("urn:epc:" + std::to_string(ids_ + 1));
        switch (origin) {
            case Origin::kClient: out.owner = {OwnerKind::kClient, kClient}; break;
            case Origin::kFound: break;
            default: out.owner = {OwnerKind::kVendor, kVendor}; break;
        }
        out.model = "Solitaire";
        out.category = "RING";
        out.metal = "PLATINUM";
        out.stone = "DIAMOND";
        out.insured = euro(insured);
        return out;
    }
    ItemId registered(Origin origin = Origin::kSupplier, std::int64_t insured = 1'000'00) {
        const ItemId item = new_item();
        must(command(description(origin, insured), {item}));
        return item;
    }
    // In hold: the house's own, or a client's, or a vendor's on memo.
    ItemId received(OwnerKind owner = OwnerKind::kHouse, std::int64_t insured = 1'000'00) {
        const ItemId item = registered(owner == OwnerKind::kClient ? Origin::kClient : Origin::kSupplier, insured);
        if (owner == OwnerKind::kClient) must(command(ReceivedFromClient{ReceivedPurpose::kRepair}, {item}));
        if (owner == OwnerKind::kVendor) must(command(MemoInReceived{kVendor, 0}, {item}));
        if (owner == OwnerKind::kHouse) must(command(GoodsReceived{true}, {item}));
        return item;
    }
    void inspect(const ItemId& item, Verdict verdict = Verdict::kPass) {
        must(command(InspectionRecorded{InspectionPhase::kIn, verdict}, {item}));
    }
    // In SITE/1/VAULT/A, or COM/C for a client's.
    ItemId stocked(OwnerKind owner = OwnerKind::kHouse, std::int64_t insured = 1'000'00) {
        const ItemId item = received(owner, insured);
        inspect(item);
        must(command(PutAway{}, {item}, account(owner == OwnerKind::kClient ? "SITE/1/COM/C" : "SITE/1/VAULT/A")));
        return item;
    }
    void show(const ItemId& item, std::string_view place = "SITE/1/DISPLAY/D1") {
        must(command(SignedOut{SignOutPurpose::kDisplay, 0, 0}, {item}, account(place)));
    }
    void give(const ItemId& item, Principal person = kHolder) {
        must(command(SignedOut{SignOutPurpose::kPresentation, person, 0}, {item}));
    }
    void pack(const ItemId& item, PartyId for_party = kMemoParty) {
        must(command(TransferPacked{for_party, {}, "SSCC-1", "SEAL-1"}, {item}));
    }
    void dispatch(const ItemId& item, const Destination& dest = {2, {}, 0},
                  TransferPurpose purpose = TransferPurpose::kReplenish) {
        TransferDispatched dispatched{dest, purpose, MemoPurpose::kUnspecified, kCarrier, 0};
        if (!dest.account.empty() && dest.account.kind == AccountClass::kExtMemo)
            dispatched.memo_purpose = MemoPurpose::kExhibition;
        must(command(dispatched, {item}));
    }
    MemoOutIssued memo(MemoPurpose purpose = MemoPurpose::kExhibition) {
        return {keep("M-" + std::to_string(ids_)), kMemoParty, purpose, now + 30 * kDay, {}};
    }
    SaleCompleted sale(Handover handover = Handover::kNow, PartyId party = kClient) {
        return {party, handover, euro(1'200'00), {}, 0, keep("INV-" + std::to_string(ids_))};
    }
    void open_repair(const ItemId& item) { must(command(RepairOpened{kClient, 0}, {item})); }

    // A piece of the house's (or of `owner`), brought to a state by the events that lead there. `on_the_way` is called
    // when it is in the vault, or in R where it is to stay there.
    using OnTheWay = std::function<void(const ItemId&)>;
    ItemId in_state(State state, const OnTheWay& on_the_way = nullptr, OwnerKind owner = OwnerKind::kHouse) {
        if (state == State::kX0) return new_item();
        if (state == State::kX1) return registered();
        if (state == State::kF) return registered(Origin::kFound);
        const ItemId item = state == State::kR ? received(owner) : stocked(owner);
        if (on_the_way) on_the_way(item);
        if (state == State::kX2 && owner == OwnerKind::kClient) must(command(ReleasedToClient{}, {item}));
        if (state == State::kX2 && owner != OwnerKind::kClient) must(command(sale(), {item}));
        if (state == State::kD) show(item);
        if (state == State::kP) give(item);
        if (state == State::kK || state == State::kT) pack(item);
        if (state == State::kT) dispatch(item);
        if (state == State::kM) must(command(memo(), {item}));
        if (state == State::kW) {
            if (this->item(item).repair == 0) open_repair(item);
            must(command(SentToWorkshop{kWorkshop, 0}, {item}));
        }
        if (state == State::kS || state == State::kL) must(command(DeclaredMissing{}, {item}));
        if (state == State::kL) must(command(LossDeclared{LossKind::kTheft, false}, {item}));
        if (state == State::kZ) must(command(ItemDecommissioned{}, {item}));
        EXPECT_EQ(this->state(item), state);
        return item;
    }

    // ---- Counts ----
    ObligationId open_count(CountKind kind, std::vector<AccountId> accounts) {
        const SiteId site = accounts.front().site;
        Command opened = command(CountOpened{kind, std::move(accounts)});
        opened.site = site;
        must(opened);
        return opened.obligation;
    }
    void scan(const ObligationId& count, const std::vector<ItemId>& items, std::string_view where) {
        must(command(CountScanned{count}, items, account(where)));
    }
    void attest(const ObligationId& count) {
        Command attested = command(CountAttested{count, std::nullopt});
        attested.site = books.counts.find(count)->site;
        must(attested);
    }
    // A closing count of one empty account, attested.
    ObligationId closing_count(SiteId site = 1) {
        const ObligationId count = open_count(CountKind::kClosing, {site_account(AccountClass::kSiteWindow, site)});
        attest(count);
        return count;
    }

private:
    static std::optional<Role> first_role(RoleSet roles) {
        if (roles == kAnyone) return std::nullopt;
        for (std::size_t role = 1; role <= kRoleCount; ++role) {
            if (contains(roles, static_cast<Role>(role))) return static_cast<Role>(role);
        }
        return std::nullopt;
    }
    struct Kept {
        const Command* command;
        Decided decided;
        Position position;
        Micros recorded_at;
    };
    void keep_event(const Command& command, Position position) {
        Kept& kept = log_.emplace_back(Kept{&command, {}, position, now});
        kept.decided.occurred_at = decided.occurred_at;
        kept.decided.lines = decided.lines;
        kept.decided.closes = decided.closes;
        kept.decided.correcting = decided.correcting;
        if (decided.count_lists) kept.decided.count_lists = std::make_unique<CountLists>(*decided.count_lists);
    }
    [[nodiscard]] std::vector<PastEvent> changes_of(Position target) const {
        std::vector<PastEvent> changes;
        bool leaves = true;
        for (Position at = target; at != kNoPosition; at = log_[at].decided.correcting.target, leaves = !leaves)
            changes.push_back({log_[at].command, &log_[at].decided, at, leaves});
        return changes;
    }
    // Of a correction without correctives.
    void tell_correction(const Command& command, Position target) {
        correction_.changes = changes_of(target);
        for (const PastEvent& change : correction_.changes) {
            for (const LineFacts& line : change.decided->lines) {
                auto& items = correction_.items;
                const bool known = std::find(items.begin(), items.end(), line.item) != items.end();
                if (!known && !line.item.empty()) items.push_back(line.item);
            }
        }
        correction_.target = correction_.changes.front();
        Pending pending{&command, 0, 0, command.occurred_at, {}, nullptr};
        pending.correcting.target = target;
        for (const ItemId& item : correction_.items)
            together_.push_back(tell_together(item, chain(item), std::span(&pending, 1)).piece);
        past_.correction = &correction_;
        past_.corrections = std::span(&correction_, 1);
        past_.together = &together_;
    }
    const Command& keep_command(const Command& command) { return commands_.emplace_back(command); }

    std::uint64_t ids_ = 0;
    std::deque<std::string> texts_;
    std::deque<Command> commands_;  // texts of policies and the like are views until apply() has kept them
    std::set<ObligationId> used_;
    std::map<std::string_view, Position> epcs_;
    std::unordered_map<EventId, Position, UuidHash> events_;
    std::deque<Kept> log_;  // by position
    // Of the command judged last.
    Past past_;
    CorrectionPast correction_;
    std::vector<PiecePast> together_;
    CountLists found_;
    bool reaches_back_ = false;
};

}  // namespace daybook::custody::test
