/* key_set.c: an external sort of hashes, so that equal ones become neighbours.
 *
 * The hash is SHA-256, cut to 128 bits, over each part with its length before it: two
 * keys that differ do not meet. Trusts its temporary file, which nobody else can open. A full
 * disk or no memory is an error for the caller; nothing was lost but this set. */
#include "common/key_set.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "common/file.h"

enum {
	RUN_ENTRIES = 65536,	/* 2.5 MB, and as much again while they are sorted */
	FIRST_ENTRIES = 1024,
	FAN_IN = 256,		/* runs that are merged at once */
	PIECE_ENTRIES = 128	/* read from a run at once */
};

struct entry {
	uint64_t hash[2];
	struct hs_key_place place;
};

struct run {
	off_t at;		/* its first byte in the file */
	uint64_t count;
};

/* A file of sorted runs. */
struct spill {
	int fd;			/* -1: none yet */
	off_t end;
	struct run *runs;
	size_t count, room;
};

struct hs_key_set {
	EVP_MD *sha256;
	EVP_MD_CTX *digest;
	struct entry *entries;
	size_t count, room, most;
	struct spill spill;
};

bool hs_key_set_new(size_t run_entries, struct hs_key_set **ret, struct hs_error *err)
{
	struct hs_key_set *set = calloc(1, sizeof *set);

	if (set == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to look for duplicates");
	set->most = run_entries > 0 ? run_entries : RUN_ENTRIES;
	set->spill.fd = -1;
	set->digest = EVP_MD_CTX_new();
	set->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (set->digest == NULL || set->sha256 == NULL) {
		hs_key_set_free(set);
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to look for duplicates");
	}
	*ret = set;
	return true;
}

static void spill_done(struct spill *spill)
{
	if (spill->fd >= 0)
		close(spill->fd);
	free(spill->runs);
}

void hs_key_set_free(struct hs_key_set *set)
{
	if (set == NULL)
		return;
	EVP_MD_CTX_free(set->digest);
	EVP_MD_free(set->sha256);
	spill_done(&set->spill);
	free(set->entries);
	free(set);
}

size_t hs_key_set_runs(const struct hs_key_set *set)
{
	return set->spill.count;
}

static bool hash_key(const struct hs_key_set *set, const struct hs_key_part *parts, size_t count,
    uint64_t hash[2], struct hs_error *err)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *digest = set->digest;
	bool good = EVP_DigestInit_ex(digest, set->sha256, NULL) == 1;

	for (size_t i = 0; i < count && good; i++) {
		uint64_t length = parts[i].length;

		good = EVP_DigestUpdate(digest, &length, sizeof length) == 1 &&
		    EVP_DigestUpdate(digest, parts[i].text, parts[i].length) == 1;
	}
	if (!good || EVP_DigestFinal_ex(digest, sum, NULL) != 1)
		return hs_error_set(err, HS_NO_MEMORY, "", "libcrypto does not do SHA-256");
	memcpy(hash, sum, 2 * sizeof hash[0]);
	return true;
}

static int compare(const struct entry *a, const struct entry *b)
{
	if (a->hash[0] != b->hash[0])
		return a->hash[0] < b->hash[0] ? -1 : 1;
	if (a->hash[1] != b->hash[1])
		return a->hash[1] < b->hash[1] ? -1 : 1;
	return (a->place.number > b->place.number) - (a->place.number < b->place.number);
}

static int compare_entries(const void *a, const void *b)
{
	return compare(a, b);
}

static void sort_entries(struct hs_key_set *set)
{
	if (set->count > 1)
		qsort(set->entries, set->count, sizeof *set->entries, compare_entries);
}

static bool write_at(int fd, const void *bytes, size_t length, off_t at, struct hs_error *err)
{
	const char *from = bytes;

	while (length > 0) {
		ssize_t done = pwrite(fd, from, length, at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return hs_error_errno(err, "",
			    "cannot write the temporary file that looks for duplicates");
		from += done;
		at += done;
		length -= (size_t)done;
	}
	return true;
}

static bool read_at(int fd, void *bytes, size_t length, off_t at, struct hs_error *err)
{
	char *to = bytes;

	while (length > 0) {
		ssize_t done = pread(fd, to, length, at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done == 0)
			errno = EIO;
		if (done <= 0)
			return hs_error_errno(err, "",
			    "cannot read the temporary file that looks for duplicates");
		to += done;
		at += done;
		length -= (size_t)done;
	}
	return true;
}

/* A new, empty run at the file's end. */
static bool run_begin(struct spill *spill, struct hs_error *err)
{
	if (spill->fd < 0 &&
	    !hs_file_temporary("looks for duplicates", &spill->fd, err))
		return false;
	if (spill->count == spill->room) {
		size_t room = spill->room > 0 ? 2 * spill->room : 64;
		struct run *runs = reallocarray(spill->runs, room, sizeof *runs);

		if (runs == NULL)
			return hs_error_set(err, HS_NO_MEMORY, "",
			    "no memory to look for duplicates");
		spill->runs = runs;
		spill->room = room;
	}
	spill->runs[spill->count++] = (struct run){ .at = spill->end };
	return true;
}

static bool run_write(struct spill *spill, const struct entry *entries, size_t count,
    struct hs_error *err)
{
	size_t length = count * sizeof *entries;

	if (!write_at(spill->fd, entries, length, spill->end, err))
		return false;
	spill->end += (off_t)length;
	spill->runs[spill->count - 1].count += count;
	return true;
}

static bool spill_entries(struct hs_key_set *set, struct hs_error *err)
{
	sort_entries(set);
	if (!run_begin(&set->spill, err) || !run_write(&set->spill, set->entries, set->count, err))
		return false;
	set->count = 0;
	return true;
}

static bool make_room(struct hs_key_set *set, struct hs_error *err)
{
	size_t room = set->room > 0 ? 2 * set->room : FIRST_ENTRIES;
	struct entry *entries;

	if (set->count == set->most)
		return spill_entries(set, err);
	if (set->count < set->room)
		return true;
	if (room > set->most)
		room = set->most;
	if ((entries = reallocarray(set->entries, room, sizeof *entries)) == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to look for duplicates");
	set->entries = entries;
	set->room = room;
	return true;
}

bool hs_key_set_add(struct hs_key_set *set, const struct hs_key_part *parts, size_t count,
    const struct hs_key_place *place, struct hs_error *err)
{
	struct entry entry = { .place = *place };

	if (!hash_key(set, parts, count, entry.hash, err) || !make_room(set, err))
		return false;
	set->entries[set->count++] = entry;
	return true;
}

/* A run that is being read, a piece at a time. */
struct reader {
	off_t at;		/* of the next piece */
	uint64_t left;		/* entries behind the piece */
	size_t next, count;	/* in the piece */
	struct entry piece[PIECE_ENTRIES];
};

/* Several runs as one sorted stream: a heap of readers, the least entry on top. */
struct merge {
	int fd;
	size_t count;
	struct reader *readers;
	struct reader *heap[FAN_IN];
};

static const struct entry *head(const struct reader *reader)
{
	return &reader->piece[reader->next];
}

static bool refill(struct merge *merge, struct reader *reader, struct hs_error *err)
{
	size_t count = reader->left < PIECE_ENTRIES ? (size_t)reader->left : PIECE_ENTRIES;

	if (!read_at(merge->fd, reader->piece, count * sizeof(struct entry), reader->at, err))
		return false;
	reader->at += (off_t)(count * sizeof(struct entry));
	reader->left -= count;
	reader->next = 0;
	reader->count = count;
	return true;
}

static void sift_down(struct merge *merge, size_t at)
{
	for (;;) {
		size_t child = 2 * at + 1;
		struct reader *swapped = merge->heap[at];

		if (child >= merge->count)
			return;
		if (child + 1 < merge->count &&
		    compare(head(merge->heap[child + 1]), head(merge->heap[child])) < 0)
			child++;
		if (compare(head(swapped), head(merge->heap[child])) <= 0)
			return;
		merge->heap[at] = merge->heap[child];
		merge->heap[child] = swapped;
		at = child;
	}
}

static bool merge_begin(struct merge *merge, int fd, const struct run *runs, size_t count,
    struct hs_error *err)
{
	merge->fd = fd;
	merge->count = count;
	for (size_t i = 0; i < count; i++) {
		merge->readers[i].at = runs[i].at;
		merge->readers[i].left = runs[i].count;
		merge->heap[i] = &merge->readers[i];
		if (!refill(merge, merge->heap[i], err))
			return false;
	}
	for (size_t i = count / 2; i-- > 0;)
		sift_down(merge, i);
	return true;
}

/* Takes the least entry; there is one. */
static bool merge_next(struct merge *merge, struct entry *ret, struct hs_error *err)
{
	struct reader *reader = merge->heap[0];

	*ret = *head(reader);
	if (++reader->next == reader->count) {
		if (reader->left == 0)
			merge->heap[0] = merge->heap[--merge->count];
		else if (!refill(merge, reader, err))
			return false;
	}
	sift_down(merge, 0);
	return true;
}

/* Merges runs [first, first + count) of one file into one run of another. */
static bool merge_runs(struct merge *merge, const struct spill *from, size_t first, size_t count,
    struct spill *to, struct hs_error *err)
{
	struct entry out[PIECE_ENTRIES];
	size_t filled = 0;

	if (!merge_begin(merge, from->fd, from->runs + first, count, err) || !run_begin(to, err))
		return false;
	while (merge->count > 0) {
		if (!merge_next(merge, &out[filled], err))
			return false;
		if (++filled == PIECE_ENTRIES) {
			if (!run_write(to, out, filled, err))
				return false;
			filled = 0;
		}
	}
	return run_write(to, out, filled, err);
}

/* Fewer and longer runs, until all can be merged at once. */
static bool shorten(struct hs_key_set *set, struct merge *merge, struct hs_error *err)
{
	while (set->spill.count > FAN_IN) {
		struct spill fewer = { .fd = -1 };

		for (size_t first = 0; first < set->spill.count; first += FAN_IN) {
			size_t count = set->spill.count - first;

			if (!merge_runs(merge, &set->spill, first, count < FAN_IN ? count : FAN_IN,
				&fewer, err)) {
				spill_done(&fewer);
				return false;
			}
		}
		spill_done(&set->spill);
		set->spill = fewer;
	}
	return true;
}

/* Sees the entries in order, and tells of each that equals the first of its kind. */
struct search {
	struct entry first;
	bool has_first;
	hs_key_twice_fn *twice;
	void *arg;
};

static void look_at(struct search *search, const struct entry *entry)
{
	if (search->has_first && entry->hash[0] == search->first.hash[0] &&
	    entry->hash[1] == search->first.hash[1]) {
		search->twice(search->arg, &search->first.place, &entry->place);
		return;
	}
	search->first = *entry;
	search->has_first = true;
}

static bool search_runs(struct hs_key_set *set, struct search *search, struct hs_error *err)
{
	struct merge merge = { .readers = calloc(FAN_IN, sizeof(struct reader)) };
	struct entry entry;
	bool done = false;

	if (merge.readers == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to look for duplicates");
	if (!shorten(set, &merge, err) ||
	    !merge_begin(&merge, set->spill.fd, set->spill.runs, set->spill.count, err))
		goto out;
	while (merge.count > 0) {
		if (!merge_next(&merge, &entry, err))
			goto out;
		look_at(search, &entry);
	}
	done = true;
out:
	free(merge.readers);
	return done;
}

bool hs_key_set_finish(struct hs_key_set *set, hs_key_twice_fn *twice, void *arg,
    struct hs_error *err)
{
	struct search search = { .twice = twice, .arg = arg };

	if (set->spill.count == 0) {
		sort_entries(set);
		for (size_t i = 0; i < set->count; i++)
			look_at(&search, &set->entries[i]);
		return true;
	}
	if (set->count > 0 && !spill_entries(set, err))
		return false;
	free(set->entries);
	set->entries = NULL;
	set->room = 0;
	return search_runs(set, &search, err);
}
