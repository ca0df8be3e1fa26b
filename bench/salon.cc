#include "bench/salon.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "engine/base/limits.h"
#include "engine/codec/json.h"
#include "engine/sequencer/unique_ids.h"
#include "projections/views.h"

namespace daybook::bench {
namespace {

// The ids that stand in a pattern's JSON until they are patched.
constexpr const char* kEvent = "11111111-1111-7111-a111-111111111111";
constexpr const char* kItem = "22222222-2222-7222-a222-222222222222";
constexpr const char* kObligation = "33333333-3333-7333-a333-333333333333";

// The workloads' own seeds begin at 2.
constexpr std::uint64_t kRegisterSeed = 0;
constexpr std::uint64_t kPutAwaySeed = 1;

std::string envelope(int principal, const char* role) {
    return std::string(R"({"event_id":")") + kEvent + R"(","entity":1,"site":1,"actor":{"principal":)" +
           std::to_string(principal) + R"(,"role":")" + role + R"("},)";
}
std::string line() { return std::string(R"("lines":[{"item":")") + kItem + R"("}],)"; }
constexpr const char* kWitness = R"("attest":[{"principal":11,"method":"PIN"}],)";

}  // namespace

const char* Ids::next() {
    static constexpr char kHex[] = "0123456789abcdef";
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < kIdChars; ++i) {
        if (i == 0 || i == 18) bits = random_();
        if (i == 0 && order_ == Order::kAscending) {
            // Twelve digits before the version, the greatest first.
            bits = 0;
            for (std::size_t digit = 0; digit < 12; ++digit) bits |= (count_ >> (4 * (11 - digit)) & 15) << (4 * digit);
            ++count_;
        }
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            text_[i] = '-';
            continue;
        }
        text_[i] = kHex[bits & 15];
        bits >>= 4;
    }
    text_[14] = '7';
    text_[19] = 'a';
    return text_;
}

Pattern::Pattern(const std::string& json) : bytes_(must(codec::command_from_json(json))) {
    event_ = places(kEvent);
    item_ = places(kItem);
    obligation_ = places(kObligation);
}

const std::string& Pattern::with(const char* event, const char* item, const char* obligation) {
    patch(event_, event);
    patch(item_, item);
    patch(obligation_, obligation);
    return bytes_;
}

std::vector<std::size_t> Pattern::places(const char* id) const {
    std::vector<std::size_t> out;
    for (auto at = bytes_.find(id); at != std::string::npos; at = bytes_.find(id, at + 1)) out.push_back(at);
    return out;
}

void Pattern::patch(const std::vector<std::size_t>& places, const char* id) {
    for (const std::size_t at : places) std::memcpy(bytes_.data() + at, id, kIdChars);
}

Pattern signed_out() {
    return Pattern(envelope(10, "OC") + kWitness + line() + R"("obligation_id":")" + kObligation +
                   R"(","to":"SITE/1/DISPLAY/C1","signed_out":{"purpose":"DISPLAY","recipient":11}})");
}
Pattern signed_in() {
    return Pattern(envelope(10, "OC") + kWitness + line() + R"("to":"SITE/1/VAULT/A","signed_in":{}})");
}

Pattern damaged_late(Micros at) {
    return Pattern(envelope(10, "OC") + kWitness + line() + R"("occurred_at":")" + format_time(at) +
                   R"(","late":{"flag":true,"reason":"found out later"},"damage_recorded":{}})");
}

std::vector<std::string> sign_outs(std::size_t count) {
    Ids ids(2);
    Pattern pattern = signed_out();
    std::vector<std::string> commands(count);
    for (std::string& command : commands) {
        const std::string event = ids.next();
        const std::string item = ids.next();
        command = pattern.with(event.c_str(), item.c_str(), ids.next());
    }
    return commands;
}

Pattern count_opened() {
    return Pattern(envelope(10, "OC") + R"("obligation_id":")" + kObligation +
                   R"(","count_opened":{"kind":"SPOT","accounts":["SITE/1/VAULT/A"]}})");
}
Pattern count_scanned(std::span<const std::string> pieces) {
    std::string lines = R"("lines":[)";
    for (const std::string& piece : pieces) {
        lines += (&piece == pieces.data() ? R"({"item":")" : R"(,{"item":")") + piece + R"("})";
    }
    return Pattern(envelope(10, "OC") + R"("obligation_id":")" + kObligation + R"(",)" + lines +
                   R"(],"to":"SITE/1/VAULT/A","count_scanned":{"method":"RFID"}})");
}
Pattern count_attested() {
    return Pattern(envelope(10, "OC") + kWitness + R"("obligation_id":")" + kObligation + R"(","count_attested":{}})");
}

Rig::Rig(const std::filesystem::path& dir, bool views, Refusals refusals) : refusals_(refusals) {
    must(Ledger::create(dir));
    if (views) {
        ledger_ = must(Ledger::open({.dir = dir}));
        return;
    }
    log::Options options;
    options.dir = dir;
    options.ids_of = sequencer::unique_ids_of;
    log_ = must(log::EventLog::open(options));
    sequencer::Options sequencing;
    sequencing.runner = sequencer::Feed::Runner::kNone;
    sequencer_ = must(sequencer::Sequencer::start(*log_, std::make_unique<custody::Books>(), system_clock(),
                                                  sequencing));
}

Rig::~Rig() {
    if (sequencer_) static_cast<void>(sequencer_->stop());
}

void Rig::wait_for_views() {
    if (ledger_ && !ledger_->wait_for(log().head(), after(std::chrono::minutes(10)))) give_up("the views lag");
}

void Rig::send(std::unique_ptr<codec::CommandBatch> batch) {
    {
        std::unique_lock lock(mutex_);
        answered_.wait(lock, [&] { return in_flight_ < kInFlight; });
        ++in_flight_;
    }
    engine().submit(std::move(batch), sequencer::Mode::kIndependent,
                    [this](const std::vector<sequencer::Answer>& answers) { take(answers); });
}

void Rig::drain() {
    std::unique_lock lock(mutex_);
    answered_.wait(lock, [&] { return in_flight_ == 0; });
}

void Rig::close() {
    drain();
    if (ledger_) return must(ledger_->close(after(std::chrono::minutes(10))));
    must(sequencer_->stop());
    must(log_->close());
}

void Rig::take(const std::vector<sequencer::Answer>& answers) {
    for (const auto& answer : answers) {
        if (answer.refusal && refusals_ == Refusals::kCounted) continue;
        if (!answer.accepted()) give_up(answer.refusal ? answer.refusal->message : answer.error->message);
    }
    // Under the lock, so that a rig whose last answer has come can go.
    const std::lock_guard lock(mutex_);
    --in_flight_;
    answered_.notify_one();
}

void Batcher::add(const std::string& encoded) {
    if (!batch_) batch_ = std::make_unique<codec::CommandBatch>();
    // A malformed command is refused before the queue, as a door would refuse it.
    const auto parsed = batch_->parse(encoded);
    if (!parsed && rig_.refusals() == Rig::Refusals::kNone) give_up(parsed.error().message);
    if (batch_->size() == kBatch || batch_->bytes() > limits::kBatchBytesMax / 2) flush();
}

void Batcher::flush() {
    if (batch_) rig_.send(std::move(batch_));
}

Pieces register_pieces(Rig& rig, std::size_t count) {
    Ids ids(kRegisterSeed);
    Batcher batcher(rig);
    const auto once = [&](const std::string& json) { batcher.add(Pattern(json).with(ids.next(), kItem, kObligation)); };
    once(std::string(R"({"event_id":")") + kEvent +
         R"(","entity":1,"actor":{"principal":1,"role":"SYS"},"ledger_created":{"entity":1,"currency":"EUR","grants":[)"
         R"({"principal":1,"role":"SYS"},{"principal":10,"role":"OC"},{"principal":12,"role":"VM"}]}})");
    for (const char* account : {"SITE/1/HOLD", "SITE/1/VAULT/A", "SITE/1/DISPLAY/C1"}) {
        once(envelope(12, "VM") + R"("account_opened":{"account":")" + account + R"("}})");
    }
    once(envelope(10, "OC") + R"("obligation_id":")" + kObligation +
         R"(","attest":[{"principal":12,"role":"VM","method":"PIN"}],"vault_opened":{}})");

    Pieces pieces;
    Pattern registered(envelope(10, "OC") + line() + R"("to":"EXT/SUPPLIER/7","item_registered":{"epc":"urn:uuid:)" +
                       kItem + R"(","origin":"SUPPLIER","owner":{"kind":"VENDOR","id":7},"model":"N-100",)" +
                       R"("category":"RING","insured":{"minor":100000,"currency":"EUR"}}})");
    pieces.out.resize(count);
    pieces.ids.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        pieces.ids.emplace_back(ids.next());
        batcher.add(registered.with(ids.next(), pieces.ids.back().c_str(), kObligation));
    }
    batcher.flush();
    rig.drain();
    return pieces;
}

Pieces furnish(Rig& rig, std::size_t count) {
    Pieces pieces = register_pieces(rig, count);
    Ids ids(kPutAwaySeed);
    Batcher batcher(rig);
    const auto once = [&](const std::string& json) { batcher.add(Pattern(json).with(ids.next(), kItem, kObligation)); };
    for (std::size_t from = 0; from < count; from += kBatch) {
        std::string lines = R"("lines":[)";
        for (std::size_t i = from; i < std::min(count, from + kBatch); ++i) {
            lines += (i == from ? R"({"item":")" : R"(,{"item":")") + pieces.ids[i] + R"("})";
        }
        lines += "],";
        once(envelope(10, "OC") + kWitness + lines + R"("to":"SITE/1/HOLD","goods_received":{"bought":true}})");
        once(envelope(10, "OC") + lines + R"("inspection_recorded":{"phase":"IN","verdict":"PASS"}})");
        once(envelope(10, "OC") + lines + R"("to":"SITE/1/VAULT/A","put_away":{}})");
    }
    batcher.flush();
    rig.drain();
    rig.wait_for_views();
    return pieces;
}

Pieces pieces_in_vault(Rig& rig) {
    projections::Page page;
    page.rows_max = limits::kPageRowsMax;
    const auto rows = must(rig.views().account(*custody::AccountId::parse("SITE/1/VAULT/A"), page)).rows;
    Pieces pieces;
    for (const auto& row : rows) pieces.ids.push_back(row.item.text());
    pieces.out.resize(rows.size());
    return pieces;
}

const std::string& Moves::next() {
    const std::size_t piece = random_() % pieces_.ids.size();
    const std::string obligation = ids_.next();
    Pattern& pattern = pieces_.out[piece] ? in_ : out_;
    pieces_.out[piece] = !pieces_.out[piece];
    return pattern.with(ids_.next(), pieces_.ids[piece].c_str(), obligation.c_str());
}

}  // namespace daybook::bench
