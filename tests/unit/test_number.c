/* test_number.c: whole numbers and sizes, at their bounds and just beyond. */
#include "common/number.h"

#include <limits.h>

#include "tests/unit/harness.h"

static const struct {
	const char *text;
	long long min, max;
	enum hs_error_code want;
	long long value;
} ints[] = {
	{ "0", 0, 10, HS_OK, 0 },
	{ "10", 0, 10, HS_OK, 10 },
	{ "11", 0, 10, HS_OUT_OF_RANGE, 0 },
	{ "-1", 0, 10, HS_OUT_OF_RANGE, 0 },
	{ "-1", -5, 10, HS_OK, -1 },
	{ "-5", -5, 10, HS_OK, -5 },
	{ "-6", -5, 10, HS_OUT_OF_RANGE, 0 },
	{ "", 0, 10, HS_BAD_NUMBER, 0 },
	{ "-", 0, 10, HS_BAD_NUMBER, 0 },
	{ "-0", 0, 10, HS_BAD_NUMBER, 0 },
	{ "00", 0, 10, HS_BAD_NUMBER, 0 },
	{ "07", 0, 10, HS_BAD_NUMBER, 0 },
	{ "-07", -9, 10, HS_BAD_NUMBER, 0 },
	{ "+7", 0, 10, HS_BAD_NUMBER, 0 },
	{ " 7", 0, 10, HS_BAD_NUMBER, 0 },
	{ "7 ", 0, 10, HS_BAD_NUMBER, 0 },
	{ "7.0", 0, 10, HS_BAD_NUMBER, 0 },
	{ "7e0", 0, 10, HS_BAD_NUMBER, 0 },
	{ "0x7", 0, 10, HS_BAD_NUMBER, 0 },
	{ "seven", 0, 10, HS_BAD_NUMBER, 0 },
	{ "٧", 0, 10, HS_BAD_NUMBER, 0 },
	{ "9223372036854775807", LLONG_MIN, LLONG_MAX, HS_OK, LLONG_MAX },
	{ "9223372036854775808", LLONG_MIN, LLONG_MAX, HS_OUT_OF_RANGE, 0 },
	{ "-9223372036854775808", LLONG_MIN, LLONG_MAX, HS_OK, LLONG_MIN },
	{ "-9223372036854775809", LLONG_MIN, LLONG_MAX, HS_OUT_OF_RANGE, 0 },
	{ "99999999999999999999999999999999999999999", 0, LLONG_MAX, HS_OUT_OF_RANGE, 0 },
	{ "18446744073709551617", 0, 10, HS_OUT_OF_RANGE, 0 },	/* 2^64 + 1 is not 1 */
};

static void test_int(void)
{
	for (size_t i = 0; i < HS_COUNT(ints); i++) {
		struct hs_error err = HS_ERROR_INIT;
		const char *row = ints[i].text;
		long long value = 4711;
		bool done = hs_parse_int(row, ints[i].min, ints[i].max, "page", &value, &err);

		expect_int(row, done, ints[i].want == HS_OK);
		expect_code(row, &err, ints[i].want);
		expect_int(row, value, ints[i].want == HS_OK ? ints[i].value : 4711);
	}
}

static const struct {
	const char *text;
	enum hs_error_code want;
	long long value;
} sizes[] = {
	{ "16M", HS_OK, 16LL << 20 },
	{ "16m", HS_OK, 16LL << 20 },
	{ "1K", HS_OK, 1024 },
	{ "1G", HS_OK, 1LL << 30 },
	{ "1024", HS_OK, 1024 },
	{ "1023", HS_OUT_OF_RANGE, 0 },
	{ "2G", HS_OUT_OF_RANGE, 0 },
	{ "9223372036854775807K", HS_OUT_OF_RANGE, 0 },
	{ "9999999999999G", HS_OUT_OF_RANGE, 0 },
	{ "-1K", HS_OUT_OF_RANGE, 0 },
	{ "16 M", HS_BAD_NUMBER, 0 },
	{ "16MB", HS_BAD_NUMBER, 0 },
	{ "16MK", HS_BAD_NUMBER, 0 },
	{ "16T", HS_BAD_NUMBER, 0 },
	{ "M", HS_BAD_NUMBER, 0 },
	{ "", HS_BAD_NUMBER, 0 },
	{ "1.5M", HS_BAD_NUMBER, 0 },
	{ "016M", HS_BAD_NUMBER, 0 },
};

static void test_size(void)
{
	for (size_t i = 0; i < HS_COUNT(sizes); i++) {
		struct hs_error err = HS_ERROR_INIT;
		const char *row = sizes[i].text;
		long long value = 4711;
		bool done = hs_parse_size(row, 1024, 1LL << 30, "the size", &value, &err);

		expect_int(row, done, sizes[i].want == HS_OK);
		expect_code(row, &err, sizes[i].want);
		expect_int(row, value, sizes[i].want == HS_OK ? sizes[i].value : 4711);
	}
}

static void test_messages(void)
{
	struct hs_error err = HS_ERROR_INIT;
	long long value;

	hs_parse_int("7x", 1, 100, "page", &value, &err);
	expect_text("range", err.message, "page must be a whole number from 1 to 100, not \"7x\"");
	hs_parse_int("0", 1, LLONG_MAX, "page", &value, &err);
	expect_text("open range", err.message,
	    "page must be a whole number of at least 1, not \"0\"");
	hs_parse_int("\xff\x01", 1, 2, "page", &value, &err);
	expect_contains("any bytes", err.message, "\xef\xbf\xbd");
	hs_parse_size("2G", 1024, 1LL << 30, "X", &value, &err);
	expect_text("size", err.message, "X must be a size from 1K to 1G (bytes, or with K, M or G "
	    "after the number), not \"2G\"");
}

static const struct {
	long long bytes;
	const char *want;
} shown[] = {
	{ 0, "0 B" }, { 854, "854 B" }, { 999, "999 B" }, { 1000, "1.0 kB" }, { 1049, "1.0 kB" },
	{ 1050, "1.1 kB" }, { 39100000, "39.1 MB" }, { 999949, "999.9 kB" }, { 999950, "1.0 MB" },
	{ 1949999, "1.9 MB" }, { 1000000000, "1.0 GB" }, { LLONG_MAX, "9.2 EB" },
	{ -854, "-854 B" },
	{ LLONG_MIN, "-9.2 EB" },
};

static void test_shown(void)
{
	for (size_t i = 0; i < HS_COUNT(shown); i++) {
		char buf[32];

		expect_text(shown[i].want, hs_size_text(shown[i].bytes, buf, sizeof buf),
		    shown[i].want);
	}
}

int main(void)
{
	static const struct hs_case cases[] = {
		{ "whole numbers", test_int },
		{ "sizes", test_size },
		{ "messages say what is allowed", test_messages },
		{ "sizes for people", test_shown },
	};

	return hs_run_suite("number", cases, HS_COUNT(cases));
}
