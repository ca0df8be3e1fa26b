// The search view: pieces by what they are. Pieces with the same model, collection, category, metal and stone are of
// one kind; the catalogue of kinds is small, so that any combination of attributes is found by looking through it.
#pragma once

#include <optional>
#include <string>

#include "engine/base/error.h"
#include "projections/counters.h"
#include "projections/glossary.h"
#include "projections/rows.h"
#include "projections/store/store.h"

namespace daybook::projections {

struct SearchQuery;

// A kind of piece and how many there are. Their ids stand under the first bytes of the attributes' digest.
struct KindSums {
    std::int64_t pieces = 0;
    std::string model, collection, category, metal, stone;
    [[nodiscard]] bool empty() const { return pieces == 0; }
    void write(std::string& out) const;
    bool read(std::string_view bytes);
};

class SearchFold {
public:
    Result<void> fold(const Step& step, Store& store);
    void flush(Store& store) { kinds_.flush(store); }
    void forget() {
        kinds_.forget();
        digests_.clear();
    }

private:
    struct Key {  // indexes of Names
        std::uint32_t model = 0, collection = 0, category = 0, metal = 0, stone = 0;
        friend bool operator==(const Key&, const Key&) = default;
    };
    struct KeyHash {
        std::size_t operator()(const Key& key) const {
            return UuidHash{}({std::uint64_t{key.model} << 32 | key.collection,
                               std::uint64_t{key.category} << 40 ^ std::uint64_t{key.metal} << 20 ^ key.stone});
        }
    };
    static Key key_of(const custody::Item& item) {
        return {item.model, item.collection, item.category, item.metal, item.stone};
    }
    const std::string& digest_of(const Key& key, const custody::Names& names);
    Result<void> add(const custody::Item& item, std::int64_t sign, const Step& step, Store& store);

    Counters<Key, KindSums, KeyHash> kinds_{Table::kCatalogue};
    std::unordered_map<Key, std::string, KeyHash> digests_;
    std::string suffix_, value_;
};

Result<Rows<FoundRow>> read_search(const ReadPoint& point, const SearchQuery& query, const Page& page);
Result<std::optional<ItemId>> read_item_of_epc(const ReadPoint& point, std::string_view epc);

}  // namespace daybook::projections
