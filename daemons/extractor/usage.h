/* usage.h: which of a mapping's fields the records have, and what in them: a pointer that is
 * misspelt is wrong in no record, and empty in all. */
#ifndef HS_EXTRACTOR_USAGE_H
#define HS_EXTRACTOR_USAGE_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "common/fields.h"
#include "daemons/extractor/emit.h"
#include "daemons/extractor/mapping.h"

enum { USAGE_FIRST_BYTES = 80, USAGE_SOURCES_BYTES = 200 };

/* Zeros are none. */
struct usage {
	uint64_t records;
	uint64_t counts[HS_FIELD_COUNT];	/* of the records that have a value */
	uint64_t known;			/* a bit for each field whose first is of a right record */
	char first[HS_FIELD_COUNT][USAGE_FIRST_BYTES];	/* of a right record, if there is one */
};

/* Counts a record, whether it is right or not; the first values are kept until there are better. */
void usage_count(struct usage *usage, const char *const texts[HS_FIELD_COUNT]);

/* Keeps the beginnings of the first values of records that are right. */
void usage_keep(struct usage *usage, const struct emit_value values[HS_FIELD_COUNT]);

/* The mapped fields: [{"field","from","count","first" or null}]; from is where the mapping looks.
 * A new reference, NULL without memory. */
json_t *usage_table(const struct usage *usage, const struct mapping *mapping);

/* Those that no record had a value for: [{"field","from"}], alike. */
json_t *usage_empty(const struct usage *usage, const struct mapping *mapping);

#endif
