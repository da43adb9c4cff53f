/* test_held.c: what evhttp sees of a request for an upload, and what it does not. */
#include "daemons/web/held.h"

#include <stdio.h>
#include <string.h>

#include "daemons/web/server.h"
#include "tests/unit/harness.h"

#define LINE "POST /admin/imports/upload HTTP/1.1\r\n"

static const struct {
	const char *sent, *seen;	/* by evhttp */
	int body_bytes;			/* -1: nothing is held */
	const char *begun;
} rows[] = {
	{ LINE "Content-Length: 5\r\n\r\n", LINE "Content-Length: 0\r\n\r\n", 5, "" },
	{ LINE "Content-Length: 5\r\n\r\n12345", LINE "Content-Length: 0\r\n\r\n", 5, "12345" },
	{ LINE "content-length:12 \r\n\r\n12", LINE "content-length:12 \r\n\r\n12", -1, "" },
	{ LINE "A: b\r\ncontent-length:12\r\nC: d\r\n\r\n12",
	    LINE "A: b\r\ncontent-length:0\r\nC: d\r\n\r\n", 12, "12" },
	{ "POST /admin/imports/upload?a=b HTTP/1.1\r\nContent-Length: 1\r\n\r\n",
	    "POST /admin/imports/upload?a=b HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 1, "" },
	{ "POST /admin/imports/uploads HTTP/1.1\r\nContent-Length: 1\r\n\r\n1",
	    "POST /admin/imports/uploads HTTP/1.1\r\nContent-Length: 1\r\n\r\n1", -1, "" },
	{ "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", -1, "" },
	{ "PUT /admin/imports/upload HTTP/1.1\r\nContent-Length: 1\r\n\r\n1",
	    "PUT /admin/imports/upload HTTP/1.1\r\nContent-Length: 1\r\n\r\n1", -1, "" },
	{ LINE "\r\n1", LINE "\r\n1", -1, "" },
	{ LINE "Content-Length: 1\r\nContent-Length: 1\r\n\r\n1",
	    LINE "Content-Length: 1\r\nContent-Length: 1\r\n\r\n1", -1, "" },
	{ LINE "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1",
	    LINE "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1", -1, "" },
	{ LINE "Content-Length: -1\r\n\r\n1", LINE "Content-Length: -1\r\n\r\n1", -1, "" },
	{ LINE "Content-Length: 12345678901234\r\n\r\n1",
	    LINE "Content-Length: 12345678901234\r\n\r\n1", -1, "" },
	{ LINE "X-Content-Length: 7\r\nContent-Length: 1\r\n\r\n1",
	    LINE "X-Content-Length: 7\r\nContent-Length: 0\r\n\r\n", 1, "1" },
};

static const char *text_of(struct evbuffer *buffer, char buf[32768])
{
	ev_ssize_t length = evbuffer_copyout(buffer, buf, 32767);

	buf[length > 0 ? length : 0] = '\0';
	return buf;
}

/* In pieces of so many bytes, as they come from a socket. */
static void test_heads(void)
{
	static char buf[32768];

	for (size_t i = 0; i < HS_COUNT(rows); i++) {
		size_t length = strlen(rows[i].sent);

		for (size_t piece = 1; piece <= length; piece++) {
			struct evbuffer *input = evbuffer_new(), *begun;
			struct held *held = held_new("");

			/* with a body held, evhttp does not read */
			for (size_t at = 0; at < length && held_body(held, &begun) < 0;
			     at += piece) {
				bool begins = at == 0;

				evbuffer_add(input, rows[i].sent + at,
				    piece < length - at ? piece : length - at);
				if (begins || held_is_waiting(held))
					held_look(held, input);
			}
			expect_text(rows[i].sent, text_of(input, buf), rows[i].seen);
			expect_int(rows[i].sent, held_body(held, &begun), rows[i].body_bytes);
			expect_true(rows[i].sent, !held_is_waiting(held));
			if (rows[i].body_bytes >= 0 && piece == length)
				expect_text(rows[i].sent, text_of(begun, buf), rows[i].begun);
			held_free(held);
			evbuffer_free(input);
		}
	}
}

static void test_a_head_that_does_not_end(void)
{
	struct evbuffer *input = evbuffer_new(), *begun;
	struct held *held = held_new("");
	size_t sent = 0;

	evbuffer_add(input, LINE, strlen(LINE));
	for (held_look(held, input); held_is_waiting(held); held_look(held, input)) {
		sent += evbuffer_add(input, "A: 0123456789\r\n", 15) == 0 ? 15 : 0;
		if (!expect_true("it is given up", sent < 2 * WEB_MAX_HEADER_BYTES))
			break;
	}
	expect_int("all of it is evhttp's", evbuffer_get_length(input), strlen(LINE) + sent);
	expect_int("nothing is held", held_body(held, &begun), -1);
	held_free(held);
	evbuffer_free(input);
}

/* TLS may bring more before evhttp has seen the head: that is of the body, too. */
static void test_more(void)
{
	static const char head[] =
	    "POST /scout/admin/imports/upload HTTP/1.1\r\nContent-Length: 9\r\n\r\n12";
	static char buf[32768];
	struct evbuffer *input = evbuffer_new(), *begun;
	struct held *held = held_new("/scout");

	evbuffer_add(input, head, strlen(head));
	held_more(held, input, strlen(head));
	expect_int("no body is held yet", evbuffer_get_length(input), strlen(head));
	held_look(held, input);
	evbuffer_add(input, "345", 3);
	held_more(held, input, 3);
	evbuffer_add(input, "6789", 4);
	held_more(held, input, 4);
	expect_text("evhttp's", text_of(input, buf),
	    "POST /scout/admin/imports/upload HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
	expect_int("the body", held_body(held, &begun), 9);
	expect_text("begun", text_of(begun, buf), "123456789");
	held_free(held);

	held = held_new("/scout");
	evbuffer_drain(input, evbuffer_get_length(input));
	evbuffer_add(input, LINE "Content-Length: 1\r\n\r\n", strlen(LINE) + 21);
	held_look(held, input);
	expect_int("outside of the base", held_body(held, &begun), -1);
	held_free(held);
	evbuffer_free(input);
}

static const struct hs_case cases[] = {
	{ "more of a body", test_more },
	{ "heads, split everywhere", test_heads },
	{ "a head that does not end", test_a_head_that_does_not_end },
};

int main(void)
{
	return hs_run_suite("held", cases, HS_COUNT(cases));
}
