#include "projections/history/history.h"

#include <algorithm>
#include <variant>

#include "projections/cursor.h"
#include "projections/store/encoding.h"

namespace daybook::projections {
namespace {

// What an entry holds beside type, times and line.
enum Holds : std::uint8_t {
    kLate = 1,
    kMoves = 2,    // the account
    kRetold = 4,   // where the piece is then, and steps
    kInsured = 8,  // a value
    kDeclares = 16,  // the target
    kCorrects = 32,  // declaration and place
};

tl::unexpected<Error> damaged(Position position) {
    return fail(ErrorCode::kCorrupt,
                "a history is damaged at position " + std::to_string(position) + ": run `daybook rebuild`");
}

// An account in few bytes: class + 1, site, and the bytes of its name between the zeros before and behind them. An
// empty one is a 0.
char* write_account(char* at, const custody::AccountId& account) {
    if (account.empty()) {
        *at++ = 0;
        return at;
    }
    *at++ = static_cast<char>(static_cast<int>(account.kind) + 1);
    at = write_number(at, account.site);
    char name[kUuidBytes];
    account.name.store(name);
    std::size_t begin = 0, end = kUuidBytes;
    while (begin < end && name[begin] == 0) ++begin;
    while (end > begin && name[end - 1] == 0) --end;
    *at++ = static_cast<char>(begin);
    at = write_number(at, end - begin);
    return std::copy(name + begin, name + end, at);
}
constexpr std::size_t kAccountWrittenMax = 1 + 5 + 1 + 1 + kUuidBytes;

void put_account(std::string& out, const custody::AccountId& account) {
    char bytes[kAccountWrittenMax];
    out.append(bytes, static_cast<std::size_t>(write_account(bytes, account) - bytes));
}

bool take_account(RowReader& reader, custody::AccountId& out) {
    const std::uint8_t kind = reader.byte();
    if (kind == 0) return reader.ok();
    out.named = true;
    out.kind = static_cast<custody::AccountClass>(kind - 1);
    out.site = static_cast<SiteId>(reader.number());
    const std::size_t begin = reader.byte();
    const std::string_view bytes = reader.text();
    if (begin + bytes.size() > kUuidBytes) return false;
    char name[kUuidBytes] = {};
    std::copy(bytes.begin(), bytes.end(), name + begin);
    out.name = Uuid::load(name);
    return reader.ok();
}

bool take_retold(RowReader& reader, HistoryEntry& out) {
    if (!take_account(reader, out.now)) return false;
    for (std::uint64_t left = reader.number(); left != 0 && reader.ok(); --left) {
        HistoryEntry::Step step;
        if (!take_account(reader, step.account)) return false;
        step.at = out.row.occurred_at + reader.signed_number();
        step.sign = reader.signed_number();
        out.steps.push_back(step);
    }
    return reader.ok();
}

// Entry: type, record time, how much later than valid time that is, line + 1 (0: none), what else it holds, and that.
Result<void> take_entry(Position position, std::string_view bytes, HistoryEntry& out) {
    RowReader reader(bytes);
    HistoryRow& row = out.row;
    row.position = position;
    row.type = static_cast<custody::EventType>(reader.number());
    row.recorded_at = reader.signed_number();
    row.occurred_at = row.recorded_at - reader.signed_number();
    const std::uint64_t line = reader.number();
    row.line = line == 0 ? HistoryRow::kNoLine : static_cast<std::uint32_t>(line - 1);
    const std::uint8_t holds = reader.byte();
    row.late = (holds & kLate) != 0;
    row.retold = (holds & kRetold) != 0;
    if ((holds & kMoves) != 0 && !take_account(reader, row.to)) return damaged(position);
    if (row.retold && !take_retold(reader, out)) return damaged(position);
    if ((holds & kInsured) != 0) out.insured_minor = reader.signed_number();
    out.declaration = (holds & kDeclares) != 0;
    if (out.declaration) out.target = reader.number();
    out.place = position;
    if ((holds & kCorrects) != 0) {
        out.declared_by = position - reader.number();
        out.place = position - reader.number();
    }
    if (!reader.ok() || !reader.done()) return damaged(position);
    return {};
}

std::string group_of(const ItemId& item) {
    std::string group;
    put_uuid(group, item);
    return group;
}

// What the event says of the insured value of its pieces.
std::optional<std::int64_t> insured_by(const custody::Command& command) {
    if (const auto* registered = std::get_if<custody::ItemRegistered>(&command.payload)) {
        return registered->insured.minor;
    }
    if (const auto* amended = std::get_if<custody::ItemAmended>(&command.payload)) {
        if (amended->field == custody::AmendedField::kInsured) return amended->money.minor;
    }
    return std::nullopt;
}

// Where the event itself moves the piece.
custody::AccountId moved_to(const PieceChange& piece, const Step& step) {
    if (piece.retold) {
        if (piece.line == HistoryRow::kNoLine) return {};
        return step.event.decided.lines[piece.line].to;
    }
    const bool moved = piece.before == nullptr || piece.before->account != piece.after->account;
    return moved ? piece.after->account : custody::AccountId{};
}

std::string correction_group(Position position) {
    std::string group(8, '\0');
    key_u64(group, position);
    return group;
}
constexpr char kTakesOut = 0;  // what a declaration does to an event
constexpr char kBringsIn = 1;

}  // namespace

Result<void> HistoryFold::take_declaration(const Step& step, Store& store) {
    const auto& declared = std::get<custody::CorrectionDeclared>(step.event.command.payload);
    const auto find = [this](const EventId& id) -> Result<Position> {
        if (!position_of_) return fail(ErrorCode::kInternal, "the read models cannot look up an event by its id");
        DAYBOOK_ASSIGN(const auto position, position_of_(id));
        if (!position) return fail(ErrorCode::kCorrupt, "no event has the id " + id.text() + ", which is corrected");
        return *position;
    };
    const auto note = [&](Position position, char what) {
        store.layer().append(Table::kCorrections, correction_group(position), {&what, 1}, step.position());
    };
    DAYBOOK_ASSIGN(target_, find(declared.target));
    note(target_, kTakesOut);
    for (const EventId& id : declared.correctives) {
        DAYBOOK_ASSIGN(const Position corrective, find(id));
        note(corrective, kBringsIn);
    }
    return {};
}

void HistoryFold::put_entry(const PieceChange& piece, const Step& step) {
    const custody::Event& event = step.event;
    const Micros at = event.decided.occurred_at;
    const custody::AccountId to = moved_to(piece, step);
    const auto insured = piece.line == HistoryRow::kNoLine ? std::nullopt : insured_by(event.command);
    const bool declares = event.command.type == custody::EventType::kCorrectionDeclared;
    const custody::Correcting& correcting = event.decided.correcting;
    const bool corrects = correcting.declaration != kNoPosition;
    char head[4 * kNumberBytesMax + 1 + kAccountWrittenMax];
    char* end = write_number(head, static_cast<std::uint64_t>(event.command.type));
    end = write_signed(end, event.recorded_at);
    end = write_signed(end, event.recorded_at - at);
    end = write_number(end, piece.line == HistoryRow::kNoLine ? 0 : std::uint64_t{piece.line} + 1);
    *end++ = static_cast<char>((event.command.late.flag ? kLate : 0) | (to.empty() ? 0 : kMoves) |
                               (piece.retold ? kRetold : 0) | (insured ? kInsured : 0) | (declares ? kDeclares : 0) |
                               (corrects ? kCorrects : 0));
    if (!to.empty()) end = write_account(end, to);
    entry_.assign(head, static_cast<std::size_t>(end - head));
    if (piece.retold) {
        const auto of_piece = [&](const custody::Posting& posting) { return posting.item == piece.after->id; };
        const auto& retold = step.effects.retold;
        put_account(entry_, piece.after->account);
        put_number(entry_, static_cast<std::uint64_t>(std::count_if(retold.begin(), retold.end(), of_piece)));
        for (const custody::Posting& posting : retold) {
            if (!of_piece(posting)) continue;
            put_account(entry_, posting.account);
            put_signed(entry_, posting.at - at);
            put_signed(entry_, posting.sign);
        }
    }
    if (insured) put_signed(entry_, *insured);
    if (declares) put_number(entry_, target_);
    if (!corrects) return;
    put_number(entry_, event.position - correcting.declaration);
    put_number(entry_, correcting.place == kNoPosition ? 0 : event.position - correcting.place);
}

Result<void> HistoryFold::fold(const Step& step, Store& store) {
    if (step.event.command.type == custody::EventType::kCorrectionDeclared) DAYBOOK_TRY(take_declaration(step, store));
    const Micros at = step.event.decided.occurred_at;
    if (at > step.event.recorded_at) {
        key_.clear();
        key_u64(key_, ~(static_cast<std::uint64_t>(at) ^ 1ULL << 63));
        key_u64(key_, step.position());
        store.layer().put(Table::kAhead, std::string(kUuidBytes, '\0'), key_, {}, step.position() + 1);
    }
    for (const PieceChange& piece : step.pieces) {
        put_entry(piece, step);
        char key[kUuidBytes];
        piece.after->id.store(key);
        store.layer().append(Table::kHistory, {key, sizeof key}, entry_, step.position());
    }
    return {};
}

Result<std::vector<HistoryEntry>> read_entries(const ReadPoint& point, const ItemId& item, Position known) {
    std::vector<HistoryEntry> all;
    Result<void> good;
    DAYBOOK_TRY(point.each(Table::kHistory, group_of(item), 0, known, [&](Position position, std::string_view bytes) {
        all.emplace_back();
        if (auto taken = take_entry(position, bytes, all.back()); !taken) good = std::move(taken);
    }));
    if (!good) return tl::unexpected(std::move(good).error());
    return all;
}

Result<Rows<HistoryRow>> read_history(const ReadPoint& point, const ItemId& item, const Page& page, bool newest_first,
                                      Position known) {
    DAYBOOK_ASSIGN(Cursor cursor, cursor_of(page, point.position(), 8));
    if (cursor.first) cursor.position = std::min(cursor.position, known);
    const Position last = cursor.first ? 0 : get_be64(cursor.key.data());
    const Position from = newest_first || cursor.first ? 0 : last + 1;
    const Position to = newest_first && !cursor.first ? last : cursor.position;
    const std::size_t enough = newest_first ? ~std::size_t{0} : page.rows_max + 1;
    std::vector<HistoryRow> found;
    for (Position begin = from;;) {
        DAYBOOK_ASSIGN(const std::vector<ListEntry> entries,
                       point.list(Table::kHistory, group_of(item), begin, to, enough));
        for (const ListEntry& entry : entries) {
            HistoryEntry one;
            DAYBOOK_TRY(take_entry(entry.position, entry.bytes, one));
            // The last event of a correcting batch tells its chain anew, and need not be an event of the piece.
            if (one.row.line != HistoryRow::kNoLine || one.declaration) found.push_back(one.row);
        }
        if (entries.size() < enough || found.size() > page.rows_max) break;
        begin = entries.back().position + 1;
    }
    if (newest_first) std::reverse(found.begin(), found.end());
    Rows<HistoryRow> answer{cursor.position, {}, {}};
    for (HistoryRow& row : found) {
        if (answer.rows.size() == page.rows_max) {
            Cursor next{cursor.position, {}, false};
            append_be64(next.key, answer.rows.back().position);
            answer.next = to_text(next);
            break;
        }
        DAYBOOK_ASSIGN(row.corrected_by, corrected_by(point, row.position, cursor.position));
        row.effective = row.corrected_by == kNoPosition;
        answer.rows.push_back(row);
    }
    return answer;
}

Result<Position> corrected_by(const ReadPoint& point, Position position, Position known) {
    DAYBOOK_ASSIGN(const auto entries, point.list(Table::kCorrections, correction_group(position), 0, known));
    for (const ListEntry& entry : entries) {
        // Corrections of corrections come later in the log: this ends.
        DAYBOOK_ASSIGN(const Position by, corrected_by(point, entry.position, known));
        const bool corrects = entry.bytes == std::string(1, kTakesOut);
        if (corrects && by == kNoPosition) return entry.position;
        if (!corrects && by != kNoPosition) return by;
    }
    return kNoPosition;
}

Result<Micros> newest_at(const ReadPoint& point, Micros now, Position known) {
    Scan scan = point.scan(Table::kAhead);
    while (scan.next()) {
        const char* key = scan.key().data() + kUuidBytes;
        const auto at = static_cast<Micros>(~get_be64(key) ^ 1ULL << 63);
        const Position position = get_be64(key + 8);
        if (at <= now) break;
        if (position >= known) continue;
        DAYBOOK_ASSIGN(const bool counts, is_effective(point, position, known));
        if (counts) return at;
    }
    DAYBOOK_TRY(scan.status());
    return now;
}

Result<bool> is_effective(const ReadPoint& point, Position position, Position known) {
    DAYBOOK_ASSIGN(const Position by, corrected_by(point, position, known));
    return by == kNoPosition;
}

}  // namespace daybook::projections
