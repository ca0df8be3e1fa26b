#include "projections/obligations/obligations.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "engine/base/bytes.h"
#include "projections/cursor.h"
#include "projections/store/encoding.h"
#include "projections/views.h"

namespace daybook::projections {

using custody::Obligation;
using custody::ObligationChange;

namespace {

constexpr Micros kNever = std::numeric_limits<Micros>::max();
constexpr std::size_t kDueKeyBytes = 8 + kRefBytes;  // behind the site

// In the key: due time, then the obligation.
void due_key(std::string& out, Micros due_at, const custody::ObligationRef& ref) {
    key_time(out, due_at == 0 ? kNever : due_at);
    key_ref(out, ref);
}

void put_row(std::string& out, const ObligationRow& row) {
    const Obligation& it = row.obligation;
    put_number(out, static_cast<std::uint64_t>(it.kind));
    out.push_back(row.open ? 1 : 0);
    put_number(out, it.opened_by);
    put_signed(out, it.opened_at);
    put_signed(out, it.due_at);
    put_number(out, it.site);
    put_number(out, it.responsible);
    put_number(out, it.party);
    put_text(out, it.document);
    put_number(out, it.lines);
    put_number(out, it.open_lines);
    if (!row.open) {
        put_number(out, row.closed_by);
        put_signed(out, row.closed_at);
    }
    if (it.kind == custody::ObligationKind::kTransfer) {
        put_number(out, it.carrier);
        put_number(out, it.origin);
        put_number(out, it.to_site);
        out.push_back(it.to_account.named ? 1 : 0);
        if (it.to_account.named) key_account(out, it.to_account);
        put_number(out, static_cast<std::uint64_t>(it.purpose));
        put_number(out, static_cast<std::uint64_t>(it.memo_purpose));
    }
    if (it.kind == custody::ObligationKind::kDiscrepancy) {
        put_number(out, static_cast<std::uint64_t>(it.difference));
        put_uuid(out, it.item);
        out.push_back(it.by_declared_missing ? 1 : 0);
    }
}

Result<ObligationRow> take_row(const custody::ObligationRef& ref, std::string_view bytes) {
    RowReader reader(bytes);
    ObligationRow row;
    Obligation& it = row.obligation;
    it.ref = ref;
    it.kind = static_cast<custody::ObligationKind>(reader.number());
    row.open = reader.byte() == 1;
    it.opened_by = reader.number();
    it.opened_at = reader.signed_number();
    it.due_at = reader.signed_number();
    it.site = static_cast<SiteId>(reader.number());
    it.responsible = reader.number();
    it.party = reader.number();
    it.document = reader.text();
    it.lines = static_cast<std::uint32_t>(reader.number());
    it.open_lines = static_cast<std::uint32_t>(reader.number());
    if (!row.open) {
        row.closed_by = reader.number();
        row.closed_at = reader.signed_number();
    }
    if (it.kind == custody::ObligationKind::kTransfer) {
        it.carrier = reader.number();
        it.origin = static_cast<SiteId>(reader.number());
        it.to_site = static_cast<SiteId>(reader.number());
        if (reader.byte() == 1) {
            const std::string_view account = reader.take(kAccountBytes);
            if (reader.ok()) it.to_account = account_of_key(account.data());
        }
        it.purpose = static_cast<custody::TransferPurpose>(reader.number());
        it.memo_purpose = static_cast<custody::MemoPurpose>(reader.number());
    }
    if (it.kind == custody::ObligationKind::kDiscrepancy) {
        it.difference = static_cast<custody::DifferenceKind>(reader.number());
        it.item = ItemId(reader.uuid());
        it.by_declared_missing = reader.byte() == 1;
    }
    if (!reader.ok() || !reader.done()) {
        return fail(ErrorCode::kCorrupt,
                    "the row of obligation " + ref.id.text() + " is damaged: run `daybook rebuild`");
    }
    return row;
}

// Every site that has an open obligation.
Result<std::vector<std::string>> sites_of(const ReadPoint& point) {
    std::vector<std::string> sites;
    std::string lower;
    while (true) {
        Scan scan = point.scan(Table::kDue, lower);
        if (!scan.next()) {
            DAYBOOK_TRY(scan.status());
            return sites;
        }
        sites.emplace_back(scan.key().substr(0, 4));
        lower = end_of_prefix(sites.back());
        if (lower.empty()) return sites;
    }
}

// The open obligations of several sites as one list by due time.
class DueMerge {
public:
    DueMerge(const ReadPoint& point, const std::vector<std::string>& sites, const std::string& after) {
        for (const std::string& site : sites) {
            scans_.push_back(point.scan(Table::kDue, after.empty() ? site : behind(site + after), end_of_prefix(site)));
            step(scans_.size() - 1);
        }
    }
    // The next key without its site; empty at the end.
    Result<std::string> next() {
        const auto least = std::min_element(keys_.begin(), keys_.end(), [](const auto& a, const auto& b) {
            return !a.empty() && (b.empty() || a < b);
        });
        if (least == keys_.end() || least->empty()) return std::string();
        std::string key = *least;
        const auto at = static_cast<std::size_t>(least - keys_.begin());
        step(at);
        DAYBOOK_TRY(scans_[at].status());
        return key;
    }

private:
    void step(std::size_t at) {
        if (keys_.size() <= at) keys_.resize(at + 1);
        keys_[at].clear();
        if (scans_[at].next()) keys_[at] = scans_[at].key().substr(4);
    }
    std::vector<Scan> scans_;
    std::vector<std::string> keys_;
};

bool asked_for(const DueQuery& query, const Obligation& obligation) {
    if (query.kind && obligation.kind != *query.kind) return false;
    if (query.kinds != 0 && !custody::contains(query.kinds, obligation.kind)) return false;
    if (query.responsible != 0 && obligation.responsible != query.responsible) return false;
    if (query.party != 0 && obligation.party != query.party) return false;
    return !query.wanted || query.wanted(obligation);
}

}  // namespace

void ObligationsFold::fold(const Step& step, Store& store) {
    const Position seen = step.position() + 1;
    for (std::size_t i = 0; i < step.effects.obligations.size(); ++i) {
        const ObligationChange& change = step.effects.obligations[i];
        ObligationRow row{change.obligation, change.what != ObligationChange::What::kClosed, kNoPosition, 0};
        if (!row.open) {
            const bool of_another = change.by != kNoPosition;
            row.closed_by = of_another ? change.by : step.position();
            row.closed_at = of_another ? change.at : step.event.decided.occurred_at;
        }
        value_.clear();
        put_row(value_, row);
        due_.clear();
        key_ref(due_, change.obligation.ref);
        store.layer().put(Table::kObligations, due_, {}, value_, seen);

        const Micros due_at = change.obligation.due_at;
        site_.clear();
        key_u32(site_, change.obligation.site);
        const bool opened = change.what == ObligationChange::What::kOpened;
        if (!opened && (!row.open || step.due_before[i] != due_at)) {
            due_.clear();
            due_key(due_, step.due_before[i], change.obligation.ref);
            store.layer().erase(Table::kDue, site_, due_, seen);
        }
        if (row.open && (opened || step.due_before[i] != due_at)) {
            due_.clear();
            due_key(due_, due_at, change.obligation.ref);
            value_.assign(1, static_cast<char>(change.obligation.kind));
            const auto kind = opened ? Entry::Kind::kFresh : Entry::Kind::kPut;
            store.layer().put(Table::kDue, site_, due_, value_, seen, kind);
        }
    }
}

Result<std::optional<ObligationRow>> read_obligation(const ReadPoint& point, const custody::ObligationRef& ref) {
    std::string key;
    key_ref(key, ref);
    std::string value;
    DAYBOOK_ASSIGN(const bool there, point.get(Table::kObligations, key, {}, value));
    if (!there) return std::optional<ObligationRow>();
    DAYBOOK_ASSIGN(ObligationRow row, take_row(ref, value));
    return std::optional<ObligationRow>(std::move(row));
}

Result<void> each_obligation(const ReadPoint& point, const std::function<void(const ObligationRow&)>& row) {
    Scan scan = point.scan(Table::kObligations);
    while (scan.next()) {
        DAYBOOK_ASSIGN(const ObligationRow one, take_row(ref_of_key(scan.key().data()), scan.value()));
        row(one);
    }
    return scan.status();
}

std::string page_key(const ObligationRow& row) {
    std::string key;
    due_key(key, row.obligation.due_at, row.obligation.ref);
    return hex(key);
}

Result<Rows<ObligationRow>> read_due(const ReadPoint& point, const DueQuery& query, const Page& page) {
    DAYBOOK_ASSIGN(const Cursor cursor, cursor_of(page, point.position(), kDueKeyBytes));
    std::vector<std::string> sites;
    if (query.site != 0) {
        key_u32(sites.emplace_back(), query.site);
    } else {
        DAYBOOK_ASSIGN(sites, sites_of(point));
    }
    Rows<ObligationRow> answer{cursor.position, {}, {}};
    std::string last;
    DueMerge merge(point, sites, cursor.key);
    while (true) {
        DAYBOOK_ASSIGN(std::string key, merge.next());
        if (key.empty()) break;
        if (query.before != 0 && time_of_key(key.data()) >= query.before) break;
        DAYBOOK_ASSIGN(auto row, read_obligation(point, ref_of_key(key.data() + 8)));
        if (!row || !row->open) {
            return fail(ErrorCode::kCorrupt, "an open obligation has no row in the read models: run `daybook rebuild`");
        }
        if (row->obligation.opened_by >= cursor.position) continue;
        if (!asked_for(query, row->obligation)) continue;
        if (answer.rows.size() == page.rows_max) {
            answer.next = to_text({cursor.position, last, false});
            break;
        }
        answer.rows.push_back(std::move(*row));
        last = std::move(key);
    }
    return answer;
}

}  // namespace daybook::projections
