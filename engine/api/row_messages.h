// The read models' rows as messages of schemas/daybook/v1/view.proto. Times of 0 and texts that are empty are left out.
#pragma once

#include <string>

#include "engine/custody/command.h"
#include "projections/rows.h"
#include "schemas/daybook/v1/view.pb.h"

namespace daybook::api {

// `currency` is the entity's, in which amounts without one are.
struct RowContext {
    std::uint32_t currency = 0;
    Micros now = 0;  // for what is overdue
};

v1::EventType::Code event_type_of(const v1::Event& event);
// For people: "showcase C1 of site 2".
std::string holder_text(const custody::AccountId& account);
void fill(Micros at, google::protobuf::Timestamp* out);
// Without what would be legal next, which the engine's books say; of its obligations no more than which they are.
void fill(const projections::ItemRow& row, const RowContext& context, v1::ItemRow& out);
void fill(const custody::Owner& owner, v1::Owner& out);
v1::DocType::Code doc_code(custody::DocType type);
v1::State::Code state_code(custody::State state);
void fill(const projections::StockRow& row, const RowContext& context, v1::StockRow& out);
void fill(const projections::ObligationRow& row, const RowContext& context, v1::ObligationRow& out);
void fill(const projections::SupplyRow& row, v1::SupplyRow& out);
void fill(const projections::DayRow& row, v1::DayRow& out);
void fill(const projections::DayEntryRow& row, v1::DayEntry& out);
void fill(const projections::FoundRow& row, v1::FoundItem& out);
void fill(const projections::Digest& row, v1::DigestRow& out);
// What the event itself says of one of its pieces.
void fill(const projections::HistoryRow& row, const v1::Event& event, v1::HistoryRow& out);

}  // namespace daybook::api
