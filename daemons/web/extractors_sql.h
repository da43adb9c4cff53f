/* extractors_sql.h: the statements behind the pages of the extractor. */
#ifndef WEB_EXTRACTORS_SQL_H
#define WEB_EXTRACTORS_SQL_H

enum { EXTRACTORS_PER_PAGE = 50, EXTRACTORS_MOST = 1000 };

enum extractors_source_column {
	SOURCE_NAME, SOURCE_ABOUT, SOURCE_URL_HOST, SOURCE_SCHEDULE, SOURCE_WORDS, SOURCE_ZONE,
	SOURCE_SCHEDULER_ON, SOURCE_PROBLEM, SOURCE_HOST, SOURCE_TOLD, SOURCE_SILENT, SOURCE_ENABLED,
	SOURCE_NEXT, SOURCE_RUN, SOURCE_ASKED	/* then the latest run's, by enum extractors_run_column */
};

enum extractors_run_column {
	XRUN_ID, XRUN_SOURCE, XRUN_TRIGGER, XRUN_STATUS, XRUN_STARTED, XRUN_FINISHED, XRUN_SECONDS,
	XRUN_PAGES, XRUN_BYTES, XRUN_RECORDS, XRUN_PROBLEMS, XRUN_ERROR, XRUN_PROGRESS,
	XRUN_LIST_COLUMNS,
	/* of one run alone */
	XRUN_URL = XRUN_LIST_COLUMNS, XRUN_FILE, XRUN_SOURCE_NAME, XRUN_SNAPSHOT, XRUN_PROBLEM_LIST,
	XRUN_REPORT, XRUN_HOST, XRUN_IMPORT_ID, XRUN_IMPORT_STATUS
};

/* All sources: those told by hsd-extractor, and those that only the database remembers; of one: $1,
 * no row when there is none of that name. */
extern const char extractors_sources_sql[], extractors_source_sql[];

/* The same sources as programs read them, by name. */
enum extractors_api_column {
	XAPI_NAME, XAPI_ABOUT, XAPI_URL_HOST, XAPI_SCHEDULE, XAPI_ZONE, XAPI_ENABLED, XAPI_LAST_DUE,
	XAPI_NEXT_DUE, XAPI_PROBLEM, XAPI_HOST, XAPI_TOLD_AT,
	/* of the latest run, null when there is none */
	XAPI_RUN, XAPI_TRIGGER, XAPI_STATUS, XAPI_STARTED, XAPI_FINISHED, XAPI_SOURCE, XAPI_SNAPSHOT,
	XAPI_PAGES, XAPI_BYTES, XAPI_RECORDS, XAPI_PROBLEMS, XAPI_ERROR
};
extern const char extractors_api_sql[];

/* Runs as programs read them, from XAPI_RUN on. $1: a source, $2: at most so many, $3: after so many,
 * the latest first; $1: a run, and after its columns which source, its problems and its report. */
enum { XAPI_RUN_COLUMNS = XAPI_ERROR + 1 - XAPI_RUN, XAPI_ONE_SOURCE = XAPI_RUN_COLUMNS,
	XAPI_ONE_PROBLEMS, XAPI_ONE_REPORT };
extern const char extractors_api_runs_sql[], extractors_api_run_sql[];

/* $1: a source: how many runs. $1, $2: a source, from which on: at most EXTRACTORS_PER_PAGE. */
extern const char extractors_total_sql[], extractors_runs_sql[];

/* $1: a run; $1, $2: a request for a dry run, and its source: the run (maybe none). */
extern const char extractors_run_sql[], extractors_asked_run_sql[];

/* $1: a source, or null for all: how many runs are under way, how many requests are. */
extern const char extractors_moving_sql[];
/* The same of $1, a run. */
extern const char extractors_run_moving_sql[];

#endif
