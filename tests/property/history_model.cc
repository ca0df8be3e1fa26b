#include "tests/property/history_model.h"

#include <algorithm>

namespace daybook::model {
namespace {

constexpr std::int64_t kFutureTolerance = 120 * kSecondMicros;
constexpr std::int64_t kLateAfter = 900 * kSecondMicros;

bool session_event(const Act& act) { return act.event == "VaultOpened" || act.event == "VaultClosed"; }
bool count_event(const Act& act) { return act.event.starts_with("Count"); }

}  // namespace

bool History::effective(std::size_t seq, std::size_t known) const {
    const Record& record = records_[seq];
    if (record.declared_by && !effective(*record.declared_by, known)) return false;
    return std::none_of(records_.begin(), records_.end(), [&](const Record& other) {
        return other.declaration && other.batch_end <= known && other.target == seq && other.seq != seq &&
               effective(other.seq, known);
    });
}

std::vector<const History::Record*> History::in_order(std::size_t known) const {
    std::vector<const Record*> events;
    for (const Record& record : records_) {
        if (record.batch_end <= known && !record.declaration && effective(record.seq, known)) events.push_back(&record);
    }
    std::sort(events.begin(), events.end(), [](const Record* a, const Record* b) {
        return std::tie(a->at, a->place, a->seq) < std::tie(b->at, b->place, b->seq);
    });
    return events;
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
std::map<std::string, std::pair<std::size_t, std::string>> History::broken() const {
    std::map<std::string, std::pair<std::size_t, std::string>> broken;
    SalonModel model = blank_;
    model.re_judge();
    for (const Record* record : in_order(records_.size())) {
        const Act& act = record->done.act;
        Done legal = record->done;  // without the pieces whose chains are broken already
        std::erase_if(legal.act.pieces, [&](const std::string& piece) { return broken.count(piece) == 1; });
        std::erase_if(legal.legs, [&](const auto& leg) { return broken.count(leg.first) == 1; });
        std::erase_if(legal.differences, [&](const auto& one) { return broken.count(one.first) == 1; });
        if (!act.pieces.empty() && legal.act.pieces.empty()) continue;
        bool takes = true;
        const std::vector<std::string> pieces = legal.act.pieces;
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
    if (act.event == "ItemRegistered") accounts.insert(act.to);
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

std::string History::judge(const Act& act, std::int64_t at, std::size_t place, bool corrective,
                           std::int64_t now) const {
    const SalonModel here = before(at, place, records_.size());
    if (std::string code = here.judge_signers(act); !code.empty()) return code;
    if (at > now + kFutureTolerance) return "E_FUTURE_DATED";
    if (!corrective && at < now - kLateAfter && !act.late) return "E_BACKDATED";
    if (!corrective && fenced(act, here, at)) {
        const bool approved = std::any_of(act.attest.begin(), act.attest.end(), [&](const Signer& signer) {
            return signer.role == "VM" && signer.principal == act.approver;
        });
        if (!approved) return "E_COUNT_FENCE";
    }
    if (std::string code = here.admit(act); !code.empty()) {
        // A corrective that opens an obligation keeps its target's id.
        if (!corrective || code != "E_OBLIGATION_EXISTS") return code;
    }
    return here.admit_rest(act);
}

History::Record& History::add(const Act& act, std::int64_t at, std::size_t place, const SalonModel& here) {
    Record record;
    record.done = here.done(act);
    record.at = at;
    record.place = place;
    record.seq = records_.size();
    record.batch_end = record.seq + 1;
    if (act.event == "CountAttested") count_lists(act, record.done);
    if (!count_event(act)) record.touched.insert(act.pieces.begin(), act.pieces.end());
    for (const auto& [piece, kind] : record.done.differences) record.touched.insert(piece);
    return records_.emplace_back(std::move(record));
}

// §6.4, word for word. `act` is the attestation.
void History::count_lists(const Act& act, Done& done) const {
    const Record* opened = nullptr;
    for (const Record& record : records_) {
        if (record.done.act.event == "CountOpened" && record.done.act.obligation == act.obligation) opened = &record;
    }
    const std::string& scope = opened->done.act.more.at("account");
    const SalonModel book = at(opened->at, opened->seq);
    std::map<std::string, std::set<std::string>> seen;
    std::map<std::string, std::vector<std::pair<std::string, std::string>>> since;
    for (const Record& record : records_) {
        if (!effective(record.seq, records_.size())) continue;
        if (record.done.act.event == "CountScanned" && record.done.act.obligation == act.obligation) {
            for (const auto& piece : record.done.act.pieces) seen[piece].insert(record.done.act.to);
        }
        if (record.seq <= opened->seq) continue;
        for (const auto& [piece, leg] : record.done.legs) since[piece].push_back(leg);
    }
    done.differences.clear();
    std::set<std::string> all;
    for (const auto& [piece, state] : book.pieces()) {
        if (state.account == scope) all.insert(piece);
    }
    for (const auto& [piece, where] : seen) all.insert(piece);
    for (const auto& piece : all) {
        const auto booked = book.pieces().find(piece);
        const std::string account = booked == book.pieces().end() ? "" : booked->second.account;
        const auto& legs = since[piece];
        const auto moved = [&](auto&& holds) { return std::any_of(legs.begin(), legs.end(), holds); };
        if (seen.count(piece) == 0) {
            if (!moved([&](const auto& leg) { return leg.first == scope || leg.second == scope; }))
                done.differences[piece] = "MISSING";
        } else if (account == scope && seen[piece].count(scope) == 1) {
            continue;
        } else if (moved([&](const auto& leg) { return seen[piece].count(leg.second) == 1; })) {
            continue;
        } else {
            const bool here = !account.empty() && SalonModel::site_of(account) == act.site;
            done.differences[piece] = seen[piece].count(scope) == 1 && here ? "MISPLACED" : "UNEXPECTED";
        }
    }
}

std::string History::submit(const Act& act, std::int64_t now) {
    const std::int64_t at = act.at.value_or(stamp(act, now));
    const std::size_t seq = records_.size();
    if (std::string code = judge(act, at, seq, false, now); !code.empty()) return code;
    add(act, at, seq, before(at, seq, seq));
    if (broken().empty()) return "";
    records_.pop_back();
    return act.event == "SupplyMoved" ? "E_QTY_NEGATIVE" : "E_CORRECTION_CONFLICT";
}

std::string History::correct(const Correction& correction, std::int64_t now) {
    const std::size_t first = records_.size();
    const SalonModel present = History::now();
    if (std::string code = present.judge_signers(correction.declaration); !code.empty()) return code;
    const Record target = records_[correction.target];
    if (!effective(correction.target, first)) return "E_ALREADY_CORRECTED";
    if (target.done.act.actor.principal == correction.declaration.actor.principal) return "E_SELF_WITNESS";
    Record declared;
    declared.declaration = true;
    declared.done.act = correction.declaration;
    declared.target = correction.target;
    declared.at = correction.declaration.at.value_or(stamp(correction.declaration, now));
    declared.seq = declared.place = first;
    declared.batch_end = first + 1;  // while the batch is judged; the whole of it below
    declared.touched = target.touched;
    for (const auto& corrective : correction.correctives)
        declared.touched.insert(corrective.pieces.begin(), corrective.pieces.end());
    if (target.declaration) {
        for (const Record& record : records_) {
            if (record.declared_by == correction.target)
                declared.touched.insert(record.touched.begin(), record.touched.end());
        }
        // Its correctives would go; none of them may be the target of another correction.
        for (const Record& record : records_) {
            const bool corrective = record.declared_by == correction.target;
            if (!corrective) continue;
            for (const Record& other : records_) {
                if (other.declaration && other.target == record.seq && effective(other.seq, first))
                    return "E_CORRECTION_CONFLICT";
            }
        }
    }
    records_.push_back(declared);
    const auto refuse = [&](std::string code) {
        records_.resize(first);
        return code;
    };
    for (const Act& act : correction.correctives) {
        const std::int64_t at = act.at.value_or(stamp(act, now));
        const std::size_t place = at == target.at ? target.place : records_.size();
        std::string code = judge(act, at, place, true, now);
        // What a later corrective may put right is judged at the end.
        if (!code.empty()) return refuse(code);
        add(act, at, place, before(at, place, records_.size())).declared_by = first;
    }
    if (!broken().empty()) return refuse("E_CORRECTION_CONFLICT");
    for (std::size_t seq = first; seq < records_.size(); ++seq) records_[seq].batch_end = records_.size();
    return "";
}

}  // namespace daybook::model
