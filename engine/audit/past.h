// Whoever answers questions about the past from lists, for I10 (engine/api). What is asked is as known at the event at
// `newest`, the last of its batch, and of the newest valid time that is known.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/ids.h"
#include "engine/base/time.h"
#include "engine/custody/account.h"
#include "engine/custody/command.h"

namespace daybook::audit {

struct Listed {
    Position newest = 0;  // as the answer says
    bool whole = true;    // false: there is more than it shows
    std::set<std::string> rows;
};

// A piece that an account held from one event to another.
struct Held {
    std::string item;
    Position from = kNoPosition;
    Position to = kNoPosition;  // kNoPosition: it is still there

    friend auto operator<=>(const Held&, const Held&) = default;
};
struct HeldList {
    Position newest = 0;
    bool whole = true;
    std::set<Held> rows;
};

// An obligation that is answered to be open.
struct DueRow {
    custody::ObligationRef ref;
    custody::ObligationKind kind{};
    Position opened_by = kNoPosition;
    std::uint32_t pieces = 0;  // for which it is open; 0: it is an event's own
};
struct DuePage {
    Position newest = 0;  // as the answer says
    std::vector<DueRow> rows;
    std::string next;  // cursor of the page behind it; empty: there is none
};

class Past {
public:
    virtual ~Past() = default;
    // All that is open, of any kind, page by page, at a valid time (nullopt: the newest that is known).
    virtual Result<DuePage> due(Position newest, std::optional<Micros> valid, const std::string& cursor) = 0;
    // The same of now, as the read models keep it, whichever event is the newest.
    virtual Result<DuePage> due_now(const std::string& cursor) = 0;
    // "<count> since event <opening>"
    virtual Result<Listed> open_counts(Position newest) = 0;
    // "site <site> since event <opening>"
    virtual Result<Listed> open_sessions(Position newest) = 0;
    // "<count> open", then "<count> ended by event <end>", the newest first: so many rows.
    virtual Result<Listed> counts(SiteId site, std::size_t rows, Position newest) = 0;
    // What `by` ("party=<party>", "person=<principal>"; empty: the account itself) ever held in the account.
    virtual Result<HeldList> held(const std::string& by, const custody::AccountId& account, Position newest) = 0;
    // What the open day of a site expects in its accounts, and what they hold: "<account> with <pieces>"
    virtual Result<Listed> expected(SiteId site, Position newest) = 0;
    virtual Result<Listed> contents(SiteId site, Position newest) = 0;
};

}  // namespace daybook::audit
