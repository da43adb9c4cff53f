/* chart.h: one figure over a career, as the geometry of a small SVG.
 *
 * The template draws it (templates/part/chart.mustache) and escapes its texts. Years without a
 * row, and rows without the figure, are gaps in the line. In a season of several rows the first
 * one is on the line and the others stand beside it, as hollow dots. Rows of few games do not
 * stretch the axis, unless there are no others: they are drawn fainter, and as an arrow at the
 * edge when they lie beyond it. */
#ifndef WEB_CHART_H
#define WEB_CHART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

enum { CHART_WIDTH = 260, CHART_HEIGHT = 116 };

struct chart_point {
	const char *season;
	int64_t figure;		/* hundredths; -1: not known */
	bool aside;		/* another row of the same season is on the line */
	bool few;		/* of too few games to tell much */
	char label[160];	/* what the dot tells when it is pointed at */
};

struct chart_spec {
	const char *id;		/* in the page */
	const char *title;
	bool whole;		/* figures without decimals */
	bool from_zero;		/* the axis starts at nothing */
};

/* Points come oldest first, rows of one season together. A new reference; JSON's null
 * when fewer than two seasons know the figure: there is nothing to draw; NULL without memory. */
json_t *chart_new(const struct chart_spec *spec, const struct chart_point *points, size_t count);

#endif
