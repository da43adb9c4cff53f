/* table.h: rows of text in aligned columns. The last column is not padded, so that long
 * text there breaks nothing. */
#ifndef CTL_TABLE_H
#define CTL_TABLE_H

#include <stddef.h>

#include "ctl/screen.h"

struct column {
	const char *title;
	bool is_figure;		/* stands to the right */
};

struct table;

/* Borrows columns until table_print. Ends the program without memory. */
struct table *table_new(const struct column *columns, size_t count);

/* A row: one text a column, copied. */
void table_add(struct table *table, const char *const *cells);

/* The style of a cell of the latest row. */
void table_style(struct table *table, size_t column, enum style style);

/* Prints titles and rows, each after indent blanks, and frees the table. */
void table_print(struct table *table, const struct screen *screen, size_t indent);

#endif
