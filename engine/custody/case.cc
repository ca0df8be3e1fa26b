#include "engine/custody/internal/case.h"

#include <algorithm>

namespace daybook::custody {

Case::Case(const Books& late_pieces, const Books& all, const Command& asked, const Context& known)
    : books(all),
      pieces(late_pieces),
      command(asked),
      context(known),
      event(info(asked.type)),
      site(asked.site == 0 ? nullptr : all.sites.find(asked.site)),
      at(0) {
    if (event.lines != LineKind::kSeen && !command.lines.empty()) {
        std::span<LineCase> resolved(few_.data(), std::min(few_.size(), command.lines.size()));
        if (command.lines.size() > few_.size()) {
            many_.resize(command.lines.size());
            resolved = many_;
        }
        for (std::size_t i = 0; i < resolved.size(); ++i) resolve(command.lines[i], resolved[i]);
        lines = resolved;
    }
    at = command.occurred_at ? *command.occurred_at : stamp();
}

Case::Case(const Books& piece, const Command& asked, const Context& known, const Part& of)
    : books(piece),
      pieces(piece),
      command(asked),
      context(known),
      event(info(asked.type)),
      site(nullptr),
      at(of.at),
      first(of.line),
      part(true) {
    if (of.recorded != nullptr) {
        resolve(*of.recorded, few_[0]);
    } else {
        resolve(command.lines[of.line], few_[0]);
    }
    lines = std::span<const LineCase>(few_.data(), 1);
}

// The recorded leg binds: it is what was hashed, published and answered. Where nothing moved it only says where the
// piece was thought to be.
void Case::resolve(const LineFacts& recorded, LineCase& out) const {
    out.item = pieces.items.find(recorded.item);
    out.cell = cell_of(command, out.item);
    out.leg = event.lines == LineKind::kMove && !recorded.to.empty();
    const bool as_recorded = out.leg || (event.lines == LineKind::kMove && !out.cell.stay);
    out.from = as_recorded || out.item == nullptr ? recorded.from : out.item->account;
    out.to = recorded.to;
}

void Case::resolve(const Line& line, LineCase& out) const {
    const AccountId& from = line.from.empty() ? command.from : line.from;
    const AccountId& to = line.to.empty() ? command.to : line.to;
    if (event.lines == LineKind::kSupply) {
        // SUPPLY → CONSUMED, ADJUST → SUPPLY, or from a named outside account → SUPPLY.
        const auto kind = std::get<SupplyMoved>(command.payload).kind;
        const bool leaves = kind == SupplyMove::kIssued || kind == SupplyMove::kScrapped;
        const AccountId shelf = site_account(AccountClass::kSiteSupply, command.site);
        out.leg = true;
        out.from = !from.empty()                      ? from
                   : leaves                           ? shelf
                   : kind == SupplyMove::kCountAdjust ? plain_account(AccountClass::kAdjust)
                                                      : AccountId{};
        out.to = !to.empty() ? to : leaves ? plain_account(AccountClass::kConsumed) : shelf;
    } else {
        out.item = pieces.items.find(line.item);
        out.cell = cell_of(command, out.item);
        out.leg = event.lines == LineKind::kMove && !out.cell.stay;
        out.from = !from.empty()                                ? from
                   : out.item != nullptr                        ? out.item->account
                   : command.type == EventType::kItemRegistered ? plain_account(AccountClass::kOrigin)
                                                                : AccountId{};
        if (out.leg) out.to = !to.empty() ? to : default_target(*this, out.item);
    }
    if (!out.to.empty() && out.to.must_be_opened()) out.to_account = books.accounts.find(out.to);
}

// "The greatest of recorded_at, the newest occurred_at of the lines' items, and the site's newest session event; for an
// event without item lines, the newest event of its site."
Micros Case::stamp() const {
    Micros newest = context.now;
    if (lines.empty() || event.lines == LineKind::kSupply)
        return site == nullptr ? newest : std::max(newest, site->newest_at);
    if (site != nullptr) newest = std::max(newest, site->newest_session_at);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const Item* item = &pieces == &books ? lines[i].item : books.items.find(command.lines[i].item);
        if (item != nullptr) newest = std::max(newest, item->last_at);
    }
    return newest;
}

const Obligation* Case::holding(const Item& item) const {
    return obligation(item.state() == State::kM ? item.memo_out : item.hold);
}

const Count* Case::count() const {
    return is(EventType::kCountAttested) ? books.counts.find(payload<CountAttested>().count) : nullptr;
}

CountLists& Case::lists() const {
    if (lists_ == nullptr) lists_ = std::make_unique<CountLists>(count_lists(books, *count()));
    return *lists_;
}

std::optional<State> Case::dispatched_to() const {
    if (!is(EventType::kTransferDispatched)) return std::nullopt;
    const AccountId& account = payload<TransferDispatched>().dest.account;
    return account.empty() ? std::nullopt : state_of(account.kind);
}

}  // namespace daybook::custody
