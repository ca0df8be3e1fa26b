#include "tests/kafka/points.h"

#include <librdkafka/rdkafka.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string_view>
#include <thread>
#include <vector>

// What the linker calls the functions that the publisher would have called.
extern "C" {
rd_kafka_error_t* __real_rd_kafka_begin_transaction(rd_kafka_t* client);
rd_kafka_error_t* __real_rd_kafka_commit_transaction(rd_kafka_t* client, int timeout_ms);
rd_kafka_resp_err_t __real_rd_kafka_flush(rd_kafka_t* client, int timeout_ms);
rd_kafka_headers_t* __real_rd_kafka_headers_new(std::size_t initial_count);
rd_kafka_error_t* __wrap_rd_kafka_begin_transaction(rd_kafka_t* client);
rd_kafka_error_t* __wrap_rd_kafka_commit_transaction(rd_kafka_t* client, int timeout_ms);
rd_kafka_resp_err_t __wrap_rd_kafka_flush(rd_kafka_t* client, int timeout_ms);
rd_kafka_headers_t* __wrap_rd_kafka_headers_new(std::size_t initial_count);
}

namespace daybook::test {
namespace {

constexpr int kSomeRecords = 200;
constexpr int kFlushMs = 10'000;

// Armed before the publisher starts; the rest is the term's own thread.
struct Armed {
    std::string point;
    int transaction = 0;
    std::string action;
    int microseconds = 0;

    int begun = 0;  // transactions
    int flushed = 0;
    int records = 0;
    rd_kafka_t* client = nullptr;
};
Armed armed;

bool at(std::string_view point) {
    if (armed.point != point) return false;
    return armed.action == "tell" ? armed.begun >= armed.transaction : armed.begun == armed.transaction;
}

void act() {
    if (armed.action == "tell") {
        std::printf("point\n");
        std::fflush(stdout);
        return;
    }
    const std::string action = armed.action;
    armed.point.clear();
    // To this thread: a stop sent to the process is taken up by any of its threads, and this one goes on until then.
    static_cast<void>(std::raise(action == "kill" ? SIGKILL : SIGSTOP));
}

void act_in_a_while() {
    const std::string action = armed.action;
    const int wait = armed.microseconds;
    armed.point.clear();
    // Nobody joins it: it ends the process, or stops it.
    static auto* const left = new std::vector<std::thread>();
    left->emplace_back([action, wait] {
        std::this_thread::sleep_for(std::chrono::microseconds(wait));
        ::kill(::getpid(), action == "kill" ? SIGKILL : SIGSTOP);
    });
}

}  // namespace

bool arm(const std::string& what) {
    std::istringstream parts(what);
    std::string transaction, microseconds;
    std::getline(parts, armed.point, ':');
    std::getline(parts, transaction, ':');
    std::getline(parts, armed.action, ':');
    std::getline(parts, microseconds, ':');
    armed.transaction = std::atoi(transaction.c_str());
    armed.microseconds = std::atoi(microseconds.c_str());
    constexpr std::string_view kPoints = " begun produced flushed written committing committed next ";
    return kPoints.find(" " + armed.point + " ") != std::string_view::npos && armed.transaction > 0 &&
           (armed.action == "kill" || armed.action == "stop" || armed.action == "tell");
}

}  // namespace daybook::test

using daybook::test::act;
using daybook::test::armed;
using daybook::test::at;

rd_kafka_error_t* __wrap_rd_kafka_begin_transaction(rd_kafka_t* client) {
    if (at("next")) act();
    ++armed.begun;
    armed.flushed = 0;
    armed.records = 0;
    armed.client = client;
    rd_kafka_error_t* const error = __real_rd_kafka_begin_transaction(client);
    if (at("begun")) act();
    return error;
}

rd_kafka_headers_t* __wrap_rd_kafka_headers_new(std::size_t initial_count) {
    if (at("produced") && ++armed.records > daybook::test::kSomeRecords) {
        __real_rd_kafka_flush(armed.client, daybook::test::kFlushMs);
        act();
    }
    return __real_rd_kafka_headers_new(initial_count);
}

rd_kafka_resp_err_t __wrap_rd_kafka_flush(rd_kafka_t* client, int timeout_ms) {
    const rd_kafka_resp_err_t error = __real_rd_kafka_flush(client, timeout_ms);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return error;
    ++armed.flushed;
    if (armed.flushed == 1 && (at("flushed") || at("produced"))) act();
    if (armed.flushed == 2 && at("written")) act();
    return error;
}

rd_kafka_error_t* __wrap_rd_kafka_commit_transaction(rd_kafka_t* client, int timeout_ms) {
    if (at("committing")) {
        if (armed.microseconds > 0) {
            daybook::test::act_in_a_while();
        } else {
            act();
        }
    }
    rd_kafka_error_t* const error = __real_rd_kafka_commit_transaction(client, timeout_ms);
    if (at("committed")) act();
    return error;
}
