"""What bench/run can measure, one entry a workload; README.md says what each means.

run         the program below <build>/bench and its arguments; {dir} is an empty directory, {ledger} a prepared one,
            {broker} the address of a Kafka broker
full …      further arguments for a figure, for a look (--quick), for large data (--long; as `full` where it is left
            out), and for a test that it runs at all (--tiny)
repeat      how many times the program is started, where that is not once
unit        of "rate"; floor_unit of "floor", and what the floor is
by_name     not part of `all`
"""

SIZES = ("full", "quick", "long", "tiny")

# The prepared ledger: pieces, and 1-line events after they were put away.
PREPARED = {"full": (1_000_000, 3_000_000), "quick": (100_000, 600_000), "long": (1_000_000, 10_000_000),
            "tiny": (200, 1_000)}

SAME_BYTES = "raw RocksDB: same bytes, blocks, groups and syncs"
FIVE, THREE, TWO = ["--rounds", "5"], ["--rounds", "3"], ["--rounds", "2"]

APPEND_SIZES = {
    "full": ["--items", "1000000", "--events", "5000000", *FIVE],
    "quick": ["--items", "100000", "--events", "600000", *THREE],
    "tiny": ["--items", "200", "--events", "2000", *TWO],
}

WORKLOADS = {
    "append": {
        "run": ["batches", "--dir", "{dir}"], **APPEND_SIZES,
        "unit": "events/s", "floor_unit": "events/s", "floor_is": SAME_BYTES},
    "append-ascending": {
        "run": ["batches", "--ascending", "--dir", "{dir}"], **APPEND_SIZES,
        "unit": "events/s", "floor_unit": "events/s", "floor_is": SAME_BYTES},
    "append-mixed": {
        "run": ["append_mixed", "--dir", "{dir}"],
        "full": ["--sites", "40", "--items", "200000", "--days", "10", *FIVE],
        "quick": ["--sites", "10", "--items", "30000", "--days", "5", *THREE],
        "tiny": ["--sites", "1", "--items", "60", "--days", "1", *TWO],
        "unit": "events/s", "floor_unit": "events/s", "floor_is": SAME_BYTES},
    "single": {
        "run": ["single", "--dir", "{dir}"],
        "full": ["--items", "100000", "--events", "160000", *FIVE],
        "quick": ["--items", "20000", "--events", "24000", *THREE],
        "tiny": ["--items", "64", "--events", "256", *TWO],
        "unit": "events/s", "floor_unit": "us", "floor_is": "median fdatasync; the ratios are p50 and p99 to it"},
    "counts": {
        "run": ["counts", "--dir", "{dir}"],
        "full": ["--items", "50000", "--counts", "10", *FIVE],
        "quick": ["--items", "20000", "--counts", "10", *THREE],
        "tiny": ["--items", "200", "--counts", "2", *TWO],
        "unit": "lines/s", "floor_unit": "lines/s", "floor_is": SAME_BYTES},
    "parse": {
        "run": ["parse"],
        "full": ["--events", "500000", *FIVE], "quick": ["--events", "100000", *THREE],
        "tiny": ["--events", "1000", *TWO],
        "unit": "commands/s", "floor_unit": "commands/s", "floor_is": "protobuf's generated parser, nothing checked"},
    "replay": {
        "run": ["replay", "--ledger", "{ledger}", "--dir", "{dir}"], "full": FIVE, "quick": THREE, "tiny": TWO,
        "unit": "events/s", "floor_unit": "events/s", "floor_is": "reading and SHA-256 of the same bytes"},
    "rebuild": {
        "run": ["rebuild", "--ledger", "{ledger}"], "full": FIVE, "quick": THREE, "tiny": TWO,
        "unit": "events/s", "floor_unit": "events/s", "floor_is": "replay with full verification"},
    "custody": {
        "run": ["custody", "--dir", "{dir}"],
        "full": ["--items", "1000000", "--events", "2500000", *FIVE],
        "quick": ["--items", "100000", "--events", "600000", *THREE],
        "tiny": ["--items", "200", "--events", "2000", *TWO],
        "unit": "us (p99)", "floor_unit": "us", "floor_is": "the goal; lower is better"},
    "account-at": {
        "run": ["past", "account", "--dir", "{dir}"],
        "full": ["--events", "1000000", *FIVE], "quick": ["--events", "200000", *THREE],
        "long": ["--events", "10000000", *FIVE],
        "tiny": ["--pieces", "100", "--events", "2000", "--asks", "10", *TWO],
        "unit": "ms", "floor_unit": "ms", "floor_is": "the same account as it is now; lower is better"},
    "chain": {
        "run": ["past", "chain", "--dir", "{dir}"],
        "full": ["--events", "1000000", *FIVE], "quick": ["--events", "200000", *THREE],
        "long": ["--events", "10000000", *FIVE],
        "tiny": ["--pieces", "100", "--chain", "50", "--events", "2000", "--asks", "10", *TWO],
        "unit": "ms", "floor_unit": "ms", "floor_is": "reading the piece's history; lower is better"},
    "late": {
        "run": ["past", "late", "--dir", "{dir}"],
        "full": ["--events", "1000000", *FIVE], "quick": ["--events", "100000", *THREE],
        "long": ["--events", "10000000", *FIVE],
        "tiny": ["--pieces", "100", "--chain", "50", "--events", "2000", "--asks", "20", *TWO],
        "unit": "ms", "floor_unit": "ms", "floor_is": "the same commands with nothing beside them; lower is better"},
    "usual": {
        "run": ["past", "usual", "--dir", "{dir}"],
        "full": ["--events", "1000000", *FIVE], "quick": ["--events", "200000", *THREE],
        "long": ["--events", "10000000", *FIVE],
        "tiny": ["--pieces", "100", "--chain", "50", "--events", "2000", "--asks", "2000", *TWO],
        "unit": "µs/event", "floor_unit": "µs/event",
        "floor_is": "the same of pieces with short chains; lower is better"},
    "memory": {
        "run": ["memory", "--dir", "{dir}"], "repeat": {"full": 5, "long": 5},
        "full": ["--items", "1000000"], "quick": ["--items", "300000"], "tiny": ["--items", "200"],
        "unit": "bytes/piece", "floor_unit": "bytes/piece", "floor_is": "the piece's own entry in the books"},
    "disk": {
        "run": ["disk", "--ledger", "{ledger}"], "full": [], "quick": [], "tiny": [],
        "unit": "bytes/event", "floor_unit": "bytes/event", "floor_is": "the events' own bytes"},
    # Behind those that read the prepared ledger: it appends to it.
    "start": {
        "run": ["start", "--ledger", "{ledger}"],
        "full": FIVE, "quick": ["--dies-after", "50000", *THREE], "tiny": ["--dies-after", "3000", *TWO],
        "unit": "s", "floor_unit": "s", "floor_is": "the goal for a clean start; lower is better"},
    "stream": {
        "run": ["stream", "--ledger", "{ledger}", "--dir", "{dir}", "--bootstrap", "{broker}"],
        "full": ["--events", "300000", "--live", "3000", "--full", "300000", *FIVE],
        "quick": ["--events", "50000", "--live", "500", "--full", "30000", *TWO],
        "tiny": ["--events", "500", "--live", "20", "--full", "1000", "--rounds", "1"],
        "unit": "events/s", "floor_unit": "events/s",
        "floor_is": "librdkafka alone, the same records in as many transactions"},
    "scale": {
        "run": ["scale", "--dir", "{dir}"], "by_name": True,
        "full": ["--items", "1000000", "--window", "1000000", "--sizes", "1000000,10000000"],
        "quick": ["--items", "100000", "--window", "200000", "--sizes", "200000,1000000"],
        "long": ["--items", "1000000", "--window", "1000000", "--sizes", "1000000,10000000,100000000"],
        "tiny": ["--items", "200", "--window", "1000", "--sizes", "1000,3000"], "each": "events",
        "unit": "events/s", "floor_unit": "events/s", "floor_is": "the first size"},
}

PROGRAMS = sorted({workload["run"][0] for workload in WORKLOADS.values()} | {"prepare"})
