# What the peers' scripts share. WORK is a scratch folder on the disk under test; everything made lies below it, servers
# listen on loopback, and each is ended by its own process id when the script ends.
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
WORK=${WORK:-$HERE/../../build/peers}
mkdir -p "$WORK"
WORK=$(cd "$WORK" && pwd)
SERVER=

# Packages of Debian, where a program is not there yet.
need() {
    local program=$1; shift
    command -v "$program" > /dev/null || apt-get install -y -q "$@" > "$WORK/apt.log" 2>&1
}

# A port that is free now.
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

wait_port() {
    for _ in $(seq 200); do
        (exec 3<> "/dev/tcp/127.0.0.1/$1") 2> /dev/null && return
        sleep 0.1
    done
    echo "nothing listens on port $1" >&2
    return 1
}

stop_server() {
    [ -n "$SERVER" ] || return 0
    kill "$SERVER" 2> /dev/null || true
    wait "$SERVER" 2> /dev/null || true
    SERVER=
}
trap stop_server EXIT

# Counts the syncs of process $1 and its threads while the rest of the command runs.
count_syncs() {
    local process=$1 tracer; shift
    strace -f -c -e trace=fsync,fdatasync,msync -o "$WORK/strace" -p "$process" & tracer=$!
    sleep 1
    "$@"
    kill -INT "$tracer"; wait "$tracer" || true
    grep sync "$WORK/strace" || echo "no sync at all"
}

usage() { echo "usage: $(basename "$0") install|run|check" >&2; exit 64; }
