/* view_status.c: what runs, what waits, and why.
 *
 * Trusts the figures; texts are escaped. Parts that a daemon did not send are left out. */
#include "ctl/views.h"

#include <stdlib.h>
#include <string.h>

#include "common/number.h"
#include "ctl/outcome.h"
#include "ctl/table.h"

static enum style state_style(const char *state)
{
	if (strcmp(state, "up") == 0)
		return STYLE_GOOD;
	if (strcmp(state, "failed") == 0 || strcmp(state, "down") == 0)
		return STYLE_BAD;
	return STYLE_DOUBT;
}

static void print_field(const struct screen *screen, const char *name, const char *value)
{
	fprintf(screen->out, "  %-11s%s\n", name, value);
}

/* The address for a browser, then the others. */
static void print_listen(const struct screen *screen, const json_t *result)
{
	const char *url = text_of(result, "url");
	const json_t *one;
	size_t i;

	print_field(screen, "url", url);
	json_array_foreach(json_object_get(result, "listen"), i, one) {
		if (json_is_string(one) && strcmp(json_string_value(one), url) != 0)
			print_field(screen, "", json_string_value(one));
	}
}

/* Of several PostgreSQL hosts each: what it is, how far behind, and whether it is searched. */
static void print_hosts(const struct screen *screen, const json_t *hosts)
{
	char line[2 * FIGURE_BYTES + 512];
	const json_t *host;
	size_t i;

	json_array_foreach(hosts, i, host) {
		const json_t *lag = json_object_get(host, "lag_seconds");
		const char *message = json_string_value(json_object_get(host, "message"));
		int length = snprintf(line, sizeof line, "%.200s: %s", text_of(host, "name"),
		    text_of(host, "role"));

		if (json_is_real(lag))
			length += snprintf(line + length, sizeof line - (size_t)length,
			    ", %.1f s behind", json_real_value(lag));
		if (json_is_true(json_object_get(host, "searches")))
			length += snprintf(line + length, sizeof line - (size_t)length,
			    ", asked by searches");
		if (message != NULL && message[0] != '\0')
			snprintf(line + length, sizeof line - (size_t)length, ": %.200s", message);
		print_field(screen, "", line);
	}
}

static void print_database(const struct screen *screen, const json_t *database)
{
	const char *state = text_of(database, "state");
	const json_t *message = json_object_get(database, "message");
	const json_t *migration = json_object_get(database, "migration");

	if (!json_is_object(database))
		return;
	fprintf(screen->out, "  %-11s", "database");
	screen_print(screen, state_style(state), "%s", state);
	fprintf(screen->out, ", %s", text_of(database, "kind"));
	if (json_is_string(migration))
		fprintf(screen->out, ", at %s", json_string_value(migration));
	fputc('\n', screen->out);
	if (json_is_string(message) && json_string_length(message) > 0)
		print_field(screen, "", json_string_value(message));
	print_hosts(screen, json_object_get(database, "hosts"));
}

/* Before all else. */
static void print_warnings(const struct screen *screen, const json_t *warnings)
{
	const json_t *one;
	size_t i;

	json_array_foreach(warnings, i, one) {
		screen_print(screen, STYLE_DOUBT, "! %s", text_of(one, "message"));
		fprintf(screen->out, ": %s\n", text_of(one, "advice"));
	}
	if (json_array_size(warnings) > 0)
		fputc('\n', screen->out);
}

static void print_figures(const struct screen *screen, const json_t *figures)
{
	const json_t *last = json_object_get(figures, "last_import");
	char line[256], size[FIGURE_BYTES], players[FIGURE_BYTES], seasons[FIGURE_BYTES];
	char at[FIGURE_BYTES];

	if (!json_is_string(json_object_get(figures, "version")))
		return;
	snprintf(line, sizeof line, "PostgreSQL %.40s, %s%s", text_of(figures, "version"),
	    hs_size_text(number_of(figures, "size_bytes"), size, sizeof size),
	    flag_of(figures, "is_standby") ? ", a standby" : "");
	print_field(screen, "", line);
	snprintf(line, sizeof line, "%s%s players, %s player-seasons",
	    flag_of(figures, "is_estimate") ? "about " : "",
	    screen_count(number_of(figures, "players"), players),
	    screen_count(number_of(figures, "player_seasons"), seasons));
	print_field(screen, "data", line);
	if (!json_is_object(last))
		return;
	snprintf(line, sizeof line, "last import %s (UTC): %.200s", screen_time(text_of(last, "at"),
	    SCREEN_TO_THE_SECOND, at), text_of(last, "name"));
	print_field(screen, "", line);
}

/* "state 12 GiB of 50 GiB", and those of the snapshot folders; on one file system only once. */
static void print_rooms(const struct screen *screen, const json_t *result)
{
	const json_t *daemon, *rooms = NULL, *room = json_object_get(result, "room");
	char line[256], left[FIGURE_BYTES], all[FIGURE_BYTES];
	size_t i;

	json_array_foreach(json_object_get(result, "daemons"), i, daemon) {
		if (rooms == NULL)
			rooms = json_object_get(json_object_get(daemon, "detail"), "rooms");
	}
	for (i = 0; room != NULL; room = json_array_get(rooms, i++)) {
		const char *problem = json_string_value(json_object_get(room, "problem"));

		if (problem != NULL)
			snprintf(line, sizeof line, "%.20s: %.200s", text_of(room, "name"), problem);
		else
			snprintf(line, sizeof line, "%.20s: %s of %s left", text_of(room, "name"),
			    hs_size_text(number_of(room, "free_bytes"), left, sizeof left),
			    hs_size_text(number_of(room, "total_bytes"), all, sizeof all));
		print_field(screen, i == 0 ? "room" : "", line);
	}
}

/* A backup or a restore. */
static void print_work(const struct screen *screen, const json_t *work)
{
	if (!json_is_object(work))
		return;
	fprintf(screen->out, "  %-11s", text_of(work, "work"));
	screen_print(screen, STYLE_DOUBT, "%s", text_of(work, "stage"));
	fputc('\n', screen->out);
}

static void print_head(const struct screen *screen, const json_t *result)
{
	char span[FIGURE_BYTES];

	print_warnings(screen, json_object_get(result, "warnings"));
	screen_print(screen, STYLE_TITLE, "HoopScout %s", text_of(result, "version"));
	fprintf(screen->out, ", process %lld, up for %s\n", number_of(result, "pid"),
	    screen_span(real_of(result, "uptime_seconds"), span));
	print_listen(screen, result);
	print_field(screen, "incoming", text_of(result, "incoming"));
	print_field(screen, "state", text_of(result, "state_dir"));
	print_database(screen, json_object_get(result, "database"));
	print_figures(screen, json_object_get(result, "figures"));
	print_rooms(screen, result);
	print_work(screen, json_object_get(result, "work"));
}

static void print_last_exits(const struct screen *screen, const json_t *daemons)
{
	const json_t *daemon;
	size_t i;

	json_array_foreach(daemons, i, daemon) {
		const json_t *last = json_object_get(daemon, "last_exit");
		const json_t *next = json_object_get(daemon, "next_try_seconds");
		char span[FIGURE_BYTES];

		if (!json_is_string(last) && !json_is_number(next))
			continue;
		fprintf(screen->out, "  %s: last exit: %s", text_of(daemon, "name"),
		    text_of(daemon, "last_exit"));
		if (json_is_number(next))
			fprintf(screen->out, "; next try in %s",
			    screen_span(json_number_value(next), span));
		fputc('\n', screen->out);
	}
}

static void print_daemons(const struct screen *screen, const json_t *daemons)
{
	static const struct column columns[] = { { "DAEMON", false }, { "STATE", false },
		{ "PROCESS", true }, { "UP FOR", true }, { "RESTARTS", true } };
	struct table *table = table_new(columns, HS_COUNT(columns));
	const json_t *daemon;
	size_t i;

	json_array_foreach(daemons, i, daemon) {
		char pid[FIGURE_BYTES], span[FIGURE_BYTES], restarts[FIGURE_BYTES];
		bool runs = number_of(daemon, "pid") > 0;

		snprintf(pid, sizeof pid, "%lld", number_of(daemon, "pid"));
		screen_span(real_of(daemon, "uptime_seconds"), span);
		screen_count(number_of(daemon, "restarts"), restarts);
		table_add(table, (const char *const[]){ text_of(daemon, "name"),
		    text_of(daemon, "state"), runs ? pid : "-", runs ? span : "-", restarts });
		table_style(table, 1, state_style(text_of(daemon, "state")));
	}
	fputc('\n', screen->out);
	table_print(table, screen, 0);
	print_last_exits(screen, daemons);
}

/* What pages have asked for and nobody takes: all daemons see the same, so one that sees is enough. */
static void print_waiting_requests(const struct screen *screen, const json_t *daemons)
{
	const json_t *daemon, *queue, *one;
	size_t i, n;

	json_array_foreach(daemons, i, daemon) {
		queue = json_object_get(json_object_get(daemon, "detail"), "queue");
		if (!json_is_object(queue) || json_is_string(json_object_get(queue, "problem")))
			continue;
		json_array_foreach(json_object_get(queue, "waiting"), n, one) {
			char count[64], span[FIGURE_BYTES];
			bool is_one = number_of(one, "count") == 1;

			screen_print(screen, STYLE_DOUBT, "  %s", screen_some(number_of(one,
			    "count"), "request waits", "requests wait", count, sizeof count));
			fprintf(screen->out, " for the %s, %s %s\n", text_of(one, "owner"),
			    is_one ? "for" : "the oldest for",
			    screen_span(real_of(one, "seconds"), span));
		}
		return;
	}
}

/* Where requests are not even seen: why. */
static void print_unseen_requests(const struct screen *screen, const json_t *daemons)
{
	const json_t *daemon, *problem;
	size_t i;

	json_array_foreach(daemons, i, daemon) {
		problem = json_object_get(json_object_get(json_object_get(daemon, "detail"),
		    "queue"), "problem");
		if (json_is_string(problem))
			fprintf(screen->out, "  %s: sees no requests: %s\n",
			    text_of(daemon, "name"), json_string_value(problem));
	}
}

static void print_importing(const struct screen *screen, const json_t *importing)
{
	char bytes[FIGURE_BYTES], total[FIGURE_BYTES], records[48];

	if (!json_is_object(importing)) {
		fputs("importer: waits for files\n", screen->out);
		return;
	}
	fprintf(screen->out, "importer: %s %s, %s of %s, %s\n", text_of(importing, "stage"),
	    text_of(importing, "file"),
	    hs_size_text(number_of(importing, "bytes"), bytes, sizeof bytes),
	    hs_size_text(number_of(importing, "total"), total, sizeof total),
	    screen_some(number_of(importing, "records"), "record", "records", records,
		sizeof records));
}

static void print_last_file(const struct screen *screen, const json_t *last)
{
	bool has_failed = strcmp(text_of(last, "status"), "failed") == 0;
	char count[64];

	if (!json_is_object(last))
		return;
	if (has_failed)
		screen_some(number_of(last, "problem_total"), "problem", "problems", count,
		    sizeof count);
	else
		screen_some(number_of(last, "records"), "record", "records", count, sizeof count);
	fprintf(screen->out, "  last file  %s: %s, %s (run %lld)\n", text_of(last, "name"),
	    text_of(last, "status"), count, number_of(last, "run_id"));
}

static void print_importer(struct output *output, const json_t *detail)
{
	const struct screen *screen = &output->screen;

	fputc('\n', screen->out);
	print_importing(screen, json_object_get(detail, "importing"));
	print_last_file(screen, json_object_get(detail, "last_file"));
	if (json_is_false(json_object_get(detail, "watching"))) {
		screen_print(screen, STYLE_DOUBT, "  no events from incoming");
		fprintf(screen->out, ": %s\n  files are found by the regular scan instead\n",
		    text_of(detail, "watch_problem"));
	}
	view_waiting(output, json_object_get(detail, "waiting"));
}

static void print_https(const struct screen *screen, const json_t *detail)
{
	const json_t *https = json_object_get(detail, "https");
	const json_t *problem = json_object_get(detail, "reload_problem");

	if (json_is_object(https)) {
		bool is_over = json_is_true(json_object_get(https, "is_over"));

		fprintf(screen->out, "  HTTPS as %s, ", text_of(https, "certificate"));
		if (is_over)
			screen_print(screen, STYLE_BAD, "whose certificate has expired: ");
		fprintf(screen->out, "until %s\n", text_of(https, "ends"));
	}
	if (json_string_length(problem) > 0) {
		screen_print(screen, STYLE_BAD, "  the latest reload was refused");
		fprintf(screen->out, ": %s\n", json_string_value(problem));
	}
}

static void print_web(const struct screen *screen, const json_t *detail)
{
	const json_t *database = json_object_get(detail, "database");
	char requests[48], connections[48];

	fprintf(screen->out, "\nweb: %s, %s\n",
	    screen_some(number_of(detail, "requests"), "request", "requests", requests,
		sizeof requests),
	    screen_some(number_of(detail, "connections"), "connection", "connections", connections,
		sizeof connections));
	print_https(screen, detail);
	if (!json_is_object(database))
		return;
	fprintf(screen->out, "  database connections: %lld open, %lld busy; %lld queries wait\n",
	    number_of(database, "open"), number_of(database, "busy"),
	    number_of(database, "waiting"));
	if (json_is_false(json_object_get(database, "usable"))) {
		screen_print(screen, STYLE_BAD, "  the database is not usable");
		fprintf(screen->out, ": %s\n", text_of(database, "message"));
	}
}

static void print_extracting(const struct screen *screen, const json_t *runs)
{
	const json_t *run;
	char count[48];
	size_t i;

	if (json_array_size(runs) == 0) {
		fputs("\nextractor: fetches nothing now\n", screen->out);
		return;
	}
	fprintf(screen->out, "\nextractor: %s under way\n", screen_some(
	    (long long)json_array_size(runs), "run", "runs", count, sizeof count));
	json_array_foreach(runs, i, run) {
		const char *note = json_string_value(json_object_get(run, "note"));
		char bytes[FIGURE_BYTES], records[48];

		fprintf(screen->out, "  %s: %s, %s, %s\n", text_of(run, "file"),
		    note != NULL ? note : text_of(run, "stage"), hs_size_text(number_of(run, "bytes"), bytes,
			sizeof bytes),
		    screen_some(number_of(run, "records"), "record", "records", records,
			sizeof records));
	}
}

static void print_extractor(const struct screen *screen, const json_t *detail)
{
	const json_t *scheduler = json_object_get(detail, "scheduler");
	char next[FIGURE_BYTES];

	print_extracting(screen, json_object_get(detail, "runs"));
	if (!flag_of(scheduler, "enabled"))
		fputs("  the scheduler is off: SCHEDULER_ENABLED=yes turns it on\n", screen->out);
	else if (json_is_string(json_object_get(scheduler, "next_run_at")))
		fprintf(screen->out, "  next run   %s (UTC): %s\n", screen_time(text_of(scheduler,
		    "next_run_at"), SCREEN_TO_THE_SECOND, next), text_of(scheduler, "next_source"));
	else
		fputs("  no source has a time to run next\n", screen->out);
	if (json_is_string(json_object_get(detail, "database_problem"))) {
		screen_print(screen, STYLE_BAD, "  the database is not usable");
		fprintf(screen->out, ": %s\n", text_of(detail, "database_problem"));
	}
}

void view_status(struct output *output, const json_t *result)
{
	const json_t *daemons = json_object_get(result, "daemons"), *daemon;
	size_t i;

	print_head(&output->screen, result);
	print_daemons(&output->screen, daemons);
	print_waiting_requests(&output->screen, daemons);
	print_unseen_requests(&output->screen, daemons);
	json_array_foreach(daemons, i, daemon) {
		const json_t *detail = json_object_get(daemon, "detail");

		if (!json_is_object(detail))
			continue;
		if (strcmp(text_of(daemon, "name"), "importer") == 0)
			print_importer(output, detail);
		else if (strcmp(text_of(daemon, "name"), "web") == 0)
			print_web(&output->screen, detail);
		else if (strcmp(text_of(daemon, "name"), "extractor") == 0)
			print_extractor(&output->screen, detail);
	}
}

void view_daemon(struct output *output, const json_t *result)
{
	const char *state = text_of(result, "state");

	fprintf(output->screen.out, "%s: ", text_of(result, "daemon"));
	screen_print(&output->screen, state_style(state), "%s", state);
	if (number_of(result, "pid") > 0)
		fprintf(output->screen.out, ", process %lld", number_of(result, "pid"));
	fputc('\n', output->screen.out);
}

void view_reload(struct output *output, const json_t *result)
{
	FILE *out = output->screen.out;
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(result, "reloaded"), i, one) {
		if (json_is_string(one))
			fprintf(out, "%s: reloaded\n", json_string_value(one));
	}
	json_array_foreach(json_object_get(result, "refused"), i, one) {
		fprintf(out, "%s: ", text_of(one, "daemon"));
		screen_print(&output->screen, STYLE_BAD, "refused");
		fprintf(out, ", and goes on as before: %s\n", text_of(one, "message"));
	}
}
