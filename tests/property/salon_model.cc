#include "tests/property/salon_model.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <tuple>
#include <utility>

namespace daybook::model {
namespace {

constexpr const char* kHouse = "HOUSE:1";

const std::map<std::uint64_t, std::string> kRoles = {{1, "SYS"},  {10, "OC"}, {11, "OC"}, {20, "VM"}, {21, "VM"},
                                                     {30, "SEC"}, {40, "SA"}, {41, "SM"}, {50, "QA"}, {60, "WK"},
                                                     {70, "LG"},  {80, "HQ"}, {90, "ACC"}};

// "SignedOut" → "signed_out"
std::string snake(const std::string& name) {
    std::string out;
    for (const char c : name) {
        if (c >= 'A' && c <= 'Z') {
            if (!out.empty()) out += '_';
            out += static_cast<char>(c - 'A' + 'a');
        } else {
            out += c;
        }
    }
    return out;
}

std::vector<std::string> split(const std::string& text, char by) {
    std::vector<std::string> parts;
    std::stringstream stream(text);
    for (std::string part; std::getline(stream, part, by);) parts.push_back(part);
    return parts;
}

bool is_client(const std::string& owner) { return owner.starts_with("CLIENT:"); }
bool in(const std::string& what, std::initializer_list<const char*> list) {
    return std::any_of(list.begin(), list.end(), [&](const char* one) { return what == one; });
}

}  // namespace

std::string time_text(std::int64_t micros) {
    const std::time_t seconds = static_cast<std::time_t>(micros / 1'000'000);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char text[48];
    std::snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", parts.tm_year + 1900, parts.tm_mon + 1,
                  parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, static_cast<int>(micros % 1'000'000));
    return text;
}

std::string Act::json(const std::string& event_id) const {
    std::string out = R"({"event_id":")" + event_id + R"(","entity":1,"site":)" + std::to_string(site) +
                      R"(,"actor":{"principal":)" + std::to_string(actor.principal) + R"(,"role":")" + actor.role +
                      "\"}";
    if (!attest.empty()) {
        out += R"(,"attest":[)";
        for (const auto& signer : attest) {
            out += (out.back() == '[' ? "" : ",") + (R"({"principal":)" + std::to_string(signer.principal));
            if (!signer.role.empty()) out += R"(,"role":")" + signer.role + "\"";
            out += R"(,"method":"PIN"})";
        }
        out += "]";
    }
    if (at) out += R"(,"occurred_at":")" + time_text(*at) + "\"";
    if (late) {
        out += R"(,"late":{"flag":true,"reason":"found at the evening's check")";
        if (approver != 0) out += R"(,"approver":)" + std::to_string(approver);
        out += "}";
    }
    if (!obligation.empty()) out += R"(,"obligation_id":")" + obligation + "\"";
    if (event == "SupplyMoved") {
        out += R"(,"lines":[{"supply":7,"quantity":)" + more.at("quantity") + "}]";
    } else if (!pieces.empty()) {
        out += R"(,"lines":[)";
        for (const auto& piece : pieces) out += (out.back() == '[' ? "" : ",") + (R"({"item":")" + piece + "\"}");
        out += "]";
    }
    if (!from.empty()) out += R"(,"from":")" + from + "\"";
    if (!to.empty()) out += R"(,"to":")" + to + "\"";
    if (version >= 0) {
        out += R"(,"expect":[{"item":")" + pieces.front() + R"(","version":)" + std::to_string(version) + "}]";
    }
    return out + ",\"" + snake(event) + "\":" + more.at("json") + "}";
}

SalonModel::SalonModel(const std::string& state_machine_json_path) {
    const auto tables = std::make_shared<Tables>();
    std::ifstream file(state_machine_json_path);
    std::stringstream text;
    text << file.rdbuf();
    google::protobuf::Struct json;
    if (!google::protobuf::util::JsonStringToMessage(text.str(), &json).ok())
        throw std::runtime_error("no state machine");
    const auto& root = json.fields();
    std::vector<std::string> columns;
    for (const auto& column : root.at("columns").list_value().values()) columns.push_back(column.string_value());
    for (const auto& [event, cells] : root.at("matrix").struct_value().fields()) {
        for (int i = 0; i < cells.list_value().values_size(); ++i) {
            const auto& cell = cells.list_value().values(i);
            const std::string& state = columns[static_cast<std::size_t>(i)];
            if (!cell.has_list_value()) {
                tables->matrix[event].error[state] = cell.string_value();
                continue;
            }
            for (const auto& target : cell.list_value().values())
                tables->matrix[event].targets[state].push_back(target.string_value());
        }
    }
    for (const auto& error : root.at("errors").list_value().values()) {
        const auto& fields = error.struct_value().fields();
        if (fields.count("short") == 1)
            tables->code_of[fields.at("short").string_value()] = fields.at("code").string_value();
    }
    for (const auto& [state, entry] : root.at("states").struct_value().fields()) {
        tables->own_error[state] = entry.struct_value().fields().at("error").string_value();
    }
    for (const auto& [event, entry] : root.at("events").struct_value().fields()) {
        const auto& fields = entry.struct_value().fields();
        tables->who[event] = split(fields.at("who").string_value(), '+');
        if (fields.count("legal") == 0) continue;
        for (const auto& state : fields.at("legal").list_value().values())
            tables->legal[event].insert(state.string_value());
    }
    for (const int site : {1, 2}) {
        const std::string here = "SITE/" + std::to_string(site) + "/";
        for (const auto* rest :
             {"VAULT/A", "VAULT/B", "COM/C", "HOLD", "DISPLAY/D", "DISPLAY/E", "PERSON/40", "PACK", "SUPPLY"}) {
            tables->accounts.insert(here + rest);
        }
    }
    tables_ = tables;
}

std::string SalonModel::state_of(const std::string& account) {
    if (account.empty()) return "";  // an event that had no leg, where it would have one
    const auto parts = split(account, '/');
    const std::string& kind = parts[0] == "SITE" ? parts[2] : parts[0] == "EXT" ? parts[1] : parts[0];
    static const std::map<std::string, std::string> kStates = {
        {"VAULT", "V"},    {"COM", "V"},      {"HOLD", "R"},      {"DISPLAY", "D"}, {"PERSON", "P"},
        {"PACK", "K"},     {"TRANSIT", "T"},  {"SUPPLIER", "X1"}, {"CLIENT", "X2"}, {"MEMO", "M"},
        {"WORKSHOP", "W"}, {"SUSPENSE", "S"}, {"LOSS", "L"},      {"GONE", "Z"}};
    return kStates.at(kind);
}

int SalonModel::site_of(const std::string& account) {
    const auto parts = split(account, '/');
    return parts[0] == "SITE" || parts[0] == "SUSPENSE" ? std::stoi(parts[1]) : 0;
}

std::string SalonModel::state(const std::string& piece) const {
    const auto it = pieces_.find(piece);
    return it == pieces_.end() ? "X0" : state_of(it->second.account);
}

std::set<std::string> SalonModel::open_obligations() const {
    std::set<std::string> open;
    for (const auto& [id, piece] : pieces_) {
        for (const auto& [kind, obligation] : piece.open) open.insert(obligation);
        open.insert(piece.disputes.begin(), piece.disputes.end());
    }
    return open;
}

// Roles, then dual control. Principals hold their one role at every site, for ever.
std::string SalonModel::judge_signers(const Act& act) const {
    const auto& wanted = tables_->who.at(act.event);
    const auto fills = [](const std::string& rule, const Signer& signer) {
        if (rule == "any") return true;
        const auto roles = split(rule, '/');
        const bool named = std::find(roles.begin(), roles.end(), signer.role) != roles.end();
        const auto held = kRoles.find(signer.principal);
        return named && held != kRoles.end() && held->second == signer.role;
    };
    // The actor fills a named role, or the first, if that one is open.
    const bool fills_one = std::any_of(wanted.begin(), wanted.end(), [&](const std::string& rule) {
        return (rule != "any" || &rule == &wanted.front()) && fills(rule, act.actor);
    });
    if (!fills_one) return "E_NOT_AUTHORISED";
    std::vector<Signer> signers = act.attest;
    signers.insert(signers.begin(), act.actor);
    // There are at most two wanted: try both ways round.
    const auto suffice = [&](bool distinct) {
        if (wanted.size() == 1) return true;
        for (std::size_t a = 0; a < signers.size(); ++a) {
            for (std::size_t b = 0; b < signers.size(); ++b) {
                if (a == b || (distinct && signers[a].principal == signers[b].principal)) continue;
                if (fills(wanted[0], signers[a]) && fills(wanted[1], signers[b])) return true;
            }
        }
        return false;
    };
    if (suffice(true)) return "";
    return suffice(false) ? "E_SELF_WITNESS" : "E_DUAL_CONTROL";
}

// A moving event that moves nothing here.
bool SalonModel::stays(const Act& act, const Piece& piece) const {
    const std::string at = state_of(piece.account);
    if (act.event == "SaleCompleted") return act.more.at("handover") == "LATER" && in(at, {"V", "D", "P"});
    if (act.event != "SaleReturned") return false;
    if (at == "R") return piece.sold_by_house;
    return in(at, {"V", "D", "P"}) && piece.open.count("DELIVERY") == 1;
}

std::string SalonModel::judge_state(const Act& act, const Piece& piece) const {
    const std::string at = state_of(piece.account);
    if (!moves(act)) return tables_->legal.at(act.event).count(at) == 1 ? "" : tables_->own_error.at(at);
    if (stays(act, piece)) return "";
    if (act.event == "SaleCompleted" && act.more.at("handover") == "LATER" && at == "M") return "E_ON_MEMO";
    const Row& row = tables_->matrix.at(act.event);
    if (const auto wrong = row.error.find(at); wrong != row.error.end()) return tables_->code_of.at(wrong->second);
    if (act.event == "SaleReturned" && !piece.sold_by_house) return "E_NOT_SOLD";
    return "";
}

// An admission rule that stands among those of structure.
std::string SalonModel::judge_com(const Act& act, const Piece& piece) const {
    if (re_judging_ || act.event != "PutAway") return "";
    const bool com = act.to.find("/COM/") != std::string::npos;
    return com == is_client(piece.owner) ? "" : "E_WRONG_TARGET";
}

std::string SalonModel::judge_structure(const Act& act, const Piece& piece) const {
    if (const std::string wrong = judge_state(act, piece); !wrong.empty()) return wrong;
    if (!act.from.empty() && act.from != piece.account) return "E_WRONG_ACCOUNT";
    if (act.event == "TransferReceived" && piece.dest != act.site) return "E_WRONG_DEST";
    if (in(act.event, {"TransferReturned", "TransferVoided"}) && (piece.origin == 0 || piece.origin != act.site)) {
        return "E_WRONG_DEST";
    }
    const bool leg = moves(act) && !stays(act, piece);
    if (leg) {
        const auto& targets = tables_->matrix.at(act.event).targets.at(state_of(piece.account));
        const bool right_class = std::find(targets.begin(), targets.end(), state_of(act.to)) != targets.end();
        if (!right_class || act.to == piece.account) return "E_WRONG_TARGET";
        if (const std::string wrong = judge_com(act, piece); !wrong.empty()) return wrong;
        // The transfer's account is named after the obligation that the dispatch opens.
        if (act.event == "TransferDispatched" && act.to != "TRANSIT/" + act.obligation) return "E_WRONG_TARGET";
    }
    const auto open = [&](const char* kind) { return piece.open.count(kind) == 1; };
    if (act.event == "SentToWorkshop" && !open("REPAIR")) return "E_NO_OBLIGATION";
    if (act.event == "ReservationReleased" && !open("RESERVATION")) return "E_NO_OBLIGATION";
    if (act.event == "QuarantineReleased" && !piece.quarantined) return "E_NO_OBLIGATION";
    if (act.event == "RepairOpened" && open("REPAIR")) return "E_OBLIGATION_OPEN";
    if (act.event == "ItemDecommissioned" && (open("RESERVATION") || open("CARNET"))) return "E_OBLIGATION_OPEN";
    if (leg) {
        for (const auto& account : {piece.account, act.to}) {
            // What was missing at one site may be found at another.
            if (act.event == "ItemRecovered" && account == piece.account) continue;
            if (site_of(account) != 0 && site_of(account) != act.site) return "E_CROSS_SITE";
        }
        if (act.to.starts_with("SITE/") && tables_->accounts.count(act.to) == 0) return "E_UNKNOWN_ACCOUNT";
    }
    return "";
}

std::string SalonModel::judge_flags(const Act& act, const Piece& piece) const {
    const bool shown = act.event == "SignedOut" && (in(act.more.at("purpose"), {"DISPLAY", "WINDOW", "PRESENTATION"}) ||
                                                    state_of(act.to) == "D");
    if (piece.quarantined &&
        (shown || in(act.event, {"MemoOutIssued", "SaleCompleted", "ReleasedToClient", "PutAway"}))) {
        return "E_QUARANTINED";
    }
    if (act.event == "PutAway" && in(piece.verdict, {"NONE", "FAIL"})) return "E_QA_PENDING";
    if (act.event == "ReleasedToClient" && piece.verdict != "PASS") return "E_QA_PENDING";
    const auto reserved = piece.open.count("RESERVATION") == 1;
    const auto sold = piece.open.count("DELIVERY") == 1;
    if (act.event == "ReservationPlaced") return reserved || sold ? "E_RESERVED" : "";
    if (in(act.event, {"SaleCompleted", "MemoOutIssued", "TransferPacked"})) {
        const std::string& party = act.more.at("party");
        if (reserved && piece.reserved_for != party) return "E_RESERVED";
        if (sold && piece.sold_to != party) return "E_RESERVED";
    }
    return "";
}

std::string SalonModel::judge_title(const Act& act, const Piece& piece) const {
    if (in(act.event, {"SaleCompleted", "MemoOutIssued", "ItemDecommissioned"}) && piece.owner != kHouse)
        return "E_NOT_OWNED";
    if (act.event == "ReleasedToClient" && !is_client(piece.owner)) return "E_NOT_OWNED";
    return "";
}

bool SalonModel::shut(const std::string& account) const {
    const bool vault = account.find("/VAULT/") != std::string::npos || account.find("/COM/") != std::string::npos;
    return vault && !vault_open_.at(site_of(account));
}

// The vault, on the account named and on the holder.
std::string SalonModel::judge_vault(const Act& act) const {
    if (!moves(act)) return "";
    for (const auto& id : act.pieces) {
        const auto it = pieces_.find(id);
        const std::string holder = it == pieces_.end() ? "" : it->second.account;
        const std::string& left = act.from.empty() ? holder : act.from;
        const bool still = it != pieces_.end() && stays(act, it->second);
        if (!still && (shut(left) || shut(act.to))) return "E_VAULT_CLOSED";
    }
    return "";
}

std::string SalonModel::admit(const Act& act) const {
    if (const std::string wrong = judge_vault(act); !wrong.empty()) return wrong;
    if (act.event == "ItemRegistered") {
        const bool used = pieces_.count(act.pieces[0]) == 1 || versions_.count(act.pieces[0]) == 1;
        if (used) return "E_DUPLICATE_ITEM";
        return in(state_of(act.to), {"X1", "X2", "F"}) ? "" : "E_WRONG_TARGET";
    }
    for (const auto& id : act.pieces) {
        if (act.event != "CountScanned" && pieces_.count(id) == 0) return "E_UNKNOWN_ITEM";
    }
    if (act.version >= 0) {
        const long now = whole_log_ ? versions_.at(act.pieces[0]) : pieces_.at(act.pieces[0]).version;
        if (now != act.version) return "E_STALE_VERSION";
    }
    if (!in(act.event, {"CountOpened", "CountScanned", "CountAttested", "VaultOpened", "VaultClosed", "SupplyMoved"})) {
        for (const auto check : {&SalonModel::judge_structure, &SalonModel::judge_flags, &SalonModel::judge_title}) {
            for (const auto& id : act.pieces) {
                if (const std::string wrong = (this->*check)(act, pieces_.at(id)); !wrong.empty()) return wrong;
            }
        }
        if (act.event == "TransferReceived") {
            for (const auto& id : act.pieces) {
                if (pieces_.at(id).seal != act.more.at("seal") && !pieces_.at(id).seal_excused)
                    return "E_SEAL_MISMATCH";
            }
        }
    }
    if (act.event == "CountOpened" && counts(act.actor.principal, act.more.at("account"))) return "E_COUNT_OPEN";
    if (in(act.event, {"CountScanned", "CountAttested"}) && counts_.count(act.obligation) == 0)
        return "E_NO_OBLIGATION";
    const bool opens = !in(act.event, {"CountScanned", "CountAttested"}) && !act.obligation.empty();
    if (opens && used_obligations_.count(act.obligation) == 1) return "E_OBLIGATION_EXISTS";
    return "";
}

bool SalonModel::counts(std::uint64_t who, const std::string& account) const {
    return std::any_of(counts_.begin(), counts_.end(), [&](const auto& count) {
        return count.second.actor.principal == who && count.second.more.at("account") == account;
    });
}

std::string SalonModel::admit_rest(const Act& act) const {
    if (act.event == "SupplyMoved" && supply_.at(act.site) + std::stol(act.more.at("signed")) < 0)
        return "E_QTY_NEGATIVE";
    if (act.event == "VaultOpened" && vault_open_.at(act.site)) return "E_SESSION_OPEN";
    if (act.event == "VaultClosed") {
        if (!vault_open_.at(act.site)) return "E_VAULT_CLOSED";
        const auto counted = closing_count_.find(act.site);
        if (counted == closing_count_.end() || counted->second.count(act.more.at("count")) == 0)
            return "E_NO_CLOSING_COUNT";
    }
    return "";
}

std::string SalonModel::submit(const Act& act) {
    for (const auto check : {&SalonModel::judge_signers, &SalonModel::admit, &SalonModel::admit_rest}) {
        if (std::string code = (this->*check)(act); !code.empty()) return code;
    }
    take(done(act));
    return "";
}

void SalonModel::know(const std::map<std::string, long>& versions, const std::set<std::string>& obligations) {
    whole_log_ = true;
    versions_ = versions;
    used_obligations_ = obligations;
    for (auto& [id, piece] : pieces_) piece.version = versions.at(id);
}

Done SalonModel::done(const Act& act) const {
    Done done;
    done.act = act;
    for (const auto& id : act.pieces) {
        const auto it = pieces_.find(id);
        if (act.event == "ItemRegistered") done.legs[id] = {"ORIGIN", act.to};
        else if (it != pieces_.end() && moves(act) && !stays(act, it->second))
            done.legs[id] = {act.from.empty() ? it->second.account : act.from, act.to};
        else if (it != pieces_.end() && moves(act)) done.stayed[id] = it->second.account;
    }
    if (act.event == "CountAttested" && counts_.count(act.obligation) == 1) {
        // Every piece is scanned where it is booked or not at all, and nothing moves meanwhile: matched or missing.
        const auto seen = seen_.find(act.obligation);
        for (const auto& [id, piece] : pieces_) {
            if (piece.account != counts_.at(act.obligation).more.at("account")) continue;
            if (seen == seen_.end() || seen->second.count(id) == 0) done.differences[id] = "MISSING";
        }
    }
    return done;
}

std::string SalonModel::still_legal(const Done& done) const {
    Act act = done.act;
    if (act.event == "ItemRegistered") return pieces_.count(act.pieces[0]) == 1 ? "E_DUPLICATE_ITEM" : "";
    for (const auto& id : done.act.pieces) {
        if (act.event == "CountScanned") break;
        if (pieces_.count(id) == 0) return "E_UNKNOWN_ITEM";
        const auto leg = done.legs.find(id);
        act.from = leg == done.legs.end() ? "" : leg->second.first;
        act.to = leg == done.legs.end() ? "" : leg->second.second;
        // What moved nothing where it was told, and would have to here, was told of where it was.
        const auto stayed = done.stayed.find(id);
        if (stayed != done.stayed.end() && asks_for_leg(act, pieces_.at(id))) act.from = stayed->second;
        act.pieces = {id};
        for (const auto check : {&SalonModel::judge_structure, &SalonModel::judge_title}) {
            if (std::string wrong = (this->*check)(act, pieces_.at(id)); !wrong.empty()) return wrong;
        }
        const auto& open = pieces_.at(id).open;
        if (act.event == "ReservationPlaced" && (open.count("RESERVATION") == 1 || open.count("DELIVERY") == 1))
            return "E_RESERVED";
    }
    if (in(act.event, {"CountScanned", "CountAttested"}) && counts_.count(act.obligation) == 0)
        return "E_NO_OBLIGATION";
    for (const auto& [id, kind] : done.differences) {
        if (pieces_.count(id) == 0) return "E_UNKNOWN_ITEM";
    }
    act.pieces.clear();
    for (const auto& [id, leg] : done.legs) {
        Act moving = done.act;
        moving.pieces = {id};
        std::tie(moving.from, moving.to) = leg;
        if (std::string wrong = judge_vault(moving); !wrong.empty()) return wrong;
    }
    return admit_rest(done.act);
}

void SalonModel::move(Piece& piece, const std::string& to) {
    const std::string was = state_of(piece.account);
    const std::string is = state_of(to);
    piece.account = to;
    const auto leave = [&](const char* kind, std::initializer_list<const char*> within) {
        if (!in(is, within)) piece.open.erase(kind);
    };
    leave("SIGNOUT", {"D", "P"});
    leave("TRANSFER", {"T"});
    leave("MEMO_OUT", {"M", "T"});
    leave("WORKSHOP", {"W"});
    leave("MISSING", {"S"});
    if (in(is, {"X1", "X2", "Z"})) piece.open.erase("REPAIR");
    if (is == "X2") piece.open.erase("DELIVERY");
    if (in(is, {"X1", "X2"})) piece.open.erase("RESERVATION");
    if (is == "R" && was != "R") piece.verdict = "NONE";
    if (!in(is, {"K", "T"})) {
        piece.seal.clear();
        piece.seal_excused = false;
    }
}

void SalonModel::take_piece(const Done& done, Piece& piece, const std::string& id) {
    const Act& act = done.act;
    ++piece.version;
    const bool leg = done.legs.count(id) == 1;
    if (act.event == "TransferExceptionRecorded") {
        piece.disputes.insert(act.pieces.size() > 1 ? act.obligation + ":" + id : act.obligation);
        piece.seal_excused = true;
    }
    if (leg) {
        move(piece, done.legs.at(id).second);
        piece.put_by = act.site;
    }
    if (act.event == "SignedOut") {
        piece.open["SIGNOUT"] = act.obligation;
        piece.out_with_others = act.pieces.size() > 1;
    }
    // Re-assigned, a piece that was named with others goes on under its own name.
    if (act.event == "HandedOver" && std::exchange(piece.out_with_others, false)) piece.open["SIGNOUT"] += ":" + id;
    if (act.event == "TransferPacked") piece.seal = act.more.at("seal");
    if (act.event == "TransferDispatched") {
        piece.open["TRANSFER"] = act.obligation;
        piece.origin = act.site;
        piece.dest = std::stoi(act.more.at("dest"));
    }
    if (act.event == "MemoOutIssued") piece.open["MEMO_OUT"] = act.obligation;
    if (act.event == "SentToWorkshop") piece.open["WORKSHOP"] = act.obligation;
    if (act.event == "DeclaredMissing") piece.open["MISSING"] = act.obligation + ":" + id;
    if (act.event == "RepairOpened") piece.open["REPAIR"] = act.obligation;
    if (act.event == "ReturnedFromWorkshop" && !is_client(piece.owner)) piece.open.erase("REPAIR");
    if (act.event == "GoodsReceived" && act.more.at("bought") == "true") piece.owner = kHouse;
    if (act.event == "QuarantineSet") piece.quarantined = true;
    if (act.event == "QuarantineReleased") piece.quarantined = false;
    if (act.event == "InspectionRecorded") piece.verdict = act.more.at("verdict");
    if (act.event == "ReservationPlaced") {
        piece.open["RESERVATION"] = act.obligation;
        piece.reserved_for = act.more.at("party");
    }
    if (act.event == "ReservationReleased") piece.open.erase("RESERVATION");
    if (act.event == "SaleCompleted") {
        piece.owner = "CLIENT:" + act.more.at("party");
        piece.sold_by_house = true;
        piece.open.erase("RESERVATION");
        if (!leg) {
            piece.open["DELIVERY"] = act.obligation;
            piece.sold_to = act.more.at("party");
        }
    }
    if (act.event == "SaleReturned") {
        piece.owner = kHouse;
        piece.sold_by_house = false;
        piece.open.erase("DELIVERY");
    }
}

void SalonModel::take(const Done& done) {
    const Act& act = done.act;
    const bool names_open_one = in(act.event, {"CountScanned", "CountAttested"});
    if (!act.obligation.empty() && !names_open_one) used_obligations_.insert(act.obligation);
    if (act.event == "ItemRegistered") {
        Piece& piece = pieces_[act.pieces[0]];
        piece.account = act.to;
        piece.owner = act.more.at("owner");
        piece.put_by = act.site;
        piece.version = 1;
        return;
    }
    if (act.event == "VaultOpened") {
        vault_open_[act.site] = true;
        closing_count_.erase(act.site);
    } else if (act.event == "VaultClosed") {
        vault_open_[act.site] = false;
    } else if (act.event == "SupplyMoved") {
        supply_[act.site] += std::stol(act.more.at("signed"));
    } else if (act.event == "CountOpened") {
        counts_[act.obligation] = act;
    } else if (act.event == "CountScanned") {
        seen_[act.obligation].insert(act.pieces.begin(), act.pieces.end());
    } else if (act.event == "CountAttested") {
        for (const auto& [id, kind] : done.differences) {
            pieces_.at(id).disputes.insert(act.obligation + ":" + kind + ":" + id);
            ++pieces_.at(id).version;
        }
        const auto opened = counts_.find(act.obligation);
        if (opened != counts_.end() && opened->second.more.at("kind") == "CLOSING")
            closing_count_[act.site].insert(act.obligation);
        counts_.erase(act.obligation);
    } else {
        for (const auto& id : act.pieces) take_piece(done, pieces_.at(id), id);
    }
}

}  // namespace daybook::model
