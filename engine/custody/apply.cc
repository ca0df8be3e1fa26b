#include <algorithm>

#include "engine/custody/internal/applier.h"

namespace daybook::custody {

namespace {

void add_end_leg(EndLegs& end, const KeyOfLeg& leg, bool first) {
    const auto outer = [&](const KeyOfLeg& other) {
        return other.by != kNoPosition && (first ? other < leg : leg < other);
    };
    const auto place = std::find_if_not(end.legs.begin(), end.legs.end(), outer);
    if (place == end.legs.end() || *place == leg) return;  // the next line of the same event
    std::move_backward(place, std::prev(end.legs.end()), end.legs.end());
    *place = leg;
}

}  // namespace

// ---- Holdings: what an account holds, which loading shares with applying. ----

void add_end_legs(OpenTime& open, const KeyOfLeg& leg) {
    add_end_leg(open.first_legs, leg, true);
    add_end_leg(open.last_legs, leg, false);
}

// Nearly always in its last interval.
void note_account_leg(Account& account, const KeyOfLeg& leg) {
    if (account.opened.empty() || leg.by == kNoPosition) return;
    account.last_leg_at = std::max(account.last_leg_at, leg.at);
    const auto open = std::find_if(account.opened.rbegin(), account.opened.rend(),
                                   [&](const OpenTime& one) { return one.from <= leg.at; });
    add_end_legs(open == account.opened.rend() ? account.opened.front() : *open, leg);
}

void leave_account(Books& books, std::uint32_t slot, const KeyOfLeg& leg) {
    const Item& item = books.items[slot];
    Account& account = books.accounts.edit(item.account);
    DAYBOOK_ASSERT(account.pieces != 0);
    --account.pieces;
    account.insured_minor -= item.insured_minor;
    const std::uint32_t next = books.items.next(slot);
    const std::uint32_t prev = books.items.prev(slot);
    if (next != 0) books.items.set_prev(next, prev);
    if (prev != 0) {
        books.items.set_next(prev, next);
    } else {
        account.first = next;
    }
    if (!account.opened.empty()) {
        note_account_leg(account, leg);
    } else if (account.pieces == 0 && is_known_for_its_pieces_only(account)) {
        books.accounts.erase(item.account);
    }
}

void enter_account(Books& books, std::uint32_t slot, const KeyOfLeg& leg) {
    const Item& item = books.items[slot];
    Account& account = books.accounts.edit(item.account);
    DAYBOOK_ASSERT(!account.opened.empty() || !item.account.must_be_opened());
    note_account_leg(account, leg);
    ++account.pieces;
    account.insured_minor += item.insured_minor;
    books.items.set_prev(slot, 0);
    books.items.set_next(slot, account.first);
    if (account.first != 0) books.items.set_prev(account.first, slot);
    account.first = slot;
}

PartyId memo_party(const Books& books, const Item& item) {
    if (item.account.kind == AccountClass::kExtMemo) return books.obligations[item.memo_out].party;
    if (item.account.kind != AccountClass::kTransit) return 0;
    const Obligation& transfer = books.obligations[item.hold];
    return transfer.origin != 0 && transfer.to_account.kind == AccountClass::kExtMemo ? transfer.party : 0;
}

void add_to_memo_sum(Books& books, PartyId party, const Item& item) {
    PartySum& sum = books.memo_sums.edit(party);
    ++sum.pieces;
    sum.insured_minor += item.insured_minor;
}

void take_from_memo_sum(Books& books, PartyId party, const Item& item) {
    PartySum& sum = books.memo_sums.edit(party);
    DAYBOOK_ASSERT(sum.pieces != 0);
    --sum.pieces;
    sum.insured_minor -= item.insured_minor;
    if (sum.pieces == 0) books.memo_sums.erase(party);
}

// ---- An event ----

void apply(Books& books, const Event& event, Effects& out, const Retelling* retelling) {
    out.clear();
    Applier(books, event, out, retelling).run();
}

void Applier::run() {
    DAYBOOK_ASSERT(event_.position == books_.next && event_.recorded_at >= books_.recorded_at);
    remember_scalars();
    books_.next = event_.position + 1;
    books_.recorded_at = event_.recorded_at;
    if (retelling_ != nullptr) {
        change_past();
    } else {
        switch (info(command_.type).lines) {
            case LineKind::kNone: opened_ = open_whole(); break;
            case LineKind::kSupply: supply_legs(); break;
            case LineKind::kSeen: sightings(); break;
            case LineKind::kMove:
            case LineKind::kItem:
            case LineKind::kItemOptional: pieces(); break;
            case LineKind::kEngine: attested_pieces(); break;
        }
        close_rest();
    }
    rest();
    if (retelling_ != nullptr) end_past();
    note_site();
    report_changed();
}

void Applier::run_part() {
    switch (info(command_.type).lines) {
        case LineKind::kMove:
        case LineKind::kItem:
        case LineKind::kItemOptional: return pieces();
        case LineKind::kEngine:
            if (command_.type == EventType::kCountAttested) attested_piece();
            return;
        case LineKind::kNone:
        case LineKind::kSupply:
        case LineKind::kSeen: DAYBOOK_UNREACHABLE();
    }
}

void Applier::remember_scalars() {
    if (!books_.journal.open()) return;
    books_.journal.push([&books = books_, entity = books_.entity, currency = books_.currency, next = books_.next,
                         recorded_at = books_.recorded_at] {
        books.entity = entity;
        books.currency = currency;
        books.next = next;
        books.recorded_at = recorded_at;
    });
}

void Applier::pieces() {
    const auto lines = static_cast<std::uint32_t>(decided_.lines.size());
    if (command_.type == EventType::kItemRegistered) {
        for (std::uint32_t line = 0; line < lines; ++line) register_piece(line);
        return;
    }
    opened_ = open_whole();
    if (command_.type == EventType::kTransferPacked) {
        const auto& packed = payload<TransferPacked>();
        parcel_ = books_.parcels.add({std::string(packed.parcel), std::string(packed.seal), packed.for_party,
                                      packed.request, event_.position, lines});
    }
    for (std::uint32_t line = 0; line < lines; ++line) {
        Item& item = begin_line(line);
        DAYBOOK_ASSERT(at() >= item.last_at);  // else the event is late and comes with a Retelling
        close_of_line(line, item);
        const LineFacts& facts = decided_.lines[line];
        if (!facts.to.empty()) move(item, facts.from, facts.to);
        open_of_line(item);
        piece_effects(item);
        end_line(item);
    }
    reassign();
}

// CountAttested: a line, and a discrepancy, for each difference that concerns a registered piece.
void Applier::attested_pieces() {
    DAYBOOK_ASSERT(command_.type == EventType::kCountAttested && decided_.count_lists != nullptr);
    const CountLists& lists = *decided_.count_lists;
    const ObligationId count = payload<CountAttested>().count;
    std::uint32_t line = 0;
    const auto differ = [&](const std::vector<ItemId>& pieces, DifferenceKind kind) {
        for (const ItemId& piece : pieces) {
            if (line == decided_.lines.size() || decided_.lines[line].item != piece) continue;  // not registered
            Item& item = begin_line(line++);
            open_discrepancy(item, {count, kind, piece}, kind);
            end_line(item);
        }
    };
    differ(lists.missing, DifferenceKind::kMissing);
    differ(lists.misplaced, DifferenceKind::kMisplaced);
    differ(lists.unexpected, DifferenceKind::kUnexpected);
    DAYBOOK_ASSERT(line == decided_.lines.size());
}

// The same of one piece, which has the only line.
void Applier::attested_piece() {
    const CountLists& lists = *whole_.count_lists;
    const ItemId& piece = decided_.lines.front().item;
    const auto in = [&](const std::vector<ItemId>& list) {
        return std::find(list.begin(), list.end(), piece) != list.end();
    };
    const DifferenceKind kind = in(lists.missing)     ? DifferenceKind::kMissing
                                : in(lists.misplaced) ? DifferenceKind::kMisplaced
                                                      : DifferenceKind::kUnexpected;
    Item& item = begin_line(0);
    open_discrepancy(item, {payload<CountAttested>().count, kind, piece}, kind);
    end_line(item);
}

Item& Applier::begin_line(std::uint32_t line) {
    const LineFacts& facts = decided_.lines[line];
    slot_ = books_.items.slot(facts.item);
    DAYBOOK_ASSERT(slot_ != 0);
    Item& item = books_.items.edit(slot_);
    DAYBOOK_ASSERT(facts.prev == item.last);
    memo_before_ = memo_party(books_, item);
    ItemChange& change = out_.items.emplace_back();
    change.line = line;
    change.before = item;
    return item;
}

void Applier::end_line(Item& item) {
    ItemChange& change = out_.items.back();
    const PartyId memo_after = memo_party(books_, item);
    if (memo_before_ != 0) take_from_memo_sum(books_, memo_before_, change.before);
    if (memo_after != 0) add_to_memo_sum(books_, memo_after, item);
    ++item.version;
    item.last = event_.position;
    item.last_at = std::max(item.last_at, at());
    item.flags |= kMoreThanRegistered;
    change.after = item;
}

void Applier::move(Item& item, const AccountId& from, const AccountId& to) {
    DAYBOOK_ASSERT(item.account == from && from != to);
    const State before = item.state();
    leave_account(books_, slot_, key());
    item.account = to;
    enter_account(books_, slot_, key());
    note_vault_leg(from);
    note_vault_leg(to);
    note_move_for_counts(item.id, from, to, from);
    item.since = at();
    item.since_event = event_.position;
    item.put_by = command_.site;

    const State after = item.state();
    if (after == State::kR && before != State::kR) item.verdict = Verdict::kNone;
    if (after != State::kT) item.flags &= static_cast<std::uint8_t>(~kSealExcused);
    if (item.parcel != 0 && after != State::kK && after != State::kT) leave_parcel(item);
}

void Applier::note_vault_leg(const AccountId& account) {
    if (account.kind != AccountClass::kSiteVault && account.kind != AccountClass::kSiteCom) return;
    if (account.site == command_.site) {
        ++vault_legs_here_;
        return;
    }
    note_legs(account.site, 1);
}

// Nearly always of the last session.
void Applier::note_legs(SiteId site, std::uint64_t legs) {
    const KeyOfLeg leg = key();
    Session* session = session_around(site, leg);
    if (session != nullptr) add_legs(*session, leg, leg, legs);
}

// The last one that was opened before a leg; nullptr: it lies before all.
Session* Applier::session_around(SiteId site, const KeyOfLeg& leg) {
    const auto& sessions = books_.sessions.of(site);
    const auto session = std::find_if(sessions.rbegin(), sessions.rend(), [&](const Session& one) {
        return std::pair(one.open.from, one.opened_place) <= std::pair(leg.at, leg.place);
    });
    if (session == sessions.rend()) return nullptr;
    return &books_.sessions.edit(site, static_cast<std::size_t>(std::prev(session.base()) - sessions.begin()));
}

void Applier::add_legs(Session& session, const KeyOfLeg& first, const KeyOfLeg& last, std::uint64_t legs) {
    session.first_leg = session.legs == 0 ? first : std::min(session.first_leg, first);
    session.last_leg = session.legs == 0 ? last : std::max(session.last_leg, last);
    session.legs += legs;
}

void Applier::note_move_for_counts(const ItemId& item, const AccountId& from, const AccountId& to,
                                   const AccountId& book) {
    note_for_counts(from.site, to.site, {item, from, to, book, event_.position});
}

// For the counts of either site.
void Applier::note_for_counts(SiteId one, SiteId other, const CountMove& move) {
    const auto note = [&](SiteId id) {
        const Site* site = books_.sites.find(id);
        if (site == nullptr || (site->counts.empty() && site->ended.empty())) return;
        keep_leg(books_, id, move);
    };
    if (one != 0) note(one);
    if (other != 0 && other != one) note(other);
}

// ---- Closings ----

void Applier::close_of_line(std::uint32_t line, Item& item) {
    while (next_close_ < decided_.closes.size() && decided_.closes[next_close_].line == line) {
        close_for(item, decided_.closes[next_close_++]);
    }
}

void Applier::close_rest() {
    for (; next_close_ < decided_.closes.size(); ++next_close_) {
        const Closed& closed = decided_.closes[next_close_];
        DAYBOOK_ASSERT(closed.line == Closed::kWholeEvent);
        const std::uint32_t slot = books_.open.find(closed.obligation);
        DAYBOOK_ASSERT(slot != 0 && books_.obligations[slot].kind == closed.kind);
        const ItemId piece = books_.obligations[slot].item;
        if (piece.empty()) {
            end_line_of(slot);
            continue;
        }
        // The piece has no line, so its chain and version stay; but it is one dispute better off.
        Item& item = books_.items.edit(books_.items.slot(piece));
        ItemChange& change = out_.items.emplace_back();
        change.line = ItemChange::kNoLine;
        change.before = item;
        close_for(item, closed);
        change.after = item;
    }
}

void Applier::close_for(Item& item, const Closed& closed) {
    std::uint32_t& pointer = obligation_slot(item, closed.kind);
    std::uint32_t slot = pointer;
    const bool dispute = closed.kind == ObligationKind::kDiscrepancy &&
                         (slot == 0 || books_.obligations[slot].ref != closed.obligation);
    if (dispute) {
        slot = take_dispute(item, closed.obligation);
    } else {
        pointer = 0;
    }
    DAYBOOK_ASSERT(slot != 0 && books_.obligations[slot].kind == closed.kind);
    DAYBOOK_ASSERT(books_.obligations[slot].ref == closed.obligation);
    if (closed.kind == ObligationKind::kRepair) item.flags &= static_cast<std::uint8_t>(~kRepairDeclined);
    end_line_of(slot);
}

std::uint32_t Applier::take_dispute(Item& item, const ObligationRef& ref) {
    std::vector<std::uint32_t>& slots = books_.disputes.edit(item.id);
    const auto it = std::find_if(slots.begin(), slots.end(),
                                 [&](std::uint32_t slot) { return books_.obligations[slot].ref == ref; });
    DAYBOOK_ASSERT(it != slots.end() && item.disputes == slots.size());
    const std::uint32_t slot = *it;
    slots.erase(it);
    if (--item.disputes == 0) books_.disputes.erase(item.id);
    return slot;
}

// One of its pieces has left the obligation; with the last, or where it names none, it is closed.
void Applier::end_line_of(std::uint32_t slot) {
    Obligation& obligation = books_.obligations.edit(slot);
    if (obligation.open_lines > 1) {
        --obligation.open_lines;
        touch(slot);
        return;
    }
    obligation.open_lines = 0;
    std::erase(out_.scratch, slot);
    books_.open.erase(slot);
    out_.obligations.push_back({std::move(obligation), ObligationChange::What::kClosed, slot});
    books_.obligations.erase(slot);
}

// ---- What is reported, and noted for the site, at the end ----

void Applier::touch(std::uint32_t obligation) {
    if (out_.scratch.empty() || out_.scratch.back() != obligation) out_.scratch.push_back(obligation);
}

void Applier::note_site() {
    if (command_.site == 0) return;
    Site& site = books_.sites.edit(command_.site);
    site.newest_at = std::max(site.newest_at, at());
    if (vault_legs_here_ != 0) note_legs(command_.site, vault_legs_here_);
}

void Applier::report_changed() {
    auto& touched = out_.scratch;
    std::sort(touched.begin(), touched.end());
    touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
    for (const std::uint32_t slot : touched) {
        out_.obligations.push_back({books_.obligations[slot], ObligationChange::What::kChanged, slot});
    }
}

}  // namespace daybook::custody
