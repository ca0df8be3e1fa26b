// Late facts and corrections through the sequencer: their pieces' chains are read beside the deciding thread, nobody
// else waits, and what stands in the log makes the same books again.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "engine/sequencer/chain_reader.h"
#include "tests/support/engine.h"
#include "tests/support/temp_dir.h"

namespace daybook::sequencer {
namespace {

using test::Engine;
using test::FakeClock;
using test::Ids;
using test::TempDir;
namespace salon = test::salon;

std::string text(const Answer& answer) {
    return answer.refusal ? answer.refusal->message : answer.error ? answer.error->message : "accepted";
}

class LateTest : public ::testing::Test {
protected:
    LateTest() {
        Options options;
        options.run_events = 1;  // the books are saved after every event
        engine = std::make_unique<Engine>(dir.path(), clock, options);
        expect(engine->run(salon::start(ids)));
        for (int i = 0; i < 3; ++i) items.push_back(ids.next());
        expect(engine->run(salon::arrive(ids, items)));
        clock.move(kHour);
        begin = clock.now();
    }
    static void expect(const std::vector<Answer>& answers) {
        for (const Answer& answer : answers) ASSERT_TRUE(answer.accepted()) << text(answer);
    }
    std::string out(const std::string& id, const std::string& item) { return salon::signed_out(id, ids.next(), item); }

    // The correction of a correction, by somebody else.
    std::string undone(const std::string& id) {
        std::string undo = salon::declared(ids.next(), id);
        return undo.replace(undo.find("\"principal\":13,\"role\":\"HQ\""), 26, "\"principal\":10,\"role\":\"OC\"");
    }
    // To or from a case of its own.
    std::string shown(const std::string& id, const std::string& item) {
        std::string out = this->out(id, item);
        return out.replace(out.find("DISPLAY/C1"), 10, "DISPLAY/C2");
    }

    // After every event the books that the sequencer saved are those of a replay, to the byte.
    void expect_replayed() {
        ASSERT_TRUE(engine->sequencer().stop());
        Replayer replayer(engine->log());
        custody::Books books;
        custody::Effects effects;
        Position next = 0;
        while (const auto group = engine->sequencer().feed().next(after(std::chrono::seconds(30)))) {
            for (std::size_t i = 0; i < group->count; ++i, ++next) {
                test::must(replayer.apply(books, (*group)[i].event(), effects));
                ASSERT_EQ(group->books[i].second, custody::save_book(books)) << "after position " << next;
                const custody::Effects& live = (*group)[i].effects;
                ASSERT_EQ(live.retold.size(), effects.retold.size()) << "at position " << next;
                ASSERT_EQ(live.items.size(), effects.items.size());
                for (std::size_t j = 0; j < live.items.size(); ++j) {
                    std::string ours;
                    std::string theirs;
                    custody::save_item(books.names, effects.items[j].after, ours);
                    custody::save_item(books.names, live.items[j].after, theirs);
                    ASSERT_EQ(ours, theirs) << "at position " << next;
                }
            }
        }
        EXPECT_EQ(next, engine->log().head());
    }

    TempDir dir;
    FakeClock clock;
    Ids ids{11};
    std::unique_ptr<Engine> engine;
    std::vector<std::string> items;
    Micros begin = 0;
};

TEST_F(LateTest, ALateFactIsTakenAndOthersOfItsSubmissionKeepTheirOrder) {
    expect(engine->run({out(ids.next(), items[0])}));
    clock.move(kHour);
    const auto answers = engine->run({salon::signed_in(ids.next(), items[0]), salon::damaged(ids.next(), items[1]),
                                      salon::late(begin + kMinute, salon::damaged(ids.next(), items[0])),
                                      out(ids.next(), items[0])});
    expect(answers);
    for (std::size_t i = 1; i < answers.size(); ++i) EXPECT_EQ(answers[i].position, answers[i - 1].position + 1);
    expect_replayed();
}

TEST_F(LateTest, WhatWouldBreakIsNamed) {
    expect(engine->run({out(ids.next(), items[0])}));
    clock.move(kHour);
    const auto answers = engine->run({salon::late(begin - kMinute, out(ids.next(), items[0]))});
    ASSERT_TRUE(answers[0].refusal) << text(answers[0]);
    EXPECT_EQ(answers[0].refusal->code, custody::RefusalCode::kCorrectionConflict);
    ASSERT_EQ(answers[0].refusal->conflicts.size(), 1U);
    EXPECT_EQ(answers[0].refusal->conflicts[0].event, engine->log().head() - 1);
    EXPECT_EQ(answers[0].refusal->conflicts[0].code, custody::RefusalCode::kAlreadyOut);
    expect_replayed();
}

TEST_F(LateTest, AnAtomicBatchMayHoldLateFacts) {
    clock.move(kHour);
    expect(engine->run({salon::damaged(ids.next(), items[0])}));
    expect(engine->run({salon::late(begin + kMinute, salon::damaged(ids.next(), items[0])),
                        salon::late(begin + 2 * kMinute, salon::damaged(ids.next(), items[0])),
                        out(ids.next(), items[1])},
                       Mode::kAtomic));
    expect_replayed();
}

TEST_F(LateTest, ACorrectionWithItsCorrectivesIsOneBatch) {
    // The wrong ring was scanned: it was the other one that went out, and came back.
    const std::string target = ids.next();
    const std::string obligation = ids.next();
    expect(engine->run({salon::signed_out(target, obligation, items[0])}));
    const std::string corrective = ids.next();
    const std::string right = salon::late(begin, salon::signed_out(corrective, obligation, items[1]));
    // Not without its batch, nor under another obligation.
    const auto alone = engine->run({salon::declared(ids.next(), target, {corrective})});
    EXPECT_EQ(alone[0].refusal->code, custody::RefusalCode::kSchema);
    const auto other =
        engine->run({salon::declared(ids.next(), target, {corrective}),
                     salon::signed_out(corrective, ids.next(), items[1])},
                    Mode::kAtomic);
    ASSERT_TRUE(other[0].refusal) << text(other[0]);
    EXPECT_EQ(other[0].refusal->code, custody::RefusalCode::kSchema);
    const auto answers = engine->run({salon::declared(ids.next(), target, {corrective}), right}, Mode::kAtomic);
    expect(answers);
    // Both pieces are where the correction says.
    expect(engine->run({salon::signed_in(ids.next(), items[1])}));
    EXPECT_EQ(engine->run({salon::signed_in(ids.next(), items[0])})[0].refusal->code, custody::RefusalCode::kNotOut);
    // What is not in a batch of a correction does not belong there.
    const auto mixed =
        engine->run({salon::declared(ids.next(), corrective), salon::damaged(ids.next(), items[2])}, Mode::kAtomic);
    ASSERT_TRUE(mixed[0].error);
    EXPECT_EQ(mixed[0].error->code, ErrorCode::kInvalid);
    engine->reopen();
    EXPECT_EQ(engine->log().head(), answers[1].position + 2);
}

// The pieces that a count finds to differ are known when it is judged, and their past is read then.
TEST_F(LateTest, AnAttestationMayBeLate) {
    const std::string count = ids.next();
    expect(engine->run({salon::count_opened(ids.next(), count)}));
    clock.move(kHour);
    expect(engine->run({salon::damaged(ids.next(), items[0]), salon::damaged(ids.next(), items[1])}));
    clock.move(kHour);
    const auto answers = engine->run({salon::late(begin + kMinute, salon::count_attested(ids.next(), count)),
                                      salon::damaged(ids.next(), items[2])});
    expect(answers);
    EXPECT_EQ(answers[1].position, answers[0].position + 1);
    expect_replayed();
}

TEST_F(LateTest, AScanAndItsAttestationAreCorrectedTogether) {
    const std::string count = ids.next();
    const std::string scan = ids.next();
    const std::string attestation = ids.next();
    clock.move(kMinute);
    expect(engine->run({salon::count_opened(ids.next(), count), salon::count_scanned(scan, count, {items[0]}),
                        salon::count_attested(attestation, count)}));
    clock.move(kHour);
    expect(engine->run({salon::damaged(ids.next(), items[1]), salon::damaged(ids.next(), items[0])}));
    // The scan alone would leave the attestation without what it rests on.
    const auto alone = engine->run({salon::declared(ids.next(), scan)});
    ASSERT_TRUE(alone[0].refusal) << text(alone[0]);
    EXPECT_EQ(alone[0].refusal->code, custody::RefusalCode::kCorrectionConflict);
    // It was the other piece that was seen: then the first one is missing, which no event before has said.
    const std::string right_scan = ids.next();
    const std::string right = ids.next();
    const auto answers = engine->run(
        {salon::declared(ids.next(), scan, {right_scan}), salon::declared(ids.next(), attestation, {right}),
         salon::late(begin + kMinute, salon::count_scanned(right_scan, count, {items[1]})),
         salon::late(begin + kMinute, salon::count_attested(right, count))},
        Mode::kAtomic);
    expect(answers);
    // Neither happened, in either order of the declarations.
    expect(engine->run({salon::declared(ids.next(), right_scan), salon::declared(ids.next(), right)}, Mode::kAtomic));
    expect(engine->run({salon::count_attested(ids.next(), count)}));
    expect_replayed();
}

// A vault that was opened and closed at other times than was written down: both turns are told anew in one batch.
TEST_F(LateTest, ASessionIsToldAnew) {
    const std::string count = ids.next();
    const std::string opened = ids.next();
    const std::string closed = ids.next();
    const std::string session = ids.next();
    expect(engine->run({salon::closing_count_opened(ids.next(), count), salon::count_attested(ids.next(), count),
                        salon::vault_closed(ids.next(), count)}));
    const Micros shut = clock.now();
    clock.move(kHour);
    const std::string second = ids.next();
    expect(engine->run({salon::vault_opened(opened, session), out(ids.next(), items[0])}));
    clock.move(kHour);
    expect(engine->run({salon::closing_count_opened(ids.next(), second), salon::count_attested(ids.next(), second)}));
    clock.move(kMinute);
    expect(engine->run({salon::vault_closed(closed, second)}));
    clock.move(kHour);
    // Not before the session in front of it is over, nor behind the piece that went out.
    const auto at = [&](Micros when) {
        const std::string right = ids.next();
        return engine->run({salon::declared(ids.next(), opened, {right}),
                            salon::late(when, salon::vault_opened(right, session))},
                           Mode::kAtomic);
    };
    for (const Micros wrong : {shut - kMinute, clock.now() - kHour - kSecond}) {
        const auto refused = at(wrong);
        ASSERT_TRUE(refused[0].refusal) << text(refused[0]);
        EXPECT_EQ(refused[0].refusal->code, custody::RefusalCode::kCorrectionConflict) << text(refused[0]);
        // Of two turns that do not alternate the corrective is to blame; else the leg that would be outside.
        EXPECT_EQ(refused[0].refusal->conflicts.size(), wrong < shut ? 0U : 1U);
    }
    expect(at(shut + kMinute));
    const std::string later = ids.next();
    expect(engine->run({salon::declared(ids.next(), closed, {later}),
                        salon::late(clock.now() - kMinute, salon::vault_closed(later, second))},
                       Mode::kAtomic));
    expect_replayed();
}

// Two sessions that were one: the closing that stays would end another session than it closed, and is told anew.
TEST_F(LateTest, TwoSessionsAreJoined) {
    std::vector<std::string> counts{ids.next(), ids.next()};
    const std::string closed = ids.next(), opened = ids.next(), last = ids.next();
    const auto count = [&](const std::string& id) {
        expect(engine->run({salon::closing_count_opened(ids.next(), id), salon::count_attested(ids.next(), id)}));
        clock.move(kMinute);
    };
    count(counts[0]);
    expect(engine->run({salon::vault_closed(closed, counts[0])}));
    clock.move(kMinute);
    expect(engine->run({salon::vault_opened(opened, ids.next())}));
    clock.move(kMinute);
    const Micros moved = clock.now();
    expect(engine->run({out(ids.next(), items[0])}));
    count(counts[1]);
    const Position last_at = engine->run({salon::vault_closed(last, counts[1])})[0].position;
    clock.move(kHour);
    const auto alone =
        engine->run({salon::declared(ids.next(), closed), salon::declared(ids.next(), opened)}, Mode::kAtomic);
    ASSERT_TRUE(alone[0].refusal) << text(alone[0]);
    EXPECT_EQ(alone[0].refusal->code, custody::RefusalCode::kCorrectionConflict);
    EXPECT_EQ(alone[0].refusal->event, last_at);
    const std::string right = ids.next();
    expect(engine->run({salon::declared(ids.next(), closed), salon::declared(ids.next(), opened),
                        salon::declared(ids.next(), last, {right}),
                        salon::late(moved + kHour, salon::vault_closed(right, counts[1]))},
                       Mode::kAtomic));
    // What moved in the second is of the one session now.
    const std::string early = ids.next();
    const auto cut = engine->run({salon::declared(ids.next(), right, {early}),
                                  salon::late(moved - kSecond, salon::vault_closed(early, counts[0]))},
                                 Mode::kAtomic);
    ASSERT_TRUE(cut[0].refusal) << text(cut[0]);
    EXPECT_EQ(cut[0].refusal->code, custody::RefusalCode::kCorrectionConflict) << text(cut[0]);
    expect_replayed();
}

TEST_F(LateTest, TwoIntervalsOfAnAccountAreJoinedAndParted) {
    const std::string path = "SITE/1/DISPLAY/C2";
    const auto closed_at = [&](const std::string& id) {
        return "{" + salon::envelope(id, salon::kManager, "VM") + R"(,"account_closed":{"account":")" + path + R"("}})";
    };
    const std::string closed = ids.next(), again = ids.next();
    const std::vector<std::string> events{salon::account_opened(ids.next(), path), closed_at(closed),
                                          salon::account_opened(again, path)};
    for (const std::string& event : events) {
        expect(engine->run({event}));
        clock.move(kMinute);
    }
    const std::string one = ids.next(), other = ids.next();
    expect(engine->run({salon::declared(one, closed), salon::declared(other, again)}, Mode::kAtomic));
    // It is open, once.
    EXPECT_EQ(engine->run({salon::account_opened(ids.next(), path)})[0].refusal->code,
              custody::RefusalCode::kAccountExists);
    // Whichever comes back first.
    expect(engine->run({undone(one), undone(other)}, Mode::kAtomic));
    const std::string first = ids.next(), second = ids.next();
    expect(engine->run({salon::declared(first, again), salon::declared(second, closed)}, Mode::kAtomic));
    expect(engine->run({undone(first), undone(second)}, Mode::kAtomic));
    // A closing that lies behind is corrected whatever is in the account now.
    expect(engine->run({shown(ids.next(), items[0])}));
    const std::string right = ids.next();
    expect(engine->run({salon::declared(ids.next(), closed, {right}),
                        salon::late(clock.now() - kMinute - kSecond, closed_at(right))},
                       Mode::kAtomic));
    // Closed at last, it is empty only when the piece is gone.
    EXPECT_EQ(engine->run({closed_at(ids.next())})[0].refusal->code, custody::RefusalCode::kAccountNotEmpty);
    expect_replayed();
}

// What moved an opening or a closing is taken back as long as the account was not used in between.
TEST_F(LateTest, AnAccountIsOpenAsItWasWhenItsCorrectionIsTakenBack) {
    const std::string path = "SITE/1/DISPLAY/C2";
    const auto closed_at = [&](const std::string& id) {
        return "{" + salon::envelope(id, salon::kManager, "VM") + R"(,"account_closed":{"account":")" + path + R"("}})";
    };
    const auto moved = [&](const std::string& declaration, const std::string& target, const std::string& id, Micros at,
                           const std::string& corrective) {
        return engine->run({salon::declared(declaration, target, {id}), salon::late(at, corrective)}, Mode::kAtomic);
    };
    const auto expect_kept = [&](const std::string& declaration, Position leg) {
        const auto answer = engine->run({undone(declaration)});
        ASSERT_TRUE(answer[0].refusal) << text(answer[0]);
        EXPECT_EQ(answer[0].refusal->code, custody::RefusalCode::kCorrectionConflict);
        EXPECT_EQ(answer[0].refusal->event, leg) << text(answer[0]);
    };
    clock.move(kHour);
    const Micros opening = clock.now();
    const std::string opened = ids.next();
    expect(engine->run({salon::account_opened(opened, path)}));
    clock.move(kMinute);
    for (int i = 0; i < 6; ++i) {  // more than an account lists at its ends
        expect(engine->run({shown(ids.next(), items[0])}));
        clock.move(kMinute);
        expect(engine->run({salon::signed_in(ids.next(), items[0])}));
        clock.move(kMinute);
    }
    const auto earlier = [&](const std::string& declaration) {
        const std::string id = ids.next();
        return moved(declaration, opened, id, opening - 10 * kMinute, salon::account_opened(id, path));
    };
    const std::string unused = ids.next();
    expect(earlier(unused));
    expect(engine->run({undone(unused)}));

    const std::string used = ids.next();
    expect(earlier(used));
    const std::string there = ids.next(), back = ids.next();
    const auto legs = engine->run({salon::late(opening - 5 * kMinute, shown(there, items[1])),
                                   salon::late(opening - 4 * kMinute, salon::signed_in(back, items[1]))});
    expect(legs);
    expect_kept(used, legs[0].position);
    const std::string gone = ids.next();
    expect(engine->run({salon::declared(gone, back)}));
    expect_kept(used, legs[0].position);
    const std::string never = ids.next();
    expect(engine->run({salon::declared(never, there)}));
    expect(engine->run({undone(used)}));
    // It was not open when that leg was made.
    EXPECT_EQ(engine->run({undone(never)})[0].refusal->code, custody::RefusalCode::kCorrectionConflict);

    // And at the other end, of an interval before another.
    const Micros closing = clock.now();
    const std::string closed = ids.next();
    expect(engine->run({closed_at(closed)}));
    clock.move(kHour);
    expect(engine->run({salon::account_opened(ids.next(), path)}));
    clock.move(kMinute);
    expect(engine->run({shown(ids.next(), items[0])}));
    clock.move(kMinute);
    const auto later = [&](const std::string& declaration) {
        const std::string id = ids.next();
        return moved(declaration, closed, id, closing + 10 * kMinute, closed_at(id));
    };
    const std::string for_nothing = ids.next(), for_legs = ids.next();
    expect(later(for_nothing));
    expect(engine->run({undone(for_nothing)}));
    expect(later(for_legs));
    const auto more = engine->run({salon::late(closing + 5 * kMinute, shown(ids.next(), items[2])),
                                   salon::late(closing + 6 * kMinute, salon::signed_in(ids.next(), items[2]))});
    expect(more);
    expect_kept(for_legs, more[1].position);
    expect_replayed();
}

// What happened at one time is ordered by its places: before the closing a leg is legal, behind it not.
TEST_F(LateTest, ACorrectiveAtTheInstantOfAClosing) {
    const std::string count = ids.next(), target = ids.next(), obligation = ids.next(), early = ids.next();
    const std::string early_obligation = ids.next();
    expect(engine->run({salon::closing_count_opened(ids.next(), count), salon::count_attested(ids.next(), count)}));
    expect(engine->run({salon::signed_out(early, early_obligation, items[2])}));
    clock.move(kMinute);
    const Micros at = clock.now();
    expect(engine->run({salon::late(at, salon::signed_out(target, obligation, items[0])),
                        salon::late(at, salon::vault_closed(ids.next(), count))}));
    clock.move(kHour);
    // It takes the place of its target.
    const std::string right = ids.next();
    expect(engine->run({salon::declared(ids.next(), target, {right}),
                        salon::late(at, salon::signed_out(right, obligation, items[1]))},
                       Mode::kAtomic));
    // One that happened at another time has a place behind the closing.
    const std::string wrong = ids.next();
    const auto refused = engine->run({salon::declared(ids.next(), early, {wrong}),
                                      salon::late(at, salon::signed_out(wrong, early_obligation, items[2]))},
                                     Mode::kAtomic);
    ASSERT_TRUE(refused[0].refusal || refused[1].refusal);
    const auto& refusal = refused[0].refusal ? refused[0].refusal : refused[1].refusal;
    EXPECT_EQ(refusal->code, custody::RefusalCode::kVaultClosed);
    expect_replayed();
}

TEST_F(LateTest, DependentMistakesArePutRightTogether) {
    const std::string away = ids.next();
    expect(engine->run({out(away, items[0])}));
    const std::string back = ids.next();
    expect(engine->run({salon::signed_in(back, items[0])}));
    const auto alone = engine->run({salon::declared(ids.next(), away)});
    ASSERT_TRUE(alone[0].refusal);
    EXPECT_EQ(alone[0].refusal->code, custody::RefusalCode::kCorrectionConflict);
    EXPECT_EQ(alone[0].refusal->conflicts.at(0).code, custody::RefusalCode::kNotOut);
    expect(engine->run({salon::declared(ids.next(), away), salon::declared(ids.next(), back)}, Mode::kAtomic));
    expect_replayed();
}

// A corrective that is not legal itself stands in no log: it has no position to name.
TEST_F(LateTest, ABrokenCorrectiveIsNamedWithoutAPosition) {
    const std::string target = ids.next();
    const std::string obligation = ids.next();
    expect(engine->run({salon::signed_out(target, obligation, items[0])}));
    const std::string corrective = ids.next();
    const auto answers = engine->run(
        {salon::declared(ids.next(), target, {corrective}),
         salon::late(begin, salon::signed_out(corrective, obligation, ids.next()))},  // no such piece
        Mode::kAtomic);
    ASSERT_TRUE(answers[0].refusal) << text(answers[0]);
    EXPECT_EQ(answers[0].refusal->code, custody::RefusalCode::kCorrectionConflict);
    ASSERT_EQ(answers[0].refusal->conflicts.size(), 1U);
    EXPECT_EQ(answers[0].refusal->conflicts[0].event, kNoPosition);
    EXPECT_EQ(answers[0].refusal->conflicts[0].code, custody::RefusalCode::kUnknownItem);
    EXPECT_EQ(answers[0].refusal->message.find("46116860184273"), std::string::npos) << answers[0].refusal->message;
}

TEST_F(LateTest, ARegistrationIsCorrectedUnderItsOwnIdAndEpc) {
    const std::string item = ids.next();
    const std::string target = ids.next();
    const std::string epc = "urn:epc:id:sgtin:late";
    expect(engine->run({salon::registered(target, item, epc)}));
    const std::string corrective = ids.next();
    expect(engine->run(
        {salon::declared(ids.next(), target, {corrective}), salon::registered(corrective, item, epc)}, Mode::kAtomic));
    expect(engine->run({salon::received(ids.next(), {item})}));
    EXPECT_EQ(engine->run({salon::registered(ids.next(), ids.next(), epc)})[0].refusal->code,
              custody::RefusalCode::kDuplicateItem);
    // Taken back altogether, once nothing rests on it.
    const std::string other = ids.next();
    const std::string registered = ids.next();
    expect(engine->run({salon::registered(registered, other, "urn:epc:id:sgtin:never")}));
    expect(engine->run({salon::declared(ids.next(), registered)}));
    EXPECT_EQ(engine->run({salon::received(ids.next(), {other})})[0].refusal->code, custody::RefusalCode::kUnknownItem);
    EXPECT_EQ(engine->run({salon::registered(ids.next(), other, "urn:x")})[0].refusal->code,
              custody::RefusalCode::kDuplicateItem);
    // Nor is an id that is used free before its piece was registered.
    const auto before = engine->run({salon::late(begin - kMinute, salon::registered(ids.next(), item, "urn:y"))});
    ASSERT_TRUE(before[0].refusal);
    EXPECT_EQ(before[0].refusal->code, custody::RefusalCode::kDuplicateItem);
    expect_replayed();
}

TEST_F(LateTest, ACorrectionOfACorrectionBringsItsTargetBack) {
    const std::string away = ids.next();
    expect(engine->run({out(away, items[0])}));
    const std::string correction = ids.next();
    expect(engine->run({salon::declared(correction, away)}));
    EXPECT_EQ(engine->run({salon::signed_in(ids.next(), items[0])})[0].refusal->code, custody::RefusalCode::kNotOut);
    std::string undo = salon::declared(ids.next(), correction);
    undo.replace(undo.find("\"principal\":13,\"role\":\"HQ\""), 26, "\"principal\":10,\"role\":\"OC\"");
    expect(engine->run({undo}));
    expect(engine->run({salon::signed_in(ids.next(), items[0])}));
    expect_replayed();
}

// A count of the vault in which `seen` are scanned, and the lists that are sent with its attestation.
struct VaultCount {
    std::string id;
    std::string opened(Ids& ids) const {
        return "{" + salon::envelope(ids.next(), salon::kCoordinator, "OC") + R"(,"obligation_id":")" + id +
               R"(","count_opened":{"kind":"SPOT","accounts":["SITE/1/VAULT/A"]}})";
    }
    std::string scanned(Ids& ids, const std::vector<std::string>& seen) const {
        return "{" + salon::envelope(ids.next(), salon::kCoordinator, "OC") + R"(,"obligation_id":")" + id + "\"" +
               salon::lines_of(seen) + R"(,"to":"SITE/1/VAULT/A","count_scanned":{"method":"RFID"}})";
    }
    std::string attested(Ids& ids, const std::map<std::string, std::vector<std::string>>& lists) const {
        std::string text;
        for (const auto& [name, pieces] : lists) {
            std::string all;
            for (const auto& piece : pieces) all += (all.empty() ? "\"" : ",\"") + piece + "\"";
            text += (text.empty() ? "\"" : ",\"") + name + "\":[" + all + "]";
        }
        return "{" + salon::envelope(ids.next(), salon::kCoordinator, "OC") + salon::witnessed() +
               R"(,"obligation_id":")" + id + R"(","count_attested":{"lists":{)" + text + "}}}";
    }
};

// What comes to be elsewhere by a correction has not moved: to an open count it is booked where it was at the cut.
TEST_F(LateTest, WhatACorrectionPutsElsewhereIsToACountWhereItWas) {
    const std::string back = ids.next();
    expect(engine->run({out(ids.next(), items[0])}));
    expect(engine->run({salon::signed_in(back, items[0])}));
    const std::string other = ids.next();
    expect(engine->run({out(ids.next(), items[1])}));
    expect(engine->run({salon::signed_in(other, items[1])}));
    const VaultCount count{ids.next()};
    expect(engine->run({count.opened(ids)}));
    expect(engine->run({salon::declared(ids.next(), back)}));   // items[0] is on display, it did not come back
    expect(engine->run({salon::declared(ids.next(), other)}));  // nor did items[1]
    expect(engine->run({count.scanned(ids, {items[0], items[2]})}));
    expect(engine->run({count.attested(ids, {{"matched", {items[0], items[2]}}, {"missing", {items[1]}}})}));
    expect_replayed();
}

// A leg since the cut that is taken back is none; the book that it left stays, and with its correction corrected it is
// a leg again.
TEST_F(LateTest, ALegSinceTheCutOfACountIsOneWhileItCounts) {
    const std::string away = ids.next();
    const std::string obligation = ids.next();
    const VaultCount count{ids.next()};
    expect(engine->run({count.opened(ids)}));
    expect(engine->run({salon::signed_out(away, obligation, items[0])}));
    expect(engine->run({out(ids.next(), items[1])}));
    // It went out, and was not scanned: moved. Out it did not go at all: missing. Or it did.
    const std::string correction = ids.next();
    const auto lists = [&](const std::string& of_the_first) {
        std::map<std::string, std::vector<std::string>> out{{"matched", {items[2]}}, {"moved", {items[1]}}};
        out[of_the_first].insert(out[of_the_first].begin(), items[0]);
        return out;
    };
    expect(engine->run({count.scanned(ids, {items[2]})}));
    const auto answer = [&](const std::string& of_the_first) {
        const auto answers = engine->run({count.attested(ids, lists(of_the_first))});
        return answers[0].refusal ? answers[0].refusal->code : custody::RefusalCode{};
    };
    expect(engine->run({salon::declared(correction, away)}));
    EXPECT_EQ(answer("moved"), custody::RefusalCode::kCountMismatch);
    std::string undo = salon::declared(ids.next(), correction);
    undo.replace(undo.find("\"principal\":13,\"role\":\"HQ\""), 26, "\"principal\":10,\"role\":\"OC\"");
    expect(engine->run({undo}));
    EXPECT_EQ(answer("missing"), custody::RefusalCode::kCountMismatch);
    EXPECT_EQ(answer("moved"), custody::RefusalCode{});
    expect_replayed();
}

// A tag whose piece's registration was taken back is listed, as one that was never registered, and has no discrepancy.
TEST_F(LateTest, APieceThatIsRegisteredNoMoreIsUnexpectedWithoutALine) {
    const std::string registered = ids.next();
    const std::string item = ids.next();
    expect(engine->run({salon::registered(registered, item, "urn:epc:id:sgtin:never")}));
    const std::string correction = ids.next();
    expect(engine->run({salon::declared(correction, registered)}));
    const VaultCount count{ids.next()};
    expect(engine->run({count.opened(ids)}));
    expect(engine->run({count.scanned(ids, {items[0], items[1], items[2], item})}));
    expect(engine->run({count.attested(ids, {{"matched", items}, {"unexpected", {item}}})}));
    // Its registration comes back, and nothing stands in its way.
    std::string undo = salon::declared(ids.next(), correction);
    undo.replace(undo.find("\"principal\":13,\"role\":\"HQ\""), 26, "\"principal\":10,\"role\":\"OC\"");
    expect(engine->run({undo}));
    expect(engine->run({salon::received(ids.next(), {item})}));
    expect_replayed();
}

// Many at once: late facts wait for their chains, and everybody else goes on.
TEST_F(LateTest, AtRandomTheBooksAreThoseOfTheLog) {
    std::mt19937_64 random(5);
    std::vector<std::future<std::vector<Answer>>> waiting;
    std::vector<std::string> sent;
    for (int round = 0; round < 300; ++round) {
        clock.move(kMinute);
        const std::string& item = items[random() % items.size()];
        const std::string id = ids.next();
        std::string command;
        switch (random() % 4) {
            case 0: command = out(id, item); break;
            case 1: command = salon::signed_in(id, item); break;
            case 2: command = salon::damaged(id, item); break;
            default: command = salon::inspected(id, {item}); break;
        }
        if (random() % 3 == 0) {
            const auto past = static_cast<Micros>(random() % static_cast<std::uint64_t>(clock.now() - begin));
            command = salon::late(begin + past, command);
        }
        if (random() % 6 == 0 && !sent.empty()) command = salon::declared(ids.next(), sent[random() % sent.size()]);
        sent.push_back(id);
        waiting.push_back(engine->send({command}));
    }
    std::size_t accepted = 0;
    for (auto& future : waiting) accepted += Engine::get(std::move(future))[0].accepted() ? 1U : 0U;
    EXPECT_GT(accepted, 100U);
    expect_replayed();
}

}  // namespace
}  // namespace daybook::sequencer
