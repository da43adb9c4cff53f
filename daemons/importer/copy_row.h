/* copy_row.h: rows in PostgreSQL's binary COPY format.
 *
 * Bytes gather in a buffer and go out through put when it is full; a long value goes
 * out in pieces, and is never copied as a whole. The first failure sticks: what follows
 * is dropped, and copy_row_done tells of it, so that a row of twenty columns needs one check. */
#ifndef IMPORTER_COPY_ROW_H
#define IMPORTER_COPY_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/date.h"
#include "common/error.h"

enum { COPY_ROW_BYTES = 65536 };

struct copy_row {
	bool (*put)(void *arg, const void *bytes, size_t length, struct hs_error *err);
	void *arg;
	bool failed;
	struct hs_error error;
	size_t used;
	unsigned char bytes[COPY_ROW_BYTES];
};

/* Begins a COPY: the signature and its header. */
void copy_row_init(struct copy_row *row,
    bool (*put)(void *arg, const void *bytes, size_t length, struct hs_error *err), void *arg);

/* Begins a row of so many columns; each is then given by one call below, in order. */
void copy_columns(struct copy_row *row, int count);

void copy_null(struct copy_row *row);
void copy_int2(struct copy_row *row, int value);
void copy_int4(struct copy_row *row, int value);
void copy_date(struct copy_row *row, struct hs_date date);	/* unset: null */

/* text NULL: null. Borrows. */
void copy_text(struct copy_row *row, const char *text, size_t length);

/* The same as jsonb, from its JSON text. */
void copy_jsonb(struct copy_row *row, const char *text, size_t length);

/* Whether all went well so far. */
bool copy_row_done(const struct copy_row *row, struct hs_error *err);

/* Ends the COPY: the trailer, and what is still in the buffer. */
bool copy_row_finish(struct copy_row *row, struct hs_error *err);

#endif
