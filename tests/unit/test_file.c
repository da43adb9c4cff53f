/* test_file.c: files are read, published and moved whole, and nothing is ever replaced. */
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/harness.h"

/* The calls below stand before libc's, so that a file system can be played that lacks some,
 * and so that the n-th of them fails, or is the process's last. */
static bool knows_no_replace = true, knows_links = true;
static const char *planted;		/* what somebody puts there just before the next rename */
static int calls_left = -1;		/* until the trouble; -1: none comes */
static bool trouble_is_death;

static bool is_trouble(void)
{
	if (calls_left < 0 || calls_left-- > 0)
		return false;
	if (trouble_is_death)
		_exit(9);
	errno = EIO;
	return true;
}

static void plant(int dir)
{
	int fd = planted == NULL ? -1 : openat(dir, planted, O_WRONLY | O_CREAT | O_EXCL, 0600);

	planted = NULL;
	if (fd >= 0)
		close(fd);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
	plant(to_dir);
	if (!knows_no_replace) {
		errno = EINVAL;
		return -1;
	}
	return is_trouble() ? -1 :
	    (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
}

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
	if (!knows_links) {
		errno = EPERM;
		return -1;
	}
	return is_trouble() ? -1 : (int)syscall(SYS_linkat, from_dir, from, to_dir, to, flags);
}

int unlinkat(int dir, const char *name, int flags)
{
	return is_trouble() ? -1 : (int)syscall(SYS_unlinkat, dir, name, flags);
}

ssize_t write(int fd, const void *bytes, size_t length)
{
	return is_trouble() ? -1 : (ssize_t)syscall(SYS_write, fd, bytes, length);
}

int fsync(int fd)
{
	return is_trouble() ? -1 : (int)syscall(SYS_fsync, fd);
}

int ftruncate(int fd, off_t length)
{
	return is_trouble() ? -1 : (int)syscall(SYS_ftruncate, fd, length);
}

int fchmod(int fd, mode_t mode)
{
	return is_trouble() ? -1 : (int)syscall(SYS_fchmod, fd, mode);
}

static int open_dir(const char *path)
{
	struct hs_error err = HS_ERROR_INIT;
	int fd = -1;

	expect_done(path, hs_dir_open(path, &fd, &err), &err);
	return fd;
}

static void put(int dir, const char *name, const char *text)
{
	struct hs_error err = HS_ERROR_INIT;

	expect_done(name, hs_file_write(dir, name, text, strlen(text), 0640, &err), &err);
}

static void expect_file(int dir, const char *name, const char *want)
{
	struct hs_error err = HS_ERROR_INIT;
	char *text = NULL;
	size_t length = 0;

	if (expect_done(name, hs_file_slurp(dir, name, 1 << 20, &text, &length, &err), &err))
		expect_bytes(name, text, length, want, strlen(want));
	free(text);
}

static bool is_there(int dir, const char *name)
{
	return faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void test_slurp(void)
{
	static const size_t lengths[] = { 0, 1, 4095, 4096, 4097, 99999, 100000, 100001 };
	int dir = open_dir(hs_scratch_dir());
	struct hs_error err = HS_ERROR_INIT;
	char *text = malloc(100001), *got;
	size_t length;

	if (!expect_true("malloc", text != NULL))
		return;
	memset(text, 'x', 100001);
	for (size_t i = 0; i < HS_COUNT(lengths); i++) {
		char row[32];

		snprintf(row, sizeof row, "%zu bytes", lengths[i]);
		got = NULL;
		expect_done(row, hs_file_write(dir, "f", text, lengths[i], 0600, &err), &err);
		if (lengths[i] > 100000) {
			expect_true(row, !hs_file_slurp(dir, "f", 100000, &got, &length, &err));
			expect_code(row, &err, HS_TOO_LONG);
		} else if (expect_done(row, hs_file_slurp(dir, "f", 100000, &got, &length, &err),
		    &err)) {
			expect_bytes(row, got, length, text, lengths[i]);
			expect_int(row, got[length], 0);
		}
		free(got);
	}
	free(text);
	got = NULL;
	expect_true("missing", !hs_file_slurp(dir, "none", 10, &got, &length, &err));
	expect_code("missing", &err, HS_NOT_FOUND);
	expect_true("a folder", !hs_file_slurp(dir, ".", 10, &got, &length, &err));
	expect_code("a folder", &err, HS_IO);
	expect_true("mkfifo", mkfifoat(dir, "fifo", 0600) == 0);
	expect_true("a FIFO does not block", !hs_file_slurp(dir, "fifo", 10, &got, &length, &err));
	expect_true("nothing given", got == NULL);
	expect_done("/dev/null", hs_file_slurp(AT_FDCWD, "/dev/null", 10, &got, &length, &err),
	    &err);
	expect_true("/dev/null is empty", got != NULL && length == 0);
	free(got);
	expect_true("endless", !hs_file_slurp(AT_FDCWD, "/dev/zero", 9999, &got, &length, &err));
	expect_code("endless", &err, HS_TOO_LONG);
	close(dir);
}

static void test_write(void)
{
	struct hs_error err = HS_ERROR_INIT;
	int dir = open_dir(hs_scratch_dir());
	struct stat info;

	umask(022);
	put(dir, "report.json", "one");
	put(dir, "report.json", "two");
	expect_file(dir, "report.json", "two");
	expect_true("no part stays", !is_there(dir, "report.json.part"));
	expect_true("mode", fstatat(dir, "report.json", &info, 0) == 0 &&
	    (info.st_mode & 0777) == 0640);

	expect_true("symlink", symlinkat("report.json", dir, "planted.part") == 0);
	expect_true("a planted link", !hs_file_write(dir, "planted", "x", 1, 0600, &err));
	expect_file(dir, "report.json", "two");

	expect_true("mkdir", mkdirat(dir, "folder", 0700) == 0);
	expect_true("onto a folder", !hs_file_write(dir, "folder", "x", 1, 0600, &err));
	expect_code("onto a folder", &err, HS_IO);
	expect_true("no part stays", !is_there(dir, "folder.part"));
	close(dir);
}

static void test_full_disk(void)
{
	struct hs_error err = HS_ERROR_INIT;
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	if (fd < 0) {
		hs_skip("no /dev/full");
		return;
	}
	expect_true("full", !hs_file_write_all(fd, "x", 1, &err));
	expect_code("full", &err, HS_DISK_FULL);
	expect_true("try again later", err.temporary);
	close(fd);
}

/* Moves name, and tells the name used, "" on failure. */
static const char *move(int from, const char *name, int to, const char *to_name,
    struct hs_error *err)
{
	static char used[NAME_MAX + 1];

	used[0] = '\0';
	if (hs_file_move(from, name, to, to_name, used, sizeof used, err))
		return used;
	expect_text("untouched on failure", used, "");
	return "";
}

static const struct {
	const char *name, *second, *third;
} taken[] = {
	{ "nba.json", "nba.1.json", "nba.2.json" },
	{ "nba", "nba.1", "nba.2" },
	{ "nba.2024.json", "nba.2024.1.json", "nba.2024.2.json" },
	{ ".json", ".json.1", ".json.2" },
	{ "Dončić.json", "Dončić.1.json", "Dončić.2.json" },
	{ "a\xff.json", "a\xff.1.json", "a\xff.2.json" },
};

/* The same rules, whether renamed or copied. */
static void check_moves(const char *from_path, const char *to_path)
{
	struct hs_error err = HS_ERROR_INIT;
	int from = open_dir(from_path), to = open_dir(to_path);

	for (size_t i = 0; i < HS_COUNT(taken); i++) {
		const char *row = taken[i].name;

		put(from, row, "1");
		expect_text(row, move(from, row, to, row, &err), row);
		put(from, row, "2");
		expect_text(row, move(from, row, to, row, &err), taken[i].second);
		put(from, row, "3");
		expect_text(row, move(from, row, to, row, &err), taken[i].third);
		expect_file(to, row, "1");
		expect_file(to, taken[i].second, "2");
		expect_file(to, taken[i].third, "3");
		expect_true(row, !is_there(from, row));
	}
	close(from);
	close(to);
}

static void check_refusals(const char *from_path, const char *to_path)
{
	struct hs_error err = HS_ERROR_INIT;
	int from = open_dir(from_path), to = open_dir(to_path);
	char small[8];

	expect_text("missing", move(from, "none", to, "none", &err), "");
	expect_code("missing", &err, HS_NOT_FOUND);
	put(from, "real", "real");
	expect_true("symlink", symlinkat("real", from, "link.json") == 0);
	expect_text("a link", move(from, "link.json", to, "link.json", &err), "");
	expect_true("a link stays", is_there(from, "link.json") && !is_there(to, "link.json"));
	expect_true("mkfifo", mkfifoat(from, "fifo.json", 0600) == 0);
	expect_text("a FIFO", move(from, "fifo.json", to, "fifo.json", &err), "");
	expect_code("a FIFO", &err, HS_IO);
	expect_true("mkdir", mkdirat(from, "dir.json", 0700) == 0);
	expect_text("a folder", move(from, "dir.json", to, "dir.json", &err), "");
	expect_true("little room", !hs_file_move(from, "real", to, "real", small, sizeof small,
	    &err));
	expect_code("little room", &err, HS_TOO_LONG);
	expect_file(from, "real", "real");
	close(from);
	close(to);
}

/* A name of 255 bytes still finds room for its number. */
static void check_long_names(const char *from_path, const char *to_path)
{
	struct hs_error err = HS_ERROR_INIT;
	int from = open_dir(from_path), to = open_dir(to_path);
	char name[NAME_MAX + 1], want[NAME_MAX + 1];

	name[0] = '\0';
	for (int i = 0; i < 125; i++)
		strcat(name, "č");		/* two bytes each: 250 */
	strcat(name, ".json");
	put(from, "short", "1");
	expect_true("rename", renameat(from, "short", from, name) == 0);
	expect_text("first", move(from, name, to, name, &err), name);
	put(from, "short", "2");
	expect_true("rename", renameat(from, "short", from, name) == 0);
	snprintf(want, sizeof want, "%.*s.1.json", 248, name);
	expect_text("second", move(from, name, to, name, &err), want);
	expect_file(to, want, "2");
	close(from);
	close(to);
}

/* A folder on another file system than the scratch folder's, or NULL. */
static const char *other_file_system(void)
{
	static const char *const parents[] = { "/dev/shm", "/run/user/0", "/var/tmp", "/run" };
	const char *here = hs_scratch_dir(), *there;
	struct stat here_info, there_info;

	for (size_t i = 0; i < HS_COUNT(parents); i++) {
		if (stat(here, &here_info) != 0 || stat(parents[i], &there_info) != 0 ||
		    here_info.st_dev == there_info.st_dev)
			continue;
		if ((there = hs_scratch_dir_in(parents[i])) != NULL)
			return there;
	}
	hs_skip("no second file system to write to");
	return NULL;
}

static void test_move(void)
{
	check_moves(hs_scratch_dir(), hs_scratch_dir());
	check_refusals(hs_scratch_dir(), hs_scratch_dir());
	check_long_names(hs_scratch_dir(), hs_scratch_dir());
}

static void test_move_by_other_means(void)
{
	const char *there;

	knows_no_replace = false;
	check_moves(hs_scratch_dir(), hs_scratch_dir());
	if ((there = other_file_system()) != NULL)
		check_moves(hs_scratch_dir(), there);
	knows_links = false;
	check_moves(hs_scratch_dir(), hs_scratch_dir());
	if (there != NULL)
		check_moves(hs_scratch_dir(), other_file_system());
	knows_no_replace = knows_links = true;
}

static void test_move_across(void)
{
	const char *there = other_file_system();

	if (there == NULL)
		return;
	check_moves(hs_scratch_dir(), there);
	check_refusals(hs_scratch_dir(), other_file_system());
	check_long_names(hs_scratch_dir(), other_file_system());
	check_moves(other_file_system(), hs_scratch_dir());
}

static void test_copy_keeps(void)
{
	const char *there = other_file_system();
	const struct timespec times[2] = { { .tv_sec = 1000000000 }, { .tv_sec = 1000000001 } };
	struct hs_error err = HS_ERROR_INIT;
	struct stat info;
	size_t size = 3 << 20, length = 0;
	char *text, *got = NULL;
	int from, to;

	if (there == NULL)
		return;
	from = open_dir(hs_scratch_dir());
	to = open_dir(there);
	text = malloc(size);
	if (!expect_true("malloc", text != NULL))
		return;
	for (size_t i = 0; i < size; i++)
		text[i] = (char)(i * 31 + i / 4096);
	expect_done("big", hs_file_write(from, "big.json", text, size, 0600, &err), &err);
	expect_true("rights", fchmodat(from, "big.json", 0644, 0) == 0);
	expect_true("time", utimensat(from, "big.json", times, 0) == 0);

	put(to, ".big.json.moving", "half of an earlier try");
	expect_text("moved", move(from, "big.json", to, "big.json", &err), "big.json");
	expect_true("part gone", !is_there(to, ".big.json.moving"));
	expect_true("kept", fstatat(to, "big.json", &info, 0) == 0 &&
	    (info.st_mode & 0777) == 0644 &&
	    info.st_mtim.tv_sec == 1000000001);
	if (expect_done("read", hs_file_slurp(to, "big.json", size, &got, &length, &err), &err))
		expect_true("same bytes", length == size && memcmp(got, text, size) == 0);
	free(got);
	free(text);
	close(from);
	close(to);
}

static void test_copy_refusals(void)
{
	const char *there = other_file_system();
	struct hs_error err = HS_ERROR_INIT;
	int from, to, lock;

	if (there == NULL)
		return;
	from = open_dir(hs_scratch_dir());
	to = open_dir(there);
	put(from, "a.json", "a");

	expect_true("symlink", symlinkat("/etc/passwd", to, ".a.json.moving") == 0);
	expect_text("a planted link", move(from, "a.json", to, "a.json", &err), "");
	expect_true("unlink", unlinkat(to, ".a.json.moving", 0) == 0);

	put(to, ".a.json.moving", "theirs");
	lock = openat(to, ".a.json.moving", O_RDONLY | O_CLOEXEC);
	expect_true("lock", lock >= 0 && flock(lock, LOCK_EX) == 0);
	expect_text("another mover", move(from, "a.json", to, "a.json", &err), "");
	expect_code("another mover", &err, HS_BUSY);
	expect_file(to, ".a.json.moving", "theirs");
	close(lock);

	expect_file(from, "a.json", "a");
	expect_text("afterwards", move(from, "a.json", to, "a.json", &err), "a.json");
	close(from);
	close(to);
}

/* A folder that we may not change keeps its file, and the other side gets no copy. */
static void test_no_permission(void)
{
	const char *here = hs_scratch_dir(), *there = other_file_system();
	struct hs_error err = HS_ERROR_INIT;
	int from, to;

	if (there == NULL)
		return;
	if (geteuid() == 0) {
		hs_skip("root may write anywhere");
		return;
	}
	from = open_dir(here);
	to = open_dir(there);
	put(from, "a.json", "a");
	expect_true("chmod", chmod(here, 0500) == 0);
	expect_text("read-only source", move(from, "a.json", to, "a.json", &err), "");
	expect_code("read-only source", &err, HS_NO_PERMISSION);
	expect_true("no copy stays", !is_there(to, "a.json") && !is_there(to, ".a.json.moving"));
	expect_true("chmod", chmod(here, 0700) == 0);
	expect_file(from, "a.json", "a");
	close(from);
	close(to);
}

/* How many whole copies of "text" there are; a file of another content is a failure. */
static int count_copies(int dir, const char *const *names, size_t count)
{
	int copies = 0;

	for (size_t i = 0; i < count; i++) {
		if (is_there(dir, names[i])) {
			expect_file(dir, names[i], "text");
			copies++;
		}
	}
	return copies;
}

/* Moves with trouble at the n-th call. True when the trouble came. */
static bool move_with_trouble(int from, int to, int n, bool is_death)
{
	char used[NAME_MAX + 1];
	struct hs_error err = HS_ERROR_INIT;
	int status = 0;
	pid_t child;

	trouble_is_death = is_death;
	if (is_death) {
		if ((child = fork()) == 0) {
			calls_left = n;
			_exit(hs_file_move(from, "a.json", to, "a.json", used, sizeof used, &err) ?
			    0 : 1);
		}
		expect_true("wait", child > 0 && waitpid(child, &status, 0) == child);
		return WIFEXITED(status) && WEXITSTATUS(status) == 9;
	}
	calls_left = n;
	hs_file_move(from, "a.json", to, "a.json", used, sizeof used, &err);
	status = calls_left;
	calls_left = -1;
	return status < 0;
}

/* Wherever it dies or fails, the file is whole in one of the folders, and the next try ends it. */
static void check_trouble(const char *from_path, const char *to_path, bool is_death)
{
	static const char *const names[] = { "a.json", "a.1.json" };
	int from = open_dir(from_path), to = open_dir(to_path), n;

	for (n = 0; n < 100; n++) {
		struct hs_error err = HS_ERROR_INIT;
		bool has_come;
		char row[64];
		int here, there;

		snprintf(row, sizeof row, "%s at call %d", is_death ? "death" : "failure", n);
		put(from, "a.json", "text");
		has_come = move_with_trouble(from, to, n, is_death);
		here = count_copies(from, names, 1);
		there = count_copies(to, names, HS_COUNT(names));
		expect_true(row, here + there >= 1);
		if (!is_death)
			expect_true(row, here + there == 1);
		if (here > 0)
			expect_text(row, move(from, "a.json", to, "a.json", &err),
			    there > 0 ? "a.1.json" : "a.json");
		expect_true(row, !is_there(to, ".a.json.moving") && !is_there(from, "a.json"));
		unlinkat(to, "a.json", 0);
		unlinkat(to, "a.1.json", 0);
		if (!has_come)
			break;
	}
	expect_true("the calls were reached", n > 2 && n < 100);
	close(from);
	close(to);
}

static void test_trouble(void)
{
	const char *there;

	check_trouble(hs_scratch_dir(), hs_scratch_dir(), true);
	check_trouble(hs_scratch_dir(), hs_scratch_dir(), false);
	if ((there = other_file_system()) == NULL)
		return;
	check_trouble(hs_scratch_dir(), there, true);
	check_trouble(hs_scratch_dir(), other_file_system(), false);
}

/* A file that appears in the last moment stays what it is. */
static void check_publish_new(int dir, bool renames, bool links)
{
	struct hs_error err = HS_ERROR_INIT;
	char name[NAME_MAX + 1] = "";
	int fd = openat(dir, "x.part", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);

	knows_no_replace = renames;
	knows_links = links;
	planted = "x.json";
	expect_done("text", hs_file_write_all(fd, "text", 4, &err), &err);
	expect_done("published", hs_file_publish_new(dir, "x.part", "x.json", &fd, name, sizeof name,
		&err), &err);
	expect_text("its name", name, "x.1.json");
	expect_int("taken", fd, -1);
	expect_file(dir, "x.1.json", "text");
	expect_file(dir, "x.json", "");
	expect_true("no part", !is_there(dir, "x.part"));
	unlinkat(dir, "x.json", 0);
	unlinkat(dir, "x.1.json", 0);
	knows_no_replace = knows_links = true;
}

static void test_publish_new(void)
{
	int dir = open_dir(hs_scratch_dir()), fd;
	struct hs_error err = HS_ERROR_INIT;
	char name[NAME_MAX + 1] = "untouched";

	check_publish_new(dir, true, true);
	check_publish_new(dir, false, true);
	check_publish_new(dir, false, false);
	fd = openat(dir, "x.part", O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
	calls_left = 0;
	expect_true("trouble", !hs_file_publish_new(dir, "x.part", "x.json", &fd, name, sizeof name,
		&err));
	calls_left = -1;
	expect_code("trouble", &err, HS_IO);
	expect_text("trouble", name, "untouched");
	expect_true("no file", fd == -1 && !is_there(dir, "x.json") && !is_there(dir, "x.part"));
	close(dir);
}

/* Trouble at any step: either there is no file, or it is told as published. */
static void test_publish_new_in_trouble(void)
{
	int dir = open_dir(hs_scratch_dir()), fd, warned = 0, n = 0;
	char name[NAME_MAX + 1];
	struct hs_error err;
	bool done;

	do {
		err = (struct hs_error)HS_ERROR_INIT;
		fd = openat(dir, "y.part", O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
		calls_left = n++;
		done = hs_file_publish_new(dir, "y.part", "y.json", &fd, name, sizeof name, &err);
		calls_left = -1;
		expect_true("told as it is", done == is_there(dir, "y.json"));
		expect_true("no part", !is_there(dir, "y.part"));
		warned += done && err.code != HS_OK;
		unlinkat(dir, "y.json", 0);
		if (n > 20)
			break;
	} while (!done || err.code != HS_OK);
	expect_int("published with a warning", warned, 1);
	close(dir);
}

static void test_make_dirs(void)
{
	struct hs_error err = HS_ERROR_INIT;
	char path[PATH_MAX];
	struct stat info;
	int dir;
	const char *top = hs_scratch_dir();

	umask(022);
	snprintf(path, sizeof path, "%s//a/b/./c/", top);
	expect_done("made", hs_make_dirs(path, 0750, &err), &err);
	expect_done("there already", hs_make_dirs(path, 0700, &err), &err);
	expect_true("mode", stat(path, &info) == 0 && (info.st_mode & 0777) == 0750);
	snprintf(path, sizeof path, "%s/a", top);
	dir = open_dir(path);
	put(dir, "file", "x");
	close(dir);
	snprintf(path, sizeof path, "%s/a/file", top);
	expect_true("a file", !hs_make_dirs(path, 0750, &err));
	expect_contains("a file", err.message, "a file stands where a folder is needed");
	snprintf(path, sizeof path, "%s/a/file/below", top);
	expect_true("below a file", !hs_make_dirs(path, 0750, &err));
	expect_true("empty", !hs_make_dirs("", 0750, &err));
	expect_done("root", hs_make_dirs("/", 0750, &err), &err);
	expect_true("no folder", !hs_dir_open(path, &dir, &err));
}

struct heard { size_t count, most; bool has_file, has_hidden; };

static bool hear(void *arg, int dir, const char *name, struct hs_error *err)
{
	struct heard *heard = arg;

	heard->has_file = heard->has_file || strcmp(name, "file") == 0;
	heard->has_hidden = heard->has_hidden || strcmp(name, ".hidden") == 0;
	if (++heard->count >= heard->most)
		return hs_error_set(err, HS_LIMIT, name, "enough");
	return unlinkat(dir, name, 0) == 0;
}

static void test_dir_each(void)
{
	struct heard all = { .most = 99 }, one = { .most = 1 };
	struct hs_error err = HS_ERROR_INIT;
	char path[PATH_MAX];
	int dir;

	snprintf(path, sizeof path, "%s/each", hs_scratch_dir());
	expect_done("made", hs_make_dirs(path, 0700, &err), &err);
	dir = open_dir(path);
	put(dir, "file", "1");
	put(dir, ".hidden", "2");
	expect_true("ended", !hs_dir_each(dir, "here", hear, &one, &err));
	expect_code("by the listener", &err, HS_LIMIT);
	expect_int("one", (int)one.count, 1);
	expect_done("to the end", hs_dir_each(dir, "here", hear, &all, &err), &err);
	expect_int("both", (int)all.count, 2);
	expect_true("each", all.has_file && all.has_hidden);
	all.count = 0;
	expect_done("once more", hs_dir_each(dir, "here", hear, &all, &err), &err);
	expect_int("none is left", (int)all.count, 0);
	close(dir);
	expect_true("closed", !hs_dir_each(dir, "here", hear, &all, &err));
	expect_text("where", err.where, "here");
}

int main(void)
{
	static const struct hs_case cases[] = {
		{ "whole files are read", test_slurp },
		{ "whole files are written", test_write },
		{ "a full disk", test_full_disk },
		{ "moves in a file system", test_move },
		{ "moves where rename always replaces", test_move_by_other_means },
		{ "moves across file systems", test_move_across },
		{ "a copy keeps bytes, rights and time", test_copy_keeps },
		{ "copies that are refused", test_copy_refusals },
		{ "a source that cannot be removed", test_no_permission },
		{ "trouble at every step of a move", test_trouble },
		{ "what is published new replaces nothing", test_publish_new },
		{ "what is published new is told as it is", test_publish_new_in_trouble },
		{ "folders", test_make_dirs },
		{ "a folder's entries", test_dir_each },
	};

	return hs_run_suite("file", cases, HS_COUNT(cases));
}
