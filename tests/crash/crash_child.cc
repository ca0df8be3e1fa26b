// The program that tests/crash kills: opens the ledger in a directory, appends from several clients, and says on stdout
// what was acknowledged, one line an event: position, event id. Ends by itself only when something is wrong.
//
//   crash_child DIR SEED CLIENTS RUN_EVENTS
#include <daybook/ledger.h>

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/support/commands.h"

namespace {

using namespace daybook;  // NOLINT: a program of one file
namespace salon = test::salon;

[[noreturn]] void give_up(const std::string& why) {
    std::fprintf(stderr, "crash_child: %s\n", why.c_str());
    std::_Exit(1);
}

// The event id of a command's JSON.
std::string_view id_of(std::string_view json) {
    constexpr std::string_view kField = R"("event_id":")";
    return json.substr(json.find(kField) + kField.size(), 36);
}

// In one write, shorter than PIPE_BUF, so that lines of several clients do not mix.
void acknowledge(Position position, std::string_view event_id) {
    char line[80];
    const int size = std::snprintf(line, sizeof(line), "%llu %.36s\n", static_cast<unsigned long long>(position),
                                   event_id.data());
    if (::write(STDOUT_FILENO, line, static_cast<std::size_t>(size)) != size) give_up("the parent is gone");
}

class Client {
public:
    Client(Ledger& ledger, std::uint64_t seed) : ledger_(ledger), random_(seed), ids_(seed) {}

    void run() {
        for (;;) {
            std::vector<std::string> commands;
            switch (random_() % 8) {
                case 0: arrive(commands); break;
                case 1: again(commands); break;
                case 2: correct(commands); break;
                default: move(commands); break;
            }
            const bool atomic = commands.size() > 1 && (correcting_ || random_() % 3 == 0);
            correcting_ = false;
            send(commands, atomic ? SubmitMode::kAtomic : SubmitMode::kIndependent);
        }
    }

private:
    // New pieces, to the vault.
    void arrive(std::vector<std::string>& commands) {
        std::vector<std::string> items;
        for (std::size_t i = 0; i < 1 + random_() % 4; ++i) items.push_back(ids_.next());
        commands = salon::arrive(ids_, items);
        items_.insert(items_.end(), items.begin(), items.end());
        out_.resize(items_.size(), false);
    }
    // Pieces signed out and in; now and then the wrong way round, which is refused.
    void move(std::vector<std::string>& commands) {
        if (items_.empty()) return arrive(commands);
        for (std::size_t i = 0; i < 1 + random_() % 6; ++i) {
            const std::size_t piece = random_() % items_.size();
            const bool wrong = random_() % 20 == 0;
            if (out_[piece] != wrong) {
                commands.push_back(salon::signed_in(ids_.next(), items_[piece]));
            } else {
                commands.push_back(salon::signed_out(ids_.next(), ids_.next(), items_[piece]));
            }
            if (!wrong) out_[piece] = !out_[piece];
        }
    }
    // A piece that is out went out at another time than was recorded, or was damaged before anybody wrote it down.
    void correct(std::vector<std::string>& commands) {
        if (items_.empty()) return arrive(commands);
        const std::size_t piece = random_() % items_.size();
        const std::string target = ids_.next();
        const std::string obligation = ids_.next();
        if (out_[piece]) return move(commands);
        const std::vector<std::string> away = {salon::signed_out(target, obligation, items_[piece])};
        send(away, SubmitMode::kIndependent);
        out_[piece] = true;
        if (random_() % 2 == 0) {
            const std::string corrective = ids_.next();
            commands = {salon::declared(ids_.next(), target, {corrective}),
                        salon::signed_out(corrective, obligation, items_[piece])};
            correcting_ = true;
        } else {
            const Micros before = system_clock().now() - kSecond / 100;
            commands = {salon::late(before, salon::damaged(ids_.next(), items_[piece]))};
        }
    }
    // What was sent before, as a client does that lost its connection.
    void again(std::vector<std::string>& commands) {
        if (sent_.empty()) return arrive(commands);
        commands = sent_[random_() % sent_.size()];
    }

    void send(const std::vector<std::string>& commands, SubmitMode mode) {
        std::vector<std::string> encoded;
        std::vector<std::string_view> views;
        for (const auto& command : commands) encoded.push_back(test::encode(command));
        for (const auto& bytes : encoded) views.push_back(bytes);
        const auto answers = ledger_.submit(views, mode, after(std::chrono::seconds(60)));
        for (std::size_t i = 0; i < answers.size(); ++i) {
            if (answers[i].accepted()) acknowledge(answers[i].position, id_of(commands[i]));
            if (answers[i].code == "E_TIMEOUT" || answers[i].code == "E_STOPPED") give_up(answers[i].json());
        }
        if (sent_.size() < 200) sent_.push_back(commands);
    }

    Ledger& ledger_;
    std::mt19937_64 random_;
    test::Ids ids_;
    std::vector<std::string> items_;
    std::vector<bool> out_;
    bool correcting_ = false;  // the commands are one atomic batch
    std::vector<std::vector<std::string>> sent_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) give_up("crash_child DIR SEED CLIENTS RUN_EVENTS");
    const std::string dir = argv[1];
    const std::uint64_t seed = std::strtoull(argv[2], nullptr, 10);
    const std::size_t clients = std::strtoull(argv[3], nullptr, 10);

    LedgerOptions options;
    options.dir = dir;
    options.run_events = std::strtoull(argv[4], nullptr, 10);
    auto ledger = Ledger::open(options);
    if (!ledger) give_up(ledger.error().message);
    // The salon's beginning has the same ids in every life of the child: from the second on it is repeated.
    test::Ids first(1);
    for (const std::string& json : salon::start(first)) {
        const std::string encoded = test::encode(json);
        const std::string_view one[] = {encoded};
        const auto answer = (*ledger)->submit(one, SubmitMode::kIndependent)[0];
        if (!answer.accepted()) give_up(answer.json());
        acknowledge(answer.position, id_of(json));
    }
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < clients; ++i) {
        threads.emplace_back([&ledger, seed, i] { Client(**ledger, seed * 1000 + i).run(); });
    }
    for (auto& thread : threads) thread.join();
    return 0;
}
