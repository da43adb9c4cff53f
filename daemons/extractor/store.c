/* store.c: statements about runs, and their rows as JSON.
 *
 * Trusts the schema (005_extractor.sql). Fails as the pool does; a run whose end cannot be
 * written stays "running" until nobody has seen it for minutes, and is then lost. */
#include "daemons/extractor/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/hex.h"
#include "common/log.h"

enum { QUESTION_MS = 15000, END_MS = 60000, NUMBER_BYTES = 24, HEX_BYTES = 2 * STORE_DIGEST_BYTES + 3 };

/* One not seen for so long is lost. */
#define LOST_AFTER "interval '5 minutes'"

/* As hsd-extractor(8) and the schema have it. */
#define KEPT_RUNS "1000"

#define KEY_DIGEST(value) "sha256(convert_to(" value "::text, 'UTF8'))"

#define LOSE \
	"update extractor_run set status = 'lost', finished_at = now(), error =" \
	" jsonb_build_object('code', 'cancelled', 'where', '', 'message'," \
	" 'its process ended before it did') where status = 'running'"

/* What was due when it was last is due again (see due.c), but not what was made up already: it
 * may be what kills us. */
#define LOSE_AND_MAKE_UP(which) \
	"with lost as (" LOSE " and " which " returning source, trigger)" \
	" update extractor_source s set next_due_at = last_due_at from lost" \
	" where lost.source = s.source and lost.trigger = 'schedule' and s.is_enabled"

#define IS_UNSEEN "seen_at < now() - " LOST_AFTER

static const char forget_runs[] = LOSE_AND_MAKE_UP("(host = $1::text or " IS_UNSEEN ")");

/* Ours go on, though the database was away for long. */
static const char forget_unseen[] = LOSE_AND_MAKE_UP(IS_UNSEEN
    " and run_id not in (select (value ->> 'run')::bigint from jsonb_array_elements($1::jsonb))");

static const char begin_run[] =
    "with lost as (" LOSE " and source = $1::text and " IS_UNSEEN
    " returning run_id),"
    " taken as (update extractor_source set last_due_at = next_due_at,"
    " next_due_at = to_timestamp($7::bigint) where source = $1::text and is_enabled"
    " and extract(epoch from next_due_at)::bigint = $6::bigint returning source),"
    " made as (insert into extractor_run (source, trigger, url, host)"
    " select $1::text, $2::text, $4::text, $5::text from (select count(*) from lost) l"
    " where $6::bigint is null or exists (select from taken)"
    " on conflict (source) where status = 'running' do nothing returning run_id)"
    " select m.run_id, a.etag, a.last_modified, encode(a.body_sha256, 'hex'),"
    " $6::bigint is null or exists (select from taken) from (values (1)) one"
    " left join made m on true left join extractor_answer a"
    " on a.source = $1::text and a.key_sha256 = " KEY_DIGEST("$3");

static const char end_run[] =
    "with answer as (insert into extractor_answer (source, key_sha256, etag, last_modified,"
    " body_sha256) select $12::text, " KEY_DIGEST("$13") ", $14::text, $15::text, $16::bytea"
    " where $13::text is not null on conflict (source, key_sha256) do update set"
    " etag = excluded.etag, last_modified = excluded.last_modified,"
    " body_sha256 = excluded.body_sha256, seen_at = now()),"
    " again as (update extractor_source set next_due_at = last_due_at"
    " where source = $12::text and is_enabled and $18::boolean)"
    " update extractor_run set status = $2::text, finished_at = now(), seen_at = now(),"
    " bytes = $3::bigint, records = $4::bigint, problem_total = $5::bigint, file = $6::text,"
    " source_name = $7::text, snapshot_date = $8::date, error = $9::jsonb,"
    " problems = coalesce($10::jsonb, '[]'), pages = $11::bigint, report = $17::jsonb,"
    " progress = null"
    " where run_id = $1::bigint and status in ('running', 'lost')";

/* Marks the answer that is asked with; all but the latest runs of its source, and answers not in
 * use, go. */
static const char tidy[] =
    "with pruned as (delete from extractor_run where source = $1::text and status <> 'running'"
    " and run_id <= (select run_id from extractor_run where source = $1::text"
    " order by run_id desc offset " KEPT_RUNS " limit 1)),"
    " forgotten as (delete from extractor_answer where seen_at < now() - interval '1 year'"
    " and not (source = $1::text and key_sha256 = " KEY_DIGEST("$2") "))"
    " update extractor_answer set seen_at = now() where source = $1::text and key_sha256 = "
    KEY_DIGEST("$2") " and seen_at < now() - interval '1 day'";

static const char seen_run[] =
    "update extractor_run set seen_at = now(), progress = $2::jsonb where run_id = $1::bigint"
    " and status = 'running'";

#define RUN_COLUMNS \
	"run_id, source, trigger, status, to_char(started_at at time zone 'UTC'," \
	" 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), to_char(finished_at at time zone 'UTC'," \
	" 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), extract(epoch from coalesce(finished_at, now())" \
	" - started_at)::text, url, bytes, records, file, source_name," \
	" to_char(snapshot_date, 'YYYY-MM-DD'), error, problem_total, pages"

/* What can be long. */
#define RUN_DETAILS ", problems, report"

enum { COLUMN_PROBLEMS = 16, COLUMN_REPORT };

const char store_list_runs[] =
    "select " RUN_COLUMNS RUN_DETAILS " from extractor_run"
    " where $1::text is null or source = $1::text order by run_id desc limit $2::bigint";

/* From name to name along the index, however many runs each has. */
const char store_latest_runs[] =
    "with recursive known (name) as ((select source from extractor_run order by source limit 1)"
    " union all select (select r.source from extractor_run r where r.source > k.name"
    " order by r.source limit 1) from known k where k.name is not null)"
    " select " RUN_COLUMNS " from known cross join lateral (select * from extractor_run r"
    " where r.source = known.name order by r.run_id desc limit 1) latest";

static const char *const trigger_names[] = {
	[STORE_BY_COMMAND] = "command",
	[STORE_BY_SCHEDULE] = "schedule",
	[STORE_CATCH_UP] = "catch-up",
	[STORE_BY_ADMIN] = "admin",
};

const char *store_trigger_name(enum store_trigger trigger)
{
	return trigger_names[trigger];
}

static const char *number_text(uint64_t number, char buf[NUMBER_BYTES])
{
	snprintf(buf, NUMBER_BYTES, "%llu", (unsigned long long)number);
	return buf;
}

/* Of a small note: its failure is logged, and costs nothing. */
static void on_noted(void *arg, PGresult *const *results, size_t count, const struct hs_error *err)
{
	(void)arg, (void)results, (void)count;
	if (err != NULL)
		hs_log_error(HS_LOG_WARNING, "cannot write down how a run fares", err);
}

static void note(struct hs_db_pool *pool, const char *sql, const char *const *values,
    size_t value_count)
{
	const struct hs_db_statement statement = { .sql = sql, .values = values,
		.count = value_count };
	struct hs_error err = HS_ERROR_INIT;

	if (!hs_db_pool_submit(pool, &statement, 1, QUESTION_MS, on_noted, NULL, NULL, &err))
		hs_log_error(HS_LOG_WARNING, "cannot write down how a run fares", &err);
}

struct begin {
	store_begun_fn *done;
	void *arg;
};

static void read_digest(const char *hex, struct store_begun *ret)
{
	ret->has_digest = hex != NULL && strlen(hex) == (size_t)2 * STORE_DIGEST_BYTES &&
	    hs_hex_bytes(hex, STORE_DIGEST_BYTES, ret->digest);
}

static void on_begun(void *arg, PGresult *const *results, size_t count, const struct hs_error *err)
{
	struct begin *begin = arg;
	struct store_begun begun = { 0 };
	struct hs_error busy = HS_ERROR_INIT;

	(void)count;
	if (err == NULL && hs_db_text(results[0], 0, 0) == NULL) {
		hs_error_set(&busy, HS_BUSY, "", strcmp(hs_db_text(results[0], 0, 4), "t") == 0 ?
		    "a run of this source is under way: wait for it, or hsctl extractor cancel it" :
		    "another machine runs this source at this time");
		err = &busy;
	}
	if (err == NULL) {
		begun.run = hs_db_int(results[0], 0, 0);
		begun.etag = hs_db_text(results[0], 0, 1);
		begun.last_modified = hs_db_text(results[0], 0, 2);
		read_digest(hs_db_text(results[0], 0, 3), &begun);
	}
	begin->done(begin->arg, err == NULL ? &begun : NULL, err);
	free(begin);
}

bool store_begin(struct hs_db_pool *pool, const char *source, enum store_trigger trigger,
    const struct store_due *due, const char *host, const char *answer_key, const char *shown_url,
    store_begun_fn *done, void *arg, struct hs_error *err)
{
	char at[NUMBER_BYTES], next[NUMBER_BYTES];
	const char *values[] = { source, trigger_names[trigger], answer_key, shown_url, host,
		due == NULL ? NULL : number_text((uint64_t)due->at, at),
		due == NULL ? NULL : number_text((uint64_t)due->next, next) };
	const struct hs_db_statement statement = { .sql = begin_run, .values = values,
		.count = HS_COUNT(values) };
	struct begin *begin = malloc(sizeof *begin);

	if (begin == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a run");
	*begin = (struct begin){ done, arg };
	if (hs_db_pool_submit(pool, &statement, 1, QUESTION_MS, on_begun, begin, NULL, err)) {
		note(pool, tidy, (const char *[]){ source, answer_key }, 2);
		return true;
	}
	free(begin);
	return false;
}

void store_seen(struct hs_db_pool *pool, int64_t run, const json_t *progress)
{
	char number[NUMBER_BYTES], *text = json_dumps(progress, JSON_COMPACT);
	struct hs_db_pool_state state;

	/* none of many notes would come through; the next one does */
	hs_db_pool_look(pool, &state);
	if (text != NULL && state.usable && state.waiting == 0) {
		snprintf(number, sizeof number, "%lld", (long long)run);
		note(pool, seen_run, (const char *[]){ number, text }, 2);
	}
	free(text);
}

struct ending {
	store_done_fn *done;
	void *arg;
};

static void on_end(void *arg, PGresult *const *results, size_t count, const struct hs_error *err)
{
	struct ending *ending = arg;

	(void)results, (void)count;
	ending->done(ending->arg, err);
	free(ending);
}

/* ---- what died ---- */

static void on_forgotten(void *arg, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	struct store_forgetting *forgetting = arg;

	(void)results, (void)count;
	forgetting->done(forgetting->arg, err);
}

static void forget(struct hs_db_pool *pool, const char *sql, const char *value,
    store_done_fn *done, void *arg, struct store_forgetting *place)
{
	const struct hs_db_statement statement = { .sql = sql, .values = &value, .count = 1 };
	struct hs_error err = HS_ERROR_INIT;

	*place = (struct store_forgetting){ done, arg };
	if (!hs_db_pool_submit(pool, &statement, 1, QUESTION_MS, on_forgotten, place, NULL, &err))
		done(arg, &err);
}

void store_forget(struct hs_db_pool *pool, const char *host, store_done_fn *done, void *arg,
    struct store_forgetting *place)
{
	forget(pool, forget_runs, host, done, arg, place);
}

void store_forget_unseen(struct hs_db_pool *pool, const json_t *ours, store_done_fn *done,
    void *arg, struct store_forgetting *place)
{
	char *text = json_dumps(ours, JSON_COMPACT);

	if (text == NULL)
		hs_panic("no memory to see which runs were lost");
	forget(pool, forget_unseen, text, done, arg, place);
	free(text);
}

/* ---- the end ---- */

static const char *given(const char *text)
{
	return text != NULL && text[0] != '\0' ? text : NULL;
}

static const char *digest_text(const unsigned char *digest, char buf[HEX_BYTES])
{
	if (digest == NULL)
		return NULL;
	memcpy(buf, "\\x", 2);
	hs_hex_text(digest, STORE_DIGEST_BYTES, buf + 2);
	return buf;
}

/* What is JSON, as text; NULL where there is none. */
struct end_texts {
	char *error, *problems, *report;
};

static bool make_text(const json_t *value, char **ret)
{
	return value == NULL || json_is_null(value) ||
	    (*ret = json_dumps(value, JSON_COMPACT)) != NULL;
}

static bool submit_end(struct hs_db_pool *pool, const struct store_end *end,
    const struct end_texts *texts, struct ending *ending, struct hs_error *err)
{
	char run[NUMBER_BYTES], bytes[NUMBER_BYTES], records[NUMBER_BYTES], total[NUMBER_BYTES];
	char pages[NUMBER_BYTES], digest[HEX_BYTES];
	const char *values[] = { number_text((uint64_t)end->run, run), end->status,
		number_text(end->bytes, bytes), number_text(end->records, records),
		number_text(end->problem_total, total), given(end->file), given(end->source_name),
		given(end->snapshot_date), texts->error, texts->problems,
		number_text(end->pages, pages), end->source, end->answer_key, end->etag,
		end->last_modified, digest_text(end->digest, digest), texts->report,
		end->is_due_again ? "t" : "f" };
	const struct hs_db_statement statement = { .sql = end_run, .values = values,
		.count = HS_COUNT(values) };

	return hs_db_pool_submit(pool, &statement, 1, END_MS, on_end, ending, NULL, err);
}

bool store_end(struct hs_db_pool *pool, const struct store_end *end, store_done_fn *done, void *arg,
    struct hs_error *err)
{
	struct ending *ending = malloc(sizeof *ending);
	struct end_texts texts = { NULL };
	bool is_done = ending != NULL && make_text(end->error, &texts.error) &&
	    make_text(end->problems, &texts.problems) && make_text(end->report, &texts.report);

	if (is_done) {
		*ending = (struct ending){ done, arg };
		is_done = submit_end(pool, end, &texts, ending, err);
	} else {
		hs_error_set(err, HS_NO_MEMORY, "", "no memory to write down a run's end");
	}
	if (!is_done)
		free(ending);
	free(texts.error);
	free(texts.problems);
	free(texts.report);
	return is_done;
}

static json_t *json_or_null(const char *text)
{
	json_t *value = text == NULL ? json_null() : json_loads(text, JSON_DECODE_ANY, NULL);

	return value != NULL ? value : json_null();
}

json_t *store_run_json(const PGresult *result, int row)
{
	json_t *run = json_pack("{s:I, s:s, s:s, s:s, s:s, s:s?, s:f, s:s, s:I, s:I, s:I, s:s?, s:s?,"
	    " s:s?, s:o, s:I}", "run", (json_int_t)hs_db_int(result, row, 0), "source",
	    hs_db_text(result, row, 1), "trigger", hs_db_text(result, row, 2), "status",
	    hs_db_text(result, row, 3), "started_at", hs_db_text(result, row, 4), "finished_at",
	    hs_db_text(result, row, 5), "seconds", strtod(hs_db_text(result, row, 6), NULL), "url",
	    hs_db_text(result, row, 7), "pages", (json_int_t)hs_db_int(result, row, 15), "bytes",
	    (json_int_t)hs_db_int(result, row, 8), "records",
	    (json_int_t)hs_db_int(result, row, 9), "file", hs_db_text(result, row, 10),
	    "source_name", hs_db_text(result, row, 11), "snapshot_date",
	    hs_db_text(result, row, 12), "error", json_or_null(hs_db_text(result, row, 13)),
	    "problem_total", (json_int_t)hs_db_int(result, row, 14));

	if (PQnfields(result) <= COLUMN_REPORT)
		return run;
	json_object_set_new(run, "problems",
	    json_or_null(hs_db_text(result, row, COLUMN_PROBLEMS)));
	json_object_set_new(run, "report", json_or_null(hs_db_text(result, row, COLUMN_REPORT)));
	return run;
}
