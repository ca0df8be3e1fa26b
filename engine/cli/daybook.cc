// The program: arguments to one of the subcommands of commands.h.
#include <CLI/CLI.hpp>
#include <cstdlib>

#include "engine/base/limits.h"
#include "engine/cli/ask.h"
#include "engine/cli/commands.h"
#include "engine/cli/program_version.h"

namespace daybook::cli {
namespace {

constexpr std::size_t kSubmitBatch = 1'000;

// Under which subcommands are listed in --help.
constexpr const char* kWriting = "Writing";
constexpr const char* kUpkeep = "Upkeep";

// The subcommands and what they were given. Lives as long as the parse.
class Program {
public:
    Program() {
        app_.set_version_flag("--version", kProgramVersion);
        app_.require_subcommand(1);
        app_.fallthrough();
        app_.add_option("--data", dir_, "data directory (default: $DAYBOOK_DATA, or ./daybook-data)");
        app_.add_flag("--json", common_.json, "answers as JSON, for programs");
        add_writing();
        add_questions();
        add_upkeep();
        app_.parse_complete_callback([this] {
            const char* const environment = std::getenv("DAYBOOK_DATA");
            const bool set = environment != nullptr && *environment != '\0';
            common_.dir = !dir_.empty() ? dir_ : set ? environment : "daybook-data";
        });
    }

    int run(int argc, char** argv) {
        try {
            app_.parse(argc, argv);
        } catch (const CLI::ParseError& error) {
            return app_.exit(error) == 0 ? kExitWell : kExitUsage;
        }
        return exit_code_;
    }

private:
    template <class Run>
    CLI::App& command(const char* group, const char* name, const char* help, Run run_it) {
        auto* sub = app_.add_subcommand(name, help);
        sub->group(group);
        sub->callback([this, run_it] { exit_code_ = run_it(); });
        return *sub;
    }

    void add_writing() {
        command(kWriting, "init", "make an empty ledger", [this] {
            return init(common_, ledger_id_);
        }).add_option("--ledger", ledger_id_, "the ledger's UUID (default: a random one)");
        auto& submitting =
            command(kWriting, "submit", "submit commands, a JSON object a line; answers a line each, in order",
                    [this] { return submit(common_, file_, batch_); });
        submitting.add_option("file", file_, "the file (default, or -: standard input)");
        submitting.add_option("--batch", batch_, "commands sent at once")
            ->check(CLI::Range(std::size_t{1}, limits::kBatchCommandsMax));
        auto& serving = command(kWriting, "serve", "serve the ledger on loopback, and publish it to Kafka",
                                [this] {
                                    serve_.stream = stream_;
                                    return serve(common_, serve_);
                                });
        serving.add_option("--port", serve_.port, "port (default: one that the system picks)");
        add_stream_options(serving);
        add_streaming();
        auto& simulating =
            command(kWriting, "simulate", "write the commands of a few salons' days", [this] { return simulate_it(); });
        simulating.add_option("--sites", simulate_.sites, "salons")->check(CLI::Range(1, 1'000));
        simulating.add_option("--items", simulate_.items, "pieces")->check(CLI::Range(1, 100'000'000));
        simulating.add_option("--days", simulate_.days, "days")->check(CLI::Range(1, 3'650));
        simulating.add_option("--seed", simulate_.seed, "equal seeds give equal commands");
        simulating.add_option("--start", start_, "the first day");
    }

    void add_stream_options(CLI::App& to) {
        to.add_option("--kafka", stream_.kafka, "bootstrap servers, host:port,…; nothing is published without")
            ->check([](const std::string& text) { return text.empty() ? "is empty: give host:port" : std::string(); });
        to.add_option("--prefix", stream_.prefix, "of the topics' names");
        to.add_option("--generation", stream_.generations, "of topics; several, to publish a new one beside the old")
            ->check(CLI::Range(1U, 1'000'000U));
        to.add_option("--partitions", stream_.partitions, "of new topics, for ever");
        to.add_option("--value", stream_.value, "of the records: json, protobuf or confluent");
        to.add_option("--config", stream_.config, "a TOML file with [http] and [kafka]")->check(CLI::ExistingFile);
    }

    void add_streaming() {
        auto* const stream = app_.add_subcommand("stream", "what goes to Kafka");
        stream->group(kUpkeep);
        stream->require_subcommand(1);
        stream->fallthrough();
        const auto add = [&](const char* name, const char* help, auto run_it) {
            auto* const sub = stream->add_subcommand(name, help);
            sub->callback([this, run_it] { exit_code_ = run_it(); });
            return sub;
        };
        add("status", "how publishing stands", [this] { return stream_status(common_); });
        add_stream_options(*add("check", "compare what is in Kafka with the ledger: every generation that is named, or "
                                "that the server publishes; exit code 2: not all of it could be compared",
                                [this] { return stream_check(common_, stream_); }));
        add("snapshot", "every piece, or the stock, as JSON a line: where a consumer may begin",
            [this] { return stream_snapshot(common_, what_); })
            ->add_option("what", what_, "custody or stock")
            ->required()
            ->check(CLI::IsMember({"custody", "stock"}));
    }

    int simulate_it() {
        const auto first_day = parse_time(start_ + "T00:00:00Z");
        if (!first_day) {
            return failed(common_, {ErrorCode::kInvalid, "--start: '" + start_ + "' is no day, as in 2026-03-02"});
        }
        simulate_.first_day = *first_day;
        return run_simulate(simulate_);
    }

    void add_questions() {
        add_questions("Questions about pieces", piece_commands());
        add_questions("Questions about the past", custody_commands());
        add_questions("Questions about stock", stock_commands());
        add_questions("Questions about what is open", obligation_commands());
        add_questions("Questions about what is open", board_commands());
        add_questions("Questions about the desk's work", work_commands());
        add_questions("Questions of an auditor", audit_commands());
        add_questions("Questions of an auditor", register_commands());
        add_questions(kUpkeep, engine_commands());
    }

    void add_questions(const char* group, std::span<const QuestionCommand> questions) {
        for (const QuestionCommand& question : questions) {
            auto& asking = command(group, question.name, question.help, [this, &question] {
                return question.run(common_, ask_);
            });
            if (question.subject.name != nullptr) {
                asking.add_option(question.subject.name, ask_.subject, question.subject.help)
                    ->required(question.subject.required);
            }
            for (const ParamOption& param : question.params) add_param(asking, param);
            if (question.paged) {
                add_param(asking, {"--rows", "rows", "rows at most (1 to 10,000; default 100)"});
                add_param(asking, {"--cursor", "cursor", "go on behind the page that ended with this cursor"});
            }
            add_param(asking, {"--at-least", "at_least", "wait until the answer reflects this position"});
        }
    }

    void add_param(CLI::App& asking, const ParamOption& option) {
        const std::string name = option.param;
        if (option.takes == ParamOption::Takes::kNothing) {
            asking.add_flag_callback(
                option.flag, [this, name] { ask_.params.emplace_back(name, "true"); }, option.help);
            return;
        }
        asking.add_option_function<std::string>(
            option.flag, [this, name](const std::string& value) { ask_.params.emplace_back(name, value); },
            option.help);
    }

    void add_upkeep() {
        command(kUpkeep, "verify", "read everything again and check it", [this] { return verify(common_); });
        auto& auditing = command(kUpkeep, "audit", "recompute the invariants I1 to I20 from the events",
                                 [this] { return audit(common_, {from_, to_, scratch_, {}}, keys_); });
        auditing.add_option("--from", from_, "first position that is judged");
        auditing.add_option("--to", to_, "position to stop before; inside an atomic batch: before that");
        auditing.add_option("--scratch", scratch_, "folder for temporary files (default: the system's)");
        auditing.add_option("--keys", keys_, "file of public keys that checkpoints are verified with")
            ->check(CLI::ExistingFile);
        command(kUpkeep, "rebuild", "build the read models anew from the log", [this] { return rebuild(common_); });
        auto& exporting = command(kUpkeep, "export", "write the events to standard output",
                                  [this] { return export_events(common_, from_, to_, format_); });
        exporting.add_option("--from", from_, "first position");
        exporting.add_option("--to", to_, "position to stop before");
        exporting
            .add_option("--format", format_,
                        "json: a line each; protobuf: stored bytes, each with its length as a varint before it")
            ->check(CLI::IsMember({"json", "protobuf"}));
    }

    CLI::App app_{"Daybook: the custody ledger of things too valuable to lose track of.", "daybook"};
    int exit_code_ = kExitUsage;
    Common common_;
    AskOptions ask_;
    ServeOptions serve_;
    StreamFlags stream_;
    SimulateOptions simulate_;
    std::string dir_, ledger_id_, file_, what_, scratch_, keys_, format_ = "json", start_ = "2026-03-02";
    std::size_t batch_ = kSubmitBatch;
    Position from_ = 0, to_ = kNoPosition;
};

}  // namespace
}  // namespace daybook::cli

int main(int argc, char** argv) {
    try {
        return daybook::cli::Program().run(argc, argv);
    } catch (const std::exception& bug) {
        std::fprintf(stderr, "daybook: E_INTERNAL: %s\n", bug.what());
        return daybook::cli::kExitFailed;
    }
}
