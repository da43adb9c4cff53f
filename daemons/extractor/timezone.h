/* timezone.h: the clock on the wall of an IANA time zone, for instants and back.
 *
 * Reads the system's table of a zone (TZif, RFC 9636) and the rule at its end, which holds for the
 * years beyond the table. No global state is touched (setenv, tzset), so threads may do as they
 * like. UTC is built in: a machine without tzdata has that one.
 * An instant is in seconds since 1970-01-01T00:00:00Z. A wall time is what a clock there shows,
 * written as the instant at which a clock in UTC shows the same. */
#ifndef HS_EXTRACTOR_TIMEZONE_H
#define HS_EXTRACTOR_TIMEZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

enum {
	ZONE_NAME_BYTES = 65,
	ZONE_MAX_FILE_BYTES = 256 << 10,
	ZONE_MAX_OFFSET = 26 * 3600	/* no wall clock is farther from UTC */
};

struct zone;

/* "Europe/Berlin", "UTC". Gives *ret. The name is checked before a file is opened: it stays in the
 * database. Errors: HS_BAD_ARGUMENT (no such name), HS_NO_MEMORY, those of reading a file. */
bool zone_load(const char *name, struct zone **ret, struct hs_error *err);

/* The same from a file's bytes (borrowed). Errors: HS_BAD_ARGUMENT (which says what is wrong). */
bool zone_read(const void *bytes, size_t length, struct zone **ret, struct hs_error *err);

void zone_free(struct zone *zone);

/* How long the clocks go on as they do at an instant. */
struct zone_span {
	int64_t from, until;	/* instants; until is the first of what follows */
	int offset;		/* seconds that the wall clock is ahead of UTC */
};
struct zone_span zone_look(const struct zone *zone, int64_t instant);

/* The first instant at which the wall clock shows this time or a later one. So a time that the
 * clock skips is the end of the gap, and one that it shows twice is the first of both. */
int64_t zone_first_at(const struct zone *zone, int64_t wall);

/* ---- the calendar of wall times ---- */

struct zone_day {
	int year, month, day;	/* month and day from 1 */
	int weekday;		/* 0 is Sunday */
};

/* The day that begins so many days after 1970-01-01, and back. */
struct zone_day zone_day_of(int64_t days);
int64_t zone_days(int year, int month, int day);

int zone_month_days(int year, int month);

#endif
