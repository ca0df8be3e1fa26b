// One simulated salon: its staff, its lists of pieces by place, and the phases of its day.
#pragma once

#include <array>
#include <deque>
#include <string>
#include <vector>

#include "engine/cli/simulate/world.h"

namespace daybook::cli {

// A parcel on its way between two salons.
struct SimulatedParcel {
    std::string transfer, seal;
    std::vector<Piece> pieces;
    std::uint32_t arrives_day = 0;
    bool one_short = false;
};

// A difference that somebody has to explain.
struct OpenDiscrepancy {
    std::string obligation;
    Piece piece = 0;
    std::uint32_t since_day = 0;
};

class Salon {
public:
    Salon(World& world, SiteId site);

    // Before the first day: accounts and supplies.
    void set_up(Micros at);
    // The phases of a day, in order. `day` from 0.
    void open(std::uint32_t day);
    void load_opening_stock(Piece first, Piece last);  // on the first day, [first, last)
    void morning_count();
    void deliver(Piece first, Piece last);  // from suppliers
    void receive_parcels();
    void work(std::uint32_t movements, std::vector<Salon>& salons);
    void close(bool last_day);

    std::deque<SimulatedParcel> parcels;  // coming here, oldest first

    [[nodiscard]] SiteId site() const { return site_; }

private:
    // salon.cc: time, staff and lists
    Micros tick(std::uint64_t seconds_max = 20);
    [[nodiscard]] Principal staff(std::uint32_t n) const { return site_ * 1'000ULL + n; }
    [[nodiscard]] Signer oc() const { return {staff(1), "OC"}; }
    [[nodiscard]] Signer vm() const { return {staff(2), "VM"}; }
    [[nodiscard]] Signer sec() const { return {staff(3), "SEC"}; }
    [[nodiscard]] Signer sm() const { return {staff(4), "SM"}; }
    [[nodiscard]] Signer qa() const { return {staff(5), "QA"}; }
    [[nodiscard]] Signer wk() const { return {staff(6), "WK"}; }
    [[nodiscard]] Signer lg() const { return {staff(7), "LG"}; }
    [[nodiscard]] Signer witness() const { return {staff(8), ""}; }
    [[nodiscard]] Signer associate(std::uint32_t n) const { return {staff(11 + n % kAssociates), "SA"}; }
    Signer any_associate() { return associate(static_cast<std::uint32_t>(world_.chance.below(kAssociates))); }
    [[nodiscard]] Signer client(std::uint64_t party) const { return {900'000 + party, ""}; }
    std::uint32_t any_client() { return static_cast<std::uint32_t>(kFirstClient + world_.chance.below(kClients)); }
    [[nodiscard]] std::string path(std::string_view rest) const { return site_path(site_, rest); }
    [[nodiscard]] std::string bin(Piece piece) const;

    [[nodiscard]] std::vector<Piece>& at(Place place) { return lists_[static_cast<std::size_t>(place)]; }
    void put(Piece piece, Place place);  // moves it between the lists
    bool pick(Place place, Piece& out);  // any piece there
    std::vector<Piece> pick_some(Place place, std::uint64_t count_max);
    Draft draft(Signer actor) { return Draft(world_, site_, tick(), actor); }

    // salon.cc: what several phases do
    void inspect(const std::vector<Piece>& pieces, const char* phase);
    void put_away(const std::vector<Piece>& pieces);
    void receive_goods(Piece first, Piece last, bool bought);
    void sign_in(const std::vector<Piece>& pieces, Signer returner);
    std::string count(const char* kind);

    // movements.cc: one kind of movement each; false where it cannot be now
    bool to_display();
    bool to_person();
    bool back_from_person();
    bool hand_over();
    bool look_over();
    bool sell();
    bool return_sale();
    bool reserve_or_release();
    bool memo_out();
    bool memo_back();
    bool transfer(std::vector<Salon>& salons);
    bool repair_in();
    bool repair_on();
    bool quarantine();
    bool supplies();
    bool amend();
    bool resolve();
    bool find_or_lose();
    bool deliver_sold();

    // mistakes.cc: a command that is refused
    void mistake();
    Draft sign_out_draft(Signer actor);  // of a sign-out to a showcase, still without a piece
    bool mistaken_signers(Piece piece);
    bool mistaken_place(Piece piece);
    bool mistaken_target();
    bool mistaken_rule(Piece piece);

    World& world_;
    SiteId site_;
    std::uint32_t bins_ = 1;
    std::uint32_t day_ = 0;
    Micros now_ = 0;
    std::string last_obligation_;  // of a sign-out, for the mistake of using it again
    std::array<std::vector<Piece>, kPlaces> lists_;
    std::vector<OpenDiscrepancy> discrepancies_;
    std::uint32_t numbers_ = 0;  // memo, invoice, repair … numbers
    bool supplies_in_ = false;
    // Declared missing (a lost parcel's piece), waiting to be found or written off.
    std::vector<Piece> missing_;
    std::vector<Piece> stuck_;  // short in a parcel: still in transit
};

}  // namespace daybook::cli
