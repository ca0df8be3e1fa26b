// The topics of a ledger: their names, and the settings that they are made with and must have.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/ids.h"

namespace daybook::stream {

// Every topic of one publisher is written in the same transactions.
enum class Topic : std::uint8_t {
    kEvents,   // a record for each event and piece
    kCustody,  // each piece as it is
    kStock,    // each model at each site as it is
    kLog,      // the log itself, for those who keep a copy
    kControl,  // the cursor
};
inline constexpr std::array kTopics{Topic::kEvents, Topic::kCustody, Topic::kStock, Topic::kLog, Topic::kControl};
inline constexpr std::size_t kTopicCount = kTopics.size();

// "events", "custody" …
std::string_view to_string(Topic topic);
// Absolute state, compacted; made and written only where there is a StateSource.
inline bool holds_state(Topic topic) { return topic == Topic::kCustody || topic == Topic::kStock; }
// As many partitions as `events`; the others have one.
inline bool is_keyed(Topic topic) { return topic == Topic::kEvents || holds_state(topic); }

// Which set of topics: a generation is published from position 0 beside the one before it, and switched to.
struct TopicSet {
    std::string prefix = "daybook";
    LedgerId ledger;
    std::uint32_t generation = 1;

    // "daybook.<ledger>.events.v1"
    [[nodiscard]] std::string name(Topic topic) const;
    // "daybook.<ledger>.publisher", with ".v2" and so on from the second generation: one writer at a time for each.
    [[nodiscard]] std::string transactional_id() const;
};

struct TopicSpec {
    std::string name;
    std::uint32_t partitions = 1;
    // Settings that are given explicitly at creation and checked ever after; the rest is the cluster's business.
    std::vector<std::pair<std::string, std::string>> settings;
};

// `retention_ms` of events and log; -1: for ever.
TopicSpec topic_spec(const TopicSet& set, Topic topic, std::uint32_t partitions, std::int64_t retention_ms);

}  // namespace daybook::stream
