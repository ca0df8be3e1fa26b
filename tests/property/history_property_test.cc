// Random histories with late facts and corrections: the engine and the oracle of time get the same commands and must
// give the same answers, and be of one mind about every past. A failing history is shrunk to its fewest steps; its
// RC_PARAMS are printed.
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstdlib>
#include <iostream>
#include <limits>
#include <string>
#include <vector>

#include "engine/api/audit.h"
#include "tests/property/answers.h"
#include "tests/property/boards.h"
#include "tests/property/history_model.h"
#include "tests/property/pasts.h"
#include "tests/property/salons.h"
#include "tests/support/engine.h"
#include "tests/support/published.h"

namespace daybook::model {
namespace {

// Later than any machine on which the ledger is made: record time never goes back.
constexpr std::int64_t kStart = 1'900'000'000 * kSecondMicros;
constexpr std::int64_t kMinuteMicros = 60 * kSecondMicros;
constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

// What was accepted, in all histories of a run.
struct Tally {
    std::size_t histories = 0;
    std::size_t events = 0;
    std::size_t late = 0;         // older than the tolerance
    std::size_t inserted = 0;     // before an event of the same piece
    std::size_t corrections = 0;  // declarations …
    std::size_t correctives = 0;  // … and what took the targets' places
    std::size_t twice = 0;        // corrections of corrections
    std::size_t counts = 0;       // attested
    std::size_t turned = 0;       // corrections of counts and sessions
    std::size_t passed = 0;       // late facts on an account that had been counted behind them
    std::size_t rechecks = 0;     // answers that a count is to be made again, for what is known of before it
    std::size_t boards = 0;       // rows of boards

    void add(const Tally& other) {
        ++histories;
        events += other.events;
        late += other.late;
        inserted += other.inserted;
        corrections += other.corrections;
        correctives += other.correctives;
        twice += other.twice;
        counts += other.counts;
        turned += other.turned;
        passed += other.passed;
        rechecks += other.rechecks;
        boards += other.boards;
    }
};

// Events that are taken in the order in which they happen.
bool in_order(const std::string& event) {
    return event.starts_with("Count") || event.starts_with("Vault") || event.starts_with("Day");
}
// Those of them that may have happened otherwise than was told.
bool retold(const std::string& event) { return event.starts_with("Vault") || event == "CountAttested"; }

// One history: acts from numbers, with times that are sometimes in the past, and corrections.
class Telling {
public:
    // kInOrder: facts may come late, but none before what was told of any piece.
    enum class Kind { kInOrder, kAnyOrder };
    explicit Telling(Kind kind) : kind_(kind), clock_(kStart), salons_(&clock_) {
        clock_.move(kDay);
        published_.begin(salons_.ledger());
    }

    // The vaults are opened, and things go on in their order for a while.
    void begin(const std::vector<std::uint32_t>& prelude) {
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
        if (kind_ == Kind::kAnyOrder) {
            bring(uuid(1, 6), "SITE/1/VAULT/A");
            bring(uuid(1, 7), "SITE/2/VAULT/B");
        }
        for (const std::uint32_t choice : prelude) {
            random_.seed(choice);
            clock_.move(static_cast<Micros>(240 + random_() % 240) * kSecond);
            for (const Act& act : plausible(history_.now())) tell(act);
        }
        begun_ = true;
        compare_present();
    }

    void step(std::uint32_t choice) {
        random_.seed(choice);
        clock_.move(static_cast<Micros>(1 + random_() % (random_() % 9 == 0 ? 2'400 : 240)) * kSecond);
        happen(true);
        publish(choice);
    }
    // A few pasts, old and new, and some that were asked for before: the same answer is due.
    void ask() {
        with_story([&] { ask_now(); });
    }
    [[nodiscard]] const Tally& tally() const { return tally_; }
    void end() {
        salons_.verify_views();
        with_story([&] {
            answers_.expect_again(salons_, clock_);
            const auto audited = api::audit(salons_.ledger(), {});
            RC_ASSERT(audited.has_value());
            if (!audited->ok) RC_FAIL(audited->json);
        });
    }

private:
    // Now and then, so that transactions hold one event or several; some by a publisher that was just started.
    void publish(std::uint32_t choice) {
        if (choice % 3 == 0) return;
        if (choice % 7 == 0) published_.begin(salons_.ledger());
        published_.catch_up();
        const std::string difference = published_.difference();
        if (!difference.empty()) RC_FAIL(difference + story());
    }

    // What fails is told with the events that led to it.
    template <class F>
    void with_story(F&& question) const {
        try {
            question();
        } catch (...) {
            RC_LOG() << story();
            throw;
        }
    }

    void compare_present() {
        if (begun_) with_story([&] { Present(salons_, history_).compare(); });
    }
    void ask_now() {
        const std::size_t all = history_.records().size();
        for (int i = 0; i < 3; ++i) {
            std::size_t known = 1 + random_() % all;
            known = history_.records()[known - 1].batch_end;  // never inside a batch
            std::optional<std::int64_t> valid;
            if (random_() % 4 != 0) valid = any_record().at + static_cast<std::int64_t>(random_() % 3) - 1;
            asked_.emplace_back(valid, known);
        }
        for (std::size_t i = 0; i < 3; ++i) {
            const auto [valid, known] = asked_[random_() % asked_.size()];
            const Pasts pasts(salons_, history_, valid, known);
            tally_.rechecks += pasts.compare();
            pasts.compare_newest(clock_.now() + kSecond);  // record time may be some microseconds ahead of it
            const Boards boards(salons_, clock_, history_);
            if (i == 0) tally_.boards += boards.compare();
            if (i == 0) boards.compare_counts(known);
            boards.compare_piece(uuid(1, 1 + random_() % 7), valid, known);
        }
        answers_.remember(salons_, clock_, random_());
        const std::size_t was = history_.records()[random_() % all].batch_end;
        const std::int64_t from = any_record().at - 10 * kMinuteMicros;
        Pasts(salons_, history_, std::nullopt, all).compare_beliefs(was, from, from + 60 * kMinuteMicros);
    }
    // One thing, or a correction. While a count is open, other things may.
    void happen(bool others_meanwhile) {
        if (kind_ == Kind::kAnyOrder && random_() % 4 == 0) return correct();
        if (kind_ == Kind::kAnyOrder && random_() % 6 == 0 && pass_a_count()) return;
        const std::int64_t at = date();
        // A late fact is mostly of how things stood then.
        const bool then = at < clock_.now() && random_() % 4 != 0;
        for (Act act : plausible(then ? history_.at(at, history_.records().size()) : history_.now())) {
            const bool counting = act.event == "CountScanned" || act.event == "CountAttested";
            if (counting && others_meanwhile && random_() % 2 == 0) {
                clock_.move(30 * kSecond);
                happen(false);
            }
            sign_late(act, at);
            tell(act);
        }
    }

    // A piece comes in and is put into a bin, where counts look for it. The generator knows others, of which few ever
    // lie in one.
    void bring(const std::string& piece, const std::string& bin) {
        const int site = SalonModel::site_of(bin);
        const auto happens = [&](const char* event, Signer actor, std::vector<Signer> others, const std::string& to,
                                 std::map<std::string, std::string> more) {
            clock_.move(kMinute);
            Act act;
            act.event = event;
            act.site = site;
            act.pieces = {piece};
            act.actor = std::move(actor);
            act.attest = std::move(others);
            act.to = to;
            act.more = std::move(more);
            tell(act);
        };
        happens("ItemRegistered", {80, "HQ"}, {}, "EXT/SUPPLIER/501",
                {{"owner", "HOUSE:1"},
                 {"json", R"({"origin":"OPENING","owner":{"kind":"HOUSE","id":1},"model":"M-1"})"}});
        happens("GoodsReceived", {10, "OC"}, {{500, ""}}, bin.substr(0, bin.find("VAULT")) + "HOLD",
                {{"bought", "false"}, {"json", "{}"}});
        happens("InspectionRecorded", {50, "QA"}, {}, "",
                {{"verdict", "PASS"}, {"json", R"({"phase":"STOCK","verdict":"PASS"})"}});
        happens("PutAway", {10, "OC"}, {}, bin, {{"json", "{}"}});
    }

    // A piece that has lain in a bin since before a count of it, or of the other one, was opened had in truth been put
    // into the other one by then. False: there is none.
    bool pass_a_count() {
        struct Passing {
            std::string piece, to;
            std::int64_t since = 0, opened_at = 0;
        };
        std::vector<Passing> all;
        const SalonModel now = history_.now();
        for (const auto& [piece, state] : now.pieces()) {
            const auto bin = std::find(Boards::kBins.begin(), Boards::kBins.end(), state.account);
            if (bin == Boards::kBins.end()) continue;
            const std::string other = *(bin + ((bin - Boards::kBins.begin()) % 2 == 0 ? 1 : -1));
            const std::int64_t since = history_.put(piece).since;
            for (const auto& counted : {state.account, other}) {
                for (const auto& count : history_.counts(counted, history_.records().size())) {
                    const bool stands = history_.effective(count.attested, history_.records().size());
                    if (stands && since < count.opened_at) all.push_back({piece, other, since, count.opened_at});
                }
            }
        }
        if (all.empty()) return false;
        const Passing& passing = all[random_() % all.size()];
        Act act;
        act.event = "Relocated";
        act.site = SalonModel::site_of(passing.to);
        act.actor = {11, "OC"};
        act.pieces = {passing.piece};
        act.to = passing.to;
        act.more["json"] = "{}";
        const auto before = static_cast<std::uint64_t>(passing.opened_at - passing.since);
        sign_late(act, passing.since + static_cast<std::int64_t>(random_() % before));
        tell(act);
        return true;
    }

    // Something that may happen where things stand so; of most commands at random nothing would come. One in four is
    // any command.
    std::vector<Act> plausible(const SalonModel& here) {
        const bool any = random_() % 4 == 0;
        for (int tries = 0;; ++tries) {
            Generator generator = generator_;
            generator.look_at(here);
            auto acts = generator.next(static_cast<std::uint32_t>(random_()));
            const Act& first = acts.front();
            const bool legal =
                here.judge_signers(first).empty() && here.admit(first).empty() && here.admit_rest(first).empty();
            // Counts are always legal; without this most of what happens would be counts.
            const bool too_many = (first.event == "CountOpened" || first.event == "SupplyMoved") && random_() % 4 != 0;
            if ((!legal || too_many) && !any && tries < 20) continue;
            generator_ = generator;
            return acts;
        }
    }

    // Of the next act. One in two is late, by some microseconds beside the full minute; ties are made on purpose.
    std::int64_t date() {
        if (random_() % 2 == 0) return clock_.now();
        if (kind_ == Kind::kInOrder) {  // at or after all that was told: now and then of the same instant
            std::int64_t newest = clock_.now() - 30 * kMinuteMicros;
            for (const auto& record : history_.records()) newest = std::max(newest, record.at);
            const std::int64_t between = std::max<std::int64_t>(clock_.now() - newest, 0);
            return random_() % 4 == 0 ? newest : newest + static_cast<std::int64_t>(random_()) % (between + 1);
        }
        if (random_() % 8 == 0) return any_record().at;  // a tie
        std::int64_t at = clock_.now() - static_cast<std::int64_t>(random_() % 40) * kMinuteMicros - 7;
        if (random_() % 4 == 0) at -= static_cast<std::int64_t>(random_() % 300) * kMinuteMicros;
        if (random_() % 10 == 0) at = clock_.now() + static_cast<std::int64_t>(random_() % 3) * kMinuteMicros;
        return at;
    }
    // With its time, unless it is one of those that are told in their order; one in thirty says nothing of when.
    void sign_late(Act& act, std::int64_t at) {
        if (in_order(act.event) || random_() % 30 == 0) return;
        act.at = at;
        if (at >= clock_.now()) return;
        act.late = random_() % 8 != 0;
        if (kind_ == Kind::kAnyOrder && random_() % 4 != 0) {
            act.attest.push_back({20, "VM"});
            act.approver = 20;
        }
    }
    const History::Record& any_record() { return history_.records()[random_() % history_.records().size()]; }

    void tell(Act act) {
        if (act.event == "CountAttested" && random_() % 4 != 0) send_lists(act);
        const std::size_t seq = history_.records().size();
        const std::string got = salons_.submit(act, event_id(seq));
        const std::string wanted = history_.submit(act, salons_.recorded_at().value_or(clock_.now()));
        if (wanted != got) {
            RC_FAIL("the oracle says '" + wanted + "', the engine '" + got + "' to " + act.json("…") + "\n" +
                    salons_.last() + "\n" + story());
        }
        if (wanted == "E_CORRECTION_CONFLICT") compare_conflicts();
        if (wanted.empty()) ++tally_.events;
        if (wanted.empty() && act.at) {
            tally_.late += *act.at < clock_.now() - 15 * kMinuteMicros ? 1U : 0U;
            tally_.inserted += inserted(history_.records().back()) ? 1U : 0U;
            tally_.passed += passed(history_.records().back()) ? 1U : 0U;
        }
        tally_.counts += wanted.empty() && act.event == "CountAttested" ? 1U : 0U;
        compare_present();
    }
    // With the oracle's lists: the engine refuses any others (E_COUNT_MISMATCH).
    void send_lists(Act& act) const {
        std::string text;
        for (const auto& [name, pieces] : history_.lists(act.obligation)) {
            text += (text.empty() ? "\"" : ",\"") + name + "\":[";
            for (const auto& piece : pieces) text += (text.back() == '[' ? "\"" : ",\"") + piece + "\"";
            text += "]";
        }
        act.more["json"] = "{\"lists\":{" + text + "}}";
    }
    // "The first broken event of each chain", and the error that it would get.
    void compare_conflicts() const {
        google::protobuf::Struct answer;
        RC_ASSERT(google::protobuf::util::JsonStringToMessage(salons_.last(), &answer).ok());
        std::map<std::string, std::pair<std::size_t, std::string>> told;
        collect_conflicts(answer, told);
        auto wanted = history_.conflicts();
        // Sessions are judged first, and name one event.
        const bool of_sessions = std::any_of(wanted.begin(), wanted.end(), [](const auto& one) {
            return one.first.empty() || one.second.second == "E_VAULT_CLOSED";
        });
        if (of_sessions) return;
        for (auto& [piece, first] : wanted) {  // an event that was refused with the batch has no position
            if (first.first >= history_.records().size()) first.first = kNone;
        }
        if (told != wanted) {
            std::string text;
            for (const auto& [piece, first] : wanted)
                text += piece + ": event " + std::to_string(first.first) + " " + first.second + "\n";
            RC_FAIL("the oracle finds broken\n" + text + "the engine answers\n" + salons_.last() + "\n" + story());
        }
    }
    void collect_conflicts(const google::protobuf::Struct& json,
                           std::map<std::string, std::pair<std::size_t, std::string>>& out) const {
        for (const auto& [name, value] : json.fields()) {
            if (value.has_struct_value()) collect_conflicts(value.struct_value(), out);
            for (const auto& one : value.list_value().values()) {
                if (!one.has_struct_value()) continue;
                if (name != "conflicts") {
                    collect_conflicts(one.struct_value(), out);
                    continue;
                }
                const auto& fields = one.struct_value().fields();
                if (fields.count("item") == 0 || fields.at("item").string_value().empty()) continue;
                std::size_t seq = kNone;
                if (fields.count("position") == 1)
                    seq = std::stoull(fields.at("position").string_value()) - salons_.opened();
                out[fields.at("item").string_value()] = {seq, fields.at("code").string_value()};
            }
        }
    }
    [[nodiscard]] bool inserted(const History::Record& event) const {
        const auto& all = history_.records();
        return std::any_of(all.begin(), all.end(), [&](const History::Record& other) {
            return other.at > event.at && !other.declaration && history_.effective(other.seq, all.size()) &&
                   std::any_of(other.touched.begin(), other.touched.end(),
                               [&](const auto& piece) { return event.touched.count(piece) == 1; });
        });
    }

    [[nodiscard]] bool passed(const History::Record& event) const {
        std::set<std::string> touched;
        for (const auto& [piece, leg] : event.done.legs) touched.insert({leg.first, leg.second});
        return std::any_of(touched.begin(), touched.end(), [&](const std::string& account) {
            const auto counts = history_.counts(account, event.seq);
            return std::any_of(counts.begin(), counts.end(), [&](const auto& count) {
                return event.at < count.opened_at && history_.effective(count.attested, event.seq);
            });
        });
    }

    void correct() {
        Correction correction;
        correction.target = random_() % history_.records().size();
        if (random_() % 5 == 0) correction.target = a_declaration().value_or(correction.target);
        const auto target = history_.records()[correction.target];
        const bool turn = in_order(target.done.act.event);
        Act& declaration = correction.declaration;
        declaration.event = "CorrectionDeclared";
        declaration.site = target.done.act.site;
        declaration.actor = target.declaration ? Signer{11, "OC"} : Signer{80, "HQ"};  // another than the target's
        if (random_() % 12 == 0) declaration.actor = target.done.act.actor;
        declaration.attest = {{20, "VM"}};
        declaration.at = clock_.now();
        std::string correctives;
        const std::size_t seq = history_.records().size();
        if (!target.declaration && (!turn || retold(target.done.act.event)) && random_() % 3 != 0) {
            correction.correctives.push_back(corrective_of(target));
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
        if (wanted == "E_CORRECTION_CONFLICT") compare_conflicts();
        if (wanted.empty()) {
            tally_.events += batch.size();
            ++tally_.corrections;
            tally_.correctives += correction.correctives.size();
            tally_.twice += target.declaration ? 1U : 0U;
            tally_.turned += turn ? 1U : 0U;
        }
        compare_present();
    }
    std::optional<std::size_t> a_declaration() {
        std::vector<std::size_t> all;
        for (const auto& record : history_.records()) {
            if (record.declaration) all.push_back(record.seq);
        }
        if (all.empty()) return std::nullopt;
        return all[random_() % all.size()];
    }
    // What is said to have happened instead: at another time, which may be before what it needs, or somewhere else.
    Act corrective_of(const History::Record& target) {
        Act act = target.done.act;
        act.at = target.at;
        act.version = -1;
        if (act.event == "CountAttested") {  // with the lists that the engine makes, and not before what was seen
            act.more["json"] = "{}";
            if (random_() % 2 == 0) act.at = std::min(target.at + kMinuteMicros, clock_.now());
            return act;
        }
        const std::size_t seldom = act.event == "ItemRegistered" ? 3 : 8;  // it was another piece
        if (act.event == "ItemRegistered" && random_() % 2 == 0) {  // it was of another model
            std::string& json = act.more["json"];
            json.replace(json.find("M-"), 3, json.find("M-1") == std::string::npos ? "M-1" : "M-2");
        }
        if (!act.pieces.empty() && random_() % seldom == 0) act.pieces.back() = uuid(1, 1 + random_() % 5);
        std::sort(act.pieces.begin(), act.pieces.end());
        act.pieces.erase(std::unique(act.pieces.begin(), act.pieces.end()), act.pieces.end());
        if (random_() % 2 == 0) {
            const auto minutes = static_cast<std::int64_t>(random_() % 20) - 10;
            act.at = std::min(target.at + minutes * kMinuteMicros, clock_.now());
        }
        if (random_() % 3 == 0) {
            const std::string wrong = act.to.substr(std::min(act.to.size(), act.to.rfind('/') + 1));
            const std::map<std::string, std::string> other = {{"A", "B"}, {"B", "A"}, {"D", "E"}, {"E", "D"}};
            if (const auto right = other.find(wrong); right != other.end() && !wrong.empty())
                act.to.back() = right->second[0];
        }
        return act;
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
    test::Published published_;
    const SalonModel nothing_{std::string(DAYBOOK_SOURCE_DIR) + "/schemas/state_machine.json"};
    Generator generator_{nothing_};
    std::vector<std::pair<std::optional<std::int64_t>, std::size_t>> asked_;
    Answers answers_;
    Tally tally_;
    bool begun_ = false;
};

// Numbers that make a long list of steps, and fewer in shrinking.
rc::Gen<std::vector<std::uint32_t>> choices(int most) {
    const auto number = rc::gen::noShrink(rc::gen::inRange<std::uint32_t>(0, 1U << 31));
    return rc::gen::resize(most, rc::gen::container<std::vector<std::uint32_t>>(number));
}

// ./check tells the same histories each time, so that it speaks of the change at hand; a long run tells new ones.
constexpr int kLong = 10'000;
constexpr const char* kSeed = DAYBOOK_HISTORIES < kLong ? " seed=20261130 " : " ";

// So many histories, unless RC_PARAMS says otherwise. What all of them did.
Tally histories(const char* what, Telling::Kind kind, int number) {
    static const std::string given = std::getenv("RC_PARAMS") == nullptr ? "" : std::getenv("RC_PARAMS");
    const std::string params = "max_success=" + std::to_string(number) + kSeed + given;
    ::setenv("RC_PARAMS", params.c_str(), 1);
    Tally all;
    const bool held = rc::check(what, [kind, &all] {
        const auto prelude = *choices(120);
        const auto steps = *choices(80);
        Telling telling(kind);
        telling.begin(prelude);
        for (const std::uint32_t choice : steps) {
            telling.step(choice);
            telling.ask();
        }
        telling.end();
        const Tally& tally = telling.tally();
        RC_CLASSIFY(tally.late > 3, "more than 3 late facts");
        RC_CLASSIFY(tally.inserted > 1, "more than 1 late fact before an event of its piece");
        RC_CLASSIFY(tally.corrections > 1, "more than 1 correction");
        RC_CLASSIFY(tally.correctives > 0, "correctives");
        RC_CLASSIFY(tally.twice > 0, "corrections of corrections");
        RC_CLASSIFY(tally.counts > 0, "counts");
        RC_CLASSIFY(tally.passed > 0, "counts that a late fact passed");
        RC_CLASSIFY(tally.rechecks > 0, "counts to be made again");
        all.add(tally);
    });
    EXPECT_TRUE(held);
    std::cout << all.histories << " histories, " << all.events << " events, " << all.late << " late, " << all.inserted
              << " of them inserted, "
              << all.corrections << " corrections with " << all.correctives << " correctives, " << all.twice
              << " of corrections, " << all.turned << " of counts and sessions, " << all.counts << " counts, "
              << all.passed << " late facts that passed one, " << all.rechecks << " times one was to be made again, "
              << all.boards << " rows of boards\n";
    return all;
}

// A run that did not do what it is for proves nothing.
TEST(HistoryProperty, EngineAndOracleAgreeOnThePastOfFactsThatCameInOrder) {
    const Tally all = histories("what is told in order, late or not, is found at every past", Telling::Kind::kInOrder,
                                DAYBOOK_HISTORIES / 3);
    EXPECT_GT(all.events, 20 * all.histories);
    EXPECT_GT(all.late, all.histories / 4);
}

TEST(HistoryProperty, EngineAndOracleAgreeOnEveryPast) {
    const Tally all =
        histories("late facts and corrections are found at every past", Telling::Kind::kAnyOrder, DAYBOOK_HISTORIES);
    EXPECT_GT(all.events, 20 * all.histories);
    EXPECT_GT(all.late, all.histories);
    EXPECT_GT(all.inserted, all.histories / 4);
    EXPECT_GT(all.corrections, all.histories);
    EXPECT_GT(all.correctives, all.histories);
    EXPECT_GT(all.twice, all.histories / 20);
    EXPECT_GT(all.turned, all.histories / 20);
    EXPECT_GT(all.boards, 20 * all.histories);
    EXPECT_GT(all.passed, all.histories / 4);
    EXPECT_GT(all.rechecks, all.histories);
}

}  // namespace
}  // namespace daybook::model
