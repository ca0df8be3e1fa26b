#include "engine/codec/internal/rules.h"

#include <algorithm>
#include <array>
#include <variant>

#include "engine/codec/internal/fill.h"
#include "engine/codec/internal/payload_rules.h"
#include "engine/codec/internal/tables.h"
#include "schemas/daybook/v1/command.pb.h"

namespace daybook::codec {
namespace {

using custody::Command;
using custody::EventType;
using custody::LineKind;

bool at(Fault& fault, std::string path, std::string text) {
    fault.path = std::move(path);
    fault.text = std::move(text);
    return false;
}
std::string line_path(std::size_t index, std::string_view field) {
    return "lines[" + std::to_string(index) + "]" + (field.empty() ? "" : ".") + std::string(field);
}

// ---- Lines ----

bool piece_line(const custody::Line& line, std::size_t index, Fault& fault) {
    if (line.item.empty())
        return at(fault, line_path(index, "item"),
                  "missing; give a UUID: write it as 8-4-4-4-12 lower-case hexadecimal");
    if (line.supply != 0)
        return at(fault, line_path(index, "supply"), "stands beside an item; a line is of one or the other");
    if (line.quantity != 0 || line.measure != 0) {
        return at(fault, line_path(index, line.quantity != 0 ? "quantity" : "measure"),
                  "is for supplies; a piece is always one");
    }
    return true;
}

bool supply_line(const Command& command, const custody::Line& line, std::size_t index, Fault& fault) {
    if (!line.item.empty())
        return at(fault, line_path(index, "item"), "is a piece; a line of this event is of a supply");
    if (line.supply == 0) return at(fault, line_path(index, "supply"), "missing; give the number of a supply");
    const auto* moved = std::get_if<custody::SupplyMoved>(&command.payload);
    const bool is_signed = moved != nullptr && moved->kind == custody::SupplyMove::kCountAdjust;
    if (!is_signed && (line.quantity < 0 || line.measure < 0)) {
        return at(fault, line_path(index, line.quantity < 0 ? "quantity" : "measure"),
                  "is negative; only a supply_moved of kind COUNT_ADJUST may take away");
    }
    // A count may find none of a supply; a movement moves some.
    if (moved != nullptr && line.quantity == 0 && line.measure == 0) {
        return at(fault, line_path(index, "quantity"), "missing; give a number other than 0, or a measure");
    }
    return true;
}

// Lines of a count may name a piece many times.
bool items_once(const Command& command, Fault& fault) {
    const auto& lines = command.lines;
    if (lines.size() < 2) return true;
    std::vector<std::uint32_t> order(lines.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    const auto less = [&](std::uint32_t a, std::uint32_t b) {
        const auto key = [&](std::uint32_t i) {
            return std::tuple(lines[i].item, lines[i].supply, lines[i].from, lines[i].to, i);
        };
        return key(a) < key(b);
    };
    std::sort(order.begin(), order.end(), less);
    std::size_t first = lines.size();  // the first line that says a piece again
    for (std::size_t i = 1; i < order.size(); ++i) {
        const auto& line = lines[order[i]];
        const auto& before = lines[order[i - 1]];
        const bool same_account = line.item.empty() ? line.from == before.from && line.to == before.to : true;
        if (line.item == before.item && line.supply == before.supply && same_account) {
            first = std::min<std::size_t>(first, order[i]);
        }
    }
    if (first == lines.size()) return true;
    const auto& line = lines[first];
    return line.item.empty() ? at(fault, line_path(first, "supply"),
                                  std::to_string(line.supply) + " has a line already; add the quantities up")
                             : at(fault, line_path(first, "item"),
                                  "'" + line.item.text() + "' has a line already; an item occurs once");
}

// One line exactly: the payload describes one piece.
bool of_one_piece(EventType type) { return type == EventType::kItemRegistered || type == EventType::kIdentityResolved; }

bool check_lines(const Command& command, Fault& fault) {
    const LineKind kind = custody::info(command.type).lines;
    const std::string name(payload_name(command.type));
    const auto& lines = command.lines;
    if (kind == LineKind::kNone || kind == LineKind::kEngine) {
        return lines.empty() ||
               at(fault, "lines", name + " has none" + (kind == LineKind::kEngine ? "; the engine writes them" : ""));
    }
    if (lines.empty() && kind != LineKind::kItemOptional) {
        return at(fault, "lines", "missing; " + name + " has 1 to 10000");
    }
    if (lines.size() > 1 && of_one_piece(command.type))
        return at(fault, "lines", name + " is of one piece; send one event a piece");
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const bool supply = kind == LineKind::kSupply || (kind == LineKind::kSeen && lines[i].item.empty());
        if (supply ? !supply_line(command, lines[i], i, fault) : !piece_line(lines[i], i, fault)) return false;
    }
    return kind == LineKind::kSeen || items_once(command, fault);
}

// ---- obligation_id ----

enum class Names { kNothing, kOpened, kEither };

custody::AccountClass target_class(const Command& command) {
    const auto& line_to = command.lines.empty() ? command.to : command.lines.front().to;
    const auto& to = line_to.empty() ? command.to : line_to;
    return to.empty() ? custody::AccountClass::kOrigin : to.kind;
}

Names opens(const Command& command) {
    if (command.type == EventType::kSaleCompleted) {
        const bool later = std::get<custody::SaleCompleted>(command.payload).handover == custody::Handover::kLater;
        return later ? Names::kOpened : Names::kNothing;
    }
    if (command.type == EventType::kTransferDelivered) {
        // Into memo or a workshop it opens one; where the target is left out, the transfer decides.
        const auto target = target_class(command);
        if (target == custody::AccountClass::kOrigin) return Names::kEither;
        const bool owed = target == custody::AccountClass::kExtMemo || target == custody::AccountClass::kExtWorkshop;
        return owed ? Names::kOpened : Names::kNothing;
    }
    return custody::info(command.type).opens == 0 ? Names::kNothing : Names::kOpened;
}

bool check_obligation(const Command& command, Fault& fault) {
    constexpr std::string_view kField = "obligation_id";
    const std::string name(payload_name(command.type));
    if (names_obligation(command.type)) {
        ObligationId id;
        if (const auto* p = std::get_if<custody::CountScanned>(&command.payload)) id = p->count;
        if (const auto* p = std::get_if<custody::CountAttested>(&command.payload)) id = p->count;
        if (const auto* p = std::get_if<custody::CountAbandoned>(&command.payload)) id = p->count;
        if (const auto* p = std::get_if<custody::DiscrepancyResolved>(&command.payload)) id = p->discrepancy.id;
        if (const auto* p = std::get_if<custody::ObligationSettled>(&command.payload)) id = p->obligation.id;
        return !id.empty() ||
               at(fault, std::string(kField), "missing; " + name + " names there what it closes or belongs to");
    }
    const Names names = opens(command);
    if (names == Names::kOpened && command.obligation.empty()) {
        return at(fault, std::string(kField),
                  "missing; " + name + " opens an obligation: give it a UUID that was never used");
    }
    if (names == Names::kNothing && !command.obligation.empty()) {
        return at(fault, std::string(kField),
                  "not wanted; " + name + (command.type == EventType::kSaleCompleted ? " with handover NOW" : "") +
                      " opens no obligation. Leave it out");
    }
    return true;
}

// Only these name an obligation by more than its id. The text was read into the command without its other parts.
bool check_obligation_form(const Command& command, Fault& fault) {
    if (command.type == EventType::kDiscrepancyResolved || command.type == EventType::kObligationSettled) return true;
    for (WireReader field(command.bytes); field.next();) {
        if (field.number() != v1::Command::kObligationIdFieldNumber) continue;
        if (field.bytes().size() <= 36) break;
        return at(fault, "obligation_id",
                  quoted(field.bytes()) + " is more than a UUID; " + std::string(payload_name(command.type)) +
                      " takes the id alone");
    }
    return true;
}

// ---- The rest of the envelope ----

// Of everything that happens at a place.
bool needs_site(EventType type) {
    const LineKind kind = custody::info(type).lines;
    if (type == EventType::kItemRegistered) return false;
    if (kind == LineKind::kMove || kind == LineKind::kSupply || kind == LineKind::kSeen) return true;
    constexpr std::array kTypes{EventType::kAccountOpened,    EventType::kAccountClosed,    EventType::kVaultOpened,
                                EventType::kVaultClosed,      EventType::kCustodianChanged, EventType::kCountOpened,
                                EventType::kCountAttested,    EventType::kCountAbandoned,   EventType::kDayClosed,
                                EventType::kTransferRequested};
    return std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end();
}

bool check_envelope(const Command& command, Fault& fault) {
    if (command.site == 0 && needs_site(command.type)) {
        return at(fault, "site",
                  "missing; " + std::string(payload_name(command.type)) + " happens at a site: give its number");
    }
    for (std::size_t i = 1; i < command.expect.size(); ++i) {
        for (std::size_t j = 0; j < i && command.expect.size() <= 64; ++j) {
            if (command.expect[i].item == command.expect[j].item) {
                return at(fault, "expect[" + std::to_string(i) + "].item",
                          "'" + command.expect[i].item.text() + "' is there already");
            }
        }
    }
    return true;
}

}  // namespace

std::string_view payload_name(EventType type) {
    const FieldTable* field = command_table().find(kPayloadNumberBase + static_cast<std::uint32_t>(type));
    return field == nullptr ? custody::to_string(type) : std::string_view(field->name);
}

bool check_rules(const Command& command, Fault& fault) {
    return check_envelope(command, fault) && check_payload(command, fault) && check_obligation_form(command, fault) &&
           check_obligation(command, fault) && check_lines(command, fault);
}

}  // namespace daybook::codec
