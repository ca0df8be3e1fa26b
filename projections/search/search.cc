#include "projections/search/search.h"

#include <algorithm>
#include <variant>

#include "engine/crypto/digest.h"
#include "projections/cursor.h"
#include "projections/history/history.h"
#include "projections/store/encoding.h"
#include "projections/views.h"

namespace daybook::projections {
namespace {

constexpr std::size_t kDigestBytes = 16;

std::string digest_bytes(std::string_view text) {
    const Hash hash = sha256(text);
    return {reinterpret_cast<const char*>(hash.data()), kDigestBytes};
}

// In order of the model; the digest tells kinds of one model apart.
std::string catalogue_key(std::string_view model, std::string_view digest) {
    std::string key(model);
    key.push_back('\0');
    key.append(digest);
    return key;
}

bool begins_with(std::string_view text, std::string_view with) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return text.size() >= with.size() &&
           std::equal(with.begin(), with.end(), text.begin(), [&](char a, char b) { return lower(a) == lower(b); });
}

bool matches(const KindSums& kind, const SearchQuery& query) {
    const auto is = [](const std::string& wanted, const std::string& has) { return wanted.empty() || wanted == has; };
    if (!is(query.model, kind.model) || !is(query.collection, kind.collection)) return false;
    if (!is(query.category, kind.category) || !is(query.metal, kind.metal) || !is(query.stone, kind.stone))
        return false;
    return query.text.empty() || begins_with(kind.model, query.text) || begins_with(kind.collection, query.text);
}

tl::unexpected<Error> damaged() {
    return fail(ErrorCode::kCorrupt, "a row of the search is damaged: run `daybook rebuild`");
}

// The pieces of one kind, behind `after`. False: the page is full.
Result<bool> take_pieces(const ReadPoint& point, const KindSums& kind, const std::string& catalogue_key,
                         const std::string& after, const Cursor& cursor, const Page& page, Rows<FoundRow>& answer) {
    const std::string digest = catalogue_key.substr(catalogue_key.size() - kDigestBytes);
    Scan scan = point.scan(Table::kFound, after.empty() ? digest : behind(digest + after), end_of_prefix(digest));
    while (scan.next()) {
        RowReader reader(scan.value());
        const Position since = reader.number();
        if (!reader.ok() || scan.key().size() != kDigestBytes + kUuidBytes) return damaged();
        if (since >= cursor.position) continue;
        if (answer.rows.size() == page.rows_max) return false;
        const ItemId item(Uuid::load(scan.key().data() + kDigestBytes));
        answer.rows.push_back({item, kind.model, kind.collection, kind.category, kind.metal, kind.stone});
        answer.next = catalogue_key;  // for the cursor, if there is more
        put_uuid(answer.next, item);
    }
    DAYBOOK_TRY(scan.status());
    return true;
}

}  // namespace

void KindSums::write(std::string& out) const {
    put_number(out, static_cast<std::uint64_t>(pieces));
    for (const std::string* text : {&model, &collection, &category, &metal, &stone}) put_text(out, *text);
}

bool KindSums::read(std::string_view bytes) {
    RowReader reader(bytes);
    pieces = static_cast<std::int64_t>(reader.number());
    for (std::string* text : {&model, &collection, &category, &metal, &stone}) *text = reader.text();
    return reader.ok() && reader.done();
}

const std::string& SearchFold::digest_of(const Key& key, const custody::Names& names) {
    auto [it, is_new] = digests_.try_emplace(key);
    if (is_new) {
        std::string all;
        for (const std::uint32_t name : {key.model, key.collection, key.category, key.metal, key.stone}) {
            put_text(all, names.text(name));
        }
        it->second = digest_bytes(all);
    }
    return it->second;
}

Result<void> SearchFold::add(const custody::Item& item, std::int64_t sign, const Step& step, Store& store) {
    const Key key = key_of(item);
    const custody::Names& names = step.glossary.names();
    const std::string& digest = digest_of(key, names);
    const auto make_key = [&] { return catalogue_key(names.text(key.model), digest); };
    DAYBOOK_ASSIGN(KindSums * kind, kinds_.edit(key, store, make_key));
    if (kind->pieces == 0) {
        kind->model = names.text(key.model);
        kind->collection = names.text(key.collection);
        kind->category = names.text(key.category);
        kind->metal = names.text(key.metal);
        kind->stone = names.text(key.stone);
    }
    kind->pieces += sign;
    suffix_.clear();
    put_uuid(suffix_, item.id);
    if (sign < 0) {
        store.layer().erase(Table::kFound, digest, suffix_, step.position() + 1);
    } else {
        value_.clear();
        put_number(value_, step.position());
        store.layer().put(Table::kFound, digest, suffix_, value_, step.position() + 1);
    }
    return {};
}

Result<void> SearchFold::fold(const Step& step, Store& store) {
    const auto* registered = std::get_if<custody::ItemRegistered>(&step.event.command.payload);
    if (registered != nullptr && !registered->epc.empty()) {
        suffix_.clear();
        key_u64(suffix_, step.position());
        value_.clear();
        put_uuid(value_, step.event.command.lines.front().item);
        store.layer().put(Table::kEpcs, digest_bytes(registered->epc), suffix_, value_, step.position() + 1);
    }
    for (const PieceChange& piece : step.pieces) {
        if (piece.before != nullptr && key_of(*piece.before) == key_of(*piece.after)) continue;
        if (piece.before != nullptr) DAYBOOK_TRY(add(*piece.before, -1, step, store));
        DAYBOOK_TRY(add(*piece.after, 1, step, store));
    }
    return {};
}

Result<Rows<FoundRow>> read_search(const ReadPoint& point, const SearchQuery& query, const Page& page) {
    DAYBOOK_ASSIGN(const Cursor cursor, cursor_of(page, point.position(), 0));
    if (!cursor.first && cursor.key.size() < 1 + kDigestBytes + kUuidBytes) {
        return fail(ErrorCode::kInvalid, "'" + page.cursor + "' is no cursor of a search");
    }
    const std::string from = cursor.first ? "" : cursor.key.substr(0, cursor.key.size() - kUuidBytes);
    const std::string model = query.model.empty() ? "" : query.model + '\0';
    Rows<FoundRow> answer{cursor.position, {}, {}};
    Scan scan = point.scan(Table::kCatalogue, std::max(from, model), end_of_prefix(model));
    while (scan.next()) {
        KindSums kind;
        if (!kind.read(scan.value()) || scan.key().size() < kDigestBytes) return damaged();
        if (!matches(kind, query)) continue;
        const std::string key(scan.key());
        const std::string after = key == from ? cursor.key.substr(from.size()) : "";
        DAYBOOK_ASSIGN(const bool room, take_pieces(point, kind, key, after, cursor, page, answer));
        if (!room) {
            answer.next = to_text({cursor.position, answer.next, false});
            return answer;
        }
    }
    DAYBOOK_TRY(scan.status());
    answer.next.clear();
    return answer;
}

Result<std::optional<ItemId>> read_item_of_epc(const ReadPoint& point, std::string_view epc) {
    // One, and correctives of it: few.
    Scan scan = point.scan_prefix(Table::kEpcs, digest_bytes(epc));
    while (scan.next()) {
        if (scan.key().size() != kDigestBytes + 8 || scan.value().size() != kUuidBytes) return damaged();
        const ItemId item(Uuid::load(scan.value().data()));
        const Position registration = get_be64(scan.key().data() + kDigestBytes);
        DAYBOOK_ASSIGN(const bool counts, is_effective(point, registration, point.position()));
        if (counts) return std::optional<ItemId>(item);
    }
    DAYBOOK_TRY(scan.status());
    return std::optional<ItemId>();
}

}  // namespace daybook::projections
