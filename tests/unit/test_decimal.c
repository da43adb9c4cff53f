/* test_decimal.c: decimals stay decimals: the grammar, the bounds and the rounding. */
#include "common/decimal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/harness.h"

static const struct {
	const char *text;
	bool want;
} grammar[] = {
	{ "0", true }, { "-0", true }, { "0.0", true }, { "23", true }, { "23.0", true },
	{ "-0.5", true }, { "1e5", true }, { "1E+5", true }, { "1.5e-5", true }, { "0e0", true },
	{ "1e400", true }, { "1e-99999999999999999999999999", true }, { "1e00", true },
	{ "", false }, { "-", false }, { "+1", false }, { "01", false }, { "-01", false },
	{ "1.", false }, { ".5", false }, { "-.5", false }, { "1e", false }, { "1e+", false },
	{ "1e5x", false }, { "1.5.5", false }, { " 1", false }, { "1 ", false }, { "0x1", false },
	{ "NaN", false }, { "Infinity", false }, { "1,5", false }, { "1e5.5", false },
	{ "00", false },
	{ "1e-", false }, { "--1", false }, { "1_000", false },
};

static void test_grammar(void)
{
	for (size_t i = 0; i < HS_COUNT(grammar); i++) {
		struct hs_decimal number = { .point = 4711 };
		const char *row = grammar[i].text;

		expect_int(row, hs_decimal_parse(row, strlen(row), &number), grammar[i].want);
		if (!grammar[i].want)
			expect_int(row, number.point, 4711);
	}
}

static struct hs_decimal parse(const char *text)
{
	struct hs_decimal number = { .length = 0 };

	expect_true(text, hs_decimal_parse(text, strlen(text), &number));
	return number;
}

static const struct {
	const char *text;
	bool want;
} wholes[] = {
	{ "23", true }, { "23.0", true }, { "23.000", true }, { "2.30e1", true },
	{ "230e-1", true },
	{ "0", true }, { "0.0", true }, { "0e-5", true }, { "1e400", true }, { "-4.0", true },
	{ "123.456e3", true }, { "0.5e1", true }, { "23.5", false }, { "2.35e1", false },
	{ "1e-1", false }, { "0.0001", false }, { "123.456e2", false }, { "1e-400", false },
	{ "100.0000000000000001", false }, { "23.00000000000000000000000000000000", true },
};

static void test_whole(void)
{
	for (size_t i = 0; i < HS_COUNT(wholes); i++) {
		struct hs_decimal number = parse(wholes[i].text);

		expect_int(wholes[i].text, hs_decimal_is_whole(&number), wholes[i].want);
	}
}

static const struct {
	const char *text;
	int64_t bound;
	int want;
} compares[] = {
	{ "100", 100, 0 }, { "100.0", 100, 0 }, { "1e2", 100, 0 }, { "1.00e2", 100, 0 },
	{ "0.01e4", 100, 0 }, { "1000e-1", 100, 0 },
	{ "100.0000000000000001", 100, 1 },	/* a double says equal */
	{ "99.99999999999999999999", 100, -1 },
	{ "101", 100, 1 }, { "1000", 100, 1 }, { "10", 100, -1 }, { "9", 100, -1 },
	{ "20", 100, -1 },
	{ "0", 100, -1 }, { "-0", 0, 0 }, { "0", 0, 0 }, { "0", -1, 1 }, { "0", 1, -1 },
	{ "-1", 0, -1 }, { "1", 0, 1 }, { "0.001", 0, 1 }, { "-0.001", 0, -1 }, { "1e-400", 0, 1 },
	{ "-100", -100, 0 }, { "-100.1", -100, -1 }, { "-99.9", -100, 1 }, { "-100", 100, -1 },
	{ "100", -100, 1 }, { "0.5", 1, -1 }, { "0.05", 1, -1 }, { "1.5", 1, 1 }, { "-0.5", -1, 1 },
	{ "1e400", 100, 1 }, { "-1e400", 100, -1 }, { "-1e400", -100, -1 }, { "1e-400", 100, -1 },
	{ "9223372036854775807", INT64_MAX, 0 }, { "9223372036854775808", INT64_MAX, 1 },
	{ "9223372036854775806.9", INT64_MAX, -1 }, { "-9223372036854775808", INT64_MIN, 0 },
	{ "-9223372036854775808.1", INT64_MIN, -1 }, { "-9223372036854775807.9", INT64_MIN, 1 },
	{ "18446744073709551716", 100, 1 },	/* 2^64 + 100 */
	{ "9999999999999999999", INT64_MAX, 1 }, { "1e999999999999999999999", 5, 1 },
	{ "1e-999999999999999999999", 5, -1 }, { "272.0", 272, 0 }, { "272.01", 272, 1 },
};

static void test_compare(void)
{
	for (size_t i = 0; i < HS_COUNT(compares); i++) {
		struct hs_decimal number = parse(compares[i].text);

		expect_int(compares[i].text, hs_decimal_compare(&number, compares[i].bound),
		    compares[i].want);
	}
}

static const struct {
	const char *text;
	int places;
	bool fits;
	int64_t round, ceil, floor;
} rounds[] = {
	{ "25.435", 2, true, 2544, 2544, 2543 },	/* a double says 2543 */
	{ "190.5", 0, true, 191, 191, 190 },
	{ "190.4999999999999999999999", 0, true, 190, 191, 190 },
	{ "19.996", 2, true, 2000, 2000, 1999 },
	{ "20", 2, true, 2000, 2000, 2000 },
	{ "20.00", 2, true, 2000, 2000, 2000 },
	{ "2e1", 2, true, 2000, 2000, 2000 },
	{ "0.2001e2", 2, true, 2001, 2001, 2001 },
	{ "-25.435", 2, true, -2544, -2543, -2544 },
	{ "-0.5", 0, true, -1, 0, -1 },
	{ "0.5", 0, true, 1, 1, 0 },
	{ "0.4", 0, true, 0, 1, 0 },
	{ "-0.4", 0, true, 0, 0, -1 },
	{ "0.05", 0, true, 0, 1, 0 },
	{ "0.05", 1, true, 1, 1, 0 },
	{ "0.005", 2, true, 1, 1, 0 },
	{ "0.00499", 2, true, 0, 1, 0 },
	{ "0.0009", 2, true, 0, 1, 0 },
	{ "0", 2, true, 0, 0, 0 },
	{ "-0.0", 2, true, 0, 0, 0 },
	{ "1e-400", 2, true, 0, 1, 0 },
	{ "99.995", 2, true, 10000, 10000, 9999 },
	{ "1234", -2, true, 12, 13, 12 },
	{ "1250", -2, true, 13, 13, 12 },
	{ "1e400", 2, false, 0, 0, 0 },
	{ "92233720368547758.07", 2, true, INT64_MAX, INT64_MAX, INT64_MAX },
	{ "92233720368547758.08", 2, false, 0, 0, 0 },
	{ "-92233720368547758.08", 2, true, INT64_MIN, INT64_MIN, INT64_MIN },
	{ "-92233720368547758.09", 2, false, 0, 0, 0 },
	{ "99999999999999999.99", 2, false, 0, 0, 0 },
};

static void test_round(void)
{
	for (size_t i = 0; i < HS_COUNT(rounds); i++) {
		const char *row = rounds[i].text;
		struct hs_decimal number = parse(row);
		int64_t got = 4711;

		expect_int(row, hs_decimal_round(&number, rounds[i].places, &got), rounds[i].fits);
		expect_int(row, got, rounds[i].fits ? rounds[i].round : 4711);
		expect_int(row, hs_decimal_ceil(&number, rounds[i].places, &got), rounds[i].fits);
		expect_int(row, got, rounds[i].fits ? rounds[i].ceil : 4711);
		expect_int(row, hs_decimal_floor(&number, rounds[i].places, &got), rounds[i].fits);
		expect_int(row, got, rounds[i].fits ? rounds[i].floor : 4711);
	}
}

/* Every way to write the same hundredth says the same. */
static void test_agree(void)
{
	static const char *const forms[] = { "%s%d.%02d", "%s%d.%02d00", "%s%d.%02de0",
	    "%s%d%02de-2" };

	for (int hundredths = -15100; hundredths <= 15100; hundredths++) {
		for (size_t form = 0; form < HS_COUNT(forms); form++) {
			struct hs_decimal number;
			char text[64];
			int64_t got = -1;
			int whole = abs(hundredths) / 100, rest = abs(hundredths) % 100;

			if (form == 3 && whole == 0)
				continue;	/* "007e-2" is no number */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			snprintf(text, sizeof text, forms[form], hundredths < 0 ? "-" : "", whole,
			    rest);
#pragma GCC diagnostic pop
			if (!hs_decimal_parse(text, strlen(text), &number) ||
			    !hs_decimal_round(&number, 2, &got) || got != hundredths ||
			    hs_decimal_is_whole(&number) != (rest == 0) ||
			    (hs_decimal_compare(&number, 100) > 0) != (hundredths > 10000))
				expect_int(text, got, hundredths);
		}
	}
	expect_true("done", true);
}

static const struct {
	int64_t hundredths;
	const char *want;
} shown[] = {
	{ 2544, "25.44" }, { 2300, "23" }, { 2310, "23.1" }, { 2301, "23.01" }, { 0, "0" },
	{ 5, "0.05" }, { -5, "-0.05" }, { 50, "0.5" }, { -100, "-1" }, { -2544, "-25.44" },
	{ INT64_MAX, "92233720368547758.07" }, { INT64_MIN, "-92233720368547758.08" },
};

static void test_shown(void)
{
	for (size_t i = 0; i < HS_COUNT(shown); i++) {
		char buf[24];

		expect_text(shown[i].want, hs_hundredths_text(shown[i].hundredths, buf, sizeof buf),
		    shown[i].want);
	}
}

/* A number of a million digits costs no more than its reading. */
static void test_long(void)
{
	size_t length = 1000000;
	char *text = malloc(length);
	struct hs_decimal number;
	int64_t got;

	if (!expect_true("malloc", text != NULL))
		return;
	memset(text, '9', length);
	expect_true("parse", hs_decimal_parse(text, length, &number));
	expect_int("compare", hs_decimal_compare(&number, 5), 1);
	expect_true("round", !hs_decimal_round(&number, 2, &got));
	memset(text, '0', length);
	text[1] = '.';
	text[length - 1] = '1';
	expect_true("parse", hs_decimal_parse(text, length, &number));
	expect_int("compare", hs_decimal_compare(&number, 0), 1);
	expect_true("round", hs_decimal_round(&number, 2, &got) && got == 0);
	expect_true("ceil", hs_decimal_ceil(&number, 2, &got) && got == 1);
	free(text);
}

int main(void)
{
	static const struct hs_case cases[] = {
		{ "grammar", test_grammar },
		{ "whole numbers", test_whole },
		{ "compare", test_compare },
		{ "round, ceil, floor", test_round },
		{ "forms agree", test_agree },
		{ "hundredths for people", test_shown },
		{ "long numbers", test_long },
	};

	return hs_run_suite("decimal", cases, HS_COUNT(cases));
}
