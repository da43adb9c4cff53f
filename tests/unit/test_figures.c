/* test_figures.c: hundredths for people and for programs. */
#include "daemons/web/figures.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/harness.h"

static const struct { long long hundredths; bool whole; const char *text, *json; } figures[] = {
	{ 2544, false, "25.44", "25.44" }, { 2540, false, "25.4", "25.4" },
	{ 2500, false, "25.0", "25" },
	{ 0, false, "0.0", "0" }, { 0, true, "0", "0" }, { 8200, true, "82", "82" },
	{ -1, false, "-", "null" },
	{ -1, true, "-", "null" }, { 1, false, "0.01", "0.01" }, { 10, false, "0.1", "0.1" },
	{ 10000, false, "100.0", "100" }, { 32767, false, "327.67", "327.67" },
	{ 19050, true, "190.5", "190.5" },
	{ 333, false, "3.33", "3.33" }, { 27199, false, "271.99", "271.99" },
};

static void test_figures(void)
{
	for (size_t i = 0; i < HS_COUNT(figures); i++) {
		char buf[FIGURE_BYTES];
		json_t *number = figure_json(figures[i].hundredths);
		char *text = json_dumps(number, JSON_ENCODE_ANY | JSON_REAL_PRECISION(5));

		expect_text(figures[i].text,
		    figure_text(figures[i].hundredths, figures[i].whole, buf), figures[i].text);
		expect_text(figures[i].text, text, figures[i].json);
		free(text);
		json_decref(number);
	}
}

/* No hundredth that the tables can hold gets noise as a JSON number. */
static void test_no_noise(void)
{
	for (int hundredths = 0; hundredths <= 32767; hundredths++) {
		char want[FIGURE_BYTES], buf[FIGURE_BYTES];
		json_t *number = figure_json(hundredths);
		char *text = json_dumps(number, JSON_ENCODE_ANY | JSON_REAL_PRECISION(5));

		snprintf(want, sizeof want, "%s", figure_text(hundredths, true, buf));
		if (!expect_text(want, text, want))
			hundredths = 32767;
		free(text);
		json_decref(number);
	}
}

static void test_counts(void)
{
	static const struct { long long count; const char *text; } rows[] = {
		{ 0, "0" }, { 999, "999" }, { 1000, "1,000" }, { 1748, "1,748" },
		{ 123456, "123,456" },
		{ 1234567, "1,234,567" }, { 9223372036854775807LL, "9,223,372,036,854,775,807" },
	};

	for (size_t i = 0; i < HS_COUNT(rows); i++) {
		char buf[FIGURE_BYTES];

		expect_text(rows[i].text, count_text(rows[i].count, buf), rows[i].text);
	}
}

static const struct hs_case cases[] = {
	{ "figures", test_figures },
	{ "no noise", test_no_noise },
	{ "counts", test_counts },
};

int main(void)
{
	return hs_run_suite("figures", cases, HS_COUNT(cases));
}
