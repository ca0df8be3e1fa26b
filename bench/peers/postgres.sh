#!/bin/bash
# PostgreSQL 15 (Debian) in a cluster of its own, Unix socket only, 200 characters an event.
# fsync=on, synchronous_commit=on, wal_sync_method=fdatasync, which are its defaults. The load is its own pgbench.
#     postgres.sh install|run|check
. "$(dirname "$0")/lib.sh"
D=$WORK/postgres
PORT=5544
as() { runuser -u postgres -- env PGHOST="$D" PGPORT=$PORT "$@"; }
ours() { echo "$(dirname "$(dpkg -L postgresql-15 | grep /bin/initdb)")/$1"; }

payload() { head -c 100 /dev/urandom | od -An -tx1 | tr -d ' \n'; }
scripts() {  # one insert, and one of 1,000 rows
    for table in events events_id; do
        {
            echo -n "INSERT INTO $table(payload) VALUES "
            for _ in $(seq 999); do echo -n "('$(payload)'),"; done
            echo "('$(payload)');"
        } > "$D/batch_$table.sql"
        echo "INSERT INTO $table(payload) VALUES ('$(payload)');" > "$D/one_$table.sql"
    done
}
start() {
    rm -rf "$D/data"
    chown postgres "$D"
    as "$(ours initdb)" -D "$D/data" > /dev/null
    cat >> "$D/data/postgresql.conf" <<C
listen_addresses = ''
unix_socket_directories = '$D'
port = $PORT
shared_buffers = 2GB
max_wal_size = 8GB
max_connections = 60
C
    as "$(ours pg_ctl)" -w -D "$D/data" -l "$D/log" start > /dev/null
    trap stop EXIT
    as psql -qX postgres \
        -c "CREATE TABLE events(position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, payload text NOT NULL)" \
        -c "CREATE TABLE events_id(position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                                   id uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(), payload text NOT NULL)"
}
stop() {
    trap - EXIT
    as "$(ours pg_ctl)" -w -m fast -D "$D/data" stop > /dev/null
    rm -rf "$D/data"
}
# bench WORK ROWS CLIENTS pgbench-arguments…: pgbench logs every transaction, which gives the percentiles.
bench() {
    local work=$1 rows=$2 clients=$3 logs; shift 3
    logs=$(mktemp -d -p "$D"); chown postgres "$logs"
    (cd "$logs" && as pgbench -n -l -c "$clients" -j 2 "$@" postgres > out 2>&1) || { cat "$logs/out" >&2; return 1; }
    cat "$logs"/pgbench_log.* | awk '{print $3}' | sort -n | awk -v work="$work" -v rows="$rows" -v clients="$clients" \
        -v tps="$(awk '/^tps/ {print $3}' "$logs/out")" '{a[NR] = $1} END {
            printf "{\"name\": \"postgres\", \"work\": \"%s\", \"batch\": %d, \"clients\": %d, ", work, rows, clients
            printf "\"events\": %d, \"rate\": %.0f, ", NR * rows, tps * rows
            printf "\"p50_us\": %d, \"p99_us\": %d, \"durable\": true}\n", a[int(NR * .5) + 1], a[int(NR * .99) + 1]}'
    rm -rf "$logs"
}
mkdir -p "$D"
case ${1:-} in
install)
    need pgbench postgresql-15 postgresql-contrib
    scripts ;;
check)
    start
    as psql -AtX postgres -c "select name || '=' || setting from pg_settings
                              where name in ('fsync', 'synchronous_commit', 'wal_sync_method', 'full_page_writes')"
    as pgbench -n -f "$D/one_events.sql" -c 1 -t 200 postgres | grep -E 'processed|tps'
    as psql -AtX postgres -c "select 'syncs of the WAL: ' || wal_sync from pg_stat_wal"
    stop ;;
run)
    start
    bench position 1000 8 -f "$D/batch_events.sql" -M simple -t 125
    bench id 1000 8 -f "$D/batch_events_id.sql" -M simple -t 125
    bench position 1 16 -f "$D/one_events.sql" -M prepared -T "${SECONDS_EACH:-10}"
    bench id 1 16 -f "$D/one_events_id.sql" -M prepared -T "${SECONDS_EACH:-10}"
    stop ;;
*) usage ;;
esac
