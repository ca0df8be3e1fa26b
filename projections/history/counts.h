// Attested counts by account: which looked into it, and when. What each found is in its event.
#pragma once

#include <string>
#include <vector>

#include "engine/base/error.h"
#include "projections/glossary.h"
#include "projections/rows.h"
#include "projections/store/store.h"

namespace daybook::projections {

class CountsFold {
public:
    Result<void> fold(const Step& step, Store& store);

private:
    std::string key_, value_;
};

// In order of position, of those before `known`; those that are corrected too.
Result<std::vector<CountRow>> read_counts(const ReadPoint& point, const custody::AccountId& account, Position known);

}  // namespace daybook::projections
