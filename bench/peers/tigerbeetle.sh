#!/bin/bash
# TigerBeetle's own benchmark, where its program is found on the path: transfers of 128 bytes between 10,000 accounts,
# data file opened with O_DIRECT and O_DSYNC. Once with its ascending ids, once with random ones, as Daybook promises.
#     tigerbeetle.sh install|run
. "$(dirname "$0")/lib.sh"
D=$WORK/tigerbeetle
mkdir -p "$D"
if ! command -v tigerbeetle > /dev/null; then
    echo "tigerbeetle is not on the path, and no registry has it: skipped" >&2
    exit 0
fi
# bench WORK BATCH CLIENTS TRANSFERS arguments…
bench() {
    local work=$1 batch=$2 clients=$3 transfers=$4; shift 4
    (cd "$D" && tigerbeetle benchmark --transfer-count="$transfers" --transfer-batch-size="$batch" \
        --clients="$clients" "$@" > out 2>&1) || { cat "$D/out" >&2; return 1; }
    awk -v work="$work" -v batch="$batch" -v clients="$clients" -v events="$transfers" '
        /load accepted/ { rate = $(NF - 1) }
        /batch latency p50|latency p50/ { p50 = $(NF - 1) * 1000 }
        /batch latency p99 |latency p99 / { p99 = $(NF - 1) * 1000 }
        END { printf "{\"name\": \"tigerbeetle\", \"work\": \"%s\", ", work
              printf "\"batch\": %d, \"clients\": %d, ", batch, clients
              printf "\"events\": %d, ", events
              printf "\"rate\": %d, \"p50_us\": %d, \"p99_us\": %d, \"durable\": true}\n", rate, p50, p99 }' "$D/out"
}
case ${1:-} in
install) tigerbeetle version ;;
run)
    bench "ascending ids" 1000 8 1000000 --id-order=sequential
    bench "random ids" 1000 8 1000000 --id-order=random
    bench "ascending ids" 8189 1 2000000 --id-order=sequential
    bench "ascending ids" 1 16 20000 --id-order=sequential ;;
*) usage ;;
esac
