// The examples of schemas/COMMANDS.md: the JSON of one command of every event type.
#pragma once

#include <string>
#include <vector>

namespace daybook::codec::test {

struct Example {
    std::string type;  // the heading: "SignedOut"
    std::string json;
};

// In the order of the document. Read once.
const std::vector<Example>& examples();
const std::string& example(const std::string& type);
// The same, encoded.
std::string encoded_example(const std::string& type);

// `json` with the first occurrence of `what` replaced; fails the test where there is none.
std::string with(std::string json, const std::string& what, const std::string& by);

}  // namespace daybook::codec::test
