#include "projections/registers/registers.h"

#include "engine/crypto/digest.h"
#include "projections/store/encoding.h"

namespace daybook::projections {
namespace {

constexpr std::size_t kDigestBytes = 16;

void register_key(std::string& out, Register name, SiteId site) {
    out.push_back(static_cast<char>(name));
    key_u32(out, site);
}

std::string number_key(std::string_view number) {
    const Hash hash = sha256(number);
    return {reinterpret_cast<const char*>(hash.data()), kDigestBytes};
}

tl::unexpected<Error> damaged() {
    return fail(ErrorCode::kCorrupt, "an entry of the registers is damaged: run `daybook rebuild`");
}

// Flagged by the client, or behind an event of one of its pieces, or told in the place of what was corrected.
bool is_late(const Step& step) {
    if (step.event.command.late.flag || step.event.decided.correcting.declaration != kNoPosition) return true;
    for (const PieceChange& piece : step.pieces) {
        if (piece.before != nullptr && step.event.decided.occurred_at < piece.before->last_at) return true;
    }
    return false;
}

}  // namespace

// Entry: the site.
void RegistersFold::enter(Register name, SiteId site, const Step& step, Store& store) {
    group_.clear();
    register_key(group_, name, site);
    entry_.clear();
    put_number(entry_, step.event.command.site);
    store.layer().append(Table::kRegisters, group_, entry_, step.position());
}

void RegistersFold::fold(const Step& step, Store& store) {
    const custody::Command& command = step.event.command;
    if (command.type == custody::EventType::kCorrectionDeclared) {
        enter(Register::kCorrections, 0, step, store);
    } else if (is_late(step)) {
        enter(Register::kLate, 0, step, store);
    }
    if (command.type == custody::EventType::kCountAttested || command.type == custody::EventType::kCountAbandoned)
        enter(Register::kCounts, command.site, step, store);

    numbers_.clear();
    codec::paper_numbers(command, numbers_);
    for (const codec::PaperNumber& paper : numbers_) {
        entry_.assign(1, static_cast<char>(paper.kind));
        store.layer().append(Table::kNumbers, number_key(paper.number), entry_, step.position());
    }
}

Result<std::vector<RegisterRow>> read_register(const ReadPoint& point, Register name, SiteId site, Position from,
                                               Position to, std::size_t enough) {
    std::string group;
    register_key(group, name, site);
    DAYBOOK_ASSIGN(const auto entries, point.list(Table::kRegisters, group, from, to, enough));
    std::vector<RegisterRow> rows;
    rows.reserve(entries.size());
    for (const ListEntry& entry : entries) {
        RowReader reader(entry.bytes);
        const RegisterRow row{entry.position, static_cast<SiteId>(reader.number())};
        if (!reader.ok() || !reader.done()) return damaged();
        rows.push_back(row);
    }
    return rows;
}

Result<std::vector<NumberRow>> read_number(const ReadPoint& point, std::string_view number, Position from, Position to,
                                           std::size_t enough) {
    DAYBOOK_ASSIGN(const auto entries, point.list(Table::kNumbers, number_key(number), from, to, enough));
    std::vector<NumberRow> rows;
    rows.reserve(entries.size());
    for (const ListEntry& entry : entries) {
        if (entry.bytes.size() != 1) return damaged();
        const auto kind = static_cast<codec::PaperKind>(entry.bytes[0]);
        if (static_cast<std::size_t>(kind) == 0 || static_cast<std::size_t>(kind) > codec::kPaperKindCount)
            return damaged();
        rows.push_back({entry.position, kind});
    }
    return rows;
}

}  // namespace daybook::projections
