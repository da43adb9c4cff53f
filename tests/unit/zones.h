/* zones.h: time zones for tests that need no tzdata, and instants as people write them. */
#ifndef HS_TESTS_ZONES_H
#define HS_TESTS_ZONES_H

#include <stddef.h>
#include <stdint.h>

#include "daemons/extractor/timezone.h"

enum { ZONES_FILE_BYTES = 512, ZONES_TEXT_BYTES = 32 };

/* A change of a zone's table. */
struct zones_change { int64_t at; int32_t offset; };

/* Writes a file of the second version: a first offset, changes, and the rule at its end; at most
 * eight changes. Returns its length. */
size_t zones_file(int32_t first_offset, const struct zones_change *changes, size_t count,
    const char *rule, unsigned char buf[ZONES_FILE_BYTES]);

/* A zone of nothing but a rule ("CET-1CEST,M3.5.0,M10.5.0/3"); ends the program when it is bad. */
struct zone *zones_of_rule(const char *rule);

/* "2026-03-29T03:00:00+02:00" or with Z; ends the program when it is none. */
int64_t zones_instant(const char *text);

/* "2026-03-29T01:00:00Z". Returns buf. */
const char *zones_text(int64_t instant, char buf[ZONES_TEXT_BYTES]);

#endif
