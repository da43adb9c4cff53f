/* held.c: looks at the first bytes of a request, and at its head's end.
 *
 * Trusts server.c to refuse what is wrong with the head that it gets; all that is decided here is
 * where the body goes. Without memory nothing is held. */
#include "daemons/web/held.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/log.h"
#include "daemons/web/server.h"

static const char *const paths[] = { HELD_PATH };

struct held {
	const char *base;	/* base_path.h */
	struct evbuffer *kept;
	bool is_moving;		/* our own change of input is under way */
	bool has_body;		/* kept is (a part of) a body of so many bytes */
	int64_t body_bytes;
};

struct held *held_new(const char *base)
{
	struct held *held = calloc(1, sizeof *held);

	if (strlen(base) > HELD_BASE_BYTES)
		hs_panic("a base path has %zu bytes", strlen(base));
	if (held != NULL && (held->kept = evbuffer_new()) == NULL) {
		free(held);
		return NULL;
	}
	if (held != NULL)
		held->base = base;
	return held;
}

void held_free(struct held *held)
{
	if (held == NULL)
		return;
	evbuffer_free(held->kept);
	free(held);
}

bool held_is_waiting(const struct held *held)
{
	return !held->has_body && evbuffer_get_length(held->kept) > 0;
}

int64_t held_body(const struct held *held, struct evbuffer **ret_begun)
{
	*ret_begun = held->kept;
	return held->has_body ? held->body_bytes : -1;
}

/* So far it may be a request for an upload. */
static bool may_be_upload(const struct held *held, struct evbuffer *bytes)
{
	char found[HELD_BEGIN_BYTES], begin[HELD_BEGIN_BYTES];
	ev_ssize_t copied = evbuffer_copyout(bytes, found, sizeof found);
	size_t length = copied < 0 ? 0 : (size_t)copied;

	for (size_t i = 0; i < HS_COUNT(paths); i++) {
		size_t whole = (size_t)snprintf(begin, sizeof begin, "POST %s%s", held->base, paths[i]);

		if (memcmp(found, begin, length < whole ? length : whole) == 0 &&
		    (length <= whole || found[whole] == ' ' || found[whole] == '?'))
			return true;
	}
	return false;
}

/* The only Content-Length of a head, its value's place in *ret_at and length; false when there is
 * none, two, one that is no plain number, or a Transfer-Encoding. */
static bool find_length(const char *head, const char **ret_at, size_t *ret_digits)
{
	static const char wanted[] = "Content-Length:", refused[] = "Transfer-Encoding";
	const char *line = strstr(head, "\r\n");
	bool is_there = false;

	for (; line != NULL; line = strstr(line, "\r\n")) {
		line += 2;
		if (strncasecmp(line, refused, strlen(refused)) == 0)
			return false;
		if (strncasecmp(line, wanted, strlen(wanted)) != 0)
			continue;
		*ret_at = line + strlen(wanted);
		*ret_at += strspn(*ret_at, " \t");
		*ret_digits = strspn(*ret_at, "0123456789");
		if (is_there || *ret_digits == 0 || *ret_digits > HELD_LENGTH_DIGITS ||
		    strncmp(*ret_at + *ret_digits, "\r\n", 2) != 0)
			return false;
		is_there = true;
	}
	return is_there;
}

static void give(struct held *held, struct evbuffer *input)
{
	if (evbuffer_add_buffer(input, held->kept) != 0)
		evbuffer_drain(held->kept, evbuffer_get_length(held->kept));
}

/* Puts the head into input, with another length, and leaves the body. */
static bool part_head_from_body(struct held *held, struct evbuffer *input, size_t length)
{
	char *head = calloc(1, length + 1);
	const char *at;
	size_t digits;
	bool done = head != NULL &&
		    evbuffer_copyout(held->kept, head, length) == (ev_ssize_t)length &&
		    strlen(head) == length && find_length(head, &at, &digits);

	if (done) {
		held->body_bytes = (int64_t)strtoll(at, NULL, 10);
		done = evbuffer_add(input, head, (size_t)(at - head)) == 0 &&
		    evbuffer_add(input, "0", 1) == 0 &&
		    evbuffer_add(input, at + digits, length - (size_t)(at - head) - digits) == 0;
		evbuffer_drain(held->kept, length);
		held->has_body = done;
	}
	free(head);
	return done;
}

static void look(struct held *held, struct evbuffer *input)
{
	struct evbuffer_ptr end;

	if (evbuffer_get_length(held->kept) == 0 && !may_be_upload(held, input))
		return;
	if (evbuffer_add_buffer(held->kept, input) != 0)
		return;
	end = evbuffer_search(held->kept, "\r\n\r\n", 4, NULL);
	if (!may_be_upload(held, held->kept) ||
	    (end.pos < 0 && evbuffer_get_length(held->kept) > WEB_MAX_HEADER_BYTES) ||
	    (end.pos >= 0 && (end.pos + 4 > WEB_MAX_HEADER_BYTES ||
		!part_head_from_body(held, input, (size_t)end.pos + 4))))
		give(held, input);
}

void held_look(struct held *held, struct evbuffer *input)
{
	if (held->is_moving || held->has_body)	/* then evhttp does not read */
		return;
	held->is_moving = true;
	look(held, input);
	held->is_moving = false;
}

void held_more(struct held *held, struct evbuffer *input, size_t length)
{
	struct evbuffer *head;
	size_t before = evbuffer_get_length(input) - length;

	if (held->is_moving || !held->has_body)
		return;
	if ((head = evbuffer_new()) == NULL)
		hs_panic("no memory for an upload's head");
	held->is_moving = true;
	if (evbuffer_remove_buffer(input, head, before) != (int)before ||
	    evbuffer_add_buffer(held->kept, input) != 0 || evbuffer_add_buffer(input, head) != 0)
		hs_panic("an upload's body cannot be parted from its head");
	held->is_moving = false;
	evbuffer_free(head);
}
