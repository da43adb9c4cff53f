/* refusals.c: "/records/17/full_name" of a snapshot -> the record of the feed, and what to do.
 *
 * Trusts the validator's pointers. A record that is not known by its number keeps the place that
 * the validator gave it. */
#include "daemons/extractor/refusals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/snapshot.h"

#define PAYLOAD "/raw_payload"

enum { MESSAGE_BYTES = 2 * PARSE_PLACE_BYTES };

/* All records that the problems speak of. */
static size_t gather(const struct hs_problems *problems, struct origin *ret)
{
	const char *rest;
	size_t count = 0;

	for (size_t i = 0; i < hs_problems_kept(problems); i++) {
		const struct hs_problem *problem = hs_problems_at(problems, i);

		count += hs_snapshot_split(problem->pointer, &ret[count].number, &rest);
		count += hs_snapshot_twin(problem, &ret[count].number);
	}
	return count;
}

/* Whose it is, of "/full_name" or "/raw_payload/x". */
static enum hs_field field_of(const char *rest)
{
	enum hs_field field;
	size_t length = rest[0] == '/' ? strcspn(rest + 1, "/") : 0;

	return length > 0 && hs_field_find(rest + 1, length, &field) ? field : HS_FIELD_COUNT;
}

/* "record 4 (line 9, /players/3)", as far as it is known. */
static void describe(const struct feed_place *place, char *buf, size_t size)
{
	char page[48] = "", line[48] = "";

	if (place->page > 0)
		snprintf(page, sizeof page, "page %llu, ", (unsigned long long)place->page);
	if (place->line > 0)
		snprintf(line, sizeof line, "line %llu, ", (unsigned long long)place->line);
	if (place->record > 0)
		snprintf(buf, size, "%srecord %llu (%s%s)", page,
		    (unsigned long long)place->record, line, place->pointer);
	else
		snprintf(buf, size, "%s", place->pointer);
}

static void tell_twin(const struct hs_problem *problem, const struct feed_place *place,
    const struct origin *first, bool has_mapping, struct faults *faults)
{
	char where[PARSE_PLACE_BYTES + 128], message[MESSAGE_BYTES];

	describe(&first->place, where, sizeof where);
	snprintf(message, sizeof message, "the same competition, season, team and player as %s of"
	    " the feed: %s", where, has_mapping ? "let the mapping tell them apart, or drop what the"
	    " source repeats with \"duplicates\": \"drop\"" : "take one of them out");
	faults_add_folded(faults, place, "", HS_FIELD_COUNT, problem, message);
}

static void tell(const struct hs_problem *problem, const struct origin *origins, size_t count,
    bool has_mapping, struct faults *faults)
{
	struct feed_place place = { .pointer = problem->pointer };
	const struct origin *origin = NULL, *first = NULL;
	const char *rest = "", *inside;
	uint64_t number;

	if (hs_snapshot_split(problem->pointer, &number, &rest))
		origin = origins_at(origins, count, number);
	if (origin != NULL && origin->place.record == 0)
		origin = NULL;
	if (origin != NULL)
		place = origin->place;
	if (origin != NULL && hs_snapshot_twin(problem, &number) &&
	    (first = origins_at(origins, count, number)) != NULL) {
		tell_twin(problem, &place, first, has_mapping, faults);
		return;
	}
	/* of a mapped record only its payload is the feed's */
	inside = origin == NULL ? "" : rest;
	if (origin != NULL && has_mapping)
		inside = strncmp(rest, PAYLOAD "/", strlen(PAYLOAD) + 1) == 0 ?
		    rest + strlen(PAYLOAD) : "";
	faults_add_folded(faults, &place, inside, field_of(rest), problem, problem->message);
}

bool refusals_tell(const struct hs_problems *problems, struct origins *origins, bool has_mapping,
    struct faults *faults, struct hs_error *err)
{
	size_t kept = hs_problems_kept(problems), count;
	struct origin *found = calloc(2 * kept + 1, sizeof *found);
	bool done;

	if (found == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for the problems");
	count = gather(problems, found);
	done = origins_find(origins, found, count, err);
	for (size_t i = 0; done && i < kept; i++)
		tell(hs_problems_at(problems, i), found, count, has_mapping, faults);
	if (done)	/* what had no room */
		faults_count(faults, hs_problems_total(problems) - faults_total(faults));
	free(found);
	return done;
}
