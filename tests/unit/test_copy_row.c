/* test_copy_row.c: rows in the binary COPY format, byte by byte, and what failures do. */
#include "daemons/importer/copy_row.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/harness.h"

enum { SINK_BYTES = 1 << 20, HEADER_BYTES = 19 };

struct sink {
	unsigned char bytes[SINK_BYTES];
	size_t used, puts, fail_at;	/* fail_at: the n-th put fails; 0 none */
};

static struct sink sink;
static struct copy_row row;

static bool put(void *arg, const void *bytes, size_t length, struct hs_error *err)
{
	struct sink *to = arg;

	to->puts++;
	if (to->puts == to->fail_at)
		return hs_error_set(err, HS_DB_AWAY, "", "put %zu fails", to->puts);
	if (expect_true("room in the sink", length <= sizeof to->bytes - to->used)) {
		memcpy(to->bytes + to->used, bytes, length);
		to->used += length;
	}
	return true;
}

static void begin(void)
{
	memset(&sink, 0, sizeof sink);
	copy_row_init(&row, put, &sink);
}

static void finish(const char *name, const void *want, size_t want_length)
{
	static const unsigned char header[HEADER_BYTES] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0";
	static const unsigned char trailer[2] = { 0xff, 0xff };
	struct hs_error err = HS_ERROR_INIT;

	expect_done(name, copy_row_finish(&row, &err), &err);
	expect_bytes(name, sink.bytes, HEADER_BYTES, header, HEADER_BYTES);
	if (!expect_true(name, sink.used >= HEADER_BYTES + sizeof trailer))
		return;
	expect_bytes(name, sink.bytes + HEADER_BYTES, sink.used - HEADER_BYTES - sizeof trailer,
	    want, want_length);
	expect_bytes(name, sink.bytes + sink.used - 2, 2, trailer, 2);
}

static void test_values(void)
{
	static const unsigned char want[] = "\0\010"
		"\0\0\0\2\x09\xf0"			/* int2 2544 */
		"\0\0\0\2\xff\xff"			/* int2 -1 */
		"\0\0\0\4\x7f\xff\xff\xff"		/* int4 */
		"\0\0\0\4\0\0\0\1"			/* 2000-01-02 */
		"\xff\xff\xff\xff"			/* no date */
		"\0\0\0\3abc"
		"\0\0\0\0"				/* an empty text is no null */
		"\0\0\0\3\1{}";				/* jsonb */

	begin();
	copy_columns(&row, 8);
	copy_int2(&row, 2544);
	copy_int2(&row, -1);
	copy_int4(&row, 0x7fffffff);
	copy_date(&row, (struct hs_date){ 2000, 1, 2 });
	copy_date(&row, (struct hs_date){ 0 });
	copy_text(&row, "abc", 3);
	copy_text(&row, "", 0);
	copy_jsonb(&row, "{}", 2);
	finish("values", want, sizeof want - 1);
	begin();
	copy_columns(&row, 3);
	copy_null(&row);
	copy_text(&row, NULL, 0);
	copy_jsonb(&row, NULL, 0);
	finish("nulls", "\0\3\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 14);
	begin();
	finish("no row", "", 0);
}

/* Whatever its length, and wherever the buffer's end falls, a text arrives whole. */
static void test_long_texts(void)
{
	static const size_t lengths[] = { COPY_ROW_BYTES - 40, COPY_ROW_BYTES - 27,
		COPY_ROW_BYTES - 26, COPY_ROW_BYTES - 25, COPY_ROW_BYTES, COPY_ROW_BYTES + 1,
		3 * COPY_ROW_BYTES, 5 * COPY_ROW_BYTES + 17 };
	static char text[6 * COPY_ROW_BYTES], want[6 * COPY_ROW_BYTES + 20];

	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)('a' + i % 26);
	for (size_t i = 0; i < HS_COUNT(lengths); i++) {
		size_t length = lengths[i];

		begin();
		copy_columns(&row, 2);
		copy_text(&row, text, length);
		copy_text(&row, "z", 1);
		memcpy(want, "\0\2", 2);
		want[2] = (char)(length >> 24);
		want[3] = (char)(length >> 16);
		want[4] = (char)(length >> 8);
		want[5] = (char)length;
		memcpy(want + 6, text, length);
		memcpy(want + 6 + length, "\0\0\0\1z", 5);
		finish("long text", want, length + 11);
	}
}

/* The first failure sticks, is told with its words, and nothing more is put. */
static void test_failure(void)
{
	static const char text[COPY_ROW_BYTES] = "x";
	struct hs_error err = HS_ERROR_INIT;

	begin();
	sink.fail_at = 2;
	for (int i = 0; i < 5; i++)
		copy_text(&row, text, sizeof text);
	expect_true("done", !copy_row_done(&row, &err));
	expect_code("done", &err, HS_DB_AWAY);
	err.code = HS_OK;
	expect_true("finish", !copy_row_finish(&row, &err));
	expect_code("finish", &err, HS_DB_AWAY);
	expect_text("finish", err.message, "put 2 fails");
	expect_int("puts after the failure", sink.puts, 2);
}

static const struct hs_case cases[] = {
	{ "values", test_values },
	{ "long texts", test_long_texts },
	{ "failure", test_failure },
};

int main(void)
{
	return hs_run_suite("copy_row", cases, HS_COUNT(cases));
}
