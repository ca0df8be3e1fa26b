// The obligations view: what was promised, by when, and what became of it.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "engine/base/error.h"
#include "projections/glossary.h"
#include "projections/rows.h"
#include "projections/store/store.h"

namespace daybook::projections {

struct DueQuery;

class ObligationsFold {
public:
    void fold(const Step& step, Store& store);

private:
    std::string site_, due_, value_;
};

Result<std::optional<ObligationRow>> read_obligation(const ReadPoint& point, const custody::ObligationRef& ref);
// Open ones by due time, of one site or of all; those without a due time last. A later page leaves out what was opened
// since the first one; what was closed since is gone from it.
Result<void> each_obligation(const ReadPoint& point, const std::function<void(const ObligationRow&)>& row);
Result<Rows<ObligationRow>> read_due(const ReadPoint& point, const DueQuery& query, const Page& page);

}  // namespace daybook::projections
