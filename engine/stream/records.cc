#include "engine/stream/records.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <unordered_map>
#include <variant>

#include "engine/base/limits.h"
#include "engine/codec/json.h"
#include "engine/stream/partitioner.h"

namespace daybook::stream {
namespace {

std::string key_of(const ObligationId& obligation) { return "obligation:" + obligation.text(); }
std::string key_of(const custody::AccountId& account) { return "account:" + account.path(); }
std::string numbered(std::string_view kind, std::uint64_t number) {
    return std::string(kind) + ":" + std::to_string(number);
}

// For each type of event that may have no lines: what it concerns. Empty where its type does not say.
struct SubjectOf {
    LedgerId ledger;
    const custody::Command& command;

    std::string operator()(const custody::LedgerCreated&) const { return "ledger:" + ledger.text(); }
    std::string operator()(const custody::CheckpointSealed&) const { return "ledger:" + ledger.text(); }
    std::string operator()(const custody::SupplyRegistered& of) const { return numbered("supply", of.supply); }
    std::string operator()(const custody::AccountOpened& of) const { return key_of(of.account); }
    std::string operator()(const custody::AccountClosed& of) const { return key_of(of.account); }
    std::string operator()(const custody::CustodianChanged& of) const { return key_of(of.account); }
    std::string operator()(const custody::PartyRegistered& of) const { return numbered("party", of.party); }
    std::string operator()(const custody::RoleGranted& of) const { return numbered("principal", of.grant.principal); }
    std::string operator()(const custody::RoleRevoked& of) const { return numbered("principal", of.grant.principal); }
    std::string operator()(const custody::PolicySet& of) const { return "policy:" + std::string(of.key); }
    std::string operator()(const custody::LimitOverrideApproved& of) const { return "limit:" + std::string(of.limit); }
    std::string operator()(const custody::VaultOpened&) const { return numbered("site", command.site); }
    std::string operator()(const custody::VaultClosed&) const { return numbered("site", command.site); }
    std::string operator()(const custody::DayClosed&) const { return numbered("site", command.site); }
    std::string operator()(const custody::CountScanned& of) const { return key_of(of.count); }
    std::string operator()(const custody::CountAttested& of) const { return key_of(of.count); }
    std::string operator()(const custody::CountAbandoned& of) const { return key_of(of.count); }
    std::string operator()(const custody::DiscrepancyResolved& of) const { return key_of(of.discrepancy.id); }
    std::string operator()(const custody::ObligationSettled& of) const { return key_of(of.obligation.id); }
    std::string operator()(const custody::TransferRequested& of) const { return key_of(of.request); }
    std::string operator()(const custody::TransferApproved& of) const { return key_of(of.request); }
    std::string operator()(const custody::TransferRejected& of) const { return key_of(of.request); }
    std::string operator()(const custody::ExceptionRaised& of) const { return key_of(of.exception); }
    std::string operator()(const custody::ExceptionCleared& of) const { return key_of(of.exception); }
    std::string operator()(const custody::CorrectionDeclared& of) const { return "event:" + of.target.text(); }
    template <class Other>
    std::string operator()(const Other&) const {
        return {};
    }
};

}  // namespace

std::string subject_key(const custody::Command& command, LedgerId ledger) {
    std::string key = std::visit(SubjectOf{ledger, command}, command.payload);
    if (!key.empty()) return key;
    if (!command.obligation.empty()) return key_of(command.obligation);
    if (command.site != 0) return numbered("site", command.site);
    return numbered("entity", command.entity);
}

std::string_view to_string(ValueFormat format) {
    switch (format) {
        case ValueFormat::kJson: return "json";
        case ValueFormat::kProtobuf: return "protobuf";
        case ValueFormat::kConfluent: break;
    }
    return "confluent";
}

std::uint32_t SchemaIds::of(Topic topic) const {
    switch (topic) {
        case Topic::kEvents: return events;
        case Topic::kCustody: return custody;
        case Topic::kStock: return stock;
        case Topic::kLog:
        case Topic::kControl: break;
    }
    return 0;
}

namespace {

// 0x00, the id in four bytes, and the path to the message in its file: as a list of indices, each a zigzag varint, with
// their number before them; the list [0] is the single byte 0. Event is the first of event.proto, Custody the second of
// stream.proto, Stock the third.
std::string id_bytes(Topic topic, std::uint32_t id, bool with_message) {
    std::string bytes(1, '\0');
    for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(id >> shift & 0xff));
    if (!with_message) return bytes;
    switch (topic) {
        case Topic::kEvents: return bytes += std::string(1, '\0');
        case Topic::kCustody: return bytes += "\x02\x02";
        case Topic::kStock: return bytes += "\x02\x04";
        case Topic::kLog:
        case Topic::kControl: break;
    }
    return bytes;
}

}  // namespace

std::string value_frame(Topic topic, ValueFormat format, const SchemaIds& schemas) {
    if (format != ValueFormat::kConfluent || topic == Topic::kLog || topic == Topic::kControl) return {};
    return id_bytes(topic, schemas.of(topic), true);
}

std::string schema_header(Topic topic, ValueFormat format, const SchemaIds& schemas) {
    if (format == ValueFormat::kConfluent || schemas.of(topic) == 0) return {};
    return id_bytes(topic, schemas.of(topic), format == ValueFormat::kProtobuf);
}

// as_of is the first field, in JSON and on the wire.
std::string_view state_content(std::string_view value, ValueFormat format) {
    if (format == ValueFormat::kJson) {
        constexpr std::string_view kAsOf = "{\"as_of\":\"";
        if (!value.starts_with(kAsOf)) return value;
        return value.substr(std::min(value.find('"', kAsOf.size()), value.size()));
    }
    constexpr char kTag = 1 << 3;
    if (!value.starts_with(kTag)) return value;
    std::size_t at = 1;
    while (at < value.size() && (static_cast<unsigned char>(value[at]) & 0x80) != 0) ++at;
    return value.substr(std::min(at + 1, value.size()));
}

std::string record_id(std::string_view ledger, const RecordPlace& place, std::uint32_t parts) {
    std::string id(ledger);
    id += ':';
    id += std::to_string(place.position);
    if (parts > 1) {
        id += ':';
        id += std::to_string(place.part);
    }
    return id;
}

std::optional<RecordPlace> parse_record_id(std::string_view ledger, std::string_view id) {
    if (!id.starts_with(ledger)) return std::nullopt;
    id.remove_prefix(ledger.size());
    const char* const end = id.data() + id.size();
    if (id.empty() || id.front() != ':') return std::nullopt;
    RecordPlace place;
    auto read = std::from_chars(id.data() + 1, end, place.position);
    if (read.ec != std::errc()) return std::nullopt;
    if (read.ptr != end) {
        if (*read.ptr != ':') return std::nullopt;
        read = std::from_chars(read.ptr + 1, end, place.part);
    }
    if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
    return place;
}

std::string state_record_id(std::string_view ledger, Topic topic, std::string_view key, Position as_of) {
    std::string id(ledger);
    ((id += ':') += to_string(topic)) += ':';
    (id += key) += ':';
    return id += std::to_string(as_of);
}

std::string frame_id(std::string_view ledger, Position first, std::uint64_t count) {
    std::string id(ledger);
    (id += ":log:") += std::to_string(first);
    return (id += ':') += std::to_string(count);
}

std::optional<Position> parse_frame_id(std::string_view ledger, std::string_view id) {
    constexpr std::string_view kLog = ":log:";
    if (!id.starts_with(ledger) || !id.substr(ledger.size()).starts_with(kLog)) return std::nullopt;
    id.remove_prefix(ledger.size() + kLog.size());
    const char* const end = id.data() + id.size();
    Position first = 0;
    std::uint64_t count = 0;
    auto read = std::from_chars(id.data(), end, first);
    if (read.ec != std::errc() || read.ptr == end || *read.ptr != ':') return std::nullopt;
    read = std::from_chars(read.ptr + 1, end, count);
    if (read.ec != std::errc() || read.ptr != end || count == 0) return std::nullopt;
    return first + count;
}

namespace {

// What is longer is given back, so that a few large events do not make every record large for good.
constexpr std::size_t kKeptBytes = 4096;

void empty(std::string& text) {
    if (text.capacity() > kKeptBytes) text = std::string();
    text.clear();
}

}  // namespace

void Record::reset() {
    topic = Topic::kEvents;
    partition = 0;
    place = {};
    parts = 1;
    type = {};
    occurred_at = recorded_at = 0;
    item = {};
    empty(key);
    empty(value);
    empty(after);
    left_out = tombstone = false;
}

Record& Records::add() {
    if (size_ == slots_.size()) {
        slots_.emplace_back();
    } else {
        slots_[size_].reset();
    }
    return slots_[size_++];
}

RecordMaker::RecordMaker(LedgerId ledger, std::uint32_t partitions, ValueFormat format)
    : ledger_(ledger), partitions_(partitions), format_(format) {}

void RecordMaker::find_subjects() {
    subjects_.clear();
    const auto& facts = event_.decided.lines;
    const auto& sent = event_.command.lines;
    const std::size_t lines = std::max(facts.size(), sent.size());
    std::unordered_map<std::string, std::size_t> known;
    for (std::uint32_t i = 0; i < lines; ++i) {
        const ItemId item = i < sent.size() ? sent[i].item : facts[i].item;
        std::string key;
        if (!item.empty()) {
            key = item.text();
        } else if (i < sent.size() && sent[i].supply != 0) {
            key = numbered("supply", sent[i].supply);
        } else {
            continue;
        }
        std::size_t subject = subjects_.size();
        if (lines > 1) subject = known.try_emplace(key, subject).first->second;
        if (subject == subjects_.size()) subjects_.push_back({item, std::move(key), {}});
        subjects_[subject].lines.push_back(i);
    }
}

bool RecordMaker::changes_pieces() const {
    return custody::info(event_.command.type).lines != custody::LineKind::kSeen;
}

bool RecordMaker::may_change_models() const {
    const auto* const amended = std::get_if<custody::ItemAmended>(&event_.command.payload);
    if (amended != nullptr) return amended->field == custody::AmendedField::kModel;
    return event_.command.type == custody::EventType::kCorrectionDeclared;
}

std::vector<custody::ObligationRef> RecordMaker::closed_without_line() const {
    std::vector<custody::ObligationRef> refs;
    for (const custody::Closed& closed : event_.decided.closes) {
        const bool of_event = closed.kind == custody::ObligationKind::kCount ||
                              closed.kind == custody::ObligationKind::kVaultSession;
        if (closed.line == custody::Closed::kWholeEvent && !of_event) refs.push_back(closed.obligation);
    }
    return refs;
}

// `subject` nullptr: the whole event, as the stored bytes themselves, so that a reader of protobuf values can check
// their leaf hash against the tree.
Result<void> RecordMaker::set_value(std::string_view stored, const Subject* subject, std::string& value) {
    const bool json = format_ == ValueFormat::kJson;
    if (subject == nullptr) {
        if (json) return codec::append_event_json(stored, value);
        value = stored;
        return {};
    }
    DAYBOOK_ASSIGN(value, splitter_.part(subject->lines, json ? codec::EventSplitter::Form::kJson
                                                              : codec::EventSplitter::Form::kProtobuf));
    return {};
}

Result<void> RecordMaker::add(std::string_view stored, Records& out) {
    DAYBOOK_TRY(codec::decode_event(stored, event_));
    find_subjects();
    const bool whole = subjects_.empty() || event_.command.type == custody::EventType::kCountAttested;
    const auto parts = static_cast<std::uint32_t>(subjects_.size() + (whole ? 1 : 0));
    if (parts > 1) DAYBOOK_TRY(splitter_.load(stored));
    for (std::uint32_t part = 0; part < parts; ++part) {
        const Subject* const subject = part < subjects_.size() ? &subjects_[part] : nullptr;
        Record& record = out.add();
        record.place = {event_.position, part};
        record.parts = parts;
        record.type = custody::to_string(event_.command.type);
        record.occurred_at = event_.decided.occurred_at;
        record.recorded_at = event_.recorded_at;
        if (subject != nullptr) record.item = subject->item;
        record.key = subject != nullptr ? subject->key : subject_key(event_.command, ledger_);
        record.partition = partition_of(record.key, partitions_);
        DAYBOOK_TRY(set_value(stored, parts > 1 ? subject : nullptr, record.value));
        if (record.value.size() > limits::kKafkaValueBytesMax) {
            record.left_out = true;
            record.value.clear();
        }
    }
    return {};
}

}  // namespace daybook::stream
