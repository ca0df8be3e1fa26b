#include "engine/custody/decide.h"

#include <algorithm>

#include "engine/custody/internal/checks.h"
#include "engine/custody/internal/pieces.h"

namespace daybook::custody {

// The checks in the order of the domain's catalogue (schemas/state_machine.json, "errors"). Idempotency, the second of
// them, is the sequencer's: an event id that is known never comes here.
Fault check_all(const Case& c, Signatures signatures) {
    using Check = Fault (*)(const Case&);
    static constexpr Check kWho[] = {check_role, check_dual_control};
    static constexpr Check kBefore[] = {
        check_future, check_backdated,     check_correction_target, check_count_fence,
        check_period, check_vault_session, check_items,             check_versions,
    };
    static constexpr Check kOfItems[] = {
        check_structure, check_flags, check_title, check_limits, check_papers,
    };
    static constexpr Check kAfter[] = {
        check_obligation_id,
        check_chain,
        check_quantity,
        check_sessions_and_accounts,
    };

    if (Fault fault = check_schema(c)) return fault;
    if (signatures == Signatures::kJudged) {
        for (const Check check : kWho) {
            if (Fault fault = check(c)) return fault;
        }
    }
    for (const Check check : kBefore) {
        if (Fault fault = check(c)) return fault;
    }
    if (c.has_item_lines()) {
        for (const Check check : kOfItems) {
            if (Fault fault = check(c)) return fault;
        }
    } else if (Fault fault = check_own_conditions(c)) {
        return fault;
    }
    for (const Check check : kAfter) {
        if (Fault fault = check(c)) return fault;
    }
    return std::nullopt;
}

namespace {

bool is_before_newest(const Case& c, const std::vector<ItemId>& items) {
    return std::any_of(items.begin(), items.end(), [&](const ItemId& id) {
        const Item* item = c.books.items.find(id);
        return item != nullptr && c.at < item->last_at;
    });
}

// Its place is among the events of its pieces, not behind them. A stamped one is behind them by definition.
bool is_late(const Case& c) {
    if (!c.command.occurred_at || c.event.lines == LineKind::kSupply) return false;
    if (const Count* count = c.count()) {
        if (count->site != c.command.site || count->opened_at > c.at) return false;  // refused, with its own error
        const CountLists& lists = c.lists();
        return is_before_newest(c, lists.missing) || is_before_newest(c, lists.misplaced) ||
               is_before_newest(c, lists.unexpected);
    }
    return std::any_of(c.lines.begin(), c.lines.end(),
                       [&](const LineCase& line) { return line.item != nullptr && c.at < line.item->last_at; });
}

std::optional<Refusal> judge(const Case& c, Decided& out) {
    if (Fault fault = check_all(c, Signatures::kJudged)) return fault;
    conclude(c, out);
    return std::nullopt;
}

// Of a CountAttested: whether the pieces that it found to differ are those that were told with it. That they are among
// those of a correction is not enough: their chains may have been told without what the corrective found of them.
bool is_told(const Past& past, const Decided& out) {
    return std::equal(past.pieces.begin(), past.pieces.end(), out.lines.begin(), out.lines.end(),
                      [](const PiecePast& piece, const LineFacts& line) { return piece.item == line.item; });
}

}  // namespace

std::optional<Refusal> decide(const Books& books, const Command& command, const Context& context, Decided& out) {
    out.clear();
    if (context.past == nullptr) {
        const Case c(books, command, context);
        if (!is_late(c)) return judge(c, out);
        if (c.count() != nullptr) conclude(c, out);
        return Refusal{};
    }
    Books pieces;
    for (const PiecePast& piece : context.past->pieces) add_piece(pieces, piece.place);
    if (Fault fault = judge(Case(pieces, books, command, context), out)) return fault;
    const bool told = command.type != EventType::kCountAttested || is_told(*context.past, out);
    return told ? std::nullopt : std::optional(Refusal{});
}

}  // namespace daybook::custody
