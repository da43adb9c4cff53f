/* db_connect.c: opens one connection: hosts in turn, the session's settings, the pooler check.
 *
 * Trusts the settings and libpq, and nothing that lies between us and the server: a wait is
 * bounded, a server that is too old and a pooler that shares sessions are refused. libpq's
 * own list of hosts is not used, since its steps have no time limit for each host. */
#include "common/db_connect.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/text.h"

enum { HOST_MIN_MS = 2000, PROBE_MS = 3000, PAIRS_MAX = 16, WHERE_BYTES = 192 };

struct host {
	char *name, *port;
	char *both;		/* "name:port" */
};

struct hs_db_target {
	enum hs_db_role role;
	size_t host_count;
	struct host hosts[HS_DB_HOSTS_MAX];
	uint32_t only;		/* bits of hosts; 0: all */
	size_t reached;
	char *database, *user, *password, *program;	/* password NULL: none */
};

/* Set by a statement and not by startup options, which poolers refuse. The last column tells
 * whether a pooler stands between: it makes up a process id of its own for us. */
#define SET(name, value) "set_config('" name "', '" value "', false)"
#define SESSION_OF_ALL \
	SET("datestyle", "ISO, YMD") ", " SET("timezone", "UTC") ", " \
	SET("bytea_output", "hex") ", " SET("jit", "off") ", " \
	SET("client_connection_check_interval", "1000")
#define PROCESS "pg_backend_pid()"

static const char *const session_sql[] = {
	[HS_DB_WRITER] = "select " SESSION_OF_ALL ", " PROCESS,
	[HS_DB_READER] = "select " SESSION_OF_ALL ", "
	    SET("max_parallel_workers_per_gather", "0") ", " SET("work_mem", "32MB") ", "
	    SET("default_transaction_read_only", "on") ", " PROCESS,
};

/* Copies the n-th of a comma separated list, trimmed; *ret is NULL beyond the last. */
static bool copy_item(const char *list, size_t n, char **ret)
{
	size_t length;

	while (n-- > 0) {
		if ((list = strchr(list, ',')) == NULL) {
			*ret = NULL;
			return true;
		}
		list++;
	}
	length = strcspn(list, ",");
	while (length > 0 && list[0] == ' ') {
		list++;
		length--;
	}
	while (length > 0 && list[length - 1] == ' ')
		length--;
	return (*ret = strndup(list, length)) != NULL;
}

/* Pairs hosts with ports; one port is for all of them, as libpq has it. */
static bool read_hosts(struct hs_db_target *target, const char *hosts, const char *ports,
    struct hs_error *err)
{
	for (size_t i = 0;; i++) {
		bool shared = strchr(ports, ',') == NULL;
		struct host *host = &target->hosts[i];
		char *name;

		if (!copy_item(hosts, i, &name))
			return hs_error_set(err, HS_NO_MEMORY, "POSTGRES_HOST", "no memory");
		if (name == NULL)
			return true;
		if (i == HS_DB_HOSTS_MAX) {
			free(name);
			return hs_error_set(err, HS_BAD_SETTING, "POSTGRES_HOST",
			    "more than %d hosts", HS_DB_HOSTS_MAX);
		}
		host->name = name;
		target->host_count = i + 1;
		if (!copy_item(ports, shared ? 0 : i, &host->port))
			return hs_error_set(err, HS_NO_MEMORY, "POSTGRES_PORT", "no memory");
		if (host->port == NULL)
			return hs_error_set(err, HS_BAD_SETTING, "POSTGRES_PORT",
			    "'%s' has fewer ports than POSTGRES_HOST has hosts: give one for all, "
			    "or one each", ports);
		if (asprintf(&host->both, "%s:%s", host->name, host->port) < 0) {
			host->both = NULL;
			return hs_error_set(err, HS_NO_MEMORY, "POSTGRES_HOST", "no memory");
		}
	}
}

static bool copy_text(const char *text, char **ret, struct hs_error *err)
{
	if ((*ret = strdup(text)) == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for the database's settings");
	return true;
}

bool hs_db_target_new(const struct hs_settings *settings, enum hs_db_role role, const char *name,
    struct hs_db_target **ret, struct hs_error *err)
{
	const char *hosts = hs_setting_text(settings, HS_SET_POSTGRES_HOST);
	const char *password = hs_setting_text(settings, HS_SET_POSTGRES_PASSWORD);
	char socket_dir[HS_ERROR_WHERE_BYTES];
	struct hs_db_target *target;

	if (hs_settings_private_postgres(settings)) {
		if (!hs_settings_postgres_socket_dir(settings, socket_dir, sizeof socket_dir, err))
			return false;
		hosts = socket_dir;
	}
	if ((target = calloc(1, sizeof *target)) == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for the database's settings");
	target->role = role;
	if (!copy_text(hs_setting_text(settings, HS_SET_POSTGRES_DB), &target->database, err) ||
	    !copy_text(hs_setting_text(settings, HS_SET_POSTGRES_USER), &target->user, err) ||
	    !copy_text(name, &target->program, err) ||
	    (password[0] != '\0' && !copy_text(password, &target->password, err)) ||
	    !read_hosts(target, hosts, hs_setting_text(settings, HS_SET_POSTGRES_PORT), err)) {
		hs_db_target_free(target);
		return false;
	}
	*ret = target;
	return true;
}

void hs_db_target_free(struct hs_db_target *target)
{
	if (target == NULL)
		return;
	for (size_t i = 0; i < target->host_count; i++) {
		free(target->hosts[i].name);
		free(target->hosts[i].port);
		free(target->hosts[i].both);
	}
	free(target->database);
	free(target->user);
	free(target->password);
	free(target->program);
	free(target);
}

size_t hs_db_target_count(const struct hs_db_target *target)
{
	return target->host_count;
}

const char *hs_db_target_host(const struct hs_db_target *target, size_t host)
{
	return target->hosts[host].both;
}

void hs_db_target_only(struct hs_db_target *target, uint32_t hosts)
{
	target->only = hosts;
}

size_t hs_db_target_reached(const struct hs_db_target *target)
{
	return target->reached;
}

static bool is_left_out(const struct hs_db_target *target, size_t host)
{
	return target->only != 0 && (target->only >> host & 1) == 0;
}

static void log_notice(void *arg, const PGresult *result)
{
	const char *sentence = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	(void)arg;
	hs_log(HS_LOG_DEBUG, "PostgreSQL has a notice",
	    HS_STR("notice", sentence != NULL ? sentence : PQresultErrorMessage(result)));
}

static bool wait_socket(PGconn *connection, short events, int64_t deadline_ms, struct hs_error *err)
{
	for (;;) {
		struct pollfd one = { .fd = PQsocket(connection), .events = events };
		int64_t left_ms = deadline_ms - hs_clock_ms();
		int count;

		if (left_ms <= 0)
			return hs_error_set(err, HS_DB_AWAY, "", "PostgreSQL did not answer");
		if ((count = poll(&one, 1, (int)left_ms)) > 0)
			return true;
		if (count < 0 && errno != EINTR)
			return hs_error_errno(err, "", "cannot wait for PostgreSQL");
	}
}

static bool poll_connection(PGconn *connection, int64_t deadline_ms, struct hs_error *err)
{
	PostgresPollingStatusType next = PGRES_POLLING_WRITING;

	while (next != PGRES_POLLING_OK) {
		if (next == PGRES_POLLING_FAILED)
			return hs_db_error_of_connection(connection, err);
		if (!wait_socket(connection, next == PGRES_POLLING_READING ? POLLIN : POLLOUT,
			deadline_ms, err))
			return false;
		next = PQconnectPoll(connection);	/* may have changed the socket */
	}
	return true;
}

static bool connect_host(const struct hs_db_target *target, const struct host *host,
    const char *session_attrs, int64_t deadline_ms, PGconn **ret, struct hs_error *err)
{
	const struct {
		const char *keyword, *value;
	} pairs[] = {
		{ "host", host->name },
		{ "port", host->port },
		{ "dbname", target->database },
		{ "user", target->user },
		{ "password", target->password },
		{ "application_name", target->program },
		{ "client_encoding", "UTF8" },
		{ "target_session_attrs", session_attrs },
		{ "keepalives", "1" },
		{ "keepalives_idle", "10" },
		{ "keepalives_interval", "5" },
		{ "keepalives_count", "3" },
		{ "tcp_user_timeout", "20000" },	/* ms without acknowledgement */
	};
	const char *keywords[PAIRS_MAX + 1] = { NULL }, *values[PAIRS_MAX + 1] = { NULL };
	PGconn *connection;

	_Static_assert(HS_COUNT(pairs) <= PAIRS_MAX, "PAIRS_MAX is too small");
	for (size_t i = 0; i < HS_COUNT(pairs); i++) {
		keywords[i] = pairs[i].keyword;
		values[i] = pairs[i].value;
	}
	if ((connection = PQconnectStartParams(keywords, values, 0)) == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a database connection");
	PQsetErrorVerbosity(connection, PQERRORS_VERBOSE);	/* the SQLSTATE of a refusal */
	PQsetNoticeReceiver(connection, log_notice, NULL);
	if (PQstatus(connection) == CONNECTION_BAD) {
		hs_db_error_of_connection(connection, err);
	} else if (poll_connection(connection, deadline_ms, err)) {
		*ret = connection;
		return true;
	}
	PQfinish(connection);
	return false;
}

/* Runs statements without values; *ret is the last one's result. */
static bool query_within(PGconn *connection, const char *sql, int64_t deadline_ms, PGresult **ret,
    struct hs_error *err)
{
	PGresult *last = NULL, *next;

	if (PQsendQuery(connection, sql) != 1)
		return hs_db_error_of_connection(connection, err);
	for (;;) {
		while (PQisBusy(connection)) {
			if (!wait_socket(connection, POLLIN, deadline_ms, err))
				goto failed;
			if (PQconsumeInput(connection) != 1) {
				hs_db_error_of_connection(connection, err);
				goto failed;
			}
		}
		if ((next = PQgetResult(connection)) == NULL)
			break;
		PQclear(last);
		last = next;
		if (PQresultStatus(last) != PGRES_TUPLES_OK &&
		    PQresultStatus(last) != PGRES_COMMAND_OK) {
			hs_db_error_of_result(last, err);
			goto failed;
		}
	}
	*ret = last;
	return true;
failed:
	PQclear(last);
	return false;
}

/* The server process that answers now: the last column of what sql gives. */
static bool ask_process(PGconn *connection, const char *sql, int64_t deadline_ms, int *ret,
    struct hs_error *err)
{
	PGresult *result = NULL;

	if (!query_within(connection, sql, deadline_ms, &result, err))
		return false;
	*ret = (int)hs_db_int(result, 0, PQnfields(result) - 1);
	PQclear(result);
	return true;
}

static bool refuse_pooler(const struct host *host, struct hs_error *err)
{
	return hs_error_set(err, HS_DB_REFUSED, "POSTGRES_HOST",
	    "%s:%s is a connection pooler in transaction or statement mode, which HoopScout cannot "
	    "use: set pool_mode = session for this database there, or name PostgreSQL itself",
	    host->name, host->port);
}

/* Behind a pooler: is the session ours alone? In statement mode there are no transactions. In
 * transaction mode a second connection's transaction takes the process that served us; then
 * another one serves us, or none does. In session mode neither can be; a second connection
 * that must wait for a process is no fault. */
static bool check_pooler(const struct hs_db_target *target, const struct host *host,
    PGconn *connection, int process, struct hs_error *err)
{
	int64_t deadline_ms = hs_clock_ms() + PROBE_MS;
	struct hs_error ignored = HS_ERROR_INIT;
	int other = -1, again = process;
	PGconn *second = NULL;
	bool shared = false;

	if (!ask_process(connection, "begin; select " PROCESS, deadline_ms, &again, &ignored) ||
	    !ask_process(connection, "rollback; select " PROCESS, deadline_ms, &again, &ignored))
		return refuse_pooler(host, err);
	if (connect_host(target, host, "any", deadline_ms, &second, &ignored) &&
	    ask_process(second, "begin; select " PROCESS, deadline_ms, &other, &ignored))
		shared = other == process || !ask_process(connection, "select " PROCESS,
		    hs_clock_ms() + PROBE_MS, &again, &ignored);
	PQfinish(second);
	if (shared || again != process)
		return refuse_pooler(host, err);
	return true;
}

static bool prepare_session(const struct hs_db_target *target, const struct host *host,
    PGconn *connection, int64_t deadline_ms, struct hs_error *err)
{
	int process;

	if (PQserverVersion(connection) < HS_DB_OLDEST_SERVER)
		return hs_error_set(err, HS_DB_REFUSED, "",
		    "PostgreSQL 14 or newer is needed, and this is %s: upgrade it, or name another",
		    PQparameterStatus(connection, "server_version"));
	if (!ask_process(connection, session_sql[target->role], deadline_ms, &process, err))
		return false;
	if (process == PQbackendPID(connection))
		return true;
	return check_pooler(target, host, connection, process, err);
}

/* One host's error joins those before it; one that may pass makes all of it temporary. */
static void join_errors(struct hs_error *all, const struct host *host, const struct hs_error *one)
{
	char before[HS_ERROR_MESSAGE_BYTES];
	enum hs_error_code code = all->code == HS_OK || !all->temporary ? one->code : all->code;
	bool first = all->code == HS_OK;

	snprintf(before, sizeof before, "%s", all->message);
	hs_error_set(all, code, "POSTGRES_HOST", "%.300s%s%s:%s: %.300s", before, first ? "" : "; ",
	    host->name, host->port, one->message);
}

static bool try_hosts(struct hs_db_target *target, const char *session_attrs, int share_ms,
    PGconn **ret, struct hs_error *err)
{
	struct hs_error all = HS_ERROR_INIT;

	for (size_t i = 0; i < target->host_count; i++) {
		const struct host *host = &target->hosts[i];
		int64_t deadline_ms = hs_clock_ms() + share_ms;
		struct hs_error one = HS_ERROR_INIT;
		PGconn *connection = NULL;

		if (is_left_out(target, i))
			continue;
		if (connect_host(target, host, session_attrs, deadline_ms, &connection, &one) &&
		    prepare_session(target, host, connection, deadline_ms, &one)) {
			target->reached = i;
			*ret = connection;
			return true;
		}
		PQfinish(connection);
		if (target->host_count == 1)
			all = one;
		else
			join_errors(&all, host, &one);
	}
	*err = all;
	return false;
}

bool hs_db_open(struct hs_db_target *target, PGconn **ret, struct hs_error *err)
{
	bool writes = target->role == HS_DB_WRITER;
	bool choosy = !writes && target->host_count > 1 && target->only == 0;
	int attempts = (int)target->host_count * (choosy ? 2 : 1);
	int share_ms = HS_DB_CONNECT_MS / attempts;
	char where[WHERE_BYTES];

	if (share_ms < HOST_MIN_MS)
		share_ms = HOST_MIN_MS;
	if (choosy && try_hosts(target, "standby", share_ms, ret, err))
		return true;
	if (try_hosts(target, writes ? "read-write" : "any", share_ms, ret, err))
		return true;
	snprintf(where, sizeof where, "%.110s:%.10s/%.60s", target->hosts[0].name,
	    target->hosts[0].port, target->database);
	hs_error_at(err, where);
	return false;
}
