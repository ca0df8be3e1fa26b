#include "engine/cli/stream_options.h"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string_view>

namespace daybook::cli {
namespace {

constexpr std::size_t kSecretBytesMax = 64u << 10;
constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kRetentionDaysMax = 1'000'000;

// What [kafka] knows, and what a generation may have otherwise, in [kafka.generations.<number>].
constexpr std::array<std::string_view, 12> kKafkaKeys{
    "bootstrap", "prefix",  "generation", "partitions",     "replicas",    "value",
    "debezium",  "schemas", "client",     "retention_days", "generations", "topics"};
constexpr std::array<std::string_view, 5> kGenerationKeys{"partitions", "value", "debezium", "schemas",
                                                          "retention_days"};

// Settings of the client that the publisher makes itself: what it promises rests on them. It takes what the client logs
// for a sign that a request may still be on its way, so what is logged is its own as well.
constexpr std::array<std::string_view, 20> kOwnSettings{"transactional.id",
                                                        "transaction.timeout.ms",
                                                        "message.max.bytes",
                                                        "queue.buffering.max.messages",
                                                        "queue.buffering.max.kbytes",
                                                        "delivery.report.only.error",
                                                        "partitioner",
                                                        "group.id",
                                                        "isolation.level",
                                                        "enable.auto.commit",
                                                        "enable.partition.eof",
                                                        "auto.offset.reset",
                                                        "check.crcs",
                                                        "queued.min.messages",
                                                        "queued.max.messages.kbytes",
                                                        "fetch.wait.max.ms",
                                                        "log_level",
                                                        "log.queue",
                                                        "log.connection.close",
                                                        "enabled_events"};

class File {
public:
    explicit File(const std::string& path) : path_(path) {}

    // An empty one where there is no path.
    Result<void> read() {
        if (path_.empty()) return {};
        try {
            table_ = toml::parse_file(path_);
        } catch (const toml::parse_error& error) {
            return fail(ErrorCode::kInvalid, path_ + ", line " + std::to_string(error.source().begin.line) + ": " +
                                                 std::string(error.description()));
        }
        for (const auto& [section, content] : table_) {
            if ((section != "http" && section != "kafka") || !content.is_table()) {
                return wrong("'" + std::string(section.str()) + "' is no section; there are [http] and [kafka]");
            }
        }
        const toml::table* const kafka = table_["kafka"].as_table();
        if (kafka == nullptr) return {};
        for (const auto& [key, value] : *kafka) {
            if (std::ranges::find(kKafkaKeys, key.str()) != kKafkaKeys.end()) continue;
            return wrong("[kafka] has no key '" + std::string(key.str()) + "'");
        }
        return {};
    }

    // Of [kafka]; the default where the file does not say. kInvalid where it is of another type.
    template <class T>
    Result<T> get(std::string_view key, T otherwise) const {
        return get(kafka(), key, otherwise);
    }
    // The same of a section.
    struct Section {
        std::string name;
        const toml::table* table = nullptr;  // nullptr: there is none
    };
    [[nodiscard]] Section kafka() const { return {"kafka", table_["kafka"].as_table()}; }
    template <class T>
    Result<T> get(const Section& section, std::string_view key, T otherwise) const {
        const toml::node* const node = section.table == nullptr ? nullptr : section.table->get(key);
        if (node == nullptr) return otherwise;
        const auto value = node->value<T>();
        if (!value) return wrong(section.name + "." + std::string(key) + " has a value of another type than it should");
        return *value;
    }
    [[nodiscard]] toml::node_view<const toml::node> node(std::string_view section, std::string_view key) const {
        return table_[section][key];
    }
    [[nodiscard]] tl::unexpected<Error> wrong(const std::string& what) const {
        return fail(ErrorCode::kInvalid, path_ + ": " + what);
    }

private:
    const std::string& path_;
    toml::table table_;
};

// A file's content without the line break at its end.
Result<std::string> secret_in(const std::string& path, const File& config, std::string_view name) {
    std::ifstream file(path, std::ios::binary);
    std::string content{std::istreambuf_iterator<char>(file), {}};
    if (!file && content.empty()) return config.wrong(std::string(name) + ": the file " + path + " cannot be read");
    if (content.size() > kSecretBytesMax) return config.wrong(std::string(name) + ": " + path + " is too long");
    while (!content.empty() && (content.back() == '\n' || content.back() == '\r')) content.pop_back();
    return content;
}

// A setting of the client: a text, or {file = "…"}, or {env = "…"}.
Result<std::string> client_setting(const toml::node& node, const File& config, std::string_view name) {
    if (const auto* text = node.as_string(); text != nullptr) return text->get();
    if (const auto* flag = node.as_boolean(); flag != nullptr) return std::string(flag->get() ? "true" : "false");
    if (const auto* number = node.as_integer(); number != nullptr) return std::to_string(number->get());
    const toml::table* const from = node.as_table();
    if (from != nullptr && from->size() == 1) {
        if (const auto path = (*from)["file"].value<std::string>()) return secret_in(*path, config, name);
        if (const auto variable = (*from)["env"].value<std::string>()) {
            const char* const value = std::getenv(variable->c_str());
            if (value != nullptr) return std::string(value);
            return config.wrong(std::string(name) + ": there is no variable " + *variable + " in the environment");
        }
    }
    return config.wrong(std::string(name) + R"( must be a text, {file = "…"} or {env = "…"})");
}

Result<void> read_client(const File& config, stream::Options& options) {
    const auto node = config.node("kafka", "client");
    if (!node) return {};
    const toml::table* const settings = node.as_table();
    if (settings == nullptr) return config.wrong("[kafka.client] must be a section");
    for (const auto& [name, value] : *settings) {
        if (name.str() == "bootstrap.servers" || name.str() == "metadata.broker.list")
            return config.wrong("[kafka.client] " + std::string(name.str()) + ": kafka.bootstrap says it");
        if (std::ranges::find(kOwnSettings, name.str()) != kOwnSettings.end())
            return config.wrong("[kafka.client] " + std::string(name.str()) + ": the publisher sets it itself");
        DAYBOOK_ASSIGN(std::string text, client_setting(value, config, name.str()));
        options.client.emplace_back(name.str(), std::move(text));
    }
    return {};
}

Result<void> read_schemas(const File& config, const File::Section& section, stream::Options& options) {
    const toml::node* const node = section.table == nullptr ? nullptr : section.table->get("schemas");
    if (node == nullptr) return {};
    const toml::table* const schemas = node->as_table();
    if (schemas == nullptr) return config.wrong("[" + section.name + ".schemas] must be a section");
    for (const auto& [name, value] : *schemas) {
        const auto id = value.value<std::uint32_t>();
        std::uint32_t* const to = name == "events"    ? &options.schemas.events
                                  : name == "custody" ? &options.schemas.custody
                                  : name == "stock"   ? &options.schemas.stock
                                                      : nullptr;
        if (to == nullptr || !id) {
            return config.wrong("[" + section.name + ".schemas] takes the numbers events, custody and stock");
        }
        *to = *id;
    }
    return {};
}

Result<stream::ValueFormat> format_of(const std::string& value) {
    if (value.empty() || value == "json") return stream::ValueFormat::kJson;
    if (value == "protobuf") return stream::ValueFormat::kProtobuf;
    if (value == "confluent") return stream::ValueFormat::kConfluent;
    return fail(ErrorCode::kInvalid, "--value: '" + value + "' is none of json, protobuf and confluent");
}

// What a section says of the topics themselves; where it says nothing, `options` stays as it is.
Result<void> read_topics(const File& config, const File::Section& section, stream::Options& options) {
    DAYBOOK_ASSIGN(options.partitions, config.get(section, "partitions", options.partitions));
    DAYBOOK_ASSIGN(options.debezium_headers, config.get(section, "debezium", options.debezium_headers));
    if (section.table != nullptr && section.table->contains("retention_days")) {
        DAYBOOK_ASSIGN(const std::int64_t days, config.get(section, "retention_days", std::int64_t{0}));
        if (days < 0 || days > kRetentionDaysMax) {
            return config.wrong(section.name + ".retention_days is " + std::to_string(days) +
                                "; 0 is for ever, and the most are " + std::to_string(kRetentionDaysMax));
        }
        options.retention_ms = days == 0 ? -1 : days * kDayMs;
    }
    DAYBOOK_ASSIGN(const std::string value, config.get(section, "value", std::string()));
    if (!value.empty()) {
        DAYBOOK_ASSIGN(options.format, format_of(value));
    }
    return read_schemas(config, section, options);
}

// [kafka.generations.<number>]: how the topics of that generation differ from what [kafka] says.
Result<File::Section> section_of(const File& config, std::uint32_t generation) {
    File::Section section{"kafka.generations." + std::to_string(generation), nullptr};
    const auto all = config.node("kafka", "generations");
    if (!all) return section;
    if (!all.is_table()) return config.wrong("[kafka.generations] must be a section of sections");
    const auto* const node = all[std::to_string(generation)].node();
    if (node == nullptr) return section;
    section.table = node->as_table();
    if (section.table == nullptr) return config.wrong("[" + section.name + "] must be a section");
    for (const auto& [key, value] : *section.table) {
        if (std::ranges::find(kGenerationKeys, key.str()) != kGenerationKeys.end()) continue;
        return config.wrong("[" + section.name + "] has no key '" + std::string(key.str()) +
                            "'; a generation may have its own partitions, value, debezium, schemas and retention_days");
    }
    return section;
}

// One number, or a list of them.
Result<std::vector<std::uint32_t>> generations_of(const File& config, const StreamFlags& flags) {
    std::vector<std::uint32_t> generations = flags.generations;
    const auto twice = [&] {
        std::ranges::sort(generations);
        return std::ranges::adjacent_find(generations) != generations.end();
    };
    if (!generations.empty()) {
        if (!twice()) return flags.generations;
        return fail(ErrorCode::kInvalid, "--generation: each is published once, and one is named twice");
    }
    const auto node = config.node("kafka", "generation");
    if (!node) return std::vector<std::uint32_t>{1};
    if (const auto one = node.value<std::uint32_t>()) generations.push_back(*one);
    if (const toml::array* list = node.as_array(); list != nullptr) {
        for (const auto& element : *list) generations.push_back(element.value<std::uint32_t>().value_or(0));
    }
    const bool valid = !generations.empty() && std::ranges::find(generations, 0U) == generations.end();
    if (!valid || twice())
        return config.wrong("kafka.generation must be a number from 1, or a list of such, each once");
    return generations;
}

}  // namespace

Result<std::vector<stream::Options>> stream_options(const StreamFlags& flags) {
    File config(flags.config);
    DAYBOOK_TRY(config.read());
    stream::Options options;
    DAYBOOK_ASSIGN(options.bootstrap, config.get("bootstrap", std::string()));
    DAYBOOK_ASSIGN(options.prefix, config.get("prefix", options.prefix));
    DAYBOOK_ASSIGN(options.replicas, config.get("replicas", options.replicas));
    DAYBOOK_ASSIGN(const std::string topics, config.get("topics", std::string("create")));
    if (topics != "create" && topics != "trust")
        return config.wrong("kafka.topics is neither \"create\" nor \"trust\"");
    if (topics == "trust") options.topics = stream::Options::Topics::kTrust;
    DAYBOOK_TRY(read_client(config, options));
    DAYBOOK_TRY(read_topics(config, config.kafka(), options));
    if (!flags.kafka.empty()) options.bootstrap = flags.kafka;
    if (!flags.prefix.empty()) options.prefix = flags.prefix;
    if (flags.partitions != 0) options.partitions = flags.partitions;
    if (!flags.value.empty()) {
        DAYBOOK_ASSIGN(options.format, format_of(flags.value));
    }
    std::vector<stream::Options> all;
    if (options.bootstrap.empty()) return all;
    DAYBOOK_ASSIGN(const auto generations, generations_of(config, flags));
    for (const std::uint32_t generation : generations) {
        stream::Options& one = all.emplace_back(options);
        one.generation = generation;
        DAYBOOK_ASSIGN(const File::Section section, section_of(config, generation));
        DAYBOOK_TRY(read_topics(config, section, one));
    }
    return all;
}

Result<std::uint16_t> configured_port(const std::string& config) {
    File file(config);
    DAYBOOK_TRY(file.read());
    return file.node("http", "port").value_or(std::uint16_t{0});
}

}  // namespace daybook::cli
