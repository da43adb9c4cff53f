/* load.c: one file into the staging tables, validated and copied in one reading, hashed on the way.
 *
 * Trusts the validator: records that reach us are right. Memory does not grow with the
 * file: rows go straight to the database, the roster and the names are bounded. Names beyond
 * their bound are a problem of the file; any other failure is not, and the caller rolls back. */
#include "daemons/importer/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/excerpt.h"
#include "common/file.h"
#include "common/text.h"
#include "daemons/importer/copy_row.h"
#include "daemons/importer/dimensions.h"
#include "daemons/importer/merge_sql.h"
#include "daemons/importer/roster.h"

enum { READ_BYTES = 128 << 10 };

struct load {
	struct hs_db *db;
	const struct progress *progress;
	struct hs_snapshot *snapshot;
	struct hs_problems *refusals;	/* problems that are ours, not the validator's */
	struct dimensions *dimensions;
	struct roster *roster;
	bool copying;			/* stage_row is being copied into */
	bool has_extras, roster_in_parts;
	int64_t records;
	char bytes[READ_BYTES];
	struct copy_row row;
};

static bool put(void *arg, const void *bytes, size_t length, struct hs_error *err)
{
	return hs_db_copy_put(arg, bytes, length, err);
}

static bool begin_copy(struct load *load, const char *sql, struct hs_error *err)
{
	if (!hs_db_copy_begin(load->db, sql, err))
		return false;
	copy_row_init(&load->row, put, load->db);
	return true;
}

static bool end_copy(struct load *load, struct hs_error *err)
{
	return copy_row_finish(&load->row, err) && hs_db_copy_end(load->db, NULL, err);
}

static bool begin_rows(struct load *load, struct hs_error *err)
{
	if (!load->copying && !begin_copy(load, merge_copy_rows, err))
		return false;
	load->copying = true;
	return true;
}

static bool end_rows(struct load *load, struct hs_error *err)
{
	bool was_copying = load->copying;

	load->copying = false;
	return !was_copying || end_copy(load, err);
}

static void copy_figure(struct copy_row *row, int hundredths)
{
	if (hundredths < 0)
		copy_null(row);
	else
		copy_int2(row, hundredths);
}

static void copy_roster_text(struct load *load, const struct roster_player *player,
    enum roster_text text)
{
	size_t length;
	const char *value = roster_text(load->roster, player, text, &length);

	copy_text(&load->row, value, length);
}

static bool copy_player(struct load *load, size_t n, struct hs_error *err)
{
	const struct roster_player *player = roster_at(load->roster, n);
	char folded[HS_FOLDED_NAME_BYTES];
	size_t length;
	const char *name = roster_text(load->roster, player, ROSTER_FULL_NAME, &length);

	if (!hs_name_fold(name, length, folded, sizeof folded, err))
		return false;
	copy_columns(&load->row, MERGE_PLAYER_COLUMNS);
	copy_int4(&load->row, roster_number(load->roster, n));
	copy_roster_text(load, player, ROSTER_EXTERNAL_ID);
	copy_roster_text(load, player, ROSTER_FULL_NAME);
	copy_text(&load->row, folded, strlen(folded));
	copy_roster_text(load, player, ROSTER_FIRST_NAME);
	copy_roster_text(load, player, ROSTER_LAST_NAME);
	copy_date(&load->row, player->birth_date);
	copy_roster_text(load, player, ROSTER_NATIONALITY);
	copy_roster_text(load, player, ROSTER_POSITION);
	copy_roster_text(load, player, ROSTER_ROLE);
	copy_figure(&load->row, player->height);
	copy_figure(&load->row, player->weight);
	return copy_row_done(&load->row, err);
}

/* Sends the roster off, and clears it. */
static bool send_roster(struct load *load, struct hs_error *err)
{
	size_t count = roster_count(load->roster);

	if (!end_rows(load, err) || !begin_copy(load, merge_copy_players, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (copy_player(load, i, err))
			continue;
		hs_db_copy_abort(load->db);
		return false;
	}
	if (!end_copy(load, err))
		return false;
	roster_clear(load->roster);
	return true;
}

static bool send_names(struct load *load, struct hs_error *err)
{
	size_t count = dimensions_count(load->dimensions);
	struct dimension_name name;

	if (!begin_copy(load, merge_copy_names, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		dimensions_at(load->dimensions, i, &name);
		copy_columns(&load->row, MERGE_NAME_COLUMNS);
		copy_int4(&load->row, (int)name.kind);
		copy_int4(&load->row, name.number);
		copy_text(&load->row, name.external_id, name.external_id_length);
		copy_text(&load->row, name.name, name.name_length);
	}
	return end_copy(load, err);
}

static bool note_player(struct load *load, const struct hs_record *record, int *ret_number,
    struct hs_error *err)
{
	if (roster_note(load->roster, record, ret_number))
		return true;
	load->roster_in_parts = true;
	if (!send_roster(load, err))
		return false;
	if (roster_note(load->roster, record, ret_number))
		return true;
	return hs_error_set(err, HS_NO_MEMORY, "", "no memory for the players of a file");
}

static bool note_dimension(struct load *load, enum dimension kind, const struct hs_value *id,
    const struct hs_value *name, int *ret_number, struct hs_error *err)
{
	return dimensions_number(load->dimensions, kind, id->text, id->length, name->text,
	    name->length, ret_number, err);
}

static bool copy_record(struct load *load, const struct hs_record *record, int player,
    const int dimensions[DIMENSION_COUNT], struct hs_error *err)
{
	const struct hs_value *values = record->values;
	struct copy_row *row = &load->row;

	copy_columns(row, MERGE_ROW_COLUMNS);
	copy_int4(row, (int)record->number);
	copy_int4(row, player);
	for (int kind = 0; kind < DIMENSION_COUNT; kind++)
		copy_int4(row, dimensions[kind]);
	copy_text(row, values[HS_FIELD_POSITION].text, values[HS_FIELD_POSITION].length);
	copy_text(row, values[HS_FIELD_ROLE].text, values[HS_FIELD_ROLE].length);
	for (int i = 0; i < HS_METRIC_COUNT; i++)
		copy_int2(row, values[HS_FIRST_METRIC + i].hundredths);
	copy_jsonb(
	    row, values[HS_FIELD_SOURCE_METADATA].text, values[HS_FIELD_SOURCE_METADATA].length);
	copy_jsonb(row, values[HS_FIELD_RAW_PAYLOAD].text, values[HS_FIELD_RAW_PAYLOAD].length);
	return copy_row_done(row, err);
}

static void refuse(struct load *load, const struct hs_record *record, const struct hs_error *why)
{
	char pointer[64];

	snprintf(pointer, sizeof pointer, "/records/%llu", (unsigned long long)record->number);
	hs_problems_add(load->refusals, why->code, pointer, record->line, record->column, "%s",
	    why->message);
}

static bool on_record(void *arg, const struct hs_record *record, struct hs_error *err)
{
	struct load *load = arg;
	const struct hs_value *values = record->values;
	int player, numbers[DIMENSION_COUNT];

	if (!note_dimension(load, DIMENSION_COMPETITION, &values[HS_FIELD_COMPETITION_EXTERNAL_ID],
		&values[HS_FIELD_COMPETITION_NAME], &numbers[DIMENSION_COMPETITION], err) ||
	    !note_dimension(load, DIMENSION_SEASON, &values[HS_FIELD_SEASON],
		&values[HS_FIELD_SEASON], &numbers[DIMENSION_SEASON], err) ||
	    !note_dimension(load, DIMENSION_TEAM, &values[HS_FIELD_TEAM_EXTERNAL_ID],
		&values[HS_FIELD_TEAM_NAME], &numbers[DIMENSION_TEAM], err)) {
		if (err->code == HS_TOO_MANY_NAMES)
			refuse(load, record, err);
		return false;
	}
	load->records++;
	load->has_extras = load->has_extras || values[HS_FIELD_SOURCE_METADATA].text != NULL ||
	    values[HS_FIELD_RAW_PAYLOAD].text != NULL;
	return note_player(load, record, &player, err) && begin_rows(load, err) &&
	    copy_record(load, record, player, numbers, err);
}

static bool read_and_push(struct load *load, int fd, EVP_MD_CTX *running, struct hs_error *err)
{
	int64_t total = 0;
	size_t length;

	do {
		if (!progress_goes_on(load->progress, err) ||
		    !hs_file_read(fd, load->bytes, sizeof load->bytes, &length, err) ||
		    !digest_add(running, load->bytes, length, err))
			return false;
		if (!hs_snapshot_is_over(load->snapshot) &&
		    !hs_snapshot_push(load->snapshot, load->bytes, length, err))
			return false;
		total += (int64_t)length;
		progress_tell(load->progress, STAGE_LOADING, total, load->records);
	} while (length > 0);
	return hs_snapshot_finish(load->snapshot, err);
}

/* Reads to the end, whatever the validator says, so that the content is known to be the expected
 * one. */
static bool read_all(struct load *load, int fd, const struct digest *expected, struct hs_error *err)
{
	EVP_MD_CTX *running = NULL;
	struct digest digest;
	bool done = false;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return hs_error_errno(err, "", "cannot read the file from its beginning");
	if (!digest_new(&running, err))
		return false;
	if (!read_and_push(load, fd, running, err) || !digest_end(running, &digest, err))
		goto out;
	done = digest_equal(&digest, expected) ||
	    hs_error_set(err, HS_FILE_CHANGED, "", "the file changed while it was read");
out:
	digest_free(running);
	return done;
}

bool load_new(struct hs_db *db, size_t max_record_bytes, const struct progress *progress,
    struct load **ret, struct hs_error *err)
{
	struct load *load = calloc(1, sizeof *load);
	struct hs_snapshot_options options = { .max_record_bytes = max_record_bytes,
		.on_record = on_record, .arg = load };

	if (load == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to load a file");
	load->db = db;
	load->progress = progress;
	if ((load->refusals = hs_problems_new()) == NULL ||
	    (load->dimensions = dimensions_new()) == NULL ||
	    (load->roster = roster_new()) == NULL) {
		load_free(load);
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to load a file");
	}
	if (!hs_snapshot_new(&options, &load->snapshot, err)) {
		load_free(load);
		return false;
	}
	*ret = load;
	return true;
}

void load_free(struct load *load)
{
	if (load == NULL)
		return;
	hs_snapshot_free(load->snapshot);
	hs_problems_free(load->refusals);
	dimensions_free(load->dimensions);
	roster_free(load->roster);
	free(load);
}

static void abort_rows(struct load *load)
{
	if (load->copying)
		hs_db_copy_abort(load->db);
	load->copying = false;
}

bool load_file(struct load *load, int fd, const struct digest *expected, struct hs_error *err)
{
	if (!hs_db_script(load->db, merge_stage_tables, err))
		return false;
	if (!read_all(load, fd, expected, err)) {
		abort_rows(load);
		return hs_problems_total(load->refusals) > 0;
	}
	if (hs_problems_total(load_problems(load)) > 0) {
		abort_rows(load);
		return true;
	}
	return end_rows(load, err) && send_roster(load, err) && send_names(load, err);
}

const struct hs_problems *load_problems(const struct load *load)
{
	return hs_problems_total(load->refusals) > 0 ? load->refusals :
						       hs_snapshot_problems(load->snapshot);
}

void load_add_excerpts(struct load *load, int fd)
{
	hs_excerpts_add(load->refusals, fd);
	hs_snapshot_add_excerpts(load->snapshot, fd);
}

const struct hs_snapshot_head *load_head(const struct load *load)
{
	return hs_snapshot_head(load->snapshot);
}

bool load_has_extras(const struct load *load)
{
	return load->has_extras;
}

bool load_roster_in_parts(const struct load *load)
{
	return load->roster_in_parts;
}
