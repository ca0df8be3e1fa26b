// What consumers of the stream have after a correction: the corrected state, and nothing that is left of the old one
// (decision D7). Every other scenario here holds its stream against the engine where it ends (Salon::expect_sound).
#include <gtest/gtest.h>

#include "tests/acceptance/salon.h"

namespace daybook::acceptance {
namespace {

class Streamed : public testing::Test {
protected:
    Streamed() {
        salon_.open_vault();
        ring_ = salon_.id();
        salon_.accept(registered("M-1"));
        registration_ = salon_.last_id();
        salon_.accept(salon_.say("10 OC", {"500"}, R"("goods_received":{})",
                                 Salon::lines({ring_}) + Salon::to(salon_.here("HOLD"))));
        salon_.accept(salon_.say("50 QA", {}, R"("inspection_recorded":{"phase":"IN","verdict":"PASS"})",
                                 Salon::lines({ring_})));
        salon_.accept(salon_.put_away({ring_}, "VAULT/A"));
        salon_.expect_published();
    }
    std::string registered(const std::string& model) {
        return salon_.say("10 OC", {},
                          R"("item_registered":{"origin":"OPENING","owner":{"kind":"HOUSE","id":1},"model":)" +
                              Salon::quoted(model) + R"(,"insured":{"minor":"120000","currency":"EUR"}})",
                          Salon::lines({ring_}) + Salon::to("EXT/SUPPLIER/501"), {.at = "2030-03-02T08:00:00Z"});
    }
    std::string amended(const std::string& field, const std::string& value) {
        return salon_.say("20 VM", {"80 HQ"},
                          R"("item_amended":{"field":)" + Salon::quoted(field) + R"(,"new_value":)" + value + "}",
                          Salon::lines({ring_}));
    }
    // The model whose stock has the ring, of those that it ever was; and the stream says so.
    void expect_model(const std::string& model) {
        for (const std::string one : {"M-1", "M-2", "M-3", "M-4"}) {
            const auto rows = Salon::rows(salon_.ask("stock?model=" + one), "rows");
            EXPECT_EQ(!rows.empty() && Salon::field(rows[0], "available") == "1", one == model) << one;
        }
        salon_.expect_published();
    }

    Salon salon_;
    std::string ring_, registration_;
};

TEST_F(Streamed, APieceOfAnotherModelLeavesTheStockOfTheOld) {
    salon_.accept(amended("MODEL", R"({"text":"M-2"})"));
    const std::string amendment = salon_.last_id();
    expect_model("M-2");
    // By a publisher that has not written what the piece was before.
    salon_.reopen();
    const std::string right = amended("MODEL", R"({"text":"M-3"})");
    const std::string right_id = salon_.last_id();
    salon_.correct(amendment, right, right_id, "81 HQ");
    const std::string declaration = salon_.last_id();
    expect_model("M-3");
    salon_.correct(declaration, "", "", "10 OC");
    expect_model("M-2");
    salon_.correct(amendment, "", "", "81 HQ");
    expect_model("M-1");
    salon_.expect_sound();
}

TEST_F(Streamed, ARegistrationThatIsCorrectedLeavesTheStockOfTheOldModel) {
    const std::string right = registered("M-4");
    const std::string right_id = salon_.last_id();
    salon_.correct(registration_, right, right_id);
    const std::string declaration = salon_.last_id();
    expect_model("M-4");
    salon_.reopen();
    salon_.correct(declaration, "", "", "81 HQ");
    expect_model("M-1");
    salon_.expect_sound();
}

TEST_F(Streamed, AnInsuredValueThatIsAmendedAndCorrectedIsThatOfTheStock) {
    salon_.accept(amended("INSURED", R"({"money":{"minor":"130000","currency":"EUR"}})"));
    const std::string amendment = salon_.last_id();
    salon_.expect_published();
    salon_.correct(amendment, "", "", "81 HQ");
    expect_model("M-1");
    salon_.expect_sound();
}

}  // namespace
}  // namespace daybook::acceptance
