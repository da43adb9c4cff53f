/* copy_row.c: rows in PostgreSQL's binary COPY format.
 *
 * Trusts that values suit their columns: the validator has bounded them. A failed put
 * sticks in the row; see copy_row.h. */
#include "daemons/importer/copy_row.h"

#include <string.h>

static const unsigned char signature[] = { 'P', 'G', 'C', 'O', 'P', 'Y', '\n', 0xff, '\r', '\n', 0,
	/* flags, and the length of a header extension: none */
	0, 0, 0, 0, 0, 0, 0, 0 };

enum { JSONB_VERSION = 1 };

static void put_bytes(struct copy_row *row, const void *bytes, size_t length)
{
	if (row->failed)
		return;
	row->failed = !row->put(row->arg, bytes, length, &row->error);
}

static void flush(struct copy_row *row)
{
	if (row->used > 0)
		put_bytes(row, row->bytes, row->used);
	row->used = 0;
}

static void append(struct copy_row *row, const void *bytes, size_t length)
{
	const unsigned char *from = bytes;

	if (length > sizeof row->bytes - row->used)
		flush(row);
	for (; length > sizeof row->bytes; from += COPY_ROW_BYTES, length -= COPY_ROW_BYTES)
		put_bytes(row, from, COPY_ROW_BYTES);
	memcpy(row->bytes + row->used, from, length);
	row->used += length;
}

static void append_int4(struct copy_row *row, uint32_t value)
{
	const unsigned char bytes[4] = { (unsigned char)(value >> 24), (unsigned char)(value >> 16),
		(unsigned char)(value >> 8), (unsigned char)value };

	append(row, bytes, sizeof bytes);
}

static void append_int2(struct copy_row *row, uint16_t value)
{
	const unsigned char bytes[2] = { (unsigned char)(value >> 8), (unsigned char)value };

	append(row, bytes, sizeof bytes);
}

void copy_row_init(struct copy_row *row,
    bool (*put)(void *arg, const void *bytes, size_t length, struct hs_error *err), void *arg)
{
	row->put = put;
	row->arg = arg;
	row->failed = false;
	row->used = 0;
	append(row, signature, sizeof signature);
}

void copy_columns(struct copy_row *row, int count)
{
	append_int2(row, (uint16_t)count);
}

void copy_null(struct copy_row *row)
{
	append_int4(row, UINT32_MAX);
}

void copy_int2(struct copy_row *row, int value)
{
	append_int4(row, 2);
	append_int2(row, (uint16_t)value);
}

void copy_int4(struct copy_row *row, int value)
{
	append_int4(row, 4);
	append_int4(row, (uint32_t)value);
}

void copy_date(struct copy_row *row, struct hs_date date)
{
	if (hs_date_is_set(date))
		copy_int4(row, hs_date_to_pg_days(date));
	else
		copy_null(row);
}

void copy_text(struct copy_row *row, const char *text, size_t length)
{
	if (text == NULL) {
		copy_null(row);
		return;
	}
	append_int4(row, (uint32_t)length);
	append(row, text, length);
}

void copy_jsonb(struct copy_row *row, const char *text, size_t length)
{
	const unsigned char version = JSONB_VERSION;

	if (text == NULL) {
		copy_null(row);
		return;
	}
	append_int4(row, (uint32_t)length + 1);
	append(row, &version, 1);
	append(row, text, length);
}

bool copy_row_done(const struct copy_row *row, struct hs_error *err)
{
	if (row->failed)
		*err = row->error;
	return !row->failed;
}

bool copy_row_finish(struct copy_row *row, struct hs_error *err)
{
	append_int2(row, UINT16_MAX);
	flush(row);
	return copy_row_done(row, err);
}
