// What can be asked of a ledger, by name: the one list of questions that the HTTP door and the program share. An answer
// is a message of schemas/daybook/v1/view.proto as JSON, and says in `as_of` which position it reflects.
//
//   items/{item}                       where a piece is, and all that is known of it   valid_at, known_at
//   items/{item}/history               its events                    known_at; rows, cursor, newest_first
//   items/{item}/next                  what can be done with it now, and if not, why not: site, type
//   items/{item}/chain                 its stays without gaps at (V, R)       valid_at, known_at
//   items/{item}/believed              what was believed at known_at, what at and_at, and which events made the
//                                      difference: valid_at, or from and to
//   items/{item}/holder                who held it, under what, how sure      valid_at, known_at
//   items                              search: model, collection, category, metal, stone, text; epc; number (of a
//                                      label or paper); site, available, retail_from, retail_to; rows, cursor
//   held/{path…}                       what an account held within [from, to): from, to, known_at; rows, cursor
//   held                               the same of a person, a party or a parcel: person, party, parcel
//   statements/{path…}                 opening + came - went = closing: from, to, or `at` for a business day; known_at;
//                                      rows, cursor
//   trial-balance                      pieces and supplies by class of account, and the verdicts of invariants: check
//                                      (hold every piece against the accounts); valid_at, known_at
//   stock                              by model and site: model, site, own_only; valid_at, known_at; rows, cursor
//   accounts                           those that hold pieces: class, site; valid_at, known_at; rows, cursor
//   accounts/{path…}                   what is in one              valid_at, known_at; rows, cursor
//   due                                open obligations, overdue first: site, kind, before; valid_at, known_at; rows,
//                                      cursor
//   out                                pieces signed out, overdue first: site, person; rows, cursor
//   transit                            transfers on their way: site, way (in, out); rows, cursor
//   memos                              memos that run, with their age: site, party, way; rows, cursor
//   repairs                            how far each is, and for whom it waits: site; rows, cursor
//   reservations                       pieces held for somebody, or sold for later: site, party, before; rows, cursor
//   deadlines                          what is due to somebody else: site, before; rows, cursor
//   days/{site}                        business days;  with `at`: the entries of the day that contains it; rows, cursor
//   sales/{site}                       sales and credits of a day, and what papers are missing: at; rows, cursor
//   inspections                        pieces in hold that wait for a verdict, or failed: site; valid_at, known_at;
//                                      rows, cursor
//   replenish                          models below their target: site, model
//   supplies                           supplies below their reorder point: site, all
//   since                              what happened since `from` (a position or a time), exceptions first: site, rows
//   changes                            pieces that changed since a token: token, rows
//   authority/{principal}              roles, and by which events: valid_at (which of them hold then; also `at`);
//                                      known_at
//   limits                             limits of a site, and how far each is used: site
//   coverage                           when each account of a site was counted last: site
//   counted                            pieces inside and the last count that matched each: site, days, overdue;
//                                      valid_at, known_at; rows, cursor
//   counted/{path…}                    the same of one account
//   late                               late entries and corrections, and what they passed: from, to, site;
//                                      known_at; rows, cursor
//   corrections                        what was superseded, and by what: from, to, site; known_at; rows, cursor
//   counts                             counts of a site, with what they found: site; known_at; rows, cursor
//   counts/{count}                     its sheet: pieces and supplies, expected and found: rows, cursor
//   documents/{number…}                the life of a document, by its number: known_at; rows, cursor
//   reconciliation/{site}              a business day in numbers, account by account: at; known_at
//   refused                            commands that were refused, the newest first: rows, cursor
//   range                              digest of [from, to) of the log, as it is exported
//   checkpoint                         Merkle root and signed text of a checkpoint over so many events: size
//   events                             recorded events: from (a position), rows
//   events/{position}                  one
//   digest                             each read model's digest
//   status                             how far log and read models are
//   stream                             how the publishers to Kafka stand
//   stream/snapshot/custody            every piece that is not gone: rows, cursor
//   stream/snapshot/stock              every model at every site
//
// valid_at: a time; left out: now, or the newest that has occurred, which may lie ahead of the clock. known_at: a time,
// or a position; left out: what is known now. Answers to such questions never change: as_of has both, and asked again
// with them the answer is the same to the byte.
//
// cursor: `next` of the page before, with the same parameters but for rows. All pages are of the first one's (V, R);
// where nothing tells the past (questions without valid_at and known_at), a later page is refused once the read models
// have moved on.
//
// Every question also takes at_least (a position: wait until the answer reflects it) and wait_ms (how long, 5,000 at
// most; default 2,000).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/time.h"
#include "engine/stream/publisher.h"

namespace daybook {
class Ledger;
}

namespace daybook::api {

struct Question {
    std::vector<std::string> path;              // "items", "{id}", "history": decoded
    std::map<std::string, std::string> params;  // decoded

    // "items/0198…/history?rows=10", as above, percent-encoded.
    static Question parse(std::string_view text);
};

// One publisher to Kafka.
struct Streaming {
    std::uint32_t generation = 1;
    std::string topics;  // what their names begin with: "daybook.<ledger>"
    stream::Status status;
};

// What status() cannot know by itself.
struct EngineStatus {
    bool accepting = false;
    std::string stopped_because;
    std::uint64_t queued = 0;
    std::vector<Streaming> streams;  // the first one counts where one number is asked for
};

// Answers questions from a ledger, which outlives it. Any thread.
class Questions {
public:
    Questions(Ledger& ledger, const Clock& clock, std::function<EngineStatus()> status);

    // kNotFound: no such piece, account, position. kInvalid: no such question, or a parameter that is wrong; the
    // message names it. kTimeout: the answer does not reflect `at_least` yet.
    [[nodiscard]] Result<std::string> answer(const Question& question) const;

private:
    Ledger& ledger_;
    const Clock& clock_;
    std::function<EngineStatus()> status_;
};

// The paths of all questions: "items/*/history"; "*" is any one part, "**" all that follow.
std::vector<std::string> question_paths();

}  // namespace daybook::api
