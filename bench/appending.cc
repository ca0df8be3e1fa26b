#include "bench/appending.h"

#include "bench/process.h"

namespace daybook::bench {

Round append_round(Rig& rig, RawRocksdb& floor, const std::vector<std::string>& commands) {
    Round round;
    rest();
    const Position from = rig.log().head();
    const auto groups_before = rig.engine().stats().groups;
    const double cpu_before = cpu_seconds();
    const auto begin = Steady::now();
    Batcher batcher(rig);
    for (const std::string& command : commands) batcher.add(command);
    batcher.flush();
    rig.drain();
    round.answered = seconds_since(begin);
    rig.wait_for_views();
    round.caught_up = seconds_since(begin);
    round.cpu = cpu_seconds() - cpu_before;
    round.commands = commands.size();
    round.events = static_cast<std::size_t>(rig.log().head() - from);
    round.groups = static_cast<std::size_t>(rig.engine().stats().groups - groups_before);
    rest();
    round.floor = floor.write(rig.log(), from, rig.log().head());
    return round;
}

void report_round(std::string_view name, const Round& round) {
    const auto events = static_cast<double>(round.events);
    report(name, {{"rate", events / round.answered},
                  {"floor", events / round.floor},
                  {"ratio", round.floor / round.answered},
                  {"rate_with_views", events / round.caught_up},
                  {"ratio_with_views", round.floor / round.caught_up},
                  {"cpu_us_an_event", round.cpu / events * 1e6},
                  {"events_a_group", events / static_cast<double>(round.groups)},
                  {"refused", static_cast<double>(round.commands) - events}});
}

}  // namespace daybook::bench
