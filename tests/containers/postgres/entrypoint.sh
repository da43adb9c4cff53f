#!/bin/sh
# Makes the cluster once, by POSTGRES_USER, POSTGRES_PASSWORD and POSTGRES_DB, and becomes postgres.
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
	printf '%s' "$POSTGRES_PASSWORD" >/tmp/password
	initdb --username="$POSTGRES_USER" --pwfile=/tmp/password --auth-local=trust --auth-host=scram-sha-256 >/dev/null
	rm /tmp/password
	echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
	echo "listen_addresses = '*'" >>"$PGDATA/postgresql.conf"
	echo "unix_socket_directories = '/var/run/postgresql'" >>"$PGDATA/postgresql.conf"
	postgres --single postgres >/dev/null <<END
create database "$POSTGRES_DB";
END
fi
exec "$@"
