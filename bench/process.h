// Processes of a workload: their processor time, and children of their own.
#pragma once

#include <functional>

namespace daybook::bench {

// Processor seconds that this process has used, all threads together.
double cpu_seconds();

// Waits until this process does next to nothing, a minute at most: what an engine or a floor has put off (settling,
// flushing, compaction) is not to be done at the expense of what is measured next.
void rest();

// Runs `measure` in a process of its own, so that no measurement sees another's memory, and returns its result. To be
// called while this process has no other threads.
double in_child(const std::function<double()>& measure);
// Runs `act` in a process of its own, which must end by SIGKILL.
void die_in_child(const std::function<void()>& act);

}  // namespace daybook::bench
