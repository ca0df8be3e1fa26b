// The read models of a ledger: what can be asked about it. README.md lists the views and the questions.
//
// Purpose.   Folds committed events and their effects into eight views, keeps them on disk as sorted runs and in memory
//            since the newest run, and answers from both. Views hold nothing that the log does not: they can be
//            deleted, and come back byte for byte.
// Ownership. data/views/ belongs to one Views of the process that holds the data directory. Readers keep nothing: every
//            answer is a value.
// Threads.   One thread at a time folds (the runner's, or whoever opens the ledger, before it runs). Questions are for
//            any thread, wait for nobody, and see whole atomic batches only. The views own one thread, "views-settle".
// Failure.   Damaged, foreign or newer views are errors of open(), which says what to do: delete them, or
//            `daybook rebuild`. A run that cannot be written fails the views, not the ledger: failure() and every
//            question then give the reason, and what is folded is dropped. Damage met by a question is kCorrupt.
// Limits.    Memory: what changed in two runs (limits::kRunEvents events each), and the block cache.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/ids.h"
#include "engine/base/limits.h"
#include "engine/base/time.h"
#include "engine/custody/effects.h"
#include "engine/custody/event.h"
#include "engine/custody/state.h"
#include "engine/log/event_log.h"
#include "projections/rows.h"

namespace daybook::projections {

// The format of what lies in views/. Views of an older format are built anew; those of a newer one are an error.
inline constexpr std::uint32_t kFormatVersion = 9;

struct Options {
    std::filesystem::path dir;  // the data directory; the views lie in dir/"views"
    LedgerId ledger;

    // Leave what is there, whatever its condition, and begin at position 0 in a generation of its own, which takes its
    // place when catch_up() is through. For `daybook rebuild` of damaged views.
    bool start_over = false;

    std::uint64_t run_events = limits::kRunEvents;  // positions to a run; the same in every open of one directory
    std::size_t cache_bytes = 256u << 20;           // RocksDB's block cache
    std::uint32_t publish_events = limits::kViewPublishEvents;  // readers see events at most so many at a time

    // Of an account, before its contents are written down; the same in every open of one directory. For tests.
    std::uint64_t segment_postings = limits::kViewSegmentPostingsMin;

    // Where an event stands, by its id. Needed where corrections are folded: they name what they correct by id. Any
    // thread.
    std::function<Result<std::optional<Position>>(const EventId&)> position_of;
};

// Called now and then; false ends the work with kStopped.
using Progress = std::function<bool(Position done, Position of)>;

struct SearchQuery {
    std::string model, collection, category, metal, stone;  // exact; empty: any
    std::string text;  // the beginning of the model or collection, letters' case ignored (ASCII)
};
struct DueQuery {
    SiteId site = 0;  // 0: all
    std::optional<custody::ObligationKind> kind;
    Micros before = 0;  // only those due before; 0: all, those without a due time last
    custody::ObligationSet kinds = 0;  // 0: all
    Principal responsible = 0;         // 0: all
    PartyId party = 0;                 // 0: all
    std::function<bool(const custody::Obligation&)> wanted = nullptr;  // null: all
};
struct StockQuery {
    std::optional<std::string> model;
    std::optional<SiteId> site;
    bool own_only = true;  // only what the house has title to
    bool empties = false;  // also models that once were at a site, and are no longer
};
// Accounts of a class, at a site (0: at all).
struct AccountsQuery {
    std::optional<custody::AccountClass> kind;
    SiteId site = 0;
};

// What verify() found.
struct ViewCheck {
    std::string view;
    std::uint64_t rows = 0;
    std::string difference;  // empty: equal. Else the first one, for a person
};

class ReadPoint;

// The views as they were at one position: every question of one Reading is answered from the same events, however much
// is folded meanwhile. A value, cheap to make and to copy; it holds back the release of memory and files, so make a new
// one for each answer. For any thread; it must go before its Views.
class Reading {
public:
    [[nodiscard]] Position position() const;

    // custody
    [[nodiscard]] Result<One<ItemRow>> item(const ItemId& item) const;
    [[nodiscard]] Result<Rows<ItemRow>> items(std::span<const ItemId> items) const;  // unknown ones are left out
    // Every piece that ever had an event, in order of id; an error of `row` ends it.
    [[nodiscard]] Result<void> each_item(const std::function<Result<void>(const ItemRow&)>& row) const;
    // history: in order of position, of the events before `known`; `newest_first` for the last events of a long chain.
    [[nodiscard]] Result<Rows<HistoryRow>> history(const ItemId& item, const Page& page, bool newest_first = false,
                                                   Position known = kNoPosition) const;
    // accounts: ORIGIN, where pieces stand whose registration was taken back, holds none.
    [[nodiscard]] Result<Rows<PieceRow>> account(const custody::AccountId& account, const Page& page) const;
    [[nodiscard]] Result<One<AccountRow>> account_totals(const custody::AccountId& account) const;
    [[nodiscard]] Result<Rows<AccountRow>> accounts(const AccountsQuery& query, const Page& page) const;
    [[nodiscard]] Result<Rows<SupplyRow>> supplies(const custody::AccountId& account) const;
    [[nodiscard]] Result<Rows<SupplyRow>> all_supplies(const Page& page) const;

    // At (V, R): `at.known` is at most position(), and never inside an atomic batch. The answers' position is at.known;
    // pages are bound to `at`, which is for the asker to keep with the cursor.
    // history: no stays where the piece was not registered then; differences of what was known before positions `was`
    // and `is` of the valid times [from, to).
    [[nodiscard]] Result<ChainRows> chain(const ItemId& item, const AsKnown& at) const;
    [[nodiscard]] Result<std::vector<DifferenceRow>> differences(const ItemId& item, Micros from, Micros to,
                                                                 Position was, Position is) const;
    // Whether an event counts, as known before a position, and what corrects it.
    [[nodiscard]] Result<bool> is_effective(Position event, Position known) const;
    [[nodiscard]] Result<Position> corrected_by(Position event, Position known) const;  // kNoPosition: nothing
    // The greatest of `now` and the valid times of the events before `known` that count.
    [[nodiscard]] Result<Micros> newest_at(Micros now, Position known) const;
    // The attested counts that looked into an account, in order of position; those that are corrected too.
    [[nodiscard]] Result<std::vector<CountRow>> counts(const custody::AccountId& account, Position known) const;
    // Whether a count of an account is to be made again: what is known of the account's pieces before the cut is not
    // what was known when it was attested, and no later count was (domain: 5.4, RECHECK). Cost: the moves since.
    [[nodiscard]] Result<bool> is_to_be_rechecked(const custody::AccountId& account, const CountRow& count,
                                                  Position known) const;
    // accounts
    [[nodiscard]] Result<Rows<PieceRow>> account_at(const custody::AccountId& account, const AsKnown& at,
                                                    const Page& page) const;
    [[nodiscard]] Result<AccountRow> account_totals_at(const custody::AccountId& account, const AsKnown& at) const;
    [[nodiscard]] Result<Rows<SupplyRow>> supplies_at(const custody::AccountId& account, const AsKnown& at) const;
    // All accounts that held pieces then, and all that held supplies.
    [[nodiscard]] Result<Rows<AccountRow>> accounts_at(const AccountsQuery& query, const AsKnown& at) const;
    [[nodiscard]] Result<Rows<SupplyRow>> all_supplies_at(const AsKnown& at) const;
    // All accounts that a piece ever came to or left, as any event tells it or ever told it, in order of their keys.
    [[nodiscard]] Result<std::vector<custody::AccountId>> accounts_ever(const AccountsQuery& query) const;
    // What came and went with valid times in [from, to), in order of valid time, then position.
    [[nodiscard]] Result<std::vector<PostingRow>> postings(const custody::AccountId& account, Micros from, Micros to,
                                                           Position known) const;
    // The same of its supplies.
    [[nodiscard]] Result<std::vector<PostingRow>> supply_postings(const custody::AccountId& account, Micros from,
                                                                  Micros to, Position known) const;

    // obligations. due(): open ones by due time, so the overdue first; then those without one.
    [[nodiscard]] Result<One<ObligationRow>> obligation(const custody::ObligationRef& ref) const;
    // Every one that was ever opened, in no order that is promised.
    [[nodiscard]] Result<void> each_obligation(const std::function<void(const ObligationRow&)>& row) const;
    [[nodiscard]] Result<Rows<ObligationRow>> due(const DueQuery& query, const Page& page) const;
    // stock: by model, then site, then owner.
    [[nodiscard]] Result<Rows<StockRow>> stock(const StockQuery& query, const Page& page) const;
    // days. The rows of days(): oldest first, the open one last, as known before a position.
    [[nodiscard]] Result<Rows<DayRow>> days(SiteId site, Position known) const;
    // The entries of the business day that contains an instant, by valid time: those that count, as known before a
    // position.
    [[nodiscard]] Result<Rows<DayEntryRow>> day(SiteId site, Micros at, const Page& page,
                                                Position known = kNoPosition) const;
    // search: by model and so on, then item. An epc is matched exactly, with the registration that counts.
    [[nodiscard]] Result<Rows<FoundRow>> search(const SearchQuery& query, const Page& page) const;
    [[nodiscard]] Result<One<ItemId>> item_of_epc(std::string_view epc) const;
    // registers: entries at positions in [from, to), the oldest first; `enough` of them, or some more. The register of
    // counts is kept by site; the others are asked for with site 0.
    [[nodiscard]] Result<std::vector<RegisterRow>> entries(Register name, SiteId site, Position from, Position to,
                                                           std::size_t enough) const;
    // The events that carry the number of a paper, in the same way.
    [[nodiscard]] Result<std::vector<NumberRow>> number(std::string_view number, Position from, Position to,
                                                        std::size_t enough) const;

private:
    friend class Views;
    explicit Reading(std::shared_ptr<const ReadPoint> point) : point_(std::move(point)) {}
    std::shared_ptr<const ReadPoint> point_;
};

class Views {
public:
    // Opens or makes the views and brings `books`, which are fresh, to the position of the newest settled run; the rest
    // is catch_up()'s. kForeign, kNewerFormat, kCorrupt, kNotWritable, kDiskFull, kIo.
    static Result<std::unique_ptr<Views>> open(const Options& options, custody::Books& books);
    Views(const Views&) = delete;
    Views& operator=(const Views&) = delete;
    // Lets the settling of a run end. What is in memory only is dropped: it is folded again from the log.
    ~Views();

    // ---- The folding thread ----

    // Replays the log from position() to its head: decode, apply to `books`, fold. Before the sequencer starts.
    Result<void> catch_up(const log::EventLog& log, custody::Books& books, const Progress& progress = {});

    // Takes one event in. Must be the next one. Waits while two runs are unsettled.
    // Events that come some later may be named, `later` to be named again as `soon`: the memory that they will touch is
    // asked for, and has come when they do.
    void fold(const custody::Event& event, const custody::Effects& effects,
              const std::optional<custody::Event>& soon = std::nullopt,
              const std::optional<custody::Event>& later = std::nullopt);
    // After the event before each multiple of run_events, and before the next: custody::save_book at that position.
    void settle(std::string book);
    // Lets readers see what was folded, up to the last whole atomic batch. Also done by fold(), every publish_events.
    void publish();

    // Where the folding thread is: the events folded.
    [[nodiscard]] Position folded() const;
    [[nodiscard]] std::uint64_t run_events() const;

    // ---- Any thread ----

    // What readers see: the number of events that answers reflect.
    [[nodiscard]] Position position() const;
    // Waits until position() >= `position`; false at the deadline, or when the views have failed.
    [[nodiscard]] bool wait_for(Position position, Deadline deadline) const;
    // The position of the newest settled run: where the next open() begins.
    [[nodiscard]] Position settled() const;
    [[nodiscard]] std::optional<Error> failure() const;
    // The entity's currency, as custody::Money has it; 0 before LedgerCreated.
    [[nodiscard]] std::uint32_t currency() const;

    // The views as they are now, for answers that take several questions. The failure, if there was one.
    [[nodiscard]] Result<Reading> read() const;

    // The questions of a Reading, each at the position that the views have when it is asked.
    // custody
    [[nodiscard]] Result<One<ItemRow>> item(const ItemId& item) const;
    [[nodiscard]] Result<Rows<ItemRow>> items(std::span<const ItemId> items) const;  // unknown ones are left out
    // history: in order of position; `newest_first` for the last events of a long chain.
    [[nodiscard]] Result<Rows<HistoryRow>> history(const ItemId& item, const Page& page,
                                                   bool newest_first = false) const;
    // accounts
    [[nodiscard]] Result<Rows<PieceRow>> account(const custody::AccountId& account, const Page& page) const;
    [[nodiscard]] Result<One<AccountRow>> account_totals(const custody::AccountId& account) const;
    [[nodiscard]] Result<Rows<AccountRow>> accounts(const AccountsQuery& query, const Page& page) const;
    [[nodiscard]] Result<Rows<SupplyRow>> supplies(const custody::AccountId& account) const;
    [[nodiscard]] Result<Rows<SupplyRow>> all_supplies(const Page& page) const;
    // obligations. due(): open ones by due time, so the overdue first; then those without one.
    [[nodiscard]] Result<One<ObligationRow>> obligation(const custody::ObligationRef& ref) const;
    [[nodiscard]] Result<Rows<ObligationRow>> due(const DueQuery& query, const Page& page) const;
    // stock: by model, then site, then owner.
    [[nodiscard]] Result<Rows<StockRow>> stock(const StockQuery& query, const Page& page) const;
    // days. The rows of days(): oldest first, the open one last.
    [[nodiscard]] Result<Rows<DayRow>> days(SiteId site) const;
    // The entries of the business day that contains an instant, by valid time.
    [[nodiscard]] Result<Rows<DayEntryRow>> day(SiteId site, Micros at, const Page& page) const;
    // search: by model and so on, then item. An epc is matched exactly, with the registration that counts.
    [[nodiscard]] Result<Rows<FoundRow>> search(const SearchQuery& query, const Page& page) const;
    [[nodiscard]] Result<One<ItemId>> item_of_epc(std::string_view epc) const;

    // One for each view, in a fixed order, all at one position. Reads everything.
    [[nodiscard]] Result<std::vector<Digest>> digest(const Progress& progress = {}) const;
    // Folds the log again, beside the views, and compares row by row at the present position.
    [[nodiscard]] Result<std::vector<ViewCheck>> verify(const log::EventLog& log, const Progress& progress = {}) const;
    // Builds all views anew beside the present ones, which go on being folded and asked, and then takes their place.
    // One at a time (kInUse). An interrupted one leaves nothing behind that the next open() does not delete.
    Result<void> rebuild(const log::EventLog& log, const Progress& progress = {});

private:
    class Impl;
    explicit Views(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace daybook::projections
