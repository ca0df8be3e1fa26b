#include "engine/custody/next.h"

#include <algorithm>
#include <utility>

#include "engine/custody/internal/checks.h"
#include "engine/custody/internal/ways.h"

namespace daybook::custody {
namespace {

// Every type there is, so that no paper is missing.
std::vector<Doc> all_documents() {
    std::vector<Doc> docs;
    for (int type = 0; type <= static_cast<int>(DocType::kClientSignedBasis); ++type)
        docs.push_back({static_cast<DocType>(type), {}});
    return docs;
}

bool asks_for_documents(EventType type) {
    return type == EventType::kTransferDispatched || type == EventType::kMemoOutIssued ||
           type == EventType::kTitleTransferred;
}

// Where an event of this type would be recorded: where a transfer may end, else where the piece is, or was last.
SiteId natural_site(const Books& books, const Item& item, EventType type) {
    const Obligation* transfer = item.state() == State::kT && item.hold != 0 ? &books.obligations[item.hold] : nullptr;
    if (transfer == nullptr) return item.account.site != 0 ? item.account.site : item.put_by;
    const bool goes_back = type == EventType::kTransferReturned || type == EventType::kTransferVoided ||
                           type == EventType::kTransferDelivered;
    const SiteId first = goes_back ? transfer->origin : transfer->to_site;
    const SiteId second = goes_back ? transfer->to_site : transfer->origin;
    return first != 0 ? first : second;
}

// An account that is not there, of the first class that a cell allows: for a refusal that says so.
AccountId missing_account(StateSet targets, SiteId site) {
    for (const AccountClassInfo& row : kAccountClasses) {
        if (!row.state || !contains(targets, *row.state) || !row.name.starts_with("SITE/")) continue;
        switch (row.kind) {
            case AccountClass::kSiteVault:
            case AccountClass::kSiteCom:
            case AccountClass::kSiteDisplay: return *named_account(row.kind, "-", site);
            case AccountClass::kSitePerson: return numbered_account(row.kind, ~Principal{0}, site);
            default: return site_account(row.kind, site);
        }
    }
    return site_account(AccountClass::kSiteHold, site);
}

// Judges one way in which an event can be meant.
class Judged {
public:
    Judged(const Books& books, const NextQuestion& question, EventType type, const Way& way)
        : books_(books), item_(books.items.find(question.item)), way_(way) {
        context_.now = std::max(question.now, books.recorded_at);
        context_.position = books.next;
        Command& command = step_.command;
        command.type = type;
        command.entity = books.entity;
        command.site = question.site != 0 ? question.site : item_ == nullptr ? 0 : natural_site(books, *item_, type);
        command.payload = way.payload;
        command.lines.push_back({question.item, 0, 0, 0, {}, {}});
        command.to = way.to;
        if (asks_for_documents(type)) command.docs = all_documents();
        const auto* sale = std::get_if<SaleCompleted>(&command.payload);
        const bool opens = info(type).opens != 0 && (sale == nullptr || sale->handover == Handover::kLater);
        if (opens) command.obligation = kIdToChoose;
        step_.way = way.name;
    }

    NextStep step() {
        const bool must_name = must_name_target(Case(books_, step_.command, context_));
        if (!must_name || !step_.command.to.empty()) {
            step_.refusal = judge({});
            if (!step_.refusal) accept();
        }
        if (must_name || by_its_target(step_.refusal)) try_accounts();
        return std::move(step_);
    }

    // Whether step() would have no refusal.
    bool is_legal() {
        if (!cell_of(step_.command, item_).legal()) return false;
        if (must_name_target(Case(books_, step_.command, context_))) return any_account();
        const std::optional<Refusal> refusal = judge({});
        return !refusal || (by_its_target(refusal) && any_account());
    }

private:
    // The accounts that it might take the piece to, up to the first for which `tried` says true: then true.
    template <class Tried>
    bool any_account_where(StateSet targets, Tried tried) {
        const auto* accounts = books_.site_accounts.find(step_.command.site);
        if (targets == 0 || accounts == nullptr) return false;
        return std::any_of(accounts->begin(), accounts->end(), [&](const AccountId& to) {
            const auto state = state_of(to.kind);
            return state && contains(targets, *state) && tried(to);
        });
    }
    StateSet targets() const { return static_cast<StateSet>(cell_of(step_.command, item_).targets & way_.among); }
    bool any_account() {
        return any_account_where(targets(), [this](const AccountId& to) { return !judge(to); });
    }

    // The refusal of the command as it stands, or with another target.
    Fault judge(const AccountId& to) {
        if (!to.empty()) step_.command.to = to;
        return check_all(Case(books_, step_.command, context_), Signatures::kAside);
    }

    // Another account might do.
    static bool by_its_target(const std::optional<Refusal>& refusal) {
        if (!refusal) return false;
        const RefusalCode code = refusal->code;
        return code == RefusalCode::kUnknownAccount || code == RefusalCode::kLimit || code == RefusalCode::kWrongTarget;
    }

    void try_accounts() {
        const StateSet among = targets();
        std::optional<Refusal> furthest = std::move(step_.refusal);
        AccountId refused = step_.command.to;  // where it got that far
        std::optional<AccountId> first;
        step_.refusal.reset();
        any_account_where(among, [&](const AccountId& to) {
            Fault fault = judge(to);
            if (!fault && !first) first = to;
            if (!fault) step_.targets.push_back(to);
            if (fault && (!furthest || further(*fault, *furthest))) {
                furthest = std::move(fault);
                refused = to;
            }
            return step_.targets.size() == kNextTargetsMax;
        });
        if (first) {
            step_.command.to = *first;
            accept();
        } else if (furthest) {
            step_.command.to = refused;
            step_.refusal = std::move(furthest);
        } else {
            step_.refusal = judge(missing_account(among, step_.command.site));
        }
    }

    // Which of two refusals got further in the order of the checks: it says more of what is in the way. That a piece is
    // in an account already, or not of the kind that an account is for, is no reason why it cannot go to another.
    static bool further(const Refusal& one, const Refusal& other) {
        if (one.code == RefusalCode::kWrongTarget) return false;
        return other.code == RefusalCode::kWrongTarget || one.code > other.code;
    }

    // Fills in what the command does and needs.
    void accept() {
        const Case c(books_, step_.command, context_);
        const LineCase& line = c.lines[0];
        if (line.leg) step_.to = line.to.kind;
        if (line.leg && step_.targets.empty() && line.to.must_be_opened()) step_.targets.push_back(line.to);
        step_.signers = signers_text(c);
        Decided decided;
        conclude(c, decided);
        step_.closes = std::move(decided.closes);
        if (step_.command.docs.empty()) return;
        const std::vector<Doc> documents = std::exchange(step_.command.docs, {});
        const Case bare(books_, step_.command, context_);
        if (check_title(bare)) step_.documents.push_back(DocType::kClientSignedBasis);
        if (Fault fault = check_papers(bare)) step_.documents = std::move(fault->missing_documents);
        step_.command.docs = documents;
    }

    const Books& books_;
    const Item* item_;
    const Way& way_;
    Context context_;
    NextStep step_;
};

bool of_pieces(const EventInfo& event) {
    return event.v1 && (event.lines == LineKind::kMove || event.lines == LineKind::kItem ||
                        event.lines == LineKind::kItemOptional);
}

}  // namespace

std::vector<NextStep> next_steps(const Books& books, const NextQuestion& question) {
    std::vector<NextStep> steps;
    const Item* item = books.items.find(question.item);
    for (const EventInfo& event : kEvents) {
        if (!of_pieces(event) || (question.type && *question.type != event.type)) continue;
        for (const Way& way : ways_of(event.type, books, item))
            steps.push_back(Judged(books, question, event.type, way).step());
    }
    return steps;
}

std::vector<EventType> legal_events(const Books& books, const NextQuestion& question) {
    std::vector<EventType> legal;
    const Item* item = books.items.find(question.item);
    for (const EventInfo& event : kEvents) {
        if (!of_pieces(event) || (question.type && *question.type != event.type)) continue;
        const auto ways = ways_of(event.type, books, item);
        const bool any = std::any_of(ways.begin(), ways.end(), [&](const Way& way) {
            return Judged(books, question, event.type, way).is_legal();
        });
        if (any) legal.push_back(event.type);
    }
    return legal;
}

}  // namespace daybook::custody
