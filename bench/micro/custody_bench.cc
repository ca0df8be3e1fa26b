// What one event costs the sequencer's thread inside custody, without codec, log and disk.
//
// apply(): pieces that lie in the vault are signed out and in again, in an order that is random in memory; "warm" is a
// stock that fits the caches, the others do not. Decided is made beforehand but for what only the books know (prev and
// the holder), so that the time is apply()'s own, with the look-up of its pieces.
//
// decide(): the same sign-outs, judged and not applied, with two signers, roles and an open vault.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "engine/custody/decide.h"

namespace daybook::custody {
namespace {

ItemId item_id(std::uint64_t n) { return ItemId(Uuid{0x0192'0000'0000'7000 + n, n * 0x9e3779b97f4a7c15ULL}); }
AccountId account(std::string_view path) {
    const auto id = AccountId::parse(path);
    if (id) return *id;
    std::fprintf(stderr, "no account: %.*s\n", static_cast<int>(path.size()), path.data());
    std::abort();
}

constexpr Principal kCoordinator = 101;

// A salon of which all pieces are in the vault, spread over 50 bins.
class Salon {
public:
    explicit Salon(std::uint64_t pieces) {
        LedgerCreated created;
        created.entity = 1;
        for (Principal person = kCoordinator; person < kCoordinator + 20; ++person)
            created.grants.push_back({person, Role::kOc, 0});
        run(EventType::kLedgerCreated, created);
        for (int bin = 0; bin < 50; ++bin) bins_.push_back(account("SITE/1/VAULT/B" + std::to_string(bin)));
        for (int person = 1; person <= 20; ++person) {
            people_.push_back(numbered_account(AccountClass::kSitePerson, static_cast<Principal>(person), 1));
        }
        open(account("SITE/1/HOLD"));
        for (const auto& bin : bins_) open(bin);
        for (const auto& person : people_) open(person);
        run(EventType::kVaultOpened, VaultOpened{});
        for (std::uint64_t n = 0; n < pieces; ++n) {
            ItemRegistered piece;
            piece.origin = Origin::kSupplier;
            piece.owner = {OwnerKind::kHouse, 1};
            piece.model = "Solitaire";
            piece.insured = {500'000, 0};
            run(EventType::kItemRegistered, piece, {item_id(n)}, account("EXT/SUPPLIER/7"));
            run(EventType::kGoodsReceived, GoodsReceived{true}, {item_id(n)}, account("SITE/1/HOLD"));
            run(EventType::kPutAway, PutAway{}, {item_id(n)}, bins_[n % bins_.size()]);
        }
    }

    Books books;

    void sign_out(const std::vector<ItemId>& pieces) {
        SignedOut out;
        out.recipient = 1 + books.next % people_.size();
        run(EventType::kSignedOut, out, pieces, people_[out.recipient - 1]);
    }
    void sign_in(const std::vector<ItemId>& pieces) {
        run(EventType::kSignedIn, SignedIn{}, pieces, bins_[books.next % bins_.size()]);
    }

private:
    void open(const AccountId& id) { run(EventType::kAccountOpened, AccountOpened{id, 0, std::nullopt, true, false}); }

    void run(EventType type, const Payload& payload, const std::vector<ItemId>& pieces = {}, const AccountId& to = {}) {
        command_.type = type;
        command_.entity = 1;
        command_.site = type == EventType::kLedgerCreated ? 0 : 1;
        command_.obligation = ObligationId(Uuid{0x3333, books.next * 0x9e3779b97f4a7c15ULL + 1});
        command_.payload = payload;
        command_.lines.resize(pieces.size());
        decided_.clear();
        decided_.occurred_at = 1'800'000'000 * kSecond + static_cast<Micros>(books.next);
        for (std::uint32_t line = 0; line < pieces.size(); ++line) {
            const Item* item = books.items.find(pieces[line]);
            decided_.lines.push_back({pieces[line], item == nullptr ? kNoPosition : item->last,
                                      item == nullptr ? AccountId{} : item->account, to});
            if (item != nullptr && item->hold != 0) {
                decided_.closes.push_back({line, books.obligations[item->hold].ref, ObligationKind::kSignout});
            }
        }
        apply(books, {command_, decided_, books.next, books.next, decided_.occurred_at}, effects_);
    }

    std::vector<AccountId> bins_, people_;
    Command command_;
    Decided decided_;
    Effects effects_;
};

// range(0): pieces; range(1): lines of an event.
void apply_sign_out_and_in(benchmark::State& state) {
    const auto pieces = static_cast<std::uint64_t>(state.range(0));
    const auto lines = static_cast<std::size_t>(state.range(1));
    Salon salon(pieces);
    std::vector<std::uint64_t> order(pieces);
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), std::mt19937_64(1));
    std::vector<std::vector<ItemId>> batches;
    for (std::size_t first = 0; first + lines <= order.size(); first += lines) {
        auto& batch = batches.emplace_back();
        for (std::size_t i = 0; i < lines; ++i) batch.push_back(item_id(order[first + i]));
    }
    // About one piece in fifty is out at any time.
    const std::size_t out = std::max<std::size_t>(1, batches.size() / 50);
    std::size_t next = 0;
    for (; next < out; ++next) salon.sign_out(batches[next]);
    for (auto _ : state) {
        salon.sign_out(batches[next % batches.size()]);
        salon.sign_in(batches[(next - out) % batches.size()]);
        ++next;
    }
    state.SetItemsProcessed(state.iterations() * 2 * state.range(1));
    state.counters["ns_an_event"] = benchmark::Counter(static_cast<double>(state.iterations()) * 2e-9,
                                                       benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(apply_sign_out_and_in)
    ->Name("custody/apply")
    ->ArgNames({"pieces", "lines"})
    ->Args({2'000, 1})
    ->Args({100'000, 1})
    ->Args({1'000'000, 1})
    ->Args({100'000, 10})
    ->Args({100'000, 1'000})
    ->Unit(benchmark::kMicrosecond);

void decide_sign_out(benchmark::State& state) {
    const auto pieces = static_cast<std::uint64_t>(state.range(0));
    const auto lines = static_cast<std::size_t>(state.range(1));
    Salon salon(pieces);
    std::vector<std::uint64_t> order(pieces);
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), std::mt19937_64(1));

    Command command;
    command.type = EventType::kSignedOut;
    command.entity = 1;
    command.site = 1;
    command.actor = {kCoordinator, Role::kOc, 0};
    command.attest = {{7, std::nullopt}};
    command.obligation = ObligationId(Uuid{1, 1});
    command.lines.resize(lines);
    command.payload = SignedOut{SignOutPurpose::kPresentation, 7, 0};
    Context context;
    context.now = salon.books.recorded_at + kSecond;
    context.position = salon.books.next;
    Decided decided;
    std::size_t next = 0;
    for (auto _ : state) {
        for (Line& line : command.lines) line.item = item_id(order[next++ % order.size()]);
        auto refusal = decide(salon.books, command, context, decided);
        if (refusal) state.SkipWithError(refusal->message.c_str());
        benchmark::DoNotOptimize(decided.lines.data());
    }
    state.SetItemsProcessed(state.iterations() * state.range(1));
}
BENCHMARK(decide_sign_out)
    ->Name("custody/decide")
    ->ArgNames({"pieces", "lines"})
    ->Args({2'000, 1})
    ->Args({100'000, 1})
    ->Args({1'000'000, 1})
    ->Args({100'000, 1'000})
    ->Unit(benchmark::kMicrosecond);

void save_a_piece(benchmark::State& state) {
    Salon salon(2'000);
    std::string bytes;
    std::uint64_t n = 0;
    for (auto _ : state) {
        bytes.clear();
        save_item(salon.books.names, *salon.books.items.find(item_id(n++ % 2'000)), bytes);
        benchmark::DoNotOptimize(bytes.data());
    }
    state.counters["bytes"] = static_cast<double>(bytes.size());
}
BENCHMARK(save_a_piece)->Name("custody/save_item");

}  // namespace
}  // namespace daybook::custody

BENCHMARK_MAIN();
