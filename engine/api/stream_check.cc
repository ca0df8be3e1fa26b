#include "engine/api/stream_check.h"

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

Result<std::string> check_stream(Ledger& ledger, stream::Options options,
                                 const std::function<bool(Position done, Position of)>& progress) {
    const auto source = stream::engine_source(ledger.event_log(), ledger.engine().feed());
    const auto state = state_source(ledger.event_log(), ledger.views());
    options.state = state.get();
    DAYBOOK_ASSIGN(const stream::CheckReport report, stream::check(*source, ledger.id(), options, progress));
    v1::VerifyAnswer answer;
    if (report.next > 0) answer.mutable_as_of()->set_position(report.next - 1);
    for (const stream::CheckRow& row : report.rows) {
        v1::VerifyRow& out = *answer.add_rows();
        out.set_what(row.what);
        out.set_checked(row.checked);
        out.set_ok(row.ok);
        out.set_not_checked(row.not_compared);
        out.set_message(row.message);
        if (row.position) out.set_position(*row.position);
    }
    answer.set_ok(report.ok());
    return codec::to_json(answer);
}

}  // namespace daybook::api
