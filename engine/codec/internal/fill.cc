#include "engine/codec/internal/fill.h"

#include "engine/codec/internal/field.h"
#include "engine/codec/internal/wire.h"
#include "schemas/daybook/v1/command.pb.h"

namespace daybook::codec {
namespace {

using custody::Command;
using custody::EventType;

void get(const WireReader& field, Reading& reading, custody::Actor& out) {
    using Field = v1::Actor;
    for (WireReader at(field.bytes()); at.next();) {
        switch (at.number()) {
            case Field::kPrincipalFieldNumber: get(at, reading, out.principal); break;
            case Field::kRoleFieldNumber: get_enum(at, reading, custody::Role::kInt, out.role); break;
            case Field::kDeviceFieldNumber: get(at, reading, out.device); break;
            default: break;
        }
    }
}

void get(const WireReader& field, Reading& reading, custody::Attestation& out) {
    using Field = v1::Attestation;
    for (WireReader at(field.bytes()); at.next();) {
        if (at.number() == Field::kPrincipalFieldNumber) {
            get(at, reading, out.principal);
        } else if (at.number() == Field::kRoleFieldNumber && at.number_value() != 0) {
            get_enum(at, reading, custody::Role::kInt, out.role.emplace());
        }
    }
}

void get(const WireReader& field, Reading& reading, custody::Line& out) {
    using Field = v1::Line;
    for (WireReader at(field.bytes()); at.next();) {
        switch (at.number()) {
            case Field::kItemFieldNumber: get(at, reading, out.item); break;
            case Field::kSupplyFieldNumber: get(at, reading, out.supply); break;
            case Field::kQuantityFieldNumber: get(at, reading, out.quantity); break;
            case Field::kMeasureFieldNumber: get(at, reading, out.measure); break;
            case Field::kFromFieldNumber: get(at, reading, out.from); break;
            case Field::kToFieldNumber: get(at, reading, out.to); break;
            default: break;
        }
    }
}

void get(const WireReader& field, Reading& reading, custody::Doc& out) {
    using Field = v1::Doc;
    for (WireReader at(field.bytes()); at.next();) {
        if (at.number() == Field::kTypeFieldNumber) get(at, reading, out.type);
        if (at.number() == Field::kNumberFieldNumber) get(at, reading, out.number);
    }
}

void get(const WireReader& field, Reading& reading, custody::Expectation& out) {
    using Field = v1::Expectation;
    for (WireReader at(field.bytes()); at.next();) {
        if (at.number() == Field::kItemFieldNumber) get(at, reading, out.item);
        if (at.number() == Field::kVersionFieldNumber) get(at, reading, out.version);
    }
}

void get(const WireReader& field, Reading& reading, custody::Late& out) {
    using Field = v1::Late;
    for (WireReader at(field.bytes()); at.next();) {
        switch (at.number()) {
            case Field::kFlagFieldNumber: get(at, reading, out.flag); break;
            case Field::kReasonFieldNumber: get(at, reading, out.reason); break;
            case Field::kApproverFieldNumber: get(at, reading, out.approver); break;
            default: break;
        }
    }
}

void clear(Command& command) {
    command.type = EventType{};
    command.event_id = {};
    command.occurred_at.reset();
    command.entity = 0;
    command.site = 0;
    command.actor = {};
    command.attest.clear();
    command.obligation = {};
    command.lines.clear();
    command.from = {};
    command.to = {};
    command.docs.clear();
    command.expect.clear();
    command.late = {};
}

// Where obligation_id goes: to the command where it opens one, to the payload where it names one.
void place_obligation(const custody::ObligationRef& ref, Command& command) {
    switch (command.type) {
        case EventType::kCountScanned: std::get<custody::CountScanned>(command.payload).count = ref.id; return;
        case EventType::kCountAttested: std::get<custody::CountAttested>(command.payload).count = ref.id; return;
        case EventType::kCountAbandoned: std::get<custody::CountAbandoned>(command.payload).count = ref.id; return;
        case EventType::kDiscrepancyResolved:
            std::get<custody::DiscrepancyResolved>(command.payload).discrepancy = ref;
            return;
        case EventType::kObligationSettled:
            std::get<custody::ObligationSettled>(command.payload).obligation = ref;
            return;
        default: command.obligation = ref.id; return;
    }
}

}  // namespace

bool names_obligation(EventType type) {
    return type == EventType::kCountScanned || type == EventType::kCountAttested ||
           type == EventType::kCountAbandoned || type == EventType::kDiscrepancyResolved ||
           type == EventType::kObligationSettled;
}

Filled fill_command(std::string_view bytes, Command& out) {
    using Field = v1::Command;
    clear(out);
    out.bytes = bytes;
    Reading reading;
    custody::ObligationRef obligation;
    std::uint64_t version = kSchemaVersion;
    std::string_view payload;
    WireReader at(bytes);
    while (at.next()) {
        switch (at.number()) {
            case Field::kEventIdFieldNumber: get(at, reading, out.event_id); break;
            case Field::kOccurredAtFieldNumber: get_time(at, out.occurred_at.emplace()); break;
            case Field::kEntityFieldNumber: get(at, reading, out.entity); break;
            case Field::kSiteFieldNumber: get(at, reading, out.site); break;
            case Field::kActorFieldNumber: get(at, reading, out.actor); break;
            case Field::kAttestFieldNumber: get(at, reading, out.attest.emplace_back()); break;
            case Field::kObligationIdFieldNumber: get(at, reading, obligation); break;
            case Field::kLinesFieldNumber: get(at, reading, out.lines.emplace_back()); break;
            case Field::kFromFieldNumber: get(at, reading, out.from); break;
            case Field::kToFieldNumber: get(at, reading, out.to); break;
            case Field::kDocsFieldNumber: get(at, reading, out.docs.emplace_back()); break;
            case Field::kExpectFieldNumber: get(at, reading, out.expect.emplace_back()); break;
            case Field::kLateFieldNumber: get(at, reading, out.late); break;
            case Field::kSchemaVersionFieldNumber: version = at.number_value(); break;
            default:
                if (at.number() <= kPayloadNumberBase) break;  // descriptive: offset, reason, note
                if (at.number() > kPayloadNumberBase + custody::kEventTypeCount) return Filled::kNewer;
                out.type = static_cast<EventType>(at.number() - kPayloadNumberBase);
                payload = at.bytes();
                break;
        }
    }
    if (version > kSchemaVersion) return Filled::kNewer;
    if (at.damaged() || out.type == EventType{} || out.event_id.empty()) return Filled::kCorrupt;
    if (!fill_payload(out.type, payload, reading, out)) return Filled::kNewer;
    place_obligation(obligation, out);
    if (reading.corrupt) return Filled::kCorrupt;
    return reading.newer ? Filled::kNewer : Filled::kOk;
}

}  // namespace daybook::codec
