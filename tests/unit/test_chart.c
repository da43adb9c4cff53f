/* test_chart.c: gaps, dots beside the line, axes, and what is too little to draw. */
#include "daemons/web/chart.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/harness.h"

enum { MOST = 8 };

enum { LINE = 0, ASIDE = 1, FEW = 2 };

struct point {
	const char *season;
	int64_t figure;
	unsigned kind;
};

/* Lines are counted; the axis is written "low high". */
static const struct {
	const char *name;
	bool whole, from_zero;
	struct point points[MOST];
	int lines, dots;	/* -1: nothing is drawn */
	const char *axis;
} charts[] = {
	{ "a line", false, true, { { "2001", 1000, LINE }, { "2002", 2050, LINE } }, 1, 2, "0 25" },
	{ "split seasons' names", false, true,
	    { { "2023-24", 1000, LINE }, { "2024-25", 1200, LINE } }, 1, 2, "0 15" },
	{ "a missed year is a gap", false, true,
	    { { "2001", 100, LINE }, { "2003", 200, LINE }, { "2004", 300, LINE } }, 1, 3, "0 3" },
	{ "an unknown figure is a gap", false, true,
	    { { "2001", 100, LINE }, { "2002", -1, LINE }, { "2003", 300, LINE } }, 0, 2, "0 3" },
	{ "a row aside is not on the line", false, true,
	    { { "2001", 100, LINE }, { "2002", 200, LINE }, { "2002", 400, ASIDE },
		{ "2003", 300, LINE } }, 2, 4, "0 4" },
	{ "seasons without years stand side by side", false, true,
	    { { "first", 100, LINE }, { "second", 200, LINE }, { "third", 100, LINE } }, 2, 3,
	    "0 2" },
	{ "far apart: side by side", false, true,
	    { { "1901", 100, LINE }, { "2001", 200, LINE } }, 1, 2, "0 2" },
	{ "two seasons of one year", false, true,
	    { { "2001 autumn", 100, LINE }, { "2001 spring", 200, LINE } }, 1, 2, "0 2" },
	{ "shares do not begin at nothing", false, false,
	    { { "2001", 4210, LINE }, { "2002", 4570, LINE } }, 1, 2, "42 46" },
	{ "whole figures have whole axes", true, true,
	    { { "2001", 100, LINE }, { "2002", 200, LINE } }, 1, 2, "0 2" },
	{ "nothing but zero", false, true, { { "2001", 0, LINE }, { "2002", 0, LINE } }, 1, 2,
	    "0 0.1" },
	{ "all the same share", false, false, { { "2001", 5000, LINE }, { "2002", 5000, LINE } },
	    1, 2, "50 50.1" },
	{ "few games do not stretch the axis", false, true,
	    { { "2001", 200, LINE }, { "2002", 9000, FEW }, { "2003", 300, LINE } }, 2, 3,
	    "0 3" },
	{ "few games beside the line neither", false, true,
	    { { "2001", 200, LINE }, { "2002", 300, LINE }, { "2002", 9000, ASIDE | FEW } }, 1, 3,
	    "0 3" },
	{ "few games and no others", false, true,
	    { { "2001", 200, FEW }, { "2002", 300, FEW } }, 1, 2, "0 3" },
	{ "one season", false, true, { { "2001", 100, LINE } }, -1, 0, "" },
	{ "one season of two teams", false, true,
	    { { "2001", 100, LINE }, { "2001", 300, ASIDE } }, -1, 0, "" },
	{ "one known figure", false, true,
	    { { "2001", 100, LINE }, { "2002", -1, LINE } }, -1, 0, "" },
	{ "nothing known", false, true, { { "2001", -1, LINE } }, -1, 0, "" },
};

static size_t fill(const struct point *from, struct chart_point *to)
{
	size_t count = 0;

	while (count < MOST && from[count].season != NULL) {
		to[count] = (struct chart_point){ .season = from[count].season,
			.figure = from[count].figure, .aside = from[count].kind & ASIDE,
			.few = from[count].kind & FEW, .label = "x" };
		count++;
	}
	return count;
}

static const char *text_in(const json_t *list, size_t at, const char *key)
{
	return json_string_value(json_object_get(json_array_get(list, at), key));
}

static void test_charts(void)
{
	for (size_t i = 0; i < HS_COUNT(charts); i++) {
		const struct chart_spec spec = { "id", "Points", charts[i].whole,
			charts[i].from_zero };
		struct chart_point points[MOST] = { 0 };
		json_t *chart = chart_new(&spec, points, fill(charts[i].points, points));
		const json_t *grid = json_object_get(chart, "grid");
		char got[64], want[64], axis[64] = "";

		if (json_array_size(grid) == 2)
			snprintf(axis, sizeof axis, "%s %s", text_in(grid, 1, "text"),
			    text_in(grid, 0, "text"));
		snprintf(want, sizeof want, "%d %d %s", charts[i].lines, charts[i].dots, charts[i].axis);
		snprintf(got, sizeof got, "%d %d %s", json_is_object(chart) ?
			(int)json_array_size(json_object_get(chart, "lines")) : -1,
		    (int)json_array_size(json_object_get(chart, "dots")), axis);
		expect_text(charts[i].name, got, want);
		json_decref(chart);
	}
}

/* Every dot is inside the box, whatever the figures. */
static void test_inside(void)
{
	const struct chart_spec spec = { "id", "Points", false, true };

	srand(7);
	for (int round = 0; round < 2000; round++) {
		struct chart_point points[MOST] = { 0 };
		char seasons[MOST][8];
		json_t *chart;
		const json_t *dots;

		for (int i = 0; i < MOST; i++) {
			snprintf(seasons[i], sizeof seasons[i], "%d", 2000 + 2 * i);
			points[i].season = seasons[i];
			points[i].figure = rand() % 15002 - 1;
			points[i].few = rand() % 2 == 0;
		}
		chart = chart_new(&spec, points, MOST);
		dots = json_object_get(chart, "dots");
		for (size_t i = 0; i < json_array_size(dots); i++) {
			double x = strtod(text_in(dots, i, "x"), NULL);
			double y = strtod(text_in(dots, i, "y"), NULL);

			expect_true("inside", x >= 0 && x <= CHART_WIDTH && y >= 0 && y <= CHART_HEIGHT);
		}
		json_decref(chart);
	}
}

static void test_description(void)
{
	const struct chart_spec spec = { "id", "Points", false, true };
	const struct point from[MOST] = { { "2001", 1000, LINE }, { "2002", 2050, LINE },
		{ "2002", 9000, ASIDE }, { "2003", 1500, LINE } };
	struct chart_point points[MOST] = { 0 };
	json_t *chart = chart_new(&spec, points, fill(from, points));

	expect_text("description", json_string_value(json_object_get(chart, "description")),
	    "From 10.0 in 2001 to 15.0 in 2003. Most: 20.5 in 2002. Least: 10.0 in 2001.");
	json_decref(chart);
}

static const struct hs_case cases[] = {
	{ "charts", test_charts },
	{ "inside", test_inside },
	{ "description", test_description },
};

int main(void)
{
	return hs_run_suite("chart", cases, HS_COUNT(cases));
}
