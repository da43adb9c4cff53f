#!/bin/sh
# Runs a program beside a PostgreSQL of its own: with_postgres.sh PROGRAM [ARGUMENT...]
#
# Makes a cluster in a temporary folder (socket only, trust, not durable), tells the program
# of it through POSTGRES_* and HOOPSCOUT_STATE_DIR, and removes all of it at the end, also
# after a failure, SIGINT, SIGTERM or SIGHUP. HS_TEST_PG_CTL names a command that stops and
# starts it: "$HS_TEST_PG_CTL stop", "start", "restart", "stop immediate".
# Started by root, the server runs as postgres or nobody, since it refuses root.
# Exit status: the program's; 77 (skipped) when PostgreSQL is not installed; 99 when the
# cluster cannot be made.
set -u

say() {
	echo "with_postgres: $*" >&2
}

find_programs() {
	if [ -n "${HOOPSCOUT_POSTGRES_BIN_DIR:-}" ]; then
		echo "$HOOPSCOUT_POSTGRES_BIN_DIR"
		return
	fi
	# the newest major that is whole
	for folder in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -t/ -k5,5nr) \
	    /usr/local/pgsql/bin "$(dirname "$(command -v initdb || echo /nowhere/initdb)")"; do
		if [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ]; then
			echo "$folder"
			return
		fi
	done
}

# Writes the command that runs a PostgreSQL program as someone who is not root.
write_control() {
	if [ "$(id -u)" = 0 ]; then
		user=postgres
		id "$user" >/dev/null 2>&1 || user=nobody
		drop="setpriv --reuid=$(id -u "$user") --regid=$(id -g "$user") --clear-groups --inh-caps=-all"
		chown "$(id -u "$user"):$(id -g "$user")" "$dir/server" || return 1
	else
		drop=
	fi
	cat >"$dir/ctl" <<END
#!/bin/sh
# \$1: start, stop or restart; \$2: smart, fast or immediate
cd "$dir/server" || exit 1
exec $drop env -i PATH="$bin:/usr/bin:/bin" LC_ALL=C HOME="$dir/server" \\
	pg_ctl -s -w -t 60 -D "$dir/server/data" -l "$dir/server/log" -m "\${2:-fast}" "\$1"
END
	chmod 755 "$dir/ctl"
}

make_cluster() {
	mkdir "$dir/server" "$dir/server/run" "$dir/state" && chmod 755 "$dir" &&
		write_control || return 1
	if [ -n "$drop" ]; then
		chown "$(id -u "$user"):$(id -g "$user")" "$dir/server/run" || return 1
	fi
	# shellcheck disable=SC2086  # $drop is a command and its options
	(cd "$dir/server" && $drop env -i PATH="$bin:/usr/bin:/bin" LC_ALL=C HOME="$dir/server" \
		initdb -D "$dir/server/data" --username=hoopscout --auth=trust --encoding=UTF8 \
		--locale=C.UTF-8 --no-sync --no-instructions >"$dir/initdb.log" 2>&1) || {
		cat "$dir/initdb.log" >&2
		return 1
	}
	cat >>"$dir/server/data/postgresql.conf" <<END
listen_addresses = ''
unix_socket_directories = '$dir/server/run'
fsync = off
synchronous_commit = off
full_page_writes = off
shared_buffers = 32MB
max_connections = 40
wal_level = minimal
max_wal_senders = 0
log_line_prefix = '%m [%p] %a '
END
	if ! "$dir/ctl" start || ! "$bin/psql" -X -q -h "$dir/server/run" -p 5432 -U hoopscout \
		-d postgres -c 'create database hoopscout'; then
		cat "$dir/server/log" >&2
		return 1
	fi
}

# shellcheck disable=SC2317  # called by a trap
remove_all() {
	trap '' INT TERM HUP
	if [ -n "$child" ]; then
		kill -TERM "$child" 2>/dev/null
		wait "$child" 2>/dev/null
	fi
	[ -f "$dir/server/data/postmaster.pid" ] && "$dir/ctl" stop immediate
	rm -rf "$dir"
}

[ $# -ge 1 ] || {
	echo "usage: with_postgres.sh PROGRAM [ARGUMENT...]" >&2
	exit 2
}
bin=$(find_programs)
[ -n "$bin" ] || {
	say "skipped: PostgreSQL is not installed (HOOPSCOUT_POSTGRES_BIN_DIR names its programs elsewhere)"
	exit 77
}
unset PGHOST PGHOSTADDR PGPORT PGDATABASE PGUSER PGPASSWORD PGOPTIONS PGSERVICE PGAPPNAME \
	PGTARGETSESSIONATTRS PGDATA POSTGRES_PASSWORD
child=
drop=
user=
dir=$(mktemp -d "${TMPDIR:-/tmp}/hs-pg.XXXXXX") || exit 99
trap remove_all EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
make_cluster || {
	say "cannot make a cluster with the programs of $bin"
	exit 99
}

export POSTGRES_HOST="$dir/server/run" POSTGRES_PORT=5432 POSTGRES_USER=hoopscout POSTGRES_DB=hoopscout
export HOOPSCOUT_STATE_DIR="$dir/state" HS_TEST_PG_CTL="$dir/ctl" HS_TEST_PG_BIN="$bin"
"$@" &
child=$!
wait "$child"
status=$?
child=
exit "$status"
