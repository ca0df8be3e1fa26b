// Whoever answers questions about the past from lists, for I10 (engine/api). What is asked is as known at the event at
// `newest`, the last of its batch, and of the newest valid time that is known.
#pragma once

#include <cstddef>
#include <set>
#include <string>

#include "engine/base/error.h"
#include "engine/base/ids.h"
#include "engine/custody/account.h"

namespace daybook::audit {

struct Listed {
    Position newest = 0;  // as the answer says
    bool whole = true;    // false: there is more than it shows
    std::set<std::string> rows;
};

class Past {
public:
    virtual ~Past() = default;
    // "<count> since event <opening>"
    virtual Result<Listed> open_counts(Position newest) = 0;
    // "site <site> since event <opening>"
    virtual Result<Listed> open_sessions(Position newest) = 0;
    // "<count> open", then "<count> ended by event <end>", the newest first: so many rows.
    virtual Result<Listed> counts(SiteId site, std::size_t rows, Position newest) = 0;
    // What `by` ("party=<party>", "person=<principal>"; empty: the account itself) ever held in the account:
    // "<piece> from event <event> to event <event>", or "to now".
    virtual Result<Listed> held(const std::string& by, const custody::AccountId& account, Position newest) = 0;
    // What the open day of a site expects in its accounts, and what they hold: "<account> with <pieces>"
    virtual Result<Listed> expected(SiteId site, Position newest) = 0;
    virtual Result<Listed> contents(SiteId site, Position newest) = 0;
};

}  // namespace daybook::audit
