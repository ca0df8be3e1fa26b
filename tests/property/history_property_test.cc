// Random histories with late facts and corrections: the engine and the oracle of time get the same commands and must
// give the same answers, and be of one mind about every past. A failing history is shrunk to its fewest steps; its
// RC_PARAMS are printed.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "tests/property/history_model.h"
#include "tests/property/salons.h"
#include "tests/support/engine.h"

namespace daybook::model {
namespace {

// Later than any machine on which the ledger is made: record time never goes back.
constexpr std::int64_t kStart = 1'900'000'000 * kSecondMicros;
constexpr std::int64_t kMinuteMicros = 60 * kSecondMicros;

// One history: acts from numbers, with times that are sometimes in the past, and corrections.
class Telling {
public:
    // kInOrder: facts may come late, but none before what was told of any piece.
    enum class Kind { kInOrder, kAnyOrder };
    explicit Telling(Kind kind) : kind_(kind), clock_(kStart), salons_(&clock_) { clock_.move(kDay); }

    void begin() {
        for (const int site : {1, 2}) {
            Act open;
            open.event = "VaultOpened";
            open.site = site;
            open.actor = {10, "OC"};
            open.attest = {{30, "SEC"}};
            open.obligation = uuid(4, static_cast<std::uint64_t>(site));
            open.more["json"] = "{}";
            tell(open);
        }
    }

    void step(std::uint32_t choice) {
        random_.seed(choice);
        clock_.move(static_cast<Micros>(1 + random_() % (random_() % 9 == 0 ? 2'400 : 240)) * kSecond);
        if (kind_ == Kind::kAnyOrder && random_() % 8 == 0 && !history_.records().empty()) return correct();
        const SalonModel now = history_.now();
        generator_.look_at(now);
        for (Act act : generator_.next(static_cast<std::uint32_t>(random_()))) {
            date(act);
            tell(act);
        }
    }
    // A few pasts, old and new, and some that were asked for before: the same answer is due.
    void ask() {
        const std::size_t all = history_.records().size();
        if (all == 0) return;
        for (int i = 0; i < 3; ++i) {
            std::size_t known = 1 + random_() % all;
            known = history_.records()[known - 1].batch_end;  // never inside a batch
            std::optional<std::int64_t> valid;
            if (random_() % 4 != 0) {
                const auto& record = any_record();
                valid = record.at + static_cast<std::int64_t>(random_() % 3) - 1;
            }
            asked_.emplace_back(valid, known);
        }
        for (std::size_t i = 0; i < 6; ++i) {
            const auto& [valid, known] = asked_[random_() % asked_.size()];
            salons_.compare_at(history_.at(valid, known), valid, known);
        }
    }
    [[nodiscard]] std::size_t late() const { return late_; }
    [[nodiscard]] std::size_t corrected() const { return corrected_; }
    void end() { salons_.verify_views(); }

private:
    // One act in three is late; one in thirty says nothing of when.
    void date(Act& act) {
        if (act.event.starts_with("Count") || random_() % 30 == 0) return;
        act.at = clock_.now();
        if (random_() % 3 != 0) return;
        if (kind_ == Kind::kInOrder) return date_in_order(act);
        act.at = *act.at - static_cast<std::int64_t>(random_() % 40) * kMinuteMicros;
        if (random_() % 10 == 0) *act.at += 43 * kMinuteMicros;
        if (random_() % 6 == 0 && !history_.records().empty()) act.at = any_record().at;  // a tie
        act.late = random_() % 5 != 0;
        if (random_() % 2 == 0) {
            act.attest.push_back({20, "VM"});
            act.approver = 20;
        }
    }
    // At or after all that was told: now and then of the same instant.
    void date_in_order(Act& act) {
        std::int64_t newest = clock_.now() - 30 * kMinuteMicros;
        for (const auto& record : history_.records()) newest = std::max(newest, record.at);
        const std::int64_t between = std::max<std::int64_t>(clock_.now() - newest, 0);
        act.at = random_() % 4 == 0 ? newest : newest + static_cast<std::int64_t>(random_()) % (between + 1);
        act.late = random_() % 5 != 0;
    }
    const History::Record& any_record() { return history_.records()[random_() % history_.records().size()]; }

    void tell(const Act& act) {
        const std::size_t seq = history_.records().size();
        const std::string got = salons_.submit(act, event_id(seq));
        const std::string wanted = history_.submit(act, salons_.recorded_at().value_or(clock_.now()));
        if (wanted != got) {
            RC_FAIL("the oracle says '" + wanted + "', the engine '" + got + "' to " + act.json("…") + "\n" +
                    salons_.last() + "\n" + story());
        }
        if (wanted.empty() && act.at && *act.at < clock_.now() - 15 * kMinuteMicros) ++late_;
        salons_.compare(history_.now());
    }

    void correct() {
        Correction correction;
        correction.target = random_() % history_.records().size();
        const auto target = history_.records()[correction.target];
        const std::string& event = target.done.act.event;
        if (!target.declaration && (event.starts_with("Count") || event.empty())) return;
        Act& declaration = correction.declaration;
        declaration.event = "CorrectionDeclared";
        declaration.site = target.done.act.site;
        declaration.actor = random_() % 12 == 0 ? target.done.act.actor : Signer{80, "HQ"};
        declaration.attest = {{20, "VM"}};
        declaration.at = clock_.now();
        std::string correctives;
        const std::size_t seq = history_.records().size();
        if (!target.declaration && random_() % 2 == 0) {
            Act corrective = target.done.act;
            if (random_() % 2 == 0) {  // at another time, which may be before what it needs
                const auto minutes = static_cast<std::int64_t>(random_() % 20) - 10;
                corrective.at = target.at + minutes * kMinuteMicros;
                if (*corrective.at > clock_.now()) corrective.at = clock_.now();
            } else {
                corrective.at = target.at;
            }
            corrective.version = -1;
            correction.correctives.push_back(corrective);
            correctives = R"(,"correctives":[")" + event_id(seq + 1) + "\"]";
        }
        declaration.more["json"] = R"({"target":")" + event_id(correction.target) + R"(","reason":")" +
                                   (correctives.empty() ? "DID_NOT_OCCUR" : "INCORRECT_DATA") + "\"" + correctives +
                                   "}";
        std::vector<std::string> batch = {declaration.json(event_id(seq))};
        for (const auto& act : correction.correctives) batch.push_back(act.json(event_id(seq + batch.size())));
        const std::string got = salons_.submit_atomic(batch);
        const std::string wanted = history_.correct(correction, salons_.recorded_at().value_or(clock_.now()));
        if (wanted != got) {
            std::string all;
            for (const auto& json : batch) all += json + "\n";
            RC_FAIL("the oracle says '" + wanted + "', the engine '" + got + "' to\n" + all + salons_.last() + "\n" +
                    story());
        }
        corrected_ += wanted.empty() ? 1U : 0U;
        salons_.compare(history_.now());
    }

    // The events so far, for the reader of a failure.
    [[nodiscard]] std::string story() const {
        std::string out = "after\n";
        for (const auto& record : history_.records()) {
            const std::string corrects = record.declaration ? " corrects " + std::to_string(record.target) : "";
            out += std::to_string(record.seq) + corrects + " at " + time_text(record.at) + " " + record.done.act.event;
            for (const auto& [piece, leg] : record.done.legs) out += " " + piece + " " + leg.first + "→" + leg.second;
            if (!history_.effective(record.seq, history_.records().size())) out += " (not effective)";
            out += "\n";
        }
        return out;
    }

    // Accepted events are numbered as they are recorded; a refused one gets no number.
    static std::string event_id(std::size_t seq) { return uuid(8, seq + 1); }

    Kind kind_;
    test::FakeClock clock_;
    std::mt19937 random_;
    History history_{std::string(DAYBOOK_SOURCE_DIR) + "/schemas/state_machine.json"};
    Salons salons_;
    SalonModel nothing_{std::string(DAYBOOK_SOURCE_DIR) + "/schemas/state_machine.json"};
    Generator generator_{nothing_};
    std::vector<std::pair<std::optional<std::int64_t>, std::size_t>> asked_;
    std::size_t late_ = 0, corrected_ = 0;
};

// So many histories, unless RC_PARAMS says otherwise.
bool histories(const char* what, Telling::Kind kind) {
    const char* given = std::getenv("RC_PARAMS");
    const std::string params =
        "max_success=" + std::to_string(DAYBOOK_HISTORIES) + " " + (given == nullptr ? "" : given);
    ::setenv("RC_PARAMS", params.c_str(), 1);
    return rc::check(what, [kind] {
        const auto choices =
            *rc::gen::scale(0.6, rc::gen::container<std::vector<std::uint32_t>>(rc::gen::arbitrary<std::uint32_t>()));
        Telling telling(kind);
        telling.begin();
        for (const std::uint32_t choice : choices) {
            telling.step(choice);
            telling.ask();
        }
        telling.end();
        RC_TAG(telling.late() > 3 ? "late facts" : "few late facts");
        RC_TAG(telling.corrected() > 1 ? "corrections" : "few corrections");
    });
}

TEST(HistoryProperty, EngineAndOracleAgreeOnThePastOfFactsThatCameInOrder) {
    EXPECT_TRUE(histories("what is told in order, late or not, is found at every past", Telling::Kind::kInOrder));
}

}  // namespace
}  // namespace daybook::model
