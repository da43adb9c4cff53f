/* quality_report.h: what was found out about the data, as of one version of it. */
#ifndef WEB_QUALITY_REPORT_H
#define WEB_QUALITY_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>
#include <libpq-fe.h>

#include "common/error.h"
#include "daemons/web/quality_sql.h"

enum { QUALITY_TIME_BYTES = 24, QUALITY_WHY_BYTES = 160 };

/* Of a competition's season, or of a source in all. */
struct quality_coverage {
	char *source, *competition, *competition_key, *season;	/* the last three NULL: a source */
	char date[16];			/* of its latest snapshot; "" for none */
	int64_t rows, players, teams;
	int64_t known[QUALITY_FIELDS];	/* of rows */
};

struct quality_finding {
	bool is_done;
	char why[QUALITY_WHY_BYTES];	/* not: what kept it */
	int64_t total;
	json_t *items;			/* the first; see quality_report_find */
};

struct quality_report {
	int64_t version, last_version;	/* of the data, when it was begun, at its last question */
	char at[QUALITY_TIME_BYTES];	/* when it was begun, UTC */
	int64_t begun_ms;		/* by hs_clock_ms */
	double seconds;			/* that it took */
	char coverage_why[QUALITY_WHY_BYTES], sources_why[QUALITY_WHY_BYTES];	/* "" when done */
	struct quality_coverage *coverage;	/* as the statement orders them */
	size_t coverage_count;
	int64_t coverage_total;		/* how many there are */
	struct quality_coverage *sources;	/* the same by source, without players and teams */
	size_t source_count;
	json_t *stale;			/* by source, see quality_report_sources */
	struct quality_finding findings[QUALITY_KINDS];
};

/* A new one without anything; NULL without memory. */
struct quality_report *quality_report_new(void);
void quality_report_free(struct quality_report *report);

/* Take in what the statements of quality_sql.h gave. Errors: HS_NO_MEMORY. */

bool quality_report_cover(struct quality_report *report, const PGresult *rows,
    struct hs_error *err);

/* [{"name","players","teams","latest","days","usual","allowed","overdue","last_import":{"at",
 * "status","file","file_id"},"last_run":{"at","status","source"}}], what is not known null. */
bool quality_report_sources(struct quality_report *report, const PGresult *rows,
    struct hs_error *err);

/* Items: [{"player":{"id","name"},"other":{..},"file":{"id","name"},"source","competition",
 * "season","team","nationality","detail","search"}], what an item has not null; search is the query
 * of its rows. */
bool quality_report_find(struct quality_report *report, size_t kind, const PGresult *rows,
    struct hs_error *err);

#endif
