// Papers: the documents that a lane asks for (policy docs.required), and the seal of a parcel.
#include "engine/custody/papers.h"

#include <algorithm>
#include <charconv>

#include "engine/custody/internal/checks.h"

namespace daybook::custody {
namespace {

// Where a dispatch or a trade memo goes.
struct Lane {
    SiteId from = 0;
    SiteId to = 0;
    const Party* party = nullptr;  // of an outside destination, where it is registered
};

std::string_view kind_name(PartyKind kind) {
    switch (kind) {
        case PartyKind::kClient: return "CLIENT";
        case PartyKind::kVendor: return "VENDOR";
        case PartyKind::kCarrier: return "CARRIER";
        case PartyKind::kWorkshop: return "WORKSHOP";
        case PartyKind::kEntity: return "ENTITY";
        case PartyKind::kStaff: return "STAFF";
        case PartyKind::kUnspecified: break;
    }
    return "";
}

std::string_view owner_name(OwnerKind kind) {
    switch (kind) {
        case OwnerKind::kHouse: return "HOUSE";
        case OwnerKind::kVendor: return "VENDOR";
        case OwnerKind::kClient: return "CLIENT";
        case OwnerKind::kInsurer: return "INSURER";
        case OwnerKind::kUnknown: break;
    }
    return "UNKNOWN";
}

bool is_number(std::string_view text, std::uint64_t number) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() && value == number;
}

bool on_lane(const DocRule& rule, const Lane& lane) {
    if (rule.from != "*" && !is_number(rule.from, lane.from)) return false;
    if (rule.to == "*") return true;
    if (rule.to.starts_with("country:")) return lane.party != nullptr && lane.party->country == rule.to.substr(8);
    if (rule.to.starts_with("kind:")) return lane.party != nullptr && kind_name(lane.party->kind) == rule.to.substr(5);
    return lane.to != 0 && is_number(rule.to, lane.to);
}

bool concerns(const Books& books, const DocRule& rule, const Item& item) {
    const std::string_view when = rule.when;
    if (when.empty()) return true;
    if (when == "cites") return item.has(kCites);
    if (when.starts_with("category:")) return books.names.text(item.category) == when.substr(9);
    if (when.starts_with("metal:")) return books.names.text(item.metal) == when.substr(6);
    if (when.starts_with("stone:")) return books.names.text(item.stone) == when.substr(6);
    if (when.starts_with("title:")) return owner_name(item.owner.kind) == when.substr(6);
    if (when.starts_with("value>=")) {
        std::int64_t bound = 0;
        const std::string_view digits = when.substr(7);
        std::from_chars(digits.data(), digits.data() + digits.size(), bound);
        return item.insured_minor >= bound;
    }
    return false;
}

// Named by the command, or attached to the piece and valid then.
bool has_document(const Books& pieces, const Command& command, const Item& item, Micros at, DocType type) {
    const auto& docs = command.docs;
    if (std::any_of(docs.begin(), docs.end(), [&](const Doc& doc) { return doc.type == type; })) return true;
    const auto* attached = pieces.documents.find(item.id);
    return attached != nullptr && std::any_of(attached->begin(), attached->end(), [&](const AttachedDoc& doc) {
               return doc.type == type && Interval{doc.from, doc.to}.contains(at);
           });
}

// The rules that apply to the command; nullptr: none.
const std::vector<DocRule>* rules_for(const Books& books, const Command& command, Micros at) {
    const auto* memo = std::get_if<MemoOutIssued>(&command.payload);
    const bool trade = memo != nullptr && memo->purpose == MemoPurpose::kTrade;
    if (!trade && command.type != EventType::kTransferDispatched) return nullptr;
    const PolicyValue* value =
        books.policies.size() == 0 ? nullptr : books.policy("docs.required", command.site, at);
    return value == nullptr ? nullptr : &std::get<std::vector<DocRule>>(*value);
}

Lane lane_of(const Books& books, const Command& command) {
    Lane lane{command.site, 0, nullptr};
    if (const auto* memo = std::get_if<MemoOutIssued>(&command.payload)) {
        lane.party = books.party(memo->party);
        return lane;
    }
    const Destination& dest = std::get<TransferDispatched>(command.payload).dest;
    lane.to = dest.site;
    if (dest.site != 0) return lane;
    // The account of a client, supplier, entity or workshop names its party; that of a memo does not.
    const bool numbered = dest.party == 0 && dest.account.kind != AccountClass::kExtMemo;
    lane.party = books.party(numbered ? dest.account.number() : dest.party);
    return lane;
}

// `pieces`: the books in which the piece and its documents stand.
std::vector<DocType> missing_for(const std::vector<DocRule>& rules, const Lane& lane, const Books& pieces,
                                 const Command& command, const Item& item, Micros at) {
    std::vector<DocType> missing;
    for (const DocRule& rule : rules) {
        if (!on_lane(rule, lane) || !concerns(pieces, rule, item)) continue;
        for (const DocType type : rule.types) {
            if (!has_document(pieces, command, item, at, type) &&
                std::find(missing.begin(), missing.end(), type) == missing.end())
                missing.push_back(type);
        }
    }
    return missing;
}

Fault check_line_documents(const Case& c, std::size_t i, const std::vector<DocRule>& rules, const Lane& lane) {
    std::vector<DocType> missing = missing_for(rules, lane, c.pieces, c.command, *c.lines[i].item, c.at);
    if (missing.empty()) return std::nullopt;
    std::string names;
    for (const DocType type : missing) names += (names.empty() ? "" : ", ") + std::string(doc_name(type));
    Refusal refusal =
        refuse_line(c, i, RefusalCode::kDocMissing,
                    "the lane asks for " + names + "; attach it (ComplianceDocAttached) or name it in docs");
    refusal.missing_documents = std::move(missing);
    return refusal;
}

Fault check_seal(const Case& c, std::size_t i) {
    const Item& item = *c.lines[i].item;
    const auto& seen = c.payload<TransferReceived>();
    if (item.has(kSealExcused)) return std::nullopt;
    const Parcel* parcel = item.parcel == 0 ? nullptr : &c.pieces.parcels[item.parcel];
    const bool same = parcel == nullptr || parcel->seal == seen.seal;  // of what came from outside no seal is known
    if (same && seen.intact) return std::nullopt;
    const std::string what =
        same ? "its seal is broken"
             : "it was packed under seal '" + parcel->seal + "' and came under '" + std::string(seen.seal) + "'";
    Refusal refusal =
        refuse_line(c, i, RefusalCode::kSealMismatch, what + "; record that first (TransferExceptionRecorded)");
    if (const Obligation* transfer = c.transfer(c.lines[i])) refusal.obligation = transfer->ref;
    if (parcel != nullptr) refusal.document = parcel->sscc;
    return refusal;
}

}  // namespace

std::vector<DocType> missing_documents(const Books& books, const Command& command, const Item& item, Micros at) {
    const std::vector<DocRule>* rules = rules_for(books, command, at);
    if (rules == nullptr) return {};
    return missing_for(*rules, lane_of(books, command), books, command, item, at);
}

Fault check_papers(const Case& c) {
    if (c.is(EventType::kTransferReceived)) {
        for (std::size_t i = 0; i < c.lines.size(); ++i) {
            if (Fault fault = check_seal(c, i)) return fault;
        }
        return std::nullopt;
    }
    const std::vector<DocRule>* rules = rules_for(c.books, c.command, c.at);
    if (rules == nullptr) return std::nullopt;
    const Lane lane = lane_of(c.books, c.command);
    for (std::size_t i = 0; i < c.lines.size(); ++i) {
        if (Fault fault = check_line_documents(c, i, *rules, lane)) return fault;
    }
    return std::nullopt;
}

}  // namespace daybook::custody
