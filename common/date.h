/* date.h: calendar dates (proleptic Gregorian), and age in whole years. */
#ifndef HS_DATE_H
#define HS_DATE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

struct hs_date {
	short year;		/* 0 in an unset date */
	signed char month;	/* 1..12 */
	signed char day;	/* 1..31 */
};

/* Exactly YYYY-MM-DD, on the calendar. Errors: HS_BAD_DATE, with what is wrong
 * ("February 1900 has 28 days"). text need not end in NUL. */
bool hs_date_parse(const char *text, size_t length, struct hs_date *ret, struct hs_error *err);

bool hs_date_is_set(struct hs_date date);

/* <0, 0, >0 */
int hs_date_compare(struct hs_date a, struct hs_date b);

/* Today, UTC. */
struct hs_date hs_date_today(void);

/* Days since 2000-01-01, as PostgreSQL's binary format counts; may be negative. */
int hs_date_to_pg_days(struct hs_date date);

/* The same day so many years before; 29 February becomes the 28th where there is none. */
struct hs_date hs_date_years_before(struct hs_date date, int years);

/* Whole years from birth to a day. One born on 29 February has his birthday on
 * 1 March in a common year. Negative when born later. */
int hs_date_age(struct hs_date born, struct hs_date on);

enum { HS_DATE_TEXT_BYTES = 16 };

/* "2026-11-25"; "" for an unset date. Returns buf. */
const char *hs_date_text(struct hs_date date, char buf[HS_DATE_TEXT_BYTES]);

#endif
