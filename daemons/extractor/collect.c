/* collect.c: skip rules -> groups -> the snapshot's rules -> repeats -> emit.c; and the counts.
 *
 * Trusts no record. Whether problems fail the run is pipeline.c's to say; here they are counted,
 * and their records left out. */
#include "daemons/extractor/collect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/decimal.h"
#include "daemons/extractor/group.h"
#include "daemons/extractor/normalize.h"
#include "daemons/extractor/seen.h"

enum { FEW_PERCENTAGES = 5, WARNING_BYTES = 300 };

/* Which figures are percentages: a feed of fractions that nobody multiplied is a common mistake. */
static const enum hs_field percentages[] = { HS_FIELD_FG_PCT, HS_FIELD_THREE_PT_PCT,
	HS_FIELD_FT_PCT };

struct collect {
	const struct mapping *mapping;
	struct hs_date today;
	bool with_payload;
	struct groups *groups;		/* NULL: there are none */
	struct seen *seen;		/* NULL: repeats are not dropped */
	struct hs_problems *problems;
	uint64_t skipped, repeated;
	json_t *repeated_first;
	uint64_t above_zero[HS_COUNT(percentages)], above_one[HS_COUNT(percentages)];

	const struct parse_record *record;	/* the one that is taken */
	struct emit *emit;
};

bool collect_new(const struct mapping *mapping, struct hs_date today, bool with_payload,
    struct collect **ret, struct hs_error *err)
{
	struct collect *collect = calloc(1, sizeof *collect);

	if (collect == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a run");
	collect->mapping = mapping;
	collect->today = today;
	collect->with_payload = with_payload;
	collect->problems = hs_problems_new();
	collect->repeated_first = json_array();
	if (mapping->group_count > 0)
		collect->groups = groups_new(mapping);
	if (mapping->drops_duplicates)
		collect->seen = seen_new();
	if (collect->problems == NULL || collect->repeated_first == NULL ||
	    (mapping->group_count > 0 && collect->groups == NULL) ||
	    (mapping->drops_duplicates && collect->seen == NULL)) {
		collect_free(collect);
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a run");
	}
	*ret = collect;
	return true;
}

void collect_free(struct collect *collect)
{
	if (collect == NULL)
		return;
	groups_free(collect->groups);
	seen_free(collect->seen);
	hs_problems_free(collect->problems);
	json_decref(collect->repeated_first);
	free(collect);
}

/* The machine's fault or the run's, not one record's. */
static bool ends_the_run(const struct hs_error *why)
{
	return why->code == HS_TOO_BIG || why->temporary || why->code == HS_CANCELLED;
}

/* A record that cannot be mapped: its place, and the pointer inside it where that is known. */
static bool add_problem(struct collect *collect, const char *place, const struct hs_error *why,
    struct hs_error *err)
{
	const struct parse_record *record = collect->record;
	char pointer[PARSE_PLACE_BYTES + HS_ERROR_WHERE_BYTES];

	if (ends_the_run(why)) {
		*err = *why;
		return false;
	}
	/* a place of the mapping's own is a pointer in the record; one that is whole stays */
	if (strncmp(why->where, place, strlen(place)) == 0 && place[0] != '\0')
		snprintf(pointer, sizeof pointer, "%s", why->where);
	else
		snprintf(pointer, sizeof pointer, "%s%s", place, why->where);
	hs_problems_add(collect->problems, why->code, pointer, record != NULL ? record->line : 0,
	    record != NULL ? record->column : 0, "%s", why->message);
	return true;
}

static bool note_repeated(struct collect *collect, const char *const *texts, const char *place,
    struct hs_error *err)
{
	collect->repeated++;
	if (json_array_size(collect->repeated_first) >= COLLECT_NAMED)
		return true;
	return json_array_append_new(collect->repeated_first, json_pack("{s:s, s:s, s:s, s:s}",
	    "pointer", place, "full_name", texts[HS_FIELD_FULL_NAME], "season",
	    texts[HS_FIELD_SEASON], "team_name", texts[HS_FIELD_TEAM_NAME])) == 0 ||
	    hs_error_set(err, HS_NO_MEMORY, "", "no memory for a run's report");
}

static bool is_repeated(struct collect *collect, const char *const *texts, bool *ret,
    struct hs_error *err)
{
	const char *const key[] = { texts[HS_FIELD_COMPETITION_EXTERNAL_ID], texts[HS_FIELD_SEASON],
		texts[HS_FIELD_TEAM_EXTERNAL_ID], texts[HS_FIELD_PLAYER_EXTERNAL_ID] };

	*ret = false;
	return collect->seen == NULL ||
	    seen_add(collect->seen, key, HS_COUNT(key), ret, err);
}

static void watch_percentages(struct collect *collect, const char *const *texts)
{
	for (size_t i = 0; i < HS_COUNT(percentages); i++) {
		const char *text = texts[percentages[i]];
		struct hs_decimal number;

		if (text == NULL || !hs_decimal_parse(text, strlen(text), &number))
			continue;
		collect->above_zero[i] += hs_decimal_compare(&number, 0) > 0;
		collect->above_one[i] += hs_decimal_compare(&number, 1) > 0;
	}
}

/* Fields that are had: checked, told apart, written. scope NULL: they are a group's. */
static bool write_fields(struct collect *collect, const char *const *texts,
    const struct expression_scope *scope, const char *place, struct hs_error *err)
{
	struct emit_value values[HS_FIELD_COUNT];
	struct hs_error why = HS_ERROR_INIT;
	bool repeated;

	if (!normalize_check(texts, collect->today, values, &why) ||
	    (scope != NULL && collect->with_payload &&
		!normalize_payload(scope, &values[HS_FIELD_RAW_PAYLOAD], &why)))
		return add_problem(collect, place, &why, err);
	if (!is_repeated(collect, texts, &repeated, err))
		return false;
	if (repeated)
		return note_repeated(collect, texts, place, err);
	watch_percentages(collect, texts);
	return emit_record(collect->emit, values, err);
}

static bool on_item(void *arg, const struct expression_scope *scope, const char *place,
    struct hs_error *err)
{
	struct collect *collect = arg;
	const char *texts[HS_FIELD_COUNT];
	struct hs_error why = HS_ERROR_INIT;
	bool skips, done;

	if (!normalize_skips(collect->mapping, scope, &skips, &why))
		return add_problem(collect, place, &why, err);
	if (skips) {
		collect->skipped++;
		return true;
	}
	done = collect->groups != NULL ? groups_add(collect->groups, scope, place, &why) :
	    normalize_fields(collect->mapping, scope, texts, &why);
	if (!done)
		return add_problem(collect, place, &why, err);
	return collect->groups != NULL || write_fields(collect, texts, scope, place, err);
}

static bool on_fault(void *arg, const char *place, const struct hs_error *why,
    struct hs_error *err)
{
	return add_problem(arg, place, why, err);
}

bool collect_record(struct collect *collect, const struct parse_record *record,
    const struct expression_scope *base, struct emit *emit, struct hs_error *err)
{
	const struct normalize_listener listener = { .on_item = on_item, .on_fault = on_fault,
		.arg = collect };
	char place[PARSE_PLACE_BYTES];
	struct hs_error why = HS_ERROR_INIT;
	bool done;

	collect->record = record;
	collect->emit = emit;
	if (record->fault != NULL) {
		hs_error_set(&why, HS_WRONG_TYPE, "", "%s", record->fault);
		done = add_problem(collect, parse_place(&collect->mapping->records, record, place),
		    &why, err);
	} else {
		done = normalize_expand(collect->mapping, record, base, &listener, err);
	}
	collect->record = NULL;
	return done;
}

static bool on_group(void *arg, const char *const *fields, const char *place, struct arena *arena,
    struct hs_error *err)
{
	(void)arena;
	return write_fields(arg, fields, NULL, place, err);
}

bool collect_finish(struct collect *collect, const struct joins *joins, struct emit *emit,
    struct hs_error *err)
{
	collect->emit = emit;
	return collect->groups == NULL ||
	    groups_finish(collect->groups, joins, on_group, on_fault, collect, err);
}

const struct hs_problems *collect_problems(const struct collect *collect)
{
	return collect->problems;
}

uint64_t collect_skipped(const struct collect *collect)
{
	return collect->skipped;
}

uint64_t collect_repeated(const struct collect *collect)
{
	return collect->repeated;
}

json_t *collect_repeated_first(const struct collect *collect)
{
	return collect->repeated == 0 ? NULL : json_incref(collect->repeated_first);
}

json_t *collect_warnings(const struct collect *collect)
{
	char sentence[WARNING_BYTES];
	json_t *list = NULL;

	for (size_t i = 0; i < HS_COUNT(percentages); i++) {
		if (collect->above_zero[i] < FEW_PERCENTAGES || collect->above_one[i] > 0)
			continue;
		snprintf(sentence, sizeof sentence, "%s is at most 1 in all %llu records where it is not"
		    " 0: if the source gives fractions, convert with fraction_to_percent",
		    hs_field_rows[percentages[i]].name, (unsigned long long)collect->above_zero[i]);
		if (list == NULL && (list = json_array()) == NULL)
			return NULL;
		if (json_array_append_new(list, json_string(sentence)) != 0)
			break;
	}
	return list;
}
