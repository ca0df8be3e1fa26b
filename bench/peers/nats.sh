#!/bin/bash
# NATS JetStream 2.14.5, file storage, one replica, from the Go module proxy.     nats.sh install|run|check
# sync_interval: always, a sync before the answer; its default (2 minutes) answers before anything is on disk.
. "$(dirname "$0")/lib.sh"
D=$WORK/nats
LOAD=$WORK/goload/goload
mkdir -p "$D"
start() {
    rm -rf "$D/js"
    PORT=$(free_port)
    cat > "$D/conf" <<C
listen: 127.0.0.1:$PORT
max_payload: 8MB
jetstream { store_dir: "$D/js", sync_interval: always, max_file_store: 20GB }
C
    "$D/nats-server" -c "$D/conf" -l "$D/log" & SERVER=$!
    wait_port "$PORT"
}
stop() { stop_server; rm -rf "$D/js"; }
case ${1:-} in
install)
    need go golang-go
    [ -x "$D/nats-server" ] || GOBIN=$D go install github.com/nats-io/nats-server/v2@v2.14.5
    [ -x "$LOAD" ] || "$HERE/immudb.sh" install ;;
check) start; count_syncs "$SERVER" "$LOAD" nats-one "127.0.0.1:$PORT" 400 1 1; stop ;;
run)
    start; "$LOAD" nats-atomic "127.0.0.1:$PORT" "${EVENTS:-100000}" 1000 8; stop
    start; "$LOAD" nats-one "127.0.0.1:$PORT" "${SINGLES:-20000}" 1 16; stop ;;
*) usage ;;
esac
