// One generation of the read models: a store and the eight folds that fill it. A rebuild makes a second one.
//
// Threads.   As those of a Store: one folds, any reads.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine/base/error.h"
#include "projections/accounts/accounts.h"
#include "projections/custody/custody.h"
#include "projections/days/days.h"
#include "projections/glossary.h"
#include "projections/history/counts.h"
#include "projections/history/history.h"
#include "projections/obligations/obligations.h"
#include "projections/registers/registers.h"
#include "projections/search/search.h"
#include "projections/stock/stock.h"
#include "projections/store/store.h"

namespace daybook::projections {

class Generation {
public:
    static Result<std::shared_ptr<Generation>> open(const StoreOptions& options, std::uint32_t publish_events,
                                                    PositionOf position_of);

    // Loads fresh books from the newest settled run, to whose position store() stands.
    Result<void> load(custody::Books& books);

    // Takes the next event in; publishes now and then, never within an atomic batch.
    void fold(const Step& step);
    // Calls near() or touch() of the layer for the keys that most events change.
    using Ask = void (Layer::*)(Table, std::string_view) const;
    void ask_for(const custody::Event& event, Ask ask) const;
    void settle(std::string book);
    void publish();
    // Sums in memory are kept under indexes of the glossary: to be called when another one is used from here on.
    void forget();

    [[nodiscard]] Store& store() { return *store_; }
    [[nodiscard]] const Store& store() const { return *store_; }

private:
    Generation(std::unique_ptr<Store> store, std::uint32_t publish_events, PositionOf position_of)
        : store_(std::move(store)), publish_events_(publish_events), history_(std::move(position_of)) {}
    Result<void> fold_all(const Step& step);
    void flush();

    std::unique_ptr<Store> store_;
    const std::uint32_t publish_events_;
    CustodyFold custody_;
    HistoryFold history_;
    CountsFold counts_;
    AccountsFold accounts_;
    ObligationsFold obligations_;
    StockFold stock_;
    DaysFold days_;
    SearchFold search_;
    RegistersFold registers_;
    bool inside_batch_ = false;
};

}  // namespace daybook::projections
