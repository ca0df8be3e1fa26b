#include "engine/api/stream_check.h"

#include <algorithm>
#include <utility>

#include "engine/api/stream_state.h"
#include "engine/codec/json.h"
#include "engine/log/event_log.h"
#include "engine/sequencer/sequencer.h"
#include "engine/stream/check.h"
#include "engine/stream/source.h"
#include "projections/views.h"
#include "schemas/daybook/v1/view.pb.h"

namespace daybook::api {

Result<std::string> check_stream(Ledger& ledger, std::vector<stream::Options> options,
                                 const std::function<bool(Position done, Position of)>& progress) {
    const auto source = stream::engine_source(ledger.event_log(), ledger.engine().feed());
    const auto state = state_source(ledger.event_log(), ledger.views());
    v1::VerifyAnswer answer;
    answer.set_ok(true);
    Position next = kNoPosition;  // of the one that is least far
    for (stream::Options& one : options) {
        one.state = state.get();
        DAYBOOK_ASSIGN(const stream::CheckReport report, stream::check(*source, ledger.id(), one, progress));
        next = std::min(next, report.next);
        const std::string which = options.size() > 1 ? "v" + std::to_string(one.generation) + " " : "";
        for (const stream::CheckRow& row : report.rows) {
            v1::VerifyRow& out = *answer.add_rows();
            out.set_what(which + row.what);
            out.set_checked(row.checked);
            out.set_ok(row.ok);
            out.set_not_checked(row.not_compared);
            out.set_message(row.message);
            if (row.position) out.set_position(*row.position);
        }
        answer.set_ok(answer.ok() && report.ok());
    }
    if (next > 0 && next != kNoPosition) answer.mutable_as_of()->set_position(next - 1);
    return codec::to_json(answer);
}

}  // namespace daybook::api
