#include "engine/api/verify.h"

#include <unordered_map>

#include "engine/base/bytes.h"
#include "engine/codec/event_codec.h"
#include "engine/codec/json.h"
#include "engine/log/event_log.h"
#include "projections/views.h"
#include "schemas/daybook/v1/view.pb.h"

namespace daybook::api {
namespace {

constexpr Position kProgressEvery = 65'536;

void row(v1::VerifyAnswer& out, std::string_view what, std::uint64_t checked, std::string_view wrong = {},
         std::optional<Position> position = std::nullopt) {
    auto& added = *out.add_rows();
    added.set_what(std::string(what));
    added.set_checked(checked);
    added.set_ok(wrong.empty());
    added.set_message(std::string(wrong));
    if (position) added.set_position(*position);
}

// What one event must fulfil given those before it.
class Chain {
public:
    // Empty: nothing is wrong.
    std::string next(const codec::StoredEvent& event, Position position) {
        if (event.position != position) return "the event says that its position is " + std::to_string(event.position);
        if (event.recorded_at < recorded_at_) return "it was recorded before the event in front of it";
        if (event.batch_last < position) return "its atomic batch ends before it";
        if (position <= batch_last_ && event.batch_last != batch_last_) return "its atomic batch is torn";
        recorded_at_ = event.recorded_at;
        batch_last_ = event.batch_last;
        const bool sighting = event.command.type == custody::EventType::kCountScanned;
        for (const auto& line : event.decided.lines) {
            if (line.item.empty() || sighting) continue;
            const auto [last, first_time] = last_.try_emplace(line.item, kNoPosition);
            if (line.prev != last->second) {
                return "the line of " + line.item.text() + " links to " + name(line.prev) +
                       ", but its previous event is " + name(last->second);
            }
            last->second = position;
            ++links_;
        }
        return {};
    }
    [[nodiscard]] std::uint64_t links() const { return links_; }
    [[nodiscard]] std::string end(Position head) const {
        return head > 0 && batch_last_ >= head ? "the last atomic batch is not whole" : "";
    }

private:
    static std::string name(Position position) {
        return position == kNoPosition ? "none" : "position " + std::to_string(position);
    }

    std::unordered_map<ItemId, Position, UuidHash> last_;
    Micros recorded_at_ = 0;
    Position batch_last_ = 0;
    std::uint64_t links_ = 0;
};

}  // namespace

Result<Verified> verify(Ledger& ledger, const std::function<bool(std::string_view, Position, Position)>& progress) {
    const auto step = [&](std::string_view what) {
        return [&progress, what](Position done, Position of) { return !progress || progress(what, done, of); };
    };
    const log::EventLog& log = ledger.event_log();
    v1::VerifyAnswer answer;
    DAYBOOK_ASSIGN(const log::VerifyReport report, log.verify(step("log")));
    const std::string damage = report.damage ? report.damage->message : "";
    row(answer, "log: events against the Merkle tree", report.events, damage);
    row(answer, "log: blocks", report.blocks);
    row(answer, "log: tiles of the tree", report.tiles);
    row(answer, "log: unique ids, both ways", report.ids);
    answer.set_root(hex(report.root));
    if (report.events > 0) answer.mutable_as_of()->set_position(report.events - 1);

    Chain chain;
    std::string wrong;
    Position position = 0;
    codec::StoredEvent event;
    const auto reached = ledger.events(0, report.events, [&](Position at, std::string_view bytes) {
        position = at;
        if (const auto decoded = codec::decode_event(bytes, event); !decoded) {
            wrong = decoded.error().message;
        } else {
            wrong = chain.next(event, at);
        }
        if (wrong.empty() && at % kProgressEvery == 0 && progress && !progress("events", at, report.events))
            wrong = "stopped";
        return wrong.empty();
    });
    if (!reached) wrong = reached.error().message;
    if (wrong.empty()) wrong = chain.end(report.events);
    row(answer, "events: order, times, batches", report.events, wrong,
        wrong.empty() ? std::nullopt : std::optional(position));
    row(answer, "events: links from piece to piece's previous event", chain.links());

    DAYBOOK_ASSIGN(const auto views, ledger.views().verify(log, step("read models")));
    for (const auto& view : views)
        row(answer, "read model " + view.view + " against a fresh fold", view.rows, view.difference);

    Verified verified;
    verified.ok = true;
    for (const auto& one : answer.rows()) verified.ok = verified.ok && one.ok();
    answer.set_ok(verified.ok);
    verified.json = codec::to_json(answer);
    return verified;
}

}  // namespace daybook::api
