// I10 of what is due, over logs that were made by hand and somebody who answers right or wrong, one row a page: what
// differs first is named, by the event that opened it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <optional>

#include "engine/audit/past.h"
#include "tests/unit/audit/crafted.h"
#include "tests/unit/audit/named.h"

namespace daybook::audit {
namespace {

using custody::ObligationKind;
using testing::HasSubstr;

// An obligation, while so much is known, at these valid times.
struct Term {
    DueRow row;
    Micros from = 0;
    std::optional<Micros> to = std::nullopt;
    Position known_from = 0, known_to = kNoPosition;
};

// Answers what is due from terms. Of other questions it has never all that there is, so that nobody looks at it.
class Answering : public Past {
public:
    explicit Answering(CraftedSalon& salon) : salon_(salon) {}

    std::vector<Term> terms;
    std::function<void(std::vector<DueRow>&, bool now)> change = [](std::vector<DueRow>&, bool) {};
    std::size_t pages = 0;

    Result<DuePage> due(Position newest, std::optional<Micros> valid, const std::string& cursor) override {
        return page(newest, valid.value_or(std::numeric_limits<Micros>::max()), cursor, false);
    }
    Result<DuePage> due_now(const std::string& cursor) override {
        return page(salon_.log().head() - 1, std::numeric_limits<Micros>::max(), cursor, true);
    }
    Result<Listed> open_counts(Position newest) override { return Listed{newest, false, {}}; }
    Result<Listed> open_sessions(Position newest) override { return Listed{newest, false, {}}; }
    Result<Listed> counts(SiteId, std::size_t, Position newest) override { return Listed{newest, false, {}}; }
    Result<HeldList> held(const std::string&, const custody::AccountId&, Position newest) override {
        return HeldList{newest, false, {}};
    }
    Result<Listed> expected(SiteId, Position newest) override { return Listed{newest, false, {}}; }
    Result<Listed> contents(SiteId, Position newest) override { return Listed{newest, false, {}}; }

private:
    Result<DuePage> page(Position newest, Micros valid, const std::string& cursor, bool now) {
        std::vector<DueRow> rows;
        for (const Term& term : terms) {
            const bool known = term.known_from <= newest && newest < term.known_to;
            if (known && term.from <= valid && (!term.to || valid < *term.to)) rows.push_back(term.row);
        }
        change(rows, now);
        ++pages;
        const std::size_t at = cursor.empty() ? 0 : std::stoull(cursor);
        DuePage page{newest, {}, at + 1 < rows.size() ? std::to_string(at + 1) : ""};
        if (at < rows.size()) page.rows = {rows[at]};
        return page;
    }

    CraftedSalon& salon_;
};

class DueTest : public testing::Test {
protected:
    DueTest() { opened(salon_.session(), ObligationKind::kVaultSession, salon_.session_opened(), 0); }

    void opened(const std::string& id, ObligationKind kind, Position by, std::uint32_t pieces) {
        Term term{{*codec::parse_obligation(id), kind, by, pieces}, salon_.occurred(by)};
        term.known_from = by;
        past_.terms.push_back(term);
    }
    // The newest of the terms, from an event on that ends it.
    void ended(Position by) {
        Term ended = past_.terms.back();
        past_.terms.back().known_to = by;
        ended.known_from = by;
        ended.to = salon_.occurred(by);
        past_.terms.push_back(ended);
    }
    // Or that tells that it never was.
    void forgotten(Position by) { past_.terms.back().known_to = by; }
    Report audit() {
        Options options;
        options.scratch = dir_.path();
        options.past = &past_;
        return test::must(run(salon_.log(), nullptr, options));
    }
    // What is said of I10, the reason why it was not wholly looked at apart.
    std::string said() {
        const Report report = audit();
        std::string text;
        for (const Remark& remark : of(report, 10).violations) text += remark.what + "\n";
        return text;
    }
    static std::string both() {
        return std::string(R"(,"lines":[{"item":")") + CraftedSalon::kRing + R"("},{"item":")" + CraftedSalon::kOther +
               "\"}]";
    }
    // Both pieces are signed out together.
    Position sign_out_both(const std::string& signout) {
        return salon_.add(salon_.command("10 OC", {"15"}, "", kForPhoto, signout, both()), {.to = "SITE/1/DISPLAY/C1"});
    }

    CraftedSalon salon_;
    Answering past_{salon_};
    test::TempDir dir_{test::TempDir::in_memory()};
};

TEST_F(DueTest, AcceptsWhatTheEventsTellPageByPage) {
    const std::string signout = salon_.id();
    opened(signout, ObligationKind::kSignout, sign_out_both(signout), 2);
    EXPECT_EQ(said(), "");
    EXPECT_GT(of(audit(), 10).checked, 4U);
    EXPECT_GT(past_.pages, of(audit(), 10).checked / 2);
}

TEST_F(DueTest, NamesWhatIsLeftOutWhatIsNotOpenAndWhatIsOpenForOthers) {
    const std::string signout = salon_.id(), none = salon_.id();
    const Position out = sign_out_both(signout);
    opened(signout, ObligationKind::kSignout, out, 2);
    past_.change = [&](std::vector<DueRow>& rows, bool) {
        std::erase_if(rows, [&](const DueRow& row) { return row.opened_by == out; });
    };
    EXPECT_THAT(said(), HasSubstr("SIGNOUT " + signout + ", which event " + std::to_string(out) +
                                  " opened, is left out"));
    past_.change = [&](std::vector<DueRow>& rows, bool) {
        for (DueRow& row : rows) row.pieces = row.opened_by == out ? 1 : row.pieces;
    };
    EXPECT_THAT(said(), HasSubstr("opened, is answered to be open for 1 pieces, and is for 2"));
    past_.change = [&](std::vector<DueRow>& rows, bool) {
        rows.push_back({*codec::parse_obligation(none), ObligationKind::kRepair, 3, 1});
    };
    EXPECT_THAT(said(), HasSubstr("REPAIR " + none + ", which event 3 opened, is answered to be open, and is not"));
}

TEST_F(DueTest, NamesTheFirstByItsEventAndHowManyMoreDiffer) {
    std::vector<Position> out;
    for (const char* item : {CraftedSalon::kRing, CraftedSalon::kOther}) {
        const std::string signout = salon_.id();
        out.push_back(salon_.sign_out(signout, item));
        opened(signout, ObligationKind::kSignout, out.back(), 1);
    }
    past_.change = [&](std::vector<DueRow>& rows, bool) { rows.clear(); };
    const std::string text = said();
    EXPECT_THAT(text, HasSubstr("VAULT_SESSION " + salon_.session() + ", which event " +
                                std::to_string(salon_.session_opened()) + " opened, is left out, and 2 more differ"));
}

// The read models' own list of now is looked at as well as what is made up of the past.
TEST_F(DueTest, NamesWhatIsWrongOfNowOnly) {
    const std::string signout = salon_.id();
    opened(signout, ObligationKind::kSignout, salon_.sign_out(signout), 1);
    past_.change = [&](std::vector<DueRow>& rows, bool now) {
        if (now) rows.pop_back();
    };
    const std::string text = said();
    EXPECT_THAT(text, HasSubstr("what is open, now that position " + std::to_string(salon_.log().head() - 1)));
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
}

TEST_F(DueTest, FollowsWhatIsHandedOnAndWhatEnds) {
    const std::string signout = salon_.id();
    const Position out = sign_out_both(signout);
    opened(signout, ObligationKind::kSignout, out, 2);
    // One of two is handed on: it is open by itself from then on.
    salon_.open_account("DISPLAY/C2");
    const Position handed = salon_.add(salon_.command("15 SA", {"16"}, CraftedSalon::kRing, R"("handed_over":{})"),
                                       {.to = "SITE/1/DISPLAY/C2"});
    ended(handed);
    opened(signout, ObligationKind::kSignout, handed, 1);
    past_.terms.back().row.opened_by = out;
    opened(signout + ":" + CraftedSalon::kRing, ObligationKind::kSignout, handed, 1);
    past_.terms.back().row.opened_by = out;
    EXPECT_EQ(said(), "");
    ended(salon_.sign_in(signout, CraftedSalon::kRing));
    EXPECT_EQ(said(), "");
}

TEST_F(DueTest, FollowsCorrections) {
    const std::string signout = salon_.id(), signed_out = salon_.id();
    salon_.next_id(signed_out);
    opened(signout, ObligationKind::kSignout, salon_.sign_out(signout), 1);
    forgotten(salon_.add(salon_.command("11 OC", {"12 VM"}, "",
                                        R"("correction_declared":{"target":")" + signed_out +
                                            R"(","reason":"DID_NOT_OCCUR"})"),
                         {.engine_lines = {CraftedSalon::kRing}}));
    EXPECT_EQ(said(), "");
    past_.terms.back().known_to = kNoPosition;
    EXPECT_THAT(said(), HasSubstr("SIGNOUT " + signout));
}

TEST_F(DueTest, FollowsCountsAndDifferencesAboutNoPiece) {
    const std::string count = salon_.id(), over = salon_.id();
    opened(count, ObligationKind::kCount,
           salon_.add(salon_.command("10 OC", {}, "", R"("count_opened":{"kind":"SPOT","accounts":["SITE/1/HOLD"]})",
                                     count)),
           0);
    ended(salon_.add(salon_.command("10 OC", {"12 VM"}, "", R"("count_abandoned":{"why":"fire alarm"})", count)));
    opened(over, ObligationKind::kDiscrepancy,
           salon_.add(salon_.command("10 OC", {}, "", R"("receipt_discrepancy_recorded":{"kind":"OVER"})", over)), 0);
    EXPECT_EQ(said(), "");
    ended(salon_.add(salon_.command("12 VM", {"10 OC"}, "", R"("discrepancy_resolved":{"outcome":"FOUND"})", over)));
    EXPECT_EQ(said(), "");
    past_.terms.pop_back();
    past_.terms.back().known_to = kNoPosition;
    EXPECT_THAT(said(), HasSubstr("DISCREPANCY " + over));
}

}  // namespace
}  // namespace daybook::audit
