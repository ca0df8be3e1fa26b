#include "engine/codec/internal/tables.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <memory>
#include <string_view>

#include "engine/base/assert.h"
#include "engine/base/limits.h"
#include "schemas/daybook/v1/answer.pb.h"
#include "schemas/daybook/v1/audit.pb.h"
#include "schemas/daybook/v1/command.pb.h"
#include "schemas/daybook/v1/event.pb.h"
#include "schemas/daybook/v1/report.pb.h"
#include "schemas/daybook/v1/rules.pb.h"
#include "schemas/daybook/v1/stream.pb.h"
#include "schemas/daybook/v1/view.pb.h"

namespace daybook::codec {
namespace {

namespace pb = google::protobuf;

constexpr std::string_view kAnswers[] = {"/answer.proto", "/audit.proto", "/report.proto", "/view.proto"};

class Builder {
public:
    const MessageTable& message(const pb::Descriptor& descriptor) {
        if (const auto it = messages_.find(descriptor.full_name()); it != messages_.end()) return *it->second;
        auto& table = *messages_.emplace(descriptor.full_name(), std::make_unique<MessageTable>()).first->second;
        table.name = descriptor.full_name();
        const auto count = static_cast<std::size_t>(descriptor.field_count());
        DAYBOOK_ASSERT(count <= kFieldsMax);
        table.fields.reserve(count);  // pointers to fields are kept
        std::uint8_t lists = 0;
        for (int i = 0; i < descriptor.field_count(); ++i) {
            const auto& from = *descriptor.field(i);
            auto& field = table.fields.emplace_back(this->field(from));
            field.index = static_cast<std::uint8_t>(i);
            if (field.list) field.list_index = lists++;
            const auto number = static_cast<std::size_t>(field.number);
            if (table.by_number.size() <= number) table.by_number.resize(number + 1);
            table.by_number[number] = static_cast<std::uint8_t>(i + 1);
        }
        DAYBOOK_ASSERT(lists <= kListsMax);
        for (const auto& field : table.fields) {
            table.by_name.emplace(field.name, &field);
            table.by_name.emplace(field.json_name, &field);
            if (field.required) table.required.push_back(&field);
        }
        for (int i = 0; i < descriptor.real_oneof_decl_count(); ++i)
            table.oneofs.push_back(descriptor.oneof_decl(i)->name());
        return table;
    }

    [[nodiscard]] const MessageTable* find(const std::string& full_name) const {
        const auto it = messages_.find(full_name);
        return it == messages_.end() ? nullptr : it->second.get();
    }

private:
    FieldTable field(const pb::FieldDescriptor& from) {
        FieldTable field;
        field.name = from.name();
        field.key = '"' + field.name + "\":";
        field.json_name = from.json_name();
        field.number = static_cast<std::uint32_t>(from.number());
        field.list = from.is_repeated();
        field.presence = from.has_presence();
        if (const auto* oneof = from.real_containing_oneof(); oneof != nullptr) {
            field.oneof = static_cast<std::int8_t>(oneof->index());
        }
        set_kind(from, field);
        const v1::Rule& rule = from.options().GetExtension(v1::rule);
        field.required = rule.required();
        field.negative = rule.negative();
        field.form = static_cast<Form>(rule.is());
        const bool sized = field.kind == Kind::kText || field.kind == Kind::kBytes;
        field.max = static_cast<std::uint32_t>(field.list ? limits::kListMax : sized ? limits::kTextBytesMax : 0);
        if (field.list && is_answered(*from.file())) field.max = std::numeric_limits<std::uint32_t>::max();
        if (rule.max() != 0) field.max = rule.max();
        return field;
    }

    // Lists that are only ever answered are as long as whoever asked wanted a page to be.
    static bool is_answered(const pb::FileDescriptor& file) {
        const std::string& name = file.name();
        return std::any_of(std::begin(kAnswers), std::end(kAnswers),
                           [&](std::string_view answers) { return std::string_view(name).ends_with(answers); });
    }

    void set_kind(const pb::FieldDescriptor& from, FieldTable& field) {
        field.wire = WireType::kVarint;
        switch (from.type()) {
            case pb::FieldDescriptor::TYPE_BOOL: field.kind = Kind::kBool; return;
            case pb::FieldDescriptor::TYPE_INT32: field.kind = Kind::kInt32; return;
            case pb::FieldDescriptor::TYPE_INT64: field.kind = Kind::kInt64; return;
            case pb::FieldDescriptor::TYPE_UINT32: field.kind = Kind::kUint32; return;
            case pb::FieldDescriptor::TYPE_UINT64: field.kind = Kind::kUint64; return;
            case pb::FieldDescriptor::TYPE_SINT32: field.kind = Kind::kSint32; return;
            case pb::FieldDescriptor::TYPE_SINT64: field.kind = Kind::kSint64; return;
            case pb::FieldDescriptor::TYPE_ENUM:
                field.kind = Kind::kEnum;
                field.values = &values(*from.enum_type());
                return;
            default: break;
        }
        field.wire = WireType::kBytes;
        if (from.type() == pb::FieldDescriptor::TYPE_STRING) {
            field.kind = Kind::kText;
        } else if (from.type() == pb::FieldDescriptor::TYPE_BYTES) {
            field.kind = Kind::kBytes;
        } else {
            DAYBOOK_ASSERT(from.type() == pb::FieldDescriptor::TYPE_MESSAGE && !from.is_map());
            const bool time = from.message_type()->full_name() == "google.protobuf.Timestamp";
            field.kind = time ? Kind::kTime : Kind::kMessage;
            if (!time) field.message = &message(*from.message_type());
        }
    }

    const EnumTable& values(const pb::EnumDescriptor& descriptor) {
        if (const auto it = enums_.find(descriptor.full_name()); it != enums_.end()) return *it->second;
        auto& table = *enums_.emplace(descriptor.full_name(), std::make_unique<EnumTable>()).first->second;
        for (int i = 0; i < descriptor.value_count(); ++i) {
            const auto number = static_cast<std::size_t>(descriptor.value(i)->number());
            if (table.names.size() <= number) table.names.resize(number + 1);
            table.names[number] = descriptor.value(i)->name();
        }
        for (std::size_t number = 0; number < table.names.size(); ++number) {
            if (table.names[number].empty()) continue;
            table.numbers.emplace(table.names[number], static_cast<std::uint32_t>(number));
            if (number != 0) table.choices += (table.choices.empty() ? "" : ", ") + table.names[number];
        }
        return table;
    }

    std::unordered_map<std::string, std::unique_ptr<MessageTable>> messages_;
    std::unordered_map<std::string, std::unique_ptr<EnumTable>> enums_;
};

const Builder& all() {
    static const Builder builder = [] {
        Builder made;
        // Every file of daybook.v1 is reached by one of these.
        for (const auto* file :
             {v1::Command::descriptor()->file(), v1::Event::descriptor()->file(), v1::Answer::descriptor()->file(),
              v1::ItemRow::descriptor()->file(), v1::NextAnswer::descriptor()->file(),
              v1::Control::descriptor()->file(), v1::AuditAnswer::descriptor()->file()}) {
            for (int i = 0; i < file->message_type_count(); ++i) made.message(*file->message_type(i));
        }
        return made;
    }();
    return builder;
}

}  // namespace

const MessageTable* message_table(std::string_view full_name) { return all().find(std::string(full_name)); }

const MessageTable& command_table() {
    static const MessageTable& table = *message_table("daybook.v1.Command");
    return table;
}
const MessageTable& event_table() {
    static const MessageTable& table = *message_table("daybook.v1.Event");
    return table;
}
const MessageTable& submission_table() {
    static const MessageTable& table = *message_table("daybook.v1.Submission");
    return table;
}

}  // namespace daybook::codec
