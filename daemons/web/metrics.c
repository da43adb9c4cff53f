/* metrics.c: gathers a scrape: our own figures, the supervisor's, the database's.
 *
 * Trusts routes.c to have asked whether the asker may. With the database away, or a daemon that
 * does not answer, it answers all the same. Scrapes at the same time share one question to the
 * supervisor. */
#include "daemons/web/metrics.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "daemons/web/account.h"
#include "daemons/web/answers.h"
#include "daemons/web/metrics_text.h"
#include "daemons/web/reply.h"
#include "daemons/web/server.h"
#include "daemons/web/traffic.h"
#include "daemons/web/web.h"

TAILQ_HEAD(scrape_list, scrape);

/* One scrape under way: exchange->work. */
struct scrape {
	TAILQ_ENTRY(scrape) link;
	struct scrape_list *in;		/* where it waits for the supervisor's answer, or NULL */
	struct exchange *exchange;
	struct scrapes *home;
	bool awaits_database;
	json_t *house;			/* NULL: not told */
	struct evbuffer *data;		/* what came of the database; NULL: nothing */
};

struct scrapes {
	struct web *web;
	double started_at;		/* by the wall clock */
	bool is_asking;			/* the supervisor */
	struct scrape_list asked;	/* who gets its answer */
	struct scrape_list waiting;	/* who came after it was asked */
};

/* ---- ourselves ---- */

static double open_files(void)
{
	DIR *list = opendir("/proc/self/fd");
	double count = -3;	/* ".", ".." and the list itself */

	if (list == NULL)
		return 0;
	while (readdir(list) != NULL)
		count++;
	closedir(list);
	return count;
}

static void write_process(const struct scrapes *scrapes, struct evbuffer *out)
{
	unsigned long long virtual_pages = 0, resident_pages = 0;
	double page = (double)sysconf(_SC_PAGESIZE);
	FILE *file = fopen("/proc/self/statm", "re");
	struct rlimit limit = { .rlim_cur = 0 };
	struct timespec cpu = { 0 };

	if (file != NULL) {
		if (fscanf(file, "%llu %llu", &virtual_pages, &resident_pages) != 2)
			virtual_pages = resident_pages = 0;
		fclose(file);
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	metrics_one(out, "process_cpu_seconds_total", "counter", "Processor time of hsd-web.",
	    (double)cpu.tv_sec + (double)cpu.tv_nsec / 1e9);
	metrics_one(out, "process_resident_memory_bytes", "gauge", "Memory of hsd-web.",
	    (double)resident_pages * page);
	metrics_one(out, "process_virtual_memory_bytes", "gauge", "Address space of hsd-web.",
	    (double)virtual_pages * page);
	metrics_one(out, "process_open_fds", "gauge", "Open files and sockets of hsd-web.",
	    open_files());
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		metrics_one(out, "process_max_fds", "gauge", "The most that there may be.",
		    (double)limit.rlim_cur);
	metrics_one(out, "process_start_time_seconds", "gauge", "When hsd-web began.",
	    scrapes->started_at);
}

static void write_pool(const struct web *web, struct evbuffer *out)
{
	static const char connections[] = "hoopscout_db_pool_connections";
	struct hs_db_pool_state pool;

	hs_db_pool_look(web->pool, &pool);
	metrics_family(out, connections, "gauge", "Connections for searches, by what they do.");
	metrics_count(out, connections, pool.busy, LABELS({ "state", "busy" }));
	metrics_count(out, connections, pool.open > pool.busy ? pool.open - pool.busy : 0,
	    LABELS({ "state", "idle" }));
	metrics_one(out, "hoopscout_db_pool_waiting_jobs", "gauge",
	    "Queries that wait for a connection.", (double)pool.waiting);
	metrics_family(out, "hoopscout_db_pool_wait_seconds", "summary",
	    "How long queries waited for a connection.");
	metrics_number(out, "hoopscout_db_pool_wait_seconds_sum", pool.waited_seconds, NO_LABELS);
	metrics_count(out, "hoopscout_db_pool_wait_seconds_count", pool.begun, NO_LABELS);
}

static void write_web(const struct scrapes *scrapes, struct evbuffer *out)
{
	const struct web *web = scrapes->web;
	struct answers_state answers;
	struct server_state server;

	server_look(web->server, &server);
	answers_look(web->answers, &answers);
	metrics_family(out, "hoopscout_build_info", "gauge", "Always 1; its label is the version.");
	metrics_count(out, "hoopscout_build_info", 1, LABELS({ "version", PACKAGE_VERSION }));
	traffic_write(web->traffic, out);
	metrics_one(out, "hoopscout_http_requests_in_flight", "gauge",
	    "Requests that are not answered yet, this one among them.", (double)server.in_hand);
	metrics_one(out, "hoopscout_http_connections", "gauge", "Open connections.",
	    (double)server.connections);
	metrics_one(out, "hoopscout_answers_hits_total", "counter",
	    "Searches that were answered from memory.", (double)answers.hits);
	metrics_one(out, "hoopscout_answers_misses_total", "counter",
	    "Searches that were not.", (double)answers.misses);
	metrics_one(out, "hoopscout_answers_bytes", "gauge", "Memory of the answers that are kept.",
	    (double)answers.bytes);
	write_pool(web, out);
	write_process(scrapes, out);
}

/* ---- the answer ---- */

static void leave(struct scrape *scrape)
{
	if (scrape->in != NULL)
		TAILQ_REMOVE(scrape->in, scrape, link);
	scrape->in = NULL;
}

static void enter(struct scrape *scrape, struct scrape_list *list)
{
	leave(scrape);
	TAILQ_INSERT_TAIL(list, scrape, link);
	scrape->in = list;
}

static void scrape_free(void *work)
{
	struct scrape *scrape = work;

	leave(scrape);
	json_decref(scrape->house);
	if (scrape->data != NULL)
		evbuffer_free(scrape->data);
	free(scrape);
}

static void finish(struct scrape *scrape)
{
	struct exchange *exchange = scrape->exchange;
	struct evbuffer *out = exchange->reply.body;

	if (scrape->in != NULL || scrape->awaits_database)
		return;
	write_web(scrape->home, out);
	metrics_write_house(scrape->house, out);
	metrics_one(out, "hoopscout_database_up", "gauge",
	    "Whether the database answered; else its figures are missing.", scrape->data != NULL);
	if (scrape->data != NULL)
		evbuffer_add_buffer(out, scrape->data);
	exchange->reply.status = HTTP_OK;
	exchange->reply.type = "text/plain; version=0.0.4; charset=utf-8";
	exchange_answer(exchange);
}

/* ---- the supervisor ---- */

static void on_house(void *arg, const json_t *house);

static void ask_supervisor(struct scrapes *scrapes)
{
	struct scrape *scrape;

	while ((scrape = TAILQ_FIRST(&scrapes->waiting)) != NULL)
		enter(scrape, &scrapes->asked);
	scrapes->is_asking = true;
	hs_child_ask_house(scrapes->web->child, on_house, scrapes);
}

static void on_house(void *arg, const json_t *house)
{
	struct scrapes *scrapes = arg;
	struct scrape *scrape;

	scrapes->is_asking = false;
	while ((scrape = TAILQ_FIRST(&scrapes->asked)) != NULL) {
		leave(scrape);
		scrape->house = json_incref((json_t *)(uintptr_t)house);
		finish(scrape);
	}
	if (!TAILQ_EMPTY(&scrapes->waiting))
		ask_supervisor(scrapes);
}

/* ---- the database ---- */

/* Each is one look at an index's end or at one row: no table is read. Migrations may be missing. */
static const struct hs_db_statement questions[] = {
	{ .sql = "select current_setting('server_version'), pg_database_size(current_database()),"
		 " (select version from data_version),"
		 " (select extract(epoch from finished_at) from import_file"
		 " where status = 'imported' order by file_id desc limit 1),"
		 " pg_is_in_recovery()::int, case when pg_is_in_recovery() then"
		 " extract(epoch from now() - pg_last_xact_replay_timestamp()) end,"
		 " (select count(*) from schema_migration)" },
	{ .sql = "with recursive one as (select min(source) as source from extractor_run union all"
		 " select (select min(source) from extractor_run r where r.source > one.source)"
		 " from one where one.source is not null)"
		 " select one.source, (select extract(epoch from finished_at) from extractor_run r"
		 " where r.source = one.source and status in ('emitted', 'unchanged')"
		 " order by run_id desc limit 1), (select (status = 'failed')::int from extractor_run r"
		 " where r.source = one.source and status not in ('running', 'checked', 'cancelled')"
		 " order by run_id desc limit 1)"
		 " from one where one.source is not null limit 1000" },
};

static void write_when_known(const PGresult *result, int row, int column, struct evbuffer *out,
    const char *name, const struct metrics_label *labels)
{
	if (!PQgetisnull(result, row, column))
		metrics_number(out, name, strtod(hs_db_text(result, row, column), NULL), labels);
}

static void write_one(const PGresult *result, int column, struct evbuffer *out, const char *name,
    const char *help)
{
	metrics_family(out, name, "gauge", help);
	write_when_known(result, 0, column, out, name, NO_LABELS);
}

static void write_sources(const PGresult *result, struct evbuffer *out)
{
	static const char success[] = "hoopscout_extractor_last_success_timestamp_seconds";
	static const char failed[] = "hoopscout_extractor_last_run_failed";

	metrics_family(out, success, "gauge", "When a source's feed was last fetched.");
	for (int row = 0; row < PQntuples(result); row++)
		write_when_known(result, row, 1, out, success,
		    LABELS({ "source", hs_db_text(result, row, 0) }));
	metrics_family(out, failed, "gauge", "Whether the latest run of a source failed.");
	for (int row = 0; row < PQntuples(result); row++)
		write_when_known(result, row, 2, out, failed,
		    LABELS({ "source", hs_db_text(result, row, 0) }));
}

static void write_data(PGresult *const *results, size_t migrations, struct evbuffer *out)
{
	const PGresult *one = results[0];

	metrics_family(out, "hoopscout_database_info", "gauge",
	    "Always 1; its label is PostgreSQL's version.");
	metrics_count(out, "hoopscout_database_info", 1, LABELS({ "version", hs_db_text(one, 0, 0) }));
	write_one(one, 1, out, "hoopscout_database_size_bytes", "The database on its disk.");
	write_one(one, 2, out, "hoopscout_data_version",
	    "Rises with each import that changed something.");
	write_one(one, 3, out, "hoopscout_import_last_timestamp_seconds",
	    "When a file was last imported, on any machine.");
	write_one(one, 4, out, "hoopscout_database_is_standby",
	    "Whether the database that searches ask follows another.");
	write_one(one, 5, out, "hoopscout_database_replay_age_seconds",
	    "On a standby, the age of the last change that it has.");
	metrics_one(out, "hoopscout_migrations_pending", "gauge",
	    "Migrations of this version that the database lacks.",
	    (double)migrations - (double)hs_db_int(one, 0, 6));
	write_sources(results[1], out);
}

static void on_data(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	struct scrape *scrape = exchange->work;

	(void)count;
	scrape->awaits_database = false;
	if (err == NULL && PQntuples(results[0]) == 1 && (scrape->data = evbuffer_new()) != NULL)
		write_data(results, exchange->web->migrations, scrape->data);
	finish(scrape);
}

static void ask_database(struct scrape *scrape)
{
	struct exchange *exchange = scrape->exchange;
	struct hs_error ignored = HS_ERROR_INIT;
	struct hs_db_pool_state pool;

	hs_db_pool_look(exchange->web->pool, &pool);
	if (!pool.usable && pool.last.code != HS_OK)
		return;
	exchange->patience_ms = METRICS_PATIENCE_MS;
	scrape->awaits_database = exchange_ask_beside(exchange, questions, HS_COUNT(questions),
	    on_data, &ignored);
}

/* ---- the beginning ---- */

void metrics_answer(struct exchange *exchange)
{
	struct scrapes *scrapes = exchange->web->scrapes;
	struct scrape *scrape = calloc(1, sizeof *scrape);

	if (scrape == NULL) {
		reply_problem(exchange, HTTP_SERVUNAVAIL, "There is no memory.", NULL);
		return;
	}
	scrape->exchange = exchange;
	scrape->home = scrapes;
	exchange->work = scrape;
	exchange->work_free = scrape_free;
	ask_database(scrape);
	enter(scrape, &scrapes->waiting);
	if (!scrapes->is_asking)
		ask_supervisor(scrapes);
}

bool scrapes_new(struct web *web, struct scrapes **ret, struct hs_error *err)
{
	struct scrapes *scrapes = calloc(1, sizeof *scrapes);

	if (scrapes == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for figures");
	scrapes->web = web;
	scrapes->started_at = (double)time(NULL);
	TAILQ_INIT(&scrapes->asked);
	TAILQ_INIT(&scrapes->waiting);
	*ret = scrapes;
	return true;
}

void scrapes_free(struct scrapes *scrapes)
{
	free(scrapes);
}
