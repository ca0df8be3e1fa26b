// Stored events out of thin air, and a source of them: the same position is the same event in every process, so that a
// publisher that was killed can be followed by one that knows nothing but the numbers.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <string>
#include <vector>

#include "engine/crypto/digest.h"
#include "engine/stream/source.h"
#include "schemas/daybook/v1/event.pb.h"

namespace daybook::test {

inline std::string made_uuid(std::uint64_t kind, std::uint64_t number) {
    char text[48];
    std::snprintf(text, sizeof(text), "%08llx-0000-7000-8000-%012llx", static_cast<unsigned long long>(kind),
                  static_cast<unsigned long long>(number));
    return text;
}
inline std::string made_item(std::uint64_t number) { return made_uuid(1, number); }

// What the events are made of. Every tenth has three pieces, every twenty-fifth none (the vault of a site opens), and
// positions 30 to 34 of every hundred are one atomic batch. Every seventh piece is moved out of the world and back.
struct MadeEvents {
    std::uint64_t items = 50;
    Micros first_at = 1'700'000'000 * kSecond;
    // Every so many positions the event is of a piece that has no other, so that what is lost of it is lost for good.
    // 0: none.
    Position lone_every = 0;

    static constexpr std::uint64_t kFirstLone = 1'000'000'000;  // number of a lone piece, less its position

    [[nodiscard]] std::vector<std::uint64_t> items_of(Position position) const {
        if (position % 25 == 24) return {};
        if (position % 10 == 9) return {position % items, (position + 1) % items, (position + 7) % items};
        if (lone_every > 0 && position % lone_every == 0) return {kFirstLone + position};
        return {position % items};
    }
    // Whether the event moves the piece out of the world.
    [[nodiscard]] bool goes(std::uint64_t number, Position position) const {
        return number % 7 == 0 && position / items % 2 == 1;
    }
    [[nodiscard]] Position batch_last(Position position) const {
        const Position in_hundred = position % 100;
        return in_hundred >= 30 && in_hundred <= 34 ? position - in_hundred + 34 : position;
    }
    [[nodiscard]] v1::Event message(Position position) const {
        v1::Event event;
        event.set_position(position);
        event.set_batch_last(batch_last(position));
        const Micros at = first_at + static_cast<Micros>(position) * 1000;
        event.mutable_recorded_at()->set_seconds(at / kSecond);
        event.mutable_recorded_at()->set_nanos(static_cast<std::int32_t>(at % kSecond) * 1000);
        *event.mutable_occurred_at() = event.recorded_at();
        v1::Command& command = *event.mutable_command();
        command.set_event_id(made_uuid(2, position));
        command.set_entity(1);
        command.set_site(1);
        command.mutable_actor()->set_principal(10);
        command.mutable_actor()->set_role(v1::Role::OC);
        const auto pieces = items_of(position);
        if (pieces.empty()) {
            command.mutable_vault_opened();
            return event;
        }
        command.mutable_relocated();
        command.set_to("SITE/1/VAULT/A-01");
        for (const std::uint64_t item : pieces) {
            command.add_lines()->set_item(made_item(item));
            v1::EventLine& line = *event.add_lines();
            line.set_from("SITE/1/VAULT/A-02");
            line.set_to(goes(item, position) ? "GONE" : "SITE/1/VAULT/A-01");
        }
        return event;
    }
    [[nodiscard]] std::string stored(Position position) const { return message(position).SerializeAsString(); }
};

// A ledger of made events that grows when told. Threads: any.
class MadeSource : public stream::Source {
public:
    explicit MadeSource(Position head, MadeEvents events = {}) : events_(events), head_(head) {}

    void grow_to(Position head) {
        {
            const std::lock_guard lock(mutex_);
            head_ = head;
        }
        grew_.notify_all();
    }
    // From here on this is another history than before.
    void fork() { forked_ = true; }

    [[nodiscard]] Position head() const override {
        const std::lock_guard lock(mutex_);
        return head_;
    }
    [[nodiscard]] Position wait_past(Position seen, Deadline deadline) const override {
        std::unique_lock lock(mutex_);
        grew_.wait_until(lock, deadline, [&] { return head_ > seen; });
        return head_;
    }
    [[nodiscard]] Result<void> read(Position from, Position to, const Visit& visit) const override {
        const Position end = std::min(to, head());
        for (Position position = from; position < end; ++position) {
            if (!visit(position, events_.stored(position))) break;
        }
        return {};
    }
    [[nodiscard]] Result<Hash> root(Position size) const override {
        return sha256((forked_ ? "other root " : "root ") + std::to_string(size));
    }
    [[nodiscard]] const MadeEvents& events() const { return events_; }

private:
    const MadeEvents events_;
    mutable std::mutex mutex_;
    mutable std::condition_variable grew_;
    Position head_;
    bool forked_ = false;
};

}  // namespace daybook::test
