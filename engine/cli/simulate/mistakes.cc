// Commands that are wrong on purpose, each with the refusal it must get. False: this mistake cannot be made just now.
#include <array>

#include "engine/cli/simulate/salon.h"

namespace daybook::cli {
namespace {

void display(JsonText& text) { text.field("purpose", "DISPLAY"); }
void no_fields(JsonText&) {}

}  // namespace

Draft Salon::sign_out_draft(Signer actor) {
    Draft command = draft(actor);
    command.to(path("DISPLAY/C1")).opens(world_.new_id());
    return command;
}

// Who asks and who signs.
bool Salon::mistaken_signers(Piece piece) {
    switch (world_.chance.below(4)) {
        case 0: sign_out_draft(oc()).piece(piece).wrong("E_DUAL_CONTROL").send("signed_out", display); return true;
        case 1:
            sign_out_draft(oc())
                .sign({oc().principal, ""})
                .piece(piece)
                .wrong("E_SELF_WITNESS")
                .send("signed_out", display);
            return true;
        case 2:
            sign_out_draft(any_associate())
                .sign(witness())
                .piece(piece)
                .wrong("E_NOT_AUTHORISED")
                .send("signed_out", display);
            return true;
        default: {
            const Micros present = now_;
            now_ += 50 * 365 * kDay;
            Draft future = sign_out_draft(oc());
            now_ = present;
            future.sign(any_associate()).piece(piece).wrong("E_FUTURE_DATED").send("signed_out", display);
            return true;
        }
    }
}

// What is not where, or not what, the command says.
bool Salon::mistaken_place(Piece piece) {
    Piece other = 0;
    switch (world_.chance.below(8)) {
        case 0:
            if (!pick(Place::kDisplay, other)) return false;
            sign_out_draft(oc()).sign(any_associate()).piece(other).wrong("E_ALREADY_OUT").send("signed_out", display);
            return true;
        case 1:
            draft(oc())
                .sign(any_associate())
                .piece(piece)
                .to(bin(piece))
                .wrong("E_NOT_OUT")
                .send("signed_in", no_fields);
            return true;
        case 2: {
            Draft unknown = sign_out_draft(oc());
            unknown.sign(any_associate()).line(world_.new_id()).wrong("E_UNKNOWN_ITEM").send("signed_out", display);
            return true;
        }
        case 3: {
            Draft stale = sign_out_draft(oc());
            stale.sign(any_associate()).piece(piece).expect_version(piece, 999'999);
            stale.wrong("E_STALE_VERSION").send("signed_out", display);
            return true;
        }
        case 4: {
            Draft elsewhere = sign_out_draft(oc());
            elsewhere.sign(any_associate()).piece(piece).from(path("COM/B001"));
            elsewhere.wrong("E_WRONG_ACCOUNT").send("signed_out", display);
            return true;
        }
        case 5:
            if (!pick(Place::kMemo, other)) return false;
            sign_out_draft(oc()).sign(any_associate()).piece(other).wrong("E_ON_MEMO").send("signed_out", display);
            return true;
        case 6:
            draft(any_associate())
                .sign(sm())
                .piece(piece)
                .to(path("HOLD"))
                .wrong("E_NOT_SOLD")
                .send("sale_returned",
                      [](JsonText& text) { text.field("credit_note", "CN-X").field("invoice", "INV-X"); });
            return true;
        default:
            draft(oc())
                .sign(witness())
                .piece(piece)
                .to(path("HOLD"))
                .wrong("E_NOT_IN_TRANSIT")
                .send("transfer_received", [](JsonText& text) { text.field("seal", "S").field("seal_intact", true); });
            return true;
    }
}

// Where a shown piece cannot be signed in.
bool Salon::mistaken_target() {
    Piece shown = 0;
    if (!pick(Place::kDisplay, shown)) return false;
    Draft in = draft(oc());
    in.sign(any_associate()).piece(shown);
    switch (world_.chance.below(3)) {
        case 0: in.to(path("HOLD")).wrong("E_WRONG_TARGET").send("signed_in"); return true;
        case 1: in.to(path("VAULT/NOWHERE")).wrong("E_UNKNOWN_ACCOUNT").send("signed_in"); return true;
        default:
            if (world_.options.sites < 2) {
                in.to(path("PACK")).wrong("E_WRONG_TARGET").send("signed_in");
            } else {
                in.to(site_path(site_ == 1 ? 2 : 1, "VAULT/B001")).wrong("E_CROSS_SITE").send("signed_in");
            }
            return true;
    }
}

// What a flag, a limit or another rule forbids.
bool Salon::mistaken_rule(Piece piece) {
    Piece other = 0;
    switch (world_.chance.below(8)) {
        case 0:
            if (!pick(Place::kQuarantine, other)) return false;
            sign_out_draft(oc()).sign(any_associate()).piece(other).wrong("E_QUARANTINED").send("signed_out", display);
            return true;
        case 1: {
            if (!pick(Place::kReserved, other)) return false;
            const std::uint64_t stranger = kFirstClient + kClients;
            Draft sale = draft(any_associate());
            sale.piece(other).to("EXT/CLIENT/" + std::to_string(stranger)).wrong("E_RESERVED");
            sale.send("sale_completed", [&](JsonText& text) {
                text.field("invoice", "INV-X").field("party", stranger);
                money(text, "price", 100);
                text.field("handover", "NOW");
            });
            return true;
        }
        case 2: {
            Draft over = draft(oc());
            over.sign(any_associate()).opens(world_.new_id()).piece(piece).to(path("DISPLAY/TINY"));
            over.wrong("E_LIMIT").send("signed_out", display);
            return true;
        }
        case 3:
            draft(oc()).sign(sec()).opens(world_.new_id()).wrong("E_SESSION_OPEN").send("vault_opened");
            return true;
        case 4: {
            if (last_obligation_.empty()) return false;
            Draft used = draft(oc());
            used.sign(any_associate()).opens(last_obligation_).piece(piece).to(path("DISPLAY/C1"));
            used.wrong("E_OBLIGATION_EXISTS").send("signed_out", display);
            return true;
        }
        case 5:
            draft(oc()).sign(vm()).wrong("E_NO_CLOSING_COUNT").send("day_closed", [&](JsonText& text) {
                text.field("closing_count", world_.new_id());
            });
            return true;
        case 6:
            if (!pick(Place::kDisplay, other)) return false;
            draft(oc()).sign(sec()).wrong("E_NIGHT_NOT_EMPTY").send("vault_closed", [&](JsonText& text) {
                text.field("closing_count", world_.new_id());
            });
            return true;
        default:
            sign_out_draft(oc()).sign(any_associate()).wrong("E_SCHEMA").send("signed_out", display);
            return true;  // no line
    }
}

void Salon::mistake() {
    Piece piece = 0;
    if (!pick(Place::kVault, piece)) return;
    const std::uint64_t what = world_.chance.below(23);
    const bool made = what < 4    ? mistaken_signers(piece)
                      : what < 12 ? mistaken_place(piece)
                      : what < 15 ? mistaken_target()
                                  : mistaken_rule(piece);
    if (!made) mistaken_signers(piece);
}

}  // namespace daybook::cli
