/* multipart.c: a state for each stretch of the body, and the count of bytes that match what ends
 * it.
 *
 * Trusts nothing. A carriage return stands only at the delimiter's begin, so a byte that does not
 * go on with a match can only begin a new one: nothing is looked at twice. */
#include "daemons/web/multipart.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/text.h"

enum state {
	AT_START,	/* of the first boundary, which no line end precedes */
	AFTER_BOUNDARY,	/* a line end, or the two dashes of the last one */
	IN_HEAD,
	IN_BODY,
	AT_END,		/* a line end may follow */
	STATES
};

struct multipart {
	const struct multipart_events *events;
	void *arg;
	enum state state;
	char delimiter[MULTIPART_BOUNDARY_BYTES + 4];	/* CR LF - - boundary */
	size_t delimiter_length, matched;
	char tail[4];		/* what follows a boundary, as far as it is here */
	size_t tail_length;
	char head[MULTIPART_HEAD_BYTES + 1];
	size_t head_length;
};

static bool refuse(struct hs_error *err, const char *what)
{
	return hs_error_set(err, HS_BAD_ARGUMENT, "", "The form cannot be understood: %s.", what);
}

/* ---- the Content-Type ---- */

static bool is_boundary_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	    (c != '\0' && strchr("'()+_,-./:=?", c) != NULL);
}

bool multipart_boundary(const char *type, char ret[MULTIPART_BOUNDARY_BYTES], struct hs_error *err)
{
	static const char wanted[] = "multipart/form-data", parameter[] = "boundary=";
	bool is_quoted;
	size_t length = 0;

	if (type == NULL || strncasecmp(type, wanted, strlen(wanted)) != 0)
		return refuse(err, "files are sent as multipart/form-data");
	type += strlen(wanted);
	type += strspn(type, " \t");
	if (*type++ != ';')
		return refuse(err, "its Content-Type names no boundary");
	type += strspn(type, " \t");
	if (strncasecmp(type, parameter, strlen(parameter)) != 0)
		return refuse(err, "its Content-Type names no boundary");
	type += strlen(parameter);
	is_quoted = *type == '"';
	type += is_quoted;
	while (is_boundary_character(type[length]))
		length++;
	if (length == 0 || length >= MULTIPART_BOUNDARY_BYTES ||
	    strcmp(type + length, is_quoted ? "\"" : "") != 0)
		return refuse(err, "its boundary is none, or is followed by something");
	memcpy(ret, type, length);
	ret[length] = '\0';
	return true;
}

/* ---- a part's head ---- */

/* What browsers write as %22; line ends have no place in a name anyhow. */
static void unescape_quotes(char *text)
{
	char *to = text;

	for (; *text != '\0'; text++) {
		*to++ = *text;
		if (strncmp(text, "%22", 3) == 0) {
			to[-1] = '"';
			text += 2;
		}
	}
	*to = '\0';
}

static bool is_clean(const char *text)
{
	size_t length = strlen(text);

	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return false;
	}
	return hs_utf8_valid_prefix(text, length) == length;
}

/* Takes ' NAME="value"' apart, in place; *text goes on behind it. A backslash would be an escape to
 * some readers and a character to others. */
static bool take_parameter(char **text, const char **ret_name, char **ret_value)
{
	char *name = *text + strspn(*text, " \t"), *equals = strchr(name, '='), *end;

	if (equals == NULL || equals[1] != '"' || (end = strchr(equals + 2, '"')) == NULL)
		return false;
	*equals = *end = '\0';
	*ret_name = name;
	*ret_value = equals + 2;
	*text = end + 1;
	if (strchr(*ret_value, '\\') != NULL)
		return false;
	unescape_quotes(*ret_value);
	return is_clean(*ret_value);
}

/* 'form-data; name="file"; filename="a.json"' */
static bool read_disposition(char *text, const char **ret_name, const char **ret_file_name,
    struct hs_error *err)
{
	static const char kind[] = "form-data";
	const char *parameter;
	char *value;

	text += strspn(text, " \t");
	if (strncasecmp(text, kind, strlen(kind)) != 0)
		return refuse(err, "a part is no form-data");
	text += strlen(kind);
	while (*text == ';') {
		text++;
		if (!take_parameter(&text, &parameter, &value))
			return refuse(err,
			    "a name is not written between quotes, or holds a backslash, "
			    "a control character or what is not UTF-8");
		if (strcasecmp(parameter, "name") == 0 && *ret_name == NULL)
			*ret_name = value;
		else if (strcasecmp(parameter, "filename") == 0 && *ret_file_name == NULL)
			*ret_file_name = value;
		else
			return refuse(err, "a part's name is there twice, or something else is");
	}
	if (*text != '\0' || *ret_name == NULL)
		return refuse(err, "a part has no name");
	return true;
}

/* The head, without the empty line at its end. */
static bool read_head(struct multipart *multipart, struct hs_error *err)
{
	static const char wanted[] = "Content-Disposition:";
	const char *name = NULL, *file_name = NULL;
	char *line = multipart->head, *next;
	bool is_there = false;

	if (strlen(multipart->head) != multipart->head_length)
		return refuse(err, "a part's head holds a NUL");
	for (; *line != '\0'; line = next) {
		if ((next = strstr(line, "\r\n")) == NULL)
			next = line + strlen(line);
		else
			*next = '\0', next += 2;
		if (strpbrk(line, "\r\n") != NULL || strchr(line, ':') == NULL)
			return refuse(err, "a line of a part's head is malformed");
		if (strncasecmp(line, wanted, strlen(wanted)) != 0)
			continue;
		if (is_there)
			return refuse(err, "a part has two names");
		is_there = true;
		if (!read_disposition(line + strlen(wanted), &name, &file_name, err))
			return false;
	}
	if (!is_there)
		return refuse(err, "a part has no Content-Disposition");
	return multipart->events->on_part(multipart->arg, name, file_name, err);
}

/* ---- states: each takes what it can from bytes, and says how much ---- */

static bool at_start(struct multipart *multipart, const char *bytes, size_t length, size_t *ret,
    struct hs_error *err)
{
	(void)length;
	if (*bytes != multipart->delimiter[multipart->matched])
		return refuse(err, "it does not begin with its boundary");
	if (++multipart->matched == multipart->delimiter_length) {
		multipart->state = AFTER_BOUNDARY;
		multipart->tail_length = 0;
	}
	*ret = 1;
	return true;
}

static bool after_boundary(struct multipart *multipart, const char *bytes, size_t length,
    size_t *ret, struct hs_error *err)
{
	(void)length;
	multipart->tail[multipart->tail_length++] = *bytes;
	*ret = 1;
	if (multipart->tail_length < 2)
		return true;
	multipart->tail_length = 0;
	if (memcmp(multipart->tail, "--", 2) == 0) {
		multipart->state = AT_END;
		return true;
	}
	if (memcmp(multipart->tail, "\r\n", 2) != 0)
		return refuse(err, "a boundary is followed by something");
	multipart->state = IN_HEAD;
	multipart->head_length = 0;
	return true;
}

static bool in_head(struct multipart *multipart, const char *bytes, size_t length, size_t *ret,
    struct hs_error *err)
{
	size_t *used = &multipart->head_length;

	(void)length;
	if (*used == MULTIPART_HEAD_BYTES)
		return refuse(err, "a part's head is too long");
	multipart->head[(*used)++] = *bytes;
	*ret = 1;
	if (*used < 4 || memcmp(multipart->head + *used - 4, "\r\n\r\n", 4) != 0)
		return true;
	*used -= 4;
	multipart->head[*used] = '\0';
	multipart->state = IN_BODY;
	multipart->matched = 0;
	return read_head(multipart, err);
}

static bool tell(struct multipart *multipart, const char *bytes, size_t length,
    struct hs_error *err)
{
	return length == 0 || multipart->events->on_bytes(multipart->arg, bytes, length, err);
}

/* Up to the next carriage return all is content. */
static bool in_body(struct multipart *multipart, const char *bytes, size_t length, size_t *ret,
    struct hs_error *err)
{
	size_t held = multipart->matched;
	const char *next;

	if (held == 0) {
		next = memchr(bytes, '\r', length);
		*ret = next != NULL ? (size_t)(next - bytes) : length;
		if (next != NULL)
			multipart->matched = 1;
		if (!tell(multipart, bytes, *ret, err))
			return false;
		*ret += next != NULL;
		return true;
	}
	if (*bytes != multipart->delimiter[held]) {
		multipart->matched = 0;
		*ret = 0;
		return tell(multipart, multipart->delimiter, held, err);
	}
	*ret = 1;
	if (++multipart->matched < multipart->delimiter_length)
		return true;
	multipart->state = AFTER_BOUNDARY;
	multipart->tail_length = 0;
	return multipart->events->on_end(multipart->arg, err);
}

static bool at_end(struct multipart *multipart, const char *bytes, size_t length, size_t *ret,
    struct hs_error *err)
{
	(void)length;
	if (multipart->tail_length == 2 || *bytes != "\r\n"[multipart->tail_length])
		return refuse(err, "something follows its end");
	multipart->tail_length++;
	*ret = 1;
	return true;
}

bool multipart_push(struct multipart *multipart, const char *bytes, size_t length,
    struct hs_error *err)
{
	static bool (*const steps[STATES])(struct multipart *multipart, const char *bytes,
	    size_t length, size_t *ret, struct hs_error *err) = {
		[AT_START] = at_start,
		[AFTER_BOUNDARY] = after_boundary,
		[IN_HEAD] = in_head,
		[IN_BODY] = in_body,
		[AT_END] = at_end,
	};
	size_t taken;

	for (; length > 0; bytes += taken, length -= taken) {
		if (!steps[multipart->state](multipart, bytes, length, &taken, err))
			return false;
	}
	return true;
}

bool multipart_finish(struct multipart *multipart, struct hs_error *err)
{
	return (multipart->state == AT_END && multipart->tail_length != 1) ||
	    refuse(err, "it ends before its last boundary");
}

bool multipart_new(const char *boundary, const struct multipart_events *events, void *arg,
    struct multipart **ret, struct hs_error *err)
{
	struct multipart *multipart = calloc(1, sizeof *multipart);

	if (multipart == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to read a form");
	multipart->events = events;
	multipart->arg = arg;
	multipart->delimiter_length = (size_t)snprintf(multipart->delimiter,
	    sizeof multipart->delimiter, "\r\n--%s", boundary);
	multipart->matched = 2;
	*ret = multipart;
	return true;
}

void multipart_free(struct multipart *multipart)
{
	free(multipart);
}
