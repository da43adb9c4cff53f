/* data_version.c: listens on a connection of its own, the only one of a pool.
 *
 * A session listens first and reads the version then, so no commit falls between. From the
 * moment it is lost until the next one has read, the version is not known. A session that
 * only seems to be there is found out by asking now and then. */
#include "daemons/web/data_version.h"

#include <stdlib.h>

#include "common/db_pool.h"
#include "common/log.h"
#include "common/number.h"

#define CHANNEL "hoopscout_data"

enum { ASK_SECONDS = 10, PATIENCE_MS = 5000 };

const char data_version_sql[] = "select version from data_version";

struct data_version {
	struct hs_db_pool *pool;
	struct event *ask_again;
	void (*on_change)(void *arg);
	void *arg;
	bool asking;
	unsigned session, listening;	/* which session is open, and which one listens */
	bool known;
	int64_t version;
};

static void learn(struct data_version *watch, bool known, int64_t version)
{
	bool changed = known != watch->known || version != watch->version;

	watch->known = known;
	watch->version = version;
	if (changed)
		watch->on_change(watch->arg);
}

static void ask(struct data_version *watch);

static void on_version(void *arg, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	struct data_version *watch = arg;

	(void)count;
	watch->asking = false;
	if (err == NULL && watch->listening == watch->session && PQntuples(results[0]) == 1) {
		learn(watch, true, hs_db_int(results[0], 0, 0));
		return;
	}
	learn(watch, false, 0);
	if (err == NULL)
		ask(watch);	/* another session answered than the one that listens */
}

static void on_listening(void *arg, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	struct data_version *watch = arg;
	const struct hs_db_statement read = { .sql = data_version_sql };
	struct hs_error problem = HS_ERROR_INIT;

	(void)results;
	(void)count;
	watch->listening = watch->session;
	watch->asking = err == NULL && hs_db_pool_submit(watch->pool, &read, 1, PATIENCE_MS,
	    on_version, watch, NULL, &problem);
	if (!watch->asking)
		learn(watch, false, 0);		/* the next question in turn tries again */
}

/* To listen once more costs nothing, and a session that came back meanwhile needs it. */
static void ask(struct data_version *watch)
{
	const struct hs_db_statement listen = { .sql = "listen " CHANNEL };
	struct hs_error err = HS_ERROR_INIT;

	if (watch->asking)
		return;
	watch->asking = hs_db_pool_submit(watch->pool, &listen, 1, PATIENCE_MS, on_listening, watch,
	    NULL, &err);
	if (!watch->asking)
		learn(watch, false, 0);
}

static void on_ask_again(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	ask(arg);
}

static void on_open(void *arg)
{
	struct data_version *watch = arg;

	watch->session++;
	ask(watch);
}

static void on_lost(void *arg)
{
	learn(arg, false, 0);
}

static void on_notify(void *arg, const char *channel, const char *payload)
{
	struct data_version *watch = arg;
	struct hs_error ignored = HS_ERROR_INIT;
	long long version;

	(void)channel;		/* the only one */
	if (!watch->known)
		return;		/* what is being read is newer, or as new */
	if (hs_parse_int(payload, 0, INT64_MAX, CHANNEL, &version, &ignored))
		learn(watch, true, version);
	else
		learn(watch, false, 0);
}

bool data_version_new(struct event_base *base, const struct hs_settings *settings,
    void (*on_change)(void *arg), void *arg, struct data_version **ret, struct hs_error *err)
{
	static const struct hs_db_pool_events events = { on_open, on_lost, on_notify };
	static const struct timeval often = { .tv_sec = ASK_SECONDS };
	struct data_version *watch = calloc(1, sizeof *watch);

	if (watch == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to watch the data's version");
	watch->on_change = on_change;
	watch->arg = arg;
	watch->ask_again = event_new(base, -1, EV_PERSIST, on_ask_again, watch);
	if (watch->ask_again == NULL || event_add(watch->ask_again, &often) != 0) {
		data_version_free(watch);
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to watch the data's version");
	}
	if (!hs_db_pool_new(base, settings, HS_DB_WRITER, "hsd-web listening", 1, &watch->pool,
		err)) {
		data_version_free(watch);
		return false;
	}
	hs_db_pool_watch(watch->pool, &events, watch);
	*ret = watch;
	return true;
}

void data_version_free(struct data_version *watch)
{
	if (watch == NULL)
		return;
	hs_db_pool_free(watch->pool);
	if (watch->ask_again != NULL)
		event_free(watch->ask_again);
	free(watch);
}

bool data_version_known(const struct data_version *watch, int64_t *ret)
{
	*ret = watch->version;
	return watch->known;
}
