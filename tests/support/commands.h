// Commands of a small salon, as JSON and as encoded bytes: one site, a coordinator, a manager, and pieces that go to
// the vault and out to a case. For tests that need the engine to accept something and do not ask what.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/time.h"
#include "engine/codec/command_codec.h"
#include "engine/codec/json.h"

namespace daybook::test {

// Ids from a seed, so that a failing run can be had again.
class Ids {
public:
    explicit Ids(std::uint64_t seed) : random_(seed) {}
    std::string next() {
        char text[37];
        const std::uint64_t high = random_();
        const std::uint64_t low = random_();
        std::snprintf(text, sizeof(text), "%08x-%04x-7%03x-a%03x-%012llx", static_cast<unsigned>(high >> 32),
                      static_cast<unsigned>(high >> 16 & 0xffff), static_cast<unsigned>(high & 0xfff),
                      static_cast<unsigned>(low >> 52), static_cast<unsigned long long>(low & 0xffffffffffffULL));
        return text;
    }

private:
    std::mt19937_64 random_;
};

// Every one is legal where the name says, given the ones before it: start(), then arrive() and away() for pieces.
namespace salon {

inline constexpr int kCoordinator = 10;
inline constexpr int kWitness = 11;
inline constexpr int kManager = 12;

inline std::string envelope(const std::string& event_id, int principal, std::string_view role) {
    return R"("event_id":")" + event_id + R"(","entity":1,"site":1,"actor":{"principal":)" + std::to_string(principal) +
           R"(,"role":")" + std::string(role) + R"("})";
}
inline std::string witnessed() { return R"(,"attest":[{"principal":11,"method":"PIN"}])"; }
inline std::string lines_of(const std::vector<std::string>& items) {
    std::string out = R"(,"lines":[)";
    for (const auto& item : items) out += (out.back() == '[' ? "" : ",") + (R"({"item":")" + item + R"("})");
    return out + "]";
}

inline std::string ledger_created(const std::string& id) {
    return R"({"event_id":")" + id +
           R"(","entity":1,"actor":{"principal":1,"role":"SYS"},"ledger_created":{"entity":1,)" +
           R"("currency":"EUR","grants":[{"principal":1,"role":"SYS"},{"principal":10,"role":"OC"},)" +
           R"({"principal":12,"role":"VM"},{"principal":13,"role":"HQ"}]}})";
}
inline std::string account_opened(const std::string& id, std::string_view path) {
    return "{" + envelope(id, kManager, "VM") + R"(,"account_opened":{"account":")" + std::string(path) + R"("}})";
}
inline std::string vault_opened(const std::string& id, const std::string& session) {
    return "{" + envelope(id, kCoordinator, "OC") + R"(,"obligation_id":")" + session +
           R"(","attest":[{"principal":12,"role":"VM","method":"PIN"}],"vault_opened":{}})";
}
inline std::string registered(const std::string& id, const std::string& item, const std::string& epc) {
    return "{" + envelope(id, kCoordinator, "OC") + lines_of({item}) +
           R"(,"to":"EXT/SUPPLIER/7","item_registered":{"epc":")" + epc +
           R"(","origin":"SUPPLIER","owner":{"kind":"VENDOR","id":7},"model":"N-100","category":"RING",)" +
           R"("insured":{"minor":100000,"currency":"EUR"}}})";
}
inline std::string received(const std::string& id, const std::vector<std::string>& items) {
    return "{" + envelope(id, kCoordinator, "OC") + witnessed() + lines_of(items) +
           R"(,"to":"SITE/1/HOLD","goods_received":{"bought":true}})";
}
inline std::string inspected(const std::string& id, const std::vector<std::string>& items) {
    return "{" + envelope(id, kCoordinator, "OC") + lines_of(items) +
           R"(,"inspection_recorded":{"phase":"IN","verdict":"PASS"}})";
}
inline std::string put_away(const std::string& id, const std::vector<std::string>& items) {
    return "{" + envelope(id, kCoordinator, "OC") + lines_of(items) + R"(,"to":"SITE/1/VAULT/A","put_away":{}})";
}
inline std::string signed_out(const std::string& id, const std::string& obligation, const std::string& item) {
    return "{" + envelope(id, kCoordinator, "OC") + witnessed() + R"(,"obligation_id":")" + obligation + R"(")" +
           lines_of({item}) + R"(,"to":"SITE/1/DISPLAY/C1","signed_out":{"purpose":"DISPLAY","recipient":11}})";
}
inline std::string signed_in(const std::string& id, const std::string& item) {
    return "{" + envelope(id, kCoordinator, "OC") + witnessed() + lines_of({item}) +
           R"(,"to":"SITE/1/VAULT/A","signed_in":{}})";
}
inline std::string damaged(const std::string& id, const std::string& item) {
    return "{" + envelope(id, kCoordinator, "OC") + witnessed() + lines_of({item}) + R"(,"damage_recorded":{}})";
}
// A count of the vault, its scan, and its attestation by the coordinator and the witness.
inline std::string count_opened(const std::string& id, const std::string& count) {
    return "{" + envelope(id, kCoordinator, "OC") + R"(,"obligation_id":")" + count +
           R"(","count_opened":{"kind":"SPOT","accounts":["SITE/1/VAULT/A"]}})";
}
inline std::string closing_count_opened(const std::string& id, const std::string& count) {
    return "{" + envelope(id, kCoordinator, "OC") + R"(,"obligation_id":")" + count +
           R"(","count_opened":{"kind":"CLOSING","accounts":["SITE/1/DISPLAY/C1"]}})";
}
inline std::string vault_closed(const std::string& id, const std::string& count) {
    return "{" + envelope(id, kCoordinator, "OC") +
           R"(,"attest":[{"principal":12,"role":"VM","method":"PIN"}],"vault_closed":{"closing_count":")" + count +
           R"("}})";
}
inline std::string count_scanned(const std::string& id, const std::string& count,
                                 const std::vector<std::string>& items) {
    return "{" + envelope(id, kCoordinator, "OC") + R"(,"obligation_id":")" + count + R"(")" + lines_of(items) +
           R"(,"to":"SITE/1/VAULT/A","count_scanned":{"method":"RFID"}})";
}
inline std::string count_attested(const std::string& id, const std::string& count) {
    return "{" + envelope(id, kCoordinator, "OC") + witnessed() + R"(,"obligation_id":")" + count +
           R"(","count_attested":{}})";
}
// A command with its valid time, flagged late.
inline std::string late(Micros occurred_at, const std::string& command) {
    return R"({"occurred_at":")" + format_time(occurred_at) + R"(","late":{"flag":true,"reason":"found out later"},)" +
           command.substr(1);
}
// A correction of what the coordinator recorded; with correctives it is sent in one atomic batch with them.
inline std::string declared(const std::string& id, const std::string& target,
                            const std::vector<std::string>& correctives = {}) {
    std::string list;
    for (const auto& corrective : correctives) list += (list.empty() ? "\"" : ",\"") + corrective + "\"";
    return "{" + envelope(id, 13, "HQ") +
           R"(,"attest":[{"principal":12,"role":"VM","method":"PIN"}],"correction_declared":{"target":")" + target +
           R"(","reason":")" + (correctives.empty() ? "DID_NOT_OCCUR" : "INCORRECT_DATA") +
           R"(","correctives":[)" + list + "]}}";
}
// Touches nothing but the list of parties: always accepted.
inline std::string party(const std::string& id, std::uint64_t number) {
    return "{" + envelope(id, kCoordinator, "OC") + R"(,"party_registered":{"party":")" + std::to_string(number) +
           R"(","kind":"CLIENT"}})";
}
// The same, with a note of a given length.
inline std::string party_with_note(const std::string& id, std::uint64_t number, std::size_t bytes) {
    return "{" + envelope(id, kCoordinator, "OC") + R"(,"note":")" + std::string(bytes, 'n') +
           R"(","party_registered":{"party":")" + std::to_string(number) + R"(","kind":"CLIENT"}})";
}

// The first events of the salon.
inline std::vector<std::string> start(Ids& ids) {
    return {ledger_created(ids.next()), account_opened(ids.next(), "SITE/1/HOLD"),
            account_opened(ids.next(), "SITE/1/VAULT/A"), account_opened(ids.next(), "SITE/1/DISPLAY/C1"),
            vault_opened(ids.next(), ids.next())};
}
// Pieces from their registration to the vault.
inline std::vector<std::string> arrive(Ids& ids, const std::vector<std::string>& items) {
    std::vector<std::string> out;
    for (const auto& item : items) out.push_back(registered(ids.next(), item, "urn:epc:id:sgtin:" + item));
    out.push_back(received(ids.next(), items));
    out.push_back(inspected(ids.next(), items));
    out.push_back(put_away(ids.next(), items));
    return out;
}

}  // namespace salon

// Encoded; ends the program where the JSON is none, because then the test itself is wrong.
inline std::string encode(const std::string& json) {
    auto encoded = codec::command_from_json(json);
    if (encoded) return std::move(*encoded);
    std::fprintf(stderr, "a test's own command is malformed: %s\n%s\n", encoded.error().message.c_str(), json.c_str());
    std::abort();
}
inline void add(codec::CommandBatch& batch, const std::string& json) {
    if (const auto parsed = batch.parse(encode(json)); !parsed) {
        std::fprintf(stderr, "a test's own command is malformed: %s\n%s\n", parsed.error().message.c_str(),
                     json.c_str());
        std::abort();
    }
}
inline std::unique_ptr<codec::CommandBatch> batch_of(const std::vector<std::string>& commands) {
    auto batch = std::make_unique<codec::CommandBatch>();
    for (const auto& json : commands) add(*batch, json);
    return batch;
}

}  // namespace daybook::test
