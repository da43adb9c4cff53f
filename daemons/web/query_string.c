/* query_string.c: application/x-www-form-urlencoded, strictly.
 *
 * Trusts nothing: a broken escape, a NUL or bad UTF-8 is refused by the parameter's name. */
#include "daemons/web/query_string.h"

#include <stdlib.h>
#include <string.h>

#include "common/hex.h"
#include "common/text.h"

/* Decodes into to, which has room for length + 1 bytes. NULL when done, else what is wrong. */
static const char *decode(const char *from, size_t length, char *to)
{
	size_t used = 0;

	for (size_t i = 0; i < length; i++) {
		if (from[i] == '+') {
			to[used++] = ' ';
		} else if (from[i] != '%') {
			to[used++] = from[i];
		} else {
			unsigned char byte;

			if (i + 2 >= length || !hs_hex_bytes(from + i + 1, 1, &byte))
				return "holds a '%' that is not followed by two hexadecimal digits";
			if (byte == 0)
				return "holds a NUL character";
			to[used++] = (char)byte;
			i += 2;
		}
	}
	to[used] = '\0';
	if (hs_utf8_valid_prefix(to, used) != used)
		return "is not valid UTF-8";
	return NULL;
}

/* What mail and social media add to a link that goes through them. */
static bool is_of_a_tracker(const char *name)
{
	static const char *const names[] = {
		"fbclid", "gclid", "dclid", "gbraid", "wbraid", "msclkid", "twclid", "ttclid",
		"yclid", "igshid", "igsh", "mc_cid", "mc_eid",
	};

	for (size_t i = 0; i < HS_COUNT(names); i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return strncmp(name, "utm_", 4) == 0;
}

static bool read_pair(const char *pair, size_t length, char *scratch, query_pair_fn *on_pair,
    void *arg, struct hs_error *err)
{
	const char *equals = memchr(pair, '=', length);
	size_t name_length = equals != NULL ? (size_t)(equals - pair) : length;
	size_t value_length = equals != NULL ? length - name_length - 1 : 0;
	char *name = scratch, *value = scratch + name_length + 1;
	const char *wrong;

	if ((wrong = decode(pair, name_length, name)) != NULL)
		return hs_error_set(err, HS_BAD_ARGUMENT, "", "a parameter's name %s", wrong);
	if (is_of_a_tracker(name))
		return true;
	if ((wrong = decode(pair + length - value_length, value_length, value)) != NULL)
		return hs_error_set(err, HS_BAD_ARGUMENT, name, "the value of %s %s", name, wrong);
	return on_pair(arg, name, value, err);
}

/* What is done with a refusal; err is empty again when the reading goes on. */
struct refusing {
	bool goes_on;
	struct refusals *refusals;	/* NULL: forgotten */
};

static bool goes_on(const struct refusing *refusing, struct hs_error *err)
{
	if (!refusing->goes_on || err->code == HS_NO_MEMORY)
		return false;
	if (refusing->refusals != NULL && !refusals_add(refusing->refusals, err))
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to read the query");
	*err = (struct hs_error)HS_ERROR_INIT;
	return true;
}

static bool read_pairs(const char *text, const struct refusing *refusing, query_pair_fn *on_pair,
    void *arg, struct hs_error *err)
{
	size_t length = strlen(text), pairs = 0;
	char *scratch;
	bool done = false;

	if (length > QUERY_MAX_BYTES)
		return hs_error_set(err, HS_BAD_ARGUMENT, "", "the query is longer than %d bytes",
		    QUERY_MAX_BYTES);
	if ((scratch = malloc(length + 2)) == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to read the query");
	while (*text != '\0') {
		size_t piece = strcspn(text, "&");

		if (piece > 0 && ++pairs > QUERY_MAX_PAIRS) {
			hs_error_set(err, HS_BAD_ARGUMENT, "",
			    "the query has more than %d parameters", QUERY_MAX_PAIRS);
			goto out;
		}
		if (piece > 0 && !read_pair(text, piece, scratch, on_pair, arg, err) &&
		    !goes_on(refusing, err))
			goto out;
		text += piece;
		if (*text == '&')
			text++;
	}
	done = true;
out:
	free(scratch);
	return done;
}

bool query_string_read(const char *text, query_pair_fn *on_pair, void *arg, struct hs_error *err)
{
	static const struct refusing first = { .goes_on = false };

	return read_pairs(text, &first, on_pair, arg, err);
}

bool query_string_read_all(const char *text, query_pair_fn *on_pair, void *arg,
    struct refusals *refusals, struct hs_error *err)
{
	const struct refusing all = { .goes_on = true, .refusals = refusals };

	return read_pairs(text, &all, on_pair, arg, err);
}

static bool refuse_pair(void *arg, const char *name, const char *value, struct hs_error *err)
{
	(void)arg;
	(void)value;
	return hs_error_set(err, HS_BAD_ARGUMENT, name,
	    "This address takes no parameters: leave '%.60s' out.", name);
}

bool query_string_refuse(const char *text, struct hs_error *err)
{
	return query_string_read(text, refuse_pair, NULL, err);
}

static bool stays_as_it_is(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	    (c != '\0' && strchr("-._~:,", c) != NULL);
}

static bool encode(struct evbuffer *out, const char *text)
{
	static const char digits[] = "0123456789ABCDEF";

	for (; *text != '\0'; text++) {
		unsigned char byte = (unsigned char)*text;
		char escaped[3] = { '%', digits[byte >> 4], digits[byte & 15] };

		if (*text == ' ') {
			if (evbuffer_add(out, "+", 1) != 0)
				return false;
		} else if (stays_as_it_is(*text)) {
			if (evbuffer_add(out, text, 1) != 0)
				return false;
		} else if (evbuffer_add(out, escaped, sizeof escaped) != 0) {
			return false;
		}
	}
	return true;
}

bool query_string_add(struct evbuffer *out, size_t start, const char *name, const char *value)
{
	return (evbuffer_get_length(out) == start || evbuffer_add(out, "&", 1) == 0) &&
	    encode(out, name) && evbuffer_add(out, "=", 1) == 0 && encode(out, value);
}
