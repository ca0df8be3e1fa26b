// Random days of two salons: the engine and a simple model that shares no code with it get the same commands, and must
// give the same answers and the same books. A failing case is shrunk to its fewest steps; rapidcheck prints how to have
// it again (RC_PARAMS).
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "tests/property/salons.h"

namespace daybook::model {
namespace {

#ifdef DAYBOOK_SANITIZED
constexpr int kSalons = 25;  // the sanitizers cost a factor of five; all hundred are for the build as it is shipped
#else
constexpr int kSalons = 100;
#endif

TEST(SalonProperty, EngineAndModelAgreeOnEveryCommand) {
    // The same salons each time, so that a failure speaks of the change at hand; RC_PARAMS=seed=N tells others.
    const char* given = std::getenv("RC_PARAMS");
    const std::string params =
        "max_success=" + std::to_string(kSalons) + " seed=20261130 " + (given == nullptr ? "" : given);
    ::setenv("RC_PARAMS", params.c_str(), 1);
    const bool held = rc::check("the engine answers as the model does, and keeps the same books", [] {
        const auto choices =
            *rc::gen::scale(6.0, rc::gen::container<std::vector<std::uint32_t>>(rc::gen::arbitrary<std::uint32_t>()));
        SalonModel model(std::string(DAYBOOK_SOURCE_DIR) + "/schemas/state_machine.json");
        Salons salons;
        Generator generator(model);
        std::vector<Act> acts;
        for (const int site : {1, 2}) {
            Act open;
            open.event = "VaultOpened";
            open.site = site;
            open.actor = {10, "OC"};
            open.attest = {{30, "SEC"}};
            open.obligation = uuid(4, static_cast<std::uint64_t>(site));
            open.more["json"] = "{}";
            acts.push_back(open);
        }
        std::size_t accepted = 0;
        const auto run = [&](const Act& act) {
            const std::string wanted = model.submit(act);
            const std::string got = salons.submit(act);
            if (wanted != got) {
                RC_FAIL("the model says '" + wanted + "', the engine '" + got + "' to " + act.json("…") + "\n" +
                        salons.last());
            }
            accepted += got.empty() ? 1U : 0U;
            salons.compare(model);
        };
        for (const auto& act : acts) run(act);
        for (const std::uint32_t choice : choices) {
            for (const auto& act : generator.next(choice)) run(act);
        }
        salons.verify_views();
        RC_TAG(accepted > 20 ? "more than 20 accepted" : "few accepted");
    });
    EXPECT_TRUE(held);
}

}  // namespace
}  // namespace daybook::model
