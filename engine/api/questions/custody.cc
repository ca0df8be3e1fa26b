// Who held a piece: its chain, what was believed of it, and who had it at a moment, each at (valid time, record time).
#include <algorithm>
#include <limits>

#include "engine/api/internal/pieces_at.h"
#include "engine/api/internal/sightings.h"
#include "engine/api/internal/when.h"

namespace daybook::api {
namespace {

using projections::StayRow;

constexpr Micros kEver = std::numeric_limits<Micros>::max();

tl::unexpected<Error> not_registered(const ItemId& item) {
    return fail(ErrorCode::kNotFound, "no piece has the id " + item.text() + " at that time, as known then");
}

// The events that count, by valid time, into the stays they belong to. Those of no account are the registration's.
void fill_stays(const Asked& asked, const projections::ChainRows& chain,
                google::protobuf::RepeatedPtrField<v1::StayRow>& out) {
    std::vector<const projections::HistoryRow*> events;
    for (const auto& event : chain.events) {
        if (event.effective) events.push_back(&event);
    }
    std::stable_sort(events.begin(), events.end(),
                     [](const auto* a, const auto* b) { return a->occurred_at < b->occurred_at; });
    auto next = events.begin();
    for (const StayRow& stay : chain.stays) {
        v1::StayRow& row = *out.Add();
        fill_stay(asked, stay, row);
        for (; next != events.end() && (!stay.to || (*next)->occurred_at < *stay.to); ++next) {
            if ((*next)->occurred_at >= stay.from) fill_evidence(**next, *row.add_evidence());
        }
    }
}

Result<std::string> chain(const Asked& asked) {
    DAYBOOK_ASSIGN(const ItemId item, asked.item_of_path(1));
    DAYBOOK_ASSIGN(const When when, when_of(asked));
    DAYBOOK_ASSIGN(auto chain, when.reading.chain(item, when.at));
    if (chain.stays.empty()) return not_registered(item);
    DAYBOOK_ASSIGN(const auto count, Sightings(asked, when).last_of_all(item, chain, when.at.valid));
    std::erase_if(chain.events, [&](const auto& event) { return event.occurred_at > when.at.valid; });
    v1::ChainAnswer message;
    DAYBOOK_TRY(when.fill_as_of(asked, *message.mutable_as_of()));
    message.set_item(item.text());
    fill_stays(asked, chain, *message.mutable_rows());
    if (count) *message.mutable_last_count() = *count;
    return codec::to_json(message);
}

// ---- What was believed ----

Result<std::string> believed(const Asked& asked) {
    DAYBOOK_ASSIGN(const ItemId item, asked.item_of_path(1));
    if (asked.param("known_at").empty()) {
        return fail(ErrorCode::kInvalid, "known_at: is missing; the question compares known_at with and_at");
    }
    DAYBOOK_ASSIGN(const When was, when_of(asked, "known_at"));
    DAYBOOK_ASSIGN(When now, when_of(asked, "and_at"));
    if (now.at.known < was.at.known) {
        return fail(ErrorCode::kInvalid, "known_at, and_at: the first must not lie behind the second");
    }
    Interval interval{std::numeric_limits<Micros>::min(), now.at.valid == kEver ? kEver : now.at.valid + 1};
    if (!asked.param("from").empty() || !asked.param("to").empty()) {
        if (!asked.param("valid_at").empty()) {
            return fail(ErrorCode::kInvalid, "valid_at, from, to: either a moment or an interval");
        }
        DAYBOOK_ASSIGN(interval, interval_of(asked));
        now.at.valid = interval.to - 1;
    } else if (!asked.param("valid_at").empty()) {
        interval.from = now.at.valid;
    }
    v1::BelievedAnswer message;
    DAYBOOK_TRY(now.fill_as_of(asked, *message.mutable_as_of()));
    DAYBOOK_TRY(was.fill_as_of(asked, *message.mutable_was_as_of()));
    fill(now.at.valid, message.mutable_was_as_of()->mutable_valid_at());
    message.set_item(item.text());
    DAYBOOK_ASSIGN(const auto old_chain, now.reading.chain(item, {now.at.valid, was.at.known}));
    DAYBOOK_ASSIGN(const auto new_chain, now.reading.chain(item, now.at));
    if (old_chain.stays.empty() && new_chain.stays.empty()) return not_registered(item);
    for (const auto& [chain, rows] : {std::pair(&old_chain, message.mutable_was()),
                                      std::pair(&new_chain, message.mutable_now())}) {
        for (const StayRow& stay : chain->stays) {
            if (!stay.to || *stay.to > interval.from) fill_stay(asked, stay, *rows->Add());
        }
    }
    DAYBOOK_ASSIGN(const auto differences, now.reading.differences(item, interval.from, interval.to, was.at.known,
                                                                   now.at.known));
    for (const auto& difference : differences) {
        v1::DifferenceRow& row = *message.add_rows();
        if (difference.from != std::numeric_limits<Micros>::min()) fill(difference.from, row.mutable_from());
        if (difference.to) fill(*difference.to, row.mutable_to());
        row.set_was(difference.was.path());
        row.set_now(difference.now.path());
        for (const Position position : difference.because) {
            DAYBOOK_TRY(fill_witnessed(asked, position, *row.add_because()));
        }
    }
    return codec::to_json(message);
}

// ---- Who held it ----

// The kind of obligation that stands while a piece is in a state; nullopt: none does.
std::optional<custody::ObligationKind> holding(custody::State state) {
    switch (state) {
        case custody::State::kD:
        case custody::State::kP: return custody::ObligationKind::kSignout;
        case custody::State::kT: return custody::ObligationKind::kTransfer;
        case custody::State::kM: return custody::ObligationKind::kMemoOut;
        case custody::State::kW: return custody::ObligationKind::kWorkshop;
        case custody::State::kS: return custody::ObligationKind::kDiscrepancy;
        default: return std::nullopt;
    }
}

Result<void> fill_holding(const Asked& asked, const When& when, const ItemId& item, v1::HolderAnswer& message) {
    DAYBOOK_ASSIGN(const auto piece, PiecesAt(asked, when).piece(item));
    if (!piece) return {};
    const auto kind = holding(piece->item.state());
    for (const auto& obligation : piece->obligations) {
        // Of its discrepancies, that of DeclaredMissing holds it.
        const bool holds = obligation.kind == kind &&
                           (kind != custody::ObligationKind::kDiscrepancy || obligation.by_declared_missing);
        if (!holds) continue;
        fill_obligation(obligation, {asked.context.currency, when.at.valid}, *message.mutable_obligation());
        return {};
    }
    return {};
}

Result<std::string> holder(const Asked& asked) {
    DAYBOOK_ASSIGN(const ItemId item, asked.item_of_path(1));
    DAYBOOK_ASSIGN(const When when, when_of(asked));
    DAYBOOK_ASSIGN(const auto chain, when.reading.chain(item, when.at));
    if (chain.stays.empty() || chain.stays.back().to) return not_registered(item);
    // The whole stay, which may have ended since.
    DAYBOOK_ASSIGN(const auto whole, when.reading.chain(item, {kEver, when.at.known}));
    StayRow stay = chain.stays.back();
    for (const StayRow& other : whole.stays) {
        if (other.from <= when.at.valid && (!other.to || *other.to > when.at.valid)) stay = other;
    }
    v1::HolderAnswer message;
    DAYBOOK_TRY(when.fill_as_of(asked, *message.mutable_as_of()));
    message.set_item(item.text());
    fill_stay(asked, stay, *message.mutable_stay());
    DAYBOOK_TRY(fill_holding(asked, when, item, message));
    if (stay.opened_by != kNoPosition) DAYBOOK_TRY(fill_witnessed(asked, stay.opened_by, *message.mutable_opened()));
    Sightings counts(asked, when);
    DAYBOOK_ASSIGN(const auto before, counts.last(item, {&stay, 1}, when.at.valid));
    DAYBOOK_ASSIGN(const auto after, counts.first(item, stay, when.at.valid));
    if (before) *message.mutable_counted_before() = *before;
    if (after) *message.mutable_counted_after() = *after;
    return codec::to_json(message);
}

constexpr QuestionInfo kQuestions[] = {
    {"items/*/chain", "valid_at known_at", chain},
    {"items/*/believed", "valid_at from to known_at and_at", believed},
    {"items/*/holder", "valid_at known_at", holder},
};

}  // namespace

Family custody_questions() { return kQuestions; }

}  // namespace daybook::api
