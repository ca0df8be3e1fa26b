#include "engine/custody/chain.h"

#include <algorithm>
#include <limits>
#include <unordered_set>

#include "engine/custody/internal/applier.h"
#include "engine/custody/internal/checks.h"
#include "engine/custody/internal/folder.h"

namespace daybook::custody {

// ---- Order and effect ----

ChainKey key_of(const ChainEvent& event) {
    const Position place = event.decided->correcting.place;
    return {event.decided->occurred_at, place == kNoPosition ? event.position : place, event.position};
}

std::vector<std::uint32_t> effective(Chain chain) {
    // A correction is corrected by a later one, so the newest come first.
    std::unordered_set<Position> gone;
    for (auto event = chain.rbegin(); event != chain.rend(); ++event) {
        const Position target = event->decided->correcting.target;
        if (target != kNoPosition && gone.count(event->position) == 0) gone.insert(target);
    }
    std::vector<std::uint32_t> order;
    order.reserve(chain.size());
    for (std::size_t i = 0; i < chain.size(); ++i) {
        const Position declaration = chain[i].decided->correcting.declaration;
        const bool taken_back = declaration != kNoPosition && gone.count(declaration) != 0;
        if (!taken_back && gone.count(chain[i].position) == 0) order.push_back(static_cast<std::uint32_t>(i));
    }
    // Nearly sorted already: most events come in their order.
    std::stable_sort(order.begin(), order.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return key_of(chain[a]) < key_of(chain[b]); });
    return order;
}

// ---- The fold ----

namespace {

// An id that was used is refused by decide(), but it looks at the place of the event first, which is told here.
std::optional<Refusal> check_opens_anew(const Books& books, const Command& command, const ItemId& item) {
    if (info(command.type).opens == 0 || command.obligation.empty()) return std::nullopt;
    const ObligationRef whole{command.obligation, {}, {}};
    if (books.open.find(whole) == 0 && books.open.find(opened_discrepancy(command, item)) == 0) return std::nullopt;
    return id_used(command.obligation);
}

}  // namespace

std::optional<Refusal> Folder::take(const ChainEvent& event) {
    const Command& command = *event.command;
    const Decided& decided = *event.decided;
    part_.clear();
    part_.occurred_at = decided.occurred_at;
    Context context;
    context.position = event.position;
    const bool recorded = !decided.lines.empty();
    if (info(command.type).lines == LineKind::kEngine) {
        if (command.type != EventType::kCountAttested) return std::nullopt;  // a correction does nothing by itself
        if (books_.items.slot(item_) == 0) {
            return refuse(RefusalCode::kUnknownItem,
                          "Piece " + item_.text() + " is not registered when the count is attested");
        }
        part_.lines.push_back({item_, books_.items.find(item_)->last, {}, {}});
    } else {
        const LineFacts* leg = recorded ? &decided.lines[event.line] : nullptr;
        const Case c(books_, command, context, Part{event.line, leg, decided.occurred_at});
        for (const auto check : {check_items, check_structure, check_held_once, check_title}) {
            if (auto refusal = check(c)) return refusal;
        }
        if (auto refusal = check_opens_anew(books_, command, item_)) return refusal;
        conclude(c, part_);
    }
    const AccountId& to = part_.lines.front().to;
    // Whether the account was open then is asked of the account's own chain.
    if (to.must_be_opened() && books_.accounts.edit(to).opened.empty()) {
        books_.accounts.edit(to).opened.push_back(open_always());
    }
    const std::size_t lines = std::max<std::size_t>(command.lines.size(), event.line + 1);
    if (!recorded) whole_.lines.assign(lines, part_.lines.front());
    effects_.clear();
    const bool as_it_is = recorded || decided.count_lists != nullptr;
    Applier(books_, {command, part_, event.position, event.position, 0}, as_it_is ? decided : whole_, effects_)
        .run_part();
    return std::nullopt;
}

PieceState Folder::state() const {
    const std::uint32_t slot = books_.items.slot(item_);
    return slot == 0 ? PieceState{} : piece_state(books_, slot);
}

PieceState piece_state(const Books& books, std::uint32_t slot) {
    PieceState out;
    out.item = books.items[slot];
    Item& item = out.item;
    const auto text = [&](std::uint32_t& name, std::string& to) {
        to = books.names.text(name);
        name = 0;
    };
    text(item.model, out.model);
    text(item.collection, out.collection);
    text(item.category, out.category);
    text(item.metal, out.metal);
    text(item.stone, out.stone);
    const auto add = [&](std::uint32_t obligation) {
        out.obligations.push_back(books.obligations[obligation]);
        out.obligations.back().open_lines = 1;
    };
    for (std::uint32_t* pointer : {&item.hold, &item.memo_out, &item.repair, &item.delivery, &item.reservation,
                                   &item.carnet, &item.memo_in}) {
        if (*pointer != 0) add(*pointer);
        *pointer = 0;
    }
    if (const auto* disputes = books.disputes.find(item.id)) std::for_each(disputes->begin(), disputes->end(), add);
    item.disputes = 0;
    if (item.parcel != 0) {
        out.parcel = books.parcels[item.parcel];
        out.parcel->pieces = 1;
        out.parcel->insured_minor = item.insured_minor;
        item.parcel = 0;
    }
    if (const auto* documents = books.documents.find(item.id)) out.documents = *documents;
    return out;
}

Folded fold(const ItemId& item, Chain chain, std::optional<Micros> valid_at) {
    Folder folder(item);
    Folded out;
    for (const std::uint32_t i : effective(chain)) {
        const ChainEvent& event = chain[i];
        if (valid_at && event.decided->occurred_at > *valid_at) break;
        if (auto refusal = folder.take(event)) {
            out.broken = Broken{event.position, std::move(*refusal)};
            break;
        }
    }
    out.piece = folder.state();
    if (!out.piece.item.id.empty()) {
        out.piece.item.version = static_cast<std::uint32_t>(chain.size());
        out.piece.item.last = chain.back().position;
    }
    return out;
}

// ---- Stays ----

std::vector<Stay> stays(Chain chain, std::optional<Micros> valid_at) {
    std::vector<Stay> out;
    for (const std::uint32_t i : effective(chain)) {
        const ChainEvent& event = chain[i];
        const Micros at = event.decided->occurred_at;
        if (valid_at && at > *valid_at) break;
        const AccountId& to = event.decided->lines[event.line].to;
        if (to.empty()) continue;
        if (!out.empty()) {
            out.back().to = at;
            out.back().closed_by = event.position;
        }
        out.push_back({to, at, std::nullopt, event.position, kNoPosition});
    }
    return out;
}

std::vector<Posting> postings_between(const ItemId& item, const std::vector<Stay>& before,
                                      const std::vector<Stay>& after) {
    std::vector<Posting> out;
    const auto add = [&](const std::vector<Stay>& stays, int sign) {
        for (const Stay& stay : stays) {
            out.push_back({item, stay.account, stay.from, static_cast<std::int8_t>(sign)});
            if (stay.to) out.push_back({item, stay.account, *stay.to, static_cast<std::int8_t>(-sign)});
        }
    };
    // What both begin with cancels out.
    const auto [first_before, first_after] =
        std::mismatch(before.begin(), before.end(), after.begin(), after.end(), [](const Stay& a, const Stay& b) {
            return a.account == b.account && a.from == b.from && a.to == b.to;
        });
    add({first_before, before.end()}, -1);
    add({first_after, after.end()}, 1);
    const auto key = [](const Posting& posting) { return std::pair(posting.at, posting.account); };
    std::stable_sort(out.begin(), out.end(), [&](const Posting& a, const Posting& b) { return key(a) < key(b); });
    std::vector<Posting> left;
    for (auto same = out.begin(); same != out.end();) {
        const auto end = std::find_if(same, out.end(), [&](const Posting& other) { return key(other) != key(*same); });
        int sum = 0;
        for (auto one = same; one != end; ++one) sum += one->sign;
        Posting posting = *same;
        posting.sign = sum < 0 ? -1 : 1;
        for (int n = sum < 0 ? -sum : sum; n != 0; --n) left.push_back(posting);
        same = end;
    }
    return left;
}

}  // namespace daybook::custody
