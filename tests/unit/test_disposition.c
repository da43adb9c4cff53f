/* test_disposition.c: names of files in a header. */
#include "daemons/web/disposition.h"

#include <string.h>

#include "tests/unit/harness.h"

static const struct { const char *name, *header; } rows[] = {
	{ "a.json", "attachment; filename=\"a.json\"" },
	{ "nba 2001-2009.json", "attachment; filename=\"nba 2001-2009.json\"" },
	{ "\xc3\xa4.json", "attachment; filename=\"__.json\"; filename*=UTF-8''%C3%A4.json" },
	{ "a\"b\\c.json", "attachment; filename=\"a_b_c.json\"; filename*=UTF-8''a%22b%5Cc.json" },
	{ "a\r\nSet-Cookie: x=y", "attachment; filename=\"a__Set-Cookie_ x=y\"; "
	    "filename*=UTF-8''a%0D%0ASet-Cookie%3A%20x%3Dy" },
	{ "../../etc/passwd", "attachment; filename=\"_._.._etc_passwd\"; "
	    "filename*=UTF-8''..%2F..%2Fetc%2Fpasswd" },
	{ ".hidden", "attachment; filename=\"_hidden\"; filename*=UTF-8''.hidden" },
	{ "100%.json", "attachment; filename=\"100_.json\"; filename*=UTF-8''100%25.json" },
	{ "", "attachment; filename=\"\"" },
};

static void test_names(void)
{
	char buf[DISPOSITION_BYTES];

	for (size_t i = 0; i < HS_COUNT(rows); i++)
		expect_text(rows[i].name, disposition_text(rows[i].name, buf), rows[i].header);
}

static void test_longest(void)
{
	char name[2 * DISPOSITION_NAME_BYTES], buf[DISPOSITION_BYTES + 1];

	memset(name, '%', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	buf[DISPOSITION_BYTES] = 'x';
	expect_true("it ends", strlen(disposition_text(name, buf)) < DISPOSITION_BYTES);
	expect_int("nothing behind it", buf[DISPOSITION_BYTES], 'x');
}

static const struct hs_case cases[] = {
	{ "names", test_names },
	{ "the longest name", test_longest },
};

int main(void)
{
	return hs_run_suite("disposition", cases, HS_COUNT(cases));
}
