// The questions about the past, asked of the engine and of the oracle of time.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "tests/property/history_model.h"
#include "tests/property/salons.h"

namespace daybook::model {

// At one (V, R). `known` is a number of the oracle's events; V left out: whatever was told.
class Pasts {
public:
    Pasts(Salons& salons, const History& history, std::optional<std::int64_t> valid, std::size_t known)
        : history_(history),
          valid_(valid),
          known_(known),
          opened_(salons.opened()),
          at_{valid.value_or(std::numeric_limits<Micros>::max()), opened_ + known},
          then_(history.at(valid, known)),
          reading_(read(salons)) {}

    // The number of counts that are to be made again.
    std::size_t compare() const {
        for (std::uint64_t number = 1; number <= 7; ++number) compare_chain(uuid(1, number));
        compare_accounts();
        compare_supplies();
        return compare_counts();
    }
    // The V of a question that names none.
    void compare_newest(Micros clock) const {
        const auto newest = reading_.newest_at(clock, at_.known);
        RC_ASSERT(newest.has_value());
        RC_ASSERT(*newest == std::max(clock, history_.newest(known_)));
    }
    // What was believed with the first `was` events of where the pieces were from then on, and what is believed now.
    void compare_beliefs(std::size_t was, std::int64_t from, std::int64_t to) const {
        for (std::uint64_t number = 1; number <= 7; ++number) {
            const std::string id = uuid(1, number);
            const auto rows = reading_.differences(*ItemId::parse(id), from, to, opened_ + was, at_.known);
            RC_ASSERT(rows.has_value());
            for (std::int64_t at = from; at < to; at += (to - from + 6) / 7) {
                const std::string before = account_of(history_.at(at, was), id);
                const std::string now = account_of(history_.at(at, known_), id);
                std::string told_before = now, told_now = now;
                for (const auto& row : *rows) {
                    if (at < row.from || (row.to && at >= *row.to)) continue;
                    told_before = row.was.empty() ? "" : row.was.path();
                    told_now = row.now.empty() ? "" : row.now.path();
                    RC_ASSERT(!row.because.empty());
                    for (const Position event : row.because) expect_cause(id, event - opened_, was);
                }
                RC_ASSERT(told_before == before);
                RC_ASSERT(told_now == now);
            }
        }
    }

private:
    // What is named as the cause of a difference was recorded since, moves the piece or corrects what is of it.
    void expect_cause(const std::string& piece, std::size_t seq, std::size_t was) const {
        RC_ASSERT(seq >= was && seq < known_);
        const History::Record& record = history_.records()[seq];
        if (!record.declaration) {
            RC_ASSERT(record.done.legs.count(piece) == 1U && !history_.void_by(seq, known_));
            return;
        }
        bool of_piece = false;
        for (const auto& other : history_.records()) {
            const bool moved = other.done.legs.count(piece) == 1 && other.seq < known_;
            const bool then = other.seq < was && !history_.void_by(other.seq, was);
            of_piece |= moved && other.seq < was && then != !history_.void_by(other.seq, known_).has_value();
        }
        RC_ASSERT(of_piece);
    }
    static projections::Reading read(Salons& salons) {
        auto reading = salons.ledger().views().read();
        RC_ASSERT(reading.has_value());
        return *std::move(reading);
    }
    static std::string account_of(const SalonModel& model, const std::string& piece) {
        const auto it = model.pieces().find(piece);
        return it == model.pieces().end() ? "" : it->second.account;
    }
    [[nodiscard]] Position position(std::size_t seq) const { return opened_ + seq; }

    // Where a piece was, since when and by which events; and its events, with what counts and what does not.
    void compare_chain(const std::string& id) const {
        const auto chain = reading_.chain(*ItemId::parse(id), at_);
        RC_ASSERT(chain.has_value());
        const auto stays = history_.stays(id, valid_, known_);
        RC_ASSERT(stays.size() == chain->stays.size());
        for (std::size_t i = 0; i < stays.size(); ++i) {
            const auto& stay = chain->stays[i];
            RC_ASSERT(stay.account.path() == stays[i].account);
            RC_ASSERT(stay.from == stays[i].from);
            RC_ASSERT(stay.opened_by == position(stays[i].opened_by));
            const bool last = i + 1 == stays.size();
            RC_ASSERT(stay.to == (last ? std::nullopt : std::optional<Micros>(stays[i + 1].from)));
            RC_ASSERT(stay.closed_by == (last ? kNoPosition : position(stays[i + 1].opened_by)));
        }
        std::vector<Position> wanted, told;
        for (const auto& record : history_.records()) {
            if (record.touched.count(id) == 1 && record.batch_end <= known_) wanted.push_back(position(record.seq));
        }
        auto events = chain->events;  // without what told the piece again and has no line for it
        std::erase_if(events, [](const auto& row) { return row.line == projections::HistoryRow::kNoLine; });
        for (const auto& row : events) told.push_back(row.position);
        RC_ASSERT(told == wanted);
        for (const auto& row : events) {
            const auto& record = history_.records()[row.position - opened_];
            RC_ASSERT(row.occurred_at == record.at);
            RC_ASSERT(row.effective == history_.effective(record.seq, known_));
            const auto by = history_.void_by(record.seq, known_);
            RC_ASSERT(row.corrected_by == (by ? position(*by) : kNoPosition));
            RC_ASSERT(*reading_.is_effective(row.position, at_.known) == row.effective);
            RC_ASSERT(*reading_.corrected_by(row.position, at_.known) == row.corrected_by);
        }
    }

    // What each account held, and which held anything.
    void compare_accounts() const {
        std::map<std::string, std::set<std::string>> in_account;
        for (const auto& [id, piece] : then_.pieces()) in_account[piece.account].insert(id);
        std::map<std::string, std::uint64_t> wanted, told;
        for (const auto& [path, pieces] : in_account) wanted[path] = pieces.size();
        const auto accounts = reading_.accounts_at({}, at_);
        RC_ASSERT(accounts.has_value());
        for (const auto& row : accounts->rows) {
            if (row.pieces != 0) told[row.account.path()] = row.pieces;
        }
        RC_ASSERT(told == wanted);
        for (const char* rest :
             {"VAULT/A", "VAULT/B", "COM/C", "HOLD", "DISPLAY/D", "DISPLAY/E", "PERSON/40", "PACK"}) {
            for (const char* site : {"SITE/1/", "SITE/2/"}) in_account[std::string(site) + rest];
        }
        for (const auto& [path, pieces] : in_account) {
            const auto account = *custody::AccountId::parse(path);
            const auto rows = reading_.account_at(account, at_, {});
            RC_ASSERT(rows.has_value());
            std::set<std::string> answered;
            for (const auto& row : rows->rows) {
                answered.insert(row.item.text());
                RC_ASSERT(row.since == history_.stays(row.item.text(), valid_, known_).back().from);
            }
            RC_ASSERT(answered == pieces);
            const auto totals = reading_.account_totals_at(account, at_);
            RC_ASSERT(totals.has_value());
            RC_ASSERT(totals->pieces == pieces.size());
        }
    }

    void compare_supplies() const {
        for (const int site : {1, 2}) {
            const auto balance =
                reading_.supplies_at(*custody::AccountId::parse("SITE/" + std::to_string(site) + "/SUPPLY"), at_);
            RC_ASSERT(balance.has_value());
            const long quantity = balance->rows.empty() ? 0 : static_cast<long>(balance->rows[0].quantity);
            RC_ASSERT(quantity == then_.supply(site));
        }
    }

    // The attested counts of the vaults' bins, and which of them are to be made again.
    [[nodiscard]] std::size_t compare_counts() const {
        std::size_t rechecks = 0;
        for (const char* path : {"SITE/1/VAULT/A", "SITE/1/VAULT/B", "SITE/2/VAULT/A", "SITE/2/VAULT/B"}) {
            const auto account = *custody::AccountId::parse(path);
            const auto rows = reading_.counts(account, at_.known);
            RC_ASSERT(rows.has_value());
            const auto counts = history_.counts(path, known_);
            RC_ASSERT(rows->size() == counts.size());
            for (std::size_t i = 0; i < counts.size(); ++i) {
                const auto& row = (*rows)[i];
                RC_ASSERT(row.position == position(counts[i].attested));
                RC_ASSERT(row.opened_at == counts[i].opened_at);
                const auto recheck = reading_.is_to_be_rechecked(account, row, at_.known);
                RC_ASSERT(recheck.has_value());
                RC_ASSERT(*recheck == history_.to_be_rechecked(path, counts[i], known_));
                rechecks += *recheck ? 1U : 0U;
            }
        }
        return rechecks;
    }

    const History& history_;
    const std::optional<std::int64_t> valid_;
    const std::size_t known_;
    const Position opened_;
    const projections::AsKnown at_;
    const SalonModel then_;
    const projections::Reading reading_;
};

// What is now: whose the pieces are, in which state, what is open on them, and the stock that they make.
class Present {
public:
    Present(Salons& salons, const History& history) : history_(history), now_(history.now()), salons_(salons) {}

    void compare() const {
        salons_.compare(now_);
        const auto reading = salons_.ledger().views().read();
        RC_ASSERT(reading.has_value());
        for (std::uint64_t number = 1; number <= 7; ++number) compare_piece(*reading, uuid(1, number));
        compare_obligations(*reading);
        compare_stock(*reading);
    }

private:
    void compare_piece(const projections::Reading& reading, const std::string& id) const {
        const auto row = reading.item(*ItemId::parse(id));
        RC_ASSERT(row.has_value());
        const auto known = now_.pieces().find(id);
        if (known == now_.pieces().end()) {  // its registration may have been taken back
            RC_ASSERT((!row->row.has_value() || row->row->account.path() == "ORIGIN"));
            return;
        }
        RC_ASSERT(row->row.has_value());
        const Piece& piece = known->second;
        static const std::map<std::string, custody::Verdict> kVerdicts = {
            {"NONE", custody::Verdict::kNone},
            {"PASS", custody::Verdict::kPass},
            {"CONDITIONAL", custody::Verdict::kConditional},
            {"FAIL", custody::Verdict::kFail}};
        RC_ASSERT(row->row->verdict == kVerdicts.at(piece.verdict));
        RC_ASSERT((row->row->sold_by != 0) == piece.sold_by_house);
        RC_ASSERT(static_cast<int>(row->row->put_by) == piece.put_by);
        const History::Put put = history_.put(id);
        RC_ASSERT(row->row->since == put.since);
        RC_ASSERT(row->row->since_event == salons_.opened() + put.by);
        RC_ASSERT(row->row->last_event == salons_.opened() + put.last);
        RC_ASSERT(row->row->last_at == put.last_at);
    }

    // All that is open on a piece, under its name and on its due list.
    void compare_obligations(const projections::Reading& reading) const {
        std::set<std::string> told, due;
        const auto of_pieces = [](const custody::Obligation& one) {
            return one.kind != custody::ObligationKind::kCount && one.kind != custody::ObligationKind::kVaultSession;
        };
        const auto all = reading.each_obligation([&](const projections::ObligationRow& row) {
            if (row.open && of_pieces(row.obligation)) told.insert(Salons::name_of(row.obligation.ref));
        });
        RC_ASSERT(all.has_value());
        RC_ASSERT(told == now_.open_obligations());
        projections::Page page;
        page.rows_max = 1'000;
        const auto rows = reading.due({}, page);
        RC_ASSERT(rows.has_value());
        for (const auto& row : rows->rows) {
            if (of_pieces(row.obligation)) due.insert(Salons::name_of(row.obligation.ref));
        }
        RC_ASSERT(due == now_.open_obligations());
    }

    // D4: each piece in one column of one row; of all models together, which the oracle does not know.
    void compare_stock(const projections::Reading& reading) const {
        using Row = projections::StockRow;
        std::map<std::pair<SiteId, projections::StockOwner>, Row> wanted;
        for (const auto& [id, piece] : now_.pieces()) {
            const std::string state = SalonModel::state_of(piece.account);
            int site = SalonModel::site_of(piece.account);
            std::uint64_t Row::*column = nullptr;
            if (state == "V" || state == "D" || state == "P") {
                const bool reserved = piece.open.count("RESERVATION") == 1 || piece.open.count("DELIVERY") == 1;
                column = reserved                   ? &Row::reserved
                         : piece.quarantined        ? &Row::quarantined
                         : !piece.disputes.empty() ? &Row::disputed
                                                    : &Row::available;
            } else if (state == "R") {
                column = &Row::hold;
            } else if (state == "K") {
                column = &Row::packed;
            } else if (state == "T") {
                column = &Row::in_transit_to;
                site = piece.dest;
            } else if (state == "M" || state == "W") {
                column = state == "M" ? &Row::on_memo : &Row::in_repair;
                site = piece.put_by;
            }
            if (column == nullptr) continue;
            const auto owner = piece.owner.starts_with("HOUSE") ? projections::StockOwner::kHouse
                                                                : projections::StockOwner::kClient;
            ++(wanted[{static_cast<SiteId>(site), owner}].*column);
        }
        projections::StockQuery query;
        query.own_only = false;
        const auto rows = reading.stock(query, {});
        RC_ASSERT(rows.has_value());
        RC_ASSERT(rows->next.empty());
        for (const auto column : {&Row::available, &Row::reserved, &Row::quarantined, &Row::damaged, &Row::disputed,
                                  &Row::carnet, &Row::hold, &Row::packed, &Row::in_transit_to, &Row::on_memo,
                                  &Row::in_repair}) {
            std::map<std::pair<SiteId, projections::StockOwner>, std::uint64_t> told, own;
            for (const Row& row : rows->rows) {
                if (row.*column != 0) told[{row.site, row.owner}] += row.*column;
            }
            for (const auto& [key, row] : wanted) {
                if (row.*column != 0) own[key] = row.*column;
            }
            RC_ASSERT(told == own);
        }
    }

    const History& history_;
    const SalonModel now_;
    Salons& salons_;
};

}  // namespace daybook::model
