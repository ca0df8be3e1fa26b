// The oracle of time: everything that was ever recorded, folded anew for each question.
//
// It keeps acts as they were sent, with what was fixed when they were accepted, and judges a late fact or a correction
// by folding the whole history with it in its place: no chain, no index, nothing kept beside the acts. It shares no
// code with engine/, and of the schemas only the matrix.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "tests/property/salon_model.h"

namespace daybook::model {

constexpr std::int64_t kSecondMicros = 1'000'000;

// A declaration of correction, with the acts that take the target's place.
struct Correction {
    Act declaration;                  // actor, attest, site
    std::size_t target = 0;           // the number of a recorded act or declaration
    std::vector<Act> correctives;     // none: it did not occur
};

class History {
public:
    explicit History(const std::string& state_machine_json_path) : blank_(state_machine_json_path) {}

    // What the engine must answer to an act that is recorded at `now`; an accepted one is kept.
    std::string submit(const Act& act, std::int64_t now);
    // The same of a correction: of its whole batch.
    std::string correct(const Correction& correction, std::int64_t now);

    // All pieces at (V, R): the effective events among the first `known` with occurred_at up to `valid`.
    [[nodiscard]] SalonModel at(std::optional<std::int64_t> valid, std::size_t known) const;
    // Now, with versions of the whole log.
    [[nodiscard]] SalonModel now() const;

    struct Record {
        Done done;                            // of an act
        std::int64_t at = 0;                  // valid time
        std::size_t place = 0, seq = 0;
        std::size_t batch_end = 0;            // number of records when its batch is whole
        bool declaration = false;
        std::size_t target = 0;               // of a declaration
        std::optional<std::size_t> declared_by;  // of a corrective
        std::set<std::string> touched;        // pieces that have a line
    };
    [[nodiscard]] const std::vector<Record>& records() const { return records_; }
    [[nodiscard]] bool effective(std::size_t seq, std::size_t known) const;
    // The first event of each piece's chain (and of sessions and supplies: "") that is no longer legal, with its error.
    [[nodiscard]] std::map<std::string, std::pair<std::size_t, std::string>> broken() const;

private:
    [[nodiscard]] std::vector<const Record*> in_order(std::size_t known) const;
    // The effective events before a place in valid time, with what is known of the whole log.
    [[nodiscard]] SalonModel before(std::int64_t at, std::size_t place, std::size_t seq) const;
    [[nodiscard]] std::string judge(const Act& act, std::int64_t at, std::size_t place, bool corrective,
                                    std::int64_t now) const;
    [[nodiscard]] bool fenced(const Act& act, const SalonModel& here, std::int64_t at) const;
    [[nodiscard]] std::map<std::string, long> versions() const;
    [[nodiscard]] std::set<std::string> obligations() const;
    Record& add(const Act& act, std::int64_t at, std::size_t place, const SalonModel& here);
    [[nodiscard]] std::int64_t stamp(const Act& act, std::int64_t now) const;
    void count_lists(const Act& act, Done& done) const;

    const SalonModel blank_;  // the tables, and nothing that happened
    std::vector<Record> records_;
};

}  // namespace daybook::model
