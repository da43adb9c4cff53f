/* figures.h: figures from the hot tables, as people and as programs read them.
 *
 * A figure is whole hundredths; -1 is "not known": "-" for people, null for programs. */
#ifndef WEB_FIGURES_H
#define WEB_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>
#include <libpq-fe.h>

enum { FIGURE_BYTES = 32, FIGURE_UNKNOWN = -1, FIGURE_DIGITS = 5 };	/* 327.67 */

/* "25.44", "23.0", or with whole "82"; "-" when not known. Returns buf. */
const char *figure_text(int64_t hundredths, bool whole, char buf[FIGURE_BYTES]);

/* 25.44, 23, or null. */
json_t *figure_json(int64_t hundredths);

/* A column that may be null, which is not known either. */
int64_t figure_of(const PGresult *result, int row, int column);

/* "1,748". Returns buf. */
const char *count_text(int64_t count, char buf[FIGURE_BYTES]);

/* "1 record", "1,748 records". */
json_t *some_text(int64_t count, const char *one, const char *many);

/* A text column as a JSON string, null as JSON's null. */
json_t *text_json(const PGresult *result, int row, int column);

/* Whether a column, which may be null, has this text. */
bool is_text(const PGresult *result, int row, int column, const char *text);

#endif
