// What the read models cost, without codec, log and sync of the ledger.
//
//   views_bench [--items N] [--events N] [--dir DIR] [--only-all 1]     --only-all leaves out views/fold/<view>
//       1-line events: N pieces registered, received and put away, then signed out and in at random. One JSON object a
//       line:
//         views/apply            custody::apply alone, which every number below leaves out
//         views/fold/<view>      folding into one view, in memory, apply and glossary subtracted
//         views/fold             all of them, on the folding thread, while runs are written beside it
//         views/settled          everything together, arrivals, apply and the writing of runs too: wall time, and
//                                processor time of all threads
//         views/read             the custody row of a random piece while nothing is folded, and …
//         views/read_folding     … while folding goes on as fast as it can: ns at the median and at 99 %
#include <time.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "engine/base/limits.h"
#include "engine/custody/decide.h"
#include "projections/generation.h"
#include "projections/glossary.h"

namespace {

using namespace daybook;               // NOLINT: a program of one file
using namespace daybook::projections;  // NOLINT
using Steady = std::chrono::steady_clock;

struct Settings {
    std::uint64_t items = 200'000;
    std::uint64_t events = 1'000'000;
    bool only_all = false;
    std::filesystem::path dir = std::filesystem::temp_directory_path() / "daybook-views-bench";
};

[[noreturn]] void give_up(const std::string& why) {
    std::fprintf(stderr, "views_bench: %s\n", why.c_str());
    std::exit(1);
}
template <class T>
T must(Result<T> result) {
    if (!result) give_up(result.error().message);
    return std::move(*result);
}

double seconds_since(Steady::time_point begin) { return std::chrono::duration<double>(Steady::now() - begin).count(); }
// Of processor time, so that other work on the machine does not count.
double cpu_seconds(clockid_t clock) {
    timespec now{};
    ::clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// splitmix64: ids as random as those of clients.
std::uint64_t mixed(std::uint64_t n) {
    n += 0x9e3779b97f4a7c15ULL;
    n = (n ^ (n >> 30)) * 0xbf58476d1ce4e5b9ULL;
    n = (n ^ (n >> 27)) * 0x94d049bb133111ebULL;
    return n ^ (n >> 31);
}
Uuid uuid(std::uint64_t kind, std::uint64_t n) { return {mixed(kind << 56 | 2 * n), mixed(kind << 56 | (2 * n + 1))}; }
ItemId item_id(std::uint64_t n) { return ItemId(uuid(1, n)); }
custody::AccountId account(const std::string& path) {
    const auto id = custody::AccountId::parse(path);
    if (!id) give_up("no account: " + path);
    return *id;
}

// Events of one salon, made without decide().
class Salon {
public:
    using Take = std::function<void(const custody::Event&, const custody::Effects&)>;
    explicit Salon(Take take) : take_(std::move(take)) {
        custody::LedgerCreated created;
        created.entity = 1;
        run(custody::EventType::kLedgerCreated, created);
        for (int bin = 0; bin < 50; ++bin) bins_.push_back(account("SITE/1/VAULT/B" + std::to_string(bin)));
        for (std::uint64_t person = 1; person <= 20; ++person) {
            people_.push_back(custody::numbered_account(custody::AccountClass::kSitePerson, person, 1));
        }
        open(account("SITE/1/HOLD"));
        for (const auto& bin : bins_) open(bin);
        for (const auto& person : people_) open(person);
    }
    void set_take(Take take) { take_ = std::move(take); }

    void arrive(std::uint64_t n) {
        custody::ItemRegistered piece;
        const std::string model = "N-" + std::to_string(n % 2000);
        const std::string epc = "urn:epc:id:sgtin:0614141.107346." + std::to_string(n);
        piece.owner = {custody::OwnerKind::kVendor, 7};
        piece.epc = epc;
        piece.model = model;
        piece.collection = n % 2 == 0 ? "Solitaire" : "Cluster";
        piece.category = "RING";
        piece.metal = "PLATINUM";
        piece.insured = {500'000, 0};
        run(custody::EventType::kItemRegistered, piece, item_id(n), account("EXT/SUPPLIER/7"));
        run(custody::EventType::kGoodsReceived, custody::GoodsReceived{true}, item_id(n), account("SITE/1/HOLD"));
        run(custody::EventType::kPutAway, custody::PutAway{}, item_id(n), bins_[n % bins_.size()]);
    }
    void toggle(const ItemId& piece) {
        const custody::Item* item = books.items.find(piece);
        if (item->hold != 0) {
            run(custody::EventType::kSignedIn, custody::SignedIn{}, piece, bins_[books.next % bins_.size()]);
            return;
        }
        custody::SignedOut out;
        out.recipient = 1 + books.next % people_.size();
        out.due_at = at() + kHour;
        run(custody::EventType::kSignedOut, out, piece, people_[out.recipient - 1]);
    }
    custody::Books books;

private:
    Micros at() const { return 1'800'000'000 * kSecond + static_cast<Micros>(books.next) * 1000; }
    void open(const custody::AccountId& id) {
        run(custody::EventType::kAccountOpened, custody::AccountOpened{id, 0, std::nullopt, true, false});
    }
    void run(custody::EventType type, const custody::Payload& payload, const ItemId& piece = {},
             const custody::AccountId& to = {}) {
        command_.type = type;
        command_.entity = 1;
        command_.site = type == custody::EventType::kLedgerCreated ? 0 : 1;
        command_.obligation = ObligationId(uuid(2, books.next));
        command_.payload = payload;
        decided_.clear();
        decided_.occurred_at = at();
        if (!piece.empty()) {
            const custody::Item* item = books.items.find(piece);
            decided_.lines.push_back({piece, item == nullptr ? kNoPosition : item->last,
                                      item == nullptr ? custody::AccountId{} : item->account, to});
            if (item != nullptr && item->hold != 0) {
                decided_.closes.push_back({0, books.obligations[item->hold].ref, custody::ObligationKind::kSignout});
            }
        }
        const custody::Event event{command_, decided_, books.next, books.next, decided_.occurred_at};
        custody::apply(books, event, effects_);
        take_(event, effects_);
    }

    Take take_;
    std::vector<custody::AccountId> bins_, people_;
    custody::Command command_;
    custody::Decided decided_;
    custody::Effects effects_;
};

void report(const std::string& name, double rate, double ns, const std::string& more = {}) {
    std::printf("{\"name\": \"%s\", \"rate\": %.0f, \"ns\": %.0f%s}\n", name.c_str(), rate, ns, more.c_str());
    std::fflush(stdout);
}

// The whole workload through `take`; this thread's seconds for the part after the pieces have arrived.
double workload(const Settings& settings, Salon& salon, const Salon::Take& take) {
    salon.set_take(take);
    for (std::uint64_t n = 0; n < settings.items; ++n) salon.arrive(n);
    std::mt19937_64 random(1);
    const double begin = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
    for (std::uint64_t i = 0; i < settings.events; ++i) salon.toggle(item_id(random() % settings.items));
    return cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - begin;
}

StoreOptions store_options(const Settings& settings, std::uint64_t run_events) {
    std::filesystem::remove_all(settings.dir);
    return {settings.dir, run_events, 64U << 20, "bench"};
}

double apply_alone(const Settings& settings) {
    Salon salon([](const custody::Event&, const custody::Effects&) {});
    const double seconds = workload(settings, salon, [](const custody::Event&, const custody::Effects&) {});
    const auto events = static_cast<double>(settings.events);
    report("views/apply", events / seconds, seconds / events * 1e9);
    return seconds;
}

using FoldOne = std::function<void(const Step&, Store&)>;

// `end_run` forgets what the fold knows of the rows of a run, which go with it.
void fold_one(const Settings& settings, double floor, const std::string& name, const FoldOne& fold,
              const std::function<void(Store&)>& end_run = {}) {
    auto store = must(Store::open(store_options(settings, ~std::uint64_t{0})));
    Glossary glossary;
    const Salon::Take take = [&](const custody::Event& event, const custody::Effects& effects) {
        const Step step = glossary.learn(event, effects);
        fold(step, *store);
        store->set_folded(event.position + 1);
        // A run's worth of changes, and then memory is given back, as settling does.
        if ((event.position + 1) % limits::kRunEvents == 0) {
            if (end_run) end_run(*store);
            store.reset();
            store = must(Store::open(store_options(settings, ~std::uint64_t{0})));
        }
    };
    Salon salon(take);
    const double seconds = std::max(workload(settings, salon, take) - floor, 0.0);
    const auto events = static_cast<double>(settings.events);
    report("views/fold/" + name, events / seconds, seconds / events * 1e9);
}

// The workload declares no corrections, so that nobody asks where their targets are.
Result<std::optional<Position>> nothing_corrected(const EventId&) { give_up("a correction"); }

void fold_all(const Settings& settings, double floor) {
    auto generation = must(Generation::open(store_options(settings, limits::kRunEvents), 512, nothing_corrected));
    Glossary glossary;
    double saving = 0;
    const custody::Books* books = nullptr;
    const Salon::Take take = [&](const custody::Event& event, const custody::Effects& effects) {
        generation->fold(glossary.learn(event, effects));
        if ((event.position + 1) % limits::kRunEvents != 0) return;
        const auto begin = Steady::now();
        std::string book = custody::save_book(*books);
        saving += seconds_since(begin);
        generation->settle(std::move(book));
    };
    Salon folded(take);
    books = &folded.books;
    const double process = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
    const auto wall = Steady::now();
    const double thread = workload(settings, folded, take);
    generation->publish();
    generation->store().wait_settled();
    if (const auto failure = generation->store().failure()) give_up(failure->message);
    const auto events = static_cast<double>(settings.events);
    const auto all = static_cast<double>(folded.books.next);
    report("views/fold", events / (thread - floor), (thread - floor) / events * 1e9);
    report("views/settled", all / seconds_since(wall), seconds_since(wall) / all * 1e9,
           ", \"cpu_ns\": " +
               std::to_string(static_cast<long>((cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - process) / all * 1e9)) +
               ", \"save_book_ms\": " + std::to_string(static_cast<long>(saving * 1e3)));

    // Reads.
    const auto measure = [&](const std::string& name, int seconds_max) {
        std::vector<double> times;
        std::mt19937_64 random(2);
        const auto end = Steady::now() + std::chrono::seconds(seconds_max);
        while (Steady::now() < end) {
            const ItemId id = item_id(random() % settings.items);
            const auto begin = Steady::now();
            const ReadPoint point = must(generation->store().read_point());
            if (!must(read_item_row(point, id))) give_up("a piece is missing");
            times.push_back(seconds_since(begin) * 1e9);
        }
        std::sort(times.begin(), times.end());
        const double median = times[times.size() / 2];
        report(name, static_cast<double>(times.size()) / seconds_max, median,
               ", \"p99_ns\": " + std::to_string(static_cast<long>(times[times.size() * 99 / 100])) +
                   ", \"p999_ns\": " + std::to_string(static_cast<long>(times[times.size() * 999 / 1000])));
    };
    measure("views/read", 2);
    std::atomic<bool> stop{false};
    std::thread folding([&] {
        std::mt19937_64 random(3);
        while (!stop) folded.toggle(item_id(random() % settings.items));
    });
    measure("views/read_folding", 4);
    stop = true;
    folding.join();
    generation->publish();
}

void each_view(const Settings& settings, double floor) {
    fold_one(settings, floor, "glossary", [](const Step&, Store&) {});
    fold_one(settings, floor, "custody",
             [fold = std::make_shared<CustodyFold>()](const Step& s, Store& to) { fold->fold(s, to); });
    fold_one(settings, floor, "history",
             [fold = std::make_shared<HistoryFold>(nothing_corrected)](const Step& s, Store& to) {
                 if (!fold->fold(s, to)) give_up("history");
             });
    AccountsFold accounts;
    fold_one(
        settings, floor, "accounts",
        [&](const Step& s, Store& to) {
            if (!accounts.fold(s, to)) give_up("accounts");
            if (s.position() % 512 == 0) accounts.flush(to);
        },
        [&](Store& to) {
            accounts.flush(to);
            accounts.settle(to);
            accounts.forget();
        });
    fold_one(settings, floor, "obligations",
             [fold = std::make_shared<ObligationsFold>()](const Step& s, Store& to) { fold->fold(s, to); });
    StockFold stock;
    fold_one(
        settings, floor, "stock",
        [&](const Step& s, Store& to) {
            if (!stock.fold(s, to)) give_up("stock");
            if (s.position() % 512 == 0) stock.flush(to);
        },
        [&](Store& to) {
            stock.flush(to);
            stock.forget();
        });
    fold_one(settings, floor, "days",
             [fold = std::make_shared<DaysFold>()](const Step& s, Store& to) { fold->fold(s, to); });
    SearchFold search;
    fold_one(
        settings, floor, "search",
        [&](const Step& s, Store& to) {
            if (!search.fold(s, to)) give_up("search");
            if (s.position() % 512 == 0) search.flush(to);
        },
        [&](Store& to) {
            search.flush(to);
            search.forget();
        });
    fold_one(settings, floor, "registers",
             [fold = std::make_shared<RegistersFold>()](const Step& s, Store& to) { fold->fold(s, to); });
}

}  // namespace

int main(int argc, char** argv) {
    Settings settings;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string_view name = argv[i];
        if (name == "--items") settings.items = std::strtoull(argv[i + 1], nullptr, 10);
        if (name == "--events") settings.events = std::strtoull(argv[i + 1], nullptr, 10);
        if (name == "--only-all") settings.only_all = true;
        if (name == "--dir") settings.dir = argv[i + 1];
    }
    const double floor = apply_alone(settings);
    if (!settings.only_all) each_view(settings, floor);
    fold_all(settings, floor);
    std::filesystem::remove_all(settings.dir);
    return 0;
}
