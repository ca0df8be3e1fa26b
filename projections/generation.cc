#include "projections/generation.h"

#include <algorithm>

#include "engine/base/assert.h"
#include "engine/custody/decide.h"
#include "projections/store/encoding.h"

namespace daybook::projections {

Result<std::shared_ptr<Generation>> Generation::open(const StoreOptions& options, std::uint32_t publish_events,
                                                     PositionOf position_of) {
    DAYBOOK_ASSIGN(auto store, Store::open(options));
    return std::shared_ptr<Generation>(new Generation(std::move(store), publish_events, std::move(position_of)));
}

Result<void> Generation::load(custody::Books& books) {
    const std::string book = store_->take_book();
    if (store_->folded() == 0) return {};
    const auto loaded = custody::load_book(books, book);
    if (!loaded) return tl::unexpected(loaded.error().in("the books in the read models"));
    DAYBOOK_ASSIGN(const ReadPoint point, store_->read_point());
    DAYBOOK_TRY(load_items(point, books));
    if (books.next != store_->folded()) {
        return fail(ErrorCode::kCorrupt, "the books in the read models are of another position: run `daybook rebuild`");
    }
    return {};
}

Result<void> Generation::fold_all(const Step& step) {
    custody_.fold(step, *store_);
    DAYBOOK_TRY(history_.fold(step, *store_));
    DAYBOOK_TRY(counts_.fold(step, *store_));
    obligations_.fold(step, *store_);
    days_.fold(step, *store_);
    registers_.fold(step, *store_);
    DAYBOOK_TRY(accounts_.fold(step, *store_));
    DAYBOOK_TRY(stock_.fold(step, *store_));
    return search_.fold(step, *store_);
}

void Generation::ask_for(const custody::Event& event, Ask ask) const {
    constexpr std::size_t kLinesAsked = 4;  // an event of many lines has company enough in itself
    const Layer& layer = store_->layer();
    const auto& lines = event.decided.lines;
    for (std::size_t i = 0; i < std::min(lines.size(), kLinesAsked); ++i) {
        char key[kUuidBytes];
        lines[i].item.store(key);
        (layer.*ask)(Table::kItems, {key, sizeof key});  // and its history
    }
    const auto obligation = [&](const custody::ObligationRef& ref) {
        char key[kRefBytes];  // as key_ref() writes it; a string of this length would be allocated
        ref.id.store(key);
        key[kUuidBytes] = static_cast<char>(ref.kind);
        ref.item.store(key + kUuidBytes + 1);
        (layer.*ask)(Table::kObligations, {key, sizeof key});
    };
    if (!event.command.obligation.empty()) obligation({event.command.obligation, {}, {}});
    const auto& closes = event.decided.closes;
    for (std::size_t i = 0; i < std::min(closes.size(), kLinesAsked); ++i) obligation(closes[i].obligation);
}

void Generation::fold(const Step& step) {
    DAYBOOK_ASSERT(step.position() == store_->folded());
    if (const auto folded = fold_all(step); !folded) store_->fail_with(folded.error());
    store_->set_folded(step.position() + 1);
    inside_batch_ = step.event.batch_last != step.position();
    if (store_->folded() - store_->position() >= publish_events_) publish();
}

void Generation::settle(std::string book) {
    flush();
    accounts_.settle(*store_);
    store_->settle(std::move(book));
    accounts_.forget();
    stock_.forget();
    search_.forget();
}

void Generation::publish() {
    if (inside_batch_) return;
    flush();
    store_->publish();
}

void Generation::forget() {
    flush();
    accounts_.forget();
    stock_.forget();
    search_.forget();
}

void Generation::flush() {
    accounts_.flush(*store_);
    stock_.flush(*store_);
    search_.flush(*store_);
}

}  // namespace daybook::projections
