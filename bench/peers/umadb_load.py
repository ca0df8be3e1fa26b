"""umadb_load.py ADDRESS EVENTS BATCH CLIENTS [TAGS]: appends events of 200 bytes, one client a thread.

With TAGS each event carries a tag out of so many (its item), which UmaDB indexes: nearer to a ledger's work. The core
of its client is Rust, which lets go of Python's lock; batches are made beforehand.
"""

import json
import os
import random
import sys
import threading
import time

import umadb

address = sys.argv[1]
events, batch, workers = (int(word) for word in sys.argv[2:5])
tags = int(sys.argv[5]) if len(sys.argv) > 5 else 0
payload = os.urandom(200)
chosen = random.Random(1)
each = [[] for _ in range(workers)]


def event():
    return umadb.Event("CustodyMoved", payload, [f"item-{chosen.randrange(tags)}"] if tags else None)


groups = [[event() for _ in range(batch)] for _ in range(100 if tags else 1)]
clients = [umadb.Client(address) for _ in range(workers)]


def work(worker):
    for first in range(worker * batch, events, workers * batch):
        group = groups[first // batch % len(groups)]
        begin = time.perf_counter()
        clients[worker].append(group)
        each[worker].append(time.perf_counter() - begin)


threads = [threading.Thread(target=work, args=(worker,)) for worker in range(workers)]
begun = time.perf_counter()
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
took = time.perf_counter() - begun
times = sorted(1e6 * seconds for some in each for seconds in some)
print(json.dumps({"name": "umadb", "work": f"a tag of {tags}" if tags else "position", "batch": batch,
                  "clients": workers, "events": events, "rate": round(events / took),
                  "p50_us": round(times[len(times) // 2]), "p99_us": round(times[len(times) * 99 // 100]),
                  "durable": True}))
