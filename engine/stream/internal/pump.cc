#include "engine/stream/internal/pump.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <iterator>
#include <unordered_set>
#include <utility>

#include "engine/base/limits.h"
#include "engine/codec/stream_codec.h"

namespace daybook::stream {
namespace {

// How long the pump waits for events before it looks whether it should stop.
constexpr std::chrono::milliseconds kLookAround{100};

}  // namespace

Pump::Pump(const Source& source, const StateSource* state, RecordMaker maker, Position from, Floors floors, Begin begin)
    : source_(source),
      state_(state),
      maker_(std::move(maker)),
      state_records_(maker_.ledger(), maker_.partitions(), maker_.format()),
      next_(from),
      floors_(std::move(floors)),
      begin_(begin),
      thread_([this] { run(); }) {}

Pump::~Pump() { stop(); }

void Pump::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    std::call_once(joined_, [this] { thread_.join(); });
}

Result<std::optional<Piece>> Pump::take(When when, Deadline deadline) {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, deadline, [&] {
        return stopping_ || failure_ || !pieces_.empty() || (when == When::kInTheMaking && idle_);
    });
    if (stopping_) return fail(ErrorCode::kStopped, "the publisher is stopping");
    if (!pieces_.empty()) {
        std::optional<Piece> piece(std::move(pieces_.front()));
        pieces_.pop_front();
        lock.unlock();
        changed_.notify_all();
        return piece;
    }
    if (failure_) return tl::unexpected(*failure_);
    return std::nullopt;
}

void Pump::give_back(Records records) {
    const std::lock_guard lock(mutex_);
    if (!idle_ && spare_.size() < limits::kStreamPiecesWaitingMax) spare_.push_back(std::move(records));
}

Records Pump::spare() {
    const std::lock_guard lock(mutex_);
    if (spare_.empty()) return {};
    Records records = std::move(spare_.back());
    spare_.pop_back();
    records.clear();
    return records;
}

bool Pump::hand_over(Piece piece, Position head) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stopping_ || pieces_.size() < limits::kStreamPiecesWaitingMax; });
    if (stopping_) return false;
    next_ = piece.next;
    idle_ = next_ >= head && piece.boundary && source_.head() <= next_;
    pieces_.push_back(std::move(piece));
    lock.unlock();
    changed_.notify_all();
    return true;
}

void Pump::run() {
    if (begin_ == Begin::kAllState && state_ != nullptr) {
        if (const auto given = give_all_state(); !given) {
            {
                const std::lock_guard lock(mutex_);
                failure_ = given.error();
            }
            changed_.notify_all();
            return;
        }
    }
    while (true) {
        const Position head = source_.wait_past(next_, after(kLookAround));
        {
            std::unique_lock lock(mutex_);
            if (stopping_) return;
            const bool was_idle = std::exchange(idle_, head <= next_);
            if (idle_ && !was_idle) {
                spare_.clear();
                lock.unlock();
                changed_.notify_all();
            }
            if (head <= next_) continue;
        }
        Result<Piece> piece = make_piece(head);
        if (!piece) {
            {
                const std::lock_guard lock(mutex_);
                failure_ = piece.error();
            }
            changed_.notify_all();
            return;
        }
        if (!hand_over(std::move(*piece), head)) return;
    }
}

bool Pump::published_already(const Record& record) const {
    const auto& floor = floors_.events[record.partition];
    return floor && record.place <= *floor;
}

Result<void> Pump::add_event(Position position, std::string_view stored, Piece& piece) {
    Records& records = piece.records;
    std::size_t kept = records.size();
    std::size_t last = kNoRecord;
    DAYBOOK_TRY(maker_.add(stored, records));
    const bool changes = state_ != nullptr && maker_.changes_pieces();
    for (std::size_t i = kept; i < records.size(); ++i) {
        const bool leave_out = published_already(records[i]);
        if (changes && !records[i].item.empty()) {
            touched_.push_back({records[i].item, leave_out ? kNoRecord : kept});
            if (maker_.may_change_models()) renamed_.push_back(records[i].item);
        }
        if (leave_out) continue;
        if (kept != i) std::swap(records[kept], records[i]);
        last = kept++;
        piece.bytes += records[last].key.size() + records[last].value.size();
    }
    records.shrink(kept);
    if (state_ != nullptr) {
        for (const auto& ref : maker_.closed_without_line()) closed_.push_back({ref, last});
    }
    if (position >= floors_.log) codec::append_frame_event(stored, frame_);
    return {};
}

Result<void> Pump::add_events(Position head, Piece& piece) {
    std::optional<Error> failure;
    const auto visit = [&](Position position, std::string_view stored) {
        if (auto added = add_event(position, stored, piece); !added) {
            failure = added.error().in("event " + std::to_string(position));
            return false;
        }
        piece.next = position + 1;
        piece.boundary = maker_.batch_last() == position;
        const std::size_t cap = piece.boundary ? 1 : 4;
        return piece.records.size() < cap * limits::kStreamPieceRecordsTarget &&
               piece.bytes < cap * limits::kStreamPieceBytesTarget &&
               frame_.size() < cap * limits::kStreamPieceBytesTarget;
    };
    DAYBOOK_TRY(source_.read(next_, head, visit));
    if (failure) return tl::unexpected(*failure);
    if (piece.next == next_) {
        return fail(ErrorCode::kCorrupt, "the log shows no event at position " + std::to_string(next_));
    }
    return {};
}

Result<void> Pump::add_frame(Piece& piece) {
    DAYBOOK_ASSIGN(piece.root, source_.root(piece.next));
    if (frame_.empty()) return {};
    codec::LogFrame head;
    head.ledger = maker_.ledger();
    head.first = std::max(next_, floors_.log);
    head.root = piece.root;
    DAYBOOK_ASSIGN(head.root_before, source_.root(head.first));
    Record& record = piece.records.add();
    record.topic = Topic::kLog;
    record.type = "LogFrame";
    record.place.position = head.first;
    record.parts = static_cast<std::uint32_t>(piece.next - head.first);
    record.value = codec::log_frame(head, frame_);
    piece.bytes += record.value.size();
    return {};
}

void Pump::keep_newest_touches() {
    std::stable_sort(touched_.begin(), touched_.end(),
                     [](const Touch& a, const Touch& b) { return a.item < b.item; });
    std::size_t kept = 0;
    for (const Touch& touch : touched_) {
        if (kept == 0 || touched_[kept - 1].item != touch.item) {
            touched_[kept++] = touch;
        } else if (touch.record != kNoRecord) {
            touched_[kept - 1] = touch;
        }
    }
    touched_.resize(kept);
}

Result<std::unique_ptr<StateReading>> Pump::read_state(Position at_least) {
    while (true) {
        DAYBOOK_ASSIGN(auto reading, state_->read(at_least, after(kLookAround)));
        if (reading) return reading;
        const std::lock_guard lock(mutex_);
        if (stopping_) return fail(ErrorCode::kStopped, "the publisher is stopping");
    }
}

void Pump::add_custody(const StateReading& reading, const ItemId& item, PieceState& state, Piece& piece) {
    const std::string_view content = state_content(state.value, maker_.format());
    const KnownPieces::Written now{reading.position(), state.last_event, std::hash<std::string_view>{}(content)};
    const KnownPieces::Written* const before = written_.find(item);
    const bool same = before != nullptr && before->last_event == now.last_event && before->content == now.content;
    written_.set(item, now);
    if (same) return;
    Record& record = piece.records.add();
    state_records_.custody(item, state, reading.position(), record);
    piece.bytes += record.key.size() + record.value.size();
}

// The events before next_ have been published, and this may reflect later ones, as any state does.
Result<void> Pump::give_all_state() {
    DAYBOOK_ASSIGN(const auto reading, read_state(next_));
    DAYBOOK_ASSIGN(const Hash root, source_.root(next_));
    Piece piece;
    std::unordered_set<std::string> models;
    const auto give = [&]() -> Result<void> {
        piece.models.assign(models.begin(), models.end());
        piece.next = next_;
        piece.boundary = true;
        piece.root = root;
        models.clear();
        if (hand_over(std::exchange(piece, {}), kNoPosition)) return {};
        return fail(ErrorCode::kStopped, "the publisher is stopping");
    };
    DAYBOOK_TRY(reading->all_pieces(maker_.format(), [&](const ItemId& item, PieceState& state) -> Result<void> {
        models.insert(state.model);
        add_custody(*reading, item, state, piece);
        const bool full = piece.records.size() >= limits::kStreamPieceRecordsTarget ||
                          piece.bytes >= limits::kStreamPieceBytesTarget;
        return full ? give() : Result<void>();
    }));
    piece.ends_all_state = true;  // also where there is nothing: the term waits for it
    return give();
}

Result<void> Pump::add_state(Piece& piece) {
    DAYBOOK_ASSIGN(const auto reading, read_state(piece.next));
    for (const ClosedBy& closed : closed_) {
        DAYBOOK_ASSIGN(const auto items, reading->pieces_of(closed.obligation));
        for (const ItemId& item : items) touched_.push_back({item, kNoRecord});
        if (items.size() != 1 || closed.record == kNoRecord) continue;
        Record& record = piece.records[closed.record];
        if (!record.item.empty()) continue;
        DAYBOOK_ASSIGN(record.after, reading->after_for_other(items.front()));
    }
    keep_newest_touches();
    std::unordered_set<std::string> models;
    // Each once: a backlog may correct a piece again and again.
    std::sort(renamed_.begin(), renamed_.end());
    renamed_.erase(std::unique(renamed_.begin(), renamed_.end()), renamed_.end());
    for (const ItemId& item : renamed_) {
        DAYBOOK_ASSIGN(auto all, reading->models_of(item));
        models.insert(std::make_move_iterator(all.begin()), std::make_move_iterator(all.end()));
    }
    constexpr std::size_t kAhead = 8;
    for (std::size_t i = 0; i < touched_.size(); ++i) {
        if (i + kAhead < touched_.size()) written_.near(touched_[i + kAhead].item);
        const auto& [item, index] = touched_[i];
        const Position event = index == kNoRecord ? kNoPosition : piece.records[index].place.position;
        // Nothing is seen to have happened to it since it was written, and it is asked for after another event.
        const KnownPieces::Written* const known = written_.find(item);
        const bool same = known != nullptr && known->reading == reading->position();
        if (same && known->last_event != event) continue;
        DAYBOOK_ASSIGN(const bool found, reading->piece(item, maker_.format(), event, read_));
        if (!found) continue;
        // Known exactly where nothing has happened to the piece since: always, unless publishing is behind.
        if (index != kNoRecord && event == read_.last_event) piece.records[index].after.swap(read_.after);
        models.insert(read_.model);
        add_custody(*reading, item, read_, piece);
    }
    piece.models.assign(models.begin(), models.end());
    return {};
}

Result<Piece> Pump::make_piece(Position head) {
    Piece piece;
    piece.records = spare();
    piece.next = next_;
    frame_.clear();
    touched_.clear();
    closed_.clear();
    renamed_.clear();
    DAYBOOK_TRY(add_events(head, piece));
    DAYBOOK_TRY(add_frame(piece));
    if (state_ != nullptr) DAYBOOK_TRY(add_state(piece));
    return piece;
}

}  // namespace daybook::stream
