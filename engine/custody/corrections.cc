// What is asked of a CorrectionDeclared, of its correctives, and of a late fact behind its place (domain: 5.4, 5.5).
#include <algorithm>

#include "engine/custody/internal/checks.h"
#include "engine/custody/past.h"

namespace daybook::custody {
namespace {

const CorrectionPast* correction(const Case& c) {
    return c.context.past == nullptr ? nullptr : c.context.past->correction;
}

Micros time_of(const Command& command, const Case& c) { return command.occurred_at.value_or(c.at); }

// Types whose events nobody takes back (domain: 5.5).
bool is_final(EventType type) {
    return type == EventType::kLedgerCreated || type == EventType::kCheckpointSealed;
}

// What such an event does, beside what it does to its pieces, can be undone and done later on.
bool can_be_corrected(const Command& command) {
    switch (command.type) {
        case EventType::kRoleGranted:
        case EventType::kRoleRevoked:
        case EventType::kPolicySet:
        case EventType::kPartyRegistered:
        case EventType::kLimitOverrideApproved:
        case EventType::kSupplyMoved:
        case EventType::kSupplyRegistered:
        case EventType::kTransferRequested:
        case EventType::kTransferApproved:
        case EventType::kTransferRejected:
        case EventType::kExceptionRaised:
        case EventType::kExceptionCleared:
        case EventType::kCountOpened:
        case EventType::kCountScanned:
        case EventType::kCountAttested:
        case EventType::kCountAbandoned:
        case EventType::kVaultOpened:
        case EventType::kVaultClosed:
        case EventType::kAccountOpened:
        case EventType::kAccountClosed:
        case EventType::kCustodianChanged:
        case EventType::kDayClosed:
        case EventType::kCorrectionDeclared: return true;
        default: break;
    }
    const LineKind lines = info(command.type).lines;
    return lines == LineKind::kMove || lines == LineKind::kItem ||
           (lines == LineKind::kItemOptional && !command.lines.empty());
}

bool is_opening(const Command& command) { return info(command.type).opens != 0 && !command.obligation.empty(); }

Refusal conflict(std::string message) { return refuse(RefusalCode::kCorrectionConflict, std::move(message)); }

// The first broken event of each chain, in line order.
Fault broken_chains(const std::vector<PiecePast>& pieces) {
    Refusal refusal;
    std::string text;
    for (const PiecePast& piece : pieces) {
        if (!piece.broken) continue;
        const Broken& broken = *piece.broken;
        const bool recorded = broken.event < kPositionAhead;  // else it is the batch's own
        refusal.conflicts.push_back({piece.item, recorded ? broken.event : kNoPosition, broken.refusal.code});
        if (refusal.conflicts.size() > 1) continue;
        refusal.item = piece.item;
        refusal.event = refusal.conflicts.front().event;
        text = recorded ? "event " + std::to_string(broken.event) : std::string("the corrective");
        text += " of piece " + piece.item.text() + " would get " +
               std::string(to_string(broken.refusal.code)) + " (" + broken.refusal.message + ")";
    }
    if (refusal.conflicts.empty()) return std::nullopt;
    refusal.code = RefusalCode::kCorrectionConflict;
    refusal.message = "What was recorded later would not be legal any more: " + text;
    if (refusal.conflicts.size() > 1)
        refusal.message += ", and " + std::to_string(refusal.conflicts.size() - 1) + " more";
    refusal.message += "; correct these events in one batch with it (CorrectionDeclared), or give the time at which "
                       "it fits in";
    return refusal;
}

// ---- Events that open something which is no obligation of pieces, and what rests on it ----

// It is there, as what the event said. `by`: of the event; what is there already is not its own.
bool stands(const Case& c, const Command& command, Position by) {
    const Books& books = c.books;
    switch (command.type) {
        case EventType::kTransferRequested: {
            const Request* request = books.requests.find(std::get<TransferRequested>(command.payload).request);
            return request != nullptr && request->by == by && !request->approved;
        }
        case EventType::kTransferApproved: {
            const Request* request = books.requests.find(std::get<TransferApproved>(command.payload).request);
            return request != nullptr && request->approved;
        }
        case EventType::kExceptionRaised: {
            const Position* raised = books.exceptions.find(std::get<ExceptionRaised>(command.payload).exception);
            return raised != nullptr && *raised == by;
        }
        case EventType::kTransferRejected: {
            const Rejected* rejected = books.rejected.find(std::get<TransferRejected>(command.payload).request);
            return rejected != nullptr && rejected->by == by;
        }
        case EventType::kExceptionCleared: {
            const Cleared* cleared = books.cleared.find(std::get<ExceptionCleared>(command.payload).exception);
            return cleared != nullptr && cleared->by == by;
        }
        default: return true;
    }
}

// The first move of a supply; kNoPosition: there is none.
Position first_move(const Books& books, SupplyId supply) {
    Position first = kNoPosition;
    for (const auto& [key, legs] : books.supply_legs.all()) {
        if (key.supply != supply) continue;
        for (const SupplyLeg& leg : legs) first = std::min(first, leg.by);
    }
    return first;
}

// ---- Counts ----

Refusal count_conflict(const ObligationId& id, Position event, std::string message) {
    Refusal refusal = conflict("Count " + id.text() + std::move(message));
    refusal.obligation = ObligationRef{id, {}, {}};
    if (event == kNoPosition) return refusal;
    refusal.event = event;
    refusal.conflicts.push_back({{}, event, RefusalCode::kNoObligation});
    return refusal;
}

ObligationId count_of(const Command& command) {
    if (const auto* scanned = std::get_if<CountScanned>(&command.payload)) return scanned->count;
    if (const auto* attested = std::get_if<CountAttested>(&command.payload)) return attested->count;
    if (const auto* abandoned = std::get_if<CountAbandoned>(&command.payload)) return abandoned->count;
    return command.type == EventType::kCountOpened ? command.obligation : ObligationId{};
}

// A declaration of the batch takes its opening back, and so all of it, as it may have done already.
bool count_goes(const Case& c, const ObligationId& id) {
    const auto& corrections = c.context.past->corrections;
    return std::any_of(corrections.begin(), corrections.end(), [&](const CorrectionPast& correction) {
        return std::any_of(correction.changes.begin(), correction.changes.end(), [&](const PastEvent& change) {
            return change.leaves && change.command->type == EventType::kCountOpened && change.command->obligation == id;
        });
    });
}

// What was seen, or that it was opened: nothing in the count rests on it but what goes with it.
Fault count_rests_on(const Case& c, const PastEvent& change, const ObligationId& id) {
    const Count* count = c.books.counts.find(id);
    if (count == nullptr) count = c.books.ended_counts.find(id);
    if (count == nullptr && change.command->type != EventType::kCountOpened && count_goes(c, id)) return std::nullopt;
    if (count == nullptr) {
        return count_conflict(id, kNoPosition,
                              " has ended, and too much has moved or was counted since for it to be corrected; count "
                              "again, and resolve its differences (DiscrepancyResolved, COUNT_ERROR)");
    }
    if (count->ended_by != kNoPosition && !leaves_with_batch(c, count->ended_by)) {
        return count_conflict(id, count->ended_by,
                              " has ended with event " + std::to_string(count->ended_by) + ", which rests on event " +
                                  std::to_string(change.position) + "; correct both in one batch");
    }
    if (change.command->type == EventType::kCountScanned) return std::nullopt;
    for (const Position scan : count->scans) {
        if (leaves_with_batch(c, scan)) continue;
        return count_conflict(id, scan, " was scanned with event " + std::to_string(scan) +
                                            ", which would be of no count; correct both in one batch, or abandon the "
                                            "count (CountAbandoned)");
    }
    return std::nullopt;
}

// A count that would be open again, or go.
Fault opens_again(const Case& c, const PastEvent& change, const ObligationId& id) {
    const Count* count = c.books.ended_counts.find(id);
    const bool gone = count == nullptr && c.books.counts.find(id) == nullptr && count_goes(c, id);
    if (!gone && (count == nullptr || count->ended_by != change.position)) {
        return count_conflict(id, kNoPosition,
                              " is not kept any more, since too much has moved or was counted after it; count again, "
                              "and resolve its differences (DiscrepancyResolved, COUNT_ERROR)");
    }
    const auto rests = [&](Position event, const std::string& name) {
        return count_conflict(id, event, " is the closing count of event " + std::to_string(event) + " (" + name +
                                             "), which would have none; correct both in one batch");
    };
    for (const Session& session : c.books.sessions.of(change.command->site)) {
        if (session.closing_count == id && !leaves_with_batch(c, session.closed_by))
            return rests(session.closed_by, "VaultClosed");
    }
    for (const DayEnd& day : c.books.days.of(change.command->site)) {
        if (day.closing_count == id && !leaves_with_batch(c, day.by)) return rests(day.by, "DayClosed");
    }
    if (gone) return std::nullopt;
    // With a corrective, or with the end that a correction of it had taken back.
    const CorrectionPast& correction = *c.context.past->correction;
    const bool ends_again =
        !correction.correctives.empty() ||
        std::any_of(correction.changes.begin(), correction.changes.end(), [&](const PastEvent& other) {
            const EventType type = other.command->type;
            return !other.leaves && (type == EventType::kCountAttested || type == EventType::kCountAbandoned) &&
                   count_of(*other.command) == id;
        });
    for (const AccountId& counted : count->accounts) {
        const Account& account = *c.books.accounts.find(counted);
        const bool last = change.command->type == EventType::kCountAttested && account.counts.size() == 1;
        if (last && account.older_counts) {
            return count_conflict(id, kNoPosition, ": too many counts of " + counted.path() +
                                                       " were corrected for the one before them to be known; count "
                                                       "that account again first");
        }
        for (const ObligationId& other : c.books.sites.find(count->site)->counts) {
            const Count& open = *c.books.counts.find(other);
            const bool same = open.counter == count->counter && !ends_again &&
                              std::find(open.accounts.begin(), open.accounts.end(), counted) != open.accounts.end();
            if (!same) continue;
            return count_conflict(id, open.cut, " would be open again, and its counter has another count of " +
                                                    counted.path() + " open, " + other.text() +
                                                    "; attest or abandon that one first");
        }
    }
    return std::nullopt;
}

// What comes back finds its count open, and nothing that it would end was seen after it.
Fault count_comes_back(const Case& c, const PastEvent& change, const ObligationId& id) {
    if (change.command->type == EventType::kCountOpened) {
        return count_conflict(id, change.position,
                              " does not come back, since the legs after its cut were not kept; open another "
                              "(CountOpened)");
    }
    const Count* count = c.books.counts.find(id);
    if (count == nullptr) {
        count = c.books.ended_counts.find(id);
        if (count != nullptr && !leaves_with_batch(c, count->ended_by)) count = nullptr;
    }
    if (count == nullptr) {
        return count_conflict(id, change.position,
                              " is not open any more, and event " + std::to_string(change.position) +
                                  " cannot come back");
    }
    if (change.command->type == EventType::kCountScanned) return std::nullopt;
    for (const Position scan : count->scans) {
        if (scan < change.position || leaves_with_batch(c, scan)) continue;
        return count_conflict(id, scan, " was scanned again with event " + std::to_string(scan) +
                                            "; attest it as it is now (CountAttested)");
    }
    return std::nullopt;
}

Fault check_count_corrected(const Case& c, const PastEvent& change) {
    const ObligationId id = count_of(*change.command);
    if (id.empty()) return std::nullopt;
    if (!change.leaves) return count_comes_back(c, change, id);
    const bool ends = change.command->type == EventType::kCountAttested ||
                      change.command->type == EventType::kCountAbandoned;
    return ends ? opens_again(c, change, id) : count_rests_on(c, change, id);
}

// What leaves is still as the event left it; of a supply, no move rests on it unless a corrective registers it again.
Fault rests_on(const Case& c, const PastEvent& change) {
    const std::string name(to_string(change.command->type));
    if (!stands(c, *change.command, change.position)) {
        Refusal refusal = conflict("What event " + std::to_string(change.position) + " (" + name +
                                   ") began has gone on since: it was approved, rejected, packed or cleared; correct "
                                   "that first, or record what is to become of it as a new event");
        refusal.event = change.position;
        return refusal;
    }
    if (change.command->type != EventType::kSupplyRegistered) return std::nullopt;
    const SupplyId supply = std::get<SupplyRegistered>(change.command->payload).supply;
    for (const Command* corrective : c.context.past->correction->correctives) {
        const auto* again = std::get_if<SupplyRegistered>(&corrective->payload);
        if (again != nullptr && again->supply == supply) return std::nullopt;
    }
    const Position move = first_move(c.books, supply);
    if (move == kNoPosition) return std::nullopt;
    Refusal refusal = conflict("Event " + std::to_string(move) + " moves supply " + std::to_string(supply) +
                               ", which would not be registered; correct it first, or register the supply again in "
                               "the same batch (INCORRECT_DATA)");
    refusal.event = move;
    refusal.conflicts.push_back({{}, move, RefusalCode::kUnknownItem});
    return refusal;
}

// What comes back finds its place free: what stands there goes with the correction, or there is nothing.
Fault is_taken(const Case& c, const PastEvent& change) {
    const Books& books = c.books;
    const auto leaves = [&](Position by) {
        const auto& changes = c.context.past->correction->changes;
        return std::any_of(changes.begin(), changes.end(),
                           [&](const PastEvent& other) { return other.leaves && other.position == by; });
    };
    bool taken = false;
    switch (change.command->type) {
        case EventType::kTransferRequested: {
            const Request* request = books.requests.find(std::get<TransferRequested>(change.command->payload).request);
            taken = request != nullptr && !leaves(request->by);
            break;
        }
        case EventType::kTransferApproved: {
            const Request* request = books.requests.find(std::get<TransferApproved>(change.command->payload).request);
            taken = request == nullptr || request->approved;
            break;
        }
        case EventType::kExceptionRaised: {
            const auto& raising = std::get<ExceptionRaised>(change.command->payload);
            const Position* raised = books.exceptions.find(raising.exception);
            taken = raised != nullptr && !leaves(*raised);
            break;
        }
        case EventType::kTransferRejected: {
            const auto& id = std::get<TransferRejected>(change.command->payload).request;
            const Request* request = books.requests.find(id);
            const Rejected* rejected = books.rejected.find(id);
            const bool replaced = rejected != nullptr && leaves(rejected->by);
            taken = (request == nullptr || request->approved) && !replaced;
            break;
        }
        case EventType::kExceptionCleared: {
            const auto& id = std::get<ExceptionCleared>(change.command->payload).exception;
            const Cleared* cleared = books.cleared.find(id);
            taken = books.exceptions.find(id) == nullptr && (cleared == nullptr || !leaves(cleared->by));
            break;
        }
        case EventType::kDayClosed: {
            const auto& id = std::get<DayClosed>(change.command->payload).closing_count;
            taken = attested_closing(books, change.command->site, id) == nullptr;
            break;
        }
        case EventType::kSupplyRegistered: {
            const SupplyId supply = std::get<SupplyRegistered>(change.command->payload).supply;
            const auto& changes = c.context.past->correction->changes;
            const bool replaced = std::any_of(changes.begin(), changes.end(), [&](const PastEvent& other) {
                const auto* registered = std::get_if<SupplyRegistered>(&other.command->payload);
                return other.leaves && registered != nullptr && registered->supply == supply;
            });
            taken = books.supplies.find(supply) != nullptr && !replaced;
            break;
        }
        default: break;
    }
    if (!taken) return std::nullopt;
    Refusal refusal = conflict("Event " + std::to_string(change.position) + " (" +
                               std::string(to_string(change.command->type)) +
                               ") cannot come back: what it began was begun again, or is over");
    refusal.event = change.position;
    return refusal;
}

// A stay that is new lies within an interval in which its account was open: AccountClosed finds no piece in it.
Fault closed_accounts(const Case& c, const std::vector<PiecePast>& pieces) {
    for (const PiecePast& piece : pieces) {
        for (const Stay& stay : piece.stays) {
            if (!stay.account.must_be_opened()) continue;
            const Account* account = c.books.accounts.find(stay.account);
            const bool open = account != nullptr &&
                              std::any_of(account->opened.begin(), account->opened.end(), [&](const Interval& open_at) {
                                  return open_at.contains(stay.from) &&
                                         (open_at.to == 0 || (stay.to && *stay.to <= open_at.to));
                              });
            if (open || opens_with_batch(c, stay)) continue;
            Refusal refusal = conflict("Piece " + piece.item.text() + " would be in " + stay.account.path() +
                                       " while that account is closed, from " + format_time(stay.from) +
                                       " on; let it leave before, or correct AccountClosed");
            refusal.item = piece.item;
            refusal.account = stay.account;
            return refusal;
        }
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> correction_fault(const Case& c) {
    const auto& payload = c.payload<CorrectionDeclared>();
    if (payload.reason == CorrectionReason::kDidNotOccur && !payload.correctives.empty())
        return "correctives: what did not occur has none; use INCORRECT_DATA";
    if (c.context.target == Position{0}) return "target: LedgerCreated cannot be corrected";
    const CorrectionPast* past = correction(c);
    if (past == nullptr) return std::nullopt;
    const Command& target = *past->target.command;
    const std::string name(to_string(target.type));
    if (is_final(target.type)) return "target: " + name + " cannot be corrected";
    if (target.type == EventType::kCorrectionDeclared && !payload.correctives.empty())
        return "correctives: the correction of a correction has none; what that one corrected is back";
    for (const Command* corrective : past->correctives) {
        if (corrective->type != target.type)
            return "correctives: " + corrective->event_id.text() + " is " + std::string(to_string(corrective->type)) +
                   ", and the target is " + name;
        if (is_opening(target) && corrective->obligation != target.obligation)
            return "correctives: " + corrective->event_id.text() + " keeps the obligation_id of the target, " +
                   target.obligation.text();
    }
    return std::nullopt;
}

bool leaves_with_batch(const Case& c, Position event) {
    for (const CorrectionPast& correction : c.context.past->corrections) {
        for (const PastEvent& change : correction.changes) {
            if (change.leaves && change.position == event) return true;
        }
    }
    return false;
}

bool tells_again(const Case& c, Position event) {
    if (!is_corrective(c)) return false;
    Position at = c.context.past->correction->target.position;
    while (at != event) {
        const Corrected* told = c.books.corrected.find(at);
        if (told == nullptr || told->declaration == kNoPosition) return false;
        const Corrected* declaration = c.books.corrected.find(told->declaration);
        if (declaration == nullptr || declaration->target == kNoPosition) return false;
        const auto& all = c.books.corrected.all();
        const auto of_it = std::count_if(all.begin(), all.end(), [&](const auto& entry) {
            return entry.second.declaration == told->declaration;
        });
        if (of_it != 1) return false;  // another may have taken over what this one gave up
        at = declaration->target;
    }
    return true;
}

bool is_corrective(const Case& c) { return c.context.past != nullptr && c.context.past->declaration != kNoPosition; }

// The declarer is not the one who recorded what he corrects.
Fault check_declarer(const Case& c) {
    const CorrectionPast* past = c.is(EventType::kCorrectionDeclared) ? correction(c) : nullptr;
    if (past == nullptr || past->target.command->actor.principal != c.command.actor.principal) return std::nullopt;
    Refusal refusal = refuse(RefusalCode::kSelfWitness,
                             "Principal " + std::to_string(c.command.actor.principal) + " recorded event " +
                                 std::to_string(past->target.position) +
                                 " and does not correct it himself; let somebody else declare the correction");
    refusal.event = past->target.position;
    return refusal;
}

// Where the first declaration of the same batch would stand.
Position begin_of_batch(const Case& c) {
    const Past* past = c.context.past;
    if (past == nullptr || past->corrections.empty()) return c.context.position;
    return c.context.position - static_cast<Position>(past->correction - past->corrections.data());
}

Fault check_correction_target(const Case& c) {
    if (!c.is(EventType::kCorrectionDeclared)) return std::nullopt;
    const std::string target = c.payload<CorrectionDeclared>().target.text();
    if (!c.context.target)
        return refuse(RefusalCode::kUnknownEvent, "There is no event " + target + " to be corrected");
    if (c.books.is_effective(*c.context.target)) return std::nullopt;
    const Corrected* corrected = c.books.corrected.find(*c.context.target);
    Refusal refusal = refuse(RefusalCode::kAlreadyCorrected, "Event " + target + " is not effective any more");
    refusal.event = corrected->by != kNoPosition ? corrected->by : corrected->declaration;
    if (refusal.event >= begin_of_batch(c)) {  // it will never be recorded
        refusal.event = kNoPosition;
        refusal.message = "Event " + target + " is taken back by another declaration of this batch already; declare "
                          "its correction once, with all its correctives";
        return refusal;
    }
    refusal.message += corrected->by != kNoPosition
                           ? ": event " + std::to_string(refusal.event) + " corrects it; correct that one"
                           : ": its declaration, event " + std::to_string(refusal.event) + ", was corrected";
    return refusal;
}

// "When the target, a corrective or what either brings back lies at or before a DayClosed of its site, HQ attests too."
Fault check_closed_days(const Case& c, bool signed_by_headquarters) {
    const CorrectionPast* past = c.is(EventType::kCorrectionDeclared) ? correction(c) : nullptr;
    if (past == nullptr || signed_by_headquarters) return std::nullopt;
    const auto closed = [&](SiteId id, Micros at) -> Fault {
        const auto& days = c.books.days.of(id);
        if (days.empty() || at > days.back().at) return std::nullopt;
        const DayEnd& day = days.back();
        Refusal refusal = refuse(RefusalCode::kPeriodClosed,
                                 "Site " + std::to_string(id) + " has closed its books up to " + format_time(day.at) +
                                     " (event " + std::to_string(day.by) + ") and the correction reaches back to " +
                                     format_time(at) + "; let HQ attest it as well");
        refusal.event = day.by;
        return refusal;
    };
    if (Fault fault = closed(past->target.command->site, past->target.decided->occurred_at)) return fault;
    for (const Command* corrective : past->correctives) {
        if (Fault fault = closed(corrective->site, time_of(*corrective, c))) return fault;
    }
    for (const PastEvent& change : past->changes) {
        if (Fault fault = closed(change.command->site, change.decided->occurred_at)) return fault;
    }
    return std::nullopt;
}

Fault check_chain(const Case& c) {
    const Past* past = c.context.past;
    if (past == nullptr || is_corrective(c)) return std::nullopt;
    if (!c.is(EventType::kCorrectionDeclared)) return broken_chains(past->pieces);
    for (const PastEvent& change : past->correction->changes) {
        if (can_be_corrected(*change.command)) {
            if (Fault fault = check_count_corrected(c, change)) return fault;
            if (Fault fault = change.leaves ? rests_on(c, change) : is_taken(c, change)) return fault;
            continue;
        }
        Refusal refusal = conflict("Event " + std::to_string(change.position) + " is " +
                                   std::string(to_string(change.command->type)) +
                                   " without lines, which this version of Daybook does not take back: record what "
                                   "happened instead as a new event");
        refusal.event = change.position;
        return refusal;
    }
    for (const Command* corrective : past->correction->correctives) {
        if (can_be_corrected(*corrective)) continue;
        return conflict("This version of Daybook takes no corrective of type " +
                        std::string(to_string(corrective->type)) + " without lines, as " + corrective->event_id.text());
    }
    for (const auto& [position, corrected] : c.books.corrected.all()) {
        if (corrected.declaration != *c.context.target || corrected.by == kNoPosition) continue;
        Refusal refusal = conflict("Event " + std::to_string(position) +
                                   ", which would go with the correction, is itself corrected by event " +
                                   std::to_string(corrected.by) + "; correct that one first");
        refusal.event = corrected.by;
        refusal.conflicts.push_back({{}, corrected.by, RefusalCode::kAlreadyCorrected});
        return refusal;
    }
    if (Fault fault = check_supplies_corrected(c)) return fault;
    if (Fault fault = check_turns_corrected(c)) return fault;
    return past->together == nullptr ? std::nullopt : broken_chains(*past->together);
}

Fault check_late_accounts(const Case& c) {
    const Past* past = c.context.past;
    if (past == nullptr || is_corrective(c)) return std::nullopt;
    return closed_accounts(c, c.is(EventType::kCorrectionDeclared) && past->together != nullptr ? *past->together
                                                                                               : past->pieces);
}

void conclude_correction(const Case& c, Decided& out) {
    const Past* past = c.context.past;
    if (past == nullptr) return;
    if (c.is(EventType::kCorrectionDeclared)) {
        out.correcting.target = past->correction->target.position;
        for (const ItemId& id : past->correction->items) {
            const Item* item = c.books.items.find(id);
            if (item != nullptr) out.lines.push_back({id, item->last, item->account, {}});
        }
        return;
    }
    if (!is_corrective(c)) return;
    const Command& target = *past->correction->target.command;
    out.correcting.declaration = past->declaration;
    out.correcting.place = past->place;
    out.correcting.keeps_obligation = !target.obligation.empty() && target.obligation == c.command.obligation;
    if (!c.is(EventType::kItemRegistered)) return;
    const std::string_view epc = c.payload<ItemRegistered>().epc;
    out.correcting.keeps_epc =
        !epc.empty() && (c.context.epc_used || epc == std::get<ItemRegistered>(target.payload).epc);
}

}  // namespace daybook::custody
