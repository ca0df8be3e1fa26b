// A random walk through the state machine: events that its matrix allows, of one to four pieces, made from a seed. It
// asks nothing of decide(); what it draws depends on the seed and the books alone.
#pragma once

#include <random>

#include "tests/unit/custody/books.h"

namespace daybook::custody {

class Walk {
public:
    explicit Walk(std::uint64_t seed) : random_(seed) {}

    // Draws one event that is legal now and applies it.
    void step(Script& script) {
        const Books& books = script.books;
        if (books.items.size() < 5 || one_in(12)) return register_piece(script);
        switch (below(12)) {
            case 0: return count(script);
            case 1: return about_no_piece(script);
            case 2: return obligations_without_legs(script);
            case 3: return facts(script);
            default: return move(script);
        }
    }
    // The same walk from the same books goes on the same way.
    [[nodiscard]] std::mt19937_64 mark() const { return random_; }
    void back_to(const std::mt19937_64& mark) { random_ = mark; }

private:
    std::uint64_t below(std::uint64_t n) { return random_() % n; }
    bool one_in(std::uint64_t n) { return below(n) == 0; }
    ObligationId fresh() { return ObligationId(Uuid{random_(), random_() | 1}); }
    const Item& any(const Books& books) {
        return books.items[static_cast<std::uint32_t>(1 + below(books.items.size()))];
    }

    void register_piece(Script& script) {
        ItemRegistered piece;
        piece.owner = {OwnerKind::kVendor, 7};
        piece.model = one_in(2) ? "Solitaire" : "Trilogy";
        piece.metal = "gold";
        piece.insured = {static_cast<std::int64_t>(below(10'000)), 0};
        script.apply({EventType::kItemRegistered, piece, {ItemId(Uuid{random_(), random_()})}, at("EXT/SUPPLIER/7")});
    }

    AccountId account_in(State state, const std::string& site, const ObligationId& transfer, std::uint64_t draw) {
        switch (state) {
            case State::kX1: return at("EXT/SUPPLIER/7");
            case State::kX2: return numbered_account(AccountClass::kExtClient, 41 + draw % 3);
            case State::kR: return at(site + "HOLD");
            case State::kV: return at(site + (draw % 2 == 0 ? "VAULT/A" : "VAULT/B"));
            case State::kD: return at(site + (draw % 2 == 0 ? "DISPLAY/D1" : "DISPLAY/D2"));
            case State::kP: return at(site + (draw % 2 == 0 ? "PERSON/71" : "PERSON/72"));
            case State::kK: return at(site + "PACK");
            case State::kT: return transit_account(transfer);
            case State::kM: return at(draw % 2 == 0 ? "EXT/MEMO/M-1" : "EXT/MEMO/M-2");
            case State::kW: return at("EXT/WORKSHOP/55");
            case State::kS: return at("SUSPENSE/" + site.substr(5) + "MISSING");
            case State::kF: return at("SUSPENSE/" + site.substr(5) + "FOUND");
            case State::kL: return at("LOSS/THEFT");
            case State::kZ: return at("GONE");
            case State::kX0: break;
        }
        return {};
    }

    // Other pieces in the same account, so that events have several lines and obligations several pieces.
    std::vector<ItemId> with_neighbours(const Books& books, const Item& first) {
        std::vector<ItemId> pieces{first.id};
        for (std::uint32_t slot = books.items.next(books.items.slot(first.id));
             slot != 0 && pieces.size() < 4 && !one_in(3); slot = books.items.next(slot)) {
            pieces.push_back(books.items[slot].id);
        }
        return pieces;
    }

    void move(Script& script) {
        const Item& first = any(script.books);
        const auto events = static_cast<std::uint64_t>(kEventTypeCount);
        for (int tries = 0; tries < 200; ++tries) {
            const auto type = static_cast<EventType>(1 + below(events));
            if (info(type).matrix_row < 0 || !info(type).v1 || type == EventType::kItemRegistered) continue;
            const Cell drawn = cell(type, first.state());
            if (!drawn.legal()) continue;
            // What ends a piece's way is drawn seldom.
            const bool final = type == EventType::kItemDecommissioned || type == EventType::kLossDeclared;
            if (final && !one_in(20)) continue;
            std::vector<State> targets;
            for (const StateInfo& state : kStates) {
                if (contains(drawn.targets, state.state)) targets.push_back(state.state);
            }
            if (move_to(script, type, first, targets[below(targets.size())])) return;
        }
    }

    bool move_to(Script& script, EventType type, const Item& first, State target) {
        Step step;
        step.type = type;
        step.site = first.account.site != 0 ? first.account.site : static_cast<SiteId>(1 + below(2));
        step.obligation = fresh();
        step.to = account_in(target, "SITE/" + std::to_string(step.site) + "/", step.obligation, below(6));
        if (step.to == first.account || step.to.empty()) return false;
        step.items = with_neighbours(script.books, first);
        if (type == EventType::kTransferDelivered) {
            // All pieces of one transfer go where it goes; a memo or workshop is opened once a piece.
            const Obligation& transfer = script.books.obligations[first.hold];
            if (transfer.origin == 0 || transfer.to_account.empty()) return false;
            step.to = transfer.to_account;
            for (const ItemId& id : step.items) {
                if (step.to.kind == AccountClass::kExtMemo && script.books.items.find(id)->memo_out != 0) return false;
            }
        }
        if (type == EventType::kMemoInReceived && first.memo_in != 0) return false;
        step.payload = payload_of(type, step);
        for (const ObligationKind kind : {ObligationKind::kReservation, ObligationKind::kDelivery}) {
            const bool returned = type == EventType::kSaleReturned && kind == ObligationKind::kDelivery;
            if (type == EventType::kSaleCompleted || returned) step.ends.push_back(kind);
        }
        for (const ItemId& id : step.items) {
            if (type == EventType::kMemoInReceived && script.books.items.find(id)->memo_in != 0) return false;
        }
        script.apply(step);
        return true;
    }

    Payload payload_of(EventType type, const Step& step) {
        switch (type) {
            case EventType::kGoodsReceived: return GoodsReceived{one_in(2)};
            case EventType::kMemoInReceived: return MemoInReceived{7, 0};
            case EventType::kSignedOut: return SignedOut{SignOutPurpose::kPolish, 71, static_cast<Micros>(below(1000))};
            case EventType::kHandedOver: return HandedOver{static_cast<Micros>(below(1000))};
            case EventType::kTransferPacked: return TransferPacked{below(3), {}, "SSCC", "SEAL"};
            case EventType::kTransferDispatched: {
                TransferDispatched out;
                const State outside[] = {State::kX1, State::kX2, State::kM, State::kW};
                if (one_in(2)) {
                    out.dest = {0, account_in(outside[below(4)], "", {}, below(6)), 33 + below(2)};
                } else {
                    out.dest.site = 3 - step.site;
                }
                return out;
            }
            case EventType::kInboundDispatched: return InboundDispatched{7, TransferPurpose::kMemoReturn, 0};
            case EventType::kTransferDelivered: return TransferDelivered{33 + below(2), 0};
            case EventType::kMemoOutIssued: return MemoOutIssued{step.to.kind == AccountClass::kExtMemo ? "M-1" : "",
                                                                 33 + below(2), {}, 5, {}};
            case EventType::kSaleCompleted: return SaleCompleted{41, Handover::kNow, {}, {}, 0, "INV"};
            case EventType::kSentToWorkshop: return SentToWorkshop{55, 9};
            case EventType::kLossDeclared: return LossDeclared{LossKind::kTheft, one_in(2)};
            default: return empty_payload(type);
        }
    }

    // The alternatives stand in the order of the v1 events.
    static Payload empty_payload(EventType type) {
        std::size_t index = 0;
        for (const EventInfo& event : kEvents) {
            if (event.type == type) break;
            if (event.v1) ++index;
        }
        return nth_payload<0>(index);
    }
    template <std::size_t N>
    static Payload nth_payload(std::size_t index) {
        if constexpr (N + 1 < std::variant_size_v<Payload>) {
            if (index != N) return nth_payload<N + 1>(index);
        }
        return Payload(std::in_place_index<N>);
    }

    void obligations_without_legs(Script& script) {
        const Item& item = any(script.books);
        const std::vector<ItemId> piece{item.id};
        const Books& books = script.books;
        const auto end = [&](EventType type, ObligationKind kind) {
            Step step{type, empty_payload(type), piece};
            step.ends = {kind};
            script.apply(step);
        };
        switch (below(6)) {
            case 0:
                if (item.state() == State::kZ) return;
                if (item.reservation != 0) return end(EventType::kReservationReleased, ObligationKind::kReservation);
                return script.apply({EventType::kReservationPlaced,
                                     ReservationPlaced{41, 7, "FIRM-ORDER-WITH-A-LONG-NUMBER"}, piece, {}, fresh()});
            case 1:
                if (item.repair != 0) return script.apply({EventType::kRepairDeclined, RepairDeclined{}, piece});
                if (item.state() != State::kV && item.state() != State::kR) return;
                return script.apply({EventType::kRepairOpened, RepairOpened{41, 7}, piece, {}, fresh()});
            case 2:
                if (item.carnet != 0) return end(EventType::kCarnetReleased, ObligationKind::kCarnet);
                return script.apply({EventType::kCarnetBound, CarnetBound{"ATA", 7}, piece, {}, fresh()});
            case 3:
                if (item.state() == State::kZ) return;
                return script.apply({EventType::kDiscrepancyOpened, DiscrepancyOpened{DifferenceKind::kCondition},
                                     with_neighbours(books, item), {}, fresh()});
            case 4: {
                if (item.disputes == 0) return;
                Step step{EventType::kDiscrepancyResolved, DiscrepancyResolved{}};
                step.closes = {books.obligations[books.disputes.find(item.id)->front()].ref};
                return script.apply(step);
            }
            default: {
                if (item.state() != State::kM) return;
                return script.apply({EventType::kMemoExtended, MemoExtended{static_cast<Micros>(below(100))},
                                     with_neighbours(books, item)});
            }
        }
    }

    void facts(Script& script) {
        const Item& item = any(script.books);
        if (item.state() == State::kZ) return;
        const std::vector<ItemId> piece{item.id};
        switch (below(7)) {
            case 0: {
                const auto value = static_cast<std::int64_t>(below(10'000));
                return script.apply({EventType::kItemAmended, ItemAmended{AmendedField::kInsured, {value, 0}, 0, {}},
                                     piece});
            }
            case 1: return script.apply({EventType::kItemAmended, ItemAmended{AmendedField::kModel, {}, 0, "Cluster"},
                                         piece});
            case 2: return script.apply({EventType::kQuarantineSet, QuarantineSet{}, piece});
            case 3: return script.apply({EventType::kDamageRecorded, DamageRecorded{}, piece});
            case 4: return script.apply({EventType::kInspectionRecorded, InspectionRecorded{{}, Verdict::kPass},
                                         piece});
            case 5: return script.apply({EventType::kTitleTransferred,
                                         TitleTransferred{{}, {OwnerKind::kClient, 41 + below(3)}}, piece});
            default: return script.apply({EventType::kComplianceDocAttached,
                                          ComplianceDocAttached{DocType::kCites, "CITES-2026-0001-CH", 1, 0}, piece});
        }
    }

    void count(Script& script) {
        const auto site = static_cast<SiteId>(1 + below(2));
        const std::string path = "SITE/" + std::to_string(site) + "/";
        const Site* known = script.books.sites.find(site);
        if (known == nullptr || known->counts.empty() || one_in(5)) {
            Step open{EventType::kCountOpened, CountOpened{one_in(2) ? CountKind::kClosing : CountKind::kSpot,
                {at(path + "VAULT/A"), at(path + "PERSON/71")}}, {}, {}, fresh()};
            open.site = site;
            return script.apply(open);
        }
        const ObligationId count = known->counts[below(known->counts.size())];
        Step step;
        step.site = site;
        if (!one_in(3)) {
            step.type = EventType::kCountScanned;
            step.payload = CountScanned{count};
            step.to = at(path + "VAULT/A");
            for (int i = 0; i < 3; ++i) step.lines.push_back({any(script.books).id, 0, 0, 0, {}, {}});
            return script.apply(step);
        }
        step.closes = {{count, DifferenceKind::kUnspecified, {}}};
        if (one_in(3)) {
            step.type = EventType::kCountAbandoned;
            step.payload = CountAbandoned{count};
            return script.apply(step);
        }
        step.type = EventType::kCountAttested;
        step.payload = CountAttested{count, std::nullopt};
        const ItemId first = any(script.books).id;
        const ItemId second = any(script.books).id;
        step.lists = CountLists{{}, {first}, {}, {}, {}};
        if (second != first) step.lists->misplaced = {second};
        step.lists->unexpected = {item_id(424242)};
        script.apply(step);
    }

    void about_no_piece(Script& script) {
        const auto site = static_cast<SiteId>(1 + below(2));
        Step step;
        step.site = site;
        switch (below(8)) {
            case 0: {
                const auto& sessions = script.books.sessions.of(site);
                const bool open = !sessions.empty() && sessions.back().open.to == 0;
                step.type = open ? EventType::kVaultClosed : EventType::kVaultOpened;
                step.payload = empty_payload(step.type);
                if (open) step.closes = {{sessions.back().obligation, DifferenceKind::kUnspecified, {}}};
                step.obligation = fresh();
                return script.apply(step);
            }
            case 1: return script.apply({EventType::kPolicySet,
                PolicySet{one_in(2) ? "limit.parcel" : "time.late_after", static_cast<std::int64_t>(below(100)), site,
                          static_cast<Micros>(below(1000))}});
            case 2: return script.apply({EventType::kPolicySet,
                PolicySet{"docs.required", std::vector<DocRule>{{"*", "2", "category:ring", {DocType::kCites}}}, 0,
                          1}});
            case 3: {
                RoleGranted granted;
                granted.grant = {80 + below(3), Role::kOc, site};
                return script.apply({EventType::kRoleGranted, granted});
            }
            case 4: {
                step.type = EventType::kSupplyMoved;
                step.payload = SupplyMoved{SupplyMove::kReceived};
                step.from = at("EXT/SUPPLIER/7");
                step.to = site_account(AccountClass::kSiteSupply, site);
                step.lines = {{{}, 4 + below(2), 10, 20, {}, {}}};
                return script.apply(step);
            }
            case 5: return script.apply({EventType::kPartyRegistered,
                                         PartyRegistered{90 + below(5), PartyKind::kClient, "CH"}});
            case 6: return script.apply({EventType::kTransferRequested,
                                         TransferRequested{fresh(), TransferPurpose::kLoan, {}}});
            default: return script.apply({EventType::kExceptionRaised,
                                          ExceptionRaised{fresh(), ExceptionKind::kOverdue, "x"}});
        }
    }

    std::mt19937_64 random_;
};

}  // namespace daybook::custody
