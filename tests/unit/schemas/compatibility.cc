#include "tests/unit/schemas/compatibility.h"

#include <map>

namespace daybook::test {
namespace {

namespace pb = google::protobuf;

// Every message and enum by full name.
struct Index {
    std::map<std::string, const pb::DescriptorProto*> messages;
    std::map<std::string, const pb::EnumDescriptorProto*> enums;

    explicit Index(const pb::FileDescriptorSet& files) {
        for (const auto& file : files.file()) {
            if (file.package() != "daybook.v1") continue;  // descriptor.proto and timestamp.proto are not ours
            for (const auto& each : file.enum_type()) enums[file.package() + "." + each.name()] = &each;
            for (const auto& each : file.message_type()) add(file.package(), each);
        }
    }

private:
    void add(const std::string& scope, const pb::DescriptorProto& message) {
        const std::string name = scope + "." + message.name();
        messages[name] = &message;
        for (const auto& each : message.enum_type()) enums[name + "." + each.name()] = &each;
        for (const auto& each : message.nested_type()) add(name, each);
    }
};

template <class Ranges>
bool in_range(const Ranges& ranges, int number, int beyond) {
    for (const auto& range : ranges) {
        if (number >= range.start() && number < range.end() + beyond) return true;
    }
    return false;
}
template <class Names>
bool has_name(const Names& names, const std::string& name) {
    for (const auto& each : names) {
        if (each == name) return true;
    }
    return false;
}

// The one-of that a field belongs to, those that `optional` makes not counted.
std::string oneof_of(const pb::DescriptorProto& message, const pb::FieldDescriptorProto& field) {
    return field.has_oneof_index() && !field.proto3_optional() ? message.oneof_decl(field.oneof_index()).name() : "";
}

class Comparison {
public:
    Comparison(const pb::FileDescriptorSet& released, const pb::FileDescriptorSet& now)
        : released_(released), now_(now) {}

    std::vector<std::string> run() {
        for (const auto& [name, before] : released_.messages) {
            const auto it = now_.messages.find(name);
            if (it == now_.messages.end()) {
                say(name + " is gone");
            } else {
                message(name, *before, *it->second);
            }
        }
        for (const auto& [name, before] : released_.enums) {
            const auto it = now_.enums.find(name);
            if (it == now_.enums.end()) {
                say(name + " is gone");
            } else {
                enumeration(name, *before, *it->second);
            }
        }
        return std::move(broken_);
    }

private:
    void say(std::string sentence) { broken_.push_back(std::move(sentence)); }

    void message(const std::string& name, const pb::DescriptorProto& before, const pb::DescriptorProto& after) {
        for (const auto& old : before.field()) {
            const std::string path = name + "." + old.name() + " = " + std::to_string(old.number());
            const pb::FieldDescriptorProto* kept = nullptr;
            for (const auto& each : after.field()) {
                if (each.number() == old.number()) kept = &each;
            }
            if (kept == nullptr) {
                if (!in_range(after.reserved_range(), old.number(), 0))
                    say(path + " is gone and its number is not reserved");
                if (!has_name(after.reserved_name(), old.name())) say(path + " is gone and its name is not reserved");
            } else {
                field(path, before, old, after, *kept);
            }
        }
        for (const auto& range : before.reserved_range()) {
            for (int number = range.start(); number < range.end(); ++number) {
                if (!in_range(after.reserved_range(), number, 0))
                    say(name + ": number " + std::to_string(number) + " is no longer reserved");
            }
        }
        for (const auto& reserved : before.reserved_name()) {
            if (!has_name(after.reserved_name(), reserved))
                say(name + ": the name " + reserved + " is no longer reserved");
        }
    }

    void field(const std::string& path, const pb::DescriptorProto& before, const pb::FieldDescriptorProto& old,
               const pb::DescriptorProto& after, const pb::FieldDescriptorProto& kept) {
        if (kept.name() != old.name()) say(path + " has become " + kept.name() + ": JSON knows it by its name");
        if (kept.type() != old.type() || kept.type_name() != old.type_name()) say(path + " has changed its type");
        if (kept.label() != old.label()) say(path + " has become a list, or is one no longer");
        if (kept.proto3_optional() != old.proto3_optional()) say(path + " has gained or lost its presence");
        if (oneof_of(after, kept) != oneof_of(before, old)) say(path + " has moved into or out of a oneof");
    }

    void enumeration(const std::string& name, const pb::EnumDescriptorProto& before,
                     const pb::EnumDescriptorProto& after) {
        for (const auto& old : before.value()) {
            const std::string path = name + "." + old.name() + " = " + std::to_string(old.number());
            const pb::EnumValueDescriptorProto* kept = nullptr;
            for (const auto& each : after.value()) {
                if (each.number() == old.number()) kept = &each;
            }
            // The end of an enum's reserved range belongs to it.
            if (kept == nullptr && !in_range(after.reserved_range(), old.number(), 1))
                say(path + " is gone and its number is not reserved");
            if (kept == nullptr && !has_name(after.reserved_name(), old.name()))
                say(path + " is gone and its name is not reserved");
            if (kept != nullptr && kept->name() != old.name()) say(path + " has become " + kept->name());
        }
        for (const auto& range : before.reserved_range()) {
            for (int number = range.start(); number <= range.end(); ++number) {
                if (!in_range(after.reserved_range(), number, 1))
                    say(name + ": number " + std::to_string(number) + " is no longer reserved");
            }
        }
        for (const auto& reserved : before.reserved_name()) {
            if (!has_name(after.reserved_name(), reserved))
                say(name + ": the name " + reserved + " is no longer reserved");
        }
    }

    Index released_;
    Index now_;
    std::vector<std::string> broken_;
};

}  // namespace

std::vector<std::string> broken_promises(const pb::FileDescriptorSet& released, const pb::FileDescriptorSet& now) {
    return Comparison(released, now).run();
}

}  // namespace daybook::test
