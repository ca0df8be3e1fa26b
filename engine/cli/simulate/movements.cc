// What happens between opening and closing: one function a kind of movement.
#include <algorithm>

#include "engine/cli/simulate/salon.h"

namespace daybook::cli {

bool Salon::to_display() {
    const auto pieces = pick_some(Place::kVault, 3);
    if (pieces.empty()) return false;
    last_obligation_ = world_.new_id();
    Draft out = draft(oc());
    out.sign(any_associate())
        .opens(last_obligation_)
        .to(path("DISPLAY/C" + std::to_string(world_.chance.between(1, kCases))));
    for (const Piece piece : pieces) out.piece(piece);
    out.send("signed_out", [&](JsonText& text) {
        text.field("purpose", "DISPLAY")
            .field("due_at", format_time(world_.options.first_day + day_ * kDay + 18 * kHour));
    });
    for (const Piece piece : pieces) put(piece, Place::kDisplay);
    return true;
}

bool Salon::to_person() {
    Piece piece = 0;
    if (!pick(Place::kVault, piece)) return false;
    const auto n = static_cast<std::uint32_t>(world_.chance.below(kAssociates));
    last_obligation_ = world_.new_id();
    draft(oc())
        .sign(associate(n))
        .opens(last_obligation_)
        .to(path("PERSON/" + std::to_string(associate(n).principal)))
        .piece(piece)
        .send("signed_out", [&](JsonText& text) {
            text.field("purpose", "PRESENTATION").field("recipient", associate(n).principal);
            text.field("due_at", format_time(now_ + kHour));
        });
    put(piece, Place::kPerson);
    world_.pieces[piece].person = n;
    return true;
}

bool Salon::back_from_person() {
    Piece piece = 0;
    if (!pick(Place::kPerson, piece)) return false;
    sign_in({piece}, associate(world_.pieces[piece].person));
    return true;
}

bool Salon::hand_over() {
    Piece piece = 0;
    if (!pick(Place::kPerson, piece)) return false;
    const std::uint32_t giver = world_.pieces[piece].person;
    const std::uint32_t receiver = (giver + 1) % kAssociates;
    draft(associate(giver))
        .sign(associate(receiver))
        .piece(piece)
        .to(path("PERSON/" + std::to_string(associate(receiver).principal)))
        .send("handed_over", [&](JsonText& text) { text.field("due_at", format_time(now_ + kHour)); });
    world_.pieces[piece].person = receiver;
    return true;
}

bool Salon::look_over() {
    Piece piece = 0;
    if (!pick(Place::kDisplay, piece)) return false;
    draft(oc()).piece(piece).to(path("HOLD")).send("moved_to_hold", [](JsonText& text) { text.field("reason", "QA"); });
    put(piece, Place::kHold);
    inspect({piece}, "STOCK");
    put_away({piece});
    return true;
}

bool Salon::sell() {
    auto& chance = world_.chance;
    const std::uint64_t way = chance.below(10);
    const bool later = way == 0;
    Piece piece = 0;
    const Place from = later ? Place::kVault : way < 3 ? Place::kReserved : way < 5 ? Place::kMemo : Place::kPerson;
    if (!pick(from, piece)) return false;
    auto& sold = world_.pieces[piece];
    const std::uint32_t buyer = from == Place::kReserved || from == Place::kMemo ? sold.party : any_client();
    const bool discount = chance.one_in(8);
    Draft sale = draft(any_associate());
    sale.piece(piece);
    if (discount) sale.sign(sm());
    if (later) sale.opens(world_.new_id());
    if (!later) sale.to("EXT/CLIENT/" + std::to_string(buyer));
    const std::string invoice = "INV-" + std::to_string(site_) + "-" + std::to_string(++numbers_);
    sale.send("sale_completed", [&](JsonText& text) {
        text.field("invoice", invoice).field("party", buyer);
        money(text, "price", sold.insured * 2ULL);
        text.field("discount_thousandths", discount ? 150 : 0).field("handover", later ? "LATER" : "NOW");
        text.open("payment_references", '[').text("PAY-" + std::to_string(numbers_)).close(']');
    });
    sold.party = buyer;
    put(piece, later ? Place::kSoldLater : Place::kClient);
    return true;
}

bool Salon::deliver_sold() {
    Piece piece = 0;
    const bool sold = pick(Place::kSoldLater, piece);
    if (!sold && !pick(Place::kCom, piece)) return false;
    const std::uint32_t party = world_.pieces[piece].party;
    draft(any_associate())
        .sign(client(party))
        .piece(piece)
        .to("EXT/CLIENT/" + std::to_string(party))
        .send("released_to_client", [&](JsonText& text) {
            text.field("claim_check", "C-" + std::to_string(piece)).field("identity_check", "ID_DOCUMENT");
            text.field("client_accepts", true);
        });
    // A repaired piece is gone for us; a sold one may come back.
    put(piece, sold ? Place::kClient : Place::kLost);
    return true;
}

bool Salon::return_sale() {
    Piece piece = 0;
    if (!pick(Place::kClient, piece)) return false;
    draft(any_associate()).sign(sm()).piece(piece).to(path("HOLD")).send("sale_returned", [&](JsonText& text) {
        text.field("credit_note", "CN-" + std::to_string(site_) + "-" + std::to_string(++numbers_));
        text.field("invoice", "INV-0").field("why", "does not fit");
        money(text, "refund", world_.pieces[piece].insured * 2ULL);
    });
    put(piece, Place::kHold);
    inspect({piece}, "IN");
    put_away({piece});
    return true;
}

bool Salon::reserve_or_release() {
    Piece piece = 0;
    if (at(Place::kReserved).size() > 10 && pick(Place::kReserved, piece)) {
        draft(any_associate()).piece(piece).send("reservation_released", [](JsonText& text) {
            text.field("why", "not taken");
        });
        put(piece, Place::kVault);
        return true;
    }
    if (!pick(Place::kVault, piece)) return false;
    const std::uint32_t party = any_client();
    draft(any_associate()).piece(piece).opens(world_.new_id()).send("reservation_placed", [&](JsonText& text) {
        text.field("party", party).field("until", format_time(now_ + 7 * kDay));
    });
    world_.pieces[piece].party = party;
    put(piece, Place::kReserved);
    return true;
}

bool Salon::memo_out() {
    const auto pieces = pick_some(Place::kVault, 3);
    if (pieces.empty()) return false;
    const std::uint32_t party = any_client();
    const std::string memo = "M" + std::to_string(site_) + "-" + std::to_string(++numbers_);
    Draft out = draft(oc());
    out.sign(client(party)).sign(vm()).opens(world_.new_id()).to("EXT/MEMO/" + memo);
    std::uint64_t insured = 0;
    for (const Piece piece : pieces) {
        out.piece(piece);
        insured += world_.pieces[piece].insured;
    }
    out.send("memo_out_issued", [&](JsonText& text) {
        text.field("memo", memo).field("party", party).field("purpose", "ON_APPROVAL");
        text.field("due_at", format_time(now_ + static_cast<Micros>(world_.chance.between(1, 30)) * kDay));
        text.field("liability", "RECIPIENT");
        money(text, "insured", insured);
    });
    for (const Piece piece : pieces) {
        world_.pieces[piece].party = party;
        put(piece, Place::kMemo);
    }
    return true;
}

bool Salon::memo_back() {
    Piece piece = 0;
    if (!pick(Place::kMemo, piece)) return false;
    if (world_.chance.one_in(4)) {
        draft(sm()).piece(piece).send("memo_extended", [&](JsonText& text) {
            text.field("due_at", format_time(now_ + 30 * kDay)).field("why", "client is travelling");
        });
        return true;
    }
    draft(oc())
        .sign(client(world_.pieces[piece].party))
        .piece(piece)
        .to(path("HOLD"))
        .send("memo_returned", [](JsonText& text) { text.field("condition", "as issued"); });
    put(piece, Place::kHold);
    inspect({piece}, "MEMO_RETURN");
    put_away({piece});
    return true;
}

bool Salon::transfer(std::vector<Salon>& salons) {
    if (salons.size() < 2) return false;
    const auto pieces = pick_some(Place::kVault, 6);
    if (pieces.empty()) return false;
    Salon& dest = salons[(site_ + world_.chance.below(salons.size() - 1)) % salons.size()];
    const std::string request = world_.new_id();
    draft(oc()).send("transfer_requested", [&](JsonText& text) {
        text.field("request", request).field("purpose", "REBALANCE");
        text.open("dest", '{').field("site", dest.site_).close('}');
        text.open("wanted", '[')
            .open('{')
            .field("model", "M-001")
            .field("quantity", pieces.size())
            .close('}')
            .close(']');
    });
    draft(vm()).send("transfer_approved",
                     [&](JsonText& text) { text.field("request", request).field("limits_checked", true); });
    SimulatedParcel parcel;
    parcel.transfer = world_.new_id();
    parcel.seal = "SEAL-" + std::to_string(site_) + "-" + std::to_string(++numbers_);
    parcel.pieces = pieces;
    parcel.arrives_day = day_ + 1;
    parcel.one_short = world_.chance.one_in(5);
    Draft packed = draft(oc());
    packed.sign(witness()).to(path("PACK"));
    Draft sent = draft(lg());
    sent.sign(client(kCarrier)).opens(parcel.transfer).to("TRANSIT/" + parcel.transfer);
    std::uint64_t insured = 0;
    for (const Piece piece : pieces) {
        packed.piece(piece);
        sent.piece(piece);
        insured += world_.pieces[piece].insured;
    }
    packed.send("transfer_packed", [&](JsonText& text) {
        text.field("request", request)
            .field("parcel", "00" + std::to_string(4'012'345'000'000ULL + numbers_))
            .field("seal", parcel.seal);
    });
    sent.send("transfer_dispatched", [&](JsonText& text) {
        text.open("dest", '{').field("site", dest.site_).close('}');
        text.field("purpose", "REBALANCE").field("carrier", kCarrier).field("waybill", "W" + parcel.seal);
        money(text, "insured", insured);
        text.field("eta", format_time(world_.options.first_day + (day_ + 1) * kDay + 12 * kHour));
    });
    for (const Piece piece : pieces) {
        put(piece, Place::kTransit);
        auto& list = at(Place::kTransit);  // it belongs to the other salon from here on
        world_.pieces[list.back()].slot = world_.pieces[piece].slot;
        list.pop_back();
        world_.pieces[piece].place = Place::kUnborn;
    }
    dest.parcels.push_back(std::move(parcel));
    return true;
}

bool Salon::repair_in() {
    const auto piece = static_cast<Piece>(world_.pieces.size());
    world_.pieces.emplace_back();
    const std::uint32_t party = any_client();
    auto& brought = world_.pieces.back();
    brought.party = party;
    brought.insured = static_cast<std::uint32_t>(world_.chance.between(5, 300) * 100);
    const std::string account = "EXT/CLIENT/" + std::to_string(party);
    draft(oc()).piece(piece).to(account).send("item_registered", [&](JsonText& text) {
        text.field("epc",
                   "urn:epc:id:giai:4012345.C" + std::to_string(world_.options.seed) + "-" + std::to_string(piece));
        text.field("origin", "CLIENT");
        text.open("owner", '{').field("kind", "CLIENT").field("id", party).close('}');
        text.field("category", "WATCH");
        money(text, "insured", brought.insured);
    });
    draft(oc()).sign(client(party)).piece(piece).to(path("HOLD")).send("received_from_client", [](JsonText& text) {
        text.field("purpose", "REPAIR");
    });
    draft(any_associate())
        .sign(client(party))
        .piece(piece)
        .opens(world_.new_id())
        .send("repair_opened", [&](JsonText& text) {
            text.field("repair", "R" + std::to_string(site_) + "-" + std::to_string(++numbers_)).field("client", party);
            text.field("fault", "runs slow").field("work_wanted", "service");
            money(text, "agreed_value", brought.insured);
            text.field("promised_at", format_time(now_ + 10 * kDay));
        });
    inspect({piece}, "COM_IN");
    draft(any_associate()).sign(client(party)).piece(piece).send("repair_authorised", [&](JsonText& text) {
        money(text, "price", 300);
    });
    draft(oc())
        .sign(wk())
        .piece(piece)
        .opens(world_.new_id())
        .to("EXT/WORKSHOP/" + std::to_string(kWorkshopParty))
        .send("sent_to_workshop", [&](JsonText& text) {
            text.field("workshop", kWorkshopParty).field("due_at", format_time(now_ + 5 * kDay));
        });
    put(piece, Place::kWorkshop);
    return true;
}

bool Salon::repair_on() {
    Piece piece = 0;
    if (!pick(Place::kWorkshop, piece)) return false;
    draft(wk()).piece(piece).send("repair_work_recorded", [](JsonText& text) {
        text.open("operations", '[').text("movement cleaned").text("gasket replaced").close(']').field("minutes", 90);
    });
    draft(wk()).sign(oc()).piece(piece).to(path("HOLD")).send("returned_from_workshop", [](JsonText& text) {
        text.field("gross_mg", 80'000).field("invoice", "WI-1");
    });
    put(piece, Place::kHold);
    inspect({piece}, "REPAIR_OUT");
    put(piece, Place::kCom);
    draft(oc()).piece(piece).to(bin(piece)).send("put_away");
    return true;
}

bool Salon::quarantine() {
    Piece piece = 0;
    if (at(Place::kQuarantine).size() > 4 && pick(Place::kQuarantine, piece)) {
        draft(vm()).sign(qa()).piece(piece).send("quarantine_released",
                                                 [](JsonText& text) { text.field("clearance", "stone reset"); });
        put(piece, Place::kVault);
        return true;
    }
    if (!pick(Place::kVault, piece)) return false;
    draft(qa()).piece(piece).send("quarantine_set", [](JsonText& text) { text.field("why", "loose stone"); });
    put(piece, Place::kQuarantine);
    return true;
}

bool Salon::supplies() {
    const SupplyId boxes = site_ * 10ULL + 1;
    if (!supplies_in_) {
        supplies_in_ = true;
        draft(oc())
            .supply(boxes, 5'000)
            .from("EXT/SUPPLIER/501")
            .to(path("SUPPLY"))
            .send("supply_moved", [](JsonText& text) { text.field("kind", "RECEIVED"); });
        return true;
    }
    draft(oc()).supply(boxes, 1).from(path("SUPPLY")).to("CONSUMED").send("supply_moved", [](JsonText& text) {
        text.field("kind", "ISSUED");
    });
    supplies_in_ = !world_.chance.one_in(4'000);  // ordered again long before the store is empty
    return true;
}

bool Salon::amend() {
    Piece piece = 0;
    if (!pick(Place::kVault, piece)) return false;
    draft(vm()).piece(piece).send("item_amended", [&](JsonText& text) {
        text.field("field", "RETAIL").open("new_value", '{');
        money(text, "money", world_.pieces[piece].insured * 2ULL + 100);
        text.close('}');
    });
    return true;
}

bool Salon::resolve() {
    if (discrepancies_.empty() || discrepancies_.front().since_day == day_) return false;
    const OpenDiscrepancy open = discrepancies_.front();
    discrepancies_.erase(discrepancies_.begin());
    const bool counted = open.obligation.size() > 36;
    draft(vm()).sign(oc()).piece(open.piece).opens(open.obligation).send("discrepancy_resolved", [&](JsonText& text) {
        text.field("outcome", counted ? "COUNT_ERROR" : "LOSS");
    });
    return true;
}

bool Salon::find_or_lose() {
    Piece piece = 0;
    if (!stuck_.empty()) {
        piece = stuck_.back();
        stuck_.pop_back();
        draft(vm())
            .sign(sec())
            .piece(piece)
            .opens(world_.new_id())
            .to("SUSPENSE/" + std::to_string(site_) + "/MISSING")
            .send("declared_missing",
                  [](JsonText& text) { text.field("search_log", "carrier asked, depot searched"); });
        put(piece, Place::kMissing);
        return true;
    }
    if (!pick(Place::kMissing, piece)) return false;
    if (world_.chance.one_in(2)) {
        draft(vm()).sign(oc()).piece(piece).to(path("HOLD")).send("item_recovered", [](JsonText& text) {
            text.field("where", "in the carrier's depot");
        });
        put(piece, Place::kHold);
        inspect({piece}, "IN");
        put_away({piece});
    } else {
        draft(vm()).sign({kHq, "HQ"}).piece(piece).to("LOSS/LOST_IN_TRANSIT").send("loss_declared", [](JsonText& text) {
            text.field("kind", "LOST_IN_TRANSIT").field("claim_number", "CL-1");
        });
        put(piece, Place::kLost);
    }
    return true;
}

void Salon::work(std::uint32_t movements, std::vector<Salon>& salons) {
    for (std::uint32_t i = 0; i < movements; ++i) {
        const std::uint64_t what = world_.chance.below(100);
        const bool done = what < 18   ? to_display()
                          : what < 38 ? to_person()
                          : what < 56 ? back_from_person()
                          : what < 62 ? hand_over()
                          : what < 70 ? sell()
                          : what < 73 ? reserve_or_release()
                          : what < 76 ? memo_out()
                          : what < 79 ? memo_back()
                          : what < 81 ? transfer(salons)
                          : what < 83 ? repair_in()
                          : what < 85 ? repair_on()
                          : what < 87 ? deliver_sold()
                          : what < 88 ? return_sale()
                          : what < 90 ? quarantine()
                          : what < 94 ? supplies()
                          : what < 96 ? amend()
                          : what < 98 ? resolve()
                          : what < 99 ? find_or_lose()
                                      : look_over();
        if (!done) to_person();
        if (world_.wrong * 50 < world_.sent) mistake();
    }
}

}  // namespace daybook::cli
