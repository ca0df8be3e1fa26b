// Boards of open obligations: who has what out, what is on its way, which memos run.
#include <algorithm>
#include <deque>
#include <set>

#include "engine/api/internal/asked.h"
#include "engine/api/internal/in_order.h"
#include "engine/api/internal/open.h"
#include "engine/api/internal/rules_at.h"
#include "engine/codec/event_codec.h"
#include "engine/custody/chain.h"
#include "engine/custody/papers.h"
#include "engine/sequencer/chain_reader.h"
#include "schemas/daybook/v1/report.pb.h"

namespace daybook::api {
namespace {

using custody::ObligationKind;
using projections::DueQuery;
using projections::ObligationRow;
using projections::Reading;

// ---- Sign-outs ----

// The sign-out itself, also where a HandedOver has given it a new name.
Result<v1::Event> sign_out_of(const Asked& asked, const Reading& reading, const ObligationRow& row) {
    const auto& ref = row.obligation.ref;
    DAYBOOK_ASSIGN(v1::Event event, asked.event_at(row.obligation.opened_by));
    if (event.command().has_signed_out() || ref.item.empty()) return event;
    DAYBOOK_ASSIGN(const auto whole, reading.obligation({ref.id, {}, {}}));
    if (!whole.row) return event;
    return asked.event_at(whole.row->obligation.opened_by);
}

Result<std::string> out(const Asked& asked) {
    DAYBOOK_ASSIGN(const auto page, asked.page());
    DueQuery query;
    query.kinds = custody::bit(ObligationKind::kSignout);
    DAYBOOK_ASSIGN(query.site, asked.site());
    DAYBOOK_ASSIGN(query.responsible, asked.number_param<Principal>("person", 0, ~Principal{0}));
    const Reading& reading = asked.reading();
    DAYBOOK_ASSIGN(const auto found, reading.due(query, page));
    v1::OutAnswer message;
    asked.as_of(message);
    for (const ObligationRow& row : found.rows) {
        DAYBOOK_ASSIGN(const v1::Event event, sign_out_of(asked, reading, row));
        DAYBOOK_ASSIGN(const auto pieces, pieces_of(asked, reading, row));
        v1::ObligationRow whole;
        fill(row, asked.context, whole);
        for (const auto& piece : pieces) {
            v1::OutRow& out = *message.add_rows();
            out.set_item(piece.item.text());
            out.set_model(piece.model);
            out.set_account(piece.account.path());
            out.set_holder(row.obligation.responsible);
            out.set_purpose(event.command().signed_out().purpose());
            fill(row.obligation.opened_at, out.mutable_out_at());
            if (whole.has_due_at()) *out.mutable_due_at() = whole.due_at();
            out.set_overdue_minutes(whole.overdue_minutes());
            asked.money(piece.insured_minor, *out.mutable_insured());
            out.set_obligation(whole.obligation());
        }
    }
    message.set_next(asked.next(found.next));
    return codec::to_json(message);
}

// ---- Transfers ----

// The parcels and seals of pieces on their way: of the last TransferPacked that counts before their dispatch. What
// comes from outside was packed by nobody here.
Result<void> fill_parcels(InOrder& events, const v1::Event& dispatched, v1::TransitRow& out) {
    if (!dispatched.command().has_transfer_dispatched()) return {};
    std::vector<const v1::Event*> packings;
    for (const ItemId& item : items_of(dispatched)) {
        DAYBOOK_ASSIGN(const auto packed, events.events(item, [](custody::EventType type) {
            return type == custody::EventType::kTransferPacked;
        }));
        const auto behind = std::find_if(packed.begin(), packed.end(), [&](const v1::Event* event) {
            return key_of(dispatched) < key_of(*event);
        });
        if (behind == packed.begin()) continue;
        const v1::Event* last = *std::prev(behind);
        if (std::find(packings.begin(), packings.end(), last) == packings.end()) packings.push_back(last);
    }
    for (const v1::Event* packing : packings) {
        out.add_parcels(packing->command().transfer_packed().parcel());
        out.add_seals(packing->command().transfer_packed().seal());
    }
    return {};
}

// Whether the papers of what is on the way are in order, by the rules and the documents of pieces at the answer's
// position: the books may be ahead of it.
class TransitPapers {
public:
    // Of the row with that number. The transfer is one that was dispatched; else there is nothing to ask for.
    Result<void> add(const Asked& asked, Position dispatched, const std::vector<projections::ItemRow>& pieces,
                     int row) {
        Sent& sent = sent_.emplace_back();
        sent.row = row;
        DAYBOOK_ASSIGN(sent.stored, asked.log.read(dispatched));
        DAYBOOK_TRY(codec::decode_event(sent.stored, sent.event));
        sent.pieces = pieces;
        return {};
    }
    Result<void> fill(const Asked& asked, v1::TransitAnswer& message) const {
        if (sent_.empty()) return {};
        std::set<PartyId> parties;
        for (const Sent& sent : sent_) {
            const auto* dispatched = std::get_if<custody::TransferDispatched>(&sent.event.command.payload);
            if (dispatched == nullptr) continue;
            for (const PartyId party : {dispatched->dest.party, PartyId{dispatched->dest.account.number()}})
                if (party != 0) parties.insert(party);
        }
        RulesAt rules(asked.reading().position());
        DAYBOOK_TRY(rules.read(asked, "docs.required", parties));
        if (rules.books.policies.size() == 0) return {};
        sequencer::ChainReader chains(asked.log);
        for (const Sent& sent : sent_) {
            std::set<custody::DocType> missing;
            for (const projections::ItemRow& row : sent.pieces) {
                DAYBOOK_ASSIGN(const auto events, chains.read(row.item, row.last_event));
                const custody::PieceState piece = custody::fold(row.item, events).piece;
                custody::Item item = piece.item;
                item.category = rules.books.names.add(piece.category);
                item.metal = rules.books.names.add(piece.metal);
                item.stone = rules.books.names.add(piece.stone);
                rules.books.documents.edit(row.item) = piece.documents;
                const auto types =
                    custody::missing_documents(rules.books, sent.event.command, item, asked.context.now);
                missing.insert(types.begin(), types.end());
            }
            for (const auto type : missing) message.mutable_rows(sent.row)->add_docs_missing(doc_code(type));
        }
        return {};
    }

private:
    struct Sent {
        std::string stored;
        codec::StoredEvent event;  // points into it
        std::vector<projections::ItemRow> pieces;
        int row = 0;
    };
    std::deque<Sent> sent_;
};

Result<void> fill_transit(const Asked& asked, const Reading& reading, const ObligationRow& row, InOrder& events,
                          TransitPapers& papers, v1::TransitAnswer& message) {
    v1::TransitRow& out = *message.add_rows();
    const custody::Obligation& transfer = row.obligation;
    v1::ObligationRow whole;
    fill(row, asked.context, whole);
    DAYBOOK_ASSIGN(const v1::Event event, asked.event_at(transfer.opened_by));
    out.set_transfer(whole.obligation());
    out.set_inbound(transfer.origin == 0);
    out.set_from_site(transfer.origin);
    out.set_to_site(transfer.to_site);
    if (!transfer.to_account.empty()) out.set_to_account(transfer.to_account.path());
    out.set_purpose(static_cast<v1::TransferPurpose::Code>(transfer.purpose));
    out.set_carrier(transfer.carrier);
    fill(transfer.opened_at, out.mutable_sent_at());
    if (whole.has_due_at()) *out.mutable_eta() = whole.due_at();
    out.set_overdue_minutes(whole.overdue_minutes());
    out.set_lines(transfer.lines);
    out.set_open_lines(transfer.open_lines);
    *out.mutable_docs() = event.command().docs();
    DAYBOOK_TRY(fill_parcels(events, event, out));
    DAYBOOK_ASSIGN(const auto pieces, pieces_of(asked, reading, row));
    std::int64_t insured = 0;
    for (const auto& piece : pieces) {
        insured += piece.insured_minor;
        if (piece.has_open(ObligationKind::kDiscrepancy)) out.set_exceptions(out.exceptions() + 1);
    }
    asked.money(insured, *out.mutable_insured());
    return papers.add(asked, transfer.opened_by, pieces, message.rows_size() - 1);
}

Result<std::string> transit(const Asked& asked) {
    DAYBOOK_ASSIGN(const auto page, asked.page());
    DAYBOOK_ASSIGN(const SiteId site, asked.site());
    const std::string way = asked.param("way");
    if (!way.empty() && way != "in" && way != "out") return wrong("way", way, "in or out");
    if (!way.empty() && site == 0) return wrong("way", way, "asked of a site: add site");
    DueQuery query;
    query.kinds = custody::bit(ObligationKind::kTransfer);
    // A transfer stands under the site that sent it, also for the site that waits for it.
    query.wanted = [&](const custody::Obligation& transfer) {
        const bool goes_out = transfer.origin == site && way != "in";
        const bool comes_in = transfer.to_site == site && way != "out";
        return site == 0 || goes_out || comes_in;
    };
    const Reading& reading = asked.reading();
    DAYBOOK_ASSIGN(const auto found, reading.due(query, page));
    v1::TransitAnswer message;
    asked.as_of(message);
    TransitPapers papers;
    InOrder events(asked, reading, reading.position());
    for (const ObligationRow& row : found.rows) DAYBOOK_TRY(fill_transit(asked, reading, row, events, papers, message));
    DAYBOOK_TRY(papers.fill(asked, message));
    message.set_next(asked.next(found.next));
    return codec::to_json(message);
}

// ---- Memos ----

constexpr std::int64_t kDaysOfBucket[] = {30, 60, 90};
constexpr std::uint32_t kAlertDays[] = {60, 75, 85};

std::string bucket_of(std::int64_t age_days) {
    std::int64_t from = 0;
    for (const std::int64_t to : kDaysOfBucket) {
        if (age_days <= to) return std::to_string(from) + "-" + std::to_string(to);
        from = to + 1;
    }
    return std::to_string(kDaysOfBucket[2]) + "+";
}

Result<void> fill_memo(const Asked& asked, const Reading& reading, const ObligationRow& row, v1::MemoRow& out) {
    const custody::Obligation& memo = row.obligation;
    v1::ObligationRow whole;
    fill(row, asked.context, whole);
    out.set_memo(memo.document);
    out.set_obligation(whole.obligation());
    out.set_incoming(memo.kind == ObligationKind::kMemoIn);
    out.set_party(memo.party);
    out.set_site(memo.site);
    fill(memo.opened_at, out.mutable_issued_at());
    if (whole.has_due_at()) *out.mutable_due_at() = whole.due_at();
    out.set_age_days(std::max<Micros>(0, asked.context.now - memo.opened_at) / kDay);  // whole days, rounded down
    out.set_bucket(bucket_of(out.age_days()));
    out.set_overdue_minutes(whole.overdue_minutes());
    for (const std::uint32_t days : kAlertDays) {
        if (out.age_days() >= days) out.set_alert_days(days);
    }
    out.set_lines(memo.lines);
    out.set_open_lines(memo.open_lines);
    DAYBOOK_ASSIGN(const auto pieces, pieces_of(asked, reading, row));
    std::int64_t insured = 0;
    for (const auto& piece : pieces) insured += piece.insured_minor;
    asked.money(insured, *out.mutable_insured());
    if (out.memo().empty() && memo.kind == ObligationKind::kMemoIn) {
        DAYBOOK_ASSIGN(const v1::Event event, asked.event_at(memo.opened_by));
        out.set_memo(event.command().memo_in_received().vendor_memo());
    }
    return {};
}

void count_in_bucket(const v1::MemoRow& row, v1::MemosAnswer& message) {
    auto& buckets = *message.mutable_buckets();
    auto at = std::find_if(buckets.begin(), buckets.end(), [&](const v1::MemoBucket& one) {
        return one.bucket() == row.bucket() && one.incoming() == row.incoming();
    });
    v1::MemoBucket& bucket = at == buckets.end() ? *buckets.Add() : *at;
    bucket.set_bucket(row.bucket());
    bucket.set_incoming(row.incoming());
    bucket.set_memos(bucket.memos() + 1);
    bucket.set_pieces(bucket.pieces() + row.open_lines());
}

Result<std::string> memos(const Asked& asked) {
    DAYBOOK_ASSIGN(const auto page, asked.page());
    const std::string way = asked.param("way");
    if (!way.empty() && way != "in" && way != "out") return wrong("way", way, "in or out");
    DueQuery query;
    const custody::ObligationSet out = custody::bit(ObligationKind::kMemoOut);
    const custody::ObligationSet in = custody::bit(ObligationKind::kMemoIn);
    query.kinds = way == "in" ? in : way == "out" ? out : static_cast<custody::ObligationSet>(in | out);
    DAYBOOK_ASSIGN(query.site, asked.site());
    DAYBOOK_ASSIGN(query.party, asked.number_param<PartyId>("party", 0, ~PartyId{0}));
    const Reading& reading = asked.reading();
    DAYBOOK_ASSIGN(const auto found, reading.due(query, page));
    v1::MemosAnswer message;
    asked.as_of(message);
    for (const ObligationRow& row : found.rows) {
        DAYBOOK_TRY(fill_memo(asked, reading, row, *message.add_rows()));
        count_in_bucket(message.rows(message.rows_size() - 1), message);
    }
    message.set_next(asked.next(found.next));
    return codec::to_json(message);
}

constexpr QuestionInfo kQuestions[] = {
    {"out", "site person rows cursor", out, About::kNow},
    {"transit", "site way rows cursor", transit, About::kNow},
    {"memos", "site party way rows cursor", memos, About::kNow},
};

}  // namespace

Family board_questions() { return kQuestions; }

}  // namespace daybook::api
