/* mapping.h: a source as a file describes it: where its feed is, where the records are in it, and
 * what becomes of each. hoopscout-mapping(5) describes the file.
 *
 * A mapping is read whole and checked whole: each mistake has the JSON Pointer of its place and a
 * sentence. What has been read is never changed. */
#ifndef HS_EXTRACTOR_MAPPING_H
#define HS_EXTRACTOR_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/date.h"
#include "common/error.h"
#include "common/fields.h"
#include "common/problems.h"
#include "daemons/extractor/expression.h"
#include "daemons/extractor/parse.h"
#include "daemons/extractor/value.h"

enum {
	MAPPING_MAX_BYTES = 256 << 10,
	MAPPING_MAX_URLS = 1000,
	MAPPING_MAX_HEADERS = 16,
	MAPPING_MAX_JOINS = 8,
	MAPPING_MAX_EACH = 3,
	MAPPING_MAX_SKIPS = 32,
	MAPPING_MAX_GROUP = 8,
	MAPPING_DIGEST_BYTES = 32
};

struct mapping_url {
	const char *url;
	const char **with;		/* texts or NULL, by slots.with */
};

/* A header of each request: one of value and env is set. */
struct mapping_header {
	const char *name;
	const char *value;
	const char *env;		/* the environment variable that holds it */
};

enum paging_kind { PAGING_NONE, PAGING_PAGE, PAGING_OFFSET, PAGING_CURSOR, PAGING_LINK };

struct mapping_paging {
	enum paging_kind kind;
	const char *parameter;		/* NULL for links */
	int64_t start;
	const char *size_parameter;	/* or NULL */
	int64_t size;			/* 0: not known */
	int64_t limit;			/* of pages */
	size_t next_slot, total_slot;	/* in slots.document; SIZE_MAX: none */
};

struct mapping_join {
	const char *name;
	const char *url;		/* NULL: it is in the feed itself */
	struct parse_shape records;
	const struct expression *key;
};

enum mapping_date { MAPPING_TODAY, MAPPING_ON, MAPPING_FOUND };
enum mapping_choice { MAPPING_UNSAID, MAPPING_YES, MAPPING_NO };

struct mapping {
	struct arena *arena;		/* where all of it lies */
	unsigned char digest[MAPPING_DIGEST_BYTES];	/* SHA-256 of all that a snapshot depends on */
	const char *about;		/* or NULL, as all texts here */
	struct mapping_url *urls;
	size_t url_count;
	struct mapping_header headers[MAPPING_MAX_HEADERS];
	size_t header_count;
	struct mapping_paging paging;
	struct mapping_join joins[MAPPING_MAX_JOINS];
	size_t join_count;
	const char *schedule, *timezone;
	const char *source_name;

	enum mapping_date date;
	struct hs_date snapshot_date;	/* of MAPPING_ON */
	const struct expression *date_found;	/* of MAPPING_FOUND */

	struct parse_shape records;
	struct value_pointer each[MAPPING_MAX_EACH];
	size_t each_count;
	const struct expression *fields[HS_FIELD_COUNT];	/* NULL: not mapped */
	const struct condition *skips[MAPPING_MAX_SKIPS];
	size_t skip_count;
	const struct expression *group[MAPPING_MAX_GROUP];
	size_t group_count;		/* 0: records are not grouped */
	bool drops_duplicates;
	bool skips_problems;
	int64_t min_records;		/* fewer fail the run */
	enum mapping_choice raw_payload;

	struct expression_slots slots;	/* what its expressions want to know */
	struct expression_join join_slots[MAPPING_MAX_JOINS];
};

/* Reads and checks a mapping. *ret is the caller's, for mapping_free. Mistakes are added to
 * mistakes, which is the caller's; their line is that of the JSON when it is none, else 0.
 * Errors: HS_NOT_FOUND, HS_TOO_LONG, HS_IO, HS_NO_MEMORY; HS_BAD_MAPPING when there are mistakes,
 * which says how many and the first. Its schedule and time zone are the scheduler's to understand:
 * a source whose are wrong runs by command. */
bool mapping_load(const char *path, struct hs_problems *mistakes, struct mapping **ret,
    struct hs_error *err);

/* The same of a text; name is the file's, for messages. */
bool mapping_parse(const char *name, const char *text, size_t length, struct hs_problems *mistakes,
    struct mapping **ret, struct hs_error *err);

/* All that is wrong with a mapping, its schedule and time zone too; nothing is kept. */
bool mapping_judge(const char *path, struct hs_problems *mistakes, struct hs_error *err);

/* Accepts NULL. */
void mapping_free(struct mapping *mapping);

#endif
