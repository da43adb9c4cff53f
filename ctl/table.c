/* table.c: aligns columns by what a terminal shows, not by bytes.
 *
 * Trusts that cells were escaped (see screen.h). */
#include "ctl/table.h"

#include <stdlib.h>
#include <string.h>

struct cell {
	char *text;
	enum style style;
};

struct table {
	const struct column *columns;
	size_t column_count;
	struct cell *cells;	/* row by row */
	size_t row_count, row_room;
};

enum { GAP = 2, FIRST_ROWS = 16 };

struct table *table_new(const struct column *columns, size_t count)
{
	struct table *table = calloc(1, sizeof *table);

	if (table == NULL)
		out_of_memory();
	table->columns = columns;
	table->column_count = count;
	return table;
}

static struct cell *cell_at(const struct table *table, size_t row, size_t column)
{
	return &table->cells[row * table->column_count + column];
}

void table_add(struct table *table, const char *const *cells)
{
	if (table->row_count == table->row_room) {
		size_t room = table->row_room == 0 ? FIRST_ROWS : 2 * table->row_room;
		struct cell *grown = reallocarray(table->cells, room,
		    table->column_count * sizeof *grown);

		if (grown == NULL)
			out_of_memory();
		table->cells = grown;
		table->row_room = room;
	}
	for (size_t i = 0; i < table->column_count; i++) {
		struct cell *cell = cell_at(table, table->row_count, i);

		cell->style = STYLE_PLAIN;
		if ((cell->text = strdup(cells[i])) == NULL)
			out_of_memory();
	}
	table->row_count++;
}

void table_style(struct table *table, size_t column, enum style style)
{
	cell_at(table, table->row_count - 1, column)->style = style;
}

static size_t column_width(const struct table *table, size_t column)
{
	size_t width = screen_width(table->columns[column].title);

	for (size_t row = 0; row < table->row_count; row++) {
		size_t wide = screen_width(cell_at(table, row, column)->text);

		if (wide > width)
			width = wide;
	}
	return width;
}

static void print_cell(const struct table *table, const struct screen *screen, size_t column,
    const char *text, enum style style, size_t width)
{
	int padding = (int)(width - screen_width(text));
	bool is_last = column + 1 == table->column_count;

	if (is_last && text[0] == '\0')
		return;
	if (column > 0)
		fprintf(screen->out, "%*s", GAP, "");
	if (table->columns[column].is_figure)
		fprintf(screen->out, "%*s", padding, "");
	screen_print(screen, style, "%s", text);
	if (!table->columns[column].is_figure && !is_last)
		fprintf(screen->out, "%*s", padding, "");
}

void table_print(struct table *table, const struct screen *screen, size_t indent)
{
	size_t *widths = calloc(table->column_count, sizeof *widths);

	if (widths == NULL)
		out_of_memory();
	for (size_t i = 0; i < table->column_count; i++)
		widths[i] = column_width(table, i);
	fprintf(screen->out, "%*s", (int)indent, "");
	for (size_t i = 0; i < table->column_count; i++)
		print_cell(table, screen, i, table->columns[i].title, STYLE_TITLE, widths[i]);
	fputc('\n', screen->out);
	for (size_t row = 0; row < table->row_count; row++) {
		fprintf(screen->out, "%*s", (int)indent, "");
		for (size_t i = 0; i < table->column_count; i++) {
			struct cell *cell = cell_at(table, row, i);

			print_cell(table, screen, i, cell->text, cell->style, widths[i]);
			free(cell->text);
		}
		fputc('\n', screen->out);
	}
	free(widths);
	free(table->cells);
	free(table);
}
