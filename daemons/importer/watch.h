/* watch.h: what happens in incoming, as inotify tells it: hints, the scan is the truth. */
#ifndef IMPORTER_WATCH_H
#define IMPORTER_WATCH_H

#include <stdbool.h>

#include <event2/event.h>

#include "common/error.h"

struct watch;

struct watch_events {
	/* A name was closed after writing, or renamed in. Borrowed. */
	void (*on_name)(void *arg, const char *name);
	/* Events were lost, or the folder went or came back: scan. */
	void (*on_scan)(void *arg);
};

/* Watches path, or will once that is possible. Keeps events and arg. Gives *ret.
 * Errors: HS_NO_MEMORY. */
bool watch_new(struct event_base *base, const char *path, const struct watch_events *events,
    void *arg, struct watch **ret, struct hs_error *err);
void watch_free(struct watch *watch);

/* Before each scan: whether the watched folder is still the one that path names; if not, watches
 * that one. Never fails: without events, the scan goes on alone. */
void watch_check(struct watch *watch);

/* NULL: events come. Otherwise why not, as a sentence (borrowed until the next call). */
const char *watch_problem(const struct watch *watch);

#endif
