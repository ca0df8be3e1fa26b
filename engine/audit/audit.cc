#include "engine/audit/audit.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <system_error>

#include "engine/audit/internal/answers.h"
#include "engine/audit/internal/due.h"
#include "engine/audit/internal/findings.h"
#include "engine/audit/internal/pieces.h"
#include "engine/audit/internal/scan.h"
#include "engine/audit/internal/sessions.h"
#include "engine/audit/internal/sums.h"
#include "projections/views.h"

namespace daybook::audit {
namespace {

constexpr Position kProgressEvery = 16'384;

// Says how far it is, now and then.
class Pace {
public:
    Pace(const Progress& progress, std::string_view what, Position of) : progress_(progress), what_(what), of_(of) {}
    Result<void> step() {
        if (++done_ % kProgressEvery != 0 || !progress_ || progress_(what_, std::min(done_, of_), of_)) return {};
        return fail(ErrorCode::kStopped, "the audit was stopped");
    }

private:
    const Progress& progress_;
    std::string_view what_;
    Position of_;
    Position done_ = 0;
};

Result<void> scan(const log::EventLog& log, const Options& options, Findings& findings, Gathered& gathered,
                  const Progress& progress) {
    const Position head = log.head(), to = options.to;
    Scan scanning(log, options.keys, findings, gathered);
    Pace pace(progress, "events", std::min(to, head));
    constexpr Position kStretch = 1u << 20;  // a cursor holds back the release of files
    for (Position from = 0; from < std::min(to, head); from += kStretch) {
        auto cursor = log.scan(from, std::min({from + kStretch, to, head}));
        while (true) {
            DAYBOOK_ASSIGN(const bool any, cursor.next());
            if (!any) break;
            DAYBOOK_TRY(scanning.take(cursor.bytes(), cursor.position()));
            DAYBOOK_TRY(pace.step());
        }
    }
    return scanning.end(head);
}

Result<void> judge_pieces(Gathered& gathered, const Sessions& sessions, const projections::Reading* answers, Due& due,
                          Findings& findings, const Options& options, const Progress& progress) {
    Sorter<Weighing> weighings(options.scratch, options.memory_bytes / 2);
    Pieces pieces(gathered, sessions, findings, gathered.postings, weighings, answers, due);
    Pace pace(progress, "pieces", gathered.steps.size());
    const auto take = [&](const Step& step) -> Result<void> {
        DAYBOOK_TRY(pace.step());
        return pieces.take(step);
    };
    DAYBOOK_TRY(gathered.steps.each(take));
    DAYBOOK_TRY(pieces.end());
    Pace accounts(progress, "accounts", gathered.postings.size());
    DAYBOOK_TRY(judge_accounts(gathered, answers, findings, [&] { return accounts.step(); }));
    return judge_limits(weighings, gathered.rules, findings);
}

// I10: what is answered about the past from lists.
Result<void> judge_answers(Answers& answers, Due& due, Past& past, const Progress& progress) {
    Position done = 0;
    const Position all = answers.times().size() + due.moments().size();
    const auto step = [&]() -> Result<void> {
        if (!progress || progress("answers", ++done, all)) return {};
        return fail(ErrorCode::kStopped, "the audit was stopped");
    };
    DAYBOOK_TRY(answers.judge(step));
    return due.judge(past, step);
}

// I11: the read models against a fresh fold of the log.
Result<void> judge_views(const log::EventLog& log, const projections::Views& views, Findings& findings,
                         const Progress& progress) {
    const auto step = [&](Position done, Position of) { return !progress || progress("read models", done, of); };
    DAYBOOK_ASSIGN(const auto checks, views.verify(log, step));
    for (const auto& check : checks) {
        findings.checked(11, kNoPosition, check.rows);
        if (!check.difference.empty())
            findings.violated(11, kNoPosition, "read model " + check.view + ": " + check.difference);
    }
    return {};
}

}  // namespace

Result<Keys> read_keys(std::string_view text) {
    constexpr std::string_view kSigner = "signer ";
    Keys keys;
    const auto begins = [&](std::size_t at) {
        return text.substr(at, kSigner.size()) == kSigner && (at == 0 || text[at - 1] == '\n');
    };
    for (std::size_t at = text.find(kSigner); at != std::string_view::npos;) {
        std::size_t next = text.find(kSigner, at + 1);
        while (next != std::string_view::npos && !begins(next)) next = text.find(kSigner, next + 1);
        const std::string_view part = text.substr(at, next - at);
        at = next;
        const std::size_t line = std::min(part.find('\n'), part.size());
        std::string signer(part.substr(kSigner.size(), line - kSigner.size()));
        while (!signer.empty() && (signer.back() == '\r' || signer.back() == ' ')) signer.pop_back();
        const auto key = PublicKey::from_pem(part.substr(line));
        if (!key) {
            return fail(ErrorCode::kInvalid, "the key of '" + signer + "' is no Ed25519 public key in PEM, as " +
                                                 "`openssl pkey -pubout` writes it");
        }
        keys.insert_or_assign(signer, *key);
    }
    if (keys.empty() && !text.empty())
        return fail(ErrorCode::kInvalid, "there are no keys: a line 'signer <name>' stands before each");
    return keys;
}

Result<Report> run(const log::EventLog& log, const projections::Views* views, const Options& given,
                   const Progress& progress) {
    Options options = given;
    const Position head = log.head();
    options.to = std::min(options.to, head);
    if (options.from > options.to) {
        return fail(ErrorCode::kInvalid, "events from " + std::to_string(options.from) + " to " +
                                             std::to_string(options.to) + " are none; the ledger has " +
                                             std::to_string(head));
    }
    if (options.scratch.empty()) {
        std::error_code failed;
        options.scratch = std::filesystem::temp_directory_path(failed);
        if (failed) return fail(ErrorCode::kNotWritable, "there is no place for temporary files; name one (--scratch)");
    }
    Findings findings(options.from, options.to);
    Gathered gathered(options.scratch, options.memory_bytes);
    DAYBOOK_TRY(scan(log, options, findings, gathered, progress));
    const Sessions sessions(gathered, findings);
    std::optional<projections::Reading> answers;
    if (views != nullptr) {
        if (!views->wait_for(options.to, after(limits::kHttpTimeout)))
            return fail(ErrorCode::kTimeout, "the read models are behind the log; try again when they have caught up");
        DAYBOOK_ASSIGN(answers, views->read());
    }
    std::optional<Answers> lists;
    Due due(log, gathered, findings, options);
    if (options.past != nullptr) {
        DAYBOOK_TRY(lists.emplace(log, gathered, *options.past, findings).choose(options.from, options.to));
        DAYBOOK_TRY(due.choose(lists->times()));
    }
    DAYBOOK_TRY(judge_pieces(gathered, sessions, answers ? &*answers : nullptr, due, findings, options, progress));
    DAYBOOK_TRY(judge_supplies(gathered, answers ? &*answers : nullptr, findings));
    if (lists) DAYBOOK_TRY(judge_answers(*lists, due, *options.past, progress));
    if (views != nullptr) {
        DAYBOOK_TRY(judge_views(log, *views, findings, progress));
    } else {
        findings.not_checked(10, "there are no read models here to be asked about the past");
        findings.not_checked(11, "there are no read models here to hold against the log");
    }
    findings.not_checked(17,
                         "no broker was named; `daybook stream check` reads the topics and holds them against the log");
    return Report{options.from, options.to, findings.take()};
}

}  // namespace daybook::audit
