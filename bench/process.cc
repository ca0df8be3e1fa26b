#include "bench/process.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "bench/harness.h"

namespace daybook::bench {

double cpu_seconds() {
    rusage used{};
    if (::getrusage(RUSAGE_SELF, &used) != 0) give_up("no processor time");
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

void rest() {
    constexpr double kLook = 0.1;
    constexpr double kIdle = 0.05;
    const auto begin = Steady::now();
    while (seconds_since(begin) < 60) {
        const double before = cpu_seconds();
        std::this_thread::sleep_for(std::chrono::duration<double>(kLook));
        if (cpu_seconds() - before < kLook * kIdle) return;
    }
}

double in_child(const std::function<double()>& measure) {
    int ends[2];
    if (::pipe(ends) != 0) give_up("no pipe");
    const pid_t child = ::fork();
    if (child < 0) give_up("no process");
    if (child == 0) {
        const double value = measure();
        std::_Exit(::write(ends[1], &value, sizeof(value)) == sizeof(value) ? 0 : 1);
    }
    ::close(ends[1]);
    double value = 0;
    const bool came = ::read(ends[0], &value, sizeof(value)) == sizeof(value);
    ::close(ends[0]);
    int status = 0;
    if (::waitpid(child, &status, 0) != child || status != 0 || !came) give_up("a measurement failed");
    return value;
}

void die_in_child(const std::function<void()>& act) {
    const pid_t child = ::fork();
    if (child < 0) give_up("no process");
    if (child == 0) {
        act();
        std::_Exit(1);
    }
    int status = 0;
    if (::waitpid(child, &status, 0) != child) give_up("a process is lost");
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) give_up("a process did not die as it should");
}

}  // namespace daybook::bench
