#!/bin/bash
# immudb 1.11.1, embedded and as a server, synced (its default), from the Go proxy.   immudb.sh install|run|check
. "$(dirname "$0")/lib.sh"
D=$WORK/goload
mkdir -p "$D"
start() {
    rm -rf "$D/data"
    PORT=$(free_port)
    "$D/immudb-server" --dir "$D/data" --address 127.0.0.1 --port "$PORT" --pgsql-server=false --metrics-server=false \
        --web-server=false > "$D/log" 2>&1 & SERVER=$!
    wait_port "$PORT"
}
stop() { stop_server; rm -rf "$D/data"; }
embedded() { rm -rf "$D/store"; "$D/goload" immudb-embedded "$D/store" "$@"; rm -rf "$D/store"; }
case ${1:-} in
install)
    need go golang-go
    cp "$HERE/goload/main.go" "$HERE/goload/go.mod" "$D"
    cd "$D"
    go mod tidy
    go build -o goload .
    go get -tool github.com/codenotary/immudb/cmd/immudb@v1.11.1
    go build -o immudb-server github.com/codenotary/immudb/cmd/immudb ;;
check) start; count_syncs "$SERVER" "$D/goload" immudb "$PORT" 50 1 1; stop ;;
run)
    embedded "${EVENTS:-1000000}" 1000 8
    embedded "${SINGLES:-8000}" 1 16
    IMMUDB_SYNC_MS=1 embedded "${SINGLES:-8000}" 1 16
    start; "$D/goload" immudb "$PORT" "${EVENTS:-1000000}" 1000 8; stop
    start; "$D/goload" immudb "$PORT" "${SINGLES:-8000}" 1 16; stop ;;
*) usage ;;
esac
