/* imports_sql.h: the statements behind the pages of the import history. */
#ifndef WEB_IMPORTS_SQL_H
#define WEB_IMPORTS_SQL_H

#include "daemons/web/imports_query.h"
#include "daemons/web/sql.h"

enum imports_run_column {
	RUN_ID,
	RUN_TRIGGER,
	RUN_STATUS,
	RUN_STARTED,
	RUN_FINISHED,
	RUN_SECONDS,
	RUN_FILES,
	RUN_IMPORTED,
	RUN_DUPLICATE,
	RUN_FAILED,
	RUN_RECORDS,
	RUN_CREATED,
	RUN_UPDATED,
	RUN_UNCHANGED,
	RUN_STALE
};

enum imports_file_column {
	FILE_ID,
	FILE_RUN,
	FILE_NAME,
	FILE_STATUS,
	FILE_SOURCE,
	FILE_SNAPSHOT,
	FILE_SIZE,
	FILE_RECORDS,
	FILE_CREATED,
	FILE_UPDATED,
	FILE_UNCHANGED,
	FILE_STALE,
	FILE_PROBLEMS,
	FILE_TRIGGER,
	FILE_FINISHED,
	FILE_SECONDS,
	FILE_STORED_AS,
	FILE_SHA256,
	FILE_DUPLICATE_OF,
	FILE_LIST_COLUMNS,
	/* of one file alone */
	FILE_NEW_PLAYERS = FILE_LIST_COLUMNS,
	FILE_NEW_TEAMS,
	FILE_NEW_COMPETITIONS,
	FILE_NEW_SEASONS,
	FILE_STARTED,
	FILE_PROBLEM_LIST,
	FILE_HAS_STATEMENTS,
	FILE_UNDONE_AT,
	FILE_UNDONE_BY,
	FILE_DELETED_AT,
	FILE_DELETED_BY,
	FILE_ORIGINAL_NAME,
	FILE_ORIGINAL_FINISHED,
	FILE_ORIGINAL_STATUS
};

/* A page of a list, and how many there are in all ("count"). */
void imports_sql_list(const struct imports_query *query, struct sql *sql);
void imports_sql_total(const struct imports_query *query, struct sql *sql);

/* Of each checksum that begins so, and best of that name, the latest file: its columns of a list,
 * or nulls; in this order. */
void imports_sql_fates(char *const *digests, char *const *names, size_t count, struct sql *sql);

/* $1: a run, a file. */
extern const char imports_run_sql[], imports_file_sql[];

/* $1: a file. Those that have its content: file_id, name, finished; at most 20. */
extern const char imports_duplicates_sql[];

/* The sources of all files, at most 200. */
extern const char imports_sources_sql[];

/* Whether something moves: a run is under way (true or false), how many of its files are done, how
 * many requests to the importer wait or run. */
extern const char imports_moving_sql[];

#endif
