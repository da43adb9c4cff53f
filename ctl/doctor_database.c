/* doctor_database.c: PostgreSQL's programs and cluster, and the database itself.
 *
 * A private database that does not run, since HoopScout does not, is as it should be. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/db.h"
#include "common/file.h"
#include "common/migrate.h"
#include "common/number.h"
#include "common/pg_programs.h"
#include "ctl/doctor.h"

enum { CLOCKS_APART_SECONDS = 5, PID_FILE_BYTES = 4096 };

/* The process that postmaster.pid names; 0 when there is none. */
static long long postmaster_of(const char *data)
{
	struct hs_error err = HS_ERROR_INIT;
	char path[PATH_MAX + 16], *text = NULL;
	long long pid = 0;
	size_t length;

	snprintf(path, sizeof path, "%s/postmaster.pid", data);
	if (!hs_file_slurp(AT_FDCWD, path, PID_FILE_BYTES, &text, &length, &err))
		return 0;
	text[strcspn(text, "\n")] = '\0';
	if (!hs_parse_int(text, 1, INT_MAX, path, &pid, &err))
		pid = 0;
	free(text);
	return pid;
}

/* "postgres (PostgreSQL) 15.8" is 15; 0 when the program does not tell. */
static int version_of(const char *programs)
{
	char path[PATH_MAX + 16], text[128];
	int ends[2], major = 0;
	ssize_t length;
	pid_t pid;

	snprintf(path, sizeof path, "%s/postgres", programs);
	if (pipe2(ends, O_CLOEXEC) != 0)
		return 0;
	fflush(NULL);
	if ((pid = fork()) == 0) {
		if (dup2(ends[1], STDOUT_FILENO) >= 0)
			execl(path, path, "--version", (char *)NULL);
		_exit(EXIT_FAILURE);
	}
	close(ends[1]);
	length = pid > 0 ? read(ends[0], text, sizeof text - 1) : 0;
	close(ends[0]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	text[length > 0 ? length : 0] = '\0';
	return sscanf(text, "postgres (PostgreSQL) %d", &major) == 1 ? major : 0;
}

static int version_of_cluster(const char *file)
{
	struct hs_error err = HS_ERROR_INIT;
	char *text = NULL;
	long long major = 0;
	size_t length;

	if (!hs_file_slurp(AT_FDCWD, file, 64, &text, &length, &err))
		return 0;
	text[strcspn(text, "\n")] = '\0';
	if (!hs_parse_int(text, 1, 999, file, &major, &err))
		major = 0;
	free(text);
	return (int)major;
}

static void check_cluster(struct doctor *doctor)
{
	const char *wanted = hs_setting_text(doctor->settings, HS_SET_POSTGRES_BIN_DIR);
	char data[PATH_MAX], path[PATH_MAX + 16], programs[PATH_MAX];
	struct hs_error err = HS_ERROR_INIT;
	bool is_made;
	long long pid;
	int runs;

	if (!hs_settings_postgres_data(doctor->settings, data, sizeof data, &err))
		return;		/* the settings' finding */
	snprintf(path, sizeof path, "%s/PG_VERSION", data);
	is_made = access(path, F_OK) == 0;
	if (!pg_programs_find(wanted, is_made ? data : NULL, programs, sizeof programs, &err)) {
		doctor_say(doctor, DOCTOR_FAILED, "PostgreSQL", NULL, "%s", err.message);
		return;
	}
	runs = version_of(programs);
	if (is_made && runs != version_of_cluster(path)) {
		doctor_say(doctor, DOCTOR_FAILED, "PostgreSQL", "install that version, or name its "
		    "folder in HOOPSCOUT_POSTGRES_BIN_DIR", "%s was made by PostgreSQL %d, but %s has "
		    "version %d", data, version_of_cluster(path), programs, runs);
		return;
	}
	doctor_say(doctor, DOCTOR_OK, "PostgreSQL", NULL, "%s, for the private database in %s%s",
	    programs, data, is_made ? "" : ", which the first start makes");
	if (doctor->status != NULL || (pid = postmaster_of(data)) == 0)
		return;
	if (kill((pid_t)pid, 0) == 0 || errno == EPERM)
		doctor_say(doctor, DOCTOR_WARNING, "PostgreSQL", "the next start of HoopScout settles "
		    "it", "HoopScout does not run, but process %lld, which postmaster.pid "
		    "names, does", pid);
	else
		doctor_say(doctor, DOCTOR_OK, "PostgreSQL", NULL, "it was killed: the next start "
		    "recovers what it had in hand");
}

/* ---- what the database says ---- */

static void check_migrations(struct doctor *doctor, struct hs_db *db)
{
	const char *data = hs_setting_text(doctor->settings, HS_SET_DATA_DIR);
	struct hs_error err = HS_ERROR_INIT;
	struct hs_migrations state;
	char path[PATH_MAX];

	snprintf(path, sizeof path, "%s/sql", data);
	if (hs_migrate_check(db, path, &state, &err))
		doctor_say(doctor, DOCTOR_OK, "migrations", NULL, "all %zu, up to %s", state.applied,
		    state.latest);
	else
		doctor_say(doctor, DOCTOR_FAILED, "migrations", NULL, "%s", err.message);
}

static void check_answers(struct doctor *doctor, const PGresult *result)
{
	double apart = strtod(hs_db_text(result, 0, 0), NULL) - (double)time(NULL);
	const char *encoding = hs_db_text(result, 0, 1);

	if (fabs(apart) > CLOCKS_APART_SECONDS)
		doctor_say(doctor, DOCTOR_WARNING, "clock", "let NTP keep both clocks",
		    "the database's clock is %.0f s %s ours", fabs(apart),
		    apart > 0 ? "before" : "behind");
	if (strcmp(encoding, "UTF8") != 0)
		doctor_say(doctor, DOCTOR_FAILED, "encoding", "make the database anew: createdb "
		    "--encoding=UTF8 --template=template0", "the database's encoding is %s", encoding);
	else
		doctor_say(doctor, DOCTOR_OK, "encoding", NULL, "UTF8");
	if (strcmp(hs_db_text(result, 0, 2), "t") != 0)
		doctor_say(doctor, DOCTOR_FAILED, "extensions", "install PostgreSQL's contrib modules, "
		    "or have them allowed", "the server has no extension pg_trgm");
	else
		doctor_say(doctor, DOCTOR_OK, "extensions", NULL, "pg_trgm is there");
}

static void look_inside(struct doctor *doctor, struct hs_db *db)
{
	static const char sql[] = "select extract(epoch from clock_timestamp()),"
	    " current_setting('server_encoding'), exists (select from pg_available_extensions"
	    " where name = 'pg_trgm'), current_setting('server_version'),"
	    " pg_database_size(current_database())";
	struct hs_error err = HS_ERROR_INIT;
	PGresult *result = NULL;
	char size[32];

	if (!hs_db_run(db, sql, NULL, 0, &result, &err)) {
		doctor_say(doctor, DOCTOR_FAILED, "database", NULL, "it does not answer: %s",
		    err.message);
		return;
	}
	doctor_say(doctor, DOCTOR_OK, "database", NULL, "PostgreSQL %s, %s, %s",
	    hs_db_text(result, 0, 3),
	    hs_settings_private_postgres(doctor->settings) ? "private" : "external",
	    hs_size_text(hs_db_int(result, 0, 4), size, sizeof size));
	check_answers(doctor, result);
	PQclear(result);
	check_migrations(doctor, db);
}

void doctor_database(struct doctor *doctor)
{
	bool is_private = hs_settings_private_postgres(doctor->settings);
	struct hs_error err = HS_ERROR_INIT;
	struct hs_db *db = NULL;

	if (is_private)
		check_cluster(doctor);
	if (is_private && doctor->status == NULL)
		return;
	if (hs_db_connect(doctor->settings, HS_DB_WRITER, "hsctl doctor", &db, &err))
		look_inside(doctor, db);
	else
		doctor_say(doctor, DOCTOR_FAILED, "database", is_private ? "'hsctl status' and 'hsctl "
		    "logs' tell more" : "see that it runs and takes POSTGRES_USER's connections from "
		    "here (POSTGRES_HOST, _PORT, _DB, _USER, _PASSWORD)", "%s", err.message);
	hs_db_free(db);
}
