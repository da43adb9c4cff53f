/* test_backup_file.c: what was written comes back; no flipped byte of it and no cut goes unseen. */
#include "common/backup_file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "tests/unit/harness.h"

enum { FILES = 4, BIG = 300000, TAR_END = 1024, TAR_BLOCK = 512 };

static const char manifest[] =
    "{\"format\":\"hoopscout-backup\",\"format_version\":1,\"hoopscout\":\"0.1.0\"}";
static const char newer[] =
    "{\"format\":\"hoopscout-backup\",\"format_version\":2,\"hoopscout\":\"9.0\"}";

/* A name of 255 bytes, one that sha256sum escapes, one that is no UTF-8, and an empty file. */
static struct hs_backup_member files[FILES] = {
	{ .name = "database.dump", .size = 5, .mode = 0600, .changed_at = 1700000000 },
	{ .name = "archive/a\\b\nc\xff.json", .size = 700, .mode = 0640, .changed_at = 1 },
	{ .name = "failed/", .size = 1, .mode = 0604, .changed_at = 2000000000 },
	{ .name = "incoming/empty.json", .size = 0, .mode = 0644, .changed_at = 5 },
};

struct seen {
	size_t members;
	int64_t bytes;
	bool same;	/* as files has it, so far */
};

static int temporary(void)
{
	struct hs_error err = HS_ERROR_INIT;
	int fd = -1;

	if (!hs_file_temporary("is a test's", &fd, &err))
		hs_panic("%s", err.message);
	return fd;
}

static void rewrite(int fd, const char *bytes, size_t length)
{
	struct hs_error err = HS_ERROR_INIT;

	if (ftruncate(fd, 0) != 0 || lseek(fd, 0, SEEK_SET) != 0 ||
	    !hs_file_write_all(fd, bytes, length, &err) || lseek(fd, 0, SEEK_SET) != 0)
		hs_panic("cannot write a test's file");
}

/* Writes it all; with_end false: as when the writer was killed before the sums. */
static bool write_backup(int fd, const char *head, bool with_end, struct hs_error *err)
{
	struct hs_backup_writer *writer = NULL;
	int64_t members = 0, bytes = 0;
	int content = temporary();
	char *big = calloc(1, BIG);
	bool done = big != NULL && hs_backup_writer_new(fd, &writer, err) &&
	    hs_backup_add_text(writer, HS_BACKUP_MANIFEST, head, strlen(head), err);

	for (size_t i = 0; done && i < FILES; i++) {
		memset(big, 'a' + (int)i, BIG);
		rewrite(content, big, BIG);
		done = hs_backup_add_file(writer, &files[i], content, NULL, NULL, NULL, err);
	}
	if (done && with_end) {
		done = hs_backup_finish(writer, &members, &bytes, err);
		expect_int("members", members, FILES + 1);
		expect_int("bytes", bytes, lseek(fd, 0, SEEK_CUR));
	}
	hs_backup_writer_free(writer);
	free(big);
	close(content);
	return done;
}

static bool on_member(void *arg, const struct hs_backup_member *member, struct hs_error *err)
{
	struct seen *seen = arg;
	const struct hs_backup_member *want = &files[seen->members % FILES];

	(void)err;
	seen->same = seen->same && strcmp(member->name, want->name) == 0 &&
	    member->size == want->size && member->mode == want->mode &&
	    member->changed_at == want->changed_at;
	return true;
}

static bool on_bytes(void *arg, const void *bytes, size_t length, struct hs_error *err)
{
	struct seen *seen = arg;

	(void)err;
	for (size_t i = 0; i < length; i++)
		seen->same = seen->same &&
		    ((const char *)bytes)[i] == 'a' + (int)(seen->members % FILES);
	seen->bytes += (int64_t)length;
	return true;
}

static bool on_end(void *arg, struct hs_error *err)
{
	struct seen *seen = arg;

	(void)err;
	seen->members++;
	return true;
}

static bool read_backup(int fd, struct seen *seen, struct hs_error *err)
{
	static const struct hs_backup_reader reader = { .on_member = on_member,
		.on_bytes = on_bytes, .on_end = on_end };
	struct hs_backup_counts counts = { 0 };
	bool done;

	*seen = (struct seen){ .same = true };
	*err = (struct hs_error)HS_ERROR_INIT;
	lseek(fd, 0, SEEK_SET);
	done = hs_backup_read(fd, &reader, seen, &counts, err);
	if (done)
		expect_int("counted", counts.members, FILES + 1);
	return done;
}

static void test_both_ways(void)
{
	struct hs_error err = HS_ERROR_INIT;
	struct seen seen;
	int fd = temporary();

	expect_true("written", write_backup(fd, manifest, true, &err));
	expect_true("read", read_backup(fd, &seen, &err));
	expect_true("as it was", seen.same);
	expect_int("members", (long long)seen.members, FILES);
	expect_int("bytes", seen.bytes, 5 + 700 + 1);
	close(fd);
}

static char *content_of(int fd, size_t *ret_length)
{
	struct hs_error err = HS_ERROR_INIT;
	struct stat info;
	char *text;

	if (fstat(fd, &info) != 0 || (text = malloc((size_t)info.st_size)) == NULL ||
	    lseek(fd, 0, SEEK_SET) != 0 ||
	    !hs_file_read(fd, text, (size_t)info.st_size, ret_length, &err))
		hs_panic("cannot read a test's file");
	return text;
}

/* Where the tar's end begins: two blocks of nothing, and more that fills up. */
static size_t end_of(const char *content, size_t length)
{
	while (length > 0 && content[length - 1] == '\0')
		length--;
	return (length + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
}

/* Whether the byte means something: not in what fills a block up after a member's end. */
static bool is_filling(const char *content, size_t at)
{
	size_t begin = at / TAR_BLOCK * TAR_BLOCK;

	for (size_t i = at; i < begin + TAR_BLOCK; i++)
		if (content[i] != '\0')
			return false;
	return true;
}

static void test_every_flip(void)
{
	struct hs_error err = HS_ERROR_INIT;
	int fd = temporary(), copy = temporary();
	struct seen seen;
	size_t length, tried = 0;
	char row[32], *content;

	expect_true("written", write_backup(fd, manifest, true, &err));
	content = content_of(fd, &length);
	for (size_t at = 0; at < end_of(content, length); at++) {
		if (is_filling(content, at))
			continue;
		content[at] ^= 2;
		rewrite(copy, content, length);
		/* who a file belonged to is not taken; its header's own sum sees the flip */
		snprintf(row, sizeof row, "byte %zu", at);
		expect_true(row, !read_backup(copy, &seen, &err) || seen.same);
		expect_true(row, err.code == HS_OK || err.code == HS_BAD_BACKUP ||
			err.code == HS_TRUNCATED);
		expect_true(row, err.code == HS_OK || err.message[0] != '\0');
		content[at] ^= 2;
		tried++;
	}
	expect_true("many", tried > 1500);
	free(content);
	close(fd);
	close(copy);
}

static void test_every_cut(void)
{
	struct hs_error err = HS_ERROR_INIT;
	int fd = temporary();
	struct seen seen;
	size_t length, end;
	char row[32], *content;

	expect_true("written", write_backup(fd, manifest, true, &err));
	content = content_of(fd, &length);
	end = end_of(content, length);
	for (size_t cut = 0; cut < end; cut += cut % 64 == 0 ? 1 : 63) {
		rewrite(fd, content, cut);
		snprintf(row, sizeof row, "cut at %zu", cut);
		/* what fills up the last block of the sums is none of their bytes */
		if (cut > end - TAR_BLOCK && is_filling(content, cut))
			continue;
		expect_true(row, !read_backup(fd, &seen, &err));
		expect_true(row, err.code == HS_BAD_BACKUP || err.code == HS_TRUNCATED);
	}
	free(content);
	close(fd);
}

static const struct { const char *content; const char *says; } strangers[] = {
	{ "", "no backup" },
	{ "{}", "no backup" },
	{ "PK\003\004", "no backup" },
	{ "\x1f\x8b\x08\x00\x00\x00\x00\x00", "unpacked" },
};

static void test_others(void)
{
	struct hs_error err = HS_ERROR_INIT;
	int fd = temporary();
	struct seen seen;

	for (size_t i = 0; i < HS_COUNT(strangers); i++) {
		rewrite(fd, strangers[i].content, strlen(strangers[i].content));
		expect_true(strangers[i].content, !read_backup(fd, &seen, &err));
		expect_int(strangers[i].content, err.code, HS_BAD_BACKUP);
		expect_contains(strangers[i].content, err.message, strangers[i].says);
	}
	rewrite(fd, "", 0);
	expect_true("newer", write_backup(fd, newer, true, &err));
	expect_true("newer", !read_backup(fd, &seen, &err));
	expect_contains("newer", err.message, "format 2");
	expect_int("newer", (long long)seen.members, 0);
	rewrite(fd, "", 0);
	expect_true("cut", write_backup(fd, manifest, false, &err));
	expect_true("cut", !read_backup(fd, &seen, &err));
	close(fd);
}

static void test_a_file_that_shrinks(void)
{
	struct hs_backup_writer *writer = NULL;
	struct hs_error err = HS_ERROR_INIT;
	int fd = temporary(), content = temporary();

	rewrite(content, "abc", 3);
	expect_true("begun", hs_backup_writer_new(fd, &writer, &err));
	expect_true("short", !hs_backup_add_file(writer, &files[0], content, NULL, NULL, NULL, &err));
	expect_int("short", err.code, HS_FILE_CHANGED);
	hs_backup_writer_free(writer);
	close(fd);
	close(content);
}

static const struct hs_case cases[] = {
	{ "written and read", test_both_ways },
	{ "every flipped byte", test_every_flip },
	{ "cut anywhere", test_every_cut },
	{ "other files", test_others },
	{ "a file that shrinks", test_a_file_that_shrinks },
};

int main(void)
{
	memset(files[2].name + strlen(files[2].name), 'x', 255);
	return hs_run_suite("backup_file", cases, HS_COUNT(cases));
}
