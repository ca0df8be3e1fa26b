// What a schema may never do: change or reuse a number, a name or a type that was released (schemas/README.md).
#pragma once

#include <google/protobuf/descriptor.pb.h>

#include <string>
#include <vector>

namespace daybook::test {

// What of `released` is not kept in `now`, one sentence each; empty where every old message can still be read. Options
// (the rules of rules.proto among them), comments and the order of declarations do not matter.
std::vector<std::string> broken_promises(const google::protobuf::FileDescriptorSet& released,
                                         const google::protobuf::FileDescriptorSet& now);

}  // namespace daybook::test
