#include "engine/stream/topics.h"

#include "engine/base/assert.h"
#include "engine/base/limits.h"
#include "engine/base/time.h"

namespace daybook::stream {
namespace {

constexpr std::int64_t kTombstoneMs = 7 * kDay / 1000;

}  // namespace

std::string_view to_string(Topic topic) {
    switch (topic) {
        case Topic::kEvents: return "events";
        case Topic::kCustody: return "custody";
        case Topic::kStock: return "stock";
        case Topic::kLog: return "log";
        case Topic::kControl: return "control";
    }
    DAYBOOK_UNREACHABLE();
}

std::string TopicSet::name(Topic topic) const {
    return prefix + "." + ledger.text() + "." + std::string(to_string(topic)) + ".v" + std::to_string(generation);
}

std::string TopicSet::transactional_id() const {
    return prefix + "." + ledger.text() + ".publisher" + (generation == 1 ? "" : ".v" + std::to_string(generation));
}

TopicSpec topic_spec(const TopicSet& set, Topic topic, std::uint32_t partitions, std::int64_t retention_ms) {
    TopicSpec spec;
    spec.name = set.name(topic);
    spec.partitions = is_keyed(topic) ? partitions : 1;
    switch (topic) {
        case Topic::kEvents:
        case Topic::kLog:
            spec.settings = {{"cleanup.policy", "delete"},
                             {"retention.ms", std::to_string(retention_ms)},
                             {"retention.bytes", "-1"},
                             {"max.message.bytes", std::to_string(limits::kKafkaBatchBytesMax)},
                             {"message.timestamp.type", "CreateTime"}};
            break;
        case Topic::kCustody:
        case Topic::kStock:
            // Whoever reads more seldom than a tombstone lasts begins anew.
            spec.settings = {{"cleanup.policy", "compact"},
                             {"delete.retention.ms", std::to_string(kTombstoneMs)},
                             {"max.message.bytes", std::to_string(limits::kKafkaBatchBytesMax)},
                             {"message.timestamp.type", "CreateTime"}};
            break;
        case Topic::kControl:
            spec.settings = {{"cleanup.policy", "compact"}, {"message.timestamp.type", "CreateTime"}};
            break;
    }
    return spec;
}

}  // namespace daybook::stream
