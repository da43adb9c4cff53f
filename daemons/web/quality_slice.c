/* quality_slice.c: a page of the coverage, in one of its orders. */
#include <stdlib.h>
#include <string.h>

#include "daemons/web/quality_view.h"

int64_t quality_mean(const struct quality_coverage *row)
{
	int64_t known = 0;

	for (size_t i = 0; i < QUALITY_FIELDS; i++)
		known += row->known[i];
	return row->rows == 0 ? 0 : known * 10000 / (row->rows * QUALITY_FIELDS);
}

static int compare_numbers(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/* Equal ones stay in the order of the report, which is the order of their addresses. */
static int compare_places(const struct quality_coverage *a, const struct quality_coverage *b)
{
	return (a > b) - (a < b);
}

static int compare_known(const void *left, const void *right)
{
	const struct quality_coverage *a = *(const struct quality_coverage *const *)left;
	const struct quality_coverage *b = *(const struct quality_coverage *const *)right;
	int order = compare_numbers(quality_mean(a), quality_mean(b));

	return order != 0 ? order : compare_places(a, b);
}

static int compare_rows(const void *left, const void *right)
{
	const struct quality_coverage *a = *(const struct quality_coverage *const *)left;
	const struct quality_coverage *b = *(const struct quality_coverage *const *)right;
	int order = compare_numbers(b->rows, a->rows);

	return order != 0 ? order : compare_places(a, b);
}

static int compare_latest(const void *left, const void *right)
{
	const struct quality_coverage *a = *(const struct quality_coverage *const *)left;
	const struct quality_coverage *b = *(const struct quality_coverage *const *)right;
	int order = strcmp(a->date, b->date);

	return order != 0 ? order : compare_places(a, b);
}

bool quality_slice(const struct quality_report *report, const struct quality_query *query,
    struct quality_slice *ret)
{
	static int (*const orders[QUALITY_SORTS])(const void *, const void *) = {
		[QUALITY_BY_KNOWN] = compare_known, [QUALITY_BY_ROWS] = compare_rows,
		[QUALITY_BY_LATEST] = compare_latest,
	};
	size_t first = (size_t)(query->page - 1) * (size_t)query->per_page;
	struct quality_slice slice = { .count = 0 };

	slice.rows = calloc(report->coverage_count + 1, sizeof *slice.rows);
	if (slice.rows == NULL)
		return false;
	for (size_t i = 0; i < report->coverage_count; i++) {
		const struct quality_coverage *row = &report->coverage[i];

		if (query->source[0] == '\0' || strcmp(query->source, row->source) == 0)
			slice.rows[slice.total++] = row;
	}
	if (orders[query->sort] != NULL)
		qsort(slice.rows, slice.total, sizeof *slice.rows, orders[query->sort]);
	if (first < slice.total) {
		slice.count = slice.total - first;
		if (slice.count > (size_t)query->per_page)
			slice.count = (size_t)query->per_page;
		memmove(slice.rows, slice.rows + first, slice.count * sizeof *slice.rows);
	}
	*ret = slice;
	return true;
}
