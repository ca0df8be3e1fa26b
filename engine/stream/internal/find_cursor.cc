// Where a term goes on: what Kafka holds, read back and held against the ledger.
#include <algorithm>

#include "engine/base/limits.h"
#include "engine/stream/internal/divergence.h"
#include "engine/stream/internal/settings.h"
#include "engine/stream/internal/term.h"

namespace daybook::stream {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kRequest{5'000};      // one request to Kafka
constexpr milliseconds kReadBack{20'000};    // all tails
constexpr milliseconds kMarkersWait{3'000};  // until what is over looks over in every partition

Outcome stopped() { return {Outcome::How::kStopped, {}}; }

// init_transactions has returned, so every transaction of this ledger's publishers is over. One that still looks open
// is one whose end is not written everywhere yet, and behind it there may be records that are committed.
Result<void> check_decided(const Tail& tail) {
    if (tail.high >= tail.end) return {};
    return fail(ErrorCode::kUnavailable,
                "a transaction is still open in " + tail.topic + "/" + std::to_string(tail.partition) + " at offset " +
                    std::to_string(tail.high) +
                    "; if this lasts, look for it with Kafka's kafka-transactions (find-hanging), and abort it");
}

tl::unexpected<Error> foreign_record(const Tail& tail) {
    return fail(ErrorCode::kForeign, "topic " + tail.topic + " holds a record that is not this ledger's (ce_id \"" +
                                         tail.last->id + "\"): nobody else may write to it");
}

}  // namespace

// What is read is doubted where it cannot be the whole: partitions of a topic that was just made, or of a broker that
// just came back, may have no leader yet, or may not show yet what had been committed.
std::optional<Outcome> Term::find_cursor(const Readers& readers, Producer& producer, std::uint32_t partitions,
                                         Cursor& cursor) {
    const Deadline patience = after(config_.options.doubt);
    const Deadline markers = after(std::min(kMarkersWait, config_.options.doubt));
    milliseconds wait = config_.options.retry_min;
    bool aborted = false;
    while (true) {
        if (stopping() || !step("reading the cursor back", kReadBack * 2)) return stopped();
        auto judged = judge_cursor(readers, partitions);
        if (judged) {
            cursor = std::move(*judged);
            break;
        }
        const Error& error = judged.error();
        const bool less = error.code == ErrorCode::kNotFound;
        if (!less && error.code != ErrorCode::kUnavailable) return refused(error);
        if (!open_.empty() && !aborted && std::chrono::steady_clock::now() >= markers) {
            if (auto outcome = abort_left_open(producer)) return outcome;
            aborted = true;
            continue;
        }
        if (std::chrono::steady_clock::now() >= patience) {
            return Outcome{less ? Outcome::How::kRefused : Outcome::How::kAgain, error.message};
        }
        // That a topic which was just made has no leader yet is no error worth telling.
        const bool telling = less || !open_.empty() || std::chrono::steady_clock::now() >= markers;
        if (telling) {
            report([&](Status& status) {
                status.last_error = error.message;
                status.last_error_at = clock_.now();
            });
        }
        if (!pause(jittered(wait))) return stopped();
        wait = std::min(wait * 2, config_.options.retry_max);
    }
    if (cursor.torn > 0) {
        say(Options::Severity::kWarning, "a torn commit left records behind position " + std::to_string(cursor.next) +
                                             " in " + std::to_string(cursor.torn) +
                                             " partitions; they are kept and not published again");
    }
    return std::nullopt;
}

// Where histories differ, with the position at which they begin to.
Outcome Term::refused(const Error& error) {
    constexpr std::string_view kDiverged = "diverged";
    if (!error.message.starts_with(kDiverged) || !step("looking for the first difference", kReadBack * 2)) {
        return {Outcome::How::kRefused, error.message};
    }
    const auto client = kafka::Client::make(kafka::Client::Kind::kConsumer,
                                            lone_reader(client_settings(config_.options)));
    const std::lock_guard gate(source_gate_);
    if (!client || stopping()) return {Outcome::How::kRefused, error.message};
    const auto position = first_difference(*client, config_.topics(), *config_.source, after(kRequest));
    if (!position || !*position) return {Outcome::How::kRefused, error.message};
    return {Outcome::How::kRefused, std::string(kDiverged) + " at position " + std::to_string(**position) +
                                        error.message.substr(kDiverged.size())};
}

// A broker that is killed and comes back may answer that the last transaction is over, and never write its markers to
// some of the partitions: it then stays open there for good, and the next commit there would take it along, whatever
// had become of it. So it is ended first, by a transaction of this producer that writes to the same partitions and is
// aborted. Nobody has read what is lost by that, since readers wait at an open transaction; where the same transaction
// is committed in other partitions, what is left is a torn commit, and repaired as one.
std::optional<Outcome> Term::abort_left_open(Producer& producer) {
    say(Options::Severity::kWarning, "the last transaction was left open in " + std::to_string(open_.size()) +
                                         " partitions although it is over; it is aborted there and published again");
    if (auto done = producer.abort_left_open(open_); !done) return broken(done.error());
    const std::lock_guard lock(mutex_);
    known_.reset();
    return std::nullopt;
}

Result<Cursor> Term::judge_cursor(const Readers& readers, std::uint32_t partitions) {
    DAYBOOK_ASSIGN(const Found found, read_back(readers, partitions));
    return compare_with_ledger(found, partitions);
}

Result<Found> Term::read_back(const Readers& readers, std::uint32_t partitions) {
    const TopicSet topics = config_.topics();
    std::vector<Tail> tails(2 + partitions);
    std::vector<std::pair<Topic, std::uint32_t>> places{{Topic::kControl, 0}};
    tails[0].topic = topics.name(Topic::kControl);
    for (std::uint32_t i = 0; i < partitions; ++i) {
        tails[i + 1].topic = topics.name(Topic::kEvents);
        tails[i + 1].partition = i;
        places.emplace_back(Topic::kEvents, i);
    }
    tails.back().topic = topics.name(Topic::kLog);
    places.emplace_back(Topic::kLog, 0);
    for (const Topic topic : {Topic::kCustody, Topic::kStock}) {
        for (std::uint32_t i = 0; i < partitions && config_.publishes(topic); ++i) {
            tails.push_back({.topic = topics.name(topic), .partition = i, .ends_only = true});
            places.emplace_back(topic, i);
        }
    }
    open_.clear();
    DAYBOOK_TRY(read_tails(readers, tails, after(kReadBack)));
    for (std::size_t i = 0; i < tails.size(); ++i) {
        if (tails[i].high < tails[i].end) open_.push_back(places[i]);
    }
    for (const Tail& tail : tails) DAYBOOK_TRY(check_decided(tail));
    const Tail& log = tails[1 + partitions];
    Found found;
    for (const Topic topic : {Topic::kCustody, Topic::kStock}) {
        bool untouched = config_.publishes(topic);
        for (std::size_t i = 0; i < tails.size(); ++i) untouched &= places[i].first != topic || tails[i].end == 0;
        if (untouched) found.untouched.push_back(topic);
    }
    found.offsets = "the control topic holds offsets " + std::to_string(tails[0].low) + " to " +
                    std::to_string(tails[0].high);
    if (tails[0].last) {
        DAYBOOK_ASSIGN(found.control, codec::control_from_json(tails[0].last->value));
    }
    for (std::uint32_t i = 0; i < partitions; ++i) {
        const Tail& tail = tails[i + 1];
        std::optional<RecordPlace> place;
        if (tail.last) {
            place = parse_record_id(config_.ledger.text(), tail.last->id);
            if (!place) return foreign_record(tail);
        }
        found.places.push_back(place);
        found.emptied.push_back(!tail.last && tail.low > 0);
    }
    found.log_emptied = !log.last && log.low > 0;
    if (log.last) {
        found.log_next = parse_frame_id(config_.ledger.text(), log.last->id);
        if (!found.log_next) return foreign_record(log);
    }
    return found;
}

Result<Cursor> Term::compare_with_ledger(const Found& found, std::uint32_t partitions) {
    const std::lock_guard gate(source_gate_);
    if (stopping()) return fail(ErrorCode::kUnavailable, "the publisher is stopping");
    const Source& source = *config_.source;
    DAYBOOK_ASSIGN(Cursor cursor, judge(found, config_.ledger, source.head(), partitions,
                                               to_string(config_.options.format), known()));
    if (!found.control || cursor.next == 0) return cursor;
    DAYBOOK_ASSIGN(const Hash root, source.root(cursor.next));
    if (root != found.control->root) {
        return fail(ErrorCode::kForeign, "diverged: the events below position " + std::to_string(cursor.next) +
                                             " that Kafka holds are not this ledger's; nothing is published over them");
    }
    RecordMaker maker(config_.ledger, partitions, config_.options.format);
    std::vector<Record> last;
    Result<void> made;
    DAYBOOK_TRY(source.read(cursor.next - 1, cursor.next, [&](Position, std::string_view stored) {
        made = maker.add(stored, last);
        return true;
    }));
    DAYBOOK_TRY(made);
    DAYBOOK_TRY(check_last(found, last));
    return cursor;
}

}  // namespace daybook::stream
