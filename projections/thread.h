// The threads of the read models give way to those that answer.
#pragma once

namespace daybook::projections {

// The niceness of their threads: a tenth of the share of others, where every core is busy.
inline constexpr int kViewNice = 10;

// For the thread that calls it: its name, and kViewNice. Where the cores are busy, commands are answered first and the
// views fall behind, by limits::kFeedEventsMax events and a group at most: then the log writer waits for them.
void begin_view_thread(const char* name);

}  // namespace daybook::projections
