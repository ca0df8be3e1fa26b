#include "engine/stream/internal/standing.h"

namespace daybook::stream {
namespace {

std::string seconds_text(Micros time) {
    const Micros tenths = time / (kSecond / 10);
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

}  // namespace

std::string standing_text(const Status& status) {
    std::string text(to_string(status.state));
    text += status.next ? ": " + std::to_string(*status.next) + " events in Kafka, " : ": not known what is in Kafka, ";
    text += std::to_string(status.lag_events) + " behind (" + seconds_text(status.lag) + "), ";
    text += status.epoch == 0 ? "no term yet" : "term " + std::to_string(status.epoch);
    text += status.fenced ? ", fenced" : "";
    if (status.last_error.empty()) return text + "; no error";
    return text + "; last error " + format_time(status.last_error_at) + ": " + status.last_error;
}

std::optional<std::string> Standing::line(const Status& status, Deadline now) {
    next_ = now + every_;
    const bool same = told_ && told_->state == status.state && told_->next == status.next &&
                      told_->epoch == status.epoch && told_->last_error_at == status.last_error_at;
    if (same && status.lag_events == 0) return std::nullopt;
    told_ = status;
    return standing_text(status);
}

}  // namespace daybook::stream
