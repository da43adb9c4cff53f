/* faults.c: rows of faults by (field, code, sentence), in the order in which each was first met.
 *
 * Trusts the sentences, whose values were cleaned when they were made. Bounded by FAULTS_KEPT rows
 * of the length of an error. */
#include "daemons/extractor/faults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

enum { POINTER_BYTES = 1024 };

struct row {
	enum hs_error_code code;
	enum hs_field field;
	char *pointer, *message;
	struct feed_place place;	/* its pointer is not used */
	uint64_t count, others;
};

struct faults {
	uint64_t total;
	size_t kept;
	struct row rows[FAULTS_KEPT];
};

struct faults *faults_new(void)
{
	return calloc(1, sizeof(struct faults));
}

static void row_done(struct row *row)
{
	free(row->pointer);
	free(row->message);
}

void faults_free(struct faults *faults)
{
	if (faults == NULL)
		return;
	for (size_t i = 0; i < faults->kept; i++)
		row_done(&faults->rows[i]);
	free(faults);
}

/* The row that has said it, or the one that counts what is alike; NULL: it is new. */
static struct row *find(struct faults *faults, enum hs_field field, enum hs_error_code code,
    const char *message, bool *ret_same)
{
	struct row *last = NULL;
	size_t alike = 0;

	for (size_t i = 0; i < faults->kept; i++) {
		struct row *row = &faults->rows[i];

		if (row->field != field || row->code != code)
			continue;
		last = row;
		alike++;
		*ret_same = strcmp(row->message, message) == 0;
		if (*ret_same)
			return row;
	}
	return alike >= FAULTS_ALIKE ? last : NULL;
}

static char *join_pointer(const char *pointer, const char *inside)
{
	char whole[POINTER_BYTES], clean[POINTER_BYTES];

	snprintf(whole, sizeof whole, "%s%s", pointer, inside);
	return strdup(hs_utf8_clean(whole, strlen(whole), clean, sizeof clean));
}

void faults_add_folded(struct faults *faults, const struct feed_place *place, const char *inside,
    enum hs_field field, const struct hs_problem *problem, const char *message)
{
	bool is_same = false;
	struct row *row = find(faults, field, problem->code, message, &is_same);

	faults->total += problem->count + problem->others;
	if (row != NULL) {
		row->count += is_same ? problem->count : 0;
		row->others += problem->others + (is_same ? 0 : problem->count);
		return;
	}
	if (faults->kept == FAULTS_KEPT)
		return;
	row = &faults->rows[faults->kept];
	*row = (struct row){ .code = problem->code, .field = field, .place = *place,
		.count = problem->count, .others = problem->others,
		.pointer = join_pointer(place->pointer, inside), .message = strdup(message) };
	if (row->pointer != NULL && row->message != NULL)
		faults->kept++;
	else
		row_done(row);
}

void faults_add(struct faults *faults, const struct feed_place *place, const char *inside,
    enum hs_field field, enum hs_error_code code, const char *message)
{
	const struct hs_problem problem = { .code = code, .count = 1 };

	faults_add_folded(faults, place, inside, field, &problem, message);
}

void faults_count(struct faults *faults, uint64_t count)
{
	faults->total += count;
}

uint64_t faults_total(const struct faults *faults)
{
	return faults->total;
}

static json_t *row_json(const struct row *row)
{
	const char *field = row->field < HS_FIELD_COUNT ? hs_field_rows[row->field].name : NULL;

	return json_pack("{s:s, s:s, s:s, s:s?, s:I, s:I, s:I, s:I, s:I, s:I}", "code",
	    hs_error_name(row->code), "pointer", row->pointer, "message", row->message, "field",
	    field, "page", (json_int_t)row->place.page, "record", (json_int_t)row->place.record,
	    "line", (json_int_t)row->place.line, "column", (json_int_t)row->place.column, "count",
	    (json_int_t)row->count, "others", (json_int_t)row->others);
}

json_t *faults_json(const struct faults *faults)
{
	json_t *list = json_array();

	for (size_t i = 0; i < faults->kept && list != NULL; i++) {
		if (json_array_append_new(list, row_json(&faults->rows[i])) != 0) {
			json_decref(list);
			list = NULL;
		}
	}
	return list;
}
