// The registers view: events that are looked for by something else than a piece, an account or a day. Late entries and
// corrections in the order of their recording, counts that ended, by site, and every event that carries a number of a
// paper.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/codec/papers.h"
#include "projections/glossary.h"
#include "projections/rows.h"
#include "projections/store/store.h"

namespace daybook::projections {

class RegistersFold {
public:
    void fold(const Step& step, Store& store);

private:
    void enter(Register name, SiteId site, const Step& step, Store& store);

    std::string group_, entry_;
    std::vector<codec::PaperNumber> numbers_;
};

// The entries of a register at positions in [from, to), the oldest first, `enough` or some more. `site`: of the count
// register; 0 in the others.
Result<std::vector<RegisterRow>> read_register(const ReadPoint& point, Register name, SiteId site, Position from,
                                               Position to, std::size_t enough);
// The events that carry a number, the oldest first.
Result<std::vector<NumberRow>> read_number(const ReadPoint& point, std::string_view number, Position from, Position to,
                                           std::size_t enough);

}  // namespace daybook::projections
