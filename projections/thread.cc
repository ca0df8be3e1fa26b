#include "projections/thread.h"

#include <pthread.h>
#include <sys/resource.h>

namespace daybook::projections {

void begin_view_thread(const char* name) {
    pthread_setname_np(pthread_self(), name);
    // Linux's niceness is a thread's own, and 0 means the caller. Where a sandbox refuses it the thread goes on as it
    // is: that costs answering some speed and nothing else.
    static_cast<void>(::setpriority(PRIO_PROCESS, 0, kViewNice));
}

}  // namespace daybook::projections
