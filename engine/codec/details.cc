#include "engine/codec/details.h"

#include "engine/codec/internal/wire.h"
#include "schemas/daybook/v1/command.pb.h"

namespace daybook::codec {
namespace {

using custody::EventType;

// The payload's field; empty where there is none.
std::string_view payload_of(std::string_view command, int number) {
    std::string_view found;
    for (WireReader field(command); field.next();) {
        if (field.number() == static_cast<std::uint32_t>(number)) found = field.bytes();
    }
    return found;
}

template <class Take>
void each_field(std::string_view bytes, Take&& take) {
    for (WireReader field(bytes); field.next();) take(field);
}

std::int64_t part_mg(std::string_view part) {
    std::int64_t mg = 0;
    each_field(part, [&](const WireReader& field) {
        if (field.number() == v1::RepairWorkRecorded::Part::kMgFieldNumber) mg = field.signed_value();
    });
    return mg;
}

void read_work(std::string_view bytes, Details& out) {
    using Work = v1::RepairWorkRecorded;
    each_field(bytes, [&](const WireReader& field) {
        switch (field.number()) {
            case Work::kPartsInFieldNumber: out.added_mg += part_mg(field.bytes()); break;
            case Work::kPartsOutFieldNumber: out.removed_mg += part_mg(field.bytes()); break;
            case Work::kMetalAddedMgFieldNumber: out.added_mg += field.signed_value(); break;
            case Work::kMetalRemovedMgFieldNumber: out.removed_mg += field.signed_value(); break;
            default: break;
        }
    });
}

}  // namespace

Details read_details(EventType type, std::string_view command) {
    using Command = v1::Command;
    Details out;
    const auto gross = [&](int payload, int number) {
        each_field(payload_of(command, payload), [&](const WireReader& field) {
            if (field.number() == static_cast<std::uint32_t>(number)) out.gross_mg = field.signed_value();
        });
    };
    const auto warranty = [&](int payload, int number) {
        each_field(payload_of(command, payload), [&](const WireReader& field) {
            if (field.number() == static_cast<std::uint32_t>(number)) out.warranty = field.bytes();
        });
    };
    switch (type) {
        case EventType::kRepairOpened:
            gross(Command::kRepairOpenedFieldNumber, v1::RepairOpened::kGrossMgFieldNumber);
            break;
        case EventType::kReturnedFromWorkshop:
            gross(Command::kReturnedFromWorkshopFieldNumber, v1::ReturnedFromWorkshop::kGrossMgFieldNumber);
            break;
        case EventType::kRepairWorkRecorded:
            read_work(payload_of(command, Command::kRepairWorkRecordedFieldNumber), out);
            break;
        case EventType::kSaleCompleted:
            warranty(Command::kSaleCompletedFieldNumber, v1::SaleCompleted::kKpSowFieldNumber);
            break;
        case EventType::kMemoOutIssued:
            warranty(Command::kMemoOutIssuedFieldNumber, v1::MemoOutIssued::kKpSowFieldNumber);
            break;
        default: break;
    }
    return out;
}

std::vector<DayFigures> read_day_figures(std::string_view command) {
    using Account = v1::DayClosed::Account;
    std::vector<DayFigures> all;
    each_field(payload_of(command, v1::Command::kDayClosedFieldNumber), [&](const WireReader& field) {
        if (field.number() != v1::DayClosed::kAccountsFieldNumber) return;
        DayFigures& figures = all.emplace_back();
        each_field(field.bytes(), [&](const WireReader& figure) {
            switch (figure.number()) {
                case Account::kAccountFieldNumber:
                    if (const auto account = custody::AccountId::parse(figure.bytes())) figures.account = *account;
                    break;
                case Account::kOpeningFieldNumber: figures.opening = figure.signed_value(); break;
                case Account::kCameInFieldNumber: figures.came_in = figure.signed_value(); break;
                case Account::kWentOutFieldNumber: figures.went_out = figure.signed_value(); break;
                case Account::kClosingFieldNumber: figures.closing = figure.signed_value(); break;
                case Account::kDigestFieldNumber: figures.digest = figure.bytes(); break;
                default: break;
            }
        });
    });
    return all;
}

}  // namespace daybook::codec
