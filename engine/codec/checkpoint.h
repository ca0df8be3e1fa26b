// What a CheckpointSealed commits to, and the text that its signer signs.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/ids.h"

namespace daybook::codec {

struct Checkpoint {
    Position size = 0;          // the tree over the events before this position …
    std::string_view root;      // … has this root, of 32 bytes
    std::vector<std::pair<std::string_view, std::string_view>> views;  // read models' names and digests, as sent
    std::string_view signer;    // whose key
    std::string_view signature; // 64 bytes of Ed25519, or none
};

// Of an encoded CheckpointSealed that was checked once. Views point into `command`.
Checkpoint read_checkpoint(std::string_view command);

// The lines that are signed, each ended by a newline; digests in hexadecimal:
//
//   daybook checkpoint 1
//   ledger 0195c0de-…
//   size 17
//   root 4d2f…
//   view custody 91ab…       one for each, in the order sent
std::string checkpoint_text(const LedgerId& ledger, const Checkpoint& checkpoint);

}  // namespace daybook::codec
