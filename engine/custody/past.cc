#include "engine/custody/past.h"

#include <algorithm>
#include <deque>
#include <unordered_set>

#include "engine/custody/internal/folder.h"

namespace daybook::custody {
namespace {

// An event that is not in the log yet, as one of its piece's chain. Its lines are filled in when its leg is known.
Decided decided_ahead(const Pending& pending) {
    Decided decided;
    decided.occurred_at = pending.at.value_or(kTimeAhead + pending.number);
    decided.correcting = pending.correcting;
    if (pending.lists != nullptr) decided.count_lists = std::make_unique<CountLists>(*pending.lists);
    return decided;
}

ChainEvent event_of(const Pending& pending, const Decided& decided) {
    return {pending.command, &decided, kPositionAhead + pending.number, pending.line};
}

bool is_declaration(const Pending& pending) { return pending.command->type == EventType::kCorrectionDeclared; }

void number(PieceState& state, Chain chain) {
    if (state.item.id.empty() || chain.empty()) return;
    state.item.version = static_cast<std::uint32_t>(chain.size());
    state.item.last = chain.back().position;
}

std::vector<Stay> added(const std::vector<Stay>& before, const std::vector<Stay>& after) {
    std::vector<Stay> out;
    std::copy_if(after.begin(), after.end(), std::back_inserter(out), [&](const Stay& stay) {
        return std::find(before.begin(), before.end(), stay) == before.end();
    });
    return out;
}

// Most stays are the same at the beginning; only what differs is compared one by one.
void tell_stays(const ItemId& item, const std::vector<Stay>& before, const std::vector<Stay>& after, PiecePast& out) {
    const auto [b, a] = std::mismatch(before.begin(), before.end(), after.begin(), after.end());
    out.stays = added({b, before.end()}, {a, after.end()});
    out.postings = postings_between(item, before, after);
}

}  // namespace

std::vector<PiecePast> tell_in_turn(const ItemId& item, Chain chain, std::span<const Pending> pending) {
    std::vector<ChainEvent> all(chain.begin(), chain.end());
    std::deque<Decided> ahead;
    std::vector<PiecePast> out;
    for (const Pending& next : pending) {
        Decided& decided = ahead.emplace_back(decided_ahead(next));
        const ChainEvent event = event_of(next, decided);
        const std::vector<std::uint32_t> order = effective(all);
        const auto behind = std::find_if(order.begin(), order.end(),
                                         [&](std::uint32_t i) { return key_of(all[i]) > key_of(event); });
        PiecePast& piece = out.emplace_back();
        piece.item = item;
        Folder folder(item);
        for (auto i = order.begin(); i != behind; ++i) static_cast<void>(folder.take(all[*i]));
        piece.place = folder.state();
        number(piece.place, all);
        if (auto refusal = folder.take(event)) {
            // decide() gives its own error, but for lines that the engine writes.
            if (next.lists != nullptr) piece.broken = Broken{event.position, std::move(*refusal)};
            return out;
        }
        const std::vector<Stay> before = stays(all);
        decided.lines = folder.taken().lines;
        all.push_back(event);
        for (auto i = behind; i != order.end() && !piece.broken; ++i) {
            if (auto refusal = folder.take(all[*i])) piece.broken = Broken{all[*i].position, std::move(*refusal)};
        }
        if (piece.broken) return out;
        piece.after = folder.state();
        number(piece.after, all);
        tell_stays(item, before, stays(all), piece);
    }
    return out;
}

ToldTogether tell_together(const ItemId& item, Chain chain, std::span<const Pending> pending) {
    std::vector<ChainEvent> all(chain.begin(), chain.end());
    std::deque<Decided> ahead;
    for (const Pending& next : pending) {
        Decided& decided = ahead.emplace_back(decided_ahead(next));
        if (is_declaration(next)) decided.lines.push_back({item, kNoPosition, {}, {}});
        all.push_back(event_of(next, decided));
    }
    ToldTogether out;
    out.places.resize(pending.size());
    out.piece.item = item;
    Folder folder(item);
    for (const std::uint32_t i : effective(all)) {
        const bool is_new = i >= chain.size();
        if (is_new && !is_declaration(pending[i - chain.size()])) {
            out.places[i - chain.size()] = folder.state();
            number(out.places[i - chain.size()], all);
        }
        if (auto refusal = folder.take(all[i])) {
            out.piece.broken = Broken{all[i].position, std::move(*refusal)};
            return out;
        }
        if (is_new && !is_declaration(pending[i - chain.size()])) ahead[i - chain.size()].lines = folder.taken().lines;
    }
    out.piece.after = folder.state();
    number(out.piece.after, all);
    tell_stays(item, stays(chain), stays(all), out.piece);
    return out;
}

PiecePast retell(const ItemId& item, Chain chain, Position first) {
    const auto is_new = std::find_if(chain.begin(), chain.end(),
                                     [first](const ChainEvent& event) { return event.position >= first; });
    PiecePast out;
    out.item = item;
    Folded folded = fold(item, chain);
    // What is in the log was legal when it was written.
    out.after = std::move(folded.piece);
    out.broken = std::move(folded.broken);
    tell_stays(item, stays({chain.begin(), is_new}), stays(chain), out);
    return out;
}

void stamp(PiecePast& piece, const Stamped& by) {
    const auto position = [&by](Position& at) {
        if (at != kNoPosition && at >= kPositionAhead) at = by.first + (at - kPositionAhead);
    };
    const auto time = [&by](Micros& at) {
        if (at < kTimeAhead || at - kTimeAhead >= static_cast<Micros>(by.times.size())) return;
        at = by.times[static_cast<std::size_t>(at - kTimeAhead)];
    };
    for (PieceState* state : {&piece.place, &piece.after}) {
        position(state->item.last);
        position(state->item.since_event);
        time(state->item.last_at);
        time(state->item.since);
        for (Obligation& obligation : state->obligations) {
            position(obligation.opened_by);
            time(obligation.opened_at);
        }
        if (state->parcel) position(state->parcel->packed_by);
    }
    for (Posting& posting : piece.postings) time(posting.at);
    for (Stay& stay : piece.stays) {
        position(stay.opened_by);
        position(stay.closed_by);
        time(stay.from);
        if (stay.to) time(*stay.to);
    }
    if (piece.broken) position(piece.broken->event);
}

Reach reach_of(const Books& books, const Command& command, const Decided& decided) {
    if (command.type == EventType::kCorrectionDeclared || decided.correcting.declaration != kNoPosition)
        return Reach::kCorrection;
    const LineKind kind = info(command.type).lines;
    if (kind == LineKind::kNone || kind == LineKind::kSupply || kind == LineKind::kSeen) return Reach::kEnd;
    for (const LineFacts& line : decided.lines) {
        const Item* item = books.items.find(line.item);
        if (item != nullptr && decided.occurred_at < item->last_at) return Reach::kInsertion;
    }
    return Reach::kEnd;
}

std::vector<ItemId> touched_with(const Books& books, const Decided& decided) {
    std::vector<ItemId> out;
    if (const Touched* touched = books.touched.find(0)) out = touched->items;
    std::unordered_set<ItemId, UuidHash> known(out.begin(), out.end());
    for (const LineFacts& line : decided.lines) {
        if (!line.item.empty() && known.insert(line.item).second) out.push_back(line.item);
    }
    return out;
}

}  // namespace daybook::custody
