// Named moments in the life of a transaction at which a publisher is killed or stopped. They sit between the
// publisher and librdkafka, where the linker puts them (--wrap), so that the publisher itself knows nothing of them.
#pragma once

#include <string>

namespace daybook::test {

// "<point>:<transaction>:<kill|stop|tell>[:<microseconds>]". Transactions count from 1, the claim of the term. Points:
//   begun      begin_transaction has returned
//   produced   200 records are with the broker, or all where there are fewer, and more may follow
//   flushed    every event is acknowledged, the cursor does not exist yet
//   written    the cursor is acknowledged as well
//   committing commit_transaction was called; so many microseconds ago, if those are given
//   committed  commit_transaction has returned
//   next       the next begin_transaction is about to be called
// `kill` is signal 9 to oneself, `stop` is SIGSTOP, `tell` says "point" on standard output, then and in
// every transaction after it, and goes on. False: unknown.
bool arm(const std::string& what);

}  // namespace daybook::test
