#include <rocksdb/iterator.h>

#include <algorithm>

#include "engine/base/bytes.h"
#include "projections/store/database.h"
#include "projections/store/encoding.h"
#include "projections/store/store.h"

namespace daybook::projections {

Result<bool> ReadPoint::get(Table table, std::string_view group, std::string_view suffix, std::string& value) const {
    for (auto layer = layers_->all.rbegin(); layer != layers_->all.rend(); ++layer) {
        const Entry* entry = (*layer)->find(table, group, suffix, position_);
        if (entry == nullptr) continue;
        if (entry->kind == Entry::Kind::kErased) return false;
        value.assign(entry->value());
        return true;
    }
    std::string key(1, info(table).letter);
    key.append(group).append(suffix);
    return layers_->database->get(info(table).view, key, layers_->base.get(), value);
}

Scan ReadPoint::scan(Table table, std::string_view lower, std::string_view upper) const {
    return {*this, table, lower, upper};
}

Scan ReadPoint::scan_prefix(Table table, std::string_view prefix) const {
    return {*this, table, prefix, end_of_prefix(prefix)};
}

// ---- Lists ----

namespace {

using TakeEntry = std::function<void(Position, std::string_view)>;

// Gives the entries of a stored chunk whose positions are in [from, to); how many.
Result<std::size_t> take_chunk(Position first, std::string_view chunk, Position from, Position to,
                               const TakeEntry& take) {
    RowReader reader(chunk);
    std::size_t taken = 0;
    while (!reader.done()) {
        const Position position = first + reader.number();
        const std::string_view bytes = reader.text();
        if (!reader.ok())
            return fail(ErrorCode::kCorrupt, "a list of the read models is damaged: run `daybook rebuild`");
        if (position < from || position >= to) continue;
        take(position, bytes);
        ++taken;
    }
    return taken;
}

}  // namespace

Result<void> ReadPoint::each(Table table, std::string_view group, Position from, Position to, const TakeEntry& take,
                             std::size_t enough) const {
    std::size_t taken = 0;
    to = std::min(to, position_);
    if (from >= to) return {};
    if (from < layers_->settled) {
        // The chunk that holds `from` began with it or before it.
        Database::Bounds bounds;
        bounds.lower.assign(1, info(table).letter).append(group);
        bounds.upper = end_of_prefix(bounds.lower);
        bounds.upper_slice = bounds.upper;
        bounds.lower_slice = bounds.lower;
        std::string start = bounds.lower;
        append_be64(start, from);
        const bool from_within = from % run_events_ != 0;  // a run: chunks begin with it at the latest
        const auto iterator = layers_->database->iterate(info(table).view, layers_->base.get(), bounds, from_within);
        if (from_within) iterator->SeekForPrev(start);
        DAYBOOK_TRY(from_rocks(iterator->status(), "read a list"));
        if (!iterator->Valid()) iterator->Seek(start);
        for (; iterator->Valid(); iterator->Next()) {
            const Position first = get_be64(iterator->key().data() + iterator->key().size() - 8);
            if (first >= to || taken >= enough) break;
            DAYBOOK_ASSIGN(const std::size_t more, take_chunk(first, iterator->value().ToStringView(), from, to, take));
            taken += more;
        }
        DAYBOOK_TRY(from_rocks(iterator->status(), "read a list"));
    }
    std::vector<const Entry*> entries;
    for (const auto& layer : layers_->all) {
        if (layer->from() >= to || taken >= enough) break;
        const Group* found = layer->group(table, group);
        if (found == nullptr) continue;
        entries.clear();
        const std::atomic<const Entry*>& newest = found->newest[info(table).share()];
        for (const Entry* entry = newest.load(std::memory_order_acquire); entry != nullptr; entry = entry->older) {
            const Position position = layer->position_of(*entry);
            if (position < from) break;
            if (position < to) entries.push_back(entry);
        }
        for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
            take(layer->position_of(**entry), (*entry)->value());
        }
        taken += entries.size();
    }
    return {};
}

Result<std::vector<ListEntry>> ReadPoint::list(Table table, std::string_view group, Position from, Position to,
                                               std::size_t enough) const {
    std::vector<ListEntry> all;
    DAYBOOK_TRY(each(
        table, group, from, to,
        [&all](Position position, std::string_view bytes) { all.push_back({position, std::string(bytes)}); }, enough));
    return all;
}

// ---- Scan ----

struct Scan::State {
    State(const ReadPoint& from, Table of) : point(from), table(info(of)) {}

    ReadPoint point;
    const TableInfo& table;
    Database::Bounds bounds;
    std::unique_ptr<rocksdb::Iterator> base;  // goes before the snapshot that `point` owns
    bool base_valid = false;
    struct Source {
        LayerStream stream;
        bool valid;
    };
    std::vector<Source> sources;  // the newest first
    std::string key, value;
    Result<void> status;

    [[nodiscard]] std::string_view base_key() const { return base->key().ToStringView().substr(1); }
    void step_base() {
        base_valid = base->Valid();
        if (!base_valid) status = from_rocks(base->status(), "read view " + std::string(to_string(table.view)));
    }
};

Scan::Scan(const ReadPoint& point, Table table, std::string_view lower, std::string_view upper)
    : state_(std::make_unique<State>(point, table)) {
    State& state = *state_;
    state.bounds.lower.assign(1, state.table.letter).append(lower);
    state.bounds.upper.assign(1, upper.empty() ? static_cast<char>(state.table.letter + 1) : state.table.letter)
        .append(upper);
    state.bounds.upper_slice = state.bounds.upper;
    const Layers& layers = *state.point.layers_;
    state.base = layers.database->iterate(state.table.view, layers.base.get(), state.bounds);
    state.base->Seek(state.bounds.lower);
    state.step_base();
    state.sources.reserve(layers.all.size());
    for (auto layer = layers.all.rbegin(); layer != layers.all.rend(); ++layer) {
        state.sources.push_back({LayerStream(**layer, table, point.position(), lower, upper), false});
        state.sources.back().valid = state.sources.back().stream.next();
    }
}

Scan::Scan(Scan&&) noexcept = default;
Scan::~Scan() = default;

bool Scan::next() {
    State& state = *state_;
    while (state.status) {
        // The smallest key; of equal ones the newest layer's.
        State::Source* best = nullptr;
        for (State::Source& source : state.sources) {
            if (source.valid && (best == nullptr || source.stream.key() < best->stream.key())) best = &source;
        }
        if (best == nullptr && !state.base_valid) return false;
        const bool from_base = best == nullptr || (state.base_valid && state.base_key() < best->stream.key());
        if (from_base) {
            state.key = state.base_key();
            state.value = state.base->value().ToStringView();
            state.base->Next();
            state.step_base();
            return state.status.has_value();
        }
        state.key = best->stream.key();
        state.value = best->stream.value();
        const bool erased = best->stream.erased();
        for (State::Source& source : state.sources) {
            if (source.valid && source.stream.key() == state.key) source.valid = source.stream.next();
        }
        if (state.base_valid && state.base_key() == state.key) {
            state.base->Next();
            state.step_base();
        }
        if (!erased) return true;
    }
    return false;
}

std::string_view Scan::key() const { return state_->key; }
std::string_view Scan::value() const { return state_->value; }
Result<void> Scan::status() const { return state_->status; }

}  // namespace daybook::projections
