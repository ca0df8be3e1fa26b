#include "engine/audit/internal/scan.h"

#include <algorithm>
#include <cstring>

#include "engine/codec/checkpoint.h"
#include "engine/codec/details.h"
#include "engine/crypto/digest.h"

namespace daybook::audit {

using custody::AccountId;
using custody::EventType;
using custody::LineKind;

Hash Scan::leaf(std::string_view entry) { return leaf_hash(entry); }
Hash Scan::interior(const Hash& left, const Hash& right) { return interior_hash(left, right); }

Result<void> Scan::take(std::string_view bytes, Position position) {
    if (auto decoded = codec::decode_event(bytes, event_); !decoded)
        return tl::unexpected(decoded.error().in("position " + std::to_string(position)));
    out_.head = position + 1;
    check_order(position);
    frontier_.append(leaf_hash(bytes));
    event_.position = position;  // what it says of itself has been judged
    key_ = {event_.decided.occurred_at, position, position};
    out_.newest = std::max(out_.newest, key_.at);

    take_corrective();
    if (is(EventType::kCorrectionDeclared)) DAYBOOK_TRY(take_correction());
    out_.rules.take(command(), key_.at, position);
    DAYBOOK_TRY(check_signers());
    check_legs();
    if (is(EventType::kCheckpointSealed)) DAYBOOK_TRY(check_checkpoint());
    take_count();
    take_holder();
    if (is(EventType::kDayClosed)) DAYBOOK_TRY(keep_day());
    DAYBOOK_TRY(keep_lines());
    DAYBOOK_TRY(keep_supplies());
    DAYBOOK_TRY(keep_difference());
    return keep_lists();
}

Result<void> Scan::end(Position log_head) {
    out_.whole = out_.head == 0 || batch_last_ == out_.head - 1;
    const auto root = log_.root(out_.head);
    if (!root) return tl::unexpected(root.error());
    const Hash mine = out_.head == 0 ? *root : frontier_.root();
    if (mine != *root) {
        findings_.violated(9, kNoPosition,
                           "the Merkle root over the first " + std::to_string(out_.head) + " events is " + hex(mine) +
                               ", but the log's tree says " + hex(*root));
    }
    if (out_.head == log_head && !out_.whole)
        findings_.violated(9, out_.head - 1, "the last atomic batch is not whole");
    for (const auto& [id, awaited] : awaited_) {
        findings_.violated(13, awaited.declaration, "its corrective " + id.text() + " was not recorded in its batch");
    }
    return {};
}

// ---- I9: positions, times, batches, links, roots ----

void Scan::check_order(Position position) {
    findings_.checked(9, position);
    const auto wrong = [&](std::string what) { findings_.violated(9, position, std::move(what)); };
    if (event_.position != position) wrong("it says that its position is " + std::to_string(event_.position));
    if (event_.recorded_at < recorded_at_) {
        wrong("it was recorded at " + format_time(event_.recorded_at) + ", before the event in front of it (" +
              format_time(recorded_at_) + ")");
    }
    recorded_at_ = std::max(recorded_at_, event_.recorded_at);
    const bool within = batch_last_ != kNoPosition && position <= batch_last_;
    if (event_.batch_last < position) wrong("its atomic batch ends before it");
    if (within && event_.batch_last != batch_last_) wrong("its atomic batch is torn");
    if (!within) batch_first_ = position;
    if (!within && !awaited_.empty()) {  // a batch has begun: the one before it is whole
        for (const auto& [id, awaited] : awaited_) {
            findings_.violated(13, awaited.declaration, "its corrective " + id.text() + " is not in its batch");
        }
        awaited_.clear();
    }
    batch_last_ = event_.batch_last;
    if (is(EventType::kCountScanned)) return;
    const auto name = [](Position at) { return at == kNoPosition ? "none" : "position " + std::to_string(at); };
    for (const auto& line : event_.decided.lines) {
        if (line.item.empty()) continue;
        const auto [last, first_time] = last_.try_emplace(line.item, kNoPosition);
        if (line.prev != last->second && last->second != position) {
            wrong("its line of piece " + line.item.text() + " links to " + name(line.prev) +
                  ", but the piece's previous event is " + name(last->second));
        }
        last->second = position;
    }
}

// The root that it names is that of the log at that size, and the signature that of the key that it names.
Result<void> Scan::check_checkpoint() {
    const auto wrong = [&](std::string what) { findings_.violated(9, event_.position, std::move(what)); };
    const auto listed = [&](std::string what) { findings_.listed(9, event_.position, std::move(what)); };
    const auto sealed = codec::read_checkpoint(command().bytes);
    if (sealed.size == 0 || sealed.size > event_.position) {
        wrong("the checkpoint is over events that are not before it");
        return {};
    }
    DAYBOOK_ASSIGN(const Hash root, log_.root(sealed.size));
    if (sealed.root != std::string_view(reinterpret_cast<const char*>(root.data()), root.size())) {
        wrong("the checkpoint's root over the first " + std::to_string(sealed.size) +
              " events is not theirs, which is " + hex(root));
    }
    DAYBOOK_ASSIGN(const std::string stored, log_.read(sealed.size - 1));
    DAYBOOK_TRY(codec::decode_event(stored, target_));
    if (target_.batch_last != sealed.size - 1) wrong("the checkpoint ends within an atomic batch");
    const std::string signer(sealed.signer);
    const auto key = keys_.find(signer);
    if (sealed.signature.empty()) {
        listed("the checkpoint is not signed");
    } else if (key == keys_.end()) {
        listed("the checkpoint's signature was not verified: the key of " + signer + " was not given (--keys)");
    } else if (!key->second.verifies(codec::checkpoint_text(log_.meta().ledger, sealed), sealed.signature)) {
        wrong("the checkpoint's signature is not that of the key of " + signer);
    }
    return {};
}

// ---- I8 ----

Result<void> Scan::check_signers() {
    findings_.checked(8, event_.position);
    const Signed signers{command(), key_.at, event_.position, out_.rules};
    std::string missing = missing_signature(signers);
    if (!missing.empty()) findings_.violated(8, event_.position, std::move(missing));
    check_late_signers(signers);
    return is(EventType::kCorrectionDeclared) ? check_reach(signers) : Result<void>();
}

// Behind a count's fence a VM approves, and in a closed day HQ signs; of a corrective its declaration has both.
void Scan::check_late_signers(const Signed& event) {
    const auto wrong = [&](Position at, const std::string& what) { findings_.violated(8, at, what); };
    const auto closed = "site " + std::to_string(command().site) + " had closed its books behind " +
                        format_time(event.at) + ", and HQ has not signed";
    if (corrective_) {
        if (!corrective_->headquarters && fences_.day_reaches(command().site, event.at, event.position))
            wrong(corrective_->declaration,
                  "its corrective is event " + std::to_string(event.position) + ": " + closed);
        return;
    }
    if (fences_.day_is_past(command().site, event.at, event.position) && !signed_by_headquarters(event))
        wrong(event.position, closed);
    const LineKind kind = custody::info(command().type).lines;
    if (kind == LineKind::kSeen || approved_by_manager(event)) return;
    for (const auto& line : event_.decided.lines) {
        if (line.to.empty()) continue;
        for (const AccountId* account : {&line.from, &line.to}) {
            if (!account->must_be_opened() || !fences_.count_is_past(*account, event.at, event.position)) continue;
            return wrong(event.position, account->path() + " was counted behind " + format_time(event.at) +
                                             ", and no VM is named in late.approver and attests");
        }
    }
}

// What a correction makes come or go is of its own site, or somebody signs for the other one; and it lies in no closed
// day, or HQ signs.
Result<void> Scan::check_reach(const Signed& signers) {
    const Position position = event_.position;
    const bool headquarters = signed_by_headquarters(signers);
    DAYBOOK_ASSIGN(const auto target, log_.find_id({log::kEventIdKind, payload<custody::CorrectionDeclared>().target}));
    if (!target || *target >= position) return {};
    for (const Position event : out_.corrections.taken_along(*target)) {
        const bool was = out_.corrections.effective_for(event, position);
        if (was == out_.corrections.effective_for(event, position + 1)) continue;
        DAYBOOK_ASSIGN(const std::string stored, log_.read(event));
        DAYBOOK_TRY(codec::decode_event(stored, target_));
        const SiteId site = target_.command.site;
        const Micros at = target_.decided.occurred_at;
        for (const SiteId other : {site, site_concerned(target_.command)}) {
            if (other == command().site || signed_for_site(signers, other)) continue;
            findings_.violated(8, position, "it reaches event " + std::to_string(event) + " of " +
                                                (other == 0 ? "the whole entity" : "site " + std::to_string(other)) +
                                                ", and nobody has signed who is VM or HQ there");
        }
        if (headquarters || !fences_.day_reaches(site, at, position)) continue;
        findings_.violated(8, position, "it reaches event " + std::to_string(event) + " of " + format_time(at) +
                                            ", behind which site " + std::to_string(site) +
                                            " had closed its books, and HQ has not signed");
    }
    return {};
}

// ---- I1: what leaves one account comes into another, once ----

void Scan::check_legs() {
    const LineKind kind = custody::info(command().type).lines;
    if (kind == LineKind::kSeen) return;
    const auto wrong = [&](std::string what) { findings_.violated(1, event_.position, std::move(what)); };
    seen_in_event_.clear();
    for (std::size_t i = 0; i < event_.decided.lines.size(); ++i) {
        const auto& line = event_.decided.lines[i];
        const bool supply = line.item.empty();
        const std::string what = supply ? "line " + std::to_string(i) : "piece " + line.item.text();
        const bool leg = supply || !line.to.empty();
        if (leg) findings_.checked(1, event_.position);
        if (leg && line.from.empty()) wrong(what + " comes into " + line.to.path() + " and leaves no account");
        if (supply && line.to.empty()) wrong(what + " leaves " + line.from.path() + " and comes into no account");
        if (leg && line.from == line.to && !line.to.empty()) wrong(what + " leaves " + line.to.path() + " for itself");
        if (!supply && leg && kind != LineKind::kMove)
            wrong(what + " moves to " + line.to.path() + ", but a " + std::string(custody::info(command().type).name) +
                  " moves nothing");
        if (!supply) seen_in_event_.push_back(line.item);
    }
    std::sort(seen_in_event_.begin(), seen_in_event_.end());
    const auto twice = std::adjacent_find(seen_in_event_.begin(), seen_in_event_.end());
    if (twice != seen_in_event_.end())
        wrong("piece " + twice->text() + " has two lines, so that its legs do not cancel");
}

// ---- I13: what is corrected ----

Result<void> Scan::take_correction() {
    const auto& declared = payload<custody::CorrectionDeclared>();
    const Position position = event_.position;
    findings_.checked(13, position);
    out_.declarations.push_back(batch_first_);
    const auto wrong = [&](std::string what) { findings_.violated(13, position, std::move(what)); };
    DAYBOOK_ASSIGN(const auto target, log_.find_id({log::kEventIdKind, declared.target}));
    if (!target || *target >= position) {
        wrong("it corrects event " + declared.target.text() + ", which is not there before it");
        return {};
    }
    if (!out_.corrections.effective(*target, position))
        wrong("it corrects event " + std::to_string(*target) + ", which was corrected already");
    DAYBOOK_ASSIGN(const std::string stored, log_.read(*target));
    DAYBOOK_TRY(codec::decode_event(stored, target_));
    const EventType type = target_.command.type;
    if (type == EventType::kLedgerCreated || type == EventType::kCheckpointSealed)
        wrong("it corrects a " + std::string(custody::info(type).name) + ", which cannot be corrected");
    if (target_.command.actor.principal == command().actor.principal) {
        findings_.violated(8, position, "its declarer recorded event " + std::to_string(*target) +
                                            " himself, so that he corrects his own");
    }
    const bool bare =
        declared.reason == custody::CorrectionReason::kDidNotOccur || type == EventType::kCorrectionDeclared;
    if (bare && !declared.correctives.empty()) wrong("what did not occur has no correctives");
    const bool headquarters = signed_by_headquarters({command(), key_.at, position, out_.rules});
    for (const EventId& id : declared.correctives) {
        if (!bare) awaited_[id] = {position, *target, target_.decided.occurred_at, type, headquarters};
    }
    out_.corrections.declare(position, event_.batch_last, *target);
    return {};
}

void Scan::take_corrective() {
    corrective_.reset();
    const auto it = awaited_.find(command().event_id);
    if (it == awaited_.end()) return;
    const Awaited awaited = it->second;
    awaited_.erase(it);
    if (command().type != awaited.type) {
        findings_.violated(13, event_.position,
                           "it is a corrective of event " + std::to_string(awaited.target) + ", a " +
                               std::string(custody::info(awaited.type).name) + ", and of another type");
    }
    if (is(EventType::kCorrectionDeclared)) return;  // of another type: no corrective
    corrective_ = awaited;
    if (key_.at == awaited.target_at) key_.place = awaited.target;
    out_.corrections.add_corrective(event_.position, awaited.declaration);
}

// ---- What others need ----

void Scan::take_count() {
    switch (command().type) {
        case EventType::kCountOpened: {
            const auto& opened = payload<custody::CountOpened>();
            Count count{command().obligation, opened.kind, command().site, opened.accounts, event_.position, key_.at};
            std::sort(count.accounts.begin(), count.accounts.end());
            keep_count_turn(count.id, true);
            out_.counts[count.id] = std::move(count);
            return;
        }
        case EventType::kCountAbandoned:
            return keep_count_turn(payload<custody::CountAbandoned>().count, false);
        case EventType::kCountAttested: {
            keep_count_turn(payload<custody::CountAttested>().count, false);
            const auto it = out_.counts.find(payload<custody::CountAttested>().count);
            if (it == out_.counts.end()) {
                findings_.violated(7, event_.position, "it attests a count that was never opened");
                return;
            }
            Count& attested = out_.attested.emplace_back(it->second);
            attested.attested = event_.position;
            attested.attested_at = key_.at;
            // A correction's own events count with the whole of it.
            const bool corrective = out_.corrections.is_corrective(event_.position);
            attested.attested_known = corrective ? event_.batch_last + 1 : event_.position;
            for (const AccountId& account : attested.accounts)
                fences_.count(account, attested.opened_at, event_.position);
            return;
        }
        case EventType::kVaultOpened:
            out_.sessions[command().site].push_back({key_, true, {}, command().obligation});
            return;
        case EventType::kVaultClosed:
            out_.sessions[command().site].push_back(
                {key_, false, payload<custody::VaultClosed>().closing_count, {}});
            return;
        default: return;
    }
}

void Scan::keep_count_turn(const ObligationId& count, bool opens) {
    out_.count_turns.push_back({key_, command().site, count, opens});
}

// Who may hold something: accounts of persons, and memos.
void Scan::take_holder() {
    PartyId party = 0;
    switch (command().type) {
        case EventType::kAccountOpened: {
            const AccountId& account = payload<custody::AccountOpened>().account;
            if (account.site != 0) out_.sites.insert(account.site);
            if (account.kind == custody::AccountClass::kSitePerson) out_.persons.insert(account);
            return;
        }
        case EventType::kMemoOutIssued: party = payload<custody::MemoOutIssued>().party; break;
        case EventType::kTransferDelivered: party = payload<custody::TransferDelivered>().party; break;
        default: return;
    }
    std::set<AccountId> accounts;
    for (const custody::LineFacts& line : event_.decided.lines) {
        if (line.to.kind == custody::AccountClass::kExtMemo) accounts.insert(line.to);
    }
    for (const AccountId& account : accounts) {
        if (out_.memos.size() < kMemosKept) out_.memos.push_back({event_.position, party, account});
    }
}

Step Scan::step_of_event() const {
    Step step;
    step.key = key_;
    step.batch_last = event_.batch_last;
    step.type = command().type;
    step.site = command().site;
    step.entity = command().entity;
    step.obligation = command().obligation;
    return step;
}

Result<void> Scan::keep_lines() {
    if (is(EventType::kCountScanned)) {
        Step step = step_of_event();
        step.kind = StepKind::kSeen;
        step.obligation = payload<custody::CountScanned>().count;
        for (const auto& line : command().lines) {
            if (line.item.empty()) continue;
            step.item = line.item;
            step.to = line.to.empty() ? command().to : line.to;
            DAYBOOK_TRY(out_.steps.add(step));
        }
        return {};
    }
    const auto& lines = event_.decided.lines;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (lines[i].item.empty()) continue;
        Step step = step_of_event();
        step.item = lines[i].item;
        step.from = lines[i].from;
        step.to = lines[i].to;
        step.together = lines.size() > 1;
        for (const auto& closed : event_.decided.closes) {
            if (closed.line == i) step.closes += closed_mark(closed.kind, closed.obligation.id);
        }
        add_payload(step, step.item);
        DAYBOOK_TRY(out_.steps.add(step));
    }
    if (is(EventType::kDiscrepancyResolved) && lines.empty()) {
        const auto& resolved = payload<custody::DiscrepancyResolved>();
        if (resolved.discrepancy.item.empty()) return {};
        Step step = step_of_event();
        step.kind = StepKind::kAside;
        step.item = resolved.discrepancy.item;
        step.named = resolved.discrepancy;
        DAYBOOK_TRY(out_.steps.add(step));
    }
    return {};
}

// The lists of an attested count, and that they are disjoint.
Result<void> Scan::keep_lists() {
    if (!is(EventType::kCountAttested) || event_.decided.count_lists == nullptr) return {};
    const auto& lists = *event_.decided.count_lists;
    Step step = step_of_event();
    step.kind = StepKind::kListed;
    step.obligation = payload<custody::CountAttested>().count;
    for (const auto* list : {&lists.matched, &lists.missing, &lists.moved, &lists.misplaced, &lists.unexpected}) {
        for (const ItemId& item : *list) {
            step.item = item;
            DAYBOOK_TRY(out_.steps.add(step));
        }
        ++step.code;
    }
    return {};
}

Result<void> Scan::keep_supplies() {
    if (!is(EventType::kSupplyMoved)) return {};
    const auto& lines = event_.decided.lines;
    for (std::size_t i = 0; i < lines.size() && i < command().lines.size(); ++i) {
        const auto& sent = command().lines[i];
        findings_.checked(3, event_.position);
        for (const int sign : {-1, 1}) {
            const AccountId& account = sign < 0 ? lines[i].from : lines[i].to;
            if (!account.must_be_opened()) continue;
            DAYBOOK_TRY(out_.supplies.add(
                {account, sent.supply, key_, event_.batch_last, sign * sent.quantity, sign * sent.measure}));
        }
    }
    return {};
}

Result<void> Scan::keep_difference() {
    if (!event_.decided.lines.empty()) return {};
    DifferenceTurn turn{command().obligation, key_, event_.batch_last, true};
    switch (command().type) {
        case EventType::kDiscrepancyOpened:
        case EventType::kTransferExceptionRecorded:
        case EventType::kReceiptDiscrepancyRecorded: return out_.differences.add(turn);
        case EventType::kDiscrepancyResolved: {
            const custody::ObligationRef& resolved = payload<custody::DiscrepancyResolved>().discrepancy;
            if (!resolved.item.empty()) return {};
            turn.difference = resolved.id;
            turn.opens = false;
            return out_.differences.add(turn);
        }
        default: return {};
    }
}

// The end of a day, and what it says of accounts.
Result<void> Scan::keep_day() {
    const SiteId site = command().site;
    fences_.close_day(site, key_.at, event_.position);
    out_.days[site].push_back({key_.at, event_.batch_last + 1, event_.position});
    for (const auto& figures : codec::read_day_figures(command().bytes)) {
        if (figures.account.kind == custody::AccountClass::kSiteSupply) continue;
        out_.reported.insert(site);
        Posting posting{figures.account, {key_.at, event_.position, event_.position}, 0, 0, 0, 0, 0, Figure::kNone};
        const auto add = [&](Figure figure, std::int64_t value, std::uint64_t mark = 0) {
            posting.figure = figure;
            posting.insured = value;
            posting.mark = mark;
            return out_.postings.add(posting);
        };
        DAYBOOK_TRY(add(Figure::kOpening, figures.opening));
        DAYBOOK_TRY(add(Figure::kCameIn, figures.came_in));
        DAYBOOK_TRY(add(Figure::kWentOut, figures.went_out));
        DAYBOOK_TRY(add(Figure::kClosing, figures.closing));
        if (figures.digest.empty()) continue;
        if (figures.digest.size() != std::tuple_size_v<Hash>) {
            findings_.violated(6, event_.position, "the digest of account " + figures.account.path() + " has " +
                                                       std::to_string(figures.digest.size()) + " bytes, not 32");
            continue;
        }
        constexpr std::size_t kPart = sizeof(std::uint64_t);
        for (std::size_t part = 0; part * kPart < figures.digest.size(); ++part) {
            std::uint64_t mark = 0;
            std::memcpy(&mark, figures.digest.data() + part * kPart, kPart);
            DAYBOOK_TRY(add(Figure::kDigest, static_cast<std::int64_t>(part), mark));
        }
    }
    return {};
}

}  // namespace daybook::audit
