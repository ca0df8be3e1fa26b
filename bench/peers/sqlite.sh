#!/bin/bash
# SQLite (Debian), in process, WAL, synchronous=FULL: every commit is synced.     sqlite.sh install|run|check
. "$(dirname "$0")/lib.sh"
D=$WORK/sqlite
mkdir -p "$D"
load() { "$D/sqlite_load" "$D" "$@"; }
case ${1:-} in
install)
    [ -e /usr/include/sqlite3.h ] || apt-get install -y -q libsqlite3-dev > "$WORK/apt.log" 2>&1
    need g++ g++
    g++ -O2 -std=c++20 -Wall -Wextra -o "$D/sqlite_load" "$HERE/sqlite_load.cpp" -lsqlite3 -lpthread ;;
check) strace -f -c -e trace=fsync,fdatasync "$D/sqlite_load" "$D" 200 1 16 position ;;
run)
    load "${EVENTS:-1000000}" 1000 1 position
    load "${EVENTS:-1000000}" 1000 1 id
    load "${SINGLES:-20000}" 1 16 position
    load "${SINGLES:-20000}" 1 16 id ;;
*) usage ;;
esac
