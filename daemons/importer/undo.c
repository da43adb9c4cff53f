/* undo.c: takes back an import, in one transaction.
 *
 * Trusts what merges have kept (sql/, undo_sql.c); where that contradicts itself, nothing is
 * undone. Memory: the statements of one player-season at a time, and a bounded batch of what
 * becomes of them. The file itself stays in archive, and may be imported again; one
 * that lies in incoming still goes there first: possession.c. */
#include "daemons/importer/undo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/text.h"
#include "daemons/importer/countries.h"
#include "daemons/importer/merge.h"
#include "daemons/importer/merge_sql.h"
#include "daemons/importer/replay.h"
#include "daemons/importer/undo_sql.h"

#define SLOW_STEP_SECONDS 0.25

#define PAGE_ROWS "2000"
#define SHOWN_ROWS "20"		/* UNDO_ROWS_SHOWN */

enum {
	NUMBER_BYTES = 24,
	BATCH_ROWS = 2000,
	KEY_STATEMENTS_MAX = 1000000,	/* files that state one player-season */
	LARGE_ROWS = 5000,
	PARTS = 6
};

/* An array for a statement: "{1,2,3}". */
struct list {
	char *text;
	size_t length, room;
};

enum { LIST_NUMBER, LIST_KIND, LIST_SUPERSEDED_BY, LIST_FIGURES_FROM, LIST_EXTRAS_FROM, LISTS };

struct undo {
	struct hs_db *db;
	const struct undo_job *job;
	char file[NUMBER_BYTES];
	int parts_done;
	/* of the key that is being read */
	char *key;
	struct replay_statement *statements;
	char **figures;			/* what each says; NULL: what another says */
	int64_t *numbers;
	size_t count, room;
	/* of the batch that is being filled */
	struct list lists[LISTS];
	size_t batched;
};

static bool no_memory(struct hs_error *err)
{
	return hs_error_set(err, HS_NO_MEMORY, "", "no memory to undo an import");
}

static bool tell(struct undo *undo, const char *about, struct hs_error *err)
{
	const struct undo_job *job = undo->job;

	return job->goes_on(job->arg, about, undo->parts_done++, PARTS, err);
}

static bool run_step(struct undo *undo, const char *sql, bool takes_file, struct hs_error *err)
{
	const char *values[] = { undo->file };
	double began = hs_clock_seconds(), seconds;

	if (!hs_db_run(undo->db, sql, values, takes_file, NULL, err))
		return false;
	if ((seconds = hs_clock_seconds() - began) >= SLOW_STEP_SECONDS)
		hs_log(HS_LOG_DEBUG, "a step of an undo took long", HS_SECS("seconds", seconds),
		    HS_STR("sql", sql));
	return true;
}

static bool run_part(struct undo *undo, const struct undo_part *part, struct hs_error *err)
{
	if (!tell(undo, part->about, err))
		return false;
	for (size_t i = 0; i < part->count; i++)
		if (!run_step(undo, part->steps[i].sql, part->steps[i].takes_file, err))
			return false;
	return true;
}

/* --- what becomes of each statement ----------------------------------------------------- */

static bool list_add(struct list *list, const char *item)
{
	size_t need = list->length + strlen(item) + 3;

	if (need > list->room) {
		size_t room = 2 * need + 1024;
		char *text = realloc(list->text, room);

		if (text == NULL)
			return false;
		list->text = text;
		list->room = room;
	}
	list->length += (size_t)snprintf(list->text + list->length, list->room - list->length,
	    "%s%s", list->length == 0 ? "{" : ",", item);
	return true;
}

static bool list_add_number(struct list *list, int64_t number)
{
	char text[NUMBER_BYTES];

	snprintf(text, sizeof text, "%lld", (long long)number);
	return list_add(list, text);
}

static bool flush_batch(struct undo *undo, struct hs_error *err)
{
	const char *values[LISTS];

	if (undo->batched == 0)
		return true;
	for (int i = 0; i < LISTS; i++) {
		struct list *list = &undo->lists[i];

		list->text[list->length] = '}';
		list->text[list->length + 1] = '\0';
		list->length = 0;
		values[i] = list->text;
	}
	undo->batched = 0;
	return hs_db_run(undo->db, undo_write_new, values, LISTS, NULL, err);
}

static bool batch(struct undo *undo, size_t n, struct hs_error *err)
{
	const struct replay_statement *one = &undo->statements[n];
	const char kind[] = { one->new_kind, '\0' };
	struct list *lists = undo->lists;

	if (!list_add_number(&lists[LIST_NUMBER], undo->numbers[n]) ||
	    !list_add(&lists[LIST_KIND], kind) ||
	    !list_add_number(&lists[LIST_SUPERSEDED_BY], one->new_superseded_by) ||
	    !list_add_number(&lists[LIST_FIGURES_FROM], undo->numbers[one->figures_from]) ||
	    !list_add_number(&lists[LIST_EXTRAS_FROM], undo->numbers[one->extras_from]))
		return no_memory(err);
	return ++undo->batched < BATCH_ROWS || flush_batch(undo, err);
}

static bool stays(const struct replay_statement *one)
{
	return one->new_kind == one->kind && (one->kind != REPLAY_HISTORY ||
	    one->new_superseded_by == one->superseded_by);
}

/* The key is whole: what becomes of its statements. */
static bool end_key(struct undo *undo, struct hs_error *err)
{
	bool done = replay_key(undo->statements, undo->count, err);

	for (size_t i = 0; done && i < undo->count; i++)
		done = stays(&undo->statements[i]) || batch(undo, i, err);
	for (size_t i = 0; i < undo->count; i++)
		free(undo->figures[i]);
	undo->count = 0;
	return done;
}

static bool reserve(struct undo *undo)
{
	size_t room = undo->room == 0 ? 64 : 2 * undo->room;
	void *statements, *figures, *numbers;

	if (undo->count < undo->room)
		return true;
	if (room > KEY_STATEMENTS_MAX)
		return false;
	if ((statements = realloc(undo->statements, room * sizeof *undo->statements)) == NULL)
		return false;
	undo->statements = statements;
	if ((figures = realloc(undo->figures, room * sizeof *undo->figures)) == NULL)
		return false;
	undo->figures = figures;
	if ((numbers = realloc(undo->numbers, room * sizeof *undo->numbers)) == NULL)
		return false;
	undo->numbers = numbers;
	undo->room = room;
	return true;
}

/* The number of the first of the key that says the same; its own when none does. */
static int figures_number(const struct undo *undo, const char *said)
{
	for (size_t i = 0; i < undo->count; i++)
		if (undo->figures[i] != NULL && strcmp(undo->figures[i], said) == 0)
			return (int)i;
	return (int)undo->count;
}

static bool add_statement(struct undo *undo, const PGresult *said, int row, struct hs_error *err)
{
	const char *figures = hs_db_text(said, row, UNDO_FIGURES);
	struct replay_statement *one;
	char *copy = NULL;

	if (!reserve(undo) || (figures[0] != '\0' && (copy = strdup(figures)) == NULL))
		return no_memory(err);
	one = &undo->statements[undo->count];
	*one = (struct replay_statement){ .file = hs_db_int(said, row, UNDO_FILE),
		.day = (int)hs_db_int(said, row, UNDO_DAY),
		.kind = hs_db_text(said, row, UNDO_KIND)[0],
		.is_fixed = hs_db_int(said, row, UNDO_IS_FIXED) != 0,
		.superseded_by = hs_db_int(said, row, UNDO_SUPERSEDED_BY),
		.figures = figures_number(undo, figures),
		.extras = (int)hs_db_int(said, row, UNDO_EXTRAS) };
	one->is_undone = one->file == undo->job->file_id;
	undo->numbers[undo->count] = hs_db_int(said, row, UNDO_NUMBER);
	undo->figures[undo->count++] = copy;
	return true;
}

static bool take_row(struct undo *undo, const PGresult *said, int row, struct hs_error *err)
{
	const char *key = hs_db_text(said, row, UNDO_KEY);

	if (undo->key == NULL || strcmp(undo->key, key) != 0) {
		if (!end_key(undo, err))
			return false;
		free(undo->key);
		if ((undo->key = strdup(key)) == NULL)
			return no_memory(err);
	}
	return add_statement(undo, said, row, err);
}

static bool replay_page(struct undo *undo, bool *ret_last, struct hs_error *err)
{
	PGresult *said = NULL;
	bool done = true;

	if (!hs_db_exec(undo->db, "fetch " PAGE_ROWS " from said", &said, err))
		return false;
	for (int row = 0; done && row < PQntuples(said); row++)
		done = take_row(undo, said, row, err);
	*ret_last = PQntuples(said) == 0;
	PQclear(said);
	return done;
}

static bool replay(struct undo *undo, struct hs_error *err)
{
	bool is_last = false;

	if (!tell(undo, "finding what becomes of each player-season", err) ||
	    !hs_db_exec(undo->db, undo_read_said, NULL, err))
		return false;
	while (!is_last)
		if (!replay_page(undo, &is_last, err))
			return false;
	return end_key(undo, err) && flush_batch(undo, err) &&
	    hs_db_exec(undo->db, "close said", NULL, err);
}

/* --- names, folded ---------------------------------------------------------------------- */

static json_t *folded_row(const PGresult *names, int row, struct hs_error *err)
{
	const char *name = hs_db_text(names, row, 1);
	char folded[HS_FOLDED_NAME_BYTES];
	json_t *object;

	if (!hs_name_fold(name, strlen(name), folded, sizeof folded, err))
		return NULL;
	object = json_pack("{s:I, s:s, s:s}", "pno", (json_int_t)hs_db_int(names, row, 0),
	    "full_name", name, "name_folded", folded);
	if (object == NULL)
		no_memory(err);
	return object;
}

static bool write_names(struct undo *undo, const PGresult *names, int first, struct hs_error *err)
{
	json_t *list = json_array();
	char *text = NULL;
	bool done = list != NULL || no_memory(err);

	for (int row = first; done && row < PQntuples(names) && row < first + BATCH_ROWS; row++) {
		json_t *object = folded_row(names, row, err);

		done = object != NULL &&
		    (json_array_append_new(list, object) == 0 || no_memory(err));
	}
	if (done && (text = json_dumps(list, JSON_COMPACT)) == NULL)
		done = no_memory(err);
	done = done && hs_db_exec(undo->db, undo_write_names, NULL, err, text);
	free(text);
	json_decref(list);
	return done;
}

static bool fold_names(struct undo *undo, struct hs_error *err)
{
	PGresult *names = NULL;
	bool done = true;

	if (!hs_db_exec(undo->db, undo_read_names, &names, err))
		return false;
	for (int row = 0; done && row < PQntuples(names); row += BATCH_ROWS)
		done = write_names(undo, names, row, err);
	PQclear(names);
	return done;
}

/* --- the whole -------------------------------------------------------------------------- */

enum { FILE_NAME, FILE_STATUS, FILE_SOURCE, FILE_DATE, FILE_HAS_STATEMENTS, FILE_UNDONE_AT,
	FILE_UNDONE_BY };

static bool check_file(const struct undo *undo, const PGresult *file, struct hs_error *err)
{
	const char *status;

	if (PQntuples(file) == 0)
		return hs_error_set(err, HS_NOT_FOUND, "file",
		    "there is no file %s: see hsctl import files", undo->file);
	status = hs_db_text(file, 0, FILE_STATUS);
	if (strcmp(status, "undone") == 0)
		return hs_error_set(err, HS_BAD_ARGUMENT, "file",
		    "the import of file %s was undone already, by %s at %s (UTC)", undo->file,
		    hs_db_text(file, 0, FILE_UNDONE_BY), hs_db_text(file, 0, FILE_UNDONE_AT));
	if (strcmp(status, "imported") != 0)
		return hs_error_set(err, HS_BAD_ARGUMENT, "file",
		    "file %s is %s: it changed nothing that could be undone", undo->file,
		    strcmp(status, "duplicate") == 0 ? "a duplicate" : "one that failed");
	if (hs_db_int(file, 0, FILE_HAS_STATEMENTS) == 0)
		return hs_error_set(err, HS_BAD_ARGUMENT, "file",
		    "file %s was imported by a version that did not keep what files said a second "
		    "time, so what was before it is not known for certain. Restore a backup from "
		    "before it, or import a snapshot of the right figures with a newer date",
		    undo->file);
	return true;
}

/* What a stale file said of a player, and nobody else, is known from here on. */
static bool name_labels(struct undo *undo, int64_t *ret_new, struct hs_error *err)
{
	PGresult *result = NULL;

	if (!hs_db_exec(undo->db, "analyze stage_touched", NULL, err) ||
	    !hs_db_exec(undo->db, merge_insert_labels, &result, err))
		return false;
	*ret_new = hs_db_int(result, 0, 0);
	PQclear(result);
	return true;
}

/* *ret_more: how many more persons are found now. */
static bool refresh(struct undo *undo, int64_t *ret_more, struct hs_error *err)
{
	PGresult *result = NULL;
	int64_t new_label = 0;

	if (!tell(undo, "refreshing what searches read", err) ||
	    !name_labels(undo, &new_label, err))
		return false;
	for (size_t i = 0; i < merge_refresh_count; i++)
		if (!run_step(undo, merge_refresh[i], false, err))
			return false;
	if (!hs_db_exec(undo->db, merge_refresh_persons, &result, err))
		return false;
	*ret_more = hs_db_int(result, 0, 0);
	PQclear(result);
	return new_label == 0 || countries_settle(undo->db, new_label, err);
}

/* Reads what becomes, as JSON. */
static bool look(struct undo *undo, json_t **ret, struct hs_error *err)
{
	PGresult *result = NULL;

	if (!hs_db_exec(undo->db, undo_look, &result, err, SHOWN_ROWS))
		return false;
	*ret = json_loads(hs_db_text(result, 0, 0), 0, NULL);
	PQclear(result);
	return *ret != NULL || no_memory(err);
}

static bool drop_best(struct undo *undo, int64_t *ret_gone, struct hs_error *err)
{
	PGresult *result = NULL;

	if (!hs_db_exec(undo->db, undo_drop_best, &result, err))
		return false;
	*ret_gone = strtoll(PQcmdTuples(result), NULL, 10);
	PQclear(result);
	return true;
}

static bool record(struct undo *undo, const json_t *found, struct hs_error *err)
{
	char *counts = json_dumps(json_object_get(found, "counts"), JSON_COMPACT);
	bool done = counts != NULL ? hs_db_exec(undo->db,
	    "update import_file set status = 'undone', undone_at = clock_timestamp(),"
	    " undone_by = $2::text, undo_counts = $3::jsonb where file_id = $1::bigint", NULL, err,
	    undo->file, undo->job->by, counts) : no_memory(err);

	free(counts);
	return done;
}

static bool take_out(struct undo *undo, json_t **ret, struct hs_error *err)
{
	int64_t gone, more;

	return hs_db_script(undo->db, merge_stage_tables, err) &&
	    hs_db_script(undo->db, undo_tables, err) &&
	    run_part(undo, &undo_gather, err) && replay(undo, err) &&
	    run_part(undo, &undo_figures, err) &&
	    run_step(undo, merge_part_near, false, err) &&
	    run_step(undo, merge_drop_parted, false, err) &&
	    run_part(undo, &undo_derive, err) && look(undo, ret, err) && fold_names(undo, err) &&
	    run_part(undo, &undo_players, err) && refresh(undo, &more, err) &&
	    drop_best(undo, &gone, err) &&
	    hs_db_exec(undo->db, undo_drop_seasons, NULL, err) &&
	    hs_db_exec(undo->db, undo_drop_labels, NULL, err) && record(undo, *ret, err) &&
	    merge_raise_version(undo->db, more - gone, err);
}

/* Under the merge's lock, so that it stays. */
static bool check_version(const struct undo *undo, int64_t *ret, struct hs_error *err)
{
	PGresult *result = NULL;

	if (!hs_db_exec(undo->db, "select version from data_version", &result, err))
		return false;
	*ret = hs_db_int(result, 0, 0);
	PQclear(result);
	return undo->job->if_version == 0 || undo->job->if_version == *ret ||
	    hs_error_set(err, HS_BAD_ARGUMENT, "if-version", "the data has changed since it was "
		"shown what undoing file %s does (version %lld then, %lld now): look again; nothing "
		"was undone", undo->file, (long long)undo->job->if_version, (long long)*ret);
}

/* In the transaction. */
static bool undo_file(struct undo *undo, json_t **ret, struct hs_error *err)
{
	PGresult *file = NULL;
	int64_t version = 0;
	bool done;

	if (!hs_db_exec(undo->db, MERGE_LOCK, NULL, err) ||
	    !hs_db_exec(undo->db, "select name, status, source_name,"
		" to_char(snapshot_date, 'YYYY-MM-DD'), has_statements::integer,"
		" to_char(undone_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI'), undone_by"
		" from import_file where file_id = $1::bigint for update", &file, err, undo->file))
		return false;
	done = check_file(undo, file, err) && check_version(undo, &version, err) &&
	    take_out(undo, ret, err);
	if (done && (json_object_set_new(*ret, "data_version", json_integer(version)) != 0 ||
	    json_object_set_new(*ret, "file_id", json_integer(undo->job->file_id)) != 0 ||
	    json_object_set_new(*ret, "name", json_string(hs_db_text(file, 0, FILE_NAME))) != 0 ||
	    json_object_set_new(*ret, "source_name",
		json_string(hs_db_text(file, 0, FILE_SOURCE))) != 0 ||
	    json_object_set_new(*ret, "snapshot_date",
		json_string(hs_db_text(file, 0, FILE_DATE))) != 0 ||
	    json_object_set_new(*ret, "undone_by", json_string(undo->job->by)) != 0 ||
	    json_object_set_new(*ret, "preview", json_boolean(undo->job->is_preview)) != 0))
		done = no_memory(err);
	PQclear(file);
	return done;
}

static bool is_large(const json_t *found)
{
	return json_integer_value(json_object_get(json_object_get(found, "counts"),
	    "player_seasons")) >= LARGE_ROWS;
}

static void undo_done(struct undo *undo)
{
	for (size_t i = 0; i < undo->count; i++)
		free(undo->figures[i]);
	for (int i = 0; i < LISTS; i++)
		free(undo->lists[i].text);
	free(undo->key);
	free(undo->statements);
	free(undo->figures);
	free(undo->numbers);
}

bool undo_run(struct hs_db *db, const struct undo_job *job, json_t **ret, bool *ret_large,
    struct hs_error *err)
{
	struct undo undo = { .db = db, .job = job };
	json_t *found = NULL;
	bool done;

	snprintf(undo.file, sizeof undo.file, "%lld", (long long)job->file_id);
	if (!hs_db_begin(db, err))
		return false;
	done = undo_file(&undo, &found, err);
	if (!done || job->is_preview)
		hs_db_rollback(db);
	else if (!hs_db_commit(db, err))
		done = false;
	undo_done(&undo);
	if (!done) {
		json_decref(found);
		return false;
	}
	*ret_large = !job->is_preview && is_large(found);
	*ret = found;
	return true;
}
