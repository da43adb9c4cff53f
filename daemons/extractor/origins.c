/* origins.c: entries one behind the other, each a head and a pointer's text.
 *
 * Trusts its file, which nobody else can open. Nothing but what is written is kept of a record. */
#include "daemons/extractor/origins.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"

enum { BUFFER_BYTES = 64 << 10 };

struct head {
	uint64_t page, record, line, column;
	uint64_t length;		/* of the pointer behind it */
};

struct origins {
	int fd;				/* -1: all of it is in the buffer */
	uint64_t count;
	size_t used;
	size_t at, read;		/* while it is read again */
	char buffer[BUFFER_BYTES];
};

struct origins *origins_new(void)
{
	struct origins *origins = malloc(sizeof *origins);

	if (origins == NULL)
		return NULL;
	origins->fd = -1;
	origins->count = 0;
	origins->used = 0;
	return origins;
}

void origins_free(struct origins *origins)
{
	if (origins == NULL)
		return;
	if (origins->fd >= 0)
		close(origins->fd);
	free(origins);
}

static bool spill(struct origins *origins, struct hs_error *err)
{
	if (origins->fd < 0 &&
	    !hs_file_temporary("notes where records came from", &origins->fd, err))
		return false;
	if (!hs_file_write_all(origins->fd, origins->buffer, origins->used, err))
		return false;
	origins->used = 0;
	return true;
}

bool origins_add(struct origins *origins, const struct feed_place *place, struct hs_error *err)
{
	struct head head = { .page = place->page, .record = place->record, .line = place->line,
		.column = place->column, .length = strnlen(place->pointer, PARSE_PLACE_BYTES - 1) };

	if (sizeof origins->buffer - origins->used < sizeof head + head.length &&
	    !spill(origins, err))
		return false;
	memcpy(origins->buffer + origins->used, &head, sizeof head);
	memcpy(origins->buffer + origins->used + sizeof head, place->pointer, head.length);
	origins->used += sizeof head + head.length;
	origins->count++;
	return true;
}

/* ---- reading ---- */

static bool rewind_all(struct origins *origins, struct hs_error *err)
{
	origins->at = 0;
	origins->read = origins->used;
	if (origins->fd < 0)
		return true;
	origins->read = 0;
	return spill(origins, err) && (lseek(origins->fd, 0, SEEK_SET) == 0 ||
	    hs_error_errno(err, "", "cannot read where records came from"));
}

/* Copies bytes, or passes over them when to is NULL. */
static bool take(struct origins *origins, char *to, size_t length, struct hs_error *err)
{
	while (length > 0) {
		size_t part = origins->read - origins->at;

		if (part == 0) {
			origins->at = 0;
			if (!hs_file_read(origins->fd, origins->buffer, sizeof origins->buffer,
				&origins->read, err))
				return false;
			if (origins->read == 0)
				return hs_error_set(err, HS_IO, "",
				    "the notes of where records came from have been cut");
			continue;
		}
		if (part > length)
			part = length;
		if (to != NULL) {
			memcpy(to, origins->buffer + origins->at, part);
			to += part;
		}
		origins->at += part;
		length -= part;
	}
	return true;
}

static int compare_numbers(const void *a, const void *b)
{
	const struct origin *left = a, *right = b;

	return (left->number > right->number) - (left->number < right->number);
}

static bool fill(struct origins *origins, const struct head *head, struct origin *ret,
    struct hs_error *err)
{
	if (!take(origins, ret->pointer, head->length, err))
		return false;
	ret->pointer[head->length] = '\0';
	ret->place = (struct feed_place){ .pointer = ret->pointer, .page = head->page,
		.record = head->record, .line = head->line, .column = head->column };
	return true;
}

bool origins_find(struct origins *origins, struct origin *wanted, size_t count,
    struct hs_error *err)
{
	size_t next = 0;

	if (count == 0)
		return true;
	qsort(wanted, count, sizeof *wanted, compare_numbers);
	for (size_t i = 0; i < count; i++) {
		wanted[i].pointer[0] = '\0';
		wanted[i].place = (struct feed_place){ .pointer = wanted[i].pointer };
	}
	if (!rewind_all(origins, err))
		return false;
	for (uint64_t number = 0; number < origins->count && next < count; number++) {
		struct head head;

		if (!take(origins, (char *)&head, sizeof head, err))
			return false;
		if (wanted[next].number != number) {
			if (!take(origins, NULL, head.length, err))
				return false;
			continue;
		}
		if (!fill(origins, &head, &wanted[next], err))
			return false;
		/* one that is wanted twice is found once */
		while (next < count && wanted[next].number == number)
			next++;
	}
	return true;
}

const struct origin *origins_at(const struct origin *found, size_t count, uint64_t number)
{
	for (size_t i = 0; i < count; i++) {
		if (found[i].number == number)
			return &found[i];
	}
	return NULL;
}
