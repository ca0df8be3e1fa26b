// Which events count at a record time (domain: 5.5). Memory: proportional to corrections.
#pragma once

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "engine/audit/internal/step.h"

namespace daybook::audit {

class Corrections {
public:
    void declare(Position declaration, Position batch_last, Position target) {
        declarations_[declaration] = {batch_last, target, {}};
        of_target_[target].push_back(declaration);
    }
    void add_corrective(Position corrective, Position declaration) {
        of_corrective_[corrective] = declaration;
        if (const auto it = declarations_.find(declaration); it != declarations_.end())
            it->second.correctives.push_back(corrective);
    }

    // Whether the event is effective when the events before position `known` are known, those of a batch only when all
    // of it is. The event itself is known.
    [[nodiscard]] bool effective(Position event, Position known) const {
        return counts(event, [known](Position, const Declaration& declared) { return declared.batch_last < known; });
    }
    // The same as the event at `position` is judged when it is taken in: what its own batch has declared before it is
    // known to it.
    [[nodiscard]] bool effective_for(Position event, Position position) const {
        return counts(event, [position](Position declaration, const Declaration&) { return declaration < position; });
    }
    // Whether it is or was corrected, or is a corrective: whether effective() can be anything but true.
    [[nodiscard]] bool touched(Position event) const {
        return of_target_.count(event) == 1 || of_corrective_.count(event) == 1;
    }
    [[nodiscard]] bool is_corrective(Position event) const { return of_corrective_.count(event) == 1; }

    // The events that an event's coming or going takes along: itself, and of a declaration what it corrects and its
    // correctives.
    [[nodiscard]] std::vector<Position> taken_along(Position event) const {
        std::vector<Position> all{event};
        for (std::size_t i = 0; i < all.size(); ++i) {
            const auto it = declarations_.find(all[i]);
            if (it == declarations_.end()) continue;
            all.push_back(it->second.target);
            all.insert(all.end(), it->second.correctives.begin(), it->second.correctives.end());
        }
        std::sort(all.begin(), all.end());
        all.erase(std::unique(all.begin(), all.end()), all.end());
        return all;
    }

private:
    struct Declaration {
        Position batch_last = 0;
        Position target = 0;  // before the declaration
        std::vector<Position> correctives;
    };

    template <class Known>
    bool counts(Position event, const Known& known) const {
        if (of_target_.empty()) return true;
        if (const auto it = of_corrective_.find(event); it != of_corrective_.end() && !counts(it->second, known))
            return false;
        const auto it = of_target_.find(event);
        if (it == of_target_.end()) return true;
        return std::none_of(it->second.begin(), it->second.end(), [&](Position declaration) {
            return known(declaration, declarations_.at(declaration)) && counts(declaration, known);
        });
    }

    std::unordered_map<Position, Declaration> declarations_;
    std::unordered_map<Position, std::vector<Position>> of_target_;  // → declarations
    std::unordered_map<Position, Position> of_corrective_;           // → declaration
};

}  // namespace daybook::audit
