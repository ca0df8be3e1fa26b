#include "projections/accounts/postings.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <map>

#include "projections/store/encoding.h"

namespace daybook::projections {
namespace {

tl::unexpected<Error> damaged(std::string_view what) {
    return fail(ErrorCode::kCorrupt, std::string(what) + " of the accounts view is damaged: run `daybook rebuild`");
}

std::string group_of(const LineKey& line) {
    std::string group;
    key_line(group, line);
    return group;
}

// Posting: thing, valid time and amount in fixed width, which are most of what is folded and read; then count and,
// lowest, whether it was re-told, as a number.
class Encoded {
public:
    explicit Encoded(const PostingRow& posting) {
        posting.id.store(bytes_);
        put_be64(bytes_ + 16, static_cast<std::uint64_t>(posting.at));
        put_be64(bytes_ + 24, static_cast<std::uint64_t>(posting.amount));
        const auto count =
            static_cast<std::uint64_t>(posting.count) << 1 ^ static_cast<std::uint64_t>(posting.count >> 63);
        end_ = write_number(bytes_ + kFixed, count << 1 | (posting.retold ? 1 : 0));
    }
    [[nodiscard]] std::string_view bytes() const { return {bytes_, static_cast<std::size_t>(end_ - bytes_)}; }

    static constexpr std::size_t kFixed = 32;

private:
    char bytes_[kFixed + kNumberBytesMax];
    char* end_;
};

Result<PostingRow> take_posting(Position position, std::string_view bytes) {
    if (bytes.size() <= Encoded::kFixed) return damaged("a posting");
    PostingRow posting;
    posting.position = position;
    posting.id = Uuid::load(bytes.data());
    posting.at = static_cast<Micros>(get_be64(bytes.data() + 16));
    posting.amount = static_cast<std::int64_t>(get_be64(bytes.data() + 24));
    RowReader reader(bytes.substr(Encoded::kFixed));
    const std::uint64_t head = reader.number();
    posting.retold = (head & 1) != 0;
    posting.count = static_cast<std::int64_t>(head >> 2) ^ -static_cast<std::int64_t>(head >> 1 & 1);
    if (!reader.ok() || !reader.done()) return damaged("a posting");
    return posting;
}

// ---- Segments ----

constexpr Position kEnd = std::numeric_limits<Position>::max();
constexpr Micros kEver = std::numeric_limits<Micros>::max();

// A segment begins with the snapshot that has its number; segment 0 with nothing.
struct Segment {
    std::uint64_t number = 0;
    Position begin = 0, end = kEnd;  // of positions; `end` is that of the point, where it is the last one
    Micros cut = 0;                  // of its snapshot
    std::uint64_t rows = 0;          // of its snapshot …
    HeldSums sums;                   // … and their sums
    std::uint64_t newest = 0;        // the number of the last segment
};

// The newest first: the number counts down.
void key_segment(std::string& out, std::uint64_t number) { key_u64(out, ~number); }

void put_segment(std::string& out, const Segment& segment) {
    put_number(out, segment.begin);
    put_signed(out, segment.cut);
    put_number(out, segment.rows);
    put_signed(out, segment.sums.count);
    put_signed(out, segment.sums.amount);
}
Result<Segment> take_segment(std::uint64_t number, std::string_view bytes) {
    Segment segment;
    segment.number = number;
    RowReader reader(bytes);
    segment.begin = reader.number();
    segment.cut = reader.signed_number();
    segment.rows = reader.number();
    segment.sums.count = reader.signed_number();
    segment.sums.amount = reader.signed_number();
    if (!reader.ok() || !reader.done()) return damaged("a segment");
    return segment;
}

Result<Segment> segment_of(const ReadPoint& point, const std::string& group, std::uint64_t number) {
    if (number == 0) return Segment{};
    std::string suffix, value;
    key_segment(suffix, number);
    DAYBOOK_ASSIGN(const bool there, point.get(Table::kSegments, group, suffix, value));
    if (!there) return damaged("a list of segments");
    return take_segment(number, value);
}

// The last segment whose snapshot is good for (V, R): its cut is not behind V, its position not behind R. Both grow
// with the number.
Result<Segment> segment_at(const ReadPoint& point, const std::string& group, const AsKnown& at) {
    std::uint64_t newest = 0;
    {
        Scan scan = point.scan_prefix(Table::kSegments, group);
        if (scan.next()) newest = ~get_be64(scan.key().data() + kLineBytes);
        DAYBOOK_TRY(scan.status());
    }
    std::uint64_t good = 0, bad = newest + 1;
    Segment found, behind;
    while (bad - good > 1) {
        const std::uint64_t middle = good + (bad - good) / 2;
        DAYBOOK_ASSIGN(const Segment segment, segment_of(point, group, middle));
        if (segment.begin <= at.known && segment.cut <= at.valid) {
            good = middle;
            found = segment;
        } else {
            bad = middle;
            behind = segment;
        }
    }
    if (bad <= newest) found.end = behind.begin;
    found.newest = newest;
    return found;
}

void put_held(std::string& out, const Held& held, const Segment& segment) {
    put_uuid(out, held.id);
    out.push_back(held.retold ? 1 : 0);
    put_signed(out, held.count);
    put_signed(out, held.amount);
    put_signed(out, segment.cut - held.since);
    put_number(out, segment.begin - held.since_event);
}

Result<std::vector<Held>> snapshot_of(const ReadPoint& point, const std::string& group, const Segment& segment) {
    std::vector<Held> all;
    if (segment.number == 0) return all;
    all.reserve(segment.rows);
    std::string prefix = group;
    key_segment(prefix, segment.number);
    Scan scan = point.scan_prefix(Table::kSnapshots, prefix);
    while (scan.next()) {
        RowReader reader(scan.value());
        while (!reader.done()) {
            Held held;
            held.id = reader.uuid();
            held.retold = reader.byte() == 1;
            held.count = reader.signed_number();
            held.amount = reader.signed_number();
            held.since = segment.cut - reader.signed_number();
            held.since_event = segment.begin - reader.number();
            if (!reader.ok()) return damaged("a snapshot");
            all.push_back(held);
        }
    }
    DAYBOOK_TRY(scan.status());
    if (all.size() != segment.rows) return damaged("a snapshot");
    return all;
}

// ---- Postings ----

void key_node(std::string& out, std::uint32_t level, std::uint64_t index) {
    out.push_back(static_cast<char>(level));
    key_u64(out, index);
}

// Those in a list, at positions in [begin, end) and with valid times in [from, to).
Result<void> add_postings(const ReadPoint& point, Table table, const std::string& group, Position begin, Position end,
                          Micros from, Micros to, std::vector<PostingRow>& out) {
    Result<void> good;
    DAYBOOK_TRY(point.each(table, group, begin, end, [&](Position position, std::string_view bytes) {
        auto posting = take_posting(position, bytes);
        if (!posting) {
            good = tl::unexpected(std::move(posting).error());
        } else if (posting->at >= from && posting->at < to) {
            out.push_back(*posting);
        }
    }));
    return good;
}

// Those that were recorded behind the segment, up to `known`, and count in it because they are late: in order of
// position.
Result<void> add_late(const ReadPoint& point, const std::string& group, const Segment& segment, Position known,
                      Micros from, Micros to, std::vector<PostingRow>& out) {
    if (segment.end >= known) return {};
    const auto begin = static_cast<std::ptrdiff_t>(out.size());
    const auto levels = static_cast<std::uint32_t>(std::bit_width(segment.newest));
    std::string key;
    for (std::uint32_t level = 0; level <= levels; ++level) {
        key = group;
        key_node(key, level, segment.number >> level);
        DAYBOOK_TRY(add_postings(point, Table::kLate, key, segment.end, known, from, to, out));
    }
    std::stable_sort(out.begin() + begin, out.end(),
                     [](const PostingRow& a, const PostingRow& b) { return a.position < b.position; });
    return {};
}

// What a snapshot and the postings behind it make: by id. The postings of one thing are in order of position.
std::vector<Held> merged(const std::vector<Held>& snapshot, const std::vector<PostingRow>& postings) {
    struct Place {
        Uuid id;
        std::uint32_t at;
        bool operator<(const Place& other) const { return id != other.id ? id < other.id : at < other.at; }
    };
    std::vector<Place> places;
    places.reserve(postings.size());
    for (std::uint32_t i = 0; i < postings.size(); ++i) places.push_back({postings[i].id, i});
    std::sort(places.begin(), places.end());

    std::vector<Held> all;
    all.reserve(snapshot.size() + postings.size());
    auto old = snapshot.begin();
    for (auto place = places.begin(); place != places.end();) {
        for (; old != snapshot.end() && old->id < place->id; ++old) all.push_back(*old);
        Held held;
        held.id = place->id;
        if (old != snapshot.end() && old->id == held.id) held = *old++;
        for (; place != places.end() && place->id == held.id; ++place) {
            const PostingRow& posting = postings[place->at];
            held.count += posting.count;
            held.amount += posting.amount;
            if (posting.retold) held.retold = true;
            if (posting.count <= 0 || posting.retold) continue;
            // At the end of the piece's chain: whatever was told before lies before it.
            held.since = posting.at;
            held.since_event = posting.position;
            held.retold = false;
        }
        if (held.count != 0 || held.amount != 0) all.push_back(held);
    }
    all.insert(all.end(), old, snapshot.end());
    return all;
}

}  // namespace

void key_line(std::string& out, const LineKey& key) {
    key_account(out, key.account);
    out.push_back(key.supplies ? 's' : 'p');
}
LineKey line_of_key(const char* bytes) { return {account_of_key(bytes), bytes[kAccountBytes] == 's'}; }

// ---- Folding ----

void PostingFold::Marks::write(std::string& out) const {
    put_number(out, segment);
    put_signed(out, cut);
    put_number(out, postings);
    put_signed(out, held);
    put_signed(out, newest);
}
bool PostingFold::Marks::read(std::string_view bytes) {
    RowReader reader(bytes);
    segment = reader.number();
    cut = reader.signed_number();
    postings = reader.number();
    held = reader.signed_number();
    newest = reader.signed_number();
    return reader.ok() && reader.done();
}

Result<void> PostingFold::post(const LineKey& line, const PostingRow& posting, Store& store) {
    DAYBOOK_ASSIGN(Marks * marks, marks_.edit(line, store, [&line] { return group_of(line); }));
    if (marks->legs == nullptr) marks->legs = &store.layer().open(Table::kLegs, group_of(line));
    store.layer().append(Table::kLegs, *marks->legs, Encoded(posting).bytes(), posting.position);
    if (marks->empty()) {
        // Its first: from here on it is among lines_of().
        entry_.clear();
        marks->write(entry_);
        store.layer().put(Table::kMarks, group_of(line), {}, entry_, posting.position + 1);
        marks->newest = posting.at;
    }
    if (marks->segment != 0 && posting.at < marks->cut) DAYBOOK_TRY(post_late(line, posting, *marks, store));
    marks->newest = std::max(marks->newest, posting.at);
    if (!line.supplies) marks->held += posting.count;
    ++marks->postings;
    if (marks->postings >= store.segment_postings() && is_due(*marks, store)) due_.push_back(line);
    return {};
}

bool PostingFold::is_due(const Marks& marks, const Store& store) {
    const auto held = static_cast<std::uint64_t>(std::max<std::int64_t>(marks.held, 0));
    const std::uint64_t times = held <= limits::kViewSnapshotRowsUsual ? 2 : 8;
    return marks.postings >= std::max(store.segment_postings(), times * held);
}

Result<void> PostingFold::post_late(const LineKey& line, const PostingRow& posting, const Marks& marks, Store& store) {
    const ReadPoint point = store.folding_point();
    const std::string group = group_of(line);
    DAYBOOK_ASSIGN(const Segment first, segment_at(point, group, {posting.at, kEnd}));
    const Encoded encoded(posting);
    std::string key;
    const auto add = [&](std::uint32_t level, std::uint64_t index) {
        key = group;
        key_node(key, level, index);
        store.layer().append(Table::kLate, key, encoded.bytes(), posting.position);
    };
    std::uint64_t low = first.number, high = marks.segment;  // [low, high) skipped
    for (std::uint32_t level = 0; low < high; ++level, low >>= 1, high >>= 1) {
        if ((low & 1) != 0) add(level, low++);
        if ((high & 1) != 0) add(level, --high);
    }
    return {};
}

Result<void> PostingFold::close(Position position, Store& store) {
    for (const LineKey& line : due_) {
        DAYBOOK_ASSIGN(Marks * marks, marks_.edit(line, store, [&line] { return group_of(line); }));
        if (is_due(*marks, store)) DAYBOOK_TRY(take_snapshot(line, *marks, position + 1, store));
    }
    due_.clear();
    return {};
}

Result<void> PostingFold::take_snapshot(const LineKey& line, Marks& marks, Position position, Store& store) {
    const ReadPoint point = store.folding_point();
    const std::string group = group_of(line);
    DAYBOOK_ASSIGN(const Segment before, segment_of(point, group, marks.segment));
    DAYBOOK_ASSIGN(const auto snapshot, snapshot_of(point, group, before));
    std::vector<PostingRow> postings;
    postings.reserve(marks.postings);
    DAYBOOK_TRY(add_postings(point, Table::kLegs, group, before.begin, position, std::numeric_limits<Micros>::min(),
                             kEver, postings));
    const std::vector<Held> all = merged(snapshot, postings);

    Segment segment;
    segment.number = marks.segment + 1;
    segment.begin = position;
    segment.cut = marks.newest;
    segment.rows = all.size();
    std::string value, suffix;
    for (std::size_t first = 0, part = 0; first < all.size(); ++part) {
        value.clear();
        const std::size_t end = std::min(all.size(), first + limits::kViewSnapshotPartRows);
        for (; first < end; ++first) {
            put_held(value, all[first], segment);
            segment.sums.count += all[first].count;
            segment.sums.amount += all[first].amount;
        }
        suffix.clear();
        key_segment(suffix, segment.number);
        key_u32(suffix, static_cast<std::uint32_t>(part));
        store.layer().put(Table::kSnapshots, group, suffix, value, position);
    }
    value.clear();
    put_segment(value, segment);
    suffix.clear();
    key_segment(suffix, segment.number);
    store.layer().put(Table::kSegments, group, suffix, value, position);
    marks.segment = segment.number;
    marks.cut = segment.cut;
    marks.postings = 0;
    return {};
}

void PostingFold::settle(Store& store) {
    marks_.flush(store);
    marks_.forget();
}

// ---- Reading ----

namespace {

// The segment of (V, R), with what counts beside its snapshot.
struct Found {
    Segment segment;
    std::vector<PostingRow> postings;
};
Result<Found> find(const ReadPoint& point, const std::string& group, const AsKnown& at) {
    constexpr Micros kSince = std::numeric_limits<Micros>::min();
    const Micros to = at.valid == kEver ? kEver : at.valid + 1;
    Found found;
    DAYBOOK_ASSIGN(found.segment, segment_at(point, group, at));
    const Position end = std::min(found.segment.end, at.known);
    DAYBOOK_TRY(
        add_postings(point, Table::kLegs, group, found.segment.begin, end, kSince, to, found.postings));
    DAYBOOK_TRY(add_late(point, group, found.segment, at.known, kSince, to, found.postings));
    return found;
}

}  // namespace

Result<std::vector<Held>> held_at(const ReadPoint& point, const LineKey& line, const AsKnown& at) {
    const std::string group = group_of(line);
    DAYBOOK_ASSIGN(const Found found, find(point, group, at));
    DAYBOOK_ASSIGN(const auto snapshot, snapshot_of(point, group, found.segment));
    return merged(snapshot, found.postings);
}

Result<HeldSums> sums_at(const ReadPoint& point, const LineKey& line, const AsKnown& at) {
    DAYBOOK_ASSIGN(const Found found, find(point, group_of(line), at));
    HeldSums sums = found.segment.sums;
    for (const PostingRow& posting : found.postings) {
        sums.count += posting.count;
        sums.amount += posting.amount;
    }
    return sums;
}

Result<std::vector<PostingRow>> postings_between(const ReadPoint& point, const LineKey& line, Micros from, Micros to,
                                                 Position known) {
    std::vector<PostingRow> all;
    if (from >= to) return all;
    const std::string group = group_of(line);
    // Whatever lies at or behind `from` was recorded in the segment of `from` or later; whatever lies before `to`, in
    // that of `to` or before, or late.
    const Micros before = from == std::numeric_limits<Micros>::min() ? from : from - 1;
    DAYBOOK_ASSIGN(const Segment first, segment_at(point, group, {before, known}));
    DAYBOOK_ASSIGN(const Segment last, segment_at(point, group, {to - 1, known}));
    DAYBOOK_TRY(add_postings(point, Table::kLegs, group, first.begin, std::min(last.end, known), from, to, all));
    DAYBOOK_TRY(add_late(point, group, last, known, from, to, all));
    std::stable_sort(all.begin(), all.end(), [](const PostingRow& a, const PostingRow& b) {
        return a.at != b.at ? a.at < b.at : a.position < b.position;
    });
    return all;
}

Result<bool> legs_changed(const ReadPoint& point, const LineKey& line, Micros to, Position since, Position known) {
    std::vector<PostingRow> postings;
    DAYBOOK_TRY(add_postings(point, Table::kLegs, group_of(line), since, known, std::numeric_limits<Micros>::min(), to,
                             postings));
    std::map<std::pair<Micros, Uuid>, HeldSums> sums;
    for (const PostingRow& posting : postings) {
        HeldSums& sum = sums[{posting.at, posting.id}];
        sum.count += posting.count;
        if (line.supplies) sum.amount += posting.amount;  // of a piece it is its value
    }
    return std::any_of(sums.begin(), sums.end(),
                       [](const auto& sum) { return sum.second.count != 0 || sum.second.amount != 0; });
}

Result<std::vector<LineKey>> lines_of(const ReadPoint& point, std::optional<custody::AccountClass> kind) {
    std::vector<LineKey> all;
    Scan scan = kind ? point.scan_prefix(Table::kMarks, std::string(1, static_cast<char>(*kind)))
                     : point.scan(Table::kMarks);
    while (scan.next()) all.push_back(line_of_key(scan.key().data()));
    DAYBOOK_TRY(scan.status());
    return all;
}

}  // namespace daybook::projections
