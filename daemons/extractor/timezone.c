/* timezone.c: TZif files (RFC 9636), and the rule at their end.
 *
 * Trusts no file: every count is checked against its length, every offset and every rule has
 * bounds. A zone is either wholly understood or refused. */
#include "daemons/extractor/timezone.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/text.h"

#ifndef ZONE_DIR
#define ZONE_DIR "/usr/share/zoneinfo"
#endif

enum {
	HEADER_BYTES = 44,
	TYPE_BYTES = 6,
	MAX_TYPES = 256,
	MAX_RULE_BYTES = 128,
	DAY = 86400,
	RULE_YEARS = 3		/* the year asked for, and its neighbours */
};

/* Instants that no calendar of ours reaches; the sums of offsets with them are safe. */
#define LONG_AGO (-(INT64_C(1) << 58))
#define FAR_OFF (INT64_C(1) << 58)

enum date_kind { MONTH_WEEK_DAY, JULIAN_DAY, DAY_OF_YEAR };

struct rule_date {
	enum date_kind kind;
	int month, week, day;	/* day: of the week, or of the year */
	int seconds;		/* after that day's midnight, may be negative or days long */
};

/* What holds beyond the table. */
struct rule {
	bool is_set, has_summer;
	int standard, summer;	/* offsets */
	struct rule_date begins, ends;	/* of summer */
};

struct zone {
	struct rule rule;
	int first_offset;	/* before the table */
	size_t count;
	struct { int64_t at; int offset; } table[];
};

/* ---- the calendar ---- */

static bool is_leap_year(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int zone_month_days(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return month == 2 && is_leap_year(year) ? 29 : days[month - 1];
}

static int64_t floor_divide(int64_t value, int64_t by)
{
	return value / by - (value % by < 0);
}

/* Days before 1 January of a year, since that of year 0. */
static int64_t days_before_year(int64_t year)
{
	int64_t past = year - 1;

	return 365 * year + floor_divide(past, 4) - floor_divide(past, 100) +
	    floor_divide(past, 400) + 1;
}

int64_t zone_days(int year, int month, int day)
{
	int64_t days = days_before_year(year) - days_before_year(1970);

	for (int before = 1; before < month; before++)
		days += zone_month_days(year, before);
	return days + day - 1;
}

struct zone_day zone_day_of(int64_t days)
{
	/* a little early at times, and then one step off */
	int64_t year = 1970 + floor_divide(days * 400, 146097) - 1;
	struct zone_day found = { .month = 1 };
	int64_t rest;

	while (days_before_year(year + 1) - days_before_year(1970) <= days)
		year++;
	rest = days - (days_before_year(year) - days_before_year(1970));
	found.year = (int)year;
	while (rest >= zone_month_days(found.year, found.month))
		rest -= zone_month_days(found.year, found.month++);
	found.day = (int)rest + 1;
	found.weekday = (int)(days + 4 - 7 * floor_divide(days + 4, 7));
	return found;
}

/* ---- the rule ---- */

/* When a date of a rule is, as a wall time. */
static int64_t rule_wall(const struct rule_date *date, int year)
{
	int64_t days = zone_days(year, 1, 1);

	if (date->kind == JULIAN_DAY) {
		/* 29 February is not counted */
		days += date->day - 1 + (date->day > 59 && is_leap_year(year));
	} else if (date->kind == DAY_OF_YEAR) {
		days += date->day;
	} else {
		int length = zone_month_days(year, date->month);
		int64_t first = zone_days(year, date->month, 1);
		int at = (date->day - zone_day_of(first).weekday + 7) % 7 + 7 * (date->week - 1);

		while (at >= length)
			at -= 7;
		days = first + at;
	}
	return days * DAY + date->seconds;
}

struct change { int64_t at; int offset; };

static void put_change(struct change *changes, size_t *count, struct change change)
{
	size_t at = (*count)++;

	/* of two at once the one put later holds: summer that lasts all year */
	while (at > 0 && changes[at - 1].at > change.at) {
		changes[at] = changes[at - 1];
		at--;
	}
	changes[at] = change;
}

static struct zone_span rule_look(const struct rule *rule, int64_t instant)
{
	struct zone_span span = { LONG_AGO, FAR_OFF, rule->standard };
	struct change changes[2 * RULE_YEARS];
	size_t count = 0;
	int year;

	if (!rule->has_summer || instant <= LONG_AGO / 2 || instant >= FAR_OFF / 2)
		return span;
	year = zone_day_of(floor_divide(instant + rule->standard, DAY)).year;
	for (int at = year - 1; at <= year + 1; at++) {
		put_change(changes, &count, (struct change){
		    rule_wall(&rule->ends, at) - rule->summer, rule->standard });
		put_change(changes, &count, (struct change){
		    rule_wall(&rule->begins, at) - rule->standard, rule->summer });
	}
	/* what was before the first of three years is not asked for */
	for (size_t i = 0; i < count; i++) {
		if (changes[i].at > instant) {
			span.until = changes[i].at;
			break;
		}
		span.from = changes[i].at;
		span.offset = changes[i].offset;
	}
	return span;
}

/* ---- looking ---- */

/* The last change of the table that is not later; -1 before all of them. */
static ptrdiff_t find_change(const struct zone *zone, int64_t instant)
{
	size_t low = 0, high = zone->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (zone->table[middle].at <= instant)
			low = middle + 1;
		else
			high = middle;
	}
	return (ptrdiff_t)low - 1;
}

struct zone_span zone_look(const struct zone *zone, int64_t instant)
{
	ptrdiff_t at = find_change(zone, instant);
	struct zone_span span = { LONG_AGO, FAR_OFF, zone->first_offset };

	if (at >= 0) {
		span.from = zone->table[at].at;
		span.offset = zone->table[at].offset;
	}
	if (at + 1 < (ptrdiff_t)zone->count) {
		span.until = zone->table[at + 1].at;
	} else if (zone->rule.is_set) {
		int64_t table_end = span.from;

		span = rule_look(&zone->rule, instant);
		if (span.from < table_end)
			span.from = table_end;
	}
	return span;
}

int64_t zone_first_at(const struct zone *zone, int64_t wall)
{
	struct zone_span span = zone_look(zone, wall - ZONE_MAX_OFFSET);

	/* until its end the clock shows no time so late */
	while (span.until + span.offset <= wall)
		span = zone_look(zone, span.until);
	return wall - span.offset > span.from ? wall - span.offset : span.from;
}

/* ---- reading a rule: CET-1CEST,M3.5.0,M10.5.0/3 ---- */

static bool take(const char **text, char wanted)
{
	if (**text != wanted)
		return false;
	(*text)++;
	return true;
}

static bool take_number(const char **text, int min, int max, int *ret)
{
	int value = 0, digits = 0;

	while (**text >= '0' && **text <= '9' && digits++ < 4)
		value = 10 * value + (*(*text)++ - '0');
	if (digits == 0 || value < min || value > max)
		return false;
	*ret = value;
	return true;
}

static bool take_name(const char **text)
{
	bool is_quoted = take(text, '<');
	int length = 0;

	while ((**text >= 'A' && **text <= 'Z') || (**text >= 'a' && **text <= 'z') ||
	    (is_quoted && (**text == '+' || **text == '-' || (**text >= '0' && **text <= '9')))) {
		(*text)++;
		length++;
	}
	return length >= 3 && (!is_quoted || take(text, '>'));
}

/* [+-]hours[:minutes[:seconds]] */
static bool take_time(const char **text, int max_hours, int *ret)
{
	bool is_negative = take(text, '-');
	int hours, minutes = 0, seconds = 0;

	if (!is_negative)
		take(text, '+');
	if (!take_number(text, 0, max_hours, &hours))
		return false;
	if (take(text, ':')) {
		if (!take_number(text, 0, 59, &minutes) ||
		    (take(text, ':') && !take_number(text, 0, 59, &seconds)))
			return false;
	}
	seconds += 3600 * hours + 60 * minutes;
	*ret = is_negative ? -seconds : seconds;
	return true;
}

/* POSIX counts to the west. */
static bool take_offset(const char **text, int *ret)
{
	int west;

	if (!take_time(text, 24, &west))
		return false;
	*ret = -west;
	return true;
}

static bool take_date(const char **text, struct rule_date *ret)
{
	struct rule_date date = { .seconds = 2 * 3600 };
	bool is_good;

	if (take(text, 'M')) {
		date.kind = MONTH_WEEK_DAY;
		is_good = take_number(text, 1, 12, &date.month) && take(text, '.') &&
		    take_number(text, 1, 5, &date.week) && take(text, '.') &&
		    take_number(text, 0, 6, &date.day);
	} else if (take(text, 'J')) {
		date.kind = JULIAN_DAY;
		is_good = take_number(text, 1, 365, &date.day);
	} else {
		date.kind = DAY_OF_YEAR;
		is_good = take_number(text, 0, 365, &date.day);
	}
	if (!is_good || (take(text, '/') && !take_time(text, 167, &date.seconds)))
		return false;
	*ret = date;
	return true;
}

static bool read_rule(const char *text, struct rule *ret)
{
	struct rule rule = { .is_set = true };
	bool is_good;

	if (text[0] == '\0')
		return true;
	is_good = take_name(&text) && take_offset(&text, &rule.standard);
	if (is_good && text[0] != '\0') {
		rule.has_summer = true;
		rule.summer = rule.standard + 3600;
		is_good = take_name(&text) &&
		    (text[0] == ',' || take_offset(&text, &rule.summer)) && take(&text, ',') &&
		    take_date(&text, &rule.begins) && take(&text, ',') &&
		    take_date(&text, &rule.ends) && text[0] == '\0';
	}
	if (is_good)
		*ret = rule;
	return is_good;
}

/* ---- reading a file ---- */

static uint32_t read_u32(const unsigned char *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static int64_t read_i64(const unsigned char *at)
{
	return (int64_t)((uint64_t)read_u32(at) << 32 | read_u32(at + 4));
}

struct header {
	unsigned char version;
	size_t universal, standard, leaps, times, types, letters;
};

static bool refuse(struct hs_error *err, const char *why)
{
	return hs_error_set(err, HS_BAD_ARGUMENT, "", "this is no time zone's file: %s", why);
}

static bool read_header(const unsigned char *at, size_t length, struct header *ret,
    struct hs_error *err)
{
	if (length < HEADER_BYTES || memcmp(at, "TZif", 4) != 0)
		return refuse(err, "it does not begin with TZif");
	*ret = (struct header){
		.version = at[4], .universal = read_u32(at + 20), .standard = read_u32(at + 24),
		.leaps = read_u32(at + 28), .times = read_u32(at + 32), .types = read_u32(at + 36),
		.letters = read_u32(at + 40),
	};
	if (ret->version < '2')
		return refuse(err, "it is of the first version, which ends in 2037");
	if (ret->universal > ZONE_MAX_FILE_BYTES || ret->standard > ZONE_MAX_FILE_BYTES ||
	    ret->leaps > ZONE_MAX_FILE_BYTES || ret->times > ZONE_MAX_FILE_BYTES ||
	    ret->types > ZONE_MAX_FILE_BYTES || ret->letters > ZONE_MAX_FILE_BYTES)
		return refuse(err, "its parts are longer than it is");
	return true;
}

static size_t body_bytes(const struct header *header, size_t time_bytes)
{
	return header->times * (time_bytes + 1) + header->types * TYPE_BYTES + header->letters +
	    header->leaps * (time_bytes + 4) + header->standard + header->universal;
}

static bool read_offsets(const unsigned char *at, size_t count, int offsets[MAX_TYPES],
    struct hs_error *err)
{
	for (size_t i = 0; i < count; i++, at += TYPE_BYTES) {
		int64_t offset = (int32_t)read_u32(at);

		if (offset < -ZONE_MAX_OFFSET || offset > ZONE_MAX_OFFSET)
			return refuse(err, "a clock is more than 26 hours off");
		offsets[i] = (int)offset;
	}
	return true;
}

/* times is followed by each one's type, and then by the types. */
static bool read_table(const unsigned char *times, const struct header *header, struct zone *zone,
    struct hs_error *err)
{
	const unsigned char *kinds = times + 8 * header->times;
	int offsets[MAX_TYPES];

	if (!read_offsets(kinds + header->times, header->types, offsets, err))
		return false;
	zone->first_offset = offsets[0];
	for (size_t i = 0; i < header->times; i++) {
		int64_t at = read_i64(times + 8 * i);

		if (at < LONG_AGO)
			at = LONG_AGO;
		if (at > FAR_OFF || (i > 0 && at <= zone->table[i - 1].at))
			return refuse(err, "its times are not in order");
		if (kinds[i] >= header->types)
			return refuse(err, "it names a kind of time that it does not have");
		zone->table[i].at = at;
		zone->table[i].offset = offsets[kinds[i]];
	}
	zone->count = header->times;
	return true;
}

/* The line at the end, between two line feeds. */
static bool read_footer(const unsigned char *at, size_t length, struct rule *ret,
    struct hs_error *err)
{
	const unsigned char *end;
	char text[MAX_RULE_BYTES];

	if (length < 2 || at[0] != '\n' ||
	    (end = memchr(at + 1, '\n', length - 1)) == NULL ||
	    (size_t)(end - at) > sizeof text)
		return refuse(err, "the rule at its end is missing, cut off or too long");
	memcpy(text, at + 1, (size_t)(end - at - 1));
	text[end - at - 1] = '\0';
	return (strlen(text) == (size_t)(end - at - 1) && read_rule(text, ret)) ||
	    refuse(err, "the rule at its end cannot be read");
}

bool zone_read(const void *bytes, size_t length, struct zone **ret, struct hs_error *err)
{
	const unsigned char *at = bytes, *end = at + length;
	struct header header;
	struct zone *zone;
	size_t skipped;

	if (!read_header(at, length, &header, err))
		return false;
	/* first comes a table of 32 bits for old readers */
	skipped = HEADER_BYTES + body_bytes(&header, 4);
	if (skipped > length)
		return refuse(err, "it is cut off");
	at += skipped;
	if (!read_header(at, (size_t)(end - at), &header, err))
		return false;
	if (HEADER_BYTES + body_bytes(&header, 8) > (size_t)(end - at))
		return refuse(err, "it is cut off");
	if (header.types == 0 || header.types > MAX_TYPES)
		return refuse(err, "it has no kind of time, or too many");
	if (header.leaps > 0)
		return refuse(err, "it counts leap seconds, which the clock here does not");
	zone = calloc(1, sizeof *zone + header.times * sizeof zone->table[0]);
	if (zone == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a time zone");
	at += HEADER_BYTES;
	if (!read_table(at, &header, zone, err) ||
	    !read_footer(at + body_bytes(&header, 8), (size_t)(end - at) - body_bytes(&header, 8),
		&zone->rule, err)) {
		zone_free(zone);
		return false;
	}
	*ret = zone;
	return true;
}

static bool is_good_name(const char *name)
{
	size_t length = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789_+-/");

	return length > 0 && name[length] == '\0' && length < ZONE_NAME_BYTES && name[0] != '/' &&
	    name[length - 1] != '/' && strstr(name, "//") == NULL;
}

bool zone_load(const char *name, struct zone **ret, struct hs_error *err)
{
	static const char utc[] = "UTC";
	char path[sizeof ZONE_DIR + ZONE_NAME_BYTES + 1], *text = NULL;
	struct zone *zone;
	size_t length;
	bool done;

	if (strcmp(name, utc) == 0) {
		if ((zone = calloc(1, sizeof *zone)) == NULL)
			return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a time zone");
		*ret = zone;
		return true;
	}
	if (!is_good_name(name))
		return hs_error_set(err, HS_BAD_ARGUMENT, "", "%.64s is no time zone: say one of"
		    " the IANA names, as in Europe/Berlin, or UTC", name);
	snprintf(path, sizeof path, "%s/%s", ZONE_DIR, name);
	if (!hs_file_slurp(AT_FDCWD, path, ZONE_MAX_FILE_BYTES, &text, &length, err)) {
		if (err->code == HS_NOT_FOUND || err->code == HS_IO || err->code == HS_TOO_LONG)
			hs_error_set(err, HS_BAD_ARGUMENT, "", "there is no time zone %.64s in %s:"
			    " see its spelling, and that tzdata is installed", name, ZONE_DIR);
		return false;
	}
	done = zone_read(text, length, ret, err);
	free(text);
	return done;
}

void zone_free(struct zone *zone)
{
	free(zone);
}
