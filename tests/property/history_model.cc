#include "tests/property/history_model.h"

#include <algorithm>

namespace daybook::model {
namespace {

constexpr std::int64_t kFutureTolerance = 120 * kSecondMicros;
constexpr std::int64_t kLateAfter = 900 * kSecondMicros;

bool session_event(const Act& act) { return act.event == "VaultOpened" || act.event == "VaultClosed"; }
bool count_event(const Act& act) { return act.event.starts_with("Count"); }

}  // namespace

// "Effective at R: no effective correction known at R targets the event and, if it is a corrective, its declaration is
// effective." What corrects an event comes behind it.
const History::Telling& History::told(std::size_t known) const {
    const auto [it, fresh] = told_.try_emplace(known);
    Telling& telling = it->second;
    if (!fresh) return telling;
    telling.effective.assign(records_.size(), true);
    for (auto record = records_.rbegin(); record != records_.rend(); ++record) {
        if (record->declaration && record->batch_end <= known && telling.effective[record->seq])
            telling.effective[record->target] = false;
    }
    for (const Record& record : records_) {
        if (record.declared_by && !telling.effective[*record.declared_by]) telling.effective[record.seq] = false;
        if (record.batch_end <= known && !record.declaration && telling.effective[record.seq])
            telling.in_order.push_back(&record);
    }
    std::sort(telling.in_order.begin(), telling.in_order.end(), [](const Record* a, const Record* b) {
        return std::tie(a->at, a->place, a->seq) < std::tie(b->at, b->place, b->seq);
    });
    return telling;
}

// The first so many, and what was told of them is to be told again.
void History::keep(std::size_t records) {
    records_.resize(records);
    told_.clear();
}

std::optional<std::size_t> History::corrected_by(std::size_t seq, std::size_t known) const {
    for (const Record& other : records_) {
        if (other.declaration && other.batch_end <= known && other.target == seq && effective(other.seq, known))
            return other.seq;
    }
    return std::nullopt;
}

std::optional<std::size_t> History::void_by(std::size_t seq, std::size_t known) const {
    const auto by = corrected_by(seq, known);
    const auto& declaration = records_[seq].declared_by;
    return by || !declaration ? by : void_by(*declaration, known);
}

std::vector<History::Stay> History::stays(const std::string& piece, std::optional<std::int64_t> valid,
                                          std::size_t known) const {
    std::vector<Stay> stays;
    for (const Record* record : in_order(known)) {
        const auto leg = record->done.legs.find(piece);
        if (leg == record->done.legs.end() || (valid && record->at > *valid)) continue;
        if (!stays.empty() && stays.back().from == record->at) stays.pop_back();
        stays.push_back({leg->second.second, record->at, record->seq});
    }
    return stays;
}

History::Put History::put(const std::string& piece) const {
    Put put;
    for (const Record* record : in_order(records_.size())) {
        if (record->touched.count(piece) == 0) continue;
        put.last_at = record->at;
        if (record->done.legs.count(piece) == 0) continue;
        put.since = record->at;
        put.by = record->seq;
    }
    for (const Record& record : records_) {
        if (record.touched.count(piece) == 1) put.last = record.seq;
    }
    return put;
}

std::vector<History::Counted> History::counts(const std::string& account, std::size_t known) const {
    std::vector<Counted> counts;
    for (const Record& record : records_) {
        if (record.done.act.event != "CountAttested" || record.batch_end > known) continue;
        for (const Record& opened : records_) {
            const Act& count = opened.done.act;
            if (count.event == "CountOpened" && count.obligation == record.done.act.obligation &&
                count.more.at("account") == account)
                counts.push_back({record.seq, opened.at});
        }
    }
    return counts;
}

// Piece, when, and whether it came. What came and went in one instant is none.
std::set<std::tuple<std::string, std::int64_t, bool>> History::legs_on(const std::string& account, std::int64_t before,
                                                                       std::size_t known) const {
    std::set<std::tuple<std::string, std::int64_t, bool>> legs;
    const SalonModel all = at(before - 1, known);
    for (const auto& [piece, state] : all.pieces()) {
        std::string was;
        for (const Stay& stay : stays(piece, before - 1, known)) {
            if (stay.account == was) continue;
            if (was == account) legs.emplace(piece, stay.from, false);
            if (stay.account == account) legs.emplace(piece, stay.from, true);
            was = stay.account;
        }
    }
    return legs;
}

bool History::to_be_rechecked(const std::string& account, const Counted& count, std::size_t known) const {
    for (const Counted& other : counts(account, known)) {
        const bool later = std::tie(count.opened_at, count.attested) < std::tie(other.opened_at, other.attested);
        if (later && effective(other.attested, known)) return false;
    }
    return legs_on(account, count.opened_at, count.attested + 1) != legs_on(account, count.opened_at, known);
}

std::optional<std::int64_t> History::last_matched(const std::string& piece, std::optional<std::int64_t> valid,
                                                  std::size_t known) const {
    std::optional<std::int64_t> last;
    for (const Record& record : records_) {
        if (record.matched.count(piece) == 0 || record.batch_end > known || !effective(record.seq, known)) continue;
        for (const Record& opened : records_) {
            const Act& count = opened.done.act;
            if (count.event != "CountOpened" || count.obligation != record.done.act.obligation) continue;
            if (!valid || opened.at <= *valid) last = std::max(last.value_or(opened.at), opened.at);
        }
    }
    return last;
}

std::int64_t History::newest(std::size_t known) const {
    std::int64_t newest = 0;
    for (const Record& record : records_) {
        if (record.batch_end <= known && effective(record.seq, known)) newest = std::max(newest, record.at);
    }
    return newest;
}

SalonModel History::at(std::optional<std::int64_t> valid, std::size_t known) const {
    SalonModel model = blank_;
    for (const Record* record : in_order(known)) {
        if (!valid || record->at <= *valid) model.take(record->done);
    }
    return model;
}

SalonModel History::before(std::int64_t at, std::size_t place, std::size_t seq) const {
    SalonModel model = blank_;
    for (const Record* record : in_order(records_.size())) {
        if (std::tie(record->at, record->place, record->seq) < std::tie(at, place, seq)) model.take(record->done);
    }
    model.know(versions(), obligations());
    return model;
}

SalonModel History::now() const {
    SalonModel model = at(std::nullopt, records_.size());
    model.know(versions(), obligations());
    return model;
}

std::map<std::string, long> History::versions() const {
    std::map<std::string, long> versions;
    for (const Record& record : records_) {
        for (const auto& piece : record.touched) ++versions[piece];
    }
    return versions;
}

std::set<std::string> History::obligations() const {
    std::set<std::string> used;
    for (const Record& record : records_) {
        const Act& act = record.done.act;
        const bool names_open_one = act.event == "CountScanned" || act.event == "CountAttested";
        if (!act.obligation.empty() && !names_open_one) used.insert(act.obligation);
    }
    return used;
}

// What was accepted is legal at every place up to the first that is not, which is all that is named.
History::Broken History::broken() const {
    Broken broken;
    SalonModel model = blank_;
    model.re_judge();
    for (const Record* record : in_order(records_.size())) {
        const Act& act = record->done.act;
        Done legal = record->done;  // without the pieces whose chains are broken already
        // What was seen is evidence of its count, and no event of the pieces.
        const bool seen = act.event == "CountScanned";
        if (!seen) std::erase_if(legal.act.pieces, [&](const std::string& piece) { return broken.count(piece) == 1; });
        std::erase_if(legal.legs, [&](const auto& leg) { return broken.count(leg.first) == 1; });
        std::erase_if(legal.differences, [&](const auto& one) { return broken.count(one.first) == 1; });
        if (!act.pieces.empty() && legal.act.pieces.empty()) continue;
        bool takes = true;
        const std::vector<std::string> pieces = seen ? std::vector<std::string>() : legal.act.pieces;
        for (const auto& piece : pieces) {
            Done one = legal;
            one.act.pieces = {piece};
            std::erase_if(one.legs, [&](const auto& leg) { return leg.first != piece; });
            const std::string code = model.still_legal(one);
            if (code.empty()) continue;
            broken[piece] = {record->seq, code};
            std::erase(legal.act.pieces, piece);
            legal.legs.erase(piece);
            takes = !legal.act.pieces.empty();
        }
        for (const auto& [piece, kind] : record->done.differences) {
            if (legal.differences.count(piece) == 0 || model.pieces().count(piece) == 1) continue;
            broken[piece] = {record->seq, "E_UNKNOWN_ITEM"};
            legal.differences.erase(piece);
        }
        if (pieces.empty()) {
            const std::string code = model.still_legal(legal);
            if (!code.empty()) {
                broken.try_emplace("", record->seq, code);
                takes = false;
            }
        }
        if (takes) model.take(legal);
    }
    return broken;
}

// "The engine stamps the greatest of recorded_at, the newest occurred_at of the lines' items, and the site's newest
// session event; for an event without item lines, the newest event of its site."
std::int64_t History::stamp(const Act& act, std::int64_t now) const {
    std::int64_t stamp = now;
    for (const Record& record : records_) {
        if (record.declaration || !effective(record.seq, records_.size())) continue;
        const Act& other = record.done.act;
        const bool same_site = other.site == act.site;
        const bool counts = act.pieces.empty() || act.event == "CountScanned"
                                ? same_site
                                : (same_site && session_event(other)) ||
                                      std::any_of(act.pieces.begin(), act.pieces.end(), [&](const auto& piece) {
                                          return record.touched.count(piece) == 1;
                                      });
        if (counts) stamp = std::max(stamp, record.at);
    }
    return stamp;
}

// Whether a count that was attested on one of its accounts lies behind it.
bool History::fenced(const Act& act, const SalonModel& here, std::int64_t at) const {
    std::set<std::string> accounts;
    for (const auto& [piece, leg] : here.done(act).legs) {
        accounts.insert(act.from.empty() ? leg.first : act.from);
        accounts.insert(leg.second);
    }
    for (const auto& piece : act.pieces) {  // a leg that the state refuses is a leg asked for
        const auto it = here.pieces().find(piece);
        if (it == here.pieces().end() || !here.asks_for_leg(act, it->second)) continue;
        accounts.insert(act.from.empty() ? it->second.account : act.from);
        accounts.insert(act.to);
    }
    for (const auto& piece : act.pieces) {  // also of a piece that is not there: on the accounts named
        if (here.pieces().count(piece) == 1 || !here.moves(act)) continue;
        accounts.insert(act.from);
        accounts.insert(act.to);
    }
    for (const Record& record : records_) {
        if (record.done.act.event != "CountAttested" || !effective(record.seq, records_.size())) continue;
        for (const Record& opened : records_) {
            const Act& count = opened.done.act;
            if (count.event != "CountOpened" || count.obligation != record.done.act.obligation) continue;
            if (accounts.count(count.more.at("account")) == 1 && at < opened.at) return true;
        }
    }
    return false;
}

std::string History::judge(const Act& act, std::int64_t at, std::size_t place, std::int64_t now) const {
    const SalonModel here = before(at, place, records_.size());
    if (std::string code = here.judge_signers(act); !code.empty()) return code;
    if (at > now + kFutureTolerance) return "E_FUTURE_DATED";
    if (at < now - kLateAfter && !act.late) return "E_BACKDATED";
    if (fenced(act, here, at)) {
        const bool approved = std::any_of(act.attest.begin(), act.attest.end(), [&](const Signer& signer) {
            return act.late && signer.role == "VM" && signer.principal == act.approver;  // named in `late`
        });
        if (!approved) return "E_COUNT_FENCE";
    }
    if (std::string code = here.admit(act); !code.empty()) return code;
    return here.admit_rest(act);
}

History::Record& History::add(const Act& act, std::int64_t at, std::size_t place, const SalonModel& here) {
    Record record;
    record.done = here.done(act);
    record.at = at;
    record.place = place;
    record.seq = records_.size();
    record.batch_end = record.seq + 1;
    if (act.event == "CountAttested") {
        record.done.differences.clear();
        const SalonModel present = now();
        const std::map<std::string, std::string> kinds = {
            {"missing", "MISSING"}, {"misplaced", "MISPLACED"}, {"unexpected", "UNEXPECTED"}};
        for (const auto& [name, pieces] : lists(act.obligation)) {
            if (name == "matched") record.matched = pieces;
            for (const auto& piece : pieces) {
                if (kinds.count(name) == 1 && present.pieces().count(piece) == 1)
                    record.done.differences[piece] = kinds.at(name);
            }
        }
    }
    if (!count_event(act)) record.touched.insert(act.pieces.begin(), act.pieces.end());
    for (const auto& [piece, kind] : record.done.differences) record.touched.insert(piece);
    told_.clear();
    return records_.emplace_back(std::move(record));
}

// "Made at the attestation's position": word for word.
History::Lists History::lists(const std::string& count) const {
    const Record* opened = nullptr;
    for (const Record& record : records_) {
        if (record.done.act.event == "CountOpened" && record.done.act.obligation == count) opened = &record;
    }
    if (opened == nullptr) return {};
    const std::string& scope = opened->done.act.more.at("account");
    const SalonModel book = at(opened->at, opened->seq);
    std::map<std::string, std::set<std::string>> seen;
    std::map<std::string, std::vector<std::pair<std::string, std::string>>> since;
    for (const Record& record : records_) {
        if (!effective(record.seq, records_.size())) continue;
        if (record.done.act.event == "CountScanned" && record.done.act.obligation == count) {
            for (const auto& piece : record.done.act.pieces) seen[piece].insert(record.done.act.to);
        }
        if (record.seq <= opened->seq) continue;
        for (const auto& [piece, leg] : record.done.legs) since[piece].push_back(leg);
    }
    std::set<std::string> all;
    for (const auto& [piece, state] : book.pieces()) {
        if (state.account == scope) all.insert(piece);
    }
    for (const auto& [piece, where] : seen) all.insert(piece);
    Lists lists;
    for (const auto& piece : all) {
        const auto booked = book.pieces().find(piece);
        const std::string account = booked == book.pieces().end() ? "" : booked->second.account;
        const auto& legs = since[piece];
        const auto moved = [&](auto&& holds) { return std::any_of(legs.begin(), legs.end(), holds); };
        if (seen.count(piece) == 0) {
            const bool has = moved([&](const auto& leg) { return leg.first == scope || leg.second == scope; });
            lists[has ? "moved" : "missing"].insert(piece);
        } else if (account == scope && seen[piece].count(scope) == 1) {
            lists["matched"].insert(piece);
        } else if (moved([&](const auto& leg) { return seen[piece].count(leg.second) == 1; })) {
            lists["moved"].insert(piece);
        } else {
            const int site = opened->done.act.site;
            const bool here = !account.empty() && SalonModel::site_of(account) == site;
            lists[seen[piece].count(scope) == 1 && here ? "misplaced" : "unexpected"].insert(piece);
        }
    }
    return lists;
}

std::string History::submit(const Act& act, std::int64_t now) {
    const std::int64_t at = act.at.value_or(stamp(act, now));
    const std::size_t seq = records_.size();
    if (std::string code = judge(act, at, seq, now); !code.empty()) return code;
    add(act, at, seq, before(at, seq, seq));
    conflicts_ = broken();
    if (conflicts_.empty()) return "";
    keep(seq);
    return act.event == "SupplyMoved" ? "E_QTY_NEGATIVE" : "E_CORRECTION_CONFLICT";
}

std::string History::judge_declaration(const Correction& correction) const {
    const Record& target = records_[correction.target];
    const std::string signers = now().judge_signers(correction.declaration);
    if (signers == "E_NOT_AUTHORISED") return signers;
    if (target.done.act.actor.principal == correction.declaration.actor.principal) return "E_SELF_WITNESS";
    if (!signers.empty()) return signers;
    if (!effective(correction.target, records_.size())) return "E_ALREADY_CORRECTED";
    if (target.done.act.event.starts_with("Count") && held_by_its_count(correction)) return "E_CORRECTION_CONFLICT";
    if (!target.declaration) return "";
    // A count that was not opened does not come back, nor a scan to a count that was attested without it.
    const Act& back = records_[target.target].done.act;
    if (back.event == "CountOpened") return "E_CORRECTION_CONFLICT";
    const bool ended = std::any_of(records_.begin(), records_.end(), [&](const Record& other) {
        return other.done.act.event == "CountAttested" && other.done.act.obligation == back.obligation &&
               effective(other.seq, records_.size());
    });
    if (back.event == "CountScanned" && ended) return "E_CORRECTION_CONFLICT";
    // Its correctives would go; none of them may be the target of another correction.
    for (const Record& record : records_) {
        if (record.declared_by != correction.target) continue;
        if (corrected_by(record.seq, records_.size())) return "E_CORRECTION_CONFLICT";
        if (record.done.act.event == "CountAttested" && closes_vault(record.done.act.obligation))
            return "E_CORRECTION_CONFLICT";
    }
    return "";
}

bool History::closes_vault(const std::string& count) const {
    return std::any_of(records_.begin(), records_.end(), [&](const Record& other) {
        const Act& closed = other.done.act;
        return closed.event == "VaultClosed" && closed.more.at("count") == count &&
               effective(other.seq, records_.size());
    });
}

// "A count event that an effective CountAttested, VaultClosed or DayClosed rests on is corrected only in one batch with
// these." And a counter has one count of an account open: it is not opened again beside another.
bool History::held_by_its_count(const Correction& correction) const {
    const Act& act = records_[correction.target].done.act;
    if (act.event == "CountAttested") {
        const bool closes = closes_vault(act.obligation);
        if (closes || !correction.correctives.empty()) return closes;
        for (const Record& opened : records_) {
            const Act& count = opened.done.act;
            if (count.event != "CountOpened" || count.obligation != act.obligation) continue;
            if (now().counts(count.actor.principal, count.more.at("account"))) return true;
        }
        return false;
    }
    return std::any_of(records_.begin(), records_.end(), [&](const Record& other) {
        const Act& end = other.done.act;
        return end.event == "CountAttested" && end.obligation == act.obligation &&
               effective(other.seq, records_.size());
    });
}

// A leg of its own on a vault that is not open then.
bool History::vault_shut(const Record& record) const {
    return std::any_of(record.done.legs.begin(), record.done.legs.end(), [&](const auto& leg) {
        return before(record.at, record.place, record.seq).shut(leg.second.first) ||
               before(record.at, record.place, record.seq).shut(leg.second.second);
    });
}

// What is asked once of a corrective, at its place in the chain as the whole batch leaves it.
std::string History::judge_corrective(const Record& record, std::int64_t now) const {
    const Act& act = record.done.act;
    const SalonModel here = before(record.at, record.place, record.seq);
    if (std::string code = here.judge_signers(act); !code.empty()) return code;
    if (record.at > now + kFutureTolerance) return "E_FUTURE_DATED";
    if (vault_shut(record)) return "E_VAULT_CLOSED";
    if (act.event == "ItemRegistered") return "";
    // A corrective that opens an obligation keeps its target's id.
    const std::string code = here.admit(act);
    return code == "E_OBLIGATION_EXISTS" ? "" : code;
}

// "Structural rules are judged once, after the last event of the batch; admission rules per event, with the targets
// already gone."
std::string History::correct(const Correction& correction, std::int64_t now) {
    const std::size_t first = records_.size();
    conflicts_.clear();
    if (std::string code = judge_declaration(correction); !code.empty()) return code;
    const Record target = records_[correction.target];
    const SalonModel present = History::now();
    Record declared;
    declared.declaration = true;
    declared.done.act = correction.declaration;
    declared.target = correction.target;
    declared.at = correction.declaration.at.value_or(stamp(correction.declaration, now));
    declared.seq = declared.place = first;
    declared.batch_end = first + 1;  // while the batch is judged; the whole of it below
    std::set<std::string> touched = target.touched;
    for (const Record& record : records_) {  // of a correction, what came and goes with it
        if (target.declaration && record.declared_by == correction.target)
            touched.insert(record.touched.begin(), record.touched.end());
    }
    for (const auto& corrective : correction.correctives)
        touched.insert(corrective.pieces.begin(), corrective.pieces.end());
    for (const auto& piece : touched) {  // those that are registered when it is written
        if (present.pieces().count(piece) == 1) declared.touched.insert(piece);
    }
    records_.push_back(declared);
    told_.clear();
    const auto refuse = [&](std::string code) {
        keep(first);
        return code;
    };
    for (const Act& act : correction.correctives) {
        const std::int64_t at = act.at.value_or(stamp(act, now));
        const std::size_t place = at == target.at ? target.place : records_.size();
        add(act, at, place, before(at, place, records_.size())).declared_by = first;
    }
    conflicts_ = broken();
    for (std::size_t seq = first + 1; seq < records_.size(); ++seq) {
        // Of a piece's leg, which is answered below. A closing that finds the vault closed is a conflict of its site.
        std::erase_if(conflicts_, [&](const auto& one) {
            return !one.first.empty() && one.second.first == seq && one.second.second == "E_VAULT_CLOSED";
        });
    }
    if (!conflicts_.empty()) return refuse("E_CORRECTION_CONFLICT");
    for (std::size_t seq = first + 1; seq < records_.size(); ++seq) {
        if (std::string code = judge_corrective(records_[seq], now); !code.empty()) return refuse(code);
    }
    for (std::size_t seq = first; seq < records_.size(); ++seq) records_[seq].batch_end = records_.size();
    told_.clear();
    return "";
}

}  // namespace daybook::model
