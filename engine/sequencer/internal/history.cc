#include "engine/sequencer/internal/history.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace daybook::sequencer {
namespace {

using custody::Command;
using custody::EventType;
using custody::LineKind;
using custody::Pending;

bool has_items(const Command& command) {
    const LineKind kind = custody::info(command.type).lines;
    return kind == LineKind::kMove || kind == LineKind::kItem || kind == LineKind::kItemOptional;
}

const custody::CorrectionDeclared* declared(const Command& command) {
    return std::get_if<custody::CorrectionDeclared>(&command.payload);
}

// ---- Targets ----

class ItemList {
public:
    void add(const ItemId& item) {
        if (!item.empty() && known_.insert(item).second) items_.push_back(item);
    }
    void add(const custody::Decided& decided) {
        for (const auto& line : decided.lines) add(line.item);
    }
    std::vector<ItemId> take() { return std::move(items_); }

private:
    std::vector<ItemId> items_;
    std::unordered_set<ItemId, UuidHash> known_;
};

Result<void> read_targets(HistoryWork& work, const codec::CommandBatch& batch, const log::EventLog& log) {
    work.kept = std::make_unique<ChainReader>(log);
    work.corrections.clear();
    for (std::size_t i = 0; i < work.targets.size(); ++i) {
        custody::CorrectionPast& correction = work.corrections.emplace_back();
        if (work.targets[i] == kNoPosition) continue;
        DAYBOOK_ASSIGN(correction.changes, changes_of(*work.kept, work.targets[i]));
        correction.target = correction.changes.front();
        ItemList items;
        for (const custody::PastEvent& change : correction.changes) items.add(*change.decided);
        const Command& declaration = batch[work.first + i];
        for (const EventId& id : declared(declaration)->correctives) {
            for (std::size_t other = work.targets.size(); other < work.count; ++other) {
                const Command& command = batch[work.first + other];
                if (command.event_id != id) continue;
                correction.correctives.push_back(&command);
                if (!has_items(command)) continue;
                for (const custody::Line& line : command.lines) items.add(line.item);
            }
        }
        correction.items = items.take();
    }
    return {};
}

// ---- Pieces ----

using PendingOf = std::unordered_map<ItemId, std::vector<Pending>, UuidHash>;

void add_lines(const Command& command, std::uint32_t number, const custody::Correcting& correcting, PendingOf& out) {
    if (!has_items(command)) return;
    for (std::uint32_t line = 0; line < command.lines.size(); ++line) {
        out[command.lines[line].item].push_back({&command, number, line, command.occurred_at, correcting, nullptr});
    }
}

// Those that a count found to differ.
void add_found(const HistoryWork& work, const Command& command, std::uint32_t number,
               const custody::Correcting& correcting, PendingOf& out) {
    const HistoryWork::Found* found = work.found_by(number);
    if (found == nullptr) return;
    for (std::uint32_t line = 0; line < found->items.size(); ++line) {
        out[found->items[line]].push_back({&command, number, line, command.occurred_at, correcting, &found->lists});
    }
}

std::size_t lines_of(const HistoryWork& work, const codec::CommandBatch& batch, std::size_t number) {
    if (const HistoryWork::Found* found = work.found_by(number)) return found->items.size();
    const Command& command = batch[work.first + number];
    return has_items(command) ? command.lines.size() : 0;
}

void make_room(HistoryWork& work, const codec::CommandBatch& batch) {
    work.pasts.clear();
    work.pasts.resize(work.count);
    work.told.assign(work.count, false);
    work.together.clear();
    for (std::size_t number = 0; number < work.count; ++number) {
        work.pasts[number].pieces.resize(lines_of(work, batch, number));
    }
}

Result<void> tell_pieces(HistoryWork& work, const codec::CommandBatch& batch, ChainReader& chains) {
    PendingOf pending;
    for (std::uint32_t number = 0; number < work.count; ++number) {
        add_lines(batch[work.first + number], number, {}, pending);
        add_found(work, batch[work.first + number], number, {}, pending);
    }
    std::vector<std::size_t> told(work.count, 0);
    for (const HistoryWork::Need& need : work.needs) {
        DAYBOOK_ASSIGN(const auto chain, chains.read(need.item, need.last));
        const std::vector<Pending>& commands = pending[need.item];
        std::vector<custody::PiecePast> pieces = custody::tell_in_turn(need.item, chain, commands);
        for (std::size_t i = 0; i < pieces.size(); ++i) {
            work.pasts[commands[i].number].pieces[commands[i].line] = std::move(pieces[i]);
            ++told[commands[i].number];
        }
        // A piece that an IdentityResolved looks at.
        for (std::uint32_t number = 0; number < work.count; ++number) {
            const Command& command = batch[work.first + number];
            const auto* resolved = std::get_if<custody::IdentityResolved>(&command.payload);
            if (resolved == nullptr || resolved->keep || resolved->real != need.item) continue;
            custody::PiecePast seen;
            seen.item = need.item;
            seen.place = custody::fold(need.item, chain, command.occurred_at).piece;
            work.pasts[number].pieces.push_back(std::move(seen));
        }
    }
    for (std::size_t number = 0; number < work.count; ++number) {
        work.told[number] = told[number] != 0 && told[number] == lines_of(work, batch, number);
    }
    return {};
}

// A corrective of its target's time takes its place.
custody::Correcting correcting_of(const HistoryWork& work, const Command& command, std::size_t declaration) {
    custody::Correcting correcting;
    correcting.declaration = custody::kPositionAhead + declaration;
    const custody::PastEvent& target = work.corrections[declaration].target;
    if (command.occurred_at && *command.occurred_at == target.decided->occurred_at) {
        const Position place = target.decided->correcting.place;
        correcting.place = place == kNoPosition ? target.position : place;
    }
    return correcting;
}

Result<void> tell_correction(HistoryWork& work, const codec::CommandBatch& batch, ChainReader& chains) {
    PendingOf pending;
    for (std::uint32_t number = 0; number < work.count; ++number) {
        const Command& command = batch[work.first + number];
        custody::Past& past = work.pasts[number];
        past.together = &work.together;
        past.corrections = work.corrections;
        if (number < work.targets.size()) {
            if (work.targets[number] == kNoPosition) continue;
            past.correction = &work.corrections[number];
            custody::Correcting correcting;
            correcting.target = work.targets[number];
            for (const ItemId& item : past.correction->items)
                pending[item].push_back({&command, number, 0, command.occurred_at, correcting, nullptr});
            work.told[number] = true;
            continue;
        }
        const auto declaration = declaration_of(batch, work.first + number);
        if (!declaration || work.targets[*declaration] == kNoPosition) continue;
        const custody::Correcting correcting = correcting_of(work, command, *declaration);
        past.correction = &work.corrections[*declaration];
        past.declaration = correcting.declaration;
        past.place = correcting.place;
        add_lines(command, number, correcting, pending);
        add_found(work, command, number, correcting, pending);
        work.told[number] = true;
    }
    for (const HistoryWork::Need& need : work.needs) {
        DAYBOOK_ASSIGN(const auto chain, chains.read(need.item, need.last));
        const std::vector<Pending>& commands = pending[need.item];
        custody::ToldTogether told = custody::tell_together(need.item, chain, commands);
        for (std::size_t i = 0; i < commands.size(); ++i) {
            if (commands[i].number < work.targets.size()) continue;
            custody::PiecePast& piece = work.pasts[commands[i].number].pieces[commands[i].line];
            piece.item = need.item;
            piece.place = std::move(told.places[i]);
            piece.after = told.piece.after;
        }
        work.together.push_back(std::move(told.piece));
    }
    return {};
}

}  // namespace

const HistoryWork::Found* HistoryWork::found_by(std::size_t number) const {
    const auto it = std::find_if(found.begin(), found.end(), [&](const Found& one) { return one.number == number; });
    return it == found.end() ? nullptr : &*it;
}

Position HistoryWork::newest() const {
    Position newest = kNoPosition;
    const auto add = [&newest](Position position) {
        if (position != kNoPosition && (newest == kNoPosition || position > newest)) newest = position;
    };
    for (const Position target : targets) add(target);
    for (const Need& need : needs) add(need.last);
    return newest;
}

Result<void> read_history(HistoryWork& work, const codec::CommandBatch& batch, ChainReader& chains) {
    if (work.stage == HistoryWork::Stage::kTargets) {
        DAYBOOK_TRY(read_targets(work, batch, chains.log()));
        work.stage = HistoryWork::Stage::kPieces;
        return {};
    }
    make_room(work, batch);
    DAYBOOK_TRY(work.correcting ? tell_correction(work, batch, chains) : tell_pieces(work, batch, chains));
    chains.clear();
    work.stage = HistoryWork::Stage::kReady;
    return {};
}

std::optional<std::size_t> declaration_of(const codec::CommandBatch& batch, std::size_t command) {
    for (std::size_t i = 0; i < batch.size(); ++i) {
        const auto* declaration = declared(batch[i]);
        if (declaration == nullptr) return std::nullopt;
        const auto& named = declaration->correctives;
        if (std::find(named.begin(), named.end(), batch[command].event_id) != named.end()) return i;
    }
    return std::nullopt;
}

}  // namespace daybook::sequencer
