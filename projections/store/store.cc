#include "projections/store/store.h"

#include <utility>

#include "engine/base/assert.h"
#include "engine/base/bytes.h"
#include "engine/base/limits.h"
#include "projections/store/database.h"
#include "projections/thread.h"

namespace daybook::projections {
namespace {

constexpr std::string_view kBook = "book";
constexpr std::string_view kIdentity = "identity";
constexpr std::string_view kPosition = "position";

}  // namespace

Result<std::unique_ptr<Store>> Store::open(const StoreOptions& options) {
    auto store = std::unique_ptr<Store>(new Store(options));
    DAYBOOK_ASSIGN(store->database_, Database::open(options.dir, options.cache_bytes));
    std::string value;
    DAYBOOK_ASSIGN(const bool has_position, store->database_->get_meta(kPosition, value));
    if (has_position) {
        if (value.size() != 8) return fail(ErrorCode::kCorrupt, "the position of the read models is damaged");
        store->written_ = get_be64(value.data());
        DAYBOOK_ASSIGN(const bool has_identity, store->database_->get_meta(kIdentity, value));
        if (!has_identity || value != options.identity) {
            return fail(ErrorCode::kForeign,
                        "the read models in " + options.dir.string() + " are not those of this ledger: delete views/");
        }
        DAYBOOK_ASSIGN(const bool has_book, store->database_->get_meta(kBook, store->book_));
        if (!has_book) return fail(ErrorCode::kCorrupt, "the read models lack their books: run `daybook rebuild`");
    }
    store->folded_ = store->written_;
    store->published_.store(store->written_, std::memory_order_release);
    store->active_ = std::make_shared<Layer>(store->written_, store->pool_);
    auto layers = std::make_shared<Layers>();
    layers->settled = store->written_;
    layers->database = store->database_;
    layers->base = Database::snapshot(store->database_);
    layers->all.push_back(store->active_);
    store->layers_ = std::move(layers);
    store->settler_ = std::thread([raw = store.get()] { raw->settle_loop(); });
    return store;
}

Store::~Store() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    moved_.notify_all();
    if (settler_.joinable()) settler_.join();
}

Result<bool> Store::latest(Table table, std::string_view key, std::string& value) const {
    const std::size_t group_bytes = info(table).group_bytes == 0 ? key.size() : info(table).group_bytes;
    const std::string_view group = key.substr(0, group_bytes);
    const std::string_view suffix = key.substr(group_bytes);
    // The newest of each layer, whatever its mark: this is the thread that wrote it.
    std::shared_ptr<const Layers> layers;
    {
        const std::lock_guard lock(mutex_);
        layers = layers_;
    }
    for (auto layer = layers->all.rbegin(); layer != layers->all.rend(); ++layer) {
        if (const Entry* entry = (*layer)->find(table, group, suffix, kNoPosition)) {
            if (entry->kind == Entry::Kind::kErased) return false;
            value.assign(entry->value());
            return true;
        }
    }
    return layers->database->get(info(table).view, std::string(1, info(table).letter).append(key), layers->base.get(),
                                 value);
}

ReadPoint Store::folding_point() const {
    const std::lock_guard lock(mutex_);
    return {folded_ + 1, options_.run_events, layers_};
}

void Store::settle(std::string book) {
    DAYBOOK_ASSERT(folded_ % options_.run_events == 0);
    const std::lock_guard lock(mutex_);
    auto layers = std::make_shared<Layers>(*layers_);
    if (failure_) {
        // Nothing will be settled any more: let the memory go. Readers are told of the failure.
        layers->all.clear();
    } else {
        pending_.push_back({active_, folded_, std::move(book)});
    }
    active_ = std::make_shared<Layer>(folded_, pool_, active_.get());
    layers->all.push_back(active_);
    layers_ = std::move(layers);
    moved_.notify_all();
}

Result<void> Store::merge_settled() { return database_->merge_if_due(); }

void Store::publish() {
    published_.store(folded_, std::memory_order_release);
    std::unique_lock lock(mutex_);
    install_settled();
    moved_.wait(lock, [this] { return pending_.size() <= limits::kViewRunsUnsettledMax || failure_ || stopping_; });
    install_settled();
}

// Drops the layers that the database has. Not before readers are past their end: a position inside an atomic batch is
// never shown, so that a run may end where readers cannot be yet.
void Store::install_settled() {
    if (written_ <= layers_->settled || position() < written_) return;
    auto layers = std::make_shared<Layers>();
    layers->settled = written_;
    layers->database = database_;
    layers->base = Database::snapshot(database_);
    for (const auto& layer : layers_->all) {
        if (layer->from() >= written_) layers->all.push_back(layer);
    }
    layers_ = std::move(layers);
}

void Store::settle_loop() {
    begin_view_thread("views-settle");
    std::unique_lock lock(mutex_);
    while (true) {
        moved_.wait(lock, [this] { return stopping_ || !pending_.empty(); });
        if (stopping_) return;
        const Pending pending = pending_.front();
        lock.unlock();
        const Result<void> written = write_run(pending);
        lock.lock();
        if (!written) {
            failure_ = written.error().in("the read models cannot be written");
            pending_.clear();
            moved_.notify_all();
            return;
        }
        written_ = pending.to;
        if (!pending_.empty()) pending_.erase(pending_.begin());  // fail_with() may have dropped all
        install_settled();
        moved_.notify_all();
    }
}

Result<void> Store::write_run(const Pending& pending) {
    Database::Run run(*database_, pending.to);
    std::string key;
    for (const TableInfo& table : kTables) {
        LayerStream stream(*pending.layer, table.table, pending.to);
        while (stream.next()) {
            key.assign(1, table.letter);
            key.append(stream.key());
            DAYBOOK_TRY(stream.erased() ? run.erase(table.view, key) : run.put(table.view, key, stream.value()));
        }
    }
    std::string position;
    append_be64(position, pending.to);
    DAYBOOK_TRY(run.put_meta(kBook, pending.book));
    DAYBOOK_TRY(run.put_meta(kIdentity, options_.identity));
    DAYBOOK_TRY(run.put_meta(kPosition, position));
    DAYBOOK_TRY(run.finish());
    return database_->merge();
}

Position Store::settled() const {
    const std::lock_guard lock(mutex_);
    return written_;
}

Result<ReadPoint> Store::read_point() const {
    const std::lock_guard lock(mutex_);
    if (failure_) return tl::unexpected(*failure_);
    return ReadPoint(position(), options_.run_events, layers_);
}

void Store::fail_with(Error reason) {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::move(reason);
    pending_.clear();
    moved_.notify_all();
}

std::optional<Error> Store::failure() const {
    const std::lock_guard lock(mutex_);
    return failure_;
}

void Store::wait_settled() const {
    std::unique_lock lock(mutex_);
    moved_.wait(lock, [this] { return pending_.empty() || failure_; });
}

void Store::remove_when_closed() { database_->remove_when_closed(); }

}  // namespace daybook::projections
