#include "engine/sequencer/chain_reader.h"

#include <algorithm>
#include <optional>

#include "engine/base/limits.h"
#include "engine/custody/decide.h"

namespace daybook::sequencer {
namespace {

// An event with more lines is decoded once for all its pieces.
constexpr std::size_t kFewLines = 8;
constexpr std::size_t kLongEventsKept = 64;

// Which of the event's lines is the piece's; nullopt: none.
std::optional<std::uint32_t> line_of(const custody::Decided& decided, const ItemId& item) {
    const auto& lines = decided.lines;
    const auto found = std::find_if(lines.begin(), lines.end(),
                                    [&](const custody::LineFacts& line) { return line.item == item; });
    if (found == lines.end()) return std::nullopt;
    return static_cast<std::uint32_t>(found - lines.begin());
}

}  // namespace

Result<std::shared_ptr<const ChainReader::Kept>> ChainReader::load(Position position) {
    if (const auto known = long_.find(position); known != long_.end()) return known->second;
    auto kept = std::make_shared<Kept>();
    DAYBOOK_ASSIGN(kept->bytes, log_.read(position));
    if (const auto decoded = codec::decode_event(kept->bytes, kept->event); !decoded)
        return tl::unexpected(decoded.error().in("event " + std::to_string(position)));
    if (kept->event.decided.lines.size() > kFewLines) {
        if (long_.size() >= kLongEventsKept) long_.clear();
        long_.emplace(position, kept);
    }
    return kept;
}

Result<std::vector<custody::ChainEvent>> ChainReader::read(const ItemId& item, Position last) {
    chain_.clear();
    std::vector<custody::ChainEvent> events;
    for (Position at = last; at != kNoPosition;) {
        if (events.size() >= limits::kChainEventsMax) {
            return fail(ErrorCode::kInvalid, "the chain of piece " + item.text() + " has more than " +
                                                 std::to_string(limits::kChainEventsMax) + " events");
        }
        DAYBOOK_ASSIGN(auto kept, load(at));
        const auto line = line_of(kept->event.decided, item);
        if (!line) {
            return fail(ErrorCode::kCorrupt,
                        "event " + std::to_string(at) + " has no line for piece " + item.text() + " that links to it");
        }
        events.push_back({&kept->event.command, &kept->event.decided, at, *line});
        const Position prev = kept->event.decided.lines[*line].prev;
        if (prev != kNoPosition && prev >= at)
            return fail(ErrorCode::kCorrupt, "event " + std::to_string(at) + " links to a later one");
        chain_.push_back(std::move(kept));
        at = prev;
    }
    std::reverse(events.begin(), events.end());
    return events;
}

Result<const codec::StoredEvent*> ChainReader::event(Position position) {
    DAYBOOK_ASSIGN(auto kept, load(position));
    single_.push_back(std::move(kept));
    return &single_.back()->event;
}

void ChainReader::clear() {
    chain_.clear();
    single_.clear();
    long_.clear();
}

namespace {

// A declaration that leaves lets its target come back and takes its correctives with it; one that comes back, the other
// way round. Each is earlier than the one that targets it, so this ends.
Result<void> add_changes(ChainReader& chains, Position position, bool leaves, std::vector<custody::PastEvent>& out) {
    DAYBOOK_ASSIGN(const codec::StoredEvent* event, chains.event(position));
    out.push_back({&event->command, &event->decided, position, leaves});
    const Position target = event->decided.correcting.target;
    if (target == kNoPosition) return {};
    DAYBOOK_TRY(add_changes(chains, target, !leaves, out));
    for (Position at = position + 1; at <= event->batch_last; ++at) {
        DAYBOOK_ASSIGN(const codec::StoredEvent* other, chains.event(at));
        if (other->decided.correcting.declaration == position)
            out.push_back({&other->command, &other->decided, at, leaves});
    }
    return {};
}

}  // namespace

Result<std::vector<custody::PastEvent>> changes_of(ChainReader& chains, Position target) {
    std::vector<custody::PastEvent> changes;
    DAYBOOK_TRY(add_changes(chains, target, true, changes));
    return changes;
}

// ---- Replaying ----

Result<void> Replayer::apply(custody::Books& books, const custody::Event& event, custody::Effects& effects) {
    const custody::Reach reach = custody::reach_of(books, event.command, event.decided);
    if (reach == custody::Reach::kEnd) {
        custody::apply(books, event, effects);
        return {};
    }
    retelling_.pieces.clear();
    retelling_.changes.clear();
    if (reach == custody::Reach::kInsertion) {
        for (const auto& line : event.decided.lines) DAYBOOK_TRY(retell(line.item, line.prev, event, event.position));
    } else {
        if (event.decided.correcting.target != kNoPosition) {
            DAYBOOK_ASSIGN(retelling_.changes, changes_of(chains_, event.decided.correcting.target));
        }
        if (event.position == event.batch_last) {
            const custody::Touched* touched = books.touched.find(0);
            const Position first = touched == nullptr ? event.position : touched->first;
            for (const ItemId& item : custody::touched_with(books, event.decided)) {
                const custody::Item* known = books.items.find(item);
                DAYBOOK_TRY(retell(item, known == nullptr ? kNoPosition : known->last, event, first));
            }
        }
    }
    custody::apply(books, event, effects, &retelling_);
    chains_.clear();
    return {};
}

Result<void> Replayer::retell(const ItemId& item, Position last, const custody::Event& event, Position first) {
    DAYBOOK_ASSIGN(auto chain, chains_.read(item, last));
    if (const auto line = line_of(event.decided, item))
        chain.push_back({&event.command, &event.decided, event.position, *line});
    retelling_.pieces.push_back(custody::retell(item, chain, first));
    const custody::PiecePast& piece = retelling_.pieces.back();
    if (piece.broken) {
        return fail(ErrorCode::kCorrupt, "event " + std::to_string(piece.broken->event) +
                                             " is not legal in the chain of piece " + item.text() + ": " +
                                             piece.broken->refusal.message);
    }
    return {};
}

}  // namespace daybook::sequencer
