#include "engine/api/internal/moves.h"

#include <map>

namespace daybook::api {

std::vector<projections::PostingRow> net(const std::vector<projections::PostingRow>& postings) {
    std::map<std::pair<Micros, Uuid>, projections::PostingRow> sums;
    for (const auto& posting : postings) {
        const auto [sum, is_new] = sums.try_emplace({posting.at, posting.id}, posting);
        if (is_new) continue;
        sum->second.count += posting.count;
        sum->second.amount += posting.amount;
        sum->second.position = posting.position;
    }
    std::vector<projections::PostingRow> lines;
    for (const auto& [key, sum] : sums) {
        if (sum.count != 0 || sum.amount != 0) lines.push_back(sum);
    }
    return lines;
}

Position event_of(const projections::PostingRow& line, const custody::AccountId& account,
                  const projections::ChainRows& chain) {
    Position event = kNoPosition;
    for (const auto& stay : chain.stays) {
        if (stay.account != account) continue;
        if (line.count > 0 && stay.from == line.at) event = stay.opened_by;
        if (line.count < 0 && stay.to == line.at) event = stay.closed_by;
    }
    return event != kNoPosition ? event : line.position;
}

Result<std::vector<projections::PostingRow>> supply_moves(const Asked& asked, const projections::Reading& reading,
                                                          const std::vector<projections::PostingRow>& postings,
                                                          Position known) {
    std::map<std::pair<Micros, Uuid>, std::size_t> same;
    for (const auto& posting : postings) ++same[{posting.at, posting.id}];
    std::vector<projections::PostingRow> moves;
    for (const auto& posting : postings) {
        if (same.at({posting.at, posting.id}) > 1) {
            DAYBOOK_ASSIGN(const bool counts, reading.is_effective(posting.position, known));
            if (!counts) continue;
            DAYBOOK_ASSIGN(const v1::Event event, asked.event_at(posting.position));
            if (!event.command().has_supply_moved()) continue;
        }
        moves.push_back(posting);
    }
    return moves;
}

}  // namespace daybook::api
