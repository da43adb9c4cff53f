/* db_hosts.c: asks every host the same small question, over and over.
 *
 * Trusts no host to answer: a question is out for PATIENCE_MS at most, and a host whose connection
 * broke is away at once. Two primaries are nothing that we can mend: the one that was the primary
 * already, else the first, counts, and the log says so. */
#include "common/db_hosts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/db_pool.h"
#include "common/log.h"

enum { TICK_MS = 500, PATIENCE_MS = 5000 };

/* A standby's log position is what it has replayed, which is what its readers see. */
static const char question_sql[] =
    "select pg_is_in_recovery()::integer, (case when pg_is_in_recovery()"
    " then coalesce(pg_last_wal_replay_lsn(), '0/0') else pg_current_wal_lsn() end"
    " - '0/0'::pg_lsn)::bigint, version from data_version";

struct host {
	struct hs_db_hosts *all;
	struct hs_db_pool *pool;
	struct hs_db_job *job;		/* the question under way */
	int64_t asked_ms;
	struct hs_db_candidate now;
	struct answer {
		struct hs_db_mark mark;
		int64_t asked_ms, came_ms;
	} last, before;			/* its two last answers */
	bool has_answered;
	char message[sizeof((struct hs_db_host *)0)->message];
};

struct hs_db_hosts {
	struct hs_db_target *names;
	struct event *tick;
	int64_t limit_ms;
	void (*changed)(void *arg);
	void *arg;
	struct hs_db_lag lag;
	size_t count, first;
	struct host hosts[HS_DB_HOSTS_MAX];
	int primary, read;
	uint32_t gone;
	bool is_settled, said_two;
};

size_t hs_db_hosts_count(const struct hs_settings *settings)
{
	const char *list = hs_setting_text(settings, HS_SET_POSTGRES_HOST);
	size_t count = 1;

	for (; (list = strchr(list, ',')) != NULL; list++)
		count++;
	return count;
}

static int find_primary(struct hs_db_hosts *hosts)
{
	int found = -1;
	bool two = false;

	for (size_t i = 0; i < hosts->count; i++) {
		if (hosts->hosts[i].now.role != HS_DB_HOST_PRIMARY)
			continue;
		two = two || found >= 0;
		if (found < 0 || (int)i == hosts->primary)
			found = (int)i;
	}
	if (two && !hosts->said_two)
		hs_log(HS_LOG_ERROR, "two hosts of POSTGRES_HOST take writes: stop the one that is "
		    "the primary no more, before it takes what the other will not have",
		    HS_STR("in_use", hs_db_target_host(hosts->names, (size_t)found)));
	hosts->said_two = two;
	return found;
}

/* One that has what the primary, asked later, has not: it followed another primary. */
static bool has_diverged(const struct hs_db_hosts *hosts, const struct host *host)
{
	const struct host *primary = hosts->primary >= 0 ? &hosts->hosts[hosts->primary] : NULL;

	return primary != NULL && primary->last.asked_ms >= host->before.came_ms &&
	    host->before.mark.version > primary->last.mark.version;
}

static void measure(struct hs_db_hosts *hosts)
{
	for (size_t i = 0; i < hosts->count; i++) {
		struct host *host = &hosts->hosts[i];

		host->now.lag_ms = -1;
		host->now.version = host->last.mark.version;
		if (host->now.role == HS_DB_HOST_STANDBY && !has_diverged(hosts, host))
			host->now.lag_ms = hs_db_lag_of(&hosts->lag, &host->last.mark);
	}
}

static void log_choice(const struct hs_db_hosts *hosts)
{
	const char *const none = "none";

	hs_log(HS_LOG_INFO, "the database's hosts have new parts",
	    HS_STR("primary", hosts->primary < 0 ? none
		: hs_db_target_host(hosts->names, (size_t)hosts->primary)),
	    HS_STR("searches", hosts->read < 0 ? none
		: hs_db_target_host(hosts->names, (size_t)hosts->read)));
}

/* From what is known of each to what is done with them. Tells last. */
static void decide(struct hs_db_hosts *hosts)
{
	struct hs_db_candidate candidates[HS_DB_HOSTS_MAX];
	int primary = hosts->primary, read = hosts->read;
	bool was_settled = hosts->is_settled;
	uint32_t gone = hosts->gone;

	hosts->primary = find_primary(hosts);
	measure(hosts);
	hosts->gone = 0;
	hosts->is_settled = true;
	for (size_t i = 0; i < hosts->count; i++) {
		candidates[i] = hosts->hosts[i].now;
		if (hosts->hosts[i].now.role == HS_DB_HOST_AWAY)
			hosts->gone |= 1U << i;
		hosts->is_settled = hosts->is_settled && hosts->hosts[i].has_answered;
	}
	if (hosts->is_settled || hosts->primary >= 0)
		hosts->read = hs_db_lag_choose(candidates, hosts->count, hosts->read, hosts->first,
		    hosts->limit_ms);
	if (hosts->primary == primary && hosts->read == read && hosts->gone == gone &&
	    hosts->is_settled == was_settled)
		return;
	if (hosts->primary != primary || hosts->read != read)
		log_choice(hosts);
	hosts->changed(hosts->arg);
}

static void set_away(struct host *host, enum hs_db_host_role role, const char *why)
{
	host->now.role = role;
	host->has_answered = true;
	snprintf(host->message, sizeof host->message, "%.250s", why);
}

static void on_answer(void *arg, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	struct host *host = arg;
	struct hs_db_hosts *hosts = host->all;

	(void)count;
	host->job = NULL;
	if (err != NULL) {
		/* whoever refuses is there: a database without migrations, above all */
		host->last = (struct answer){ 0 };
		set_away(host, err->code == HS_DB_ERROR ? HS_DB_HOST_UNKNOWN : HS_DB_HOST_AWAY,
		    err->message);
	} else if (PQntuples(results[0]) == 1) {
		host->before = host->last;
		host->last = (struct answer){ { hs_db_int(results[0], 0, 1),
			hs_db_int(results[0], 0, 2) }, host->asked_ms, hs_clock_ms() };
		host->now.role = hs_db_int(results[0], 0, 0) == 0 ? HS_DB_HOST_PRIMARY
								  : HS_DB_HOST_STANDBY;
		host->has_answered = true;
		host->message[0] = '\0';
		if (host->now.role == HS_DB_HOST_PRIMARY &&
		    find_primary(hosts) == host - hosts->hosts)
			hs_db_lag_note(&hosts->lag, host->asked_ms, &host->last.mark);
	}
	decide(hosts);
}

static void ask(struct host *host)
{
	static const struct hs_db_statement question = { .sql = question_sql, .often = true };
	struct hs_error err = HS_ERROR_INIT;

	host->asked_ms = hs_clock_ms();
	if (!hs_db_pool_submit(host->pool, &question, 1, PATIENCE_MS, on_answer, host, &host->job,
		&err))
		hs_log_error(HS_LOG_WARNING, "cannot ask a host of POSTGRES_HOST", &err);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct hs_db_hosts *hosts = arg;
	struct hs_db_pool_state state;

	(void)fd;
	(void)what;
	for (size_t i = 0; i < hosts->count; i++) {
		struct host *host = &hosts->hosts[i];

		hs_db_pool_look(host->pool, &state);
		if (!state.usable && (host->has_answered || state.failed))
			set_away(host, HS_DB_HOST_AWAY, state.last.message);
		if (host->job == NULL)
			ask(host);
	}
	decide(hosts);
}

static bool make_pools(struct hs_db_hosts *hosts, struct event_base *base,
    const struct hs_settings *settings, const char *name, struct hs_error *err)
{
	for (size_t i = 0; i < hosts->count; i++) {
		struct host *host = &hosts->hosts[i];

		host->all = hosts;
		host->now.lag_ms = -1;
		if (!hs_db_pool_new(base, settings, HS_DB_READER, name, 1, &host->pool, err))
			return false;
		hs_db_pool_use(host->pool, 1U << i, 0);
		ask(host);
	}
	return true;
}

bool hs_db_hosts_new(struct event_base *base, const struct hs_settings *settings, const char *name,
    int64_t limit_ms, void (*changed)(void *arg), void *arg, struct hs_db_hosts **ret,
    struct hs_error *err)
{
	static const struct timeval tick = { .tv_usec = TICK_MS * 1000 };
	struct hs_db_hosts *hosts = calloc(1, sizeof *hosts);
	uint16_t chance;

	if (hosts == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for the database's hosts");
	hosts->limit_ms = limit_ms;
	hosts->changed = changed;
	hosts->arg = arg;
	hosts->primary = hosts->read = -1;
	if (!hs_db_target_new(settings, HS_DB_READER, name, &hosts->names, err))
		goto failed;
	hosts->count = hs_db_target_count(hosts->names);
	evutil_secure_rng_get_bytes(&chance, sizeof chance);
	hosts->first = chance % hosts->count;
	if (!make_pools(hosts, base, settings, name, err))
		goto failed;
	hosts->tick = event_new(base, -1, EV_PERSIST, on_tick, hosts);
	if (hosts->tick == NULL || event_add(hosts->tick, &tick) != 0) {
		hs_error_set(err, HS_NO_MEMORY, "", "no memory for a timer");
		goto failed;
	}
	*ret = hosts;
	return true;
failed:
	hs_db_hosts_free(hosts);
	return false;
}

void hs_db_hosts_free(struct hs_db_hosts *hosts)
{
	if (hosts == NULL)
		return;
	if (hosts->tick != NULL)
		event_free(hosts->tick);
	for (size_t i = 0; i < hosts->count; i++)
		hs_db_pool_free(hosts->hosts[i].pool);
	hs_db_target_free(hosts->names);
	free(hosts);
}

void hs_db_hosts_look(const struct hs_db_hosts *hosts, struct hs_db_hosts_state *ret)
{
	memset(ret, 0, sizeof *ret);
	ret->count = hosts->count;
	for (size_t i = 0; i < hosts->count; i++) {
		const struct host *host = &hosts->hosts[i];

		ret->hosts[i].name = hs_db_target_host(hosts->names, i);
		ret->hosts[i].role = host->now.role;
		ret->hosts[i].lag_ms = host->now.lag_ms;
		memcpy(ret->hosts[i].message, host->message, sizeof host->message);
	}
	ret->primary = hosts->primary;
	ret->read = hosts->read;
	ret->gone = hosts->gone;
	ret->is_settled = hosts->is_settled;
}
