// The checks of decide(), in their order. Each looks at all lines of the command and answers with the first fault.
// Pure: they read the Case and nothing else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/custody/internal/case.h"

namespace daybook::custody {

struct Stay;  // chain.h

using Fault = std::optional<Refusal>;

Fault check_schema(const Case& c);  // schema.cc: what concerns payload and state
Fault check_role(const Case& c);    // authority.cc
Fault check_dual_control(const Case& c);
Fault check_future(const Case& c);  // times.cc
Fault check_backdated(const Case& c);
Fault check_declarer(const Case& c);           // corrections.cc
Fault check_correction_target(const Case& c);
Fault check_count_fence(const Case& c);        // times.cc
Fault check_period(const Case& c);
Fault check_vault_session(const Case& c);
Fault check_items(const Case& c);  // structure.cc
Fault check_versions(const Case& c);
Fault check_structure(const Case& c);
Fault check_flags(const Case& c);  // guards.cc
Fault check_held_once(const Case& c);  // guards.cc: the part of the flags that holds for the whole chain
Fault check_title(const Case& c);
Fault check_limits(const Case& c);          // limits.cc
Fault check_papers(const Case& c);          // papers.cc
Fault check_own_conditions(const Case& c);  // own.cc: of events without item lines
Fault check_obligation_id(const Case& c);
Refusal id_used(const ObligationId& id);
Fault check_chain(const Case& c);  // corrections.cc
Fault check_quantity(const Case& c);  // supplies.cc
Fault check_sessions_and_accounts(const Case& c);

// All of them, in their order (decide.cc). kAside: without those of role and dual control, for questions that ask what
// could be done and by whom.
enum class Signatures : std::uint8_t { kJudged, kAside };
Fault check_all(const Case& c, Signatures signatures);

// Who signs, for people: "OC/VM + anyone else" (authority.cc).
std::string signers_text(const Case& c);

// ---- corrections.cc: parts of the checks ----
bool is_corrective(const Case& c);
// Whether the batch of a CorrectionDeclared takes the event back.
bool leaves_with_batch(const Case& c, Position event);
// A corrective tells again what the event said: the target is that event, or one that took its place alone.
bool tells_again(const Case& c, Position event);
// The CLOSING count of a site, if it is attested.
const AttestedCount* attested_closing(const Books& books, SiteId site, const ObligationId& id);  // own.cc
std::optional<std::string> correction_fault(const Case& c);                 // of check_schema
Fault check_closed_days(const Case& c, bool signed_by_headquarters);        // of check_period
Fault check_supplies_corrected(const Case& c);                              // of check_chain: supplies.cc
Fault check_turns_corrected(const Case& c);                                 // of check_chain: turns.cc
// The correcting batch opens the account of a new stay, for all its time: turns.cc.
bool opens_with_batch(const Case& c, const Stay& stay);
Fault check_late_accounts(const Case& c);                                   // of check_sessions_and_accounts
void conclude_correction(const Case& c, Decided& out);                      // of conclude

// Fills in what the engine adds to an accepted command (conclude.cc).
void conclude(const Case& c, Decided& out);

}  // namespace daybook::custody
