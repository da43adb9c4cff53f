/* chart.c: scales figures into a box of CHART_WIDTH by CHART_HEIGHT.
 *
 * Trusts its caller for the order of points. Coordinates have one decimal: written by json_sprintf
 * in the C locale. Fails only for want of memory. */
#include "daemons/web/chart.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/number.h"
#include "daemons/web/figures.h"
#include "daemons/web/values.h"

enum {
	LEFT = 38, RIGHT = CHART_WIDTH - 12, TOP = 12, BOTTOM = CHART_HEIGHT - 24,
	YEARS_AT_MOST = 60
};

struct scale {
	int64_t low, high;	/* hundredths */
	bool few_too;		/* rows of few games count: there are no others */
	int first, last;	/* places on the horizontal axis */
};

/* A season's place by its year ("2018", "2024-25"), so that missed years are gaps. */
static bool year_of(const char *season, int *ret)
{
	char digits[5];
	struct hs_error ignored = HS_ERROR_INIT;
	long long year;

	snprintf(digits, sizeof digits, "%.4s", season);
	if (!hs_parse_int(digits, 1800, 2999, "season", &year, &ignored))
		return false;
	*ret = (int)year;
	return true;
}

/* Where each point stands: by years when all seasons begin with one, else one after another. */
static void find_places(const struct chart_point *points, size_t count, int *places)
{
	bool years = true;

	for (size_t i = 0; i < count; i++)
		years = years && year_of(points[i].season, &places[i]) &&
		    (i == 0 || strcmp(points[i].season, points[i - 1].season) == 0 ||
			places[i] > places[i - 1]);
	if (years && places[count - 1] - places[0] <= YEARS_AT_MOST)
		return;
	places[0] = 0;
	for (size_t i = 1; i < count; i++)
		places[i] = places[i - 1] + (strcmp(points[i].season, points[i - 1].season) != 0);
}

/* The next of 1, 2, 5, 10, 20, 50 ... that is enough, in hundredths. */
static int64_t round_step(int64_t least)
{
	static const int steps[] = { 1, 2, 5 };

	for (int64_t ten = 10; ; ten *= 10) {
		for (size_t i = 0; i < HS_COUNT(steps); i++) {
			if (ten * steps[i] >= least)
				return ten * steps[i];
		}
	}
}

static bool is_known(const struct chart_point *point)
{
	return point->figure >= 0 && !point->aside;
}

static bool has_enough(const struct chart_point *points, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (is_known(&points[i]) && !points[i].few)
			return true;
	}
	return false;
}

static bool counts(const struct scale *scale, const struct chart_point *point)
{
	return point->figure >= 0 && (scale->few_too || !point->few);
}

static void find_scale(const struct chart_spec *spec, const struct chart_point *points,
    size_t count, struct scale *ret)
{
	int64_t low = INT16_MAX, high = 0, step;

	ret->few_too = !has_enough(points, count);
	for (size_t i = 0; i < count; i++) {
		if (!counts(ret, &points[i]))
			continue;
		low = points[i].figure < low ? points[i].figure : low;
		high = points[i].figure > high ? points[i].figure : high;
	}
	if (spec->from_zero)
		low = 0;
	step = round_step((high - low) / 5);
	if (spec->whole && step < 100)
		step = 100;
	ret->low = low / step * step;
	ret->high = (high + step - 1) / step * step;
	if (ret->high == ret->low)
		ret->high += step;
}

static double x_of(const struct scale *scale, int place)
{
	if (scale->last == scale->first)
		return (LEFT + RIGHT) / 2.0;
	return LEFT + 8 + (double)(RIGHT - LEFT - 16) * (place - scale->first) /
	    (scale->last - scale->first);
}

/* Within the box: what lies beyond the axis stands at its edge. */
static double y_of(const struct scale *scale, int64_t figure)
{
	figure = figure < scale->low ? scale->low : figure > scale->high ? scale->high : figure;
	return BOTTOM - (double)(BOTTOM - TOP) * (double)(figure - scale->low) /
	    (double)(scale->high - scale->low);
}

/* The line's pieces: each ends where a year or its figure is missing. */
static json_t *lines_new(const struct scale *scale, const struct chart_point *points,
    const int *places, size_t count)
{
	json_t *lines = json_array();
	bool done = lines != NULL;
	size_t before = count;	/* the last point on the line; count: none to go on from */

	for (size_t i = 0; done && i < count; i++) {
		if (points[i].aside)
			continue;
		if (points[i].figure >= 0 && before < count && places[i] == places[before] + 1)
			done = json_array_append_new(lines, json_pack("{s:b, s:o, s:o, s:o, s:o}",
			    "few", points[before].few || points[i].few, "x1", json_sprintf("%.1f", x_of(scale, places[before])),
			    "y1", json_sprintf("%.1f", y_of(scale, points[before].figure)),
			    "x2", json_sprintf("%.1f", x_of(scale, places[i])),
			    "y2", json_sprintf("%.1f", y_of(scale, points[i].figure)))) == 0;
		before = points[i].figure >= 0 ? i : count;
	}
	return view_or_nothing(lines, done);
}

static json_t *dots_new(const struct scale *scale, const struct chart_point *points,
    const int *places, size_t count)
{
	json_t *dots = json_array();
	bool done = dots != NULL;

	for (size_t i = 0; done && i < count; i++) {
		if (points[i].figure < 0)
			continue;
		done = json_array_append_new(dots, json_pack("{s:o, s:o, s:b, s:b, s:b, s:b, s:s}",
		    "x", json_sprintf("%.1f", x_of(scale, places[i])),
		    "y", json_sprintf("%.1f", y_of(scale, points[i].figure)),
		    "aside", points[i].aside, "few", points[i].few,
		    "above", points[i].figure > scale->high, "below", points[i].figure < scale->low,
		    "label", points[i].label)) == 0;
	}
	return view_or_nothing(dots, done);
}

static json_t *grid_new(const struct scale *scale)
{
	char low[FIGURE_BYTES], high[FIGURE_BYTES];

	return json_pack("[{s:i, s:i, s:s}, {s:i, s:i, s:s}]",
	    "y", TOP, "text_y", TOP + 4, "text", figure_text(scale->high, true, high),
	    "y", BOTTOM, "text_y", BOTTOM + 4, "text", figure_text(scale->low, true, low));
}

/* "19.5 in 2001 to 28.4 in 2009; least 19.5, most 31.4": the table has the rest. */
static json_t *description_new(const struct chart_spec *spec, const struct scale *scale,
    const struct chart_point *points, size_t count)
{
	size_t first = count, last = count, most = count, least = count;
	char texts[4][FIGURE_BYTES];

	for (size_t i = 0; i < count; i++) {
		if (!counts(scale, &points[i]) || points[i].aside)
			continue;
		first = first == count ? i : first;
		most = most == count || points[i].figure > points[most].figure ? i : most;
		least = least == count || points[i].figure < points[least].figure ? i : least;
		last = i;
	}
	return json_sprintf("From %s in %s to %s in %s. Most: %s in %s. Least: %s in %s.",
	    figure_text(points[first].figure, spec->whole, texts[0]), points[first].season,
	    figure_text(points[last].figure, spec->whole, texts[1]), points[last].season,
	    figure_text(points[most].figure, spec->whole, texts[2]), points[most].season,
	    figure_text(points[least].figure, spec->whole, texts[3]), points[least].season);
}

static size_t seasons_known(const struct chart_point *points, size_t count)
{
	size_t known = 0;

	for (size_t i = 0; i < count; i++)
		known += is_known(&points[i]);
	return known;
}

json_t *chart_new(const struct chart_spec *spec, const struct chart_point *points, size_t count)
{
	json_t *chart;
	struct scale scale;
	int *places;

	if (seasons_known(points, count) < 2)
		return json_null();
	if ((places = calloc(count, sizeof *places)) == NULL || (chart = json_object()) == NULL) {
		free(places);
		return NULL;
	}
	find_places(points, count, places);
	find_scale(spec, points, count, &scale);
	scale.first = places[0];
	scale.last = places[count - 1];
	chart = view_or_nothing(chart, view_put(chart, "id", json_string(spec->id)) &&
	    view_put(chart, "title", json_string(spec->title)) &&
	    view_put(chart, "description", description_new(spec, &scale, points, count)) &&
	    view_put(chart, "lines", lines_new(&scale, points, places, count)) &&
	    view_put(chart, "dots", dots_new(&scale, points, places, count)) &&
	    view_put(chart, "grid", grid_new(&scale)) &&
	    view_put(chart, "first", json_string(points[0].season)) &&
	    view_put(chart, "last", json_string(points[count - 1].season)));
	free(places);
	return chart;
}
