#include "engine/base/assert.h"
#include "engine/log/internal/impl.h"

namespace daybook::log {

Cursor::Cursor(std::unique_ptr<State> state) : state_(std::move(state)) {}
Cursor::Cursor(Cursor&&) noexcept = default;
Cursor& Cursor::operator=(Cursor&&) noexcept = default;
Cursor::~Cursor() = default;

Position Cursor::position() const { return state_->next - 1; }
std::string_view Cursor::bytes() const { return state_->event; }
bool Cursor::block_begins() const { return state_->block.left() + 1 == state_->block.header().events; }
Position Cursor::group_first() const { return state_->group_first; }
Position Cursor::group_end() const { return state_->group_first + state_->block.header().group_events; }
Micros Cursor::group_recorded_at() const { return state_->block.header().group_recorded_at; }

Result<bool> Cursor::next() {
    if (state_->failure) return tl::unexpected(*state_->failure);
    Result<bool> stepped = state_->step();
    if (!stepped) state_->failure = stepped.error();
    return stepped;
}

Result<bool> Cursor::State::step() {
    if (next >= to) return false;
    if (!sought) {
        DAYBOOK_TRY(seek());
    } else if (block.left() == 0) {
        it->Next();
        DAYBOOK_TRY(open_block());
    }
    auto found = block.next();
    if (!found) return tl::unexpected(found.error().in("position " + std::to_string(next)));
    event = *found;
    ++next;
    return true;
}

Result<void> Cursor::State::seek() {
    sought = true;
    const auto key = internal::position_key(next);
    it->SeekForPrev(internal::slice(key));
    const Position wanted = next;
    DAYBOOK_TRY(open_block());
    while (next < wanted) {
        const auto skipped = block.next();
        if (!skipped) return tl::unexpected(skipped.error().in("position " + std::to_string(next)));
        ++next;
    }
    return {};
}

Result<void> Cursor::State::open_block() {
    const std::string where = "position " + std::to_string(next);
    if (!it->Valid()) {
        DAYBOOK_TRY(internal::check(it->status(), where));
        return fail(ErrorCode::kCorrupt, where + ": the block that holds it is missing");
    }
    if (it->key().size() != 8) return fail(ErrorCode::kCorrupt, where + ": the key of its block is malformed");
    const Position first = get_be64(it->key().data());
    const bool follows = block.header().events != 0;  // on a block that was read before
    if (first > next || (follows && first != next)) {
        return fail(ErrorCode::kCorrupt, where + ": the block that holds it is missing; the next begins at " +
                                             std::to_string(first));
    }
    const std::uint32_t place =
        follows && block.header().group_place + block.header().events < block.header().group_events
            ? block.header().group_place + block.header().events
            : 0;
    auto opened = internal::BlockReader::open(internal::view(it->value()));
    if (!opened) return tl::unexpected(opened.error().in(where));
    const internal::BlockHeader& header = opened->header();
    if (first + header.events <= next) {
        return fail(ErrorCode::kCorrupt, where + ": the block that holds it is missing; the one before ends at " +
                                             std::to_string(first + header.events));
    }
    if ((follows && header.group_place != place) || header.group_place > first) {
        return fail(ErrorCode::kCorrupt, where + ": its block is out of its place in the commit group");
    }
    block = *opened;
    next = first;
    group_first = first - header.group_place;
    return {};
}

Cursor EventLog::Impl::scan(Position from, Position to, bool fill_cache) const {
    auto state = std::make_unique<Cursor::State>();
    const Position head = this->head();
    state->to = to < head ? to : head;
    state->next = from;
    if (from < state->to) {
        rocksdb::ReadOptions read;
        read.fill_cache = fill_cache;
        state->it.reset(database_->db().NewIterator(read, database_->family(internal::Family::kLog)));
    }
    return Cursor(std::move(state));
}

}  // namespace daybook::log
