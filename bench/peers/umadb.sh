#!/bin/bash
# UmaDB 0.7.8: the server from crates.io, the client from PyPI, gRPC on loopback.     umadb.sh install|run|check
. "$(dirname "$0")/lib.sh"
D=$WORK/umadb
mkdir -p "$D"
start() {
    rm -rf "$D/data"; mkdir "$D/data"
    PORT=$(free_port)
    "$D/bin/umadb" --listen "127.0.0.1:$PORT" --db-path "$D/data" > "$D/log" 2>&1 & SERVER=$!
    wait_port "$PORT"
}
stop() { stop_server; rm -rf "$D/data"; }
load() { "$D/venv/bin/python" "$HERE/umadb_load.py" "http://127.0.0.1:$PORT" "$@"; }
case ${1:-} in
install)
    need cargo cargo
    [ -x "$D/bin/umadb" ] || cargo install umadb --version 0.7.8 --locked --root "$D" --target-dir "$D/target"
    [ -d "$D/venv" ] || python3 -m venv "$D/venv"
    "$D/venv/bin/pip" install -q umadb==0.7.8 ;;
check) start; count_syncs "$SERVER" load 100 1 1; stop ;;
run)
    start; load "${EVENTS:-1000000}" 1000 8; stop
    start; load "${EVENTS:-1000000}" 1000 8 100000; stop
    start; load "${SINGLES:-20000}" 1 16; stop
    start; load "${SINGLES:-20000}" 1 16 100000; stop ;;
*) usage ;;
esac
