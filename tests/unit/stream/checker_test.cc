// What the comparison with Kafka reads out of values. The comparison itself is tested on a broker (tests/kafka).
#include "engine/stream/internal/checker.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "engine/codec/json.h"
#include "schemas/daybook/v1/stream.pb.h"

namespace daybook::stream {
namespace {

TEST(AsOfTest, IsReadFromEveryFormat) {
    for (const Position position : {Position{0}, Position{1}, Position{127}, Position{128}, Position{1} << 40,
                                    std::numeric_limits<Position>::max()}) {
        v1::Custody custody;
        custody.set_as_of(position);
        custody.mutable_piece()->set_item("x");
        v1::Stock stock;
        stock.set_as_of(position);
        EXPECT_EQ(as_of_in(codec::to_json(custody), ValueFormat::kJson), position);
        EXPECT_EQ(as_of_in(codec::to_json(stock), ValueFormat::kJson), position);
        EXPECT_EQ(as_of_in(custody.SerializeAsString(), ValueFormat::kProtobuf), position);
        EXPECT_EQ(as_of_in(stock.SerializeAsString(), ValueFormat::kConfluent), position);
    }
}

TEST(AsOfTest, IsNotReadWhereItIsNot) {
    for (const char* const value : {"", "{}", R"({"as_of":7})", R"({"as_of":""})", R"({"as_of":"7)",
                                    R"({"as_of":"-7"})", R"({"as_of":"7x"})", R"({"model":"M","as_of":"7"})"}) {
        EXPECT_EQ(as_of_in(value, ValueFormat::kJson), std::nullopt) << value;
    }
    v1::Stock stock;
    stock.set_model("M");
    for (const std::string& value : {stock.SerializeAsString(), std::string(), std::string("\x08"),
                                     std::string("\x08\x80"), "\x08" + std::string(11, '\xff')}) {
        EXPECT_EQ(as_of_in(value, ValueFormat::kProtobuf), std::nullopt);
    }
}

}  // namespace
}  // namespace daybook::stream
