// Answers about the past that are kept, and asked for again when more was told: the same bytes are due.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "engine/api/questions.h"
#include "tests/property/salons.h"

namespace daybook::model {

class Answers {
public:
    // Asks one question as known now; which one, `choice` says.
    void remember(Salons& salons, const Clock& clock, std::size_t choice) {
        // Those with V are asked again at that of their first answer.
        static const std::string kQuestions[] = {
            "V due?rows=1000&",
            "V due?kind=VAULT_SESSION&",
            "V accounts?rows=1000&",
            "V stock?own_only=false&",
            "V trial-balance?check=true&",
            "counts?site=1&",
            "counts?site=2&",
            "reconciliation/1?",
            "reconciliation/2?",
            "days/1?",
            "held?person=40&from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z&",
            "held?party=1001&from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z&",
            "late?",
            "corrections?site=1&",
        };
        std::string question = kQuestions[choice % std::size(kQuestions)];
        const bool at_v = question.starts_with("V ");
        if (at_v) question.erase(0, 2);
        question += "known_at=" + std::to_string(salons.ledger().head() - 1);
        const std::string first = ask(salons, clock, question);
        if (at_v) {
            constexpr std::string_view kValid = R"("valid_at":")";
            const std::size_t begin = first.find(kValid) + kValid.size();
            question += "&valid_at=" + first.substr(begin, first.find('"', begin) - begin);
        }
        answers_.emplace(question, first);
    }
    void expect_again(Salons& salons, const Clock& clock) const {
        for (const auto& [question, answer] : answers_) {
            const std::string again = ask(salons, clock, question);
            if (again != answer) RC_FAIL(question + "\nwas answered\n" + answer + "\nand is answered now\n" + again);
        }
    }

private:
    static std::string ask(Salons& salons, const Clock& clock, const std::string& question) {
        const api::Questions questions(salons.ledger(), clock, [] { return api::EngineStatus{}; });
        const auto answer = questions.answer(api::Question::parse(question));
        RC_ASSERT(answer.has_value());
        return *answer;
    }

    std::map<std::string, std::string> answers_;
};

}  // namespace daybook::model
