/* pipeline_run.h: for tests of the pipeline: bodies, a mapping, and what a run makes of them. */
#ifndef TESTS_UNIT_PIPELINE_RUN_H
#define TESTS_UNIT_PIPELINE_RUN_H

#include "daemons/extractor/pipeline.h"

enum { RECORD_BYTES = 1 << 20, FEEDS = 3 };

#define FIELDS "\"fields\":{\"competition_external_id\":{\"constant\":\"E\"}," \
	"\"competition_name\":{\"constant\":\"EuroLeague\"},\"season\":{\"constant\":\"2024\"}," \
	"\"team_external_id\":\"/team\",\"team_name\":\"/team\",\"player_external_id\":\"/id\"," \
	"\"full_name\":\"/name\",\"fg_pct\":\"/fg\"}"
#define ARRAY(more) "{\"records\":\"/data\"," more FIELDS "}"

/* Bodies, and what a run makes of them. */
struct order {
	const char *mapping;		/* NULL: the snapshot's own shape */
	const char *join;		/* the first join's body, or NULL */
	const char *feeds[FEEDS];
	bool with_payload, is_dry, is_cancelled;
	bool is_cancelled_late;		/* when all is read, and nothing is in its place yet */
	bool may_be_wrong;		/* the mapping */
	const unsigned char *known_digest;
	const char *source_name;
};

struct outcome {
	struct pipeline_result result;
	json_t *snapshot;		/* NULL: none */
	uint64_t page_records[FEEDS];
	char next[FEEDS][64];
	int64_t total[FEEDS];
	bool is_enough[FEEDS];
	int files;			/* in the folder, at the end */
};

#define PAGE(rows, meta) "{\"data\":[" rows "],\"meta\":" meta "}"
#define ROW(id, name, team, fg) "{\"id\":" id ",\"name\":\"" name "\",\"team\":\"" team \
	"\",\"fg\":" fg "}"

/* Runs it, in a folder that is emptied before. *ret is for outcome_done, also on failure. */
bool pipeline_run(const struct order *order, struct outcome *ret, struct hs_error *err);
void outcome_done(struct outcome *outcome);

/* A record's text, "" when it has none. */
const char *text_of(const struct outcome *outcome, size_t record, const char *field);

/* A row of faults_json has that place and, in its sentence, these words. */
void expect_fault(json_t *const *list, size_t row, const char *pointer, long long record,
    long long line, const char *says);

#endif
