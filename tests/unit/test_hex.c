/* test_hex.c: bytes to digits and back. */
#include "common/hex.h"

#include <string.h>

#include "common/error.h"
#include "tests/unit/harness.h"

static void test_digits(void)
{
	static const char digits[] = "0123456789abcdef", capitals[] = "0123456789ABCDEF";
	static const char none[] = "/:@G`g \x7f\xff";

	for (int i = 0; i < 16; i++) {
		expect_int("small", hs_hex_digit(digits[i]), i);
		expect_int("capital", hs_hex_digit(capitals[i]), i);
	}
	for (size_t i = 0; i < sizeof none; i++)
		expect_int("none", hs_hex_digit(none[i]), -1);
}

static void test_both_ways(void)
{
	unsigned char bytes[256], again[256];
	char text[2 * sizeof bytes + 1];

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)i;
	hs_hex_text(bytes, sizeof bytes, text);
	expect_int("length", (long long)strlen(text), 512);
	expect_true("begins", strncmp(text, "000102", 6) == 0);
	expect_true("ends", strcmp(text + 508, "feff") == 0);
	expect_true("back", hs_hex_bytes(text, sizeof bytes, again));
	expect_true("the same", memcmp(bytes, again, sizeof bytes) == 0);
	expect_text("nothing", hs_hex_text(bytes, 0, text), "");
}

static const struct { const char *text; size_t count; bool is_hex; } rows[] = {
	{ "", 0, true }, { "", 1, false }, { "a", 1, false }, { "aF", 1, true },
	{ "aFx", 1, true }, { "aFx", 2, false }, { "0x", 1, false }, { "-1", 1, false },
	{ "00g0", 2, false },
};

static void test_texts(void)
{
	unsigned char bytes[4];

	for (size_t i = 0; i < HS_COUNT(rows); i++)
		expect_true(rows[i].text,
		    hs_hex_bytes(rows[i].text, rows[i].count, bytes) == rows[i].is_hex);
}

static const struct hs_case cases[] = {
	{ "digits", test_digits },
	{ "bytes to text and back", test_both_ways },
	{ "what is no text of bytes", test_texts },
};

int main(void)
{
	return hs_run_suite("hex", cases, HS_COUNT(cases));
}
