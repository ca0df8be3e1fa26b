#include "engine/server/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <mutex>
#include <utility>

#include "engine/sequencer/sequencer.h"
#include "projections/views.h"

namespace daybook::server {
namespace {

using Gauges = prometheus::Family<prometheus::Gauge>;

Gauges& gauge(prometheus::Registry& registry, const char* name, const char* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}

// Of a text with times, addresses and positions in it, so that there are few of them.
std::string without_numbers(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool digit = c >= '0' && c <= '9';
        if (digit && out.ends_with('#')) continue;
        out += digit ? '#' : c;
    }
    return out;
}

}  // namespace

class Metrics::Impl {
public:
    Impl()
        : requests_(prometheus::BuildCounter()
                        .Name("daybook_http_requests_total")
                        .Help("Requests answered")
                        .Register(registry_)),
          commands_(gauge(registry_, "daybook_commands", "Commands since the start, by outcome")),
          events_(gauge(registry_, "daybook_log_events", "Durable events; also the next position").Add({})),
          reflected_(gauge(registry_, "daybook_views_events", "Events that the read models reflect").Add({})),
          queued_(gauge(registry_, "daybook_queue_commands", "Commands that wait for the sequencer").Add({})),
          queued_bytes_(
              gauge(registry_, "daybook_queue_bytes", "Bytes of commands that wait for the sequencer").Add({})),
          groups_(gauge(registry_, "daybook_commit_groups", "Commit groups since the start").Add({})),
          accepting_(gauge(registry_, "daybook_accepting", "1: commands are taken; 0: the engine has stopped").Add({})),
          published_(gauge(registry_, "daybook_stream_events", "Events that are in Kafka")),
          publish_lag_(gauge(registry_, "daybook_stream_lag_events", "Durable events that are not in Kafka")),
          publish_lag_seconds_(
              gauge(registry_, "daybook_stream_lag_seconds", "Age of the oldest event that is not in Kafka")),
          state_(gauge(registry_, "daybook_stream_state", "1 for the state that the publisher is in")),
          fenced_(gauge(registry_, "daybook_stream_fenced", "1: another publisher has taken the term")),
          term_(gauge(registry_, "daybook_stream_term", "The publisher's term")),
          transactions_(gauge(registry_, "daybook_stream_transactions", "Transactions since the start")),
          records_(gauge(registry_, "daybook_stream_records", "Records since the start")),
          last_commit_(gauge(registry_, "daybook_stream_last_commit_timestamp_seconds",
                             "When events were last committed to Kafka; 0: not since the start")),
          last_error_(gauge(registry_, "daybook_stream_last_error_timestamp_seconds",
                            "When the last error was met; 0: there was none")),
          last_error_text_(gauge(registry_, "daybook_stream_last_error",
                                 "1 for the text of the last error, # for each number in it; the question `stream` "
                                 "tells it whole")),
          repaired_(gauge(registry_, "daybook_stream_repaired_partitions",
                          "Partitions in which a torn commit was found, since the start")),
          given_up_(gauge(registry_, "daybook_stream_given_up_calls",
                          "Calls of the Kafka client that hung and were left behind, since the start")) {}

    void count(std::string_view route, int status) {
        requests_.Add({{"route", std::string(route)}, {"status", std::to_string(status)}}).Increment();
    }

    std::string text(Ledger& ledger, const std::vector<api::Streaming>& streams) {
        const auto stats = ledger.engine().stats();
        const auto set = [&](const char* outcome, std::uint64_t value) {
            commands_.Add({{"outcome", outcome}}).Set(static_cast<double>(value));
        };
        set("accepted", stats.accepted);
        set("refused", stats.refused);
        set("repeated", stats.repeated);
        set("overloaded", stats.overloaded);
        events_.Set(static_cast<double>(ledger.head()));
        reflected_.Set(static_cast<double>(ledger.views().position()));
        queued_.Set(static_cast<double>(stats.queued_commands));
        queued_bytes_.Set(static_cast<double>(stats.queued_bytes));
        groups_.Set(static_cast<double>(stats.groups));
        accepting_.Set(ledger.failure() ? 0 : 1);
        for (const api::Streaming& one : streams) show(one);
        return prometheus::TextSerializer().Serialize(registry_.Collect());
    }

private:
    void show(const api::Streaming& one) {
        using stream::State;
        const stream::Status& status = one.status;
        const prometheus::Labels labels{{"generation", std::to_string(one.generation)}};
        const auto set = [&](Gauges& gauges, double value) { gauges.Add(labels).Set(value); };
        set(published_, static_cast<double>(status.next.value_or(0)));
        set(publish_lag_, static_cast<double>(status.lag_events));
        set(publish_lag_seconds_, static_cast<double>(status.lag) / static_cast<double>(kSecond));
        for (const State state : {State::kConnecting, State::kPublishing, State::kRetrying, State::kFenced,
                                  State::kRefused, State::kStopped}) {
            prometheus::Labels with = labels;
            with.emplace("state", stream::to_string(state));
            state_.Add(with).Set(status.state == state ? 1 : 0);
        }
        set(fenced_, status.fenced ? 1 : 0);
        set(term_, static_cast<double>(status.epoch));
        set(transactions_, static_cast<double>(status.transactions));
        set(records_, static_cast<double>(status.records));
        set(last_commit_, static_cast<double>(status.last_commit_at) / static_cast<double>(kSecond));
        set(last_error_, static_cast<double>(status.last_error_at) / static_cast<double>(kSecond));
        show_error(labels, status.last_error);
        set(repaired_, static_cast<double>(status.repaired));
        set(given_up_, static_cast<double>(status.given_up));
    }

    // The one before is gone: a text is a series of its own.
    void show_error(prometheus::Labels labels, const std::string& text) {
        const std::string generation = labels.at("generation");
        labels.emplace("text", without_numbers(text));
        const std::lock_guard lock(errors_mutex_);
        prometheus::Gauge*& shown = errors_[generation];
        if (shown != nullptr && last_error_text_.Has(labels)) return;
        if (shown != nullptr) last_error_text_.Remove(std::exchange(shown, nullptr));
        if (text.empty()) return;
        shown = &last_error_text_.Add(labels);
        shown->Set(1);
    }

    prometheus::Registry registry_;
    prometheus::Family<prometheus::Counter>& requests_;
    Gauges& commands_;
    prometheus::Gauge &events_, &reflected_, &queued_, &queued_bytes_, &groups_, &accepting_;
    Gauges &published_, &publish_lag_, &publish_lag_seconds_, &state_, &fenced_, &term_, &transactions_, &records_,
        &last_commit_, &last_error_, &last_error_text_, &repaired_, &given_up_;
    std::mutex errors_mutex_;
    std::map<std::string, prometheus::Gauge*> errors_;  // by generation: the one that is shown
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;
void Metrics::count(std::string_view route, int status) { impl_->count(route, status); }
std::string Metrics::text(Ledger& ledger, const std::vector<api::Streaming>& streams) {
    return impl_->text(ledger, streams);
}

}  // namespace daybook::server
