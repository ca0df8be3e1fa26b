// The auditor: the invariants I1 to I20 of the domain, recomputed from the events of the log.
//
// Purpose.   Says for each invariant what was checked, how many, and what violates it, by event. It trusts no state of
//            the engine: it folds the stored events anew, in both times, with code of its own, and only I11 looks at
//            the read models, which it has folded again beside them.
// Threads.   Any one thread; it may run while the ledger takes commands, and looks at what was there when it began.
// Failure.   An Error only where it could not go on (a damaged log, no room for its scratch files, cancelled). What is
//            wrong with the events is in the report.
// Limits.    Memory: limits::kAuditMemoryBytes, the longest chain of one piece, and what is proportional to pieces,
//            accounts, parties, rules, sessions and corrections, never to events. Everything else goes through sorted
//            scratch files, about 250 bytes a line of an event.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/ids.h"
#include "engine/base/limits.h"
#include "engine/crypto/signature.h"
#include "engine/log/event_log.h"

namespace daybook::projections {
class Views;
}

namespace daybook::audit {

class Past;

inline constexpr int kInvariants = 20;

// Something that violates an invariant, or that the invariant lists.
struct Remark {
    Position event = kNoPosition;  // kNoPosition: no single event
    std::string what;              // for a person: which piece or account, what is, what should be
};

// What became of one invariant.
struct Finding {
    int number = 0;            // 1 … 20
    std::string_view name;     // "One place"
    std::string_view unit;     // what `checked` counts: "pieces"
    std::uint64_t checked = 0;
    std::uint64_t violated = 0;
    std::vector<Remark> violations;  // the first limits::kAuditRemarksMax, by event
    std::uint64_t listed = 0;        // what it does not refuse, but names (I16, I18, I20)
    std::vector<Remark> list;        // the first of them
    std::string not_checked;   // not empty: why it was not looked at, here and now
};

struct Report {
    Position from = 0, to = 0;  // events [from, to) were judged; all before them were read
    std::vector<Finding> findings;  // of I1 … I20
    [[nodiscard]] bool sound() const;  // nothing that was checked is violated
};

// Public keys by the names that checkpoints give their signers.
using Keys = std::map<std::string, PublicKey, std::less<>>;
// Of a text that has, for each key, a line "signer <name>" and the key in PEM. kInvalid: it is none.
Result<Keys> read_keys(std::string_view text);

struct Options {
    // Only what concerns events of [from, to) is counted and named. Events before `from` are read, because they make
    // the state that the others are judged by; those from `to` on are left out, as if they had not happened yet:
    // it must not lie inside an atomic batch.
    Position from = 0;
    Position to = kNoPosition;
    std::filesystem::path scratch;  // for its files; empty: the system's place for temporary files
    std::size_t memory_bytes = limits::kAuditMemoryBytes;  // of each sorted heap of records
    Keys keys;  // to verify checkpoints with; those of other signers are listed
    Past* past = nullptr;  // for I10; nullptr: what is answered from lists (due, counts, held …) is not looked at
};

// Called now and then; false ends the work with kStopped.
using Progress = std::function<bool(std::string_view what, Position done, Position of)>;

// `views` may be nullptr: then I10 and I11 are not checked.
Result<Report> run(const log::EventLog& log, const projections::Views* views, const Options& options,
                   const Progress& progress = {});

}  // namespace daybook::audit
