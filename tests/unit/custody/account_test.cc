#include "engine/custody/account.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace daybook::custody {
namespace {

constexpr const char* kTransfer = "01920000-0000-7000-8000-000000000001";

TEST(AccountTest, EveryPathOfTheChartReadsBackAsItself) {
    const std::pair<std::string, AccountClass> chart[] = {
        {"SITE/1/VAULT/A-03", AccountClass::kSiteVault},
        {"SITE/4294967295/COM/b.7_x", AccountClass::kSiteCom},
        {"SITE/12/HOLD", AccountClass::kSiteHold},
        {"SITE/12/HOLD/S1", AccountClass::kSiteHold},
        {"SITE/3/DISPLAY/C1", AccountClass::kSiteDisplay},
        {"SITE/3/WINDOW", AccountClass::kSiteWindow},
        {"SITE/3/PERSON/18446744073709551615", AccountClass::kSitePerson},
        {"SITE/3/PACK", AccountClass::kSitePack},
        {"SITE/3/WORKSHOP-INT", AccountClass::kSiteWorkshopInt},
        {"SITE/3/SUPPLY", AccountClass::kSiteSupply},
        {std::string("TRANSIT/") + kTransfer, AccountClass::kTransit},
        {"EXT/SUPPLIER/4711", AccountClass::kExtSupplier},
        {"EXT/CLIENT/1", AccountClass::kExtClient},
        {"EXT/ENTITY/2", AccountClass::kExtEntity},
        {"EXT/WORKSHOP/3", AccountClass::kExtWorkshop},
        {"EXT/MEMO/M-2026.0042_abc", AccountClass::kExtMemo},
        {"SUSPENSE/2/MISSING", AccountClass::kSuspenseMissing},
        {"SUSPENSE/2/FOUND", AccountClass::kSuspenseFound},
        {"LOSS/THEFT", AccountClass::kLoss},
        {"LOSS/LOST_IN_TRANSIT", AccountClass::kLoss},
        {"LOSS/UNEXPLAINED", AccountClass::kLoss},
        {"LOSS/DESTROYED", AccountClass::kLoss},
        {"GONE", AccountClass::kGone},
        {"ORIGIN", AccountClass::kOrigin},
        {"CONSUMED", AccountClass::kConsumed},
        {"ADJUST", AccountClass::kAdjust},
    };
    std::set<AccountId> ids;
    std::set<AccountClass> kinds;
    for (const auto& [path, kind] : chart) {
        const auto id = AccountId::parse(path);
        ASSERT_TRUE(id) << path;
        EXPECT_EQ(id->kind, kind) << path;
        EXPECT_EQ(id->path(), path);
        EXPECT_EQ(id->must_be_opened(), path.starts_with("SITE/")) << path;
        EXPECT_TRUE(ids.insert(*id).second) << path;
        kinds.insert(kind);
    }
    EXPECT_EQ(kinds.size(), kAccountClassCount);
}

TEST(AccountTest, RefusesWhatIsNoPathOfTheChart) {
    for (const std::string path : {
             "", "/", "SITE", "SITE/", "SITE/1", "SITE/1/", "SITE/0/HOLD", "SITE/01/HOLD", "SITE/-1/HOLD",
             "SITE/+1/HOLD",
             "SITE/4294967296/HOLD", "SITE/x/HOLD", "SITE/1/VAULT", "SITE/1/VAULT/", "SITE/1/VAULT/A/B",
             "SITE/1/VAULT/A B",
             "SITE/1/VAULT/12345678901234567", "SITE/1/VAULT/\xc3\xa9", "SITE/1/HOLD/", "SITE/1/WINDOW/W",
             "SITE/1/PACK/P",
             "SITE/1/PERSON", "SITE/1/PERSON/0", "SITE/1/PERSON/07", "SITE/1/PERSON/x",
             "SITE/1/PERSON/18446744073709551616",
             "SITE/1/ELSEWHERE", "site/1/HOLD", "SITE/1/SUPPLIER/4", "TRANSIT", "TRANSIT/", "TRANSIT/1",
             "TRANSIT/01920000-0000-7000-8000-00000000000A", "TRANSIT/00000000-0000-0000-0000-000000000000",
             "EXT", "EXT/SUPPLIER", "EXT/SUPPLIER/", "EXT/SUPPLIER/0", "EXT/SUPPLIER/1/2", "EXT/MEMO", "EXT/MEMO/a/b",
             "EXT/HOLD", "SUSPENSE/MISSING", "SUSPENSE/1", "SUSPENSE/1/MISSING/x", "SUSPENSE/1/HOLD", "LOSS",
             "LOSS/FIRE",
             "LOSS/THEFT/1", "GONE/", "GONE/1", "ORIGIN/1", " GONE", "GONE ", "SITE/1/VAULT/A/", "SITE//1/HOLD"}) {
        EXPECT_FALSE(AccountId::parse(path)) << path;
    }
}

TEST(AccountTest, AnEmptyAccountHasNoPath) {
    EXPECT_TRUE(AccountId{}.empty());
    EXPECT_EQ(AccountId{}.path(), "");
    EXPECT_FALSE(AccountId{}.must_be_opened());
    EXPECT_NE(AccountId{}, *AccountId::parse("ORIGIN"));
}

TEST(AccountTest, BuildsWhatItReads) {
    EXPECT_EQ(site_account(AccountClass::kSiteHold, 4).path(), "SITE/4/HOLD");
    EXPECT_EQ(site_account(AccountClass::kSuspenseMissing, 4).path(), "SUSPENSE/4/MISSING");
    EXPECT_EQ(numbered_account(AccountClass::kSitePerson, 77, 4).path(), "SITE/4/PERSON/77");
    EXPECT_EQ(numbered_account(AccountClass::kExtClient, 8).path(), "EXT/CLIENT/8");
    EXPECT_EQ(named_account(AccountClass::kExtMemo, "M1")->path(), "EXT/MEMO/M1");
    EXPECT_EQ(named_account(AccountClass::kSiteVault, "A", 2)->path(), "SITE/2/VAULT/A");
    EXPECT_EQ(named_account(AccountClass::kLoss, "THEFT")->path(), "LOSS/THEFT");
    EXPECT_FALSE(named_account(AccountClass::kLoss, "FIRE"));
    EXPECT_FALSE(named_account(AccountClass::kExtMemo, "no spaces"));
    EXPECT_EQ(plain_account(AccountClass::kGone).path(), "GONE");
    const auto transfer = ObligationId::parse(kTransfer);
    ASSERT_TRUE(transfer);
    EXPECT_EQ(transit_account(*transfer).path(), std::string("TRANSIT/") + kTransfer);
    EXPECT_EQ(transit_account(*transfer), *AccountId::parse(std::string("TRANSIT/") + kTransfer));
}

TEST(AccountTest, GivesItsLastPart) {
    EXPECT_EQ(AccountId::parse("SITE/1/VAULT/A-03")->last_part(), "A-03");
    EXPECT_EQ(AccountId::parse("SITE/1/VAULT/1234567890123456")->last_part(), "1234567890123456");
    EXPECT_EQ(AccountId::parse("EXT/CLIENT/15")->last_part(), "15");
    EXPECT_EQ(AccountId::parse("EXT/CLIENT/15")->number(), 15U);
    EXPECT_EQ(AccountId::parse("SITE/1/HOLD")->last_part(), "");
}

TEST(AccountTest, SuppliesHaveAccountsThatHoldNoPiece) {
    EXPECT_EQ(state_of(AccountClass::kSiteVault), State::kV);
    EXPECT_EQ(state_of(AccountClass::kSiteCom), State::kV);
    EXPECT_EQ(state_of(AccountClass::kSiteSupply), std::nullopt);
    EXPECT_EQ(state_of(AccountClass::kConsumed), std::nullopt);
    EXPECT_EQ(state_of(AccountClass::kAdjust), std::nullopt);
}

}  // namespace
}  // namespace daybook::custody
