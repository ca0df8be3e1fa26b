// Which events count at a record time (domain: 5.5). Memory: proportional to corrections.
#pragma once

#include <unordered_map>
#include <vector>

#include "engine/audit/internal/step.h"

namespace daybook::audit {

class Corrections {
public:
    void declare(Position declaration, Position batch_last, Position target) {
        declarations_[declaration] = batch_last;
        of_target_[target].push_back(declaration);
    }
    void add_corrective(Position corrective, Position declaration) { of_corrective_[corrective] = declaration; }

    // Whether the event is effective when the events before position `known` are known, those of a batch only when all
    // of it is. The event itself is known.
    [[nodiscard]] bool effective(Position event, Position known) const {
        if (of_target_.empty()) return true;
        if (const auto it = of_corrective_.find(event); it != of_corrective_.end() && !effective(it->second, known))
            return false;
        const auto it = of_target_.find(event);
        if (it == of_target_.end()) return true;
        for (const Position declaration : it->second) {
            if (declarations_.at(declaration) < known && effective(declaration, known)) return false;
        }
        return true;
    }
    // Whether it is or was corrected, or is a corrective: whether effective() can be anything but true.
    [[nodiscard]] bool touched(Position event) const {
        return of_target_.count(event) == 1 || of_corrective_.count(event) == 1;
    }
    [[nodiscard]] bool is_corrective(Position event) const { return of_corrective_.count(event) == 1; }

private:
    std::unordered_map<Position, Position> declarations_;             // → end of its batch
    std::unordered_map<Position, std::vector<Position>> of_target_;   // → declarations
    std::unordered_map<Position, Position> of_corrective_;            // → declaration
};

}  // namespace daybook::audit
