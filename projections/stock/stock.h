// The stock view: pieces by model and site, each in one column.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "engine/base/error.h"
#include "projections/counters.h"
#include "projections/glossary.h"
#include "projections/rows.h"
#include "projections/store/store.h"

namespace daybook::projections {

struct StockQuery;

enum class StockColumn : std::uint8_t {
    kAvailable,
    kReserved,
    kQuarantined,
    kDamaged,
    kDisputed,
    kCarnet,
    kHold,
    kPacked,
    kInTransitTo,
    kOnMemo,
    kInRepair
};
inline constexpr std::size_t kStockColumnCount = 11;

// Where a piece is counted. `to_site`: of a piece in transit, the site it is on the way to.
struct StockPlace {
    StockColumn column{};
    SiteId site = 0;
    friend bool operator==(const StockPlace&, const StockPlace&) = default;
};
// nullopt: it is in no column, as with what is outside, missing, written off or gone.
std::optional<StockPlace> stock_place(const custody::Item& item, SiteId to_site);
StockOwner stock_owner(const custody::Item& item);

struct StockSums {
    std::array<std::int64_t, kStockColumnCount> pieces{};
    std::int64_t insured_minor = 0;
    [[nodiscard]] bool empty() const { return *this == StockSums{}; }
    void write(std::string& out) const;
    bool read(std::string_view bytes);
    friend bool operator==(const StockSums&, const StockSums&) = default;
};

class StockFold {
public:
    Result<void> fold(const Step& step, Store& store);
    void flush(Store& store) { sums_.flush(store); }
    void forget() { sums_.forget(); }

private:
    struct Key {
        std::uint32_t model = 0;  // index of Names
        SiteId site = 0;
        StockOwner owner{};
        friend bool operator==(const Key&, const Key&) = default;
    };
    struct KeyHash {
        std::size_t operator()(const Key& key) const {
            return UuidHash{}({key.model, std::uint64_t{key.site} << 8 | static_cast<std::uint64_t>(key.owner)});
        }
    };
    Result<void> add(const custody::Item& item, const StockPlace& place, std::int64_t sign, const Step& step,
                     Store& store);

    using Sums = Counters<Key, StockSums, KeyHash>;
    Sums sums_{Table::kStock, Sums::Empties::kKept};
};

Result<Rows<StockRow>> read_stock(const ReadPoint& point, const StockQuery& query, const Page& page);

}  // namespace daybook::projections
