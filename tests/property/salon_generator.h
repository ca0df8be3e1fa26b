// Plausible commands for two salons, from random numbers.
#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/property/salon_model.h"

namespace daybook::model {

inline std::string uuid(std::uint64_t kind, std::uint64_t number) {
    char text[37];
    std::snprintf(text, sizeof(text), "01900000-0000-7000-8%03llx-%012llx", static_cast<unsigned long long>(kind),
                  static_cast<unsigned long long>(number));
    return text;
}

// Turns one number into one command, given how things stand. Mostly plausible, often not.
class Generator {
public:
    explicit Generator(const SalonModel& model) : model_(&model) {}
    // From here on the commands are for how things stand in another model.
    void look_at(const SalonModel& model) { model_ = &model; }

    std::vector<Act> next(std::uint32_t choice) {
        random_.seed(choice);
        ++step_;
        static const std::vector<std::string> kEvents = {"ItemRegistered",
                                                         "GoodsReceived",
                                                         "InspectionRecorded",
                                                         "PutAway",
                                                         "PutAway",
                                                         "SignedOut",
                                                         "SignedOut",
                                                         "SignedIn",
                                                         "HandedOver",
                                                         "Relocated",
                                                         "MovedToHold",
                                                         "TransferPacked",
                                                         "TransferUnpackedBeforeDispatch",
                                                         "TransferDispatched",
                                                         "TransferReceived",
                                                         "TransferReturned",
                                                         "TransferVoided",
                                                         "TransferExceptionRecorded",
                                                         "MemoOutIssued",
                                                         "MemoReturned",
                                                         "SaleCompleted",
                                                         "SaleReturned",
                                                         "RepairOpened",
                                                         "SentToWorkshop",
                                                         "ReturnedFromWorkshop",
                                                         "ReleasedToClient",
                                                         "DeclaredMissing",
                                                         "ItemRecovered",
                                                         "LossDeclared",
                                                         "QuarantineSet",
                                                         "QuarantineReleased",
                                                         "ReservationPlaced",
                                                         "ReservationReleased",
                                                         "ReceivedFromClient",
                                                         "ItemDecommissioned",
                                                         "VaultOpened",
                                                         "VaultClosed",
                                                         "Count",
                                                         "SupplyMoved"};
        const std::string event = kEvents[below(kEvents.size())];
        if (event == "Count") return count();
        if (event == "VaultOpened" || event == "VaultClosed") return {vault(event)};
        if (event == "SupplyMoved") return {supply()};
        return {about_a_piece(event)};
    }

private:
    std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_() % bound); }
    bool one_in(std::size_t n) { return below(n) == 0; }
    template <class T>
    T any(std::vector<T> list) {
        return list[below(list.size())];
    }
    std::string fresh() { return uuid(2, ++obligations_); }
    static std::string at(int site, const std::string& rest) { return "SITE/" + std::to_string(site) + "/" + rest; }

    // The right signers, and one time in ten some that are not.
    void sign(Act& act, Signer actor, std::vector<Signer> others) {
        act.actor = std::move(actor);
        act.attest = std::move(others);
        if (!one_in(10)) return;
        switch (below(3)) {
            case 0: act.attest.clear(); break;
            case 1: act.actor = {90, "ACC"}; break;
            default:
                for (auto& signer : act.attest) signer.principal = act.actor.principal;
        }
    }

    void sign_for(Act& act) {
        const std::map<std::string, std::pair<Signer, std::vector<Signer>>> rules = {
            {"ItemRegistered", {{80, "HQ"}, {}}},
            {"GoodsReceived", {{10, "OC"}, {{500, ""}}}},
            {"InspectionRecorded", {{50, "QA"}, {}}},
            {"PutAway", {{10, "OC"}, {}}},
            {"SignedOut", {{10, "OC"}, {{40, ""}}}},
            {"SignedIn", {{10, "OC"}, {{40, ""}}}},
            {"HandedOver", {{40, "SA"}, {{41, ""}}}},
            {"Relocated", {{11, "OC"}, {}}},
            {"MovedToHold", {{50, "QA"}, {}}},
            {"TransferPacked", {{10, "OC"}, {{11, ""}}}},
            {"TransferUnpackedBeforeDispatch", {{10, "OC"}, {{11, ""}}}},
            {"TransferDispatched", {{70, "LG"}, {{600, ""}}}},
            {"TransferReceived", {{10, "OC"}, {{11, ""}}}},
            {"TransferReturned", {{10, "OC"}, {{11, ""}}}},
            {"TransferVoided", {{10, "OC"}, {{20, "VM"}}}},
            {"TransferExceptionRecorded", {{10, "OC"}, {{11, ""}}}},
            {"MemoOutIssued", {{40, "SA"}, {{700, ""}}}},
            {"MemoReturned", {{10, "OC"}, {{700, ""}}}},
            {"SaleCompleted", {{40, "SA"}, {}}},
            {"SaleReturned", {{40, "SA"}, {{41, "SM"}}}},
            {"RepairOpened", {{40, "SA"}, {{700, ""}}}},
            {"SentToWorkshop", {{10, "OC"}, {{60, "WK"}}}},
            {"ReturnedFromWorkshop", {{60, "WK"}, {{10, "OC"}}}},
            {"ReleasedToClient", {{40, "SA"}, {{700, ""}}}},
            {"DeclaredMissing", {{20, "VM"}, {{30, "SEC"}}}},
            {"ItemRecovered", {{20, "VM"}, {{10, "OC"}}}},
            {"LossDeclared", {{20, "VM"}, {{80, "HQ"}}}},
            {"QuarantineSet", {{50, "QA"}, {}}},
            {"QuarantineReleased", {{20, "VM"}, {{50, "QA"}}}},
            {"ReservationPlaced", {{40, "SA"}, {}}},
            {"ReservationReleased", {{41, "SM"}, {}}},
            {"ReceivedFromClient", {{40, "SA"}, {{700, ""}}}},
            {"ItemDecommissioned", {{20, "VM"}, {{80, "HQ"}}}}};
        sign(act, rules.at(act.event).first, rules.at(act.event).second);
    }

    Act about_a_piece(const std::string& event) {
        Act act;
        act.event = event;
        const std::string id = uuid(1, 1 + below(5));
        act.pieces = {id};
        const auto known = model_->pieces().find(id);
        const Piece* piece = known == model_->pieces().end() ? nullptr : &known->second;
        const std::string holder = piece == nullptr ? "EXT/SUPPLIER/501" : piece->account;
        act.site = SalonModel::site_of(holder) != 0 ? SalonModel::site_of(holder) : static_cast<int>(1 + below(2));
        if (piece != nullptr && holder.starts_with("TRANSIT") && !one_in(6)) {
            act.site =
                event == "TransferReceived" || event == "TransferExceptionRecorded" ? piece->dest : piece->origin;
        }
        sign_for(act);
        fill(act, piece);
        if (!act.to.empty() && one_in(12)) {  // somewhere it may not go
            act.to = at(static_cast<int>(1 + below(2)),
                        any<std::string>({"HOLD", "VAULT/NOWHERE", "DISPLAY/E", "PACK", "COM/C"}));
        }
        if (piece != nullptr && event != "ItemRegistered" && one_in(5)) {  // with another one that is there
            for (const auto& [other, state] : model_->pieces()) {
                if (other == id || state.account != holder || act.pieces.size() > 1) continue;
                act.pieces.push_back(other);
            }
        }
        if (piece != nullptr && one_in(15)) act.version = piece->version + static_cast<long>(below(2));
        if (piece != nullptr && !act.to.empty() && one_in(15))
            act.from = one_in(2) ? piece->account : at(act.site, "DISPLAY/D");
        if (!act.obligation.empty() && obligations_ > 1 && one_in(25))
            act.obligation = uuid(2, 1 + below(obligations_));
        return act;
    }

    // Target, obligation and payload of a plausible command.
    void fill(Act& act, const Piece* piece) {
        const std::string party = std::to_string(1001 + below(2));
        const std::string bin = piece != nullptr && piece->owner.starts_with("CLIENT") && !one_in(6) ? "COM/C"
                                : one_in(2)                                                          ? "VAULT/A"
                                                                                                     : "VAULT/B";
        const auto& e = act.event;
        act.more["json"] = "{}";
        act.more["party"] = party;
        if (e == "ItemRegistered") {
            const bool client = one_in(3);
            act.to = client ? "EXT/CLIENT/" + party : "EXT/SUPPLIER/501";
            act.more["owner"] = client ? "CLIENT:" + party : "HOUSE:1";
            const std::string model = R"(,"model":"M-)" + std::to_string(step_ % 3) + "\"}";
            act.more["json"] = (client ? R"({"origin":"CLIENT","owner":{"kind":"CLIENT","id":)" + party + "}"
                                       : R"({"origin":"OPENING","owner":{"kind":"HOUSE","id":1})") + model;
        } else if (e == "GoodsReceived") {
            act.to = at(act.site, "HOLD");
            act.more["bought"] = "false";
        } else if (e == "ReceivedFromClient") {
            act.to = at(act.site, "HOLD");
            act.more["json"] = R"({"purpose":"REPAIR"})";
        } else if (e == "InspectionRecorded") {
            act.more["verdict"] = any<std::string>({"PASS", "PASS", "PASS", "CONDITIONAL", "FAIL"});
            act.more["json"] = R"({"phase":"STOCK","verdict":")" + act.more["verdict"] + "\"}";
        } else if (e == "PutAway" || e == "SignedIn" || e == "TransferUnpackedBeforeDispatch") {
            act.to = at(act.site, bin);
        } else if (e == "SignedOut") {
            act.to = at(act.site, any<std::string>({"DISPLAY/D", "DISPLAY/E", "PERSON/40"}));
            act.more["purpose"] = any<std::string>({"DISPLAY", "PHOTO", "PRESENTATION", "POLISH"});
            act.more["json"] = R"({"purpose":")" + act.more["purpose"] + "\"}";
            act.obligation = fresh();
        } else if (e == "HandedOver") {
            act.to = at(act.site, any<std::string>({"DISPLAY/D", "PERSON/40"}));
        } else if (e == "Relocated") {
            act.to = at(act.site, any<std::string>({"VAULT/A", "VAULT/B", "DISPLAY/D", "DISPLAY/E"}));
        } else if (e == "MovedToHold" || e == "MemoReturned" || e == "ReturnedFromWorkshop" ||
                   e == "TransferReturned" || e == "ItemRecovered") {
            act.to = at(act.site, "HOLD");
            if (e == "MovedToHold") act.more["json"] = R"({"reason":"QA"})";
            if (e == "TransferReturned") act.more["json"] = R"({"reason":"REFUSED"})";
        } else {
            fill_rest(act, piece, party);
        }
    }

    void fill_rest(Act& act, const Piece* piece, const std::string& party) {
        const auto& e = act.event;
        if (e == "TransferPacked") {
            act.to = at(act.site, "PACK");
            act.more["seal"] = "S" + std::to_string(step_);
            act.more["json"] = R"({"parcel":"P1","for_party":)" + party + R"(,"seal":")" + act.more["seal"] + "\"}";
        } else if (e == "TransferDispatched") {
            act.obligation = fresh();
            act.to = "TRANSIT/" + act.obligation;
            act.more["dest"] = std::to_string(3 - act.site);
            act.more["json"] = R"({"dest":{"site":)" + act.more["dest"] + R"(},"purpose":"REBALANCE","carrier":601})";
        } else if (e == "TransferReceived") {
            act.to = at(act.site, "HOLD");
            act.more["seal"] = piece != nullptr && !piece->seal.empty() && !one_in(4) ? piece->seal : "S0";
            act.more["json"] = R"({"seal_intact":true,"seal":")" + act.more["seal"] + "\"}";
        } else if (e == "TransferVoided") {
            act.to = at(act.site, "PACK");
        } else if (e == "TransferExceptionRecorded") {
            act.obligation = fresh();
            act.more["json"] = R"({"kind":"SEAL_BROKEN"})";
        } else if (e == "MemoOutIssued") {
            act.obligation = fresh();
            act.to = "EXT/MEMO/M1";
            act.more["json"] =
                R"({"memo":"M1","party":)" + party + R"(,"purpose":"PRESS","due_at":"2031-01-01T00:00:00Z"})";
        } else if (e == "SaleCompleted") {
            const bool later = one_in(3);
            act.more["handover"] = later ? "LATER" : "NOW";
            if (later) act.obligation = fresh();
            if (!later) act.to = "EXT/CLIENT/" + party;
            act.more["json"] = R"({"invoice":"I1","party":)" + party +
                               R"(,"price":{"minor":100,"currency":"EUR"},"handover":")" + act.more["handover"] + "\"}";
        } else if (e == "SaleReturned") {
            const bool outside = piece == nullptr || SalonModel::state_of(piece->account) == "X2";
            if (outside) act.to = at(act.site, "HOLD");
            act.more["json"] = R"({"credit_note":"C1","invoice":"I1"})";
        } else if (e == "RepairOpened") {
            act.obligation = fresh();
            act.more["json"] = R"({"repair":"R1","fault":"slow"})";
        } else if (e == "SentToWorkshop") {
            act.obligation = fresh();
            act.to = "EXT/WORKSHOP/701";
            act.more["json"] = R"({"workshop":701})";
        } else if (e == "ReleasedToClient") {
            act.to = "EXT/CLIENT/" + party;
        } else if (e == "DeclaredMissing") {
            act.obligation = fresh();
            act.to = "SUSPENSE/" + std::to_string(act.site) + "/MISSING";
        } else if (e == "LossDeclared") {
            act.to = "LOSS/THEFT";
            act.more["json"] = R"({"kind":"THEFT"})";
        } else if (e == "ItemDecommissioned") {
            act.to = "GONE";
            act.more["json"] = R"({"method":"MELTED"})";
        } else if (e == "QuarantineSet") {
            act.more["json"] = R"({"why":"loose stone"})";
        } else if (e == "QuarantineReleased") {
            act.more["json"] = R"({"clearance":"reset"})";
        } else if (e == "ReservationPlaced") {
            act.obligation = fresh();
            act.more["json"] = R"({"party":)" + party + "}";
        }
    }

    Act vault(const std::string& event) {
        Act act;
        act.event = event;
        act.site = static_cast<int>(1 + below(2));
        sign(act, {10, "OC"}, {{30, "SEC"}});
        act.more["json"] = "{}";
        if (event == "VaultOpened") {
            act.obligation = fresh();
        } else {
            act.more["count"] = closing_[act.site].empty() || one_in(5) ? uuid(3, step_) : closing_[act.site];
            act.more["json"] = R"({"closing_count":")" + act.more["count"] + "\"}";
        }
        return act;
    }

    // A count of one bin, from its opening to its attestation. What it overlooks becomes a discrepancy.
    std::vector<Act> count() {
        Act opened;
        opened.event = "CountOpened";
        opened.site = static_cast<int>(1 + below(2));
        opened.obligation = fresh();
        opened.actor = {10, "OC"};
        opened.more["account"] = at(opened.site, one_in(2) ? "VAULT/A" : "VAULT/B");
        opened.more["kind"] = one_in(3) ? "SPOT" : "CLOSING";
        opened.more["json"] =
            R"({"kind":")" + opened.more["kind"] + R"(","accounts":[")" + opened.more["account"] + "\"]}";
        if (opened.more["kind"] == "CLOSING") closing_[opened.site] = opened.obligation;
        Act scanned = opened;
        scanned.event = "CountScanned";
        scanned.to = opened.more["account"];
        scanned.more["json"] = R"({"method":"RFID"})";
        for (const auto& [id, piece] : model_->pieces()) {
            if (piece.account == scanned.to && !one_in(5)) scanned.pieces.push_back(id);
        }
        Act attested = opened;
        attested.event = "CountAttested";
        attested.attest = {{11, ""}};
        attested.more["json"] = "{}";
        if (scanned.pieces.empty()) return {opened, attested};
        return {opened, scanned, attested};
    }

    Act supply() {
        Act act;
        act.event = "SupplyMoved";
        act.site = static_cast<int>(1 + below(2));
        sign(act, {10, "OC"}, {});
        const bool in = one_in(2);
        const std::string quantity = std::to_string(1 + below(5));
        act.more["quantity"] = quantity;
        act.more["signed"] = in ? quantity : "-" + quantity;
        act.more["json"] = in ? R"({"kind":"RECEIVED"})" : R"({"kind":"ISSUED"})";
        act.from = in ? "EXT/SUPPLIER/501" : at(act.site, "SUPPLY");
        act.to = in ? at(act.site, "SUPPLY") : "CONSUMED";
        return act;
    }

    const SalonModel* model_;
    std::mt19937 random_;
    std::uint64_t obligations_ = 0;
    std::uint64_t step_ = 0;
    std::map<int, std::string> closing_;
};

}  // namespace daybook::model
