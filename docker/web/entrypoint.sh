#!/bin/bash
# What the containers "web" and "scheduler" begin with: entrypoint hsd-supervisor [OPTION...]
#
# Waits until PostgreSQL answers, copies the static files for nginx, and becomes hsd-supervisor,
# process 1, which makes the folders of snapshots, and migrates the database unless
# HOOPSCOUT_AUTO_MIGRATE=no. `entrypoint health` is the health check; any other command is run
# as it is. In a development container it builds the mounted source first.
set -u

say() {
	echo "entrypoint: $*" >&2
}

# hsd-supervisor goes on waiting by itself when PostgreSQL takes longer than a start may.
wait_for_postgres() {
	local host port patience waited
	host=${POSTGRES_HOST%%,*}
	port=${POSTGRES_PORT:-5432}
	patience=${HOOPSCOUT_START_SECONDS:-60}
	waited=0
	[ -n "$host" ] || return 0
	until pg_isready -q -t 2 -h "$host" -p "${port%%,*}"; do
		[ "$waited" != 0 ] || say "waiting for PostgreSQL at $host"
		if [ "$waited" -ge "$patience" ]; then
			say "PostgreSQL at $host has not answered for $patience seconds; starting all the same"
			return 0
		fi
		sleep 1
		waited=$((waited + 1))
	done
}

# nginx serves the static files from a volume that both containers have; those of this version.
share_static_files() {
	local target htdocs
	target=/srv/static
	htdocs=/usr/share/hoopscout/htdocs
	[ -d "$htdocs" ] || htdocs=/work/htdocs
	[ -w "$target" ] || return 0
	cp -R "$htdocs/." "$target/" && return 0
	say "cannot copy the static files to $target: is its volume full, or another user's?"
	exit 1
}

has_daemon() {
	case ",${HOOPSCOUT_DAEMONS:-web,importer,extractor}," in
	*",$1,"*) return 0 ;;
	*) return 1 ;;
	esac
}

# With web, searches must be answered; without, hsd-supervisor must say that all it runs is up.
health() {
	local line status
	if has_daemon web; then
		exec 3<>/dev/tcp/127.0.0.1/8000 || exit 1
		printf 'GET %s/health/ HTTP/1.0\r\nHost: localhost\r\n\r\n' "${HOOPSCOUT_BASE_PATH:-}" >&3
		IFS= read -r -t 4 line <&3 && [[ $line == *" 200 "* ]] && exit 0
		echo "web does not answer well: ${line:-nothing came}; hsctl status tells why"
		exit 1
	fi
	status=$(hsctl status --json) || exit 1
	case $status in
	*'"state":"starting"'* | *'"state":"waiting"'* | *'"state":"failed"'*)
		echo "not everything is up: hsctl status tells why"
		exit 1
		;;
	esac
}

case ${1:-} in
health)
	health
	exit 0
	;;
hsd-supervisor)
	if [ -d /source ]; then
		rebuild || exit 1
	fi
	wait_for_postgres
	if has_daemon web; then
		share_static_files
	fi
	;;
esac
exec "$@"
