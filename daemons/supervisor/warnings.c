/* warnings.c: judges a status by a few fixed limits.
 *
 * A part that is not there gives no warning. */
#include "daemons/supervisor/warnings.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/number.h"

enum {
	LONG_WAIT_SECONDS = 600,
	RECENT_SECONDS = 3600,
	LEAST_SHARE = 10	/* of a file system: one in so many bytes is to be free */
};

/* A large file system with so much left is not full. */
#define ENOUGH_BYTES (10LL << 30)

static const char *text_in(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

static json_int_t number_in(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static void warn(json_t *list, const char *advice, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void warn(json_t *list, const char *advice, const char *format, ...)
{
	char message[512];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	json_array_append_new(list, json_pack("{s:s+, s:s}", "message", message, "", "advice", advice));
}

static void judge_daemon(json_t *list, const json_t *daemon)
{
	const char *state = text_in(daemon, "state"), *name = text_in(daemon, "name");
	double up_for = json_number_value(json_object_get(daemon, "uptime_seconds"));
	char advice[64];

	snprintf(advice, sizeof advice, "hsctl logs %.20s", name);
	if (strcmp(state, "failed") == 0 || strcmp(state, "waiting") == 0)
		warn(list, advice, "the %s is not up: %.200s", name, text_in(daemon, "last_exit"));
	else if (number_in(daemon, "restarts") > 0 && up_for < RECENT_SECONDS &&
	    text_in(daemon, "last_exit")[0] != '\0' &&
	    strcmp(text_in(daemon, "last_exit"), "exit status 0") != 0)
		warn(list, advice, "the %s was started anew %.0f min ago: %.200s", name, up_for / 60,
		    text_in(daemon, "last_exit"));
}

static void judge_importer(json_t *list, const json_t *detail)
{
	double oldest = json_number_value(json_object_get(detail, "oldest_seconds"));

	if (oldest > LONG_WAIT_SECONDS)
		warn(list, "hsctl import list", "%lld %s in incoming, for up to %.0f min",
		    (long long)number_in(detail, "waiting_total"),
		    number_in(detail, "waiting_total") == 1 ? "file waits" : "files wait", oldest / 60);
}

static void judge_web(json_t *list, const json_t *detail)
{
	const json_t *https = json_object_get(detail, "https"), *host;
	const json_t *database = json_object_get(detail, "database");
	const char *refused = text_in(detail, "reload_problem");
	size_t i;

	if (json_is_true(json_object_get(https, "is_over")))
		warn(list, "hsctl doctor", "the certificate of %.200s ended at %s",
		    text_in(https, "certificate"), text_in(https, "ends"));
	if (refused[0] != '\0')
		warn(list, "hsctl logs web", "the web server refused the latest reload: %.300s",
		    refused);
	json_array_foreach(json_object_get(database, "hosts"), i, host) {
		if (text_in(host, "message")[0] != '\0')
			warn(list, "hsctl logs web", "the host %.200s of POSTGRES_HOST: %.200s",
			    text_in(host, "name"), text_in(host, "message"));
	}
}

static void judge_room(json_t *list, const json_t *room)
{
	json_int_t left = number_in(room, "free_bytes"), all = number_in(room, "total_bytes");
	char size[32];

	if (json_is_string(json_object_get(room, "problem")))
		warn(list, "hsctl doctor", "the %s folder: %.300s", text_in(room, "name"),
		    text_in(room, "problem"));
	else if (all > 0 && left < ENOUGH_BYTES && left < all / LEAST_SHARE)
		warn(list, "hsctl doctor", "the %s folder has only %s left", text_in(room, "name"),
		    hs_size_text(left, size, sizeof size));
}

static void judge_figures(json_t *list, const json_t *figures)
{
	json_int_t failed = number_in(figures, "failed_files");
	const json_t *source;
	char advice[128];
	size_t i;

	if (failed > 0)
		warn(list, "hsctl import files --status failed", "%lld %s within a day",
		    (long long)failed, failed == 1 ? "file failed" : "files failed");
	json_array_foreach(json_object_get(figures, "sources_failing"), i, source) {
		snprintf(advice, sizeof advice, "hsctl extractor history %.64s",
		    text_in(source, "source"));
		warn(list, advice, "the source %s failed at %s: %.200s", text_in(source, "source"),
		    text_in(source, "at"), text_in(source, "message"));
	}
}

json_t *warnings_of(const json_t *status)
{
	const json_t *database = json_object_get(status, "database"), *daemon, *room;
	json_t *list = json_array();
	size_t i, n;

	if (strcmp(text_in(database, "state"), "up") != 0)
		warn(list, "hsctl doctor", "the database is %s%s%.300s", text_in(database, "state"),
		    text_in(database, "message")[0] != '\0' ? ": " : "", text_in(database, "message"));
	else if (text_in(database, "message")[0] != '\0')
		warn(list, "hsctl migrate", "the database: %.300s", text_in(database, "message"));
	json_array_foreach(json_object_get(status, "daemons"), i, daemon)
		judge_daemon(list, daemon);
	judge_room(list, json_object_get(status, "room"));
	json_array_foreach(json_object_get(status, "daemons"), i, daemon) {
		const json_t *detail = json_object_get(daemon, "detail");

		judge_importer(list, detail);
		judge_web(list, detail);
		json_array_foreach(json_object_get(detail, "rooms"), n, room)
			judge_room(list, room);
	}
	judge_figures(list, json_object_get(status, "figures"));
	return list;
}
