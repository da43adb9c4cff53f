/* report.h: what became of one file: as a row of import_file, and as hsctl and the log show it. */
#ifndef IMPORTER_REPORT_H
#define IMPORTER_REPORT_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>
#include <libpq-fe.h>

#include "common/error.h"
#include "daemons/importer/digest.h"

enum report_status { REPORT_IMPORTED, REPORT_DUPLICATE, REPORT_FAILED, REPORT_UNDONE, REPORT_WAITING };

enum {
	REPORT_NAME_BYTES = 3 * NAME_MAX + 1,	/* a file name as valid UTF-8 */
	REPORT_SOURCE_BYTES = 401,		/* 100 characters */
	REPORT_EVENT_PROBLEMS = 10	/* shown in an event; the row and the file have all */
};

struct report {
	int64_t file_id, run_id;	/* 0: no row */
	enum report_status status;
	char name[REPORT_NAME_BYTES];
	char stored_as[REPORT_NAME_BYTES];	/* "": still in incoming */
	char source_name[REPORT_SOURCE_BYTES];	/* "": not known */
	char snapshot_date[16];			/* "": not known */
	int64_t size_bytes;
	char sha256[DIGEST_TEXT_BYTES];		/* "": not read */
	int64_t records, created, updated, unchanged, stale;
	int64_t new_players, new_teams, new_competitions, new_seasons;
	int64_t problem_total;
	json_t *problems;			/* an array, or NULL; owned */
	int64_t duration_ms;
	int64_t duplicate_of;			/* 0: of none */
	char duplicate_name[REPORT_NAME_BYTES];
	char reason[HS_ERROR_MESSAGE_BYTES];	/* why it waits */
};

/* Begins a report of a file; its name may be any bytes. */
void report_init(struct report *report, const char *name);
void report_done(struct report *report);

/* What is selected from import_file f left join import_file d (what it duplicates) for
 * report_from_row. */
#define REPORT_COLUMNS \
	"f.file_id, f.run_id, f.name, f.status, f.stored_as, f.source_name," \
	" to_char(f.snapshot_date, 'YYYY-MM-DD'), f.size_bytes, encode(f.sha256, 'hex')," \
	" f.records, f.created, f.updated, f.unchanged, f.stale, f.new_players, f.new_teams," \
	" f.new_competitions, f.new_seasons, f.problem_total, f.problems," \
	" (extract(epoch from f.finished_at - f.started_at) * 1000)::bigint, f.duplicate_of, d.name"
#define REPORT_TABLES "import_file f left join import_file d on d.file_id = f.duplicate_of"

enum { REPORT_COLUMN_COUNT = 23 };

/* Fills a fresh report from such a row, whose columns begin at column. */
void report_from_row(const PGresult *result, int row, int column, struct report *ret);

/* "imported", ... as import_file.status has it; "waiting" is no row. */
const char *report_status_name(enum report_status status);

/* The event's body; a new reference, NULL without memory. */
json_t *report_json(const struct report *report);

/* One line in the log for a file that is finished or waits. */
void report_log(const struct report *report);

/* Sums over files, as the result of a command has them. */
struct report_totals {
	int64_t files, imported, duplicate, failed, waiting;
	int64_t records, created, updated, unchanged, stale;
};

void report_add(struct report_totals *totals, const struct report *report);
json_t *report_totals_json(const struct report_totals *totals, double seconds);

#endif
