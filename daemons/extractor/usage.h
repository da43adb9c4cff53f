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
	/* Of fields that none has had yet: which of the places it is made of have had a value. */
	uint64_t found[HS_FIELD_COUNT];
	uint64_t all_found;		/* a bit for each field that all of its places have had one */
	char first[HS_FIELD_COUNT][USAGE_FIRST_BYTES];	/* of a right record, if there is one */
};

/* Looks which places of a record have a value, for the fields that none has had yet. */
void usage_look(struct usage *usage, const struct mapping *mapping,
    const struct expression_scope *scope);

/* Counts a record, whether it is right or not; the first values are kept until there are better. */
void usage_count(struct usage *usage, const char *const texts[HS_FIELD_COUNT]);

/* Keeps the beginnings of the first values of records that are right. */
void usage_keep(struct usage *usage, const struct emit_value values[HS_FIELD_COUNT]);

/* The mapped fields: [{"field","from","count","first" or null}]; from is where the mapping looks.
 * A new reference, NULL without memory. */
json_t *usage_table(const struct usage *usage, const struct mapping *mapping);

/* Those that no record had a value for: [{"field","from","missing"}], alike. missing has those
 * of the places alone that never had a value: "" when all of them had one. */
json_t *usage_empty(const struct usage *usage, const struct mapping *mapping);

#endif
