// The schemas keep what was released: schemas/lock/daybook_v1.binpb is compared with the schemas as they are. That the
// comparison can fail is tested by planting each kind of change.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <sstream>

#include "schemas/daybook/v1/audit.pb.h"
#include "schemas/daybook/v1/command.pb.h"
#include "schemas/daybook/v1/event.pb.h"
#include "schemas/daybook/v1/report.pb.h"
#include "schemas/daybook/v1/stream.pb.h"
#include "schemas/daybook/v1/view.pb.h"
#include "tests/unit/schemas/compatibility.h"

namespace daybook::test {
namespace {

namespace pb = google::protobuf;
using testing::ElementsAre;
using testing::IsEmpty;

// The schemas as this test was built with them: the files below and all that they import.
pb::FileDescriptorSet schemas_now() {
    std::map<std::string, const pb::FileDescriptor*> files;
    const std::function<void(const pb::FileDescriptor*)> add = [&](const pb::FileDescriptor* file) {
        if (!files.emplace(file->name(), file).second) return;
        for (int i = 0; i < file->dependency_count(); ++i) add(file->dependency(i));
    };
    for (const auto* file : {v1::Command::descriptor()->file(), v1::Event::descriptor()->file(),
                             v1::Control::descriptor()->file(), v1::ItemRow::descriptor()->file(),
                             v1::NextAnswer::descriptor()->file(), v1::AuditAnswer::descriptor()->file()})
        add(file);
    pb::FileDescriptorSet out;
    for (const auto& [name, file] : files) file->CopyTo(out.add_file());
    return out;
}

pb::FileDescriptorSet lock() {
    std::ifstream file(DAYBOOK_SOURCE_DIR "/schemas/lock/daybook_v1.binpb", std::ios::binary);
    std::stringstream bytes;
    bytes << file.rdbuf();
    pb::FileDescriptorSet out;
    EXPECT_TRUE(out.ParseFromString(bytes.str()));
    EXPECT_GT(out.file_size(), 10);
    return out;
}

TEST(SchemaLock, WhatWasReleasedIsKept) { EXPECT_THAT(broken_promises(lock(), schemas_now()), IsEmpty()); }

TEST(SchemaLock, HoldsAllThatThereIs) {
    EXPECT_THAT(broken_promises(schemas_now(), lock()), IsEmpty())
        << "The schemas have grown. If that is meant for ever: cp build/release/generated/schemas/daybook_v1.binpb "
           "schemas/lock/";
}

// ---- Planted changes ----

pb::DescriptorProto& message(pb::FileDescriptorSet& files, const std::string& name) {
    for (auto& file : *files.mutable_file()) {
        for (auto& each : *file.mutable_message_type()) {
            if (each.name() == name && file.package() == "daybook.v1") return each;
        }
    }
    ADD_FAILURE() << "no message " << name;
    static pb::DescriptorProto none;
    return none;
}
pb::FieldDescriptorProto& field(pb::DescriptorProto& message, const std::string& name) {
    for (auto& each : *message.mutable_field()) {
        if (each.name() == name) return each;
    }
    ADD_FAILURE() << "no field " << name;
    static pb::FieldDescriptorProto none;
    return none;
}
void remove_field(pb::DescriptorProto& message, const std::string& name) {
    auto& fields = *message.mutable_field();
    for (int i = 0; i < fields.size(); ++i) {
        if (fields[i].name() == name) return fields.DeleteSubrange(i, 1);
    }
    ADD_FAILURE() << "no field " << name;
}

std::vector<std::string> after(const std::function<void(pb::FileDescriptorSet&)>& change) {
    auto now = schemas_now();
    change(now);
    return broken_promises(schemas_now(), now);
}

TEST(SchemaLock, FindsAChangedNumber) {
    EXPECT_THAT(after([](auto& files) { field(message(files, "SignedOut"), "recipient").set_number(9); }),
                ElementsAre("daybook.v1.SignedOut.recipient = 2 is gone and its number is not reserved",
                            "daybook.v1.SignedOut.recipient = 2 is gone and its name is not reserved"));
}
TEST(SchemaLock, FindsAChangedName) {
    EXPECT_THAT(after([](auto& files) { field(message(files, "SignedOut"), "recipient").set_name("holder"); }),
                ElementsAre("daybook.v1.SignedOut.recipient = 2 has become holder: JSON knows it by its name"));
}
TEST(SchemaLock, FindsAChangedType) {
    EXPECT_THAT(after([](auto& files) {
                    field(message(files, "SignedOut"), "recipient").set_type(pb::FieldDescriptorProto::TYPE_SINT64);
                }),
                ElementsAre("daybook.v1.SignedOut.recipient = 2 has changed its type"));
    EXPECT_THAT(
        after([](auto& files) { field(message(files, "SaleCompleted"), "price").set_type_name(".daybook.v1.Owner"); }),
        ElementsAre("daybook.v1.SaleCompleted.price = 3 has changed its type"));
}
TEST(SchemaLock, FindsAChangedLabelAndPresence) {
    EXPECT_THAT(after([](auto& files) {
                    field(message(files, "SignedOut"), "recipient").set_label(pb::FieldDescriptorProto::LABEL_REPEATED);
                }),
                ElementsAre("daybook.v1.SignedOut.recipient = 2 has become a list, or is one no longer"));
    EXPECT_THAT(after([](auto& files) {
                    auto& sellable = field(message(files, "AccountOpened"), "sellable");
                    sellable.clear_proto3_optional();
                    sellable.clear_oneof_index();
                }),
                ElementsAre("daybook.v1.AccountOpened.sellable = 5 has gained or lost its presence"));
}
TEST(SchemaLock, FindsAFieldThatLeftItsOneof) {
    EXPECT_THAT(after([](auto& files) { field(message(files, "Command"), "signed_out").clear_oneof_index(); }),
                ElementsAre("daybook.v1.Command.signed_out = 121 has moved into or out of a oneof"));
}
TEST(SchemaLock, FindsAChangedEnumValue) {
    EXPECT_THAT(after([](auto& files) {
                    message(files, "SignedOut").mutable_enum_type(0)->mutable_value(2)->set_name("SHOPWINDOW");
                }),
                ElementsAre("daybook.v1.SignedOut.Purpose.WINDOW = 2 has become SHOPWINDOW"));
    EXPECT_THAT(after([](auto& files) {
                    message(files, "SignedOut").mutable_enum_type(0)->mutable_value()->DeleteSubrange(2, 1);
                }),
                ElementsAre("daybook.v1.SignedOut.Purpose.WINDOW = 2 is gone and its number is not reserved",
                            "daybook.v1.SignedOut.Purpose.WINDOW = 2 is gone and its name is not reserved"));
}
TEST(SchemaLock, FindsAMessageThatIsGone) {
    EXPECT_THAT(after([](auto& files) { message(files, "PutAway").set_name("StowedAway"); }),
                ElementsAre("daybook.v1.PutAway is gone"));
}
TEST(SchemaLock, LetsAFieldGoThatIsReserved) {
    const auto removed = [](bool number, bool name) {
        return after([&](auto& files) {
            auto& signed_out = message(files, "SignedOut");
            remove_field(signed_out, "recipient");
            if (number) {
                auto& range = *signed_out.add_reserved_range();
                range.set_start(2);
                range.set_end(3);
            }
            if (name) signed_out.add_reserved_name("recipient");
        });
    };
    EXPECT_THAT(removed(true, true), IsEmpty());
    EXPECT_THAT(removed(false, true),
                ElementsAre("daybook.v1.SignedOut.recipient = 2 is gone and its number is not reserved"));
    EXPECT_THAT(removed(true, false),
                ElementsAre("daybook.v1.SignedOut.recipient = 2 is gone and its name is not reserved"));
}
TEST(SchemaLock, FindsAReservationThatIsTakenBack) {
    auto released = schemas_now();
    auto& signed_out = message(released, "SignedOut");
    auto& range = *signed_out.add_reserved_range();
    range.set_start(20);
    range.set_end(22);
    signed_out.add_reserved_name("witness");
    EXPECT_THAT(broken_promises(released, schemas_now()),
                ElementsAre("daybook.v1.SignedOut: number 20 is no longer reserved",
                            "daybook.v1.SignedOut: number 21 is no longer reserved",
                            "daybook.v1.SignedOut: the name witness is no longer reserved"));
}
TEST(SchemaLock, LetsTheSchemasGrow) {
    EXPECT_THAT(after([](auto& files) {
                    auto& added = *message(files, "SignedOut").add_field();
                    added.set_name("case_number");
                    added.set_number(15);
                    added.set_type(pb::FieldDescriptorProto::TYPE_UINT64);
                    added.set_label(pb::FieldDescriptorProto::LABEL_OPTIONAL);
                    auto& value = *message(files, "SignedOut").mutable_enum_type(0)->add_value();
                    value.set_name("CLEANING");
                    value.set_number(8);
                }),
                IsEmpty());
}

}  // namespace
}  // namespace daybook::test
