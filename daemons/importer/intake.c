/* intake.c: the files in incoming that wait for their turn, and when each may be taken.
 *
 * Trusts what it is told; decides, and does nothing itself. What was seen once is a hint:
 * whoever takes a file opens it and looks again. */
#include "daemons/importer/intake.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

enum { BUCKETS = 4096 };

enum candidate_state {
	CANDIDATE_RESTING,	/* looked at again when due */
	CANDIDATE_EMPTY,	/* the same; fails when it stays empty too long */
	CANDIDATE_READY,	/* for the worker */
	CANDIDATE_PLAYED,	/* at the worker */
	CANDIDATE_WAITING	/* could not be done; ready again when due */
};

struct candidate {
	struct candidate *next, *previous;	/* in order of arrival */
	struct candidate *below;		/* in its bucket */
	char name[NAME_MAX + 1];
	struct place_facts facts;
	enum candidate_state state;
	double since;		/* first seen */
	double unchanged_since;	/* its facts have been the same */
	double due;		/* of RESTING, EMPTY and WAITING */
	unsigned attempts;	/* that failed */
	bool is_first_scan;
	bool is_stirred;	/* seen otherwise, or under another name, while played */
	bool is_hurried;
	double hurried_at;
	bool has_given_up;	/* was hurried, and is not ready */
	char reason[HS_ERROR_MESSAGE_BYTES];
};

struct intake {
	double empty_seconds;
	size_t count;
	struct candidate *first, *last, *played;
	struct candidate *buckets[BUCKETS];
	double held_until;	/* the database is away */
	unsigned held_attempts;
	char held_reason[HS_ERROR_MESSAGE_BYTES];
};

struct intake *intake_new(double empty_seconds)
{
	struct intake *intake = calloc(1, sizeof *intake);

	if (intake != NULL)
		intake->empty_seconds = empty_seconds;
	return intake;
}

void intake_free(struct intake *intake)
{
	if (intake == NULL)
		return;
	for (struct candidate *next, *at = intake->first; at != NULL; at = next) {
		next = at->next;
		free(at);
	}
	free(intake);
}

void intake_set_empty_seconds(struct intake *intake, double empty_seconds)
{
	intake->empty_seconds = empty_seconds;
}

static struct candidate **bucket_of(struct intake *intake, const struct place_facts *facts)
{
	return &intake->buckets[(facts->inode ^ facts->device * 31) % BUCKETS];
}

static struct candidate *find(struct intake *intake, const struct place_facts *facts)
{
	struct candidate *at = *bucket_of(intake, facts);

	while (at != NULL && !place_same_file(&at->facts, facts))
		at = at->below;
	return at;
}

static struct candidate *add(
    struct intake *intake, const struct intake_sighting *sighting, double now)
{
	struct candidate *candidate = calloc(1, sizeof *candidate), **bucket;

	if (candidate == NULL)
		return NULL;
	snprintf(candidate->name, sizeof candidate->name, "%s", sighting->name);
	candidate->facts = sighting->facts;
	candidate->since = now;
	candidate->is_first_scan = sighting->is_first_scan;
	bucket = bucket_of(intake, &sighting->facts);
	candidate->below = *bucket;
	*bucket = candidate;
	candidate->previous = intake->last;
	if (intake->last != NULL)
		intake->last->next = candidate;
	else
		intake->first = candidate;
	intake->last = candidate;
	intake->count++;
	return candidate;
}

static void drop(struct intake *intake, struct candidate *candidate)
{
	struct candidate **at = bucket_of(intake, &candidate->facts);

	while (*at != candidate)
		at = &(*at)->below;
	*at = candidate->below;
	if (candidate->previous != NULL)
		candidate->previous->next = candidate->next;
	else
		intake->first = candidate->next;
	if (candidate->next != NULL)
		candidate->next->previous = candidate->previous;
	else
		intake->last = candidate->previous;
	if (intake->played == candidate)
		intake->played = NULL;
	intake->count--;
	free(candidate);
}

static void rest(struct candidate *candidate, double due, const char *reason)
{
	candidate->state = CANDIDATE_RESTING;
	candidate->due = due;
	snprintf(candidate->reason, sizeof candidate->reason, "%s", reason);
}

static void judge_empty(const struct intake *intake, struct candidate *candidate, double now)
{
	double until = candidate->unchanged_since + intake->empty_seconds;

	if (now >= until) {
		candidate->state = CANDIDATE_READY;
		return;
	}
	candidate->state = CANDIDATE_EMPTY;
	candidate->due = until;
	snprintf(candidate->reason, sizeof candidate->reason,
	    "empty; it fails if it is not filled within %.0f s", intake->empty_seconds);
}

/* Whether its content has come to rest, as far as one can know. */
static bool is_at_rest(const struct candidate *candidate, const struct intake_sighting *sighting,
    double now)
{
	if (now - candidate->unchanged_since < INTAKE_REST_SECONDS)
		return false;
	/* a scan's first look says nothing about a file whose writer nobody can name */
	return sighting->writer == WRITER_NONE || now - candidate->since >= INTAKE_REST_SECONDS;
}

static void judge(const struct intake *intake, struct candidate *candidate,
    const struct intake_sighting *sighting, bool changed, double now)
{
	if (sighting->writer == WRITER_BUSY)
		rest(candidate, now + INTAKE_REST_SECONDS, "still open for writing");
	else if (sighting->facts.size_bytes == 0)
		judge_empty(intake, candidate, now);
	else if (sighting->is_told || is_at_rest(candidate, sighting, now))
		candidate->state = CANDIDATE_READY;
	else
		rest(candidate, now + INTAKE_REST_SECONDS,
		    changed ? "still growing" : "just found; is it still growing?");
}

/* Long after being hurried, and neither taken nor ready. */
static void judge_hurry(struct candidate *candidate, double now)
{
	if (candidate->is_hurried && candidate->state != CANDIDATE_READY &&
	    now - candidate->hurried_at >= INTAKE_REST_SECONDS)
		candidate->has_given_up = true;
}

bool intake_see(struct intake *intake, const struct intake_sighting *sighting, double now)
{
	struct candidate *candidate = find(intake, &sighting->facts);
	bool is_new = candidate == NULL, changed;

	if (is_new && (intake->count == INTAKE_MAX ||
			  (candidate = add(intake, sighting, now)) == NULL))
		return false;
	changed = !is_new && !place_same_content(&candidate->facts, &sighting->facts);
	if (candidate->state == CANDIDATE_PLAYED) {
		candidate->is_stirred = candidate->is_stirred || changed ||
		    strcmp(candidate->name, sighting->name) != 0;
		return true;
	}
	/* renamed, or a second link, which a scan finds when the first is done */
	if (strcmp(candidate->name, sighting->name) != 0) {
		snprintf(candidate->name, sizeof candidate->name, "%s", sighting->name);
		candidate->is_stirred = true;
	}
	if (is_new)
		candidate->unchanged_since = now - (sighting->age > 0 ? sighting->age : 0);
	else if (changed)
		candidate->unchanged_since = now;
	/* an empty file's time begins when we see it */
	if (is_new && sighting->facts.size_bytes == 0)
		candidate->unchanged_since = now;
	candidate->facts = sighting->facts;
	/* what failed is not looked at again before its time, unless it was written anew */
	if (candidate->state == CANDIDATE_WAITING && !changed && !sighting->is_told)
		return true;
	if (is_new || changed || candidate->state != CANDIDATE_READY)
		judge(intake, candidate, sighting, changed, now);
	judge_hurry(candidate, now);
	return true;
}

bool intake_due_look(struct intake *intake, double now, char name[NAME_MAX + 1])
{
	for (struct candidate *at = intake->first; at != NULL; at = at->next) {
		bool looks = at->state == CANDIDATE_RESTING || at->state == CANDIDATE_EMPTY;

		if (!looks || at->due > now)
			continue;
		/* whatever comes of the look, not again in this round */
		at->due = now + INTAKE_REST_SECONDS;
		memcpy(name, at->name, sizeof at->name);
		return true;
	}
	return false;
}

void intake_lost(struct intake *intake, const char *name)
{
	for (struct candidate *next, *at = intake->first; at != NULL; at = next) {
		next = at->next;
		if (at->state != CANDIDATE_PLAYED && strcmp(at->name, name) == 0)
			drop(intake, at);
	}
}

static bool is_ready(const struct candidate *candidate, double now)
{
	return candidate->state == CANDIDATE_READY ||
	    (candidate->state == CANDIDATE_WAITING && candidate->due <= now);
}

static struct candidate *first_ready(const struct intake *intake, double now)
{
	struct candidate *at = intake->first;

	if (now < intake->held_until)
		return NULL;
	while (at != NULL && !is_ready(at, now))
		at = at->next;
	return at;
}

bool intake_has_ready(const struct intake *intake, double now)
{
	return first_ready(intake, now) != NULL;
}

bool intake_pick(struct intake *intake, double now, struct intake_pick *ret)
{
	struct candidate *candidate = intake->played == NULL ? first_ready(intake, now) : NULL;

	if (candidate == NULL)
		return false;
	candidate->state = CANDIDATE_PLAYED;
	intake->played = candidate;
	memcpy(ret->name, candidate->name, sizeof ret->name);
	ret->facts = candidate->facts;
	ret->is_first_scan = candidate->is_first_scan;
	ret->may_be_cut = candidate->facts.size_bytes > 0 &&
	    now - candidate->unchanged_since < INTAKE_CUT_SECONDS;
	return true;
}

bool intake_finished(struct intake *intake)
{
	bool is_stirred = intake->played->is_stirred;

	drop(intake, intake->played);
	intake->held_attempts = 0;
	intake->held_until = 0;
	return is_stirred;
}

static double pause_after(unsigned attempts)
{
	return attempts < 7 ? fmin((double)(1U << (attempts - 1)), INTAKE_PAUSE_MAX)
			    : INTAKE_PAUSE_MAX;
}

/* The database is away: all wait together, and this one is the first to be tried again. */
static void hold(struct intake *intake, struct candidate *candidate, const struct hs_error *why,
    double now)
{
	candidate->due = now;
	intake->held_until = now + pause_after(++intake->held_attempts);
	snprintf(intake->held_reason, sizeof intake->held_reason, "%s", why->message);
}

/* It was being written, or may be: look at it rather than read it again at once. */
static void rest_again(struct candidate *candidate, const struct hs_error *why, double now)
{
	rest(candidate,
	    fmax(now + INTAKE_REST_SECONDS, candidate->unchanged_since + INTAKE_CUT_SECONDS),
	    why->message);
	candidate->hurried_at = candidate->due;
}

bool intake_kept(struct intake *intake, const struct hs_error *why, double now, bool *ret_soon)
{
	struct candidate *candidate = intake->played;
	bool is_stirred = candidate->is_stirred,
	     is_away = why->code == HS_DB_AWAY || why->code == HS_DB_REFUSED;

	intake->played = NULL;
	candidate->is_stirred = candidate->is_first_scan = false;
	candidate->state = CANDIDATE_WAITING;
	snprintf(candidate->reason, sizeof candidate->reason, "%s", why->message);
	if (!is_away) {
		intake->held_attempts = 0;
		intake->held_until = 0;
	}
	if (is_away)
		hold(intake, candidate, why, now);
	else if (why->code == HS_FILE_CHANGED)
		rest_again(candidate, why, now);
	else
		candidate->due = now + pause_after(++candidate->attempts);
	*ret_soon = candidate->is_hurried && why->code == HS_FILE_CHANGED;
	candidate->is_hurried = *ret_soon;
	return is_stirred;
}

void intake_resume(struct intake *intake)
{
	intake->held_until = 0;
}

void intake_hurry(struct intake *intake, const char *name, double now)
{
	intake->held_until = 0;
	for (struct candidate *at = intake->first; at != NULL; at = at->next) {
		if (at->state == CANDIDATE_PLAYED || (name != NULL && strcmp(at->name, name) != 0))
			continue;
		at->is_hurried = true;
		at->hurried_at = now;
		at->has_given_up = false;
		if (at->state == CANDIDATE_WAITING)
			at->due = now;
		else if (at->state != CANDIDATE_READY)
			at->due = fmin(at->due, now + INTAKE_REST_SECONDS);
	}
}

bool intake_is_hurried(const struct intake *intake)
{
	const struct candidate *at = intake->first;

	while (at != NULL && !at->is_hurried)
		at = at->next;
	return at != NULL;
}

bool intake_give_up_hurry(struct intake *intake, char name[NAME_MAX + 1], int64_t *ret_size,
    char reason[HS_ERROR_MESSAGE_BYTES])
{
	struct candidate *at = intake->first;

	/* a database that is away ends all hurry */
	while (at != NULL && !(at->is_hurried && (at->has_given_up ||
		(intake->held_until > 0 && at->state != CANDIDATE_PLAYED))))
		at = at->next;
	if (at == NULL)
		return false;
	at->is_hurried = at->has_given_up = false;
	memcpy(name, at->name, sizeof at->name);
	*ret_size = at->facts.size_bytes;
	snprintf(reason, HS_ERROR_MESSAGE_BYTES, "%s",
	    intake->held_until > 0 ? intake->held_reason : at->reason);
	return true;
}

/* When a candidate has something due; INFINITY when only another can bring it on. */
static double due_of(const struct intake *intake, const struct candidate *candidate)
{
	switch (candidate->state) {
	case CANDIDATE_PLAYED:
		return INFINITY;
	case CANDIDATE_READY:
		return intake->held_until;
	case CANDIDATE_WAITING:
		return fmax(candidate->due, intake->held_until);
	default:
		return candidate->due;
	}
}

double intake_pause(const struct intake *intake, double now)
{
	double due = INFINITY;

	for (const struct candidate *at = intake->first; at != NULL; at = at->next)
		due = fmin(due, due_of(intake, at));
	return isinf(due) ? -1 : fmax(due - now, 0);
}

size_t intake_count(const struct intake *intake)
{
	return intake->count;
}

double intake_oldest(const struct intake *intake, double now)
{
	double oldest = 0;

	for (const struct candidate *at = intake->first; at != NULL; at = at->next) {
		if (at->state != CANDIDATE_PLAYED)
			oldest = fmax(oldest, now - at->since);
	}
	return oldest;
}

static json_t *waiting_json(
    const struct intake *intake, const struct candidate *candidate, double now)
{
	char name[3 * NAME_MAX + 1];
	bool is_held = now < intake->held_until &&
	    (candidate->state == CANDIDATE_READY || candidate->state == CANDIDATE_WAITING);
	const char *reason = is_held ? intake->held_reason : candidate->reason;
	double due = due_of(intake, candidate);

	if (!is_held && candidate->state == CANDIDATE_READY)
		reason = "its turn comes";
	hs_utf8_clean(candidate->name, strlen(candidate->name), name, sizeof name);
	return json_pack("{s:s, s:s, s:I, s:I}", "file", name, "reason", reason,
	    "since_seconds", (json_int_t)(now - candidate->since),
	    "next_try_seconds", (json_int_t)ceil(fmax(due - now, 0)));
}

json_t *intake_waiting(const struct intake *intake, size_t limit, double now)
{
	json_t *list = json_array();

	for (const struct candidate *at = intake->first; at != NULL; at = at->next) {
		if (at->state == CANDIDATE_PLAYED)
			continue;
		if (json_array_size(list) == limit)
			break;
		json_array_append_new(list, waiting_json(intake, at, now));
	}
	return list;
}
