/* known.c: one statement that makes the rows of this host what its sources are.
 *
 * Trusts the schema (012_extractor_sources.sql). What a URL may hold of secrets is not told: its
 * host alone is. */
#include "daemons/extractor/known.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "common/clock.h"
#include "common/log.h"
#include "daemons/extractor/extractor.h"
#include "daemons/extractor/source.h"
#include "daemons/extractor/url.h"

enum {
	LOOK_SECONDS = 60,
	AGAIN_SECONDS = 5,		/* the database is away */
	TELL_EVERY_MS = 3600 * 1000,
	QUESTION_MS = 15000,
	HOST_BYTES = 300
};

struct known {
	struct extractor *extractor;
	struct event *timer;
	char *told;			/* what the database has, or is about to have */
	int64_t told_ms;
	bool is_telling, is_stopped;
	bool is_away;			/* the database: told once */
};

static const char tell[] =
    "with told as (select * from jsonb_to_recordset($2::jsonb) as t (source text, about text,"
    " url_host text, schedule text, schedule_words text, time_zone text, jitter_seconds integer,"
    " is_scheduler_on boolean, problem text)),"
    " gone as (delete from extractor_known where (host = $1::text and source not in"
    " (select source from told)) or (host <> $1::text and told_at < now() - interval '30 days'))"
    " insert into extractor_known (host, source, about, url_host, schedule, schedule_words,"
    " time_zone, jitter_seconds, is_scheduler_on, problem) select $1::text, source, about,"
    " url_host, schedule, schedule_words, time_zone, jitter_seconds, is_scheduler_on, problem"
    " from told on conflict (host, source) do update set told_at = now(), about = excluded.about,"
    " url_host = excluded.url_host, schedule = excluded.schedule,"
    " schedule_words = excluded.schedule_words, time_zone = excluded.time_zone,"
    " jitter_seconds = excluded.jitter_seconds, is_scheduler_on = excluded.is_scheduler_on,"
    " problem = excluded.problem";

/* ---- what there is ---- */

static json_t *host_of(const char *text)
{
	struct hs_error ignored = HS_ERROR_INIT;
	struct url url = { NULL };
	char host[HOST_BYTES];
	json_t *found = NULL;

	if (url_parse(text, NULL, &url, &ignored))
		found = json_string(url_host(&url, host, sizeof host));
	url_done(&url);
	return found != NULL ? found : json_null();
}

static json_t *source_json(const struct hs_settings *settings, const struct source *source)
{
	json_t *found = schedule_about(settings, source);
	const char *problem = json_string_value(json_object_get(found, "schedule_problem"));

	if (source->mistake != NULL)
		problem = source->mistake;
	if (found == NULL || json_object_set_new(found, "source", json_string(source->name)) != 0 ||
	    json_object_set_new(found, "about", json_string(source->help)) != 0 ||
	    json_object_set_new(found, "url_host", host_of(source->url)) != 0 ||
	    json_object_set_new(found, "problem",
		problem != NULL ? json_string(problem) : json_null()) != 0)
		hs_panic("no memory to tell of a source");
	return found;
}

static char *text_of(const struct extractor *extractor)
{
	const struct hs_settings *settings = hs_child_settings(extractor->child);
	json_t *list = json_array();
	struct source source;
	char *text;

	for (size_t n = 0; source_at(extractor->sources, n, &source); n++)
		json_array_append_new(list, source_json(settings, &source));
	text = json_dumps(list, JSON_COMPACT);
	json_decref(list);
	if (text == NULL)
		hs_panic("no memory to tell of the sources");
	return text;
}

/* ---- telling ---- */

static void look_in(struct known *known, int seconds)
{
	const struct timeval wait = { .tv_sec = seconds };

	if (event_add(known->timer, &wait) != 0)
		hs_panic("no timer to tell of the sources");
}

/* It is told again as a whole. */
static void forget(struct known *known, const struct hs_error *err)
{
	if (!known->is_away)
		hs_log_error(HS_LOG_WARNING, "cannot write down which sources there are", err);
	known->is_away = true;
	free(known->told);
	known->told = NULL;
	if (!known->is_stopped)
		look_in(known, AGAIN_SECONDS);
}

static void on_told(void *arg, PGresult *const *results, size_t count, const struct hs_error *err)
{
	struct known *known = arg;

	(void)results, (void)count;
	known->is_telling = false;
	if (err != NULL)
		forget(known, err);
	else
		known->is_away = false;
}

/* What changes while it is told is seen at the next look. */
void known_tell(struct known *known)
{
	struct hs_error err = HS_ERROR_INIT;
	bool is_old;
	char *text;

	if (known->is_stopped || known->is_telling)
		return;
	text = text_of(known->extractor);
	is_old = known->told == NULL || hs_clock_ms() - known->told_ms > TELL_EVERY_MS;
	if (!is_old && strcmp(known->told, text) == 0) {
		free(text);
		return;
	}
	free(known->told);
	known->told = text;
	known->told_ms = hs_clock_ms();
	const char *const values[] = { known->extractor->host, text };
	const struct hs_db_statement statement = { .sql = tell, .values = values,
		.count = HS_COUNT(values) };
	known->is_telling = hs_db_pool_submit(known->extractor->pool, &statement, 1, QUESTION_MS,
	    on_told, known, NULL, &err);
	if (!known->is_telling)
		forget(known, &err);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct known *known = arg;

	(void)fd, (void)what;
	look_in(known, LOOK_SECONDS);
	sources_refresh(known->extractor->sources, hs_child_settings(known->extractor->child));
	known_tell(known);
}

/* ---- its life ---- */

void known_stop(struct known *known)
{
	known->is_stopped = true;
	event_del(known->timer);
}

void known_free(struct known *known)
{
	if (known == NULL)
		return;
	if (known->timer != NULL)
		event_free(known->timer);
	free(known->told);
	free(known);
}

bool known_new(struct extractor *extractor, struct known **ret, struct hs_error *err)
{
	struct known *known = calloc(1, sizeof *known);

	if (known == NULL ||
	    (known->timer = event_new(extractor->base, -1, 0, on_timer, known)) == NULL) {
		known_free(known);
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to tell of the sources");
	}
	known->extractor = extractor;
	look_in(known, LOOK_SECONDS);
	*ret = known;
	return true;
}
