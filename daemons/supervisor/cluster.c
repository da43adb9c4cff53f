/* cluster.c: makes a private cluster, clears up after a crash, becomes its postgres.
 *
 * A cluster appears under its name only when it is whole: a half-made one has another name
 * and is made anew. Trusts the state folder, which only we can write. Fails with one error
 * that says what to install or to remove. */
#include "daemons/supervisor/cluster.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/file.h"
#include "common/log.h"
#include "common/number.h"
#include "common/text.h"
#include "daemons/supervisor/memory.h"
#include "common/pg_programs.h"

enum {
	SMALL_FILE_BYTES = 64 << 10,
	STATUS_LINE = 8,	/* of postmaster.pid */
	POLITE_SECONDS = 10,
	HARSH_SECONDS = 20,
	TICK_MS = 50
};

struct cluster {
	const struct hs_settings *settings;
	char data[PATH_MAX];
	char sockets[PATH_MAX];
	char programs[PATH_MAX];
	char squatter[16];	/* a living process that has the pid in a dead postmaster.pid */
};

/* ---- one that outlived its supervisor ---- */

/* Whether that process is a postgres at work in this data folder. */
static bool is_our_postgres(pid_t pid, const char *data)
{
	char link[64], folder[PATH_MAX], real[PATH_MAX];
	ssize_t length;

	snprintf(link, sizeof link, "/proc/%d/cwd", (int)pid);
	if ((length = readlink(link, folder, sizeof folder - 1)) < 0 ||
	    realpath(data, real) == NULL)
		return false;
	folder[length] = '\0';
	return strcmp(folder, real) == 0;
}

/* A zombie, whose parent takes no notice, is gone too: it has no folder any more. */
static bool wait_gone(pid_t pid, const char *data, int seconds)
{
	const struct timespec tick = { .tv_nsec = TICK_MS * 1000000L };

	for (int i = 0; i < seconds * 1000 / TICK_MS; i++) {
		if (!is_our_postgres(pid, data))
			return true;
		nanosleep(&tick, NULL);
	}
	return false;
}

static bool end_leftover(pid_t pid, const char *data, struct hs_error *err)
{
	hs_log(HS_LOG_WARNING, "ending a postgres that outlived its supervisor",
	    HS_INT("pid", pid));
	if (kill(pid, SIGINT) != 0 && errno != ESRCH)
		return hs_error_errno(err, "", "cannot end the postgres %d of before", (int)pid);
	if (wait_gone(pid, data, POLITE_SECONDS))
		return true;
	kill(pid, SIGQUIT);
	if (wait_gone(pid, data, HARSH_SECONDS))
		return true;
	return hs_error_set(err, HS_BUSY, "",
	    "the postgres %d of before does not end: stop it by hand", (int)pid);
}

static bool clear_leftovers(struct cluster *cluster, struct hs_error *err)
{
	char path[PATH_MAX + 32], *text = NULL;
	struct hs_error missing = HS_ERROR_INIT;
	size_t length;
	long long pid = 0;

	if (!hs_format(path, sizeof path, err, "%s/postmaster.pid", cluster->data))
		return false;
	if (!hs_file_slurp(AT_FDCWD, path, SMALL_FILE_BYTES, &text, &length, &missing)) {
		if (missing.code == HS_NOT_FOUND)
			return true;
		*err = missing;
		return false;
	}
	text[strcspn(text, "\n")] = '\0';
	if (!hs_parse_int(text, 2, INT_MAX, "postmaster.pid", &pid, &missing))
		pid = 0;
	free(text);
	if (pid == 0 || (kill((pid_t)pid, 0) != 0 && errno == ESRCH))
		return true;	/* postgres clears the file itself */
	if (is_our_postgres((pid_t)pid, cluster->data))
		return end_leftover((pid_t)pid, cluster->data, err);
	snprintf(cluster->squatter, sizeof cluster->squatter, "%lld", pid);
	return true;
}

/* ---- making one ---- */

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *ftw)
{
	(void)info;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static bool remove_tree(const char *path, struct hs_error *err)
{
	if (access(path, F_OK) != 0)
		return true;
	if (nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) != 0)
		return hs_error_errno(err, path, "cannot remove a half-made cluster");
	return true;
}

/* Runs a program and waits; it dies with us, and only its complaints are heard. */
static bool run_and_wait(const char *const *argv, struct hs_error *err)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC), status;
	pid_t parent = getpid(), pid;

	if (null < 0)
		return hs_error_errno(err, "/dev/null", "cannot open it");
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent || dup2(null, STDOUT_FILENO) < 0)
			_exit(126);
		execv(argv[0], (char *const *)argv);
		_exit(126);
	}
	close(null);
	if (pid < 0)
		return hs_error_errno(err, argv[0], "cannot start it");
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return hs_error_errno(err, argv[0], "cannot wait for it");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return hs_error_set(err, HS_IO, argv[0],
		    "it failed; its own words are in the log above");
	return true;
}

static bool sync_folder(const char *path, struct hs_error *err)
{
	int dir = -1;
	bool done;

	if (!hs_dir_open(path, &dir, err))
		return false;
	done = fsync(dir) == 0 || hs_error_errno(err, path, "cannot flush it to the disk");
	close(dir);
	return done;
}

static bool make_cluster(const struct cluster *cluster, struct hs_error *err)
{
	char half[PATH_MAX + 16], initdb[PATH_MAX + 16], owner[NAME_MAX + 16];

	if (!hs_format(half, sizeof half, err, "%s.making", cluster->data) ||
	    !hs_format(initdb, sizeof initdb, err, "%s/initdb", cluster->programs) ||
	    !hs_format(owner, sizeof owner, err, "--username=%s",
		hs_setting_text(cluster->settings, HS_SET_POSTGRES_USER)) ||
	    !remove_tree(half, err))
		return false;
	hs_log(HS_LOG_INFO, "making a private PostgreSQL cluster", HS_STR("folder", cluster->data));
	if (!run_and_wait((const char *const[]){ initdb, "-D", half, owner, "--encoding=UTF8",
			      "--locale=C.UTF-8", "--auth-local=peer", "--auth-host=reject",
			      "--data-checksums", NULL },
		err))
		return false;
	if (rename(half, cluster->data) != 0)
		return hs_error_errno(err, cluster->data,
		    "cannot put the new cluster in its place");
	return sync_folder(hs_setting_text(cluster->settings, HS_SET_STATE_DIR), err);
}

/* ---- who may enter ---- */

static bool write_access(const struct cluster *cluster, const char *admin, struct hs_error *err)
{
	static const char hba[] = "# written by hsd-supervisor at each start\n"
	    "local all all peer map=hoopscout\n"
	    "local replication all peer map=hoopscout\n";
	const char *role = hs_setting_text(cluster->settings, HS_SET_POSTGRES_USER);
	const struct passwd *self = getpwuid(geteuid());
	char ident[1024];
	int dir = -1;
	bool done;

	if (self == NULL)
		return hs_error_set(err, HS_NOT_FOUND, "", "user %u has no name on this machine",
		    (unsigned)geteuid());
	if (strpbrk(role, "\"\r\n") != NULL || role[0] == '/' || strcmp(role, "all") == 0)
		return hs_error_set(err, HS_BAD_SETTING, "POSTGRES_USER",
		    "a private cluster's user cannot have the name \"%.64s\"", role);
	done = hs_format(ident, sizeof ident, err, "# written by hsd-supervisor at each start\n"
	    "hoopscout \"%s\" \"%s\"\nhoopscout \"%s\" \"%s\"\nhoopscout root \"%s\"\n",
	    self->pw_name, role, admin, role, role) &&
	    hs_dir_open(cluster->data, &dir, err) &&
	    hs_file_write(dir, "pg_hba.conf", hba, sizeof hba - 1, 0600, err) &&
	    hs_file_write(dir, "pg_ident.conf", ident, strlen(ident), 0600, err);
	if (dir >= 0)
		close(dir);
	return done;
}

/* ---- becoming it ---- */

/* A setting that is a list: its one item is quoted, as blanks and quotes may be in it. */
static bool name_sockets(const char *folder, char *buf, size_t size, struct hs_error *err)
{
	static const char name[] = "unix_socket_directories=\"";
	size_t at = strlen(name);

	if (2 * strlen(folder) + sizeof name + 1 > size)
		return hs_error_set(err, HS_TOO_LONG, folder, "this path is too long");
	memcpy(buf, name, sizeof name);
	for (; *folder != '\0'; folder++) {
		if (*folder == '"')
			buf[at++] = '"';
		buf[at++] = *folder;
	}
	memcpy(buf + at, "\"", sizeof "\"");
	return true;
}

static bool become_postgres(const struct cluster *cluster, struct hs_error *err)
{
	char postgres[PATH_MAX + 16], sockets[2 * PATH_MAX + 64], port[32], buffers[48];

	if (!hs_format(postgres, sizeof postgres, err, "%s/postgres", cluster->programs) ||
	    !name_sockets(cluster->sockets, sockets, sizeof sockets, err) ||
	    !hs_format(port, sizeof port, err, "port=%s",
		hs_setting_text(cluster->settings, HS_SET_POSTGRES_PORT)) ||
	    !hs_format(buffers, sizeof buffers, err, "shared_buffers=%lldMB", memory_database_mb()))
		return false;
	if (cluster->squatter[0] != '\0' && setenv("PG_GRANDPARENT_PID", cluster->squatter, 1) != 0)
		return hs_error_errno(err, "", "cannot prepare the environment");
	execv(postgres, (char *const[]){ postgres, "-D", (char *)(uintptr_t)cluster->data,
	    "-c", "listen_addresses=", "-c", sockets, "-c", port,
	    "-c", "fsync=on", "-c", "synchronous_commit=on", "-c", "full_page_writes=on",
	    "-c", "jit=off", "-c", buffers, "-c", "max_connections=100",
	    "-c", "max_wal_size=2GB", "-c", "checkpoint_timeout=15min",
	    "-c", "logging_collector=off", "-c", "log_destination=stderr",
	    "-c", "log_line_prefix=%m postgres[%p] ", "-c", "log_min_messages=warning",
	    "-c", "log_checkpoints=off", NULL });
	return hs_error_errno(err, postgres, "cannot run it");
}

/* ---- ---- */

static bool is_cluster(const char *data)
{
	char version[PATH_MAX + 16];

	snprintf(version, sizeof version, "%s/PG_VERSION", data);
	return access(version, F_OK) == 0;
}

/* What is in the place of the cluster, and is none: an empty folder (a new volume) gives way, all
 * else is not ours to touch. */
static bool make_room(const char *data, struct hs_error *err)
{
	if (rmdir(data) == 0 || errno == ENOENT)
		return true;
	if (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR)
		return hs_error_set(err, HS_EXISTS, data,
		    "it is there and is no PostgreSQL cluster: move it away");
	return hs_error_errno(err, data, "cannot make a cluster in the place of this folder");
}

static bool find_programs(const struct hs_settings *settings, struct cluster *cluster,
    struct hs_error *err)
{
	return hs_settings_postgres_data(settings, cluster->data, sizeof cluster->data, err) &&
	    pg_programs_find(hs_setting_text(settings, HS_SET_POSTGRES_BIN_DIR),
		is_cluster(cluster->data) ? cluster->data : NULL, cluster->programs,
		sizeof cluster->programs, err);
}

bool cluster_check(const struct hs_settings *settings, struct hs_error *err)
{
	struct cluster cluster = { .settings = settings };

	if (!find_programs(settings, &cluster, err) ||
	    !hs_settings_postgres_socket_dir(settings, cluster.sockets, sizeof cluster.sockets,
		err))
		return false;
	/* libpq takes a list of hosts, a folder being one, and knows no quotes */
	return strchr(cluster.sockets, ',') == NULL ||
	    hs_error_set(err, HS_BAD_SETTING, "HOOPSCOUT_STATE_DIR",
		"HOOPSCOUT_STATE_DIR must be a path without commas, not \"%.200s\": PostgreSQL's "
		"socket lies in it", hs_setting_text(settings, HS_SET_STATE_DIR));
}

bool cluster_is_ready(const struct hs_settings *settings)
{
	static const char ready[] = "ready";
	struct hs_error ignored = HS_ERROR_INIT;
	char data[PATH_MAX], path[PATH_MAX + 32], *text = NULL;
	const char *line;
	size_t length;
	bool is_ready;

	if (!hs_settings_postgres_data(settings, data, sizeof data, &ignored) ||
	    !hs_format(path, sizeof path, &ignored, "%s/postmaster.pid", data) ||
	    !hs_file_slurp(AT_FDCWD, path, SMALL_FILE_BYTES, &text, &length, &ignored))
		return false;
	line = text;
	for (int n = 1; line != NULL && n < STATUS_LINE; n++)
		if ((line = strchr(line, '\n')) != NULL)
			line++;
	is_ready = line != NULL && strncmp(line, ready, strlen(ready)) == 0;
	free(text);
	return is_ready;
}

bool cluster_run(const struct hs_settings *settings, const char *admin, struct hs_error *err)
{
	struct cluster cluster = { .settings = settings };

	return find_programs(settings, &cluster, err) &&
	    hs_settings_postgres_socket_dir(settings, cluster.sockets, sizeof cluster.sockets,
		err) &&
	    hs_make_dirs(cluster.sockets, 0750, err) &&
	    (is_cluster(cluster.data) ? clear_leftovers(&cluster, err)
		: make_room(cluster.data, err) && make_cluster(&cluster, err)) &&
	    write_access(&cluster, admin, err) && become_postgres(&cluster, err);
}
