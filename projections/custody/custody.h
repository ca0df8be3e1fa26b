// The custody view: where a piece is now, and all that is known of it. Its rows are also what the books are loaded
// from.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "projections/glossary.h"
#include "projections/rows.h"
#include "projections/store/store.h"

namespace daybook::projections {

class CustodyFold {
public:
    void fold(const Step& step, Store& store);

private:
    std::string value_;
    std::string saved_;
    std::vector<OpenObligation> open_;
};

// The row of a piece; nullopt: not registered.
Result<std::optional<ItemRow>> read_item_row(const ReadPoint& point, const ItemId& item);
Result<void> each_item_row(const ReadPoint& point, const std::function<Result<void>(const ItemRow&)>& row);

// Brings fresh books, into which the saved book was loaded, to the position of the point: all pieces. The point is that
// of a settled run.
Result<void> load_items(const ReadPoint& point, custody::Books& books);

}  // namespace daybook::projections
