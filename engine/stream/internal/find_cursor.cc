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

constexpr Position kCheckedBack = 100;  // events before the cursor whose records must be there

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
    Backoff waits = backoff();
    bool aborted = false;
    while (true) {
        if (stopping() || !step("reading the cursor back", kReadBack * 2)) return stopped();
        auto judged = judge_cursor(readers, partitions, LastTransaction::kWhole);
        if (judged) {
            cursor = std::move(*judged);
            break;
        }
        const Error error = judged.error();
        const bool less = error.code == ErrorCode::kNotFound;
        if (!less && error.code != ErrorCode::kUnavailable) return refused(error);
        if (!open_.empty() && !aborted && std::chrono::steady_clock::now() >= markers) {
            if (auto outcome = abort_left_open(producer)) return outcome;
            aborted = true;
            continue;
        }
        if (std::chrono::steady_clock::now() >= patience) {
            if (!less) return Outcome{Outcome::How::kAgain, error.message};
            judged = judge_cursor(readers, partitions, LastTransaction::kTorn);
            if (!judged) return Outcome{Outcome::How::kRefused, error.message};
            say(Options::Severity::kWarning, error.message +
                                                 "; the last transaction was torn, and what is lacking of it is " +
                                                 "published again from position " + std::to_string(judged->next));
            cursor = std::move(*judged);
            break;
        }
        // That a topic which was just made has no leader yet is no error worth telling.
        const bool telling = less || !open_.empty() || std::chrono::steady_clock::now() >= markers;
        if (telling) {
            report([&](Status& status) {
                status.last_error = error.message;
                status.last_error_at = clock_.now();
            });
        }
        if (!pause(waits.next())) return stopped();
    }
    if (cursor.torn > 0) {
        report([&](Status& status) { status.repaired += cursor.torn; });
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
//
// Where the cursor is among what was committed, the repair must begin where its transaction began. That is written down
// first, for good: a term that died behind the abort would leave no trace of what is lacking, in custody for one.
std::optional<Outcome> Term::abort_left_open(Producer& producer) {
    if (open_control_) {
        if (auto outcome = go_back(producer, *open_control_)) return outcome;
    }
    say(Options::Severity::kWarning, "the last transaction was left open in " + std::to_string(open_.size()) +
                                         " partitions although it is over; it is aborted there and published again");
    if (auto done = producer.abort_left_open(open_); !done) return broken(done.error());
    const std::lock_guard lock(mutex_);
    known_.reset();
    return std::nullopt;
}

std::optional<Outcome> Term::go_back(Producer& producer, codec::ControlRecord control) {
    const Position next = control.next;
    if (const auto stepped = step_back(control); !stepped) {
        if (stepped.error().code == ErrorCode::kNotFound) return std::nullopt;  // there is nothing to go back over
        return stopping() ? stopped() : refused(stepped.error());
    }
    ++control.epoch;
    control.records = 0;
    control.written_at = clock_.now();
    control.publisher = config_.options.name;
    const auto done = commit_control(producer, codec::control_to_json(control));
    if (!done) return broken(done.error());
    say(Options::Severity::kWarning, "the transaction that was to end at position " + std::to_string(next) +
                                         " may be torn: publishing goes back to position " +
                                         std::to_string(control.next) + ", and leaves out what is there");
    return std::nullopt;
}

Result<void> Term::step_back(codec::ControlRecord& control) {
    const std::lock_guard gate(source_gate_);
    if (stopping()) return fail(ErrorCode::kUnavailable, "the publisher is stopping");
    if (control.ledger != config_.ledger || control.next > config_.source->head()) {
        return fail(ErrorCode::kForeign, "the control topic's cursor, position " + std::to_string(control.next) +
                                             " of ledger " + control.ledger.text() + ", is not this ledger's");
    }
    DAYBOOK_TRY(check_root(control));
    if (!control.from || *control.from >= control.next) {
        return fail(ErrorCode::kNotFound, "the control topic does not say where the last transaction began");
    }
    if (const auto seen = known(); seen && control.next < *seen) {
        return fail(ErrorCode::kNotFound, "the control topic lacks the last transaction");
    }
    DAYBOOK_ASSIGN(control.root, config_.source->root(*control.from));
    control.next = *control.from;
    return {};
}

Result<void> Term::check_root(const codec::ControlRecord& control) const {
    DAYBOOK_ASSIGN(const Hash root, config_.source->root(control.next));
    if (root == control.root) return {};
    return fail(ErrorCode::kForeign, "diverged: the events below position " + std::to_string(control.next) +
                                         " that Kafka holds are not this ledger's; nothing is published over them");
}

Result<Cursor> Term::judge_cursor(const Readers& readers, std::uint32_t partitions, LastTransaction last) {
    DAYBOOK_ASSIGN(Found found, read_back(readers, partitions));
    if (last == LastTransaction::kTorn) {
        if (!found.control) return fail(ErrorCode::kNotFound, "the control topic holds no cursor");
        DAYBOOK_TRY(step_back(*found.control));
        const std::lock_guard lock(mutex_);
        known_.reset();
    }
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
    open_control_.reset();
    DAYBOOK_TRY(read_tails(readers, tails, after(kReadBack)));
    Found found;
    if (tails[0].last) {
        DAYBOOK_ASSIGN(found.control, codec::control_from_json(tails[0].last->value));
    }
    for (std::size_t i = 0; i < tails.size(); ++i) {
        if (tails[i].high < tails[i].end) open_.push_back(places[i]);
    }
    // Behind an open one the cursor is still the one before it, and there is nothing to go back over.
    if (tails[0].high >= tails[0].end) open_control_ = found.control;
    for (const Tail& tail : tails) DAYBOOK_TRY(check_decided(tail));
    const Tail& log = tails[1 + partitions];
    for (const Topic topic : {Topic::kCustody, Topic::kStock}) {
        bool untouched = config_.publishes(topic);
        for (std::size_t i = 0; i < tails.size(); ++i) untouched &= places[i].first != topic || tails[i].end == 0;
        if (untouched) found.untouched.push_back(topic);
    }
    found.offsets = "the control topic holds offsets " + std::to_string(tails[0].low) + " to " +
                    std::to_string(tails[0].high);
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
    DAYBOOK_TRY(check_root(*found.control));
    RecordMaker maker(config_.ledger, partitions, config_.options.format);
    Records made;
    std::vector<Record> last(partitions);
    Result<void> making;
    const Position from = cursor.next - std::min(cursor.next, kCheckedBack);
    DAYBOOK_TRY(source.read(from, cursor.next, [&](Position, std::string_view stored) {
        made.clear();
        making = maker.add(stored, made);
        for (Record& record : made) last[record.partition] = std::move(record);
        return making.has_value();
    }));
    DAYBOOK_TRY(making);
    std::erase_if(last, [](const Record& record) { return record.key.empty(); });  // no event went there
    DAYBOOK_TRY(check_last(found, last));
    return cursor;
}

}  // namespace daybook::stream
