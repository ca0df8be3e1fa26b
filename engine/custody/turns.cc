// Openings and closings, of a vault and of an account, that a correcting batch takes back, brings back or tells anew:
// they alternate, and what was recorded lies between an opening and its closing (domain: 5.4).
#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "engine/custody/internal/checks.h"
#include "engine/custody/past.h"

namespace daybook::custody {
namespace {

struct Turn {
    Micros at = 0;
    Position place = 0;
    Position by = 0;  // kPositionAhead and later: a corrective
    bool opens = false;
    ObligationId closing_count = {};
    // Of a vault, which session it opens or ends; empty: a corrective, which ends the one that is open.
    ObligationId session = {};
    friend bool operator<(const Turn& a, const Turn& b) { return std::pair(a.at, a.place) < std::pair(b.at, b.place); }
};
bool operator<(const Turn& turn, const KeyOfLeg& leg) {
    return std::pair(turn.at, turn.place) < std::pair(leg.at, leg.place);
}
bool operator<(const KeyOfLeg& leg, const Turn& turn) {
    return std::pair(leg.at, leg.place) < std::pair(turn.at, turn.place);
}
// From an opening to its closing, if there is one.
struct Span {
    Turn opening;
    std::optional<Turn> closing;
};

// Whose turns they are: the vault of a site, or an account.
struct Whose {
    SiteId site = 0;
    AccountId account;  // empty: the vault
    friend auto operator<=>(const Whose&, const Whose&) = default;

    [[nodiscard]] bool vault() const { return account.empty(); }
    [[nodiscard]] std::string text() const {
        return vault() ? "the vault of site " + std::to_string(site) : account.path();
    }
};

std::optional<Whose> whose(const Command& command) {
    switch (command.type) {
        case EventType::kVaultOpened:
        case EventType::kVaultClosed: return Whose{command.site, {}};
        case EventType::kAccountOpened: return Whose{command.site, std::get<AccountOpened>(command.payload).account};
        case EventType::kAccountClosed: return Whose{command.site, std::get<AccountClosed>(command.payload).account};
        default: return std::nullopt;
    }
}

bool opens(const Command& command) {
    return command.type == EventType::kVaultOpened || command.type == EventType::kAccountOpened;
}

bool is_vault(const AccountId& id) {
    return id.kind == AccountClass::kSiteVault || id.kind == AccountClass::kSiteCom;
}

Position place_of(const PastEvent& event) {
    const Position place = event.decided->correcting.place;
    return place == kNoPosition ? event.position : place;
}

Turn turn_of(const Command& command, Micros at, Position place, Position by) {
    Turn turn{at, place, by, opens(command), {}, command.obligation};
    if (const auto* closed = std::get_if<VaultClosed>(&command.payload)) turn.closing_count = closed->closing_count;
    return turn;
}

// The refusal names an event that is in the log.
Refusal broken(std::string message, Position by, RefusalCode code) {
    Refusal refusal = refuse(RefusalCode::kCorrectionConflict, std::move(message));
    if (by == kNoPosition || by >= kPositionAhead) return refusal;
    refusal.event = by;
    refusal.conflicts.push_back({{}, by, code});
    return refusal;
}

std::string name_of(const Turn& turn) {
    return turn.by >= kPositionAhead ? "a corrective" : "event " + std::to_string(turn.by);
}

bool moves_vault(const PastEvent& event, SiteId site) {
    return std::any_of(event.decided->lines.begin(), event.decided->lines.end(), [site](const LineFacts& line) {
        const auto of_site = [site](const AccountId& id) { return is_vault(id) && id.site == site; };
        return !line.to.empty() && (of_site(line.from) || of_site(line.to));
    });
}

class Turns {
public:
    Turns(const Case& c, const Whose& of) : c_(c), of_(of), sessions_(c.books.sessions.of(of.site)) {}

    Fault check() {
        gather();
        if (Fault fault = alternate()) return fault;
        if (!of_.vault()) return check_account();
        if (Fault fault = check_legs()) return fault;
        if (Fault fault = check_legs_back()) return fault;
        if (Fault fault = check_closings()) return fault;
        return check_days();
    }

    // Whether the account is open all that time.
    [[nodiscard]] bool holds(const Stay& stay) {
        gather();
        return !alternate() && within_one(stay.from, stay.to.value_or(kNever));
    }

private:
    void add(const Turn& turn) {
        const bool known =
            std::any_of(turns_.begin(), turns_.end(), [&](const Turn& other) { return other.by == turn.by; });
        if (!known && !leaves_with_batch(c_, turn.by)) turns_.push_back(turn);
    }

    // As the whole batch leaves them.
    void gather() {
        if (of_.vault()) {
            for (const Session& session : sessions_) {
                if (!session.is_void())
                    add({session.open.from, session.opened_place, session.opened_by, true, {}, session.obligation});
                if (session.closed_by != kNoPosition)
                    add({session.open.to, session.closed_place, session.closed_by, false, session.closing_count,
                         session.obligation});
            }
        }
        if (const Account* account = of_.vault() ? nullptr : c_.books.accounts.find(of_.account)) {
            for (const OpenTime& open : account->opened) {
                if (open.opened_by != kNoPosition) add({open.from, open.opened_place, open.opened_by, true, {}, {}});
                if (open.closed_by != kNoPosition) add({open.to, open.closed_place, open.closed_by, false, {}, {}});
            }
        }
        Position number = kPositionAhead;
        for (const CorrectionPast& correction : c_.context.past->corrections) {
            for (const PastEvent& change : correction.changes) {
                if (change.leaves || whose(*change.command) != of_) continue;
                Turn back = turn_of(*change.command, change.decided->occurred_at, place_of(change), change.position);
                if (change.command->type == EventType::kVaultClosed)
                    back.session = change.decided->closes.front().obligation.id;
                add(back);
            }
            for (const Command* corrective : correction.correctives) {
                ++number;
                if (whose(*corrective) != of_) continue;
                const Micros at = corrective->occurred_at.value_or(c_.context.now);
                const bool same = at == correction.target.decided->occurred_at;
                turns_.push_back(turn_of(*corrective, at, same ? place_of(correction.target) : number, number));
            }
        }
        std::sort(turns_.begin(), turns_.end());
    }

    Fault alternate() {
        for (const Turn& turn : turns_) {
            const bool open = !spans_.empty() && !spans_.back().closing;
            if (turn.opens == open) {
                const std::string what = turn.opens ? " would open it while it is open" : " would find it closed";
                const RefusalCode code = of_.vault()
                                             ? turn.opens ? RefusalCode::kSessionOpen : RefusalCode::kVaultClosed
                                             : turn.opens ? RefusalCode::kAccountExists : RefusalCode::kUnknownAccount;
                return broken("Openings and closings of " + of_.text() + " alternate, and " + name_of(turn) + " at " +
                                  format_time(turn.at) + what + "; correct both in one batch",
                              turn.by, code);
            }
            if (turn.opens) {
                spans_.push_back({turn, std::nullopt});
                continue;
            }
            const Turn& opening = spans_.back().opening;
            if (!turn.session.empty() && turn.session != opening.session) {
                return broken("Event " + std::to_string(turn.by) + " closes session " + turn.session.text() + " of " +
                                  of_.text() + ", and would end another, " + opening.session.text() +
                                  "; correct it in the same batch (INCORRECT_DATA), with the closing as it was",
                              turn.by, RefusalCode::kNoObligation);
            }
            spans_.back().closing = turn;
        }
        return std::nullopt;
    }

    [[nodiscard]] bool within_one(const KeyOfLeg& first, const KeyOfLeg& last) const {
        return std::any_of(spans_.begin(), spans_.end(), [&](const Span& span) {
            return span.opening < first && (!span.closing || last < *span.closing);
        });
    }
    [[nodiscard]] bool within_one(Micros from, Micros to) const {
        return std::any_of(spans_.begin(), spans_.end(), [&](const Span& span) {
            return span.opening.at <= from && (!span.closing || to <= span.closing->at);
        });
    }

    // The legs of a session that go with the batch.
    [[nodiscard]] std::uint64_t leaving(const Session& session) const {
        std::uint64_t legs = 0;
        for (const CorrectionPast& correction : c_.context.past->corrections) {
            for (const PastEvent& change : correction.changes) {
                const Micros at = change.decided->occurred_at;
                if (!change.leaves || at < session.first_leg.at || at > session.last_leg.at) continue;
                if (!c_.books.is_effective(change.position)) continue;  // it is gone already
                for (const LineFacts& line : change.decided->lines) {
                    if (line.to.empty()) continue;
                    for (const AccountId* id : {&line.from, &line.to}) {
                        if (is_vault(*id) && id->site == of_.site) ++legs;
                    }
                }
            }
        }
        return legs;
    }

    // A leg that comes back lies in a session.
    Fault check_legs_back() {
        for (const CorrectionPast& correction : c_.context.past->corrections) {
            for (const PastEvent& change : correction.changes) {
                if (change.leaves || !moves_vault(change, of_.site)) continue;
                const KeyOfLeg leg{change.decided->occurred_at, place_of(change), change.position};
                if (within_one(leg, leg)) continue;
                return broken("Event " + std::to_string(change.position) + " would be back, a leg on " + of_.text() +
                                  " at " + format_time(leg.at) +
                                  ", which was not open then; correct its opening and closing in the same batch",
                              change.position, RefusalCode::kVaultClosed);
            }
        }
        return std::nullopt;
    }

    // Each session's legs lie in one session again.
    Fault check_legs() {
        for (const Session& session : sessions_) {
            if (session.legs == 0 || within_one(session.first_leg, session.last_leg)) continue;
            if (leaving(session) >= session.legs) continue;
            const bool first_out = !within_one(session.first_leg, session.first_leg);
            const KeyOfLeg& leg = first_out ? session.first_leg : session.last_leg;
            return broken("A leg on " + of_.text() + " lies at " + format_time(leg.at) + " (event " +
                              std::to_string(leg.by) +
                              "), which would be outside every session, or in another one than those it was with; "
                              "give times between which all legs of the session lie (" +
                              format_time(session.first_leg.at) + " to " + format_time(session.last_leg.at) +
                              "), or correct all of them in the same batch",
                          leg.by, RefusalCode::kVaultClosed);
        }
        return std::nullopt;
    }

    [[nodiscard]] bool is_as_before(const Span& span) const {
        return std::any_of(sessions_.begin(), sessions_.end(), [&](const Session& session) {
            return session.opened_by == span.opening.by && span.closing && session.closed_by == span.closing->by;
        });
    }

    [[nodiscard]] bool is_attested_anew(const ObligationId& count) const {
        for (const CorrectionPast& correction : c_.context.past->corrections) {
            for (const Command* corrective : correction.correctives) {
                const auto* attested = std::get_if<CountAttested>(&corrective->payload);
                if (attested != nullptr && attested->count == count) return true;
            }
        }
        return false;
    }

    // A closing rests on a count that was attested in its session. Where that is in the batch too, it is asked of the
    // corrective itself.
    Fault check_closings() {
        for (const Span& span : spans_) {
            if (!span.closing || is_as_before(span)) continue;
            if (span.closing->by >= kPositionAhead && is_attested_anew(span.closing->closing_count)) continue;
            const AttestedCount* count = attested_closing(c_.books, of_.site, span.closing->closing_count);
            if (count != nullptr && span.opening.at <= count->at && count->at <= span.closing->at) continue;
            const std::string closes = name_of(*span.closing);
            return broken((closes.front() == 'e' ? "E" + closes.substr(1) : "A" + closes.substr(1)) + " closes " +
                              of_.text() + " on count " +
                              span.closing->closing_count.text() +
                              ", which would not be attested after its opening at " + format_time(span.opening.at) +
                              "; correct both in one batch",
                          span.closing->by, RefusalCode::kNoClosingCount);
        }
        return std::nullopt;
    }

    // And so does a closed day.
    Fault check_days() {
        Micros changed = kNever;
        for (const Span& span : spans_) {
            if (!is_as_before(span)) changed = std::min(changed, span.opening.at);
        }
        const auto& days = c_.books.days.of(of_.site);
        for (auto day = days.rbegin(); day != days.rend() && day->at >= changed; ++day) {
            if (leaves_with_batch(c_, day->by)) continue;
            const auto last = std::find_if(spans_.rbegin(), spans_.rend(),
                                           [&](const Span& span) { return span.opening.at <= day->at; });
            const AttestedCount* count = attested_closing(c_.books, of_.site, day->closing_count);
            if (count == nullptr || last == spans_.rend() || last->opening.at <= count->at) continue;
            return broken("The day closed with event " + std::to_string(day->by) + " rests on count " +
                              day->closing_count.text() + ", which would not be attested after the opening of " +
                              of_.text() + " at " + format_time(last->opening.at) + "; correct both in one batch",
                          day->by, RefusalCode::kNoClosingCount);
        }
        return std::nullopt;
    }

    // Nothing is cut off in which the account was used.
    Fault check_account() {
        const Account* account = c_.books.accounts.find(of_.account);
        if (account == nullptr) return std::nullopt;
        bool supplies = false;  // are in it
        for (const auto& [key, balance] : c_.books.balances.all())
            supplies = supplies || (key.account == of_.account && (balance.quantity != 0 || balance.measure != 0));
        const bool open_now = !spans_.empty() && !spans_.back().closing;
        const std::int64_t pieces = pieces_left(*account);
        if ((pieces != 0 || supplies) && !open_now) {
            const Position by = spans_.empty() ? kNoPosition : spans_.back().closing->by;
            Refusal refusal = broken(of_.text() + " holds " +
                                         (supplies ? "supplies" : std::to_string(pieces) + " piece(s)") +
                                         ", and would be closed; empty it first (Relocated, SignedIn, SupplyMoved)",
                                     by, RefusalCode::kAccountNotEmpty);
            refusal.account = of_.account;
            return refusal;
        }
        for (const OpenTime& open : account->opened) {
            const bool last = &open == &account->opened.back();
            const Use use = use_of(open, last ? kNever : std::next(&open)->from);
            if (!use.first) continue;
            const bool in_use = last && (pieces != 0 || supplies);
            if (within_one(use.first->at, in_use ? kNever : use.last->at)) continue;
            const KeyOfLeg& out = !within_one(use.first->at, use.first->at) ? *use.first : *use.last;
            const std::string leg = out.by == kNoPosition ? "A leg that was taken back" : "A leg";
            const std::string by = out.by == kNoPosition ? "" : " (event " + std::to_string(out.by) + ")";
            Refusal refusal = broken(
                leg + " on " + of_.text() + " lies at " + format_time(out.at) + by +
                    ", and the account was used from " + format_time(use.first->at) + " to " +
                    (in_use ? "now" : format_time(use.last->at)) +
                    (out.by == kNoPosition ? ", as far as is known" : "") +
                    ", when it would not be open all the time; open it as early, and close it as late, or correct "
                    "what moved there first",
                out.by, RefusalCode::kUnknownAccount);
            refusal.account = of_.account;
            refusal.since = out.at;
            return refusal;
        }
        return std::nullopt;
    }

    // That are in it after the batch.
    [[nodiscard]] std::int64_t pieces_left(const Account& account) const {
        auto pieces = static_cast<std::int64_t>(account.pieces);
        const std::vector<PiecePast>* together = c_.context.past->together;
        if (together == nullptr) return pieces;
        for (const PiecePast& piece : *together) {
            const Item* now = c_.books.items.find(piece.item);
            if (now != nullptr && now->account == of_.account) --pieces;
            if (!piece.after.item.id.empty() && piece.after.item.account == of_.account) ++pieces;
        }
        return pieces;
    }

    // Between which legs an account was used in an interval; none: it was not. Where all that are listed at an end
    // were taken back, and there were others behind them, these lie at the last one listed or further in.
    struct Use {
        std::optional<KeyOfLeg> first, last;
    };
    [[nodiscard]] Use use_of(const OpenTime& open, Micros end) const {
        Use use{outermost(open.first_legs), outermost(open.last_legs)};
        for (const auto& [key, legs] : c_.books.supply_legs.all()) {
            if (key.account != of_.account) continue;
            for (const SupplyLeg& leg : legs) {
                if (leg.at < open.from || leg.at >= end || leaves_with_batch(c_, leg.by)) continue;
                const KeyOfLeg found{leg.at, leg.by, leg.by};
                use.first = use.first ? std::min(*use.first, found) : found;
                use.last = use.last ? std::max(*use.last, found) : found;
            }
        }
        return use;
    }
    [[nodiscard]] std::optional<KeyOfLeg> outermost(const EndLegs& end) const {
        for (const KeyOfLeg& leg : end.legs) {
            if (leg.by == kNoPosition) return std::nullopt;
            if (c_.books.is_effective(leg.by) && !leaves_with_batch(c_, leg.by)) return leg;
        }
        return KeyOfLeg{end.legs.back().at, kNoPosition, kNoPosition};
    }

    static constexpr Micros kNever = std::numeric_limits<Micros>::max();
    const Case& c_;
    const Whose& of_;
    const std::vector<Session>& sessions_;  // of its site
    std::vector<Turn> turns_;
    std::vector<Span> spans_;
};

}  // namespace

Fault check_turns_corrected(const Case& c) {
    std::vector<Whose> all;
    for (const CorrectionPast& correction : c.context.past->corrections) {
        for (const PastEvent& change : correction.changes) {
            if (const auto of = whose(*change.command)) all.push_back(*of);
            // The vaults may have been closed since what comes back was taken back.
            for (const LineFacts& line : change.decided->lines) {
                if (change.leaves || line.to.empty()) continue;
                for (const AccountId* id : {&line.from, &line.to}) {
                    if (is_vault(*id)) all.push_back({id->site, {}});
                }
            }
        }
        for (const Command* corrective : correction.correctives) {
            if (const auto of = whose(*corrective)) all.push_back(*of);
        }
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    for (const Whose& of : all) {
        if (Fault fault = Turns(c, of).check()) return fault;
    }
    return std::nullopt;
}

bool opens_with_batch(const Case& c, const Stay& stay) {
    const auto opens_it = [&](const Command& command) {
        const auto* opened = std::get_if<AccountOpened>(&command.payload);
        return opened != nullptr && opened->account == stay.account;
    };
    for (const CorrectionPast& correction : c.context.past->corrections) {
        const bool opens = std::any_of(correction.changes.begin(), correction.changes.end(),
                                       [&](const PastEvent& change) {
                                           return !change.leaves && opens_it(*change.command);
                                       }) ||
                           std::any_of(correction.correctives.begin(), correction.correctives.end(),
                                       [&](const Command* corrective) { return opens_it(*corrective); });
        if (opens) return Turns(c, {stay.account.site, stay.account}).holds(stay);
    }
    return false;
}

}  // namespace daybook::custody
