/* lost.c: compares archive and database after the server has changed.
 *
 * What a promoted standby has is a beginning of what the primary before it had, so what is lost
 * was committed after the newest import that it knows; its file came to archive after that. The
 * clocks of the server and of the folder may differ by MARGIN. Trusts a file by its checksum only.
 * The mark says since when files were compared, so that another importer with this folder, which
 * comes when new imports have been made already, compares as many. */
#include "daemons/importer/lost.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "common/file.h"
#include "common/log.h"
#include "daemons/importer/digest.h"
#include "daemons/importer/place.h"

#define MARK_NAME ".hoopscout-server.json"
#define MARGIN "1 hour"

/* One importer at a time; the first key is ours alone, as that of runs is. */
#define LOST_LOCK "select pg_advisory_lock(1215515247, 1)"
#define LOST_UNLOCK "select pg_advisory_unlock(1215515247, 1)"

enum { MARK_BYTES = 4096, MARK_MODE = 0644 };

struct mark {
	struct lost_server server;
	int64_t since;		/* seconds since 1970: of the last comparison */
	int64_t put_back;	/* by it */
};

struct search {
	struct hs_db *db;
	const struct progress *progress;
	int archive, incoming;
	int64_t since;
	int64_t looked_at, put_back;
};

static bool is_same(const struct lost_server *a, const struct lost_server *b)
{
	return a->timeline == b->timeline && a->system == b->system;
}

/* A number; 0 from a server that has none to tell, or not to us. */
static bool ask_number(struct hs_db *db, const char *sql, int64_t *ret, struct hs_error *err)
{
	struct hs_error refused = HS_ERROR_INIT;
	PGresult *result = NULL;

	*ret = 0;
	if (hs_db_exec(db, sql, &result, &refused))
		*ret = hs_db_int(result, 0, 0);
	else if (refused.code == HS_DB_ERROR)
		hs_log_error(HS_LOG_DEBUG, "the server does not tell which one it is", &refused);
	else
		*err = refused;
	PQclear(result);
	return refused.code == HS_OK || refused.code == HS_DB_ERROR;
}

static bool ask_server(struct hs_db *db, struct lost_server *ret, struct hs_error *err)
{
	return ask_number(db, "select ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))"
		   "::bit(32)::integer", &ret->timeline, err) &&
	    ask_number(db, "select system_identifier from pg_control_system()", &ret->system, err);
}

/* ---- the mark ---- */

/* False: there is none that could be read, which is as none. */
static bool read_mark(int archive, struct mark *ret)
{
	struct hs_error ignored = HS_ERROR_INIT;
	char text[MARK_BYTES];
	struct place_facts facts;
	json_int_t system, timeline, since;
	size_t length = 0;
	json_t *mark;
	bool known;
	int fd;

	if (!place_open(archive, MARK_NAME, &fd, &facts, &ignored))
		return false;
	known = hs_file_read(fd, text, sizeof text, &length, &ignored);
	close(fd);
	mark = known ? json_loadb(text, length, 0, NULL) : NULL;
	known = mark != NULL && json_unpack(mark, "{s:I, s:I, s:I}", "system", &system, "timeline",
	    &timeline, "since", &since) == 0;
	json_decref(mark);
	if (known)
		*ret = (struct mark){ { system, timeline }, since, 0 };
	return known;
}

static bool write_mark(int archive, const struct mark *mark, struct hs_error *err)
{
	json_t *object = json_pack("{s:s, s:I, s:I, s:I, s:I}", "about",
	    "The PostgreSQL server that files here were imported into last; kept by hsd-importer.",
	    "system", (json_int_t)mark->server.system, "timeline",
	    (json_int_t)mark->server.timeline, "since", (json_int_t)mark->since, "put_back",
	    (json_int_t)mark->put_back);
	char *text = object != NULL ? json_dumps(object, JSON_INDENT(1)) : NULL;
	bool done;

	json_decref(object);
	if (text == NULL)
		return hs_error_set(err, HS_NO_MEMORY, MARK_NAME, "no memory for a mark");
	done = hs_file_write(archive, MARK_NAME, text, strlen(text), MARK_MODE, err);
	free(text);
	return done;
}

/* ---- the comparison ---- */

/* Whether the database knows what became of the file: imported under any name, or something
 * else under this one. */
static bool ask_known(const struct search *search, const char *name, const struct digest *digest,
    bool *ret, struct hs_error *err)
{
	char sha256[DIGEST_TEXT_BYTES];
	PGresult *result = NULL;

	if (!hs_db_exec(search->db, "select exists (select from import_file"
		" where sha256 = decode($1::text, 'hex') and (status = 'imported'"
		" or (status <> 'failed' and coalesce(stored_as, $2::text) = $2::text)))::integer", &result, err,
		digest_text(digest, sha256), name))
		return false;
	*ret = hs_db_int(result, 0, 0) == 1;
	PQclear(result);
	return true;
}

static bool put_back(struct search *search, const char *name, struct hs_error *err)
{
	char used[NAME_MAX + 1];

	if (!hs_file_move(search->archive, name, search->incoming, name, used, sizeof used, err))
		return err->code == HS_NOT_FOUND;	/* somebody was faster */
	search->put_back++;
	hs_log(HS_LOG_WARNING,
	    "the database does not know an import any more, as after a failover: the file is put back, and imported again", HS_STR("file", name),
	    HS_STR("incoming", used));
	return true;
}

static void tells_nobody(void *arg, enum progress_stage stage, int64_t bytes, int64_t records)
{
	(void)arg, (void)stage, (void)bytes, (void)records;
}

static bool look_at(void *arg, int archive, const char *name, struct hs_error *err)
{
	struct search *search = arg;
	const struct progress quiet = { .tell = tells_nobody,
		.must_stop = search->progress->must_stop, .arg = search->progress->arg };
	struct hs_error gone = HS_ERROR_INIT;
	struct place_facts facts;
	struct digest digest;
	struct stat info;
	bool known = true, done;
	int fd;

	if (!place_wants(name) ||
	    fstatat(archive, name, &info, AT_SYMLINK_NOFOLLOW) != 0 ||
	    !S_ISREG(info.st_mode) || info.st_ctime < search->since)
		return true;
	if (!place_open(archive, name, &fd, &facts, &gone)) {
		*err = gone;
		return gone.code == HS_NOT_FOUND;
	}
	search->looked_at++;
	done = digest_file(fd, &quiet, &digest, err) &&
	    ask_known(search, name, &digest, &known, err);
	close(fd);
	return done && (known || put_back(search, name, err));
}

/* From when on files may be lost; *ret_since INT64_MAX: none can be. A database that never imported
 * anything has lost all, or is a new one that somebody has just made. */
static bool ask_since(struct hs_db *db, bool is_same_system, int64_t *ret_since,
    struct hs_error *err)
{
	PGresult *result = NULL;

	if (!hs_db_exec(db, "select extract(epoch from max(finished_at) - interval '" MARGIN "')"
		"::bigint from import_file", &result, err))
		return false;
	if (!PQgetisnull(result, 0, 0))
		*ret_since = hs_db_int(result, 0, 0);
	else
		*ret_since = is_same_system ? 0 : INT64_MAX;
	PQclear(result);
	return true;
}

static bool compare(struct search *search, const struct lost_server *now, struct hs_error *err)
{
	if (!hs_dir_each(search->archive, "archive", look_at, search, err))
		return false;
	hs_log(search->put_back > 0 ? HS_LOG_WARNING : HS_LOG_INFO,
	    "the archive is compared with another server, or another past of it",
	    HS_INT("timeline", now->timeline), HS_INT("files", search->looked_at),
	    HS_INT("put_back", search->put_back));
	return true;
}

/* With the lock. */
static bool look(struct search *search, const struct lost_server *before,
    const struct lost_server *now, struct hs_error *err)
{
	struct mark mark = { 0 };
	bool has_mark = read_mark(search->archive, &mark);
	bool is_marked = has_mark && is_same(&mark.server, now);

	if (is_marked && (before->timeline == 0 || is_same(before, now)))
		return true;
	if (is_marked)
		search->since = mark.since;	/* another importer was first */
	else if (!ask_since(search->db, now->system == (has_mark ? &mark.server : before)->system,
		&search->since, err))
		return false;
	/* without a mark the archive was never used with a database that can lose anything */
	if ((has_mark || before->timeline != 0) && !compare(search, now, err))
		return false;
	mark = (struct mark){ *now, search->since, search->put_back };
	return is_marked || write_mark(search->archive, &mark, err);
}

bool lost_put_back(struct hs_db *db, const struct hs_settings *settings,
    const struct progress *progress, struct lost_server *server, int64_t *ret_back,
    struct hs_error *err)
{
	struct search search = { .db = db, .progress = progress, .archive = -1, .incoming = -1 };
	struct hs_error ignored = HS_ERROR_INIT;
	struct lost_server now;
	bool done = false;

	*ret_back = 0;
	if (hs_settings_private_postgres(settings))
		return true;
	if (!ask_server(db, &now, err))
		return false;
	if (now.timeline == 0)
		return true;
	if (!hs_dir_open(hs_setting_text(settings, HS_SET_ARCHIVE_DIR), &search.archive, err) ||
	    !hs_dir_open(hs_setting_text(settings, HS_SET_INCOMING_DIR), &search.incoming, err) ||
	    !hs_db_exec(db, LOST_LOCK, NULL, err))
		goto out;
	done = look(&search, server, &now, err);
	hs_db_exec(db, LOST_UNLOCK, NULL, &ignored);
	*ret_back = search.put_back;
	if (done)
		*server = now;
out:
	if (search.archive >= 0)
		close(search.archive);
	if (search.incoming >= 0)
		close(search.incoming);
	return done;
}
