/* dimensions.h: the competitions, seasons and teams of one file, each with a number.
 *
 * Rows are staged with these numbers instead of texts, so that the database joins whole
 * numbers, and each name travels once. A name is the one that the last record gave. */
#ifndef IMPORTER_DIMENSIONS_H
#define IMPORTER_DIMENSIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

enum dimension { DIMENSION_COMPETITION, DIMENSION_SEASON, DIMENSION_TEAM, DIMENSION_COUNT };

/* A world's worth of teams; beyond that a file has ids where names should be. */
enum { DIMENSIONS_MAX = 65536, DIMENSIONS_MAX_BYTES = 8 << 20 };

struct dimension_name {
	enum dimension kind;
	int number;		/* from 0, counted over all kinds */
	const char *external_id;
	size_t external_id_length;
	const char *name;
	size_t name_length;
};

struct dimensions;

/* NULL without memory. */
struct dimensions *dimensions_new(void);
void dimensions_free(struct dimensions *dimensions);

/* The number of that external id, new or known. Borrows the texts.
 * Errors: HS_TOO_MANY_NAMES, HS_NO_MEMORY. */
bool dimensions_number(struct dimensions *dimensions, enum dimension kind, const char *external_id,
    size_t external_id_length, const char *name, size_t name_length, int *ret,
    struct hs_error *err);

size_t dimensions_count(const struct dimensions *dimensions);
/* Texts are borrowed until the next call of dimensions_number. */
void dimensions_at(const struct dimensions *dimensions, size_t n, struct dimension_name *ret);

#endif
