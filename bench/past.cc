// Questions about the past, of a ledger with so many events.
//
//   past account --dir DIR [--pieces N] [--events N] [--rounds R] [--asks N]
//       What an account with about N pieces held at a valid time, as known at a record time, both at random in its
//       history. Against the same account asked for as it is now.
//   past chain --dir DIR [--chain N] [--events N] [--rounds R] [--asks N]
//       The custody of a piece with N events at random (V, R). Against reading its history.
//   past late --dir DIR [--chain N] [--events N] [--rounds R] [--asks N]
//       The answers of N single commands about other pieces, while late facts of a piece with so many events are judged
//       one after the other. Against the same commands with nothing beside them.
//   past usual --dir DIR [--chain N] [--events N] [--rounds R] [--asks N]
//       N usual events, at the end of the chain of a piece that has had so many, in batches. Against the same on pieces
//       with short chains.
//
// The rate is the median of the asks in milliseconds; of `usual`, microseconds an event. DIR is there and empty.
#include <atomic>
#include <future>
#include <limits>
#include <random>
#include <thread>

#include "bench/harness.h"
#include "bench/salon.h"
#include "engine/base/limits.h"
#include "engine/codec/event_codec.h"
#include "projections/views.h"

#include <daybook/ledger.h>

namespace {

using namespace daybook;         // NOLINT: a program of one file
using namespace daybook::bench;  // NOLINT

struct Settings {
    std::filesystem::path dir;
    std::size_t pieces = 0;
    std::size_t chain = 0;
    std::size_t events = 0;
    std::size_t rounds = 0;
    std::size_t asks = 0;
};

// A ledger in which pieces were signed out and in at random, `events` times; the first of them `chain` of those times.
ItemId make(const Settings& settings) {
    Rig rig(settings.dir / "engine", true);
    Pieces pieces = furnish(rig, settings.pieces);
    Pieces others = pieces;
    others.ids.erase(others.ids.begin());
    others.out.erase(others.out.begin());
    Pieces first{{pieces.ids.front()}, {false}};
    Moves moves(others, 2);
    Moves own(first, 3);
    Batcher batcher(rig);
    const std::size_t every = settings.chain == 0 ? settings.events + 1 : settings.events / settings.chain + 1;
    for (std::size_t i = 1; i <= settings.events; ++i) batcher.add(i % every == 0 ? own.next() : moves.next());
    batcher.flush();
    rig.drain();
    rig.wait_for_views();
    rig.close();
    return *ItemId::parse(pieces.ids.front());
}

// Valid and record times at random in the history, the first not behind the second.
projections::AsKnown any(const log::EventLog& log, std::mt19937_64& random, Position from) {
    const Position known = from + random() % (log.head() - from);
    const std::string bytes = must(log.read(from + random() % (known - from + 1)));
    return {must(codec::read_event_head(bytes)).occurred_at, known + 1};
}

template <class Ask, class Floor>
void measure(const char* name, const Settings& settings, Ask ask, Floor floor) {
    for (std::size_t round = 0; round < settings.rounds; ++round) {
        std::vector<double> seconds, least;
        std::size_t rows = 0;
        for (std::size_t i = 0; i < settings.asks; ++i) {
            auto begin = Steady::now();
            rows += ask();
            seconds.push_back(seconds_since(begin));
            begin = Steady::now();
            floor();
            least.push_back(seconds_since(begin));
        }
        const double p50 = percentile(seconds, 0.5), bare = percentile(least, 0.5);
        report(name, {{"rate", p50 * 1e3},
                      {"floor", bare * 1e3},
                      {"ratio", p50 / bare},
                      {"p99_ms", percentile(seconds, 0.99) * 1e3},
                      {"rows", static_cast<double>(rows) / static_cast<double>(settings.asks)}});
    }
}

void account(const Settings& settings) {
    make(settings);
    const auto ledger = must(Ledger::open({.dir = settings.dir / "engine"}));
    const custody::AccountId vault = *custody::AccountId::parse("SITE/1/VAULT/A");
    const projections::Page page{limits::kPageRowsMax, {}};
    std::mt19937_64 random(4);
    const Position from = ledger->head() - settings.events;
    measure(
        "account-at", settings,
        [&] {
            const auto at = any(ledger->event_log(), random, from);
            return must(must(ledger->views().read()).account_at(vault, at, page)).rows.size();
        },
        [&] { must(ledger->views().account(vault, page)); });
    must(ledger->close());
}

void chain(const Settings& settings) {
    const ItemId item = make(settings);
    const auto ledger = must(Ledger::open({.dir = settings.dir / "engine"}));
    const projections::Page page{limits::kPageRowsMax, {}};
    std::mt19937_64 random(4);
    const Position from = ledger->head() - settings.events / 10;  // most of its events are known
    measure(
        "chain", settings,
        [&] {
            const auto at = any(ledger->event_log(), random, from);
            return must(must(ledger->views().read()).chain(item, at)).events.size();
        },
        [&] { must(ledger->views().history(item, page)); });
    must(ledger->close());
}

// The seconds that one command takes to be answered.
double answered(Rig& rig, const std::string& command) {
    const auto sent = Steady::now();
    auto one = std::make_unique<codec::CommandBatch>();
    must(one->parse(command));
    std::promise<void> came;
    rig.engine().submit(std::move(one), sequencer::Mode::kIndependent, [&](std::vector<sequencer::Answer> answers) {
        if (!answers[0].accepted()) give_up("a single command was not accepted");
        came.set_value();
    });
    came.get_future().wait();
    return seconds_since(sent);
}

void late(const Settings& settings) {
    const ItemId item = make(settings);
    Rig rig(must(Ledger::open({.dir = settings.dir / "engine"})));
    const auto chain = must(must(rig.views().read()).chain(item, {std::numeric_limits<Micros>::max(),
                                                                  rig.log().head()}));
    Pattern damaged = damaged_late(chain.stays[chain.stays.size() / 2].from + 1);
    const std::string piece = item.text();
    Pieces others = pieces_in_vault(rig);
    std::erase(others.ids, piece);
    Ids ids(5), late_ids(6);
    Pattern out = signed_out(), in = signed_in();
    const auto single_commands = [&] {
        std::vector<double> seconds;
        for (std::size_t i = 0; i < settings.asks; ++i) {
            const std::string obligation = ids.next();
            const std::string& other = others.ids[i / 2 % others.ids.size()];
            Pattern& pattern = i % 2 == 0 ? out : in;
            seconds.push_back(answered(rig, pattern.with(ids.next(), other.c_str(), obligation.c_str())));
        }
        return seconds;
    };
    for (std::size_t round = 0; round < settings.rounds; ++round) {
        std::vector<double> alone = single_commands();
        std::atomic<bool> stop = false;
        std::vector<double> of_late;
        std::thread beside([&] {
            do {  // one at least, however short the round is
                of_late.push_back(answered(rig, damaged.with(late_ids.next(), piece.c_str(), piece.c_str())));
            } while (!stop);
        });
        std::vector<double> with_late = single_commands();
        stop = true;
        beside.join();
        const double p50 = percentile(with_late, 0.5), bare = percentile(alone, 0.5);
        report("late", {{"rate", p50 * 1e3},
                        {"floor", bare * 1e3},
                        {"ratio", p50 / bare},
                        {"delay_ms", (p50 - bare) * 1e3},
                        {"delay_p99_ms", (percentile(with_late, 0.99) - percentile(alone, 0.99)) * 1e3},
                        {"late_ms", percentile(of_late, 0.5) * 1e3},
                        {"late_facts", static_cast<double>(of_late.size())},
                        {"chain", static_cast<double>(chain.events.size())}});
    }
    rig.close();
}

// Seconds for a batch of moves of one piece, which is in the vault before and after.
double moved(Rig& rig, const std::string& piece, std::uint64_t seed) {
    Pieces one{{piece}, {false}};
    Moves moves(one, seed);
    std::vector<std::string> commands;
    for (std::size_t i = 0; i < kBatch; ++i) commands.push_back(moves.next());
    const std::vector<std::string_view> views(commands.begin(), commands.end());
    const auto begin = Steady::now();
    for (const CommandAnswer& answer : rig.ledger().submit(views, SubmitMode::kIndependent)) {
        if (!answer.accepted()) give_up("a usual event was refused: " + answer.code);
    }
    return seconds_since(begin);
}

void usual(const Settings& settings) {
    const std::string piece = make(settings).text();
    Rig rig(must(Ledger::open({.dir = settings.dir / "engine"})));
    std::vector<std::string> others = pieces_in_vault(rig).ids;
    if (std::erase(others, piece) == 0) {  // it was left outside
        Pieces one{{piece}, {true}};
        answered(rig, Moves(one, 11).next());
    }
    std::uint64_t seed = 100;
    for (std::size_t round = 0; round < settings.rounds; ++round) {
        std::vector<double> of_long, of_short;
        for (std::size_t i = 0; i < std::max<std::size_t>(2, settings.asks / kBatch); ++i) {
            of_short.push_back(moved(rig, others[seed % others.size()], seed));
            of_long.push_back(moved(rig, piece, seed + 1));
            seed += 2;
        }
        const double p50 = percentile(of_long, 0.5), bare = percentile(of_short, 0.5);
        report("usual", {{"rate", p50 / kBatch * 1e6}, {"floor", bare / kBatch * 1e6}, {"ratio", p50 / bare}});
    }
    rig.close();
}

}  // namespace

int main(int argc, char** argv) {
    Arguments arguments(argc, argv);
    const bool of_account = arguments.flag("account");
    const bool of_late = arguments.flag("late");
    const bool of_usual = arguments.flag("usual");
    if (!of_account && !of_late && !of_usual && !arguments.flag("chain")) {
        give_up("past account, past chain, past late or past usual?");
    }
    Settings settings;
    settings.dir = arguments.text("--dir");
    // About half of them are out at any time.
    settings.pieces = 2 * arguments.number("--pieces", of_account ? 9'900 : 500);
    settings.chain = of_account ? 0 : arguments.number("--chain", 4'400);
    settings.events = arguments.number("--events", 1'000'000);
    settings.rounds = arguments.number("--rounds", 3);
    settings.asks = arguments.number("--asks", of_usual ? 50'000 : of_late ? 2'000 : 200);
    arguments.done();
    if (of_account) {
        account(settings);
    } else if (of_late) {
        late(settings);
    } else if (of_usual) {
        usual(settings);
    } else {
        chain(settings);
    }
    return 0;
}
