/* quality_sql.h: the questions of the data quality page, and the limits that they judge by.
 *
 * A season's year is the one that seasons are sorted by (PLAYER_SEASON_KEY). Each finding's
 * statement gives one row for each of the first QUALITY_KEPT items, with the columns of enum
 * quality_column; the first column says how many there are. */
#ifndef WEB_QUALITY_SQL_H
#define WEB_QUALITY_SQL_H

#include <stdbool.h>
#include <stddef.h>

/* As text, since they stand in statements and in sentences. */
#define QUALITY_STEP_SECONDS "120"	/* for one question to the database */
#define QUALITY_KEPT "500"		/* items of a finding; of more there is the number */
#define QUALITY_COVERAGE_KEPT "50000"	/* competitions' seasons */
#define QUALITY_LEAST_AGE "14"
#define QUALITY_MOST_AGE "50"
#define QUALITY_MOST_MINUTES "48"
#define QUALITY_MOST_POINTS "60"
#define QUALITY_LEAST_PERCENTAGES "5"	/* known ones above 0, to speak of their scale */
#define QUALITY_HEIGHT_STEP "20"
#define QUALITY_WEIGHT_STEP "40"
#define QUALITY_LEAST_TEAM "5"
#define QUALITY_POINTS_APART "5"	/* hundredths of a game's points, for rounding */
#define QUALITY_OVERDUE_FACTOR "2"
#define QUALITY_OVERDUE_DAYS "2"
#define QUALITY_GAPS "10"		/* the latest that say what is usual */
#define QUALITY_LEAST_GAPS "2"

enum quality_column {
	QUALITY_TOTAL,
	QUALITY_PLAYER_ID,
	QUALITY_PLAYER,
	QUALITY_OTHER_ID,
	QUALITY_OTHER,
	QUALITY_FILE_ID,
	QUALITY_FILE,
	QUALITY_SOURCE,
	QUALITY_COMPETITION,
	QUALITY_COMPETITION_KEY,	/* SOURCE:EXTERNAL_ID, as the search has it */
	QUALITY_SEASON,
	QUALITY_TEAM,
	QUALITY_TEAM_KEY,
	QUALITY_NATIONALITY,
	QUALITY_DETAIL
};

struct quality_kind {
	const char *name;		/* in addresses and for programs */
	const char *title;		/* of the list */
	const char *explanation;	/* a sentence: what it is, and by which limit */
	bool needs_statements;		/* the table player_statement, which may not be there */
	bool is_of_percentages;		/* of a file's rows: quality_rows.h */
	const char *sql;
};

enum { QUALITY_KINDS = 17 };
extern const struct quality_kind quality_kinds[QUALITY_KINDS];

/* Of each transaction the first: the data's version, the time as "2026-11-29T08:00:00Z", whether
 * there is a table player_statement; and it bounds what follows there. */
extern const char quality_begin_sql[];

/* What is counted as known: of the player as he is now, then the figures. */
enum { QUALITY_FIELDS = 17 };
struct quality_field { const char *name, *head, *title; };
extern const struct quality_field quality_fields[QUALITY_FIELDS];

/* A row a competition's season, by source, competition, and the latest season first. */
enum quality_coverage_column {
	COVERAGE_TOTAL,			/* of these rows */
	COVERAGE_SOURCE,
	COVERAGE_COMPETITION,
	COVERAGE_COMPETITION_KEY,
	COVERAGE_SEASON,
	COVERAGE_DATE,			/* of the latest snapshot that it has figures of */
	COVERAGE_ROWS,
	COVERAGE_PLAYERS,
	COVERAGE_TEAMS,
	COVERAGE_FIRST_FIELD
};
extern const char quality_coverage_sql[];

/* A row a source. */
enum quality_source_column {
	SOURCE_NAME,
	SOURCE_PLAYERS,
	SOURCE_TEAMS,
	SOURCE_DATE,			/* of its latest snapshot */
	SOURCE_DAYS,			/* since then */
	SOURCE_USUAL,			/* days between snapshots, null: too few to tell */
	SOURCE_ALLOWED,			/* days, then it is overdue; null with SOURCE_USUAL */
	SOURCE_IMPORTED_AT,
	SOURCE_IMPORT_STATUS,
	SOURCE_FILE_ID,
	SOURCE_FILE,
	SOURCE_RUN_AT,			/* of the extractor; null: it never fetched this source */
	SOURCE_RUN_STATUS,
	SOURCE_RUN_NAME,
	SOURCE_RUN_ID
};
extern const char quality_sources_sql[];

#endif
