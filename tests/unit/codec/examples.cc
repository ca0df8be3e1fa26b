#include "tests/unit/codec/examples.h"

#include <gtest/gtest.h>

#include <fstream>

#include "engine/codec/json.h"

namespace daybook::codec::test {

const std::vector<Example>& examples() {
    static const std::vector<Example> all = [] {
        std::vector<Example> found;
        std::ifstream file(DAYBOOK_SOURCE_DIR "/schemas/COMMANDS.md");
        std::string heading;
        bool inside = false;
        for (std::string line; std::getline(file, line);) {
            if (line == "```") inside = false;
            if (inside) found.back().json += line + "\n";
            if (line.starts_with("### ")) heading = line.substr(4);
            if (line != "```json") continue;
            found.push_back({heading, ""});
            inside = true;
        }
        return found;
    }();
    return all;
}

const std::string& example(const std::string& type) {
    static const std::string none;
    for (const auto& each : examples()) {
        if (each.type == type) return each.json;
    }
    ADD_FAILURE() << "no example of " << type;
    return none;
}

std::string encoded_example(const std::string& type) {
    auto encoded = command_from_json(example(type));
    if (encoded) return *encoded;
    ADD_FAILURE() << type << ": " << encoded.error().message;
    return {};
}

std::string with(std::string json, const std::string& what, const std::string& by) {
    const auto at = json.find(what);
    if (at == std::string::npos) {
        ADD_FAILURE() << "'" << what << "' does not occur in " << json;
        return json;
    }
    return json.replace(at, what.size(), by);
}

}  // namespace daybook::codec::test
