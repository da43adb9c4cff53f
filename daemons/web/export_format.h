/* export_format.h: the rows of an export as CSV, JSON or JSON Lines.
 *
 * CSV is RFC 4180 in UTF-8 with a byte order mark, since spreadsheets take it for something
 * else without. A text that a spreadsheet would take for a formula gets an apostrophe before
 * it; what is not known is an empty cell. JSON is {"players": [...], "total": N}, JSON Lines one
 * player a line; a player is as /api/v1/players has him. */
#ifndef WEB_EXPORT_FORMAT_H
#define WEB_EXPORT_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include <event2/buffer.h>
#include <libpq-fe.h>

struct export_format {
	const char *extension;	/* "csv" */
	const char *type;
	/* Each appends to out; false without memory. rows: how many came before. */
	bool (*begin)(struct evbuffer *out);
	bool (*row)(struct evbuffer *out, const PGresult *row, int64_t rows);
	bool (*end)(struct evbuffer *out, int64_t rows);
};

/* By its extension; NULL when there is none such. */
const struct export_format *export_format_find(const char *extension);

#endif
