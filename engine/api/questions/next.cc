// What can be done with a piece now, and if not, why not.
#include <algorithm>

#include "engine/api/internal/asked.h"
#include "engine/codec/answer.h"
#include "engine/codec/obligation_text.h"
#include "engine/custody/next.h"
#include "schemas/daybook/v1/report.pb.h"

namespace daybook::api {
namespace {

// What of the books is shown in the answer; taken while nothing is decided, so nothing is put into words here.
struct Found {
    bool known = false;
    custody::State state{};
    custody::AccountId account;
    std::vector<custody::NextStep> steps;
};

void fill_step(const custody::NextStep& step, v1::NextStep& out) {
    const custody::Command& command = step.command;
    const custody::EventInfo& event = custody::info(command.type);
    out.set_type(static_cast<v1::EventType::Code>(command.type));
    out.set_way(std::string(step.way));
    out.set_site(command.site);
    out.set_legal(!step.refusal);
    if (step.refusal) return codec::to_proto(*step.refusal, *out.mutable_refusal());
    if (step.to) out.set_to_class(std::string(custody::to_string(*step.to)));
    for (const auto& target : step.targets) out.add_targets(target.path());
    out.set_signers(step.signers);
    for (std::size_t kind = 1; kind <= custody::kObligationKindCount && !command.obligation.empty(); ++kind) {
        if (custody::contains(event.opens, static_cast<custody::ObligationKind>(kind)))
            out.add_opens(static_cast<v1::ObligationKind::Code>(kind));
    }
    for (const custody::Closed& closed : step.closes) {
        v1::Closed& row = *out.add_closes();
        row.set_obligation(codec::obligation_text(closed.obligation));
        row.set_kind(static_cast<v1::ObligationKind::Code>(closed.kind));
    }
    for (const auto type : step.documents) out.add_documents(doc_code(type));
}

Result<std::string> next(const Asked& asked) {
    custody::NextQuestion wanted;
    DAYBOOK_ASSIGN(wanted.item, asked.item_of_path(1));
    DAYBOOK_ASSIGN(wanted.site, asked.site());
    if (const std::string type = asked.param("type"); !type.empty()) {
        wanted.type = custody::parse_event_type(type);
        if (!wanted.type) return wrong("type", type, "an event type, as in SignedOut");
    }
    Found found;
    DAYBOOK_ASSIGN(const auto seen, asked.look([&](const custody::Books& books, Micros now) {
        wanted.now = now;
        if (const custody::Item* item = books.items.find(wanted.item)) {
            found.known = true;
            found.state = item->state();
            found.account = item->account;
        }
        found.steps = custody::next_steps(books, wanted);
    }));
    std::stable_partition(found.steps.begin(), found.steps.end(), [](const auto& step) { return !step.refusal; });
    v1::NextAnswer message;
    DAYBOOK_TRY(asked.as_of(seen.position, seen.at, message));
    message.set_item(wanted.item.text());
    message.set_state(static_cast<v1::State::Code>(static_cast<int>(found.state) + 1));
    if (found.known && found.state != custody::State::kX0) message.set_account(found.account.path());
    for (const auto& step : found.steps) fill_step(step, *message.add_rows());
    return codec::to_json(message);
}

constexpr QuestionInfo kQuestions[] = {{"items/*/next", "site type", next}};

}  // namespace

Family next_questions() { return kQuestions; }

}  // namespace daybook::api
