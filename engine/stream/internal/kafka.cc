#include "engine/stream/internal/kafka.h"

#include <array>

namespace daybook::stream::kafka {
namespace {

void on_log(const rd_kafka_t* handle, int, const char* facility, const char* text) {
    // Called from librdkafka's threads, also before rd_kafka_new has returned.
    auto* const noise = static_cast<Noise*>(rd_kafka_opaque(handle));
    if (noise != nullptr) noise->log(facility, text);
}

void on_error(rd_kafka_t*, int code, const char* reason, void* opaque) {
    static_cast<Noise*>(opaque)->error(std::string(rd_kafka_err2name(static_cast<rd_kafka_resp_err_t>(code))) + ": " +
                                       reason);
}

// Brokers from 4.0 on refuse what librdkafka sends before 2.6.1 (#4895), as if the password were wrong.
std::string scram_hint(std::string_view reason) {
    constexpr int kFixed = 0x02060100;
    if (rd_kafka_version() >= kFixed || reason.find("SCRAM") == std::string_view::npos) return {};
    return std::string("; librdkafka ") + rd_kafka_version_str() +
           " cannot do SCRAM with brokers from 4.0 on, it takes 2.6.1: use another mechanism, such as PLAIN over TLS";
}

}  // namespace

std::string Noise::trouble() const {
    const std::lock_guard lock(mutex_);
    return trouble_;
}

std::string Noise::last() const {
    const std::lock_guard lock(mutex_);
    return last_;
}

void Noise::log(std::string_view facility, std::string_view text) {
    // A connection that could not be made carried no request; everything else of these facilities may have.
    const bool in_flight = (facility == "FAIL" && text.find("Connect to ") == std::string_view::npos &&
                            text.find("Failed to resolve") == std::string_view::npos) ||
                           facility == "REQTMOUT" || facility == "TXNERR";
    const std::lock_guard lock(mutex_);
    last_ = text;
    if (!in_flight) return;
    if (trouble_.empty()) trouble_ = std::string(facility) + ": " + std::string(text);
    heard_.store(true, std::memory_order_release);
}

// The same events again, but only when the client is polled, and of failed connections too: worth keeping as the
// reason, no reason to distrust a transaction.
void Noise::error(std::string_view text) {
    const std::lock_guard lock(mutex_);
    last_ = text;
}

void Client::Destroy::operator()(rd_kafka_t* handle) const {
    // A producer's requests that are still under way are given up first. In librdkafka 2.0.2 the client's own thread
    // frees the text of the transaction's error as it ends (rd_kafka_txns_term, which leaves the pointer), and a
    // broker's thread that gets an answer of "fenced" after that frees it once more (rd_kafka_txn_set_fatal_error):
    // without this nearly half of the publishers that were fenced while they produced ended in a double free. An answer
    // to a request that was given up is dropped unread.
    if (rd_kafka_type(handle) == RD_KAFKA_PRODUCER) {
        rd_kafka_purge(handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    }
    // Without closing a consumer first: ours are in no group, so there is nothing to leave.
    rd_kafka_destroy_flags(handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

Result<Client> Client::make(Kind kind, const Settings& settings) {
    Owner<rd_kafka_conf_t, rd_kafka_conf_destroy> conf(rd_kafka_conf_new());
    std::array<char, 512> reason{};
    for (const auto& [name, value] : settings) {
        const auto set = rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), reason.data(), reason.size());
        if (set == RD_KAFKA_CONF_UNKNOWN) return fail(ErrorCode::kInvalid, "the Kafka client has no setting " + name);
        if (set != RD_KAFKA_CONF_OK) return fail(ErrorCode::kInvalid, "the Kafka client refuses the value of " + name);
    }
    Client client;
    client.noise_ = std::make_unique<Noise>();
    rd_kafka_conf_set_opaque(conf.get(), client.noise_.get());
    rd_kafka_conf_set_log_cb(conf.get(), on_log);
    rd_kafka_conf_set_error_cb(conf.get(), on_error);
    const auto type = kind == Kind::kProducer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER;
    client.handle_.reset(rd_kafka_new(type, conf.get(), reason.data(), reason.size()));
    if (!client.handle_) return fail(ErrorCode::kInvalid, std::string("no Kafka client can be made: ") + reason.data());
    static_cast<void>(conf.release());  // the client's from here on
    return client;
}

Result<void> Client::reach(int timeout_ms) const {
    const struct rd_kafka_metadata* answer = nullptr;
    const auto failed = rd_kafka_metadata(get(), 0, nullptr, &answer, timeout_ms);
    const Metadata owner(answer);
    if (failed == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
    rd_kafka_poll(get(), 0);
    const std::string last = noise_->last();
    return fail(ErrorCode::kUnavailable, "Kafka cannot be reached: " +
                                             (last.empty() ? rd_kafka_err2str(failed) : last) + scram_hint(last));
}

}  // namespace daybook::stream::kafka
