/* test_multipart.c: forms with files, whole and in pieces, good and bad. */
#include "daemons/web/multipart.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/harness.h"

/* What was heard, as text: "[name|file]" or "[name]", the content, "." at its end. */
struct heard {
	char text[65536];
	size_t length;
	const char *refuse;	/* a part of this name is refused */
};

static void put(struct heard *heard, const char *bytes, size_t length)
{
	memcpy(heard->text + heard->length, bytes, length);
	heard->length += length;
	heard->text[heard->length] = '\0';
}

static bool on_part(void *arg, const char *name, const char *file_name, struct hs_error *err)
{
	struct heard *heard = arg;
	char line[MULTIPART_HEAD_BYTES + 8];

	if (heard->refuse != NULL && strcmp(name, heard->refuse) == 0)
		return hs_error_set(err, HS_BUSY, name, "not this one");
	snprintf(line, sizeof line, file_name != NULL ? "[%s|%s]" : "[%s]", name,
	    file_name != NULL ? file_name : "");
	put(heard, line, strlen(line));
	return true;
}

static bool on_bytes(void *arg, const char *bytes, size_t length, struct hs_error *err)
{
	(void)err;
	expect_true("never nothing", length > 0);
	put(arg, bytes, length);
	return true;
}

static bool on_end(void *arg, struct hs_error *err)
{
	(void)err;
	put(arg, ".", 1);
	return true;
}

static const struct multipart_events events = { on_part, on_bytes, on_end };

/* Pushes the text in pieces of so many bytes, the first one of first. */
static bool read_form(const char *text, size_t length, size_t first, size_t piece,
    struct heard *heard, struct hs_error *err)
{
	struct multipart *multipart;
	bool done = true;
	size_t at = 0;

	heard->length = 0;
	heard->text[0] = '\0';
	if (!expect_true("new", multipart_new("XX", &events, heard, &multipart, err)))
		return false;
	while (done && at < length) {
		size_t now = at == 0 ? first : piece;
		char *copy;

		now = now > length - at ? length - at : now;
		copy = malloc(now + 1);		/* so that the sanitizer sees who reads too far */
		memcpy(copy, text + at, now);
		done = multipart_push(multipart, copy, now, err);
		free(copy);
		at += now;
	}
	done = done && multipart_finish(multipart, err);
	multipart_free(multipart);
	return done;
}

#define HEAD(rest) "Content-Disposition: form-data; " rest "\r\n\r\n"
#define ONE(rest) "--XX\r\n" HEAD(rest)
#define END "\r\n--XX--\r\n"

static const struct { const char *text, *heard;
} good[] = {
	{ "--XX--", "" },
	{ "--XX--\r\n", "" },
	{ ONE("name=\"a\"") "1" END, "[a]1." },
	{ ONE("name=\"a\"") "1\r\n--XX--", "[a]1." },
	{ ONE("name=\"a\"") END, "[a]." },
	{ ONE("name=\"a\"; filename=\"\"") END, "[a|]." },
	{ ONE("name=\"a\"; filename=\"b.json\"") "{}" END, "[a|b.json]{}." },
	{ ONE("filename=\"b\";name=\"a\"") "{}" END, "[a|b]{}." },
	{ ONE("name=\"a\"; filename=\"%22x%22 %41;\"") END, "[a|\"x\" %41;]." },
	{ ONE("name=\"a\"; filename=\"\xc3\xa4.json\"") END, "[a|\xc3\xa4.json]." },
	{ "--XX\r\ncontent-disposition:FORM-DATA;NAME=\"a\"\r\nContent-Type: x/y\r\n\r\n1" END,
	    "[a]1." },
	{ "--XX\r\nX: y\r\n" HEAD("name=\"a\"") "1" END, "[a]1." },
	{ ONE("name=\"a\"") "1\r\n" ONE("name=\"b\"") "2" END, "[a]1.[b]2." },
	{ ONE("name=\"a\"") "\r\n--X\r\n--XY\r\r\n-\r\n\r" END,
	    "[a]\r\n--X\r\n--XY\r\r\n-\r\n\r." },
	{ ONE("name=\"a\"") "--XX" END, "[a]--XX." },
	{ ONE("name=\"a\"") "\r\r\r\n" END, "[a]\r\r\r\n." },
};

/* Every piece is tried at every place. */
static void test_good(void)
{
	static struct heard heard;

	for (size_t i = 0; i < HS_COUNT(good); i++) {
		size_t length = strlen(good[i].text);

		for (size_t first = 1; first <= length; first++) {
			struct hs_error err = HS_ERROR_INIT;

			expect_done(good[i].text, read_form(good[i].text, length, first, length,
			    &heard, &err), &err);
			expect_text(good[i].text, heard.text, good[i].heard);
			expect_done(good[i].text, read_form(good[i].text, length, 1, first, &heard,
			    &err), &err);
			expect_text(good[i].text, heard.text, good[i].heard);
		}
	}
}

static const struct { const char *text, *says;
} bad[] = {
	{ "", "ends before" },
	{ "--XX", "ends before" },
	{ "--XX-", "ends before" },
	{ "--XX--\r", "ends before" },
	{ "\r\n--XX--", "does not begin" },
	{ "x--XX--", "does not begin" },
	{ "--XY--", "does not begin" },
	{ "--XX--\r\nmore", "follows its end" },
	{ "--XX--\n", "follows its end" },
	{ "--XX \r\n", "boundary is followed" },
	{ "--XX\n\n", "boundary is followed" },
	{ ONE("name=\"a\"") "1\r\n--XXXX", "boundary is followed" },
	{ ONE("name=\"a\"") "1", "ends before" },
	{ ONE("name=\"a\"") "1\r\n--XX\r\n", "ends before" },
	{ "--XX\r\n\r\n\r\n1" END, "no Content-Disposition" },
	{ "--XX\r\nX: y\r\n\r\n1" END, "no Content-Disposition" },
	{ "--XX\r\nX\r\n" HEAD("name=\"a\"") END, "malformed" },
	{ "--XX\r\nX: y\nZ: z\r\n" HEAD("name=\"a\"") END, "malformed" },
	{ "--XX\r\nContent-Disposition: form-data; name=\"b\"\r\n" HEAD("name=\"a\"") END,
	    "two names" },
	{ ONE("name=a") END, "quotes" },
	{ ONE("name=\"a") END, "quotes" },
	{ ONE("name=\"a\"x") END, "no name" },
	{ ONE("filename=\"a\"") END, "no name" },
	{ ONE("name=\"a\"; name=\"b\"") END, "twice" },
	{ ONE("name=\"a\"; filename=\"b\"; filename=\"c\"") END, "twice" },
	{ ONE("name=\"a\"; filename*=\"UTF-8''b\"") END, "something else" },
	{ ONE("name=\"a\"; filename=\"b\\\"c\"") END, "backslash" },
	{ ONE("name=\"a\"; filename=\"b\x01\"") END, "control" },
	{ ONE("name=\"a\"; filename=\"b\xff\"") END, "UTF-8" },
	{ "--XX\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\n" END, "no form-data" },
	{ "--XX\r\nContent-Disposition: form-data\r\n\r\n" END, "no name" },
};

static void test_bad(void)
{
	static struct heard heard;

	for (size_t i = 0; i < HS_COUNT(bad); i++) {
		size_t length = strlen(bad[i].text);

		for (size_t first = 1; first <= (length > 0 ? length : 1); first++) {
			struct hs_error err = HS_ERROR_INIT;

			expect_true(bad[i].text, !read_form(bad[i].text, length, first, length,
			    &heard, &err));
			expect_code(bad[i].text, &err, HS_BAD_ARGUMENT);
			expect_contains(bad[i].text, err.message, bad[i].says);
		}
	}
}

static void test_nul(void)
{
	static const char in_body[] = ONE("name=\"a\"") "1\0002" END;
	static const char in_head[] = "--XX\r\nX: \0y\r\n" HEAD("name=\"a\"") END;
	struct hs_error err = HS_ERROR_INIT;
	static struct heard heard;

	expect_done("in a body", read_form(in_body, sizeof in_body - 1, 1, 1, &heard, &err), &err);
	expect_bytes("in a body", heard.text, heard.length, "[a]1\0002.", 7);
	expect_true("in a head", !read_form(in_head, sizeof in_head - 1, 1, 1, &heard, &err));
	expect_contains("in a head", err.message, "NUL");
}

static void test_bounds(void)
{
	static char text[MULTIPART_HEAD_BYTES + 256];
	static struct heard heard;

	for (int over = 0; over < 2; over++) {
		struct hs_error err = HS_ERROR_INIT;
		int used = snprintf(text, sizeof text, "--XX\r\nX: ");
		int rest = (int)strlen("\r\n" HEAD("name=\"a\""));
		int fill = MULTIPART_HEAD_BYTES - rest - 3 + over;

		memset(text + used, 'x', (size_t)fill);
		snprintf(text + used + fill, sizeof text - (size_t)(used + fill), "%s",
		    "\r\n" HEAD("name=\"a\"") "1" END);
		expect_true(
		    "a head", read_form(text, strlen(text), 1, 1000, &heard, &err) == (over == 0));
		if (over > 0)
			expect_contains("a head", err.message, "too long");
	}
}

static void test_listener_refuses(void)
{
	static struct heard heard = { .refuse = "b" };
	const char *text = ONE("name=\"a\"") "1\r\n" ONE("name=\"b\"") "2" END;
	struct hs_error err = HS_ERROR_INIT;

	expect_true("b", !read_form(text, strlen(text), 1, 7, &heard, &err));
	expect_code("b", &err, HS_BUSY);
	expect_text("b", heard.text, "[a]1.");
}

/* Random bytes: nothing is read that is not there, and all that is read as content is in the text.
 */
static void test_random(void)
{
	static const char *const words[] = { "--XX", "\r\n", "--", "\r", "\n", "-", "X", "\r\n--XX",
		HEAD("name=\"a\""), HEAD("name=\"a\"; filename=\"b\""), "1", "" };
	static struct heard heard, again;
	unsigned seed = 1;

	for (int round = 0; round < 20000; round++) {
		struct hs_error one = HS_ERROR_INIT, other = HS_ERROR_INIT;
		char text[2048] = "--XX\r\n" HEAD("name=\"a\"");
		bool whole, pieces;

		for (int i = 0; i < 12; i++) {
			seed = seed * 1103515245 + 12345;
			strcat(text, words[(seed >> 16) % HS_COUNT(words)]);
		}
		strcat(text, round % 2 == 0 ? END : "");
		whole = read_form(text, strlen(text), strlen(text), 1, &heard, &one);
		pieces = read_form(text, strlen(text), 1 + (seed >> 16) % 9, 1 + (seed >> 20) % 5,
		    &again, &other);
		expect_int(text, pieces, whole);
		expect_text(text, again.text, heard.text);
		expect_text(text, other.message, one.message);
	}
}

static const struct { const char *type, *boundary;
} types[] = {
	{ "multipart/form-data; boundary=abc", "abc" },
	{ "Multipart/Form-Data;boundary=\"a=b\"", "a=b" },
	{ "multipart/form-data; boundary=----WebKitFormBoundaryAbCdEf0123456789",
	    "----WebKitFormBoundaryAbCdEf0123456789" },
	{ "multipart/form-data; "
	  "boundary=0123456789012345678901234567890123456789012345678901234567890123456789",
	    "0123456789012345678901234567890123456789012345678901234567890123456789" },
	{ "multipart/form-data; "
	  "boundary=01234567890123456789012345678901234567890123456789012345678901234567890",
	    NULL },
	{ "multipart/form-data; boundary=", NULL },
	{ "multipart/form-data; boundary=a b", NULL },
	{ "multipart/form-data; boundary=\"a", NULL },
	{ "multipart/form-data; boundary=a; boundary=b", NULL },
	{ "multipart/form-data; charset=x", NULL },
	{ "multipart/form-data", NULL },
	{ "multipart/form-datax; boundary=a", NULL },
	{ "application/x-www-form-urlencoded", NULL },
	{ NULL, NULL },
};

static void test_types(void)
{
	for (size_t i = 0; i < HS_COUNT(types); i++) {
		const char *row = types[i].type != NULL ? types[i].type : "none";
		char boundary[MULTIPART_BOUNDARY_BYTES] = "";
		struct hs_error err = HS_ERROR_INIT;

		expect_true(row, multipart_boundary(types[i].type, boundary, &err) ==
		    (types[i].boundary != NULL));
		expect_text(row, boundary, types[i].boundary != NULL ? types[i].boundary : "");
	}
}

static const struct hs_case cases[] = {
	{ "good forms, split everywhere", test_good },
	{ "bad forms, split everywhere", test_bad },
	{ "NUL bytes", test_nul },
	{ "bounds", test_bounds },
	{ "the listener refuses", test_listener_refuses },
	{ "random forms: pieces make no difference", test_random },
	{ "boundaries", test_types },
};

int main(void)
{
	return hs_run_suite("multipart", cases, HS_COUNT(cases));
}
