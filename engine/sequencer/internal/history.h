// What late facts and corrections need of the past, read and worked out beside the deciding thread.
//
// The deciding thread finds out that a command reaches back and which pieces it concerns; it asks for their past with a
// HistoryWork. read_history() reads their chains from the log and folds them. The deciding thread then judges the
// command with what came back, if no piece has got an event meanwhile; else it asks again.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "engine/base/error.h"
#include "engine/codec/command_codec.h"
#include "engine/custody/past.h"
#include "engine/sequencer/chain_reader.h"

namespace daybook::sequencer {

struct HistoryWork {
    // The commands that are judged together: one, or a whole atomic batch.
    std::size_t first = 0, count = 0;
    bool correcting = false;
    unsigned attempts = 0;

    // A correcting batch asks twice: for its targets, by which its pieces are known, and then for those.
    enum class Stage : std::uint8_t { kTargets, kPieces, kReady } stage = Stage::kPieces;
    std::vector<Position> targets;  // of the declarations, which come first; kNoPosition: there is none
    struct Need {
        ItemId item;
        Position last = kNoPosition;  // its newest event, which is durable before anything is read; kNoPosition: none
    };
    std::vector<Need> needs;
    // A CountAttested: the pieces that it finds to differ, for which the engine writes lines, in their order. They are
    // known when it is judged; it is then judged again, with their past.
    struct Found {
        std::size_t number = 0;  // of the command
        custody::CountLists lists;
        std::vector<ItemId> items;
    };
    std::vector<Found> found;
    [[nodiscard]] const Found* found_by(std::size_t number) const;

    // ---- What comes back ----
    std::unique_ptr<ChainReader> kept;                // what the corrections refer to
    std::vector<custody::CorrectionPast> corrections; // of the declarations; without a command where there is no target
    std::vector<custody::Past> pasts;                 // of the commands
    std::vector<bool> told;                           // for which of them
    std::vector<custody::PiecePast> together;         // a correcting batch: each piece, after its last event
    std::optional<Error> error;                       // damage, or a chain over its bound

    // The newest position that has to be durable; kNoPosition: none.
    [[nodiscard]] Position newest() const;
};

// Does the stage that the work is at, and moves it on. `chains` is the calling thread's.
Result<void> read_history(HistoryWork& work, const codec::CommandBatch& batch, ChainReader& chains);

// Which declaration of the batch (a number from 0) names the command as a corrective, if any does.
std::optional<std::size_t> declaration_of(const codec::CommandBatch& batch, std::size_t command);

}  // namespace daybook::sequencer
