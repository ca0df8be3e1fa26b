// Why a command is refused, and what would be legal instead.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/base/ids.h"
#include "engine/base/time.h"
#include "engine/custody/account.h"
#include "engine/custody/command.h"
#include "schemas/state_machine.gen.h"

namespace daybook::custody {

// An event that a late fact or a correction would make illegal, with the error that it would give.
struct Conflict {
    ItemId item;
    Position event = kNoPosition;
    RefusalCode code{};
};

// An answer to the client, not a failure of the engine. Everything that does not apply is empty.
struct Refusal {
    RefusalCode code{};
    std::string message;            // one sentence for a person: what, where, why, and what to do
    int line = -1;                  // which of the command's lines, from 0
    ItemId item;
    std::optional<State> state;     // of the item
    AccountId account;              // the item's holder; or the account, site or limit the refusal is about
    Micros since = 0;               // valid time at which the item came into that account
    Position event = kNoPosition;   // the event that blocks: the one that put the item there, opened the session …
    std::optional<ObligationRef> obligation;  // that blocks, or that is not open
    std::string document;           // memo, carnet, order number … of what blocks
    Micros until = 0;               // when the block ends, if it ends by itself
    std::optional<std::uint32_t> version;     // the item's current version (E_STALE_VERSION)
    std::string limit;              // which limit (E_LIMIT): policy key or account path
    std::optional<Money> allowed, would_be;   // E_LIMIT
    std::vector<DocType> missing_documents;   // E_DOC_MISSING
    std::vector<Conflict> conflicts;          // E_CORRECTION_CONFLICT: the first of each chain, in line order
    std::vector<EventType> legal_next;        // event types that the item's state allows
};

}  // namespace daybook::custody
