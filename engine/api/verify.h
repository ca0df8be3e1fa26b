// Re-reads a whole ledger and checks everything that can be checked against something else.
#pragma once

#include <functional>
#include <string>

#include <daybook/ledger.h>
#include "engine/base/error.h"

namespace daybook::api {

struct Verified {
    bool ok = false;
    std::string json;  // daybook.v1.VerifyAnswer: what was checked, how much, and what is wrong first
};

// Checks, up to the head at this moment: the log (blocks, density, leaf hashes against the tree's tiles, ids in both
// directions), the events (decodable, numbered, record time never decreasing, atomic batches whole, each line's link to
// its piece's previous event), and each read model against a fresh fold of the log. Any thread; in memory proportional
// to the pieces. An Error only where it could not go on; what is wrong is in the answer.
Result<Verified> verify(Ledger& ledger,
                        const std::function<bool(std::string_view what, Position done, Position of)>& progress = {});

}  // namespace daybook::api
