/* zones.c: makes TZif files by hand. Trusts its callers, which are tests. */
#include "tests/unit/zones.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"

static unsigned char *put(unsigned char *at, uint64_t value, int bytes)
{
	for (int i = bytes - 1; i >= 0; i--)
		*at++ = (unsigned char)(value >> 8 * i);
	return at;
}

static unsigned char *put_header(unsigned char *at, size_t times, size_t types, size_t letters)
{
	memcpy(at, "TZif2", 5);
	memset(at + 5, 0, 15 + 12);
	at += 20 + 12;
	at = put(at, times, 4);
	at = put(at, types, 4);
	return put(at, letters, 4);
}

size_t zones_file(int32_t first_offset, const struct zones_change *changes, size_t count,
    const char *rule, unsigned char buf[ZONES_FILE_BYTES])
{
	unsigned char *at = put_header(buf, 0, 0, 0);

	at = put_header(at, count, count + 1, 4);
	for (size_t i = 0; i < count; i++)
		at = put(at, (uint64_t)changes[i].at, 8);
	for (size_t i = 0; i < count; i++)
		at = put(at, i + 1, 1);
	for (size_t i = 0; i <= count; i++) {
		at = put(at, (uint32_t)(i == 0 ? first_offset : changes[i - 1].offset), 4);
		at = put(at, 0, 2);
	}
	memcpy(at, "ABC", 4);
	at += 4;
	at += sprintf((char *)at, "\n%s\n", rule);
	return (size_t)(at - buf);
}

struct zone *zones_of_rule(const char *rule)
{
	struct hs_error err = HS_ERROR_INIT;
	unsigned char file[ZONES_FILE_BYTES];
	struct zone *zone;
	size_t length = zones_file(0, NULL, 0, rule, file);

	if (!zone_read(file, length, &zone, &err))
		hs_panic("a zone for a test is bad: %s", err.message);
	return zone;
}

int64_t zones_instant(const char *text)
{
	int year, month, day, hour, minute, second, ahead_hours = 0, ahead_minutes = 0;
	char sign = 'Z';
	int count = sscanf(text, "%d-%d-%dT%d:%d:%d%c%d:%d", &year, &month, &day, &hour, &minute,
	    &second, &sign, &ahead_hours, &ahead_minutes);
	int64_t ahead = 3600 * ahead_hours + 60 * ahead_minutes;

	if (count != 9 && (count != 7 || sign != 'Z'))
		hs_panic("a time of a test is bad: %s", text);
	return zone_days(year, month, day) * 86400 + 3600 * hour + 60 * minute + second -
	    (sign == '-' ? -ahead : ahead);
}

const char *zones_text(int64_t instant, char buf[ZONES_TEXT_BYTES])
{
	int64_t days = instant / 86400 - (instant % 86400 < 0);
	struct zone_day day = zone_day_of(days);
	int second = (int)(instant - days * 86400);

	snprintf(buf, ZONES_TEXT_BYTES, "%04d-%02d-%02dT%02d:%02d:%02dZ", day.year % 10000, day.month,
	    day.day, second / 3600, second / 60 % 60, second % 60);
	return buf;
}
