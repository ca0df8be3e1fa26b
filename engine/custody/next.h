// What can be done with a piece now, and if not, why not: the question before the command.
//
// Every event type with lines of pieces is judged by the checks of decide() themselves, on a command that is as
// permissive as can be: made now, at the site where the piece is, going to whichever open account takes it, for the
// party that holds it, with every document there is, and whoever has to sign signing. So what is refused here is
// refused by decide() whoever asks and however; and what is legal here is accepted, once it is signed.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/ids.h"
#include "engine/base/time.h"
#include "engine/custody/account.h"
#include "engine/custody/command.h"
#include "engine/custody/event.h"
#include "engine/custody/refusal.h"
#include "engine/custody/state.h"

namespace daybook::custody {

// Accounts that are offered at most; a site has more bins than a person reads.
inline constexpr std::size_t kNextTargetsMax = 20;

// What stands in a command of next_steps() for an obligation id that its sender will choose.
inline constexpr ObligationId kIdToChoose{Uuid{~std::uint64_t{0}, ~std::uint64_t{0}}};

// One way in which an event may happen to the piece: a sale now or for later, a sign-out to a showcase or a person.
struct NextStep {
    // As judged, unsigned. Its texts are the books' or literals; an id that it would have to choose is kIdToChoose.
    Command command;
    std::string_view way;            // which of several; empty: there is but one
    std::optional<Refusal> refusal;  // nullopt: it is legal. Then:
    std::optional<AccountClass> to;  // the class of account that it takes the piece to; nullopt: the piece stays
    std::vector<AccountId> targets;  // which of them; empty where that is the sender's to name
    std::string signers;             // who signs, for people
    std::vector<DocType> documents;  // that it asks for and the piece has not
    std::vector<Closed> closes;      // the obligations that it ends
};

struct NextQuestion {
    ItemId item;                    // need not be registered
    Micros now = 0;
    SiteId site = 0;                // whose event it would be; 0: the site where the piece is, or was last
    std::optional<EventType> type;  // this one only
};

// In the order of the event types. Pure. Cost: a judgement for each way, and for each open account of the site where
// the sender would have to name one.
std::vector<NextStep> next_steps(const Books& books, const NextQuestion& question);
// The types of those steps that are legal, each once, and no more about them. Cost: a judgement for each way that the
// piece's state allows, and for accounts up to the first that takes it: a third of the steps' or less.
std::vector<EventType> legal_events(const Books& books, const NextQuestion& question);

}  // namespace daybook::custody
