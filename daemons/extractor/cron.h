/* cron.h: when a schedule is due: five-field cron expressions, their nicknames, and @every.
 *
 *	30 4 * * mon-fri	minute, hour, day of month, month, day of week
 *	@daily			@hourly @daily @midnight @weekly @monthly @yearly @annually
 *	@every 1d12h		so long after the time it was due before: w, d, h, m, s
 *
 * A field is "*" or a list of numbers, names (jan..dec, sun..sat) and ranges, each range or "*"
 * with a step if need be: 1-5, 0-59/15, 22,23. Sunday is 0 and 7. When both days are given (neither
 * begins with "*"), it is due on days that are either.
 *
 * Where clocks are put forward and back: a time that the clock skips is due once, at the end of
 * the gap; one that it shows twice is due once, the first time. Only what is due in every hour of
 * the day goes on by the clock instead: nothing is made up for an hour that was skipped, and the
 * hour that comes twice counts twice, so that a run every quarter of an hour stays one. @every does
 * not care about clocks. */
#ifndef HS_EXTRACTOR_CRON_H
#define HS_EXTRACTOR_CRON_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "daemons/extractor/timezone.h"

enum { CRON_TEXT_BYTES = 257, CRON_MAX_EVERY = 366 * 86400 };

/* Bit n of a field is set when n is in it. */
struct cron {
	int64_t every;		/* seconds; 0: by the fields */
	uint64_t minutes;
	uint32_t hours, days;	/* days from 1 */
	uint16_t months;	/* from 1 */
	uint8_t weekdays;	/* 0 is Sunday; 7 is not used */
	bool is_either_day;	/* days or weekdays; else both must hold */
};

/* Errors: HS_BAD_ARGUMENT, which names the field, and what is allowed there; an expression for
 * days that no year has is refused, too. */
bool cron_parse(const char *text, struct cron *ret, struct hs_error *err);

/* The first time later than after, in whole seconds. last is when it was due before, from which
 * @every counts (and it is later than that, too); expressions do not ask for it. */
int64_t cron_next(const struct cron *cron, const struct zone *zone, int64_t last, int64_t after);

#endif
