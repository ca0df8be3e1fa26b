#include "projections/views.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <utility>

#include "engine/base/assert.h"
#include "projections/compare.h"
#include "projections/generation.h"
#include "projections/replay.h"
#include "projections/store/current.h"

namespace daybook::projections {
namespace {

namespace fs = std::filesystem;

// Under a load that outruns it, it takes the place after so many rounds all the same.
constexpr int kSwitchRoundsMax = 8;

}  // namespace

class Views::Impl {
public:
    explicit Impl(const Options& options)
        : options_(options),
          root_(options.dir / "views"),
          current_{kFormatVersion, options.ledger.text(), options.run_events, 0} {}

    Result<void> open(custody::Books& books);
    Result<void> catch_up(const log::EventLog& log, custody::Books& books, const Progress& progress);
    void fold(const custody::Event& event, const custody::Effects& effects, const std::optional<custody::Event>& soon,
              const std::optional<custody::Event>& later);
    void settle(std::string book);
    void publish();
    Result<void> rebuild(const log::EventLog& log, const Progress& progress);
    Result<std::vector<ViewCheck>> verify(const log::EventLog& log, const Progress& progress) const;
    bool wait_for(Position position, Deadline deadline) const;

    [[nodiscard]] std::shared_ptr<Generation> generation() const {
        const std::lock_guard lock(mutex_);
        return generation_;
    }
    [[nodiscard]] Result<ReadPoint> point() const { return generation()->store().read_point(); }
    [[nodiscard]] std::uint32_t currency() const { return currency_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t run_events() const { return options_.run_events; }

private:
    [[nodiscard]] StoreOptions store_options(const std::string& name) const {
        return {root_ / name, options_.run_events, options_.cache_bytes, current_.identity(),
                options_.segment_postings};
    }
    Result<std::shared_ptr<Generation>> open_generation(const std::string& name) const {
        return Generation::open(store_options(name), options_.publish_events, options_.position_of);
    }
    Result<void> choose_generation();
    Result<void> switch_current();
    Result<void> rebuild_into(std::shared_ptr<Generation> fresh, const log::EventLog& log, const Progress& progress);
    void tell_waiters();

    const Options options_;
    const fs::path root_;
    Current current_;     // that of generation_
    bool named_ = false;  // CURRENT says so
    std::atomic<std::uint32_t> currency_{0};

    std::mutex fold_mutex_;  // held by whoever folds; a rebuild takes it for the switch
    Glossary glossary_;

    mutable std::mutex mutex_;
    mutable std::condition_variable moved_;
    mutable int waiters_ = 0;
    std::shared_ptr<Generation> generation_;

    mutable std::mutex beside_mutex_;  // one rebuild or verification at a time
};

// ---- Opening ----

Result<void> Views::Impl::choose_generation() {
    std::error_code error;
    fs::create_directories(root_, error);
    if (error) return fail(ErrorCode::kNotWritable, "cannot make " + root_.string() + ": " + error.message());
    if (options_.start_over) {
        const auto found = read_current(root_);
        const std::uint64_t old = found && *found ? (*found)->generation : 0;
        remove_others(root_, old, old);
        current_.generation = greatest_generation(root_) + 1;
        return {};
    }
    DAYBOOK_ASSIGN(const auto found, read_current(root_));
    if (!found) {
        remove_others(root_, 0, 0);
        current_.generation = 1;
        return switch_current();
    }
    if (found->format > kFormatVersion) {
        return fail(ErrorCode::kNewerFormat,
                    "the read models in " + root_.string() + " are of format " + std::to_string(found->format) +
                        ", written by a later version; this one knows " + std::to_string(kFormatVersion) +
                        ": use that version, or delete views/");
    }
    if (found->ledger != current_.ledger) {
        return fail(ErrorCode::kForeign, "the read models in " + root_.string() + " belong to ledger " + found->ledger +
                                             ", not to " + current_.ledger +
                                             ": delete views/, it comes back from the log");
    }
    if (found->identity() != current_.identity()) {  // of an older version: built anew
        remove_others(root_, 0, 0);
        current_.generation = found->generation + 1;
        return switch_current();
    }
    current_.generation = found->generation;
    named_ = true;
    remove_others(root_, current_.generation, current_.generation);
    return {};
}

Result<void> Views::Impl::switch_current() {
    DAYBOOK_TRY(write_current(root_, current_));
    named_ = true;
    return {};
}

Result<void> Views::Impl::open(custody::Books& books) {
    DAYBOOK_ASSERT(books.next == 0);
    DAYBOOK_TRY(choose_generation());
    DAYBOOK_ASSIGN(generation_,
                   open_generation(generation_name(current_.generation)));
    DAYBOOK_TRY(generation_->load(books));
    glossary_.load(books);
    currency_.store(glossary_.currency(), std::memory_order_relaxed);
    return {};
}

Result<void> Views::Impl::catch_up(const log::EventLog& log, custody::Books& books, const Progress& progress) {
    const std::lock_guard lock(fold_mutex_);
    if (generation_->store().folded() > log.head()) {
        return fail(ErrorCode::kForeign,
                    "the read models reach position " + std::to_string(generation_->store().folded()) +
                        ", the log only " + std::to_string(log.head()) + ": delete views/, it comes back from the log");
    }
    DAYBOOK_TRY(replay(log, log.head(), books, glossary_, *generation_, progress));
    DAYBOOK_TRY(generation_->store().merge_settled());
    currency_.store(glossary_.currency(), std::memory_order_relaxed);
    if (!named_) {
        DAYBOOK_TRY(switch_current());
        remove_others(root_, current_.generation, current_.generation);
    }
    tell_waiters();
    return {};
}

// ---- Folding ----

void Views::Impl::fold(const custody::Event& event, const custody::Effects& effects,
                       const std::optional<custody::Event>& soon, const std::optional<custody::Event>& later) {
    const std::lock_guard lock(fold_mutex_);
    if (later) generation_->ask_for(*later, &Layer::near);
    if (soon) generation_->ask_for(*soon, &Layer::touch);
    const Position before = generation_->store().position();
    generation_->fold(glossary_.learn(event, effects));
    if (event.position == 0) currency_.store(glossary_.currency(), std::memory_order_relaxed);
    if (generation_->store().position() != before) tell_waiters();
}

void Views::Impl::settle(std::string book) {
    const std::lock_guard lock(fold_mutex_);
    generation_->settle(std::move(book));
}

void Views::Impl::publish() {
    const std::lock_guard lock(fold_mutex_);
    generation_->publish();
    tell_waiters();
}

void Views::Impl::tell_waiters() {
    const std::lock_guard lock(mutex_);
    if (waiters_ != 0) moved_.notify_all();
}

bool Views::Impl::wait_for(Position position, Deadline deadline) const {
    std::unique_lock lock(mutex_);
    ++waiters_;
    const auto reached = [&] { return generation_->store().position() >= position; };
    moved_.wait_until(lock, deadline, [&] { return reached() || generation_->store().failure().has_value(); });
    --waiters_;
    return reached();
}

// ---- Beside the folding ----

Result<void> Views::Impl::rebuild(const log::EventLog& log, const Progress& progress) {
    const std::unique_lock beside(beside_mutex_, std::try_to_lock);
    if (!beside) return fail(ErrorCode::kInUse, "a rebuild or verification is under way already");
    const std::uint64_t number = current_.generation + 1;
    std::error_code ignored;
    fs::remove_all(root_ / generation_name(number), ignored);
    DAYBOOK_ASSIGN(auto fresh, open_generation(generation_name(number)));
    const auto done = rebuild_into(fresh, log, progress);
    if (!done) fresh->store().remove_when_closed();
    return done;
}

Result<void> Views::Impl::rebuild_into(std::shared_ptr<Generation> fresh, const log::EventLog& log,
                                       const Progress& progress) {
    custody::Books books;
    Glossary glossary;
    glossary.load(books);
    // Never further than the present views are: from there on the fresh ones go on with the same feed.
    const auto present = [this] { return generation()->store().position(); };
    for (int round = 0; round < kSwitchRoundsMax; ++round) {
        const Position to = present();
        DAYBOOK_TRY(replay(log, to, books, glossary, *fresh, progress));
        if (present() - to <= limits::kViewSwitchEventsMax) break;
    }
    fresh->store().wait_settled();
    const std::lock_guard fold_lock(fold_mutex_);
    DAYBOOK_TRY(replay(log, generation_->store().folded(), books, glossary, *fresh, {}));
    fresh->forget();  // from here on it is folded with the glossary of the present views
    Current switched = current_;
    switched.generation = current_.generation + 1;
    DAYBOOK_TRY(write_current(root_, switched));
    current_ = switched;
    named_ = true;
    const std::lock_guard lock(mutex_);
    generation_->store().remove_when_closed();
    generation_ = std::move(fresh);
    if (waiters_ != 0) moved_.notify_all();
    return {};
}

Result<std::vector<ViewCheck>> Views::Impl::verify(const log::EventLog& log, const Progress& progress) const {
    const std::unique_lock beside(beside_mutex_, std::try_to_lock);
    if (!beside) return fail(ErrorCode::kInUse, "a rebuild or verification is under way already");
    DAYBOOK_ASSIGN(const ReadPoint present, point());
    std::error_code ignored;
    fs::remove_all(root_ / "check", ignored);
    DAYBOOK_ASSIGN(const auto fresh, open_generation("check"));
    fresh->store().remove_when_closed();
    custody::Books books;
    Glossary glossary;
    glossary.load(books);
    DAYBOOK_TRY(replay(log, present.position(), books, glossary, *fresh, progress));
    DAYBOOK_ASSIGN(const ReadPoint folded, fresh->store().read_point());
    return compare_views(present, folded);
}

// ---- The facade ----

Views::Views(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Views::~Views() = default;

Result<std::unique_ptr<Views>> Views::open(const Options& options, custody::Books& books) {
    DAYBOOK_ASSERT(options.run_events != 0 && options.publish_events != 0);
    auto impl = std::make_unique<Impl>(options);
    DAYBOOK_TRY(impl->open(books));
    return std::unique_ptr<Views>(new Views(std::move(impl)));
}

Result<void> Views::catch_up(const log::EventLog& log, custody::Books& books, const Progress& progress) {
    return impl_->catch_up(log, books, progress);
}
void Views::fold(const custody::Event& event, const custody::Effects& effects,
                 const std::optional<custody::Event>& soon, const std::optional<custody::Event>& later) {
    impl_->fold(event, effects, soon, later);
}
void Views::settle(std::string book) { impl_->settle(std::move(book)); }
void Views::publish() { impl_->publish(); }
Position Views::folded() const { return impl_->generation()->store().folded(); }
std::uint64_t Views::run_events() const { return impl_->run_events(); }

Position Views::position() const { return impl_->generation()->store().position(); }
bool Views::wait_for(Position position, Deadline deadline) const { return impl_->wait_for(position, deadline); }
Position Views::settled() const { return impl_->generation()->store().settled(); }
std::optional<Error> Views::failure() const { return impl_->generation()->store().failure(); }
std::uint32_t Views::currency() const { return impl_->currency(); }

namespace {

template <class Row>
Result<One<Row>> one(const ReadPoint& point, Result<std::optional<Row>> row) {
    if (!row) return tl::unexpected(std::move(row).error());
    return One<Row>{point.position(), std::move(*row)};
}

}  // namespace

Position Reading::position() const { return point_->position(); }
Result<One<ItemRow>> Reading::item(const ItemId& item) const { return one(*point_, read_item_row(*point_, item)); }
Result<Rows<ItemRow>> Reading::items(std::span<const ItemId> items) const {
    Rows<ItemRow> answer{point_->position(), {}, {}};
    for (const ItemId& item : items) {
        DAYBOOK_ASSIGN(auto row, read_item_row(*point_, item));
        if (row) answer.rows.push_back(std::move(*row));
    }
    return answer;
}
Result<void> Reading::each_item(const std::function<Result<void>(const ItemRow&)>& row) const {
    return each_item_row(*point_, row);
}
Result<Rows<HistoryRow>> Reading::history(const ItemId& item, const Page& page, bool newest_first,
                                          Position known) const {
    return read_history(*point_, item, page, newest_first, known);
}
Result<Rows<PieceRow>> Reading::account(const custody::AccountId& account, const Page& page) const {
    return read_account(*point_, account, page);
}
Result<One<AccountRow>> Reading::account_totals(const custody::AccountId& account) const {
    return one(*point_, read_account_totals(*point_, account));
}
Result<Rows<AccountRow>> Reading::accounts(const AccountsQuery& query, const Page& page) const {
    return read_accounts(*point_, query, page);
}
Result<Rows<SupplyRow>> Reading::supplies(const custody::AccountId& account) const {
    return read_supplies(*point_, account);
}
Result<Rows<SupplyRow>> Reading::all_supplies(const Page& page) const { return read_all_supplies(*point_, page); }
Result<ChainRows> Reading::chain(const ItemId& item, const AsKnown& at) const { return read_chain(*point_, item, at); }
Result<std::vector<DifferenceRow>> Reading::differences(const ItemId& item, Micros from, Micros to, Position was,
                                                        Position is) const {
    return read_differences(*point_, item, from, to, was, is);
}
Result<bool> Reading::is_effective(Position event, Position known) const {
    return projections::is_effective(*point_, event, known);
}
Result<Position> Reading::corrected_by(Position event, Position known) const {
    return projections::corrected_by(*point_, event, known);
}
Result<Micros> Reading::newest_at(Micros now, Position known) const {
    return projections::newest_at(*point_, now, known);
}
Result<std::vector<CountRow>> Reading::counts(const custody::AccountId& account, Position known) const {
    return read_counts(*point_, account, known);
}
Result<bool> Reading::is_to_be_rechecked(const custody::AccountId& account, const CountRow& count,
                                         Position known) const {
    DAYBOOK_ASSIGN(const auto counts, read_counts(*point_, account, known));
    for (const CountRow& other : counts) {
        if (std::pair(other.opened_at, other.position) <= std::pair(count.opened_at, count.position)) continue;
        DAYBOOK_ASSIGN(const bool counts_still, is_effective(other.position, known));
        if (counts_still) return false;
    }
    const bool supplies = account.kind == custody::AccountClass::kSiteSupply;  // it holds nothing else
    return legs_changed(*point_, {account, supplies}, count.opened_at, count.position + 1, known);
}
Result<Rows<PieceRow>> Reading::account_at(const custody::AccountId& account, const AsKnown& at,
                                           const Page& page) const {
    return read_account_at(*point_, account, at, page);
}
Result<AccountRow> Reading::account_totals_at(const custody::AccountId& account, const AsKnown& at) const {
    DAYBOOK_ASSIGN(const HeldSums sums, sums_at(*point_, {account, false}, at));
    return AccountRow{account, static_cast<std::uint64_t>(sums.count), sums.amount};
}
Result<Rows<SupplyRow>> Reading::supplies_at(const custody::AccountId& account, const AsKnown& at) const {
    return read_supplies_at(*point_, account, at);
}
Result<Rows<AccountRow>> Reading::accounts_at(const AccountsQuery& query, const AsKnown& at) const {
    return read_accounts_at(*point_, query, at);
}
Result<Rows<SupplyRow>> Reading::all_supplies_at(const AsKnown& at) const { return read_all_supplies_at(*point_, at); }
Result<std::vector<custody::AccountId>> Reading::accounts_ever(const AccountsQuery& query) const {
    return read_accounts_ever(*point_, query);
}
Result<std::vector<PostingRow>> Reading::postings(const custody::AccountId& account, Micros from, Micros to,
                                                  Position known) const {
    return postings_between(*point_, {account, false}, from, to, known);
}
Result<std::vector<PostingRow>> Reading::supply_postings(const custody::AccountId& account, Micros from, Micros to,
                                                         Position known) const {
    return postings_between(*point_, {account, true}, from, to, known);
}
Result<One<ObligationRow>> Reading::obligation(const custody::ObligationRef& ref) const {
    return one(*point_, read_obligation(*point_, ref));
}
Result<void> Reading::each_obligation(const std::function<void(const ObligationRow&)>& row) const {
    return projections::each_obligation(*point_, row);
}
Result<Rows<ObligationRow>> Reading::due(const DueQuery& query, const Page& page) const {
    return read_due(*point_, query, page);
}
Result<Rows<StockRow>> Reading::stock(const StockQuery& query, const Page& page) const {
    return read_stock(*point_, query, page);
}
Result<Rows<DayRow>> Reading::days(SiteId site, Position known) const {
    return read_days(*point_, site, std::min(known, position()));
}
Result<Rows<DayEntryRow>> Reading::day(SiteId site, Micros at, const Page& page, Position known) const {
    return read_day(*point_, site, at, page, known);
}
Result<Rows<FoundRow>> Reading::search(const SearchQuery& query, const Page& page) const {
    return read_search(*point_, query, page);
}
Result<One<ItemId>> Reading::item_of_epc(std::string_view epc) const {
    return one(*point_, read_item_of_epc(*point_, epc));
}

Result<std::vector<RegisterRow>> Reading::entries(Register name, SiteId site, Position from, Position to,
                                                  std::size_t enough) const {
    return read_register(*point_, name, site, from, std::min(to, position()), enough);
}
Result<std::vector<NumberRow>> Reading::number(std::string_view number, Position from, Position to,
                                               std::size_t enough) const {
    return read_number(*point_, number, from, std::min(to, position()), enough);
}

Result<Reading> Views::read() const {
    DAYBOOK_ASSIGN(ReadPoint point, impl_->point());
    return Reading(std::make_shared<const ReadPoint>(std::move(point)));
}
Result<One<ItemRow>> Views::item(const ItemId& item) const {
    DAYBOOK_ASSIGN(const Reading reading, read());
    return reading.item(item);
}
Result<Rows<ItemRow>> Views::items(std::span<const ItemId> items) const {
    DAYBOOK_ASSIGN(const Reading reading, read());
    return reading.items(items);
}
Result<Rows<HistoryRow>> Views::history(const ItemId& item, const Page& page, bool newest_first) const {
    DAYBOOK_ASSIGN(const Reading reading, read());
    return reading.history(item, page, newest_first);
}
Result<Rows<PieceRow>> Views::account(const custody::AccountId& account, const Page& page) const {
    DAYBOOK_ASSIGN(const Reading reading, read());
    return reading.account(account, page);
}
Result<One<AccountRow>> Views::account_totals(const custody::AccountId& account) const {
    DAYBOOK_ASSIGN(const Reading reading, read());
    return reading.account_totals(account);
}
Result<Rows<AccountRow>> Views::accounts(const AccountsQuery& query, const Page& page) const {
    DAYBOOK_ASSIGN(const Reading reading, read());
    return reading.accounts(query, page);
}
Result<Rows<SupplyRow>> Views::supplies(const custody::AccountId& account) const {
    DAYBOOK_ASSIGN(const Reading reading, read());
    return reading.supplies(account);
}
Result<Rows<SupplyRow>> Views::all_supplies(const Page& page) const {
    DAYBOOK_ASSIGN(const Reading reading, read());
    return reading.all_supplies(page);
}
Result<One<ObligationRow>> Views::obligation(const custody::ObligationRef& ref) const {
    DAYBOOK_ASSIGN(const Reading reading, read());
    return reading.obligation(ref);
}
Result<Rows<ObligationRow>> Views::due(const DueQuery& query, const Page& page) const {
    DAYBOOK_ASSIGN(const Reading reading, read());
    return reading.due(query, page);
}
Result<Rows<StockRow>> Views::stock(const StockQuery& query, const Page& page) const {
    DAYBOOK_ASSIGN(const Reading reading, read());
    return reading.stock(query, page);
}
Result<Rows<DayRow>> Views::days(SiteId site) const {
    DAYBOOK_ASSIGN(const Reading reading, read());
    return reading.days(site, reading.position());
}
Result<Rows<DayEntryRow>> Views::day(SiteId site, Micros at, const Page& page) const {
    DAYBOOK_ASSIGN(const Reading reading, read());
    return reading.day(site, at, page);
}
Result<Rows<FoundRow>> Views::search(const SearchQuery& query, const Page& page) const {
    DAYBOOK_ASSIGN(const Reading reading, read());
    return reading.search(query, page);
}
Result<One<ItemId>> Views::item_of_epc(std::string_view epc) const {
    DAYBOOK_ASSIGN(const Reading reading, read());
    return reading.item_of_epc(epc);
}
Result<std::vector<Digest>> Views::digest(const Progress& progress) const {
    DAYBOOK_ASSIGN(const ReadPoint point, impl_->point());
    return digest_views(point, progress);
}
Result<std::vector<ViewCheck>> Views::verify(const log::EventLog& log, const Progress& progress) const {
    return impl_->verify(log, progress);
}
Result<void> Views::rebuild(const log::EventLog& log, const Progress& progress) {
    return impl_->rebuild(log, progress);
}

}  // namespace daybook::projections
