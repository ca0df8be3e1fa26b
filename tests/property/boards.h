// The boards of now and the answers about a piece at (V, R), as they are asked for at the door, held against the oracle
// of time: after late facts, corrections and corrections of corrections.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/api/questions.h"
#include "engine/codec/json.h"
#include "schemas/daybook/v1/report.pb.h"
#include "schemas/daybook/v1/view.pb.h"
#include "tests/property/history_model.h"
#include "tests/property/salons.h"

namespace daybook::model {

class Boards {
public:
    Boards(Salons& salons, const Clock& clock, const History& history)
        : history_(history),
          known_(history.records().size()),
          now_(history.now()),
          opened_(salons.opened()),
          questions_(salons.ledger(), clock, [] { return api::EngineStatus{}; }) {}

    // The number of rows that were compared.
    std::size_t compare() const {
        compare_what_is_there();
        return compare_out() + compare_transit() + compare_memos() + compare_repairs() + compare_reservations() +
               compare_missing();
    }

    // `known` is a number of the oracle's events; V left out: whatever was told.
    void compare_piece(const std::string& id, std::optional<std::int64_t> valid, std::size_t known) const {
        const SalonModel then = history_.at(valid, known);
        std::string question = "items/" + id + "?known_at=" + std::to_string(opened_ + known - 1);
        if (valid) question += "&valid_at=" + time_text(*valid);
        const auto json = questions_.answer(api::Question::parse(question));
        const auto piece = then.pieces().find(id);
        if (piece == then.pieces().end()) {
            RC_ASSERT(!json.has_value());
            return;
        }
        const auto answer = parsed<v1::ItemAnswer>(json);
        const v1::ItemRow& item = answer.item();
        std::string told = item.account() + " version " + std::to_string(item.version());
        Rows open_told, open_wanted;
        for (const auto& one : item.obligations()) open_told.insert(one.obligation());
        // "The number of events in the log, effective or not, that have a line for it": of what is known, at any V.
        long version = 0;
        for (const auto& record : history_.records())
            version += record.touched.count(id) == 1 && record.batch_end <= known ? 1 : 0;
        for (const auto& [kind, obligation] : piece->second.open) open_wanted.insert(obligation);
        open_wanted.insert(piece->second.disputes.begin(), piece->second.disputes.end());
        expect_same(question, {told}, {piece->second.account + " version " + std::to_string(version)});
        expect_same(question, open_told, open_wanted);
        compare_last_count(id, valid, known);
    }

    // What is answered of counts at R: which are to be made again, and which ones late facts have passed. How many
    // late facts have.
    std::size_t compare_counts(std::size_t known) const {
        const std::string at = "known_at=" + std::to_string(opened_ + known - 1) + "&";
        Rows told, wanted;
        const auto count = [&](const std::string& id, Position attested, bool again) {
            return id + " attested by " + std::to_string(attested) + (again ? ", to be made again" : "");
        };
        for (const char* site : {"1", "2"}) {
            const auto answer = ask<v1::CountsAnswer>(std::string("counts?site=") + site + "&" + at);
            for (const auto& row : answer.rows()) {
                if (row.attested()) told.insert(count(row.count(), row.ended_by(), row.recheck()));
            }
        }
        for (const auto& path : kBins) {
            for (const auto& one : history_.counts(path, known)) {
                if (!history_.effective(one.attested, known)) continue;
                wanted.insert(count(history_.records()[one.attested].done.act.obligation, opened_ + one.attested,
                                    history_.to_be_rechecked(path, one, known)));
            }
        }
        expect_same("counts " + at, told, wanted);
        return compare_passed(at);
    }

    // The bins that are counted.
    static constexpr std::array<const char*, 4> kBins = {"SITE/1/VAULT/A", "SITE/1/VAULT/B", "SITE/2/VAULT/A",
                                                         "SITE/2/VAULT/B"};

private:
    using Rows = std::multiset<std::string>;

    [[nodiscard]] std::size_t compare_passed(const std::string& at) const {
        Rows told, wanted;
        std::size_t passed = 0;
        const auto answer = ask<v1::LateAnswer>("late?" + at);
        for (const auto& row : answer.rows()) {
            const History::Record& late = history_.records()[row.position() - opened_];
            if (late.declaration) continue;
            const std::string fact = "event " + std::to_string(row.position()) + " passed ";
            for (const auto& id : row.counts_passed()) told.insert(fact + id);
            std::set<std::string> touched;
            for (const auto& [piece, leg] : late.done.legs) touched.insert({leg.first, leg.second});
            for (const auto& path : kBins) {
                if (touched.count(path) == 0) continue;
                for (const auto& one : history_.counts(path, late.seq)) {
                    if (late.at < one.opened_at && history_.effective(one.attested, late.seq))
                        wanted.insert(fact + history_.records()[one.attested].done.act.obligation);
                }
            }
            passed += row.counts_passed().empty() ? 0U : 1U;
        }
        expect_same("late " + at, told, wanted);
        return passed;
    }

    // A piece is known where its registration counts; the accounts of now hold those and no others.
    void compare_what_is_there() const {
        Rows told, wanted;
        for (std::uint64_t number = 1; number <= 7; ++number) {
            const std::string id = uuid(1, number);
            const auto json = questions_.answer(api::Question::parse("items/" + id));
            RC_ASSERT(json.has_value() == (now_.pieces().count(id) == 1));
        }
        std::map<std::string, std::uint64_t> in_account;
        for (const auto& [id, piece] : now_.pieces()) ++in_account[piece.account];
        for (const auto& [path, pieces] : in_account) wanted.insert(path + " " + std::to_string(pieces));
        const auto answer = ask<v1::AccountsAnswer>("accounts?");
        for (const auto& row : answer.rows()) {
            if (row.pieces() != 0) told.insert(row.account() + " " + std::to_string(row.pieces()));
        }
        expect_same("accounts", told, wanted);
    }

    template <class Message>
    static Message parsed(const Result<std::string>& json) {
        RC_ASSERT(json.has_value());
        Message message;
        RC_ASSERT(codec::from_json(*json, message).has_value());
        return message;
    }
    template <class Message>
    [[nodiscard]] Message ask(const std::string& question) const {
        return parsed<Message>(questions_.answer(api::Question::parse(question + "rows=1000")));
    }
    // The last count that matched a piece, wherever its chain has it now.
    void compare_last_count(const std::string& id, std::optional<std::int64_t> valid, std::size_t known) const {
        std::string question = "items/" + id + "/chain?known_at=" + std::to_string(opened_ + known - 1);
        if (valid) question += "&valid_at=" + time_text(*valid);
        const auto answer = parsed<v1::ChainAnswer>(questions_.answer(api::Question::parse(question)));
        const auto last = history_.last_matched(id, valid, known);
        expect_same(question, {answer.has_last_count() ? text_of(answer.last_count().counted_at()) : "none"},
                    {last ? time_text(*last) : "none"});
    }
    static std::string text_of(const google::protobuf::Timestamp& at) {
        return time_text(at.seconds() * kSecondMicros + at.nanos() / 1000);
    }
    static std::size_t expect_same(const std::string& question, const Rows& told, const Rows& wanted) {
        if (told == wanted) return told.size();
        std::string text = question + "\nthe engine tells\n";
        for (const auto& row : told) text += "  " + row + "\n";
        text += "the oracle\n";
        for (const auto& row : wanted) text += "  " + row + "\n";
        RC_FAIL(text);
    }

    // Effective events before (at, place, seq), or all, in their order.
    [[nodiscard]] std::vector<const History::Record*> effective() const {
        std::vector<const History::Record*> records;
        for (const auto& record : history_.records()) {
            if (!record.declaration && history_.effective(record.seq, known_)) records.push_back(&record);
        }
        std::sort(records.begin(), records.end(), before);
        return records;
    }
    static bool before(const History::Record* a, const History::Record* b) {
        return std::tie(a->at, a->place, a->seq) < std::tie(b->at, b->place, b->seq);
    }
    // The effective event that opened an obligation; "{id}:{item}" is that of its {id}.
    [[nodiscard]] const History::Record& opening(const std::string& obligation, const std::string& event) const {
        const std::string id = obligation.substr(0, obligation.find(':'));
        for (const auto* record : effective()) {
            if (record->done.act.event == event && record->done.act.obligation == id) return *record;
        }
        RC_FAIL("no " + event + " opened " + obligation);
    }
    // Of a kind, obligation → pieces that it is open for.
    [[nodiscard]] std::map<std::string, std::vector<std::string>> open(const std::string& kind) const {
        std::map<std::string, std::vector<std::string>> all;
        for (const auto& [id, piece] : now_.pieces()) {
            if (const auto one = piece.open.find(kind); one != piece.open.end()) all[one->second].push_back(id);
        }
        return all;
    }

    [[nodiscard]] std::size_t compare_out() const {
        Rows told, wanted;
        const auto answer = ask<v1::OutAnswer>("out?");
        for (const auto& row : answer.rows()) {
            told.insert(row.item() + " " + row.account() + " " + v1::SignedOut::Purpose_Name(row.purpose()) + " " +
                        row.obligation());
        }
        for (const auto& [obligation, pieces] : open("SIGNOUT")) {
            const auto& act = opening(obligation, "SignedOut").done.act;
            for (const auto& id : pieces) {
                wanted.insert(id + " " + now_.pieces().at(id).account + " " + act.more.at("purpose") + " " +
                              obligation);
            }
        }
        return expect_same("out", told, wanted);
    }

    // Its parcel was sealed with what the last packing before the dispatch says, of every piece that was sent.
    [[nodiscard]] std::set<std::string> seals(const History::Record& sent) const {
        std::set<std::string> seals;
        for (const auto& id : sent.done.act.pieces) {
            std::string seal;
            for (const auto* record : effective()) {
                const Act& act = record->done.act;
                if (act.event != "TransferPacked" || !before(record, &sent)) continue;
                if (std::count(act.pieces.begin(), act.pieces.end(), id) != 0) seal = act.more.at("seal");
            }
            seals.insert(seal);
        }
        return seals;
    }
    static std::string transfer_text(const std::string& id, const std::string& from, const std::string& to,
                                     const std::string& sent_at, std::size_t lines, std::size_t open,
                                     std::size_t exceptions, const std::set<std::string>& seals) {
        std::string text = id + " " + from + " to " + to + " at " + sent_at + ", " + std::to_string(open) + " of " +
                           std::to_string(lines) + ", exceptions " + std::to_string(exceptions) + ", seals";
        for (const auto& seal : seals) text += " " + seal;
        return text;
    }
    [[nodiscard]] std::size_t compare_transit() const {
        Rows told, wanted;
        const auto answer = ask<v1::TransitAnswer>("transit?");
        for (const auto& row : answer.rows()) {
            told.insert(transfer_text(row.transfer(), std::to_string(row.from_site()), std::to_string(row.to_site()),
                                      text_of(row.sent_at()), row.lines(), row.open_lines(), row.exceptions(),
                                      {row.seals().begin(), row.seals().end()}));
        }
        for (const auto& [obligation, pieces] : open("TRANSFER")) {
            const auto& sent = opening(obligation, "TransferDispatched");
            const Act& act = sent.done.act;
            const auto exceptions = std::count_if(pieces.begin(), pieces.end(), [&](const auto& id) {
                return !now_.pieces().at(id).disputes.empty();
            });
            wanted.insert(transfer_text(obligation, std::to_string(act.site), act.more.at("dest"), time_text(sent.at),
                                        act.pieces.size(), pieces.size(), static_cast<std::size_t>(exceptions),
                                        seals(sent)));
        }
        return expect_same("transit", told, wanted);
    }

    [[nodiscard]] std::size_t compare_memos() const {
        Rows told, wanted;
        const auto answer = ask<v1::MemosAnswer>("memos?");
        for (const auto& row : answer.rows()) {
            told.insert(row.obligation() + " " + row.memo() + " for " + std::to_string(row.party()) + " of site " +
                        std::to_string(row.site()) + " at " + text_of(row.issued_at()) + ", " +
                        std::to_string(row.open_lines()) + " of " + std::to_string(row.lines()));
        }
        for (const auto& [obligation, pieces] : open("MEMO_OUT")) {
            const auto& issued = opening(obligation, "MemoOutIssued");
            const Act& act = issued.done.act;
            wanted.insert(obligation + " M1 for " + act.more.at("party") + " of site " + std::to_string(act.site) +
                          " at " + time_text(issued.at) + ", " + std::to_string(pieces.size()) + " of " +
                          std::to_string(act.pieces.size()));
        }
        return expect_same("memos", told, wanted);
    }

    // How far a repair is: where the piece is, else the last that happened to it since the repair was opened.
    [[nodiscard]] std::string stage(const std::string& id, const History::Record& opened) const {
        const Piece& piece = now_.pieces().at(id);
        const std::string state = SalonModel::state_of(piece.account);
        if (state == "W") return "IN_WORKSHOP";
        if (state == "K" || state == "T") return "ON_THE_WAY";
        if (state == "S" || state == "L") return "MISSING";
        bool back = false;
        for (const auto* record : effective()) {
            const Act& act = record->done.act;
            const bool comes = act.event == "ReturnedFromWorkshop" || act.event == "TransferReceived";
            back |= comes && before(&opened, record) && record->touched.count(id) == 1;
        }
        if (!back) return "OPENED";
        return piece.verdict == "PASS" ? "READY" : piece.verdict == "FAIL" ? "FAILED" : "RETURNED";
    }
    [[nodiscard]] std::size_t compare_repairs() const {
        Rows told, wanted;
        const auto answer = ask<v1::RepairsAnswer>("repairs?");
        for (const auto& row : answer.rows()) {
            told.insert(row.repair() + " " + row.number() + " " + row.item() + " " + row.stage() + " " +
                        row.account() + " at " + text_of(row.opened_at()));
        }
        for (const auto& [obligation, pieces] : open("REPAIR")) {
            const auto& opened = opening(obligation, "RepairOpened");
            for (const auto& id : pieces) {
                wanted.insert(obligation + " R1 " + id + " " + stage(id, opened) + " " +
                              now_.pieces().at(id).account + " at " + time_text(opened.at));
            }
        }
        return expect_same("repairs", told, wanted);
    }

    [[nodiscard]] std::size_t compare_reservations() const {
        Rows told, wanted;
        const auto answer = ask<v1::ReservationsAnswer>("reservations?");
        for (const auto& row : answer.rows()) {
            told.insert(v1::ObligationKind::Code_Name(row.kind()) + " " + row.obligation() + " " + row.item() +
                        " for " + std::to_string(row.party()) + " in " + row.account() + " at " +
                        text_of(row.placed_at()));
        }
        for (const auto& [kind, event] :
             {std::pair{"RESERVATION", "ReservationPlaced"}, std::pair{"DELIVERY", "SaleCompleted"}}) {
            for (const auto& [obligation, pieces] : open(kind)) {
                const auto& placed = opening(obligation, event);
                for (const auto& id : pieces) {
                    wanted.insert(std::string(kind) + " " + obligation + " " + id + " for " +
                                  placed.done.act.more.at("party") + " in " + now_.pieces().at(id).account + " at " +
                                  time_text(placed.at));
                }
            }
        }
        return expect_same("reservations", told, wanted);
    }

    [[nodiscard]] std::size_t compare_missing() const {
        Rows told, wanted, due_told, due_wanted;
        for (const auto& [id, piece] : now_.pieces()) {
            if (SalonModel::state_of(piece.account) == "S") wanted.insert(id + " in " + piece.account);
            if (const auto one = piece.open.find("MISSING"); one != piece.open.end()) due_wanted.insert(one->second);
            due_wanted.insert(piece.disputes.begin(), piece.disputes.end());
        }
        for (const int site : {1, 2}) {
            const std::string account = "SUSPENSE/" + std::to_string(site) + "/MISSING";
            const auto answer = ask<v1::AccountAnswer>("accounts/" + account + "?");
            for (const auto& row : answer.items()) told.insert(row.item() + " in " + account);
        }
        const auto answer = ask<v1::DueAnswer>("due?kind=DISCREPANCY&");
        for (const auto& row : answer.rows()) due_told.insert(row.obligation());
        // What names several pieces is one obligation.
        return expect_same("what is missing", told, wanted) +
               expect_same("discrepancies", once(due_told), once(due_wanted));
    }
    static Rows once(const Rows& rows) {
        const std::set<std::string> distinct(rows.begin(), rows.end());
        return {distinct.begin(), distinct.end()};
    }

    const History& history_;
    const std::size_t known_;
    const SalonModel now_;
    const Position opened_;
    const api::Questions questions_;
};

}  // namespace daybook::model
