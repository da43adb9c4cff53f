/* test_exact.c: figures are computed exactly, rounded once, and never wrong when too large. */
#include "daemons/extractor/exact.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/harness.h"

static const struct {
	const char *text, *want;	/* NULL: refused */
	enum hs_error_code code;
} numbers[] = {
	{ "0", "0", HS_OK }, { "-0", "0", HS_OK }, { "0.000", "0", HS_OK }, { "23.0", "23", HS_OK },
	{ "-0.50", "-0.5", HS_OK }, { "2.30e1", "23", HS_OK }, { "1e3", "1000", HS_OK },
	{ "1e-3", "0.001", HS_OK }, { "16.992948717948718", "16.992948717948718", HS_OK },
	{ "100", "100", HS_OK }, { "0.0625", "0.0625", HS_OK }, { "1.05e-2", "0.0105", HS_OK },
	{ "123456789012345678901234567890", "123456789012345678901234567890", HS_OK },
	{ "0.123456789012345678901234567890", "0.12345678901234567890123456789", HS_OK },
	{ "1234567890123456789012345678901", NULL, HS_OUT_OF_RANGE },
	{ "0.1234567890123456789012345678901", NULL, HS_OUT_OF_RANGE },
	{ "1e30", NULL, HS_OUT_OF_RANGE }, { "1e29", "100000000000000000000000000000", HS_OK },
	{ "1e-31", NULL, HS_OUT_OF_RANGE }, { "1e400", NULL, HS_OUT_OF_RANGE },
	{ "1e-400", NULL, HS_OUT_OF_RANGE }, { "0e400", "0", HS_OK },
	{ "", NULL, HS_BAD_NUMBER }, { "x", NULL, HS_BAD_NUMBER }, { "1,5", NULL, HS_BAD_NUMBER },
	{ "01", NULL, HS_BAD_NUMBER }, { "--", NULL, HS_BAD_NUMBER }, { "NaN", NULL, HS_BAD_NUMBER },
};

static void test_parse(void)
{
	for (size_t i = 0; i < HS_COUNT(numbers); i++) {
		struct hs_error err = HS_ERROR_INIT;
		struct exact number = { .places = 4711 };
		char text[EXACT_TEXT_BYTES];
		bool done = exact_parse(numbers[i].text, strlen(numbers[i].text), &number, &err);

		if (numbers[i].want == NULL) {
			expect_true(numbers[i].text, !done && number.places == 4711);
			expect_code(numbers[i].text, &err, numbers[i].code);
		} else if (expect_done(numbers[i].text, done, &err)) {
			expect_text(numbers[i].text, exact_text(number, text), numbers[i].want);
		}
	}
}

static struct exact number(const char *text)
{
	struct hs_error err = HS_ERROR_INIT;
	struct exact ret = { .units = 0 };

	expect_done(text, exact_parse(text, strlen(text), &ret, &err), &err);
	return ret;
}

static const struct {
	const char *a, *b;
	int want;
} pairs[] = {
	{ "1", "2", -1 }, { "2", "1", 1 }, { "1.0", "1", 0 }, { "-1", "1", -1 }, { "0", "-0.0", 0 },
	{ "0.1", "0.10000000000000001", -1 },
	{ "123456789012345678901234567890", "0.000000000000000000000000000001", 1 },
	{ "-123456789012345678901234567890", "0.000000000000000000000000000001", -1 },
	{ "0.000000000000000000000000000001", "123456789012345678901234567890", -1 },
	{ "0.000000000000000000000000000001", "-123456789012345678901234567890", 1 },
};

static void test_compare(void)
{
	for (size_t i = 0; i < HS_COUNT(pairs); i++)
		expect_int(pairs[i].a, exact_compare(number(pairs[i].a), number(pairs[i].b)), pairs[i].want);
}

enum operation { SUM, DIFFERENCE, PRODUCT, QUOTIENT, PERCENT };

static const struct {
	enum operation operation;
	const char *a, *b;
	int places;
	const char *want;		/* NULL: null */
	enum hs_error_code code;
} computations[] = {
	{ SUM, "0.1", "0.2", 0, "0.3", HS_OK },
	{ SUM, "30", "7", 0, "37", HS_OK },
	{ SUM, "-1.25", "1.25", 0, "0", HS_OK },
	{ SUM, "1", NULL, 0, NULL, HS_OK },
	{ SUM, "x", NULL, 0, NULL, HS_BAD_NUMBER },
	{ SUM, "123456789012345678901234567890", "0.000000000000000000001", 0, NULL, HS_OUT_OF_RANGE },
	{ DIFFERENCE, "4.2", "1.9", 0, "2.3", HS_OK },
	{ DIFFERENCE, "1", "2", 0, "-1", HS_OK },
	{ DIFFERENCE, NULL, "2", 0, NULL, HS_OK },
	{ PRODUCT, "0.438", "100", 0, "43.8", HS_OK },
	{ PRODUCT, "75", "2.54", 0, "190.5", HS_OK },
	{ PRODUCT, "123456789012345678901234567890", "123456789012345678901234567890", 0, NULL,
	    HS_OUT_OF_RANGE },
	{ QUOTIENT, "121", "14", 1, "8.6", HS_OK },
	{ QUOTIENT, "1", "3", 2, "0.33", HS_OK },
	{ QUOTIENT, "2", "3", 0, "1", HS_OK },
	{ QUOTIENT, "1", "2", 0, "1", HS_OK },		/* half away from zero */
	{ QUOTIENT, "-1", "2", 0, "-1", HS_OK },
	{ QUOTIENT, "1", "-2", 0, "-1", HS_OK },
	{ QUOTIENT, "5", "2", 0, "3", HS_OK },		/* not to the even one */
	{ QUOTIENT, "25", "1000", 2, "0.03", HS_OK },
	{ QUOTIENT, "24.999999999999", "1000", 2, "0.02", HS_OK },
	{ QUOTIENT, "1234.5", "0.5", 1, "2469", HS_OK },
	{ QUOTIENT, "0", "7", 1, "0", HS_OK },
	{ QUOTIENT, "7", "0", 1, NULL, HS_OK },		/* of no games */
	{ QUOTIENT, "7", "0.00", 1, NULL, HS_OK },
	{ QUOTIENT, NULL, "3", 1, NULL, HS_OK },
	{ QUOTIENT, "123456789012345678901234567890", "7", 30, NULL, HS_OUT_OF_RANGE },
	{ PERCENT, "7", "16", 1, "43.8", HS_OK },
	{ PERCENT, "0", "5", 1, "0", HS_OK },
	{ PERCENT, "5", "5", 1, "100", HS_OK },
	{ PERCENT, "0", "0", 1, NULL, HS_OK },		/* none attempted */
	{ PERCENT, NULL, "0", 1, NULL, HS_OK },
	{ PERCENT, "6", "5", 1, NULL, HS_OUT_OF_RANGE },
	{ PERCENT, "1", "0", 1, NULL, HS_OUT_OF_RANGE },
	{ PERCENT, "-1", "5", 1, NULL, HS_OUT_OF_RANGE },
	{ PERCENT, "1", "800", 1, "0.1", HS_OK },	/* 0.125 */
	{ PERCENT, "1", "800", 2, "0.13", HS_OK },
};

static bool compute(size_t i, char buf[EXACT_TEXT_BYTES], bool *ret_null, struct hs_error *err)
{
	const char *a = computations[i].a, *b = computations[i].b;
	int places = computations[i].places;

	switch (computations[i].operation) {
	case SUM:
		return exact_text_sum((const char *const[]){ a, b }, 2, buf, ret_null, err);
	case DIFFERENCE:
		return exact_text_difference(a, b, buf, ret_null, err);
	case PRODUCT:
		return exact_text_product(a, b, buf, ret_null, err);
	case QUOTIENT:
		return exact_text_quotient(a, b, places, buf, ret_null, err);
	case PERCENT:
		return exact_text_percent(a, b, places, buf, ret_null, err);
	}
	return false;
}

static void test_compute(void)
{
	for (size_t i = 0; i < HS_COUNT(computations); i++) {
		struct hs_error err = HS_ERROR_INIT;
		char buf[EXACT_TEXT_BYTES] = "untouched", row[64];
		bool is_null = false;

		snprintf(row, sizeof row, "row %zu", i);
		if (computations[i].code != HS_OK) {
			expect_true(row, !compute(i, buf, &is_null, &err));
			expect_code(row, &err, computations[i].code);
			expect_true(row, err.message[0] != '\0');
			continue;
		}
		if (!expect_done(row, compute(i, buf, &is_null, &err), &err))
			continue;
		expect_int(row, is_null, computations[i].want == NULL);
		expect_text(row, buf, computations[i].want == NULL ? "" : computations[i].want);
	}
}

static void test_sum_of_nothing(void)
{
	struct hs_error err = HS_ERROR_INIT;
	char buf[EXACT_TEXT_BYTES];
	bool is_null = false;

	expect_done("none", exact_text_sum(NULL, 0, buf, &is_null, &err), &err);
	expect_true("none", is_null);
}

static void test_round(void)
{
	static const struct { const char *text; int places; const char *want; } cases[] = {
		{ "190.5", 0, "191" }, { "-190.5", 0, "-191" }, { "16.992948717948718", 1, "17" },
		{ "25.435", 2, "25.44" }, { "25.4349999", 2, "25.43" }, { "3", 2, "3" },
		{ "0.05", 1, "0.1" }, { "0.049", 1, "0" }, { "-0.04", 1, "0" },
	};

	for (size_t i = 0; i < HS_COUNT(cases); i++) {
		struct hs_error err = HS_ERROR_INIT;
		char buf[EXACT_TEXT_BYTES];
		bool is_null = true;

		expect_done(cases[i].text,
		    exact_text_round(cases[i].text, cases[i].places, buf, &is_null, &err), &err);
		expect_true(cases[i].text, !is_null);
		expect_text(cases[i].text, buf, cases[i].want);
	}
}

static void test_mean(void)
{
	struct hs_error err = HS_ERROR_INIT;
	struct exact_mean mean = { .count = 0 };
	char buf[EXACT_TEXT_BYTES];
	bool is_null = false;

	expect_done("nothing", exact_mean_text(&mean, 1, buf, &is_null, &err), &err);
	expect_true("nothing", is_null);
	expect_done("17", exact_mean_add(&mean, "17", &err), &err);
	expect_done("null", exact_mean_add(&mean, NULL, &err), &err);
	expect_done("26", exact_mean_add(&mean, "26.1", &err), &err);
	expect_true("word", !exact_mean_add(&mean, "DNP", &err));
	expect_code("word", &err, HS_BAD_NUMBER);
	expect_int("word", mean.count, 2);
	expect_done("two", exact_mean_text(&mean, 1, buf, &is_null, &err), &err);
	expect_true("two", !is_null);
	expect_text("two", buf, "21.6");	/* 21.55 */
	for (int i = 0; i < 100000; i++)
		expect_done("many", exact_mean_add(&mean, "21.123456789012345", &err), &err);
	expect_done("many", exact_mean_text(&mean, 3, buf, &is_null, &err), &err);
	expect_text("many", buf, "21.123");
}

static const struct hs_case cases[] = {
	{ "parse and write", test_parse },
	{ "compare", test_compare },
	{ "compute", test_compute },
	{ "sum of nothing", test_sum_of_nothing },
	{ "round", test_round },
	{ "mean", test_mean },
};

int main(void)
{
	return hs_run_suite("exact", cases, HS_COUNT(cases));
}
