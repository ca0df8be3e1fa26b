// What the auditor says of a log that was made by hand, and logs with a count in them.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "tests/unit/audit/crafted.h"

namespace daybook::audit {

using test::CraftedSalon;

// The payload of a SignedOut that need not be fit to be shown.
inline constexpr const char* kForPhoto = R"("signed_out":{"purpose":"PHOTO"})";

inline const Finding& of(const Report& report, int invariant) {
    return report.findings[static_cast<std::size_t>(invariant) - 1];
}

inline std::set<int> violated(const Report& report) {
    std::set<int> found;
    for (const auto& finding : report.findings) {
        if (finding.violated != 0) found.insert(finding.number);
    }
    return found;
}

inline std::string all_of_it(const Report& report) {
    std::string out;
    for (const auto& finding : report.findings) {
        for (const auto& remark : finding.violations)
            out += "I" + std::to_string(finding.number) + " event " + std::to_string(remark.event) + ": " +
                   remark.what + "\n";
    }
    return out;
}

// The invariant is violated at that event, in those words; `others` may be too.
inline void expect_named(const Report& report, int invariant, Position event, const std::string& words,
                         std::set<int> others = {}) {
    others.insert(invariant);
    for (const int number : violated(report)) EXPECT_EQ(others.count(number), 1U) << all_of_it(report);
    const auto& remarks = of(report, invariant).violations;
    ASSERT_FALSE(remarks.empty()) << all_of_it(report);
    EXPECT_EQ(remarks.front().event, event) << all_of_it(report);
    EXPECT_THAT(remarks.front().what, testing::HasSubstr(words));
    EXPECT_FALSE(report.sound());
}

// A count of the vault in which the ring was seen and the other was not.
struct Counted {
    Position attested = 0;
};
inline Counted count(CraftedSalon& salon, const custody::CountLists& lists,
                     const std::vector<std::string>& engine_lines) {
    const std::string count = salon.id();
    salon.add(salon.command("10 OC", {}, "", R"("count_opened":{"kind":"SPOT","accounts":["SITE/1/VAULT/A"]})", count));
    salon.add(salon.command("10 OC", {}, CraftedSalon::kRing, R"("count_scanned":{"method":"RFID"})", count,
                            R"(,"to":"SITE/1/VAULT/A")"));
    return {salon.add(salon.command("10 OC", {"11"}, "", R"("count_attested":{})", count),
                      {.lists = lists, .engine_lines = engine_lines})};
}

// The end of a day, with what it says of the vault.
inline Position close_day(CraftedSalon& salon, const std::string& vault = "", const std::string& more = "") {
    const std::string accounts =
        vault.empty() ? "" : R"(,"accounts":[{"account":"SITE/1/VAULT/A",)" + vault + "}]";
    const std::string closed = R"("day_closed":{"closing_count":")" + salon.id() + "\"" + accounts + "}";
    return salon.add(salon.command("10 OC", {"12 VM"}, "", closed, "", more));
}

}  // namespace daybook::audit
