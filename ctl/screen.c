/* screen.c: escaping, colours and the words for figures.
 *
 * Trusts nothing that it is given to show. Fails only without memory, and then ends
 * hsctl: there is nothing to be kept safe here. */
#include "ctl/screen.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <utf8proc.h>

static const char *const style_codes[] = {
	[STYLE_PLAIN] = "",
	[STYLE_TITLE] = "\033[1m",
	[STYLE_DIM] = "\033[2m",
	[STYLE_GOOD] = "\033[32m",
	[STYLE_DOUBT] = "\033[33m",
	[STYLE_BAD] = "\033[1;31m",
};

void out_of_memory(void)
{
	fputs("hsctl: no memory left\n", stderr);
	exit(EXIT_FAILURE);
}

bool screen_takes_colour(int fd)
{
	const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");

	if (no_colour != NULL && no_colour[0] != '\0')
		return false;
	return isatty(fd) && term != NULL && term[0] != '\0' && strcmp(term, "dumb") != 0;
}

size_t screen_columns(int fd)
{
	struct winsize size;

	return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

void screen_init(struct screen *screen, FILE *out)
{
	size_t columns = screen_columns(fileno(out));

	screen->out = out;
	screen->has_colour = screen_takes_colour(fileno(out));
	screen->width = SCREEN_MIN_WIDTH;
	if (columns > SCREEN_MIN_WIDTH)
		screen->width = columns < SCREEN_MAX_WIDTH ? columns : SCREEN_MAX_WIDTH;
}

void screen_print(const struct screen *screen, enum style style, const char *format, ...)
{
	bool coloured = screen->has_colour && style != STYLE_PLAIN;
	va_list args;

	if (coloured)
		fputs(style_codes[style], screen->out);
	va_start(args, format);
	vfprintf(screen->out, format, args);
	va_end(args);
	if (coloured)
		fputs("\033[0m", screen->out);
}

/* Cc, Zl, Zp, and the format characters that reorder or hide what stands around them. */
static bool steers(utf8proc_int32_t character)
{
	switch (utf8proc_category(character)) {
	case UTF8PROC_CATEGORY_CC:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
		return true;
	case UTF8PROC_CATEGORY_CF:
		/* a soft hyphen and the joiners belong to honest names */
		return character != 0xad && character != 0x200c && character != 0x200d;
	default:
		return false;
	}
}

static void print_escaped(FILE *to, utf8proc_int32_t character)
{
	switch (character) {
	case '\n':
		fputs("\\n", to);
		break;
	case '\r':
		fputs("\\r", to);
		break;
	case '\t':
		fputs("\\t", to);
		break;
	default:
		fprintf(to, "\\u%04x", (unsigned)character);
	}
}

char *screen_escape(const char *text, size_t length)
{
	char *escaped = NULL;
	size_t escaped_length;
	FILE *to = open_memstream(&escaped, &escaped_length);

	if (to == NULL)
		out_of_memory();
	for (size_t at = 0; at < length;) {
		utf8proc_int32_t character;
		utf8proc_ssize_t bytes = utf8proc_iterate((const utf8proc_uint8_t *)text + at,
		    (utf8proc_ssize_t)(length - at), &character);

		if (bytes <= 0) {
			fprintf(to, "\\x%02x", (unsigned char)text[at]);
			at++;
			continue;
		}
		if (steers(character))
			print_escaped(to, character);
		else
			fwrite(text + at, 1, (size_t)bytes, to);
		at += (size_t)bytes;
	}
	if (fclose(to) != 0 || escaped == NULL)
		out_of_memory();
	return escaped;
}

static json_t *escape_string(const json_t *value)
{
	char *escaped = screen_escape(json_string_value(value), json_string_length(value));
	json_t *copy = json_string(escaped);

	free(escaped);
	return copy;
}

json_t *screen_escape_json(const json_t *value)
{
	json_t *copy, *member;
	const char *key;
	void *place;
	size_t i;

	switch (json_typeof(value)) {
	case JSON_STRING:
		copy = escape_string(value);
		break;
	case JSON_ARRAY:
		copy = json_array();
		json_array_foreach(value, i, member) {
			if (json_array_append_new(copy, screen_escape_json(member)) != 0)
				out_of_memory();
		}
		break;
	case JSON_OBJECT:
		copy = json_copy((json_t *)(size_t)value);	/* shallow: the keys are ours */
		json_object_foreach_safe(copy, place, key, member) {
			if (json_object_set_new(copy, key, screen_escape_json(member)) != 0)
				out_of_memory();
		}
		break;
	default:
		copy = json_copy((json_t *)(size_t)value);
	}
	if (copy == NULL)
		out_of_memory();
	return copy;
}

/* Bytes and columns of the first character; what is not UTF-8 counts as one of each. */
static size_t first_character(const char *text, size_t length, size_t *ret_columns)
{
	utf8proc_int32_t character;
	utf8proc_ssize_t bytes = utf8proc_iterate((const utf8proc_uint8_t *)text,
	    (utf8proc_ssize_t)length, &character);
	int columns = bytes > 0 ? utf8proc_charwidth(character) : 1;

	*ret_columns = columns > 0 ? (size_t)columns : 0;
	return bytes > 0 ? (size_t)bytes : 1;
}

size_t screen_width(const char *text)
{
	size_t length = strlen(text), width = 0, columns;

	for (size_t at = 0; at < length;) {
		at += first_character(text + at, length - at, &columns);
		width += columns;
	}
	return width;
}

void screen_cut(const char *text, size_t columns, char *buf, size_t size)
{
	size_t length = strlen(text), used = 0, at = 0, wide;
	bool fits = screen_width(text) <= columns && length < size;
	size_t dots = !fits && columns > 3 && size > 4 ? 3 : 0;

	while (at < length) {
		size_t bytes = first_character(text + at, length - at, &wide);

		if (used + wide + dots > columns || at + bytes + dots >= size)
			break;
		used += wide;
		at += bytes;
	}
	memcpy(buf, text, at);
	memcpy(buf + at, "...", dots);
	buf[at + dots] = '\0';
}

const char *screen_count(long long number, char buf[FIGURE_BYTES])
{
	char digits[FIGURE_BYTES];
	size_t length, out = 0;

	snprintf(digits, sizeof digits, "%lld", number);
	length = strlen(digits);
	for (size_t i = 0; i < length; i++) {
		bool starts_group = i > 0 && digits[i - 1] != '-' && (length - i) % 3 == 0;

		if (starts_group)
			buf[out++] = ',';
		buf[out++] = digits[i];
	}
	buf[out] = '\0';
	return buf;
}

const char *screen_span(double seconds, char buf[FIGURE_BYTES])
{
	long long whole = seconds < 0 ? 0 : seconds > 1e12 ? (long long)1e12 : llround(seconds);
	long long minutes = whole / 60, hours = minutes / 60;

	if (seconds < 0.995 && seconds > 0)
		snprintf(buf, FIGURE_BYTES, "%.2f s", seconds);
	else if (seconds < 9.95 && seconds > 0 && seconds != (double)whole)
		snprintf(buf, FIGURE_BYTES, "%.1f s", seconds);
	else if (minutes == 0)
		snprintf(buf, FIGURE_BYTES, "%lld s", whole);
	else if (hours == 0)
		snprintf(buf, FIGURE_BYTES, "%lld min %lld s", minutes, whole % 60);
	else if (hours < 24)
		snprintf(buf, FIGURE_BYTES, "%lld h %lld min", hours, minutes % 60);
	else
		snprintf(buf, FIGURE_BYTES, "%lld d %lld h", hours / 24, hours % 24);
	return buf;
}

const char *screen_time(const char *text, enum screen_precision precision, char buf[FIGURE_BYTES])
{
	char *separator;

	snprintf(buf, FIGURE_BYTES, "%.*s", (int)precision, text);
	if ((separator = strchr(buf, 'T')) != NULL)
		*separator = ' ';
	return buf;
}

bool screen_needs_place(const char *place, const char *message)
{
	size_t length = strlen(place);

	if (length == 0 || strcmp(place, "-") == 0)
		return false;
	if (message[0] == '"')
		message++;
	return strncmp(message, place, length) != 0 ||
	    (message[length] != '\0' && strchr(" :,\"", message[length]) == NULL);
}

const char *screen_some(long long number, const char *one, const char *many,
    char *buf, size_t size)
{
	char count[FIGURE_BYTES];

	snprintf(buf, size, "%s %s", screen_count(number, count), number == 1 ? one : many);
	return buf;
}

const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL && text[0] != '\0' ? text : "-";
}

long long number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

double real_of(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

bool flag_of(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}
