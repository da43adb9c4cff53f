/* metrics_house.c: the other daemons' figures, from what the supervisor tells.
 *
 * A part that a daemon did not send is left out. Counters are the daemons' own: one that is
 * started anew begins at 0, as Prometheus expects. */
#include <string.h>

#include "daemons/web/metrics.h"
#include "daemons/web/metrics_text.h"
#include "daemons/web/values.h"

static double real_in(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

/* What a daemon says of itself; NULL when it does not. */
static const json_t *detail_of(const json_t *house, const char *name)
{
	const json_t *daemon;
	size_t i;

	json_array_foreach(json_object_get(house, "daemons"), i, daemon) {
		if (strcmp(text_in(daemon, "name"), name) == 0)
			return json_object_get(daemon, "detail");
	}
	return NULL;
}

static void write_children(const json_t *daemons, struct evbuffer *out)
{
	const json_t *daemon;
	size_t i;

	metrics_family(out, "hoopscout_child_up", "gauge", "Whether a daemon is there and can work.");
	json_array_foreach(daemons, i, daemon) {
		metrics_count(out, "hoopscout_child_up", strcmp(text_in(daemon, "state"), "up") == 0,
		    LABELS({ "child", text_in(daemon, "name") }));
	}
	metrics_family(out, "hoopscout_child_restarts_total", "counter",
	    "Starts of a daemon but the first, since the supervisor's.");
	json_array_foreach(daemons, i, daemon) {
		metrics_count(out, "hoopscout_child_restarts_total",
		    (unsigned long long)number_in(daemon, "restarts"),
		    LABELS({ "child", text_in(daemon, "name") }));
	}
	metrics_family(out, "hoopscout_child_uptime_seconds", "gauge", "How long a daemon is up.");
	json_array_foreach(daemons, i, daemon) {
		metrics_number(out, "hoopscout_child_uptime_seconds", real_in(daemon,
		    "uptime_seconds"), LABELS({ "child", text_in(daemon, "name") }));
	}
}

static void write_sums(const json_t *totals, const char *const *keys, const char *name,
    const char *label, const char *help, struct evbuffer *out)
{
	metrics_family(out, name, "counter", help);
	for (; *keys != NULL; keys++)
		metrics_count(out, name, (unsigned long long)number_in(totals, *keys),
		    LABELS({ label, *keys }));
}

static void write_importer(const json_t *detail, struct evbuffer *out)
{
	static const char *const files[] = { "imported", "duplicate", "failed", NULL };
	static const char *const records[] = { "created", "updated", "unchanged", "stale", NULL };
	const json_t *totals = json_object_get(detail, "totals");

	if (!json_is_object(totals))
		return;
	write_sums(totals, files, "hoopscout_import_files_total", "status",
	    "Files that left incoming, by what became of them.", out);
	write_sums(totals, records, "hoopscout_import_records_total", "outcome",
	    "Records of imported files, by what they did to the data.", out);
	metrics_one(out, "hoopscout_import_queue_files", "gauge",
	    "Files in incoming that wait for their turn.", real_in(detail, "waiting_total"));
	metrics_one(out, "hoopscout_import_oldest_waiting_seconds", "gauge",
	    "How long the file that waits longest has waited.", real_in(detail, "oldest_seconds"));
	metrics_one(out, "hoopscout_import_running", "gauge", "Whether a file is being imported.",
	    json_is_object(json_object_get(detail, "importing")));
	metrics_one(out, "hoopscout_import_watching", "gauge",
	    "Whether events tell of new files; else the regular scan finds them.",
	    json_is_true(json_object_get(detail, "watching")));
}

static void write_extractor(const json_t *detail, struct evbuffer *out)
{
	const json_t *ended = json_object_get(detail, "ended");
	const char *source, *status;
	json_t *of, *count;

	if (!json_is_object(ended))
		return;
	metrics_family(out, "hoopscout_extractor_runs_total", "counter",
	    "Runs that ended, by source and how.");
	json_object_foreach((json_t *)(uintptr_t)ended, source, of) {
		json_object_foreach(of, status, count) {
			metrics_count(out, "hoopscout_extractor_runs_total",
			    (unsigned long long)json_integer_value(count),
			    LABELS({ "source", source }, { "status", status }));
		}
	}
	metrics_one(out, "hoopscout_extractor_running", "gauge", "Runs that are under way.",
	    (double)json_array_size(json_object_get(detail, "runs")));
}

static void write_room(const json_t *room, const char *key, const char *name, struct evbuffer *out)
{
	if (json_is_integer(json_object_get(room, key)))
		metrics_number(out, name, real_in(room, key),
		    LABELS({ "folder", text_in(room, "name") }));
}

static void write_rooms(const json_t *house, struct evbuffer *out)
{
	static const struct { const char *key, *name, *help; } rows[] = {
		{ "free_bytes", "hoopscout_folder_free_bytes",
		    "Room that is left on a folder's file system." },
		{ "total_bytes", "hoopscout_folder_size_bytes", "All of that file system." },
		{ "free_files", "hoopscout_folder_free_files",
		    "Files (inodes) that a folder's file system still takes." },
	};
	const json_t *rooms = json_object_get(detail_of(house, "importer"), "rooms"), *room;
	size_t i;

	for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
		metrics_family(out, rows[row].name, "gauge", rows[row].help);
		write_room(json_object_get(house, "room"), rows[row].key, rows[row].name, out);
		json_array_foreach(rooms, i, room)
			write_room(room, rows[row].key, rows[row].name, out);
	}
}

void metrics_write_house(const json_t *house, struct evbuffer *out)
{
	metrics_one(out, "hoopscout_supervisor_up", "gauge",
	    "Whether the supervisor told how the other daemons are; else their figures are missing.",
	    house != NULL);
	if (house == NULL)
		return;
	metrics_one(out, "hoopscout_supervisor_uptime_seconds", "gauge",
	    "How long the supervisor runs.", real_in(house, "uptime_seconds"));
	write_children(json_object_get(house, "daemons"), out);
	write_importer(detail_of(house, "importer"), out);
	write_extractor(detail_of(house, "extractor"), out);
	write_rooms(house, out);
}
