/* excerpt.c: finds the places of problems in a file, and copies what stands around them.
 *
 * Trusts neither the file, which may have changed, nor its encoding. Problems come in the order of
 * the file, so one pass finds all their places; most of it is a search for line ends. */
#include "common/excerpt.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/text.h"

enum {
	CHUNK_BYTES = 128 << 10,
	WINDOW_BYTES = HS_EXCERPT_BEFORE + HS_EXCERPT_AFTER,
	/* a byte becomes three at most; dots on both sides */
	EXCERPT_BYTES = 3 * WINDOW_BYTES + 8,
	PICTURES = 0x2400, DELETE_PICTURE = 0x2421, REPLACEMENT = 0xfffd
};

/* How far the pass is. */
struct pass {
	int fd;
	uint64_t line, column;		/* of the next byte */
	off_t offset, line_start;
	size_t next;			/* problem */
};

/* --- what stands there ------------------------------------------------------------------ */

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static size_t put_character(char *to, uint32_t character)
{
	to[0] = (char)(0xe0 | character >> 12);
	to[1] = (char)(0x80 | (character >> 6 & 0x3f));
	to[2] = (char)(0x80 | (character & 0x3f));
	return 3;
}

/* U+0080 to U+009F, and those that turn the direction of what follows. */
static bool is_treacherous(const char *text, size_t length)
{
	const unsigned char *c = (const unsigned char *)text;

	if (length == 2)
		return c[0] == 0xc2 && c[1] < 0xa0;
	if (length != 3 || c[0] != 0xe2)
		return false;
	return (c[1] == 0x80 && (c[2] == 0x8e || c[2] == 0x8f || (c[2] >= 0xa8 && c[2] <= 0xae))) ||
	    (c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9);
}

static size_t character_length(const char *text, size_t length)
{
	size_t one = 1;

	while (one < length && one < 4 && is_continuation(text[one]))
		one++;
	return hs_utf8_valid_prefix(text, one) == one ? one : 0;
}

/* Copies one character as it may be shown. Gives how many bytes it took. */
static size_t copy_shown(const char *text, size_t length, char *to, size_t *ret_written)
{
	unsigned char c = (unsigned char)text[0];
	size_t one = character_length(text, length);

	if (c < 0x20 || c == 0x7f) {
		*ret_written = put_character(to, c == 0x7f ? DELETE_PICTURE : PICTURES + c);
		return 1;
	}
	if (one == 0 || is_treacherous(text, one)) {
		*ret_written = put_character(to, REPLACEMENT);
		return one == 0 ? 1 : one;
	}
	memcpy(to, text, one);
	*ret_written = one;
	return one;
}

/* window: the line around the place, which is at the byte place of it. */
static void make_excerpt(struct hs_problem *problem, const char *window, size_t length,
    size_t place, bool is_cut_before, bool is_cut_after)
{
	char shown[EXCERPT_BYTES];
	size_t used = 0, written;
	uint64_t column = 1;

	if (is_cut_before) {
		memcpy(shown, "...", 3);
		used = 3;
		column += 3;
	}
	for (size_t at = 0; at < length;) {
		if (at < place)
			column++;
		at += copy_shown(window + at, length - at, shown + used, &written);
		used += written;
	}
	if (is_cut_after) {
		memcpy(shown + used, "...", 3);
		used += 3;
	}
	shown[used] = '\0';
	if ((problem->excerpt = strdup(shown)) != NULL)
		problem->excerpt_column = column;
}

static void excerpt_at(struct hs_problem *problem, const struct pass *pass)
{
	off_t from = pass->offset - HS_EXCERPT_BEFORE > pass->line_start ?
	    pass->offset - HS_EXCERPT_BEFORE : pass->line_start;
	char bytes[WINDOW_BYTES + 1];		/* one more tells whether it goes on */
	ssize_t got = pread(pass->fd, bytes, sizeof bytes, from);
	size_t length, place = (size_t)(pass->offset - from), start = 0;
	const char *end;
	bool is_cut_after;

	if (got < 0)
		return;
	length = (size_t)got;
	if ((end = memchr(bytes, '\n', length)) != NULL)
		length = (size_t)(end - bytes);
	if (length > 0 && end != NULL && bytes[length - 1] == '\r')
		length--;
	is_cut_after = length > place + HS_EXCERPT_AFTER;
	if (is_cut_after)
		length = (size_t)hs_utf8_cut(bytes, place + HS_EXCERPT_AFTER);
	if (from > pass->line_start)
		while (start < place && start < 3 && is_continuation(bytes[start]))
			start++;
	if (place > length)
		place = length;
	make_excerpt(problem, bytes + start, length - start, place - start, from > pass->line_start,
	    is_cut_after);
}

/* --- where it is ------------------------------------------------------------------------ */

/* The problem's place is the next byte. */
static void take(struct pass *pass, struct hs_problems *problems)
{
	struct hs_problem *problem = hs_problems_edit(problems, pass->next++);

	if (problem->line > 0)
		excerpt_at(problem, pass);
}

static void next_line(struct pass *pass)
{
	pass->line++;
	pass->column = 1;
	pass->line_start = pass->offset;
}

/* To the line that is wanted. Gives how many bytes that took. */
static size_t skip_lines(struct pass *pass, const char *text, size_t length, uint64_t line)
{
	size_t at = 0;

	while (pass->line < line) {
		const char *end = memchr(text + at, '\n', length - at);

		if (end == NULL) {
			pass->offset += (off_t)(length - at);
			return length;
		}
		pass->offset += end + 1 - (text + at);
		at = (size_t)(end + 1 - text);
		next_line(pass);
	}
	return at;
}

/* A column beyond its line is the line's end. */
static bool is_there(const struct pass *pass, const struct hs_problem *problem, char c)
{
	return !is_continuation(c) && (pass->line > problem->line ||
	    pass->column >= problem->column || c == '\n');
}

static void walk(struct pass *pass, struct hs_problems *problems, const char *text, size_t length)
{
	size_t at = 0;

	while (at < length && pass->next < hs_problems_kept(problems)) {
		const struct hs_problem *problem = hs_problems_at(problems, pass->next);

		if (pass->line < problem->line) {
			at += skip_lines(pass, text + at, length - at, problem->line);
		} else if (is_there(pass, problem, text[at])) {
			take(pass, problems);
		} else {
			pass->offset++;
			if (text[at] == '\n')
				next_line(pass);
			else if (!is_continuation(text[at]))
				pass->column++;
			at++;
		}
	}
}

void hs_excerpts_add(struct hs_problems *problems, int fd)
{
	struct pass pass = { .fd = fd, .line = 1, .column = 1 };
	char *chunk = malloc(CHUNK_BYTES);
	struct stat info;
	off_t from = 0;
	ssize_t got = 0;

	if (chunk != NULL && fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
		while (pass.next < hs_problems_kept(problems) &&
		    (got = pread(fd, chunk, CHUNK_BYTES, from)) > 0) {
			walk(&pass, problems, chunk, (size_t)got);
			from += got;
		}
		/* what is missing at the end */
		while (got == 0 && pass.next < hs_problems_kept(problems))
			take(&pass, problems);
	}
	free(chunk);
}
