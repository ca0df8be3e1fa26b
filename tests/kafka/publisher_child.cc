// A publisher to be killed, stopped and fenced:
//
//     publisher_child <bootstrap> <ledger> <head file> <until> [name=value ...]
//
// Publishes made events, every fourth of a lone piece, and their state, below the number that the head file holds (8
// bytes, this machine's order; whoever starts the child lets it grow). Says on standard output, a line each: "next
// <position>" when it has moved, "state <state> <last error>" when that has changed. Ends with 0 when it has published
// `until` events.
//
// takeover=, retry_max=, doubt=, transaction_timeout= are milliseconds; partitions=, replicas=, retention= as
// stream::Options has them; point= is one of points.h; everything else is a setting of the client.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "engine/stream/publisher.h"
#include "tests/kafka/points.h"
#include "tests/support/made_state.h"

namespace daybook {
namespace {

using std::chrono::milliseconds;

// The head is in memory that others share, so that of two publishers neither is behind the other.
class SharedSource : public test::MadeSource {
public:
    explicit SharedSource(const std::uint64_t* head) : MadeSource(0, {.lone_every = 4}), head_(head) {}
    [[nodiscard]] Position head() const override { return __atomic_load_n(head_, __ATOMIC_ACQUIRE); }
    [[nodiscard]] Position wait_past(Position seen, Deadline deadline) const override {
        while (head() <= seen && std::chrono::steady_clock::now() < deadline)
            std::this_thread::sleep_for(milliseconds(1));
        return head();
    }

private:
    const std::uint64_t* const head_;
};

const std::uint64_t* shared_number(const char* path) {
    const int file = ::open(path, O_RDONLY | O_CLOEXEC);
    void* const mapped = file < 0 ? MAP_FAILED : ::mmap(nullptr, sizeof(std::uint64_t), PROT_READ, MAP_SHARED, file, 0);
    if (mapped == MAP_FAILED) {
        std::perror(path);
        std::exit(2);
    }
    ::close(file);
    return static_cast<const std::uint64_t*>(mapped);
}

bool set(stream::Options& options, const std::string& name, const std::string& value) {
    const auto number = std::strtoll(value.c_str(), nullptr, 10);
    if (name == "takeover") {
        options.takeover_after = milliseconds(number);
    } else if (name == "retry_max") {
        options.retry_max = milliseconds(number);
    } else if (name == "doubt") {
        options.doubt = milliseconds(number);
    } else if (name == "transaction_timeout") {
        options.transaction_timeout = milliseconds(number);
    } else if (name == "partitions") {
        options.partitions = static_cast<std::uint32_t>(number);
    } else if (name == "replicas") {
        options.replicas = static_cast<int>(number);
    } else if (name == "retention") {
        options.retention_ms = number;
    } else if (name == "point") {
        return test::arm(value);
    } else {
        options.client.emplace_back(name, value);
    }
    return true;
}

void say(const stream::Status& now, Position& next, std::string& state) {
    const std::string about = std::string(to_string(now.state)) + " " + now.last_error;
    if (about != state) std::printf("state %s\n", about.c_str());
    state = about;
    if (now.next && *now.next != next) std::printf("next %llu\n", static_cast<unsigned long long>(*now.next));
    next = now.next.value_or(next);
    if (now.repaired > 0) std::printf("repaired %llu\n", static_cast<unsigned long long>(now.repaired));
    std::fflush(stdout);
}

int run(int count, char** arguments) {
    if (count < 5) return 2;
    const auto ledger = LedgerId::parse(arguments[2]);
    if (!ledger) return 2;
    const SharedSource source(shared_number(arguments[3]));
    const Position until = std::strtoull(arguments[4], nullptr, 10);
    stream::Options options;
    options.bootstrap = arguments[1];
    options.partitions = 4;
    options.retry_max = milliseconds(500);
    const test::MadeState made(source);
    options.state = &made;
    for (int i = 5; i < count; ++i) {
        const char* const equals = std::strchr(arguments[i], '=');
        if (equals == nullptr) return 2;
        if (!set(options, {arguments[i], static_cast<std::size_t>(equals - arguments[i])}, equals + 1)) return 2;
    }
    options.say = [](stream::Options::Severity, std::string_view text) {
        std::fprintf(stderr, "child %d: %.*s\n", ::getpid(), static_cast<int>(text.size()), text.data());
    };
    auto publisher = stream::Publisher::start(source, *ledger, options);
    if (!publisher) return 2;
    Position next = 0;
    std::string state;
    while (next < until) {
        static_cast<void>((*publisher)->wait_published(next + 1, after(milliseconds(20))));
        say((*publisher)->status(), next, state);
    }
    (*publisher)->stop(after(std::chrono::seconds(10)));
    return 0;
}

}  // namespace
}  // namespace daybook

int main(int count, char** arguments) { return daybook::run(count, arguments); }
