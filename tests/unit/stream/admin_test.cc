// What a broker tells of a topic's settings, against those that the topic must have.
#include "engine/stream/internal/admin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace daybook::stream {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Told = std::vector<std::pair<std::string, std::string>>;

const TopicSpec kSpec{.name = "daybook.x.events.v1",
                      .partitions = 4,
                      .settings = {{"cleanup.policy", "delete"}, {"retention.ms", "-1"}}};

Result<void> judged(const Told& told) {
    const kafka::ConfigResource resource(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, kSpec.name.c_str()));
    for (const auto& [name, value] : told) {
        EXPECT_EQ(rd_kafka_ConfigResource_set_config(resource.get(), name.c_str(), value.c_str()),
                  RD_KAFKA_RESP_ERR_NO_ERROR);
    }
    return check_told(kSpec, resource.get());
}

TEST(TopicSettingsTest, ThoseThatItMustHaveAreEnough) {
    EXPECT_TRUE(judged({{"segment.ms", "7"}, {"retention.ms", "-1"}, {"cleanup.policy", "delete"}}));
}

TEST(TopicSettingsTest, AnotherValueIsRefused) {
    const auto right = judged({{"cleanup.policy", "delete"}, {"retention.ms", "1000"}});
    ASSERT_FALSE(right);
    EXPECT_EQ(right.error().code, ErrorCode::kForeign);
    EXPECT_THAT(right.error().message, AllOf(HasSubstr("topic daybook.x.events.v1 exists with retention.ms=1000"),
                                             HasSubstr("needs retention.ms=-1")));
}

TEST(TopicSettingsTest, OneThatTheBrokerDoesNotTellIsRefused) {
    for (const auto& right : {judged({{"cleanup.policy", "delete"}}),
                              judged({{"cleanup.policy", "delete"}, {"retention.mss", "-1"}})}) {
        ASSERT_FALSE(right);
        EXPECT_EQ(right.error().code, ErrorCode::kForeign);
        EXPECT_THAT(right.error().message, AllOf(HasSubstr("topic daybook.x.events.v1 must have retention.ms=-1"),
                                                 HasSubstr("the broker did not say what retention.ms is")));
    }
    for (const auto& right : {judged({}), check_told(kSpec, nullptr)}) {
        ASSERT_FALSE(right);
        EXPECT_EQ(right.error().code, ErrorCode::kForeign);
        EXPECT_THAT(right.error().message, HasSubstr("the broker did not say what cleanup.policy is"));
    }
}

}  // namespace
}  // namespace daybook::stream
