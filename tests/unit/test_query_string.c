/* test_query_string.c: taking query strings apart, and putting them together. */
#include "daemons/web/query_string.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/harness.h"

/* Writes what was heard as "name=value;". */
static bool hear(void *arg, const char *name, const char *value, struct hs_error *err)
{
	char *heard = arg;
	size_t used = strlen(heard);

	if (strcmp(name, "stop") == 0)
		return hs_error_set(err, HS_BUSY, name, "stopped");
	snprintf(heard + used, 1024 - used, "%s=%s;", name, value);
	return true;
}

static const struct {
	const char *text, *heard;
	enum hs_error_code code;
	const char *where;
} readings[] = {
	{ "", "", HS_OK, "" },
	{ "a=1", "a=1;", HS_OK, "" },
	{ "a=1&b=2&a=3", "a=1;b=2;a=3;", HS_OK, "" },
	{ "&&a=1&", "a=1;", HS_OK, "" },
	{ "a", "a=;", HS_OK, "" },
	{ "a=", "a=;", HS_OK, "" },
	{ "=1", "=1;", HS_OK, "" },
	{ "a=b=c", "a=b=c;", HS_OK, "" },
	{ "a=x+y%20z", "a=x y z;", HS_OK, "" },
	{ "n=Don%C4%8Di%C4%87", "n=Don\xc4\x8di\xc4\x87;", HS_OK, "" },
	{ "n=%c4%87", "n=\xc4\x87;", HS_OK, "" },
	{ "a%3Db=%26%3D", "a=b=&=;", HS_OK, "" },
	{ "fbclid=IwAR0&a=1&utm_source=x&utm_=&gclid=%ff&msclkid", "a=1;", HS_OK, "" },
	{ "utm=1&FBCLID=2&xfbclid=3&clid=4", "utm=1;FBCLID=2;xfbclid=3;clid=4;", HS_OK, "" },
	{ "a=%", "", HS_BAD_ARGUMENT, "a" },
	{ "a=%4", "", HS_BAD_ARGUMENT, "a" },
	{ "a=%4&b=1", "", HS_BAD_ARGUMENT, "a" },
	{ "a=%4g", "", HS_BAD_ARGUMENT, "a" },
	{ "a=%00", "", HS_BAD_ARGUMENT, "a" },
	{ "a=x%00y", "", HS_BAD_ARGUMENT, "a" },
	{ "a=%ff", "", HS_BAD_ARGUMENT, "a" },		/* no UTF-8 */
	{ "a=%c4", "", HS_BAD_ARGUMENT, "a" },		/* cut off */
	{ "a=%ed%a0%80", "", HS_BAD_ARGUMENT, "a" },	/* a surrogate */
	{ "%zz=1", "", HS_BAD_ARGUMENT, "" },
	{ "a=1&stop=1&b=2", "a=1;", HS_BUSY, "stop" },
};

static void test_read(void)
{
	for (size_t i = 0; i < HS_COUNT(readings); i++) {
		struct hs_error err = HS_ERROR_INIT;
		char heard[1024] = "";

		expect_true(readings[i].text,
		    query_string_read(readings[i].text, hear, heard, &err) ==
		    (readings[i].code == HS_OK));
		expect_code(readings[i].text, &err, readings[i].code);
		expect_text(readings[i].text, err.where, readings[i].where);
		expect_text(readings[i].text, heard, readings[i].heard);
	}
}

static void test_bounds(void)
{
	struct hs_error err = HS_ERROR_INIT;
	char *text = malloc(QUERY_MAX_BYTES + 2), heard[1024] = "";

	memset(text, '&', QUERY_MAX_BYTES + 1);
	text[QUERY_MAX_BYTES] = '\0';
	expect_true("16 KB", query_string_read(text, hear, heard, &err));
	text[QUERY_MAX_BYTES] = '&';
	text[QUERY_MAX_BYTES + 1] = '\0';
	expect_true("a byte more", !query_string_read(text, hear, heard, &err));
	text[0] = '\0';
	for (int i = 0; i < QUERY_MAX_PAIRS + 1; i++)
		strcat(text, "a&");
	expect_true("too many pairs", !query_string_read(text, hear, heard, &err));
	expect_contains("too many pairs", err.message, "more than 1024 parameters");
	free(text);
}

static void test_write(void)
{
	struct evbuffer *out = evbuffer_new();
	const char *want = "name=Don%C4%8Di%C4%87+x&team=a:b%26c%3Dd&p=100%25~-._,";

	expect_true("write", query_string_add(out, 0, "name", "Don\xc4\x8di\xc4\x87 x") &&
	    query_string_add(out, 0, "team", "a:b&c=d") &&
	    query_string_add(out, 0, "p", "100%~-._,"));
	expect_bytes("write", evbuffer_pullup(out, -1), evbuffer_get_length(out), want,
	    strlen(want));
	evbuffer_free(out);
}

static const struct hs_case cases[] = {
	{ "reads pairs", test_read },
	{ "bounds", test_bounds },
	{ "writes pairs", test_write },
};

int main(void)
{
	return hs_run_suite("query_string", cases, HS_COUNT(cases));
}
