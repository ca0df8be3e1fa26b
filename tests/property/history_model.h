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
    // When an act that does not say when is taken to have happened.
    [[nodiscard]] std::int64_t stamp(const Act& act, std::int64_t now) const;

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
        std::set<std::string> matched;        // of an attestation
    };
    [[nodiscard]] const std::vector<Record>& records() const { return records_; }
    [[nodiscard]] bool effective(std::size_t seq, std::size_t known) const { return told(known).effective[seq]; }
    // The effective correction of it that is known.
    [[nodiscard]] std::optional<std::size_t> corrected_by(std::size_t seq, std::size_t known) const;
    // That, or the one of the declaration whose corrective it is: why it does not count.
    [[nodiscard]] std::optional<std::size_t> void_by(std::size_t seq, std::size_t known) const;
    // Where a piece was at (V, R), from its registration on, empty stays left out.
    struct Stay {
        std::string account;
        std::int64_t from = 0;
        std::size_t opened_by = 0;
    };
    [[nodiscard]] std::vector<Stay> stays(const std::string& piece, std::optional<std::int64_t> valid,
                                          std::size_t known) const;
    // Of a piece that is registered: when it came where it is now, by what; its newest event, and by valid time.
    struct Put {
        std::int64_t since = 0, last_at = 0;
        std::size_t by = 0, last = 0;
    };
    [[nodiscard]] Put put(const std::string& piece) const;
    // The attested counts that looked into an account, in the order of their attestations.
    struct Counted {
        std::size_t attested = 0;
        std::int64_t opened_at = 0;
    };
    [[nodiscard]] std::vector<Counted> counts(const std::string& account, std::size_t known) const;
    // "An attested count reads RECHECK at R when the legs on its accounts earlier than its CountOpened, as known at R,
    // differ from those known at its attestation; a later attested count of the account supersedes it."
    [[nodiscard]] bool to_be_rechecked(const std::string& account, const Counted& count, std::size_t known) const;
    // When the last count was opened, up to `valid`, that matched a piece.
    [[nodiscard]] std::optional<std::int64_t> last_matched(const std::string& piece, std::optional<std::int64_t> valid,
                                                           std::size_t known) const;
    // The five lists of an open count as of now, by name; empty where there is no such count.
    using Lists = std::map<std::string, std::set<std::string>>;
    [[nodiscard]] Lists lists(const std::string& count) const;
    // The greatest valid time of what is effective among the first `known`.
    [[nodiscard]] std::int64_t newest(std::size_t known) const;
    // The first event of each piece's chain (and of sessions and supplies: "") that is no longer legal, with its error.
    using Broken = std::map<std::string, std::pair<std::size_t, std::string>>;
    [[nodiscard]] Broken broken() const;
    // That of the newest E_CORRECTION_CONFLICT.
    [[nodiscard]] const Broken& conflicts() const { return conflicts_; }

private:
    // Told anew whenever something was recorded; `told_` keeps it for the questions until then.
    struct Telling {
        std::vector<bool> effective;
        std::vector<const Record*> in_order;
    };
    [[nodiscard]] const Telling& told(std::size_t known) const;
    [[nodiscard]] const std::vector<const Record*>& in_order(std::size_t known) const { return told(known).in_order; }
    void keep(std::size_t records);
    // The effective events before a place in valid time, with what is known of the whole log.
    [[nodiscard]] SalonModel before(std::int64_t at, std::size_t place, std::size_t seq) const;
    [[nodiscard]] std::string judge(const Act& act, std::int64_t at, std::size_t place, std::int64_t now) const;
    [[nodiscard]] std::string judge_declaration(const Correction& correction) const;
    [[nodiscard]] std::string judge_corrective(const Record& record, std::int64_t now) const;
    [[nodiscard]] std::set<std::tuple<std::string, std::int64_t, bool>> legs_on(const std::string& account,
                                                                                std::int64_t before,
                                                                                std::size_t known) const;
    [[nodiscard]] bool closes_vault(const std::string& count) const;
    [[nodiscard]] bool held_by_its_count(const Correction& correction) const;
    [[nodiscard]] bool vault_shut(const Record& record) const;
    [[nodiscard]] bool fenced(const Act& act, const SalonModel& here, std::int64_t at) const;
    [[nodiscard]] std::map<std::string, long> versions() const;
    [[nodiscard]] std::set<std::string> obligations() const;
    Record& add(const Act& act, std::int64_t at, std::size_t place, const SalonModel& here);

    const SalonModel blank_;  // the tables, and nothing that happened
    std::vector<Record> records_;
    mutable std::map<std::size_t, Telling> told_;
    Broken conflicts_;
};

}  // namespace daybook::model
