// The questions about the past that the auditor asks, put to whoever answers them in JSON.
#pragma once

#include "engine/api/audit.h"
#include "engine/audit/past.h"

namespace daybook::api {

class AskedPast : public audit::Past {
public:
    explicit AskedPast(AskForPast ask) : ask_(std::move(ask)) {}

    Result<audit::DuePage> due(Position newest, std::optional<Micros> valid, const std::string& cursor) override;
    Result<audit::DuePage> due_now(const std::string& cursor) override;
    Result<audit::Listed> open_counts(Position newest) override;
    Result<audit::Listed> open_sessions(Position newest) override;
    Result<audit::Listed> counts(SiteId site, std::size_t rows, Position newest) override;
    Result<audit::HeldList> held(const std::string& by, const custody::AccountId& account, Position newest) override;
    Result<audit::Listed> expected(SiteId site, Position newest) override;
    Result<audit::Listed> contents(SiteId site, Position newest) override;

private:
    [[nodiscard]] Result<audit::DuePage> due_page(const std::string& question) const;
    // `question` ends with '?' or '&'.
    template <class Message>
    Result<Message> ask(const std::string& question, Position newest) const;

    const AskForPast ask_;
};

}  // namespace daybook::api
