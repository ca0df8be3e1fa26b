// Collects what is checked and what is wrong. One thread.
#pragma once

#include <string>

#include "engine/audit/audit.h"

namespace daybook::audit {

class Findings {
public:
    Findings(Position from, Position to) : from_(from), to_(to) {
        static constexpr std::array<std::array<std::string_view, 2>, kInvariants> kNames{{
            {"Balanced", "legs"},
            {"One place", "pieces"},
            {"No negative", "supply moves"},
            {"Transit clears", "transfers"},
            {"Obligation law", "events of pieces"},
            {"Continuity", "accounts and days"},
            {"Count identity", "pieces of counts"},
            {"Four eyes", "events"},
            {"Chain", "events"},
            {"Repeatable past", "answers"},
            {"Projection = fold", "rows"},
            {"Title law", "title events"},
            {"Corrections", "corrections and chains"},
            {"Sessions", "legs and sessions"},
            {"Seal continuity", "receipts"},
            {"Limits", "holders filled"},
            {"Delivery", "events"},
            {"Coverage", "pieces inside"},
            {"Weight law", "repairs"},
            {"Warranty flow", "papers"},
        }};
        for (int i = 0; i < kInvariants; ++i) {
            auto& finding = all_.emplace_back();
            finding.number = i + 1;
            finding.name = kNames[static_cast<std::size_t>(i)][0];
            finding.unit = kNames[static_cast<std::size_t>(i)][1];
        }
    }

    // Something about `event` was looked at.
    void checked(int invariant, Position event, std::uint64_t how_many = 1) {
        if (concerns(event)) at(invariant).checked += how_many;
    }
    void violated(int invariant, Position event, std::string what) {
        if (!concerns(event)) return;
        Finding& finding = at(invariant);
        ++finding.violated;
        if (finding.violations.size() < limits::kAuditRemarksMax)
            finding.violations.push_back({event, std::move(what)});
    }
    void listed(int invariant, Position event, std::string what) {
        if (!concerns(event)) return;
        Finding& finding = at(invariant);
        ++finding.listed;
        if (finding.list.size() < limits::kAuditRemarksMax) finding.list.push_back({event, std::move(what)});
    }
    void not_checked(int invariant, std::string why) { at(invariant).not_checked = std::move(why); }

    // Remarks in the order of events.
    std::vector<Finding> take();

private:
    [[nodiscard]] bool concerns(Position event) const {
        return event == kNoPosition || (from_ <= event && event < to_);
    }
    Finding& at(int invariant) { return all_[static_cast<std::size_t>(invariant) - 1]; }

    Position from_, to_;
    std::vector<Finding> all_;
};

}  // namespace daybook::audit
