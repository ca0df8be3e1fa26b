// A program that embeds a ledger: makes one, records its first event, and reads it back.
#include <daybook/ledger.h>

#include <cstdio>

int main(int argc, char** argv) {
    const char* dir = argc > 1 ? argv[1] : "daybook-data";
    if (const auto made = daybook::Ledger::create(dir); !made && made.error().code != daybook::ErrorCode::kExists) {
        std::fprintf(stderr, "%s\n", made.error().message.c_str());
        return 1;
    }
    const auto ledger = daybook::Ledger::open({.dir = dir});
    if (!ledger) {
        std::fprintf(stderr, "%s\n", ledger.error().message.c_str());
        return 1;
    }
    // The first event of a ledger names its entity, its currency and who may act. Sending it twice changes nothing.
    const std::string answer = (*ledger)->submit_json(R"({
        "event_id": "01957000-0000-7000-8000-000000000001", "entity": 1, "actor": {"principal": 1, "role": "SYS"},
        "ledger_created": {"entity": 1, "currency": "EUR",
                           "grants": [{"principal": 1, "role": "SYS"}, {"principal": 2, "role": "HQ"}]}})");
    std::printf("%s\n", answer.c_str());

    const auto read = (*ledger)->events(0, 1, [](daybook::Position position, std::string_view event) {
        std::printf("position %lu: %zu bytes\n", static_cast<unsigned long>(position), event.size());
        return true;
    });
    return read ? 0 : 1;
}
