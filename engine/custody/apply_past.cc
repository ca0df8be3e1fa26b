// Events that change the past of pieces: late facts and corrections. Their pieces are told again from their chains.
#include <algorithm>
#include <unordered_map>

#include "engine/custody/internal/applier.h"
#include "engine/custody/internal/pieces.h"

namespace daybook::custody {
namespace {

constexpr KeyOfLeg kNoLeg{};  // the legs of what is told again are noted with their events

bool same(const Obligation& a, const Obligation& b) {
    return a.opened_by == b.opened_by && a.opened_at == b.opened_at && a.due_at == b.due_at && a.site == b.site &&
           a.responsible == b.responsible && a.party == b.party && a.document == b.document && a.lines == b.lines &&
           a.open_lines == b.open_lines && a.carrier == b.carrier && a.origin == b.origin && a.to_site == b.to_site &&
           a.to_account == b.to_account && a.purpose == b.purpose && a.memo_purpose == b.memo_purpose;
}

bool is_dispute(const Obligation& obligation) {
    return obligation.kind == ObligationKind::kDiscrepancy && !obligation.by_declared_missing;
}

}  // namespace

// ---- Resettling ----

void Resettling::note(std::uint32_t obligation) { before_.try_emplace(obligation, books_.obligations[obligation]); }

void Resettling::leave(std::uint32_t obligation) {
    note(obligation);
    --books_.obligations.edit(obligation).open_lines;
}

void Resettling::take_out(std::uint32_t slot) {
    Item& item = books_.items.edit(slot);
    if (const PartyId memo = memo_party(books_, item); memo != 0) take_from_memo_sum(books_, memo, item);
    leave_account(books_, slot, kNoLeg);
    for (std::uint32_t* pointer : {&item.hold, &item.memo_out, &item.repair, &item.delivery, &item.reservation,
                                   &item.carnet, &item.memo_in}) {
        if (*pointer != 0) leave(*pointer);
        *pointer = 0;
    }
    if (const auto* disputes = books_.disputes.find(item.id)) {
        for (const std::uint32_t dispute : *disputes) leave(dispute);
        books_.disputes.erase(item.id);
        item.disputes = 0;
    }
    if (item.parcel != 0) {
        Parcel& parcel = books_.parcels.edit(item.parcel);
        --parcel.pieces;
        parcel.insured_minor -= item.insured_minor;
        parcels_.push_back(item.parcel);
        item.parcel = 0;
    }
    if (books_.documents.find(item.id) != nullptr) books_.documents.erase(item.id);
}

// Pieces that an event names together share their obligation, and so its terms are the same in each of their chains.
std::uint32_t Resettling::join(const Obligation& obligation) {
    if (const std::uint32_t known = books_.open.find(obligation.ref); known != 0) {
        note(known);
        Obligation& shared = books_.obligations.edit(known);
        const std::uint32_t open_lines = shared.open_lines + 1;
        shared = obligation;
        shared.open_lines = open_lines;
        return known;
    }
    Obligation fresh = obligation;
    fresh.open_lines = 1;
    const std::uint32_t slot = books_.obligations.add(std::move(fresh));
    books_.open.add(slot);
    before_.try_emplace(slot, std::nullopt);
    return slot;
}

void Resettling::put_back(std::uint32_t slot, const PieceState& state) {
    const Item old = books_.items[slot];
    Item item = state.item;
    item.id = old.id;
    item.version = old.version;
    item.last = old.last;
    if (state.item.id.empty()) {
        item.account = plain_account(AccountClass::kOrigin);
    } else {
        item.model = books_.names.add(state.model);
        item.collection = books_.names.add(state.collection);
        item.category = books_.names.add(state.category);
        item.metal = books_.names.add(state.metal);
        item.stone = books_.names.add(state.stone);
    }
    for (const Obligation& obligation : state.obligations) {
        const std::uint32_t joined = join(obligation);
        if (is_dispute(obligation)) {
            books_.disputes.edit(item.id).push_back(joined);
            ++item.disputes;
        } else {
            obligation_slot(item, obligation.kind) = joined;
        }
    }
    if (state.parcel) {
        // Few are open at a time, and a re-told piece is seldom in one.
        const auto& parcels = books_.parcels.raw_values();
        const auto found = std::find_if(parcels.begin() + 1, parcels.end(), [&](const Parcel& parcel) {
            return parcel.packed_by == state.parcel->packed_by;
        });
        if (found != parcels.end()) {
            item.parcel = static_cast<std::uint32_t>(found - parcels.begin());
            Parcel& parcel = books_.parcels.edit(item.parcel);
            const std::uint32_t pieces = parcel.pieces + 1;
            const std::int64_t insured = parcel.insured_minor + item.insured_minor;
            parcel = *state.parcel;
            parcel.pieces = pieces;
            parcel.insured_minor = insured;
        } else {
            item.parcel = books_.parcels.add(*state.parcel);
        }
    }
    if (!state.documents.empty()) books_.documents.edit(item.id) = state.documents;
    books_.items.edit(slot) = item;
    enter_account(books_, slot, kNoLeg);
    if (const PartyId memo = memo_party(books_, item); memo != 0) add_to_memo_sum(books_, memo, item);
}

void Resettling::finish(std::vector<ObligationChange>& out) {
    for (const std::uint32_t parcel : parcels_) {
        const Parcel& left = books_.parcels[parcel];
        if (left.pieces == 0 && left.packed_by != kNoPosition) books_.parcels.erase(parcel);
    }
    for (auto& [slot, before] : before_) {
        const Obligation& now = books_.obligations[slot];
        if (now.open_lines == 0) {
            if (before) {
                before->open_lines = 0;
                out.push_back({*before, ObligationChange::What::kClosed, slot});
            }
            books_.open.erase(slot);
            books_.obligations.erase(slot);
        } else if (!before) {
            out.push_back({now, ObligationChange::What::kOpened, slot});
        } else if (!same(*before, now)) {
            out.push_back({now, ObligationChange::What::kChanged, slot});
        }
    }
}

void add_piece(Books& books, const PieceState& state) {
    if (state.item.id.empty() || books.items.slot(state.item.id) != 0) return;
    const AccountId& account = state.item.account;
    if (account.must_be_opened() && books.accounts.edit(account).opened.empty())
        books.accounts.edit(account).opened.push_back(open_always());
    Item item;
    item.id = state.item.id;
    item.version = state.item.version;
    item.last = state.item.last;
    Resettling(books).put_back(books.items.add(item), state);
}

// ---- The events ----

void Applier::change_past() {
    const Reach reach = reach_of(books_, command_, decided_);
    DAYBOOK_ASSERT(reach != Reach::kEnd);
    if (reach == Reach::kInsertion) {
        touch_lines();
        std::vector<ItemId> items;
        for (const LineFacts& line : decided_.lines) items.push_back(line.item);
        retell(items);
        return close_whole();
    }
    const std::vector<ItemId> items = touched_with(books_, decided_);
    const Correcting& correcting = decided_.correcting;
    if (correcting.target != kNoPosition) {
        declare();
    } else {
        books_.corrected.edit(event_.position).declaration = correcting.declaration;
        note_turn(command_);
    }
    touch_lines();
    switch (info(command_.type).lines) {
        case LineKind::kSupply: supply_legs(); break;
        case LineKind::kSeen: sightings(); break;
        case LineKind::kNone: opened_ = open_whole(); break;
        default: break;
    }
    close_whole();
    touched().items = items;
    if (event_.position == event_.batch_last) retell(items);
}

// What only the whole event, or the whole batch, can say.
void Applier::end_past() {
    if (command_.type == EventType::kVaultOpened) finish_opening();
    if (event_.position == event_.batch_last && reach_of(books_, command_, decided_) == Reach::kCorrection)
        settle_turns();
}

// An opening that stands in the place of another, whose session is closed.
void Applier::finish_opening() {
    const auto& sessions = books_.sessions.of(command_.site);
    const auto session = std::find_if(sessions.begin(), sessions.end(),
                                      [&](const Session& one) { return one.opened_by == event_.position; });
    DAYBOOK_ASSERT(session != sessions.end());
    if (session->closed_by == kNoPosition) return;
    end_again(session->obligation);
    out_.obligations.back().by = session->closed_by;
    out_.obligations.back().at = session->open.to;
}

// The event is one more with a line for its pieces, wherever its place is.
void Applier::touch_lines() {
    for (std::uint32_t line = 0; line < decided_.lines.size(); ++line) {
        const LineFacts& facts = decided_.lines[line];
        if (facts.item.empty()) continue;
        ItemChange& change = out_.items.emplace_back();
        change.line = line;
        change.retold = true;
        std::uint32_t slot = books_.items.slot(facts.item);
        if (slot == 0) {
            DAYBOOK_ASSERT(command_.type == EventType::kItemRegistered);
            Item fresh;
            fresh.id = facts.item;
            fresh.account = plain_account(AccountClass::kOrigin);
            slot = books_.items.add(fresh);
            enter_account(books_, slot, kNoLeg);
        } else {
            change.before = books_.items[slot];
        }
        Item& item = books_.items.edit(slot);
        DAYBOOK_ASSERT(facts.prev == item.last);
        ++item.version;
        item.last = event_.position;
        change.after = item;
        if (!facts.to.empty()) note_late_leg(item, facts);
    }
}

void Applier::note_late_leg(const Item& item, const LineFacts& leg) {
    note_vault_leg(leg.from);
    note_vault_leg(leg.to);
    note_move_for_counts(item.id, leg.from, leg.to, item.account);
    for (const AccountId* id : {&leg.from, &leg.to}) {
        if (id->must_be_opened() && books_.accounts.find(*id) != nullptr)
            note_account_leg(books_.accounts.edit(*id), key());
    }
}

void Applier::retell(const std::vector<ItemId>& items) {
    std::unordered_map<ItemId, const PiecePast*, UuidHash> told;
    for (const PiecePast& piece : retelling_->pieces) told.emplace(piece.item, &piece);
    std::unordered_map<ItemId, std::size_t, UuidHash> changes;
    for (std::size_t i = 0; i < out_.items.size(); ++i) changes.emplace(out_.items[i].after.id, i);

    Resettling resettling(books_);
    std::vector<AccountId> booked;  // where they were until now
    for (const ItemId& id : items) {
        const std::uint32_t slot = books_.items.slot(id);
        DAYBOOK_ASSERT(slot != 0 && told.count(id) != 0);
        booked.push_back(books_.items[slot].account);
        if (changes.try_emplace(id, out_.items.size()).second) {
            ItemChange& change = out_.items.emplace_back();
            change.line = ItemChange::kNoLine;
            change.retold = true;
            change.before = books_.items[slot];
        }
        resettling.take_out(slot);
    }
    for (const ItemId& id : items) resettling.put_back(books_.items.slot(id), told.at(id)->after);
    resettling.finish(out_.obligations);
    // What is elsewhere because of a correction has no leg since the cut of a count; its book is where it was.
    const Correcting& correcting = decided_.correcting;
    const bool corrects = correcting.target != kNoPosition || correcting.declaration != kNoPosition;
    for (std::size_t i = 0; i < items.size() && corrects; ++i) {
        const AccountId& now = books_.items[books_.items.slot(items[i])].account;
        if (now != booked[i])
            note_for_counts(booked[i].site, now.site, {items[i], {}, {}, booked[i], event_.position});
    }
    for (const ItemId& id : items) {
        ItemChange& change = out_.items[changes.at(id)];
        change.after = books_.items[books_.items.slot(id)];
        const auto& postings = told.at(id)->postings;
        out_.retold.insert(out_.retold.end(), postings.begin(), postings.end());
    }
}

}  // namespace daybook::custody
