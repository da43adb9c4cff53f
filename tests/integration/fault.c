/* fault.c: a library to be preloaded: the n-th call of one function fails or kills its program.
 *
 * HS_FAULT_FILE names a file that says what to do: "importer:fsync:3:kill" lets the third fsync
 * of hsd-importer end it, "importer:renameat2:1:ENOSPC" lets it fail, "restore:send:1:stop" stops
 * a task of that name, for a test that kills more than it. The call counts begin anew
 * when the file's words change. Once done, the file is removed, so that the program started anew
 * lives.
 * HS_FREE_FILE names a file that says how many bytes of any disk are free, while it is there. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <unistd.h>

enum { WORDS = 128 };

static const struct { const char *name; int number; } errors[] = {
	{ "ENOSPC", ENOSPC },
	{ "EIO", EIO },
	{ "EACCES", EACCES },
	{ "EXDEV", EXDEV },
	{ "EMFILE", EMFILE },
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char words[WORDS];
static int calls;

static void read_words(const char *path, char now[WORDS])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd >= 0 ? read(fd, now, WORDS - 1) : 0;

	now[length > 0 ? length : 0] = '\0';
	if (fd >= 0)
		close(fd);
}

/* Whether we are that program, or hsd-supervisor at that task. */
static int is_ours(const char *program)
{
	char line[512];
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd >= 0 ? read(fd, line, sizeof line - 1) : 0;
	const char *word = line, *end;

	if (fd >= 0)
		close(fd);
	if (strstr(program_invocation_short_name, program) != NULL)
		return 1;
	line[length > 0 ? length : 0] = '\0';
	end = line + (length > 0 ? length : 0);
	for (int i = 0; i < 2 && word < end; i++)	/* the program, --task, its name */
		word += strlen(word) + 1;
	return word < end && strcmp(word, program) == 0;
}

/* The errno with which this call of that function shall fail; 0: none. May not return at all. */
static int fate(const char *function)
{
	const char *path = getenv("HS_FAULT_FILE");
	char now[WORDS], program[32], name[32], what[32];
	int number = 0, turn, before = errno;

	if (path == NULL)
		return 0;
	pthread_mutex_lock(&lock);
	read_words(path, now);
	if (strcmp(now, words) != 0) {
		memcpy(words, now, sizeof words);
		calls = 0;
	}
	if (sscanf(words, "%31[^:]:%31[^:]:%d:%31[^:]", program, name, &turn, what) == 4 &&
	    strcmp(name, function) == 0 && is_ours(program) && ++calls == turn) {
		unlink(path);
		if (strcmp(what, "stop") == 0)
			kill(getpid(), SIGSTOP);
		if (strcmp(what, "kill") == 0)
			kill(getpid(), SIGKILL);
		for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
			if (strcmp(what, errors[i].name) == 0)
				number = errors[i].number;
	}
	pthread_mutex_unlock(&lock);
	errno = before;
	return number;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define PASS_OR_FAIL(name, ...) \
	do { \
		int number = fate(#name); \
		if (number != 0) { \
			errno = number; \
			return -1; \
		} \
		return NEXT(name)(__VA_ARGS__); \
	} while (0)

int fsync(int fd)
{
	PASS_OR_FAIL(fsync, fd);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	PASS_OR_FAIL(renameat, from_dir, from, to_dir, to);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
	PASS_OR_FAIL(renameat2, from_dir, from, to_dir, to, flags);
}

int unlinkat(int dir, const char *name, int flags)
{
	PASS_OR_FAIL(unlinkat, dir, name, flags);
}

/* libpq's way to the server */
ssize_t send(int fd, const void *bytes, size_t length, int flags)
{
	PASS_OR_FAIL(send, fd, bytes, length, flags);
}

ssize_t recv(int fd, void *bytes, size_t length, int flags)
{
	PASS_OR_FAIL(recv, fd, bytes, length, flags);
}

int fstatvfs(int fd, struct statvfs *ret)
{
	const char *path = getenv("HS_FREE_FILE");
	FILE *file = path != NULL ? fopen(path, "re") : NULL;
	int found = NEXT(fstatvfs)(fd, ret);
	unsigned long long bytes;

	if (file != NULL && found == 0 && fscanf(file, "%llu", &bytes) == 1)
		ret->f_bavail = (fsblkcnt_t)(bytes / ret->f_frsize);
	if (file != NULL)
		fclose(file);
	return found;
}
