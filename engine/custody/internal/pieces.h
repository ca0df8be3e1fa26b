// Internal to the module: taking pieces out of books and putting them in again as their chains say.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "engine/custody/past.h"

namespace daybook::custody {

// Re-tells pieces of some books: all are taken out, then put back, then finish(). Between the two their accounts,
// obligations, parcels and sums are without them, so that what they share may get other terms. Obligations that name
// nobody any more are closed last, so that no slot is used twice within one event.
class Resettling {
public:
    explicit Resettling(Books& books) : books_(books) {}
    void take_out(std::uint32_t slot);
    // The piece in the slot becomes `state`; its id, version and last event stay. An empty state: it is not registered.
    void put_back(std::uint32_t slot, const PieceState& state);
    // Reports what became of obligations.
    void finish(std::vector<ObligationChange>& out);

private:
    std::uint32_t join(const Obligation& obligation);
    void leave(std::uint32_t obligation);
    void note(std::uint32_t obligation);

    Books& books_;
    std::map<std::uint32_t, std::optional<Obligation>> before_;  // obligations met, by slot; none: it is new
    std::vector<std::uint32_t> parcels_;                         // that pieces have left
};

// Adds a piece to books that do not have it, where nobody asks whether accounts are open: those of one command.
void add_piece(Books& books, const PieceState& state);

}  // namespace daybook::custody
