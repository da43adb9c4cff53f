#!/bin/bash
# What the container "nginx" begins with: entrypoint nginx [OPTION...]
#
# Writes nginx's configuration for HOOPSCOUT_UPSTREAM (host:port; web:8000) and HOOPSCOUT_BASE_PATH
# (/scout; none), and becomes nginx, process 1, which is told to look again when the upstream's
# address has changed: a new container has another. `entrypoint health` is the health check; any
# other command is run as it is.
set -u

readonly upstream=${HOOPSCOUT_UPSTREAM:-web:8000} base=${HOOPSCOUT_BASE_PATH:-}
readonly ours=/usr/share/hoopscout/nginx

die() {
	echo "entrypoint: $*" >&2
	exit 78
}

configure() {
	[[ $upstream =~ ^[A-Za-z0-9.-]+:[0-9]+$ ]] || die "HOOPSCOUT_UPSTREAM: \"$upstream\" is not HOST:PORT"
	[[ $base =~ ^(/[A-Za-z0-9._~-]+)*$ ]] || die "HOOPSCOUT_BASE_PATH: \"$base\" is no path as in /scout"
	if ! sed "s|@UPSTREAM@|$upstream|" "$ours/nginx.conf" >/tmp/nginx.conf ||
		! sed "s|location \(=* *\)/|location \1$base/|" "$ours/hoopscout-location.conf" >/tmp/hoopscout-location.conf; then
		die "cannot write to /tmp"
	fi
}

address() {
	getent hosts "${upstream%:*}" | cut -d " " -f 1 | sort -u
}

# Until then nginx would refuse to start: "host not found in upstream".
wait_for_upstream() {
	local waited=0
	until [ -n "$(address)" ]; do
		[ "$waited" = 0 ] && echo "entrypoint: waiting for the name ${upstream%:*}" >&2
		[ "$waited" -lt 120 ] || die "nobody knows the name ${upstream%:*}: does that container run?"
		sleep 1
		waited=$((waited + 1))
	done
}

follow_upstream() {
	local before now
	before=$(address)
	while sleep 5; do
		now=$(address)
		if [ -n "$now" ] && [ "$now" != "$before" ]; then
			before=$now
			kill -HUP 1
		fi
	done
}

health() {
	local line
	exec 3<>/dev/tcp/127.0.0.1/8080 || exit 1
	printf 'GET %s/health/ HTTP/1.0\r\nHost: localhost\r\n\r\n' "$base" >&3
	IFS= read -r -t 4 line <&3 && [[ $line == *" 200 "* ]] && exit 0
	echo "nginx or web does not answer well: ${line:-nothing came}"
	exit 1
}

case ${1:-} in
health)
	health
	;;
nginx)
	configure
	wait_for_upstream
	follow_upstream &
	;;
esac
exec "$@"
