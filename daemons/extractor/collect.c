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
#include "daemons/extractor/payload.h"
#include "daemons/extractor/seen.h"

enum { FEW_PERCENTAGES = 5, WARNING_BYTES = 300 };

/* Which figures are percentages: a feed of fractions that nobody multiplied is a common mistake. */
static const enum hs_field percentages[] = { HS_FIELD_FG_PCT, HS_FIELD_THREE_PT_PCT,
	HS_FIELD_FT_PCT };

struct collect {
	struct collect_options options;
	struct groups *groups;		/* NULL: there are none */
	struct seen *seen;		/* NULL: repeats are not dropped */
	struct hs_name_set *names;	/* of payloads */
	struct faults *faults;
	uint64_t skipped, repeated;
	json_t *repeated_first;
	uint64_t above_zero[HS_COUNT(percentages)], above_one[HS_COUNT(percentages)];
	struct usage usage;

	uint64_t page;
	const struct parse_record *record;	/* the one that is taken */
	struct emit *emit;
};

bool collect_new(const struct collect_options *options, struct collect **ret,
    struct hs_error *err)
{
	const struct mapping *mapping = options->mapping;
	struct collect *collect = calloc(1, sizeof *collect);

	if (collect == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a run");
	collect->options = *options;
	collect->names = hs_name_set_new();
	collect->faults = faults_new();
	collect->repeated_first = json_array();
	if (mapping->group_count > 0)
		collect->groups = groups_new(mapping);
	if (mapping->drops_duplicates)
		collect->seen = seen_new();
	if (collect->names == NULL || collect->faults == NULL || collect->repeated_first == NULL ||
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
	hs_name_set_free(collect->names);
	faults_free(collect->faults);
	json_decref(collect->repeated_first);
	free(collect);
}

void collect_page(struct collect *collect, uint64_t number)
{
	collect->page = number;
}

/* Of what is in the record that is taken. */
static struct feed_place place_of(const struct collect *collect, const char *pointer)
{
	return (struct feed_place){ .pointer = pointer, .page = collect->page,
		.record = collect->record->number + 1, .line = collect->record->line,
		.column = collect->record->column };
}

/* The machine's fault or the run's, not one record's. */
static bool ends_the_run(const struct hs_error *why)
{
	return why->code == HS_TOO_BIG || why->temporary || why->code == HS_CANCELLED;
}

/* A record that cannot be mapped: its place, and the pointer inside it where that is known. */
static bool add_fault(struct collect *collect, const struct feed_place *place,
    enum hs_field field, const struct hs_error *why, struct hs_error *err)
{
	if (ends_the_run(why)) {
		*err = *why;
		return false;
	}
	faults_add(collect->faults, place, why->where, field, why->code, why->message);
	return true;
}

static bool note_repeated(struct collect *collect, const char *const *texts,
    const struct feed_place *place, struct hs_error *err)
{
	collect->repeated++;
	if (json_array_size(collect->repeated_first) >= COLLECT_NAMED)
		return true;
	return json_array_append_new(collect->repeated_first, json_pack("{s:s, s:I, s:I, s:I, s:s,"
	    " s:s, s:s}", "pointer", place->pointer, "page", (json_int_t)place->page, "record",
	    (json_int_t)place->record, "line", (json_int_t)place->line, "full_name",
	    texts[HS_FIELD_FULL_NAME], "season", texts[HS_FIELD_SEASON], "team_name",
	    texts[HS_FIELD_TEAM_NAME])) == 0 ||
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

/* What the record takes in the snapshot, or a little more. */
static size_t written_bytes(const struct emit_value *values)
{
	size_t bytes = 4;

	for (size_t i = 0; i < HS_FIELD_COUNT; i++) {
		if (values[i].text == NULL)
			continue;
		/* "name": "text", where a quote in the text takes two */
		bytes += strlen(hs_field_rows[i].name) + 8;
		bytes += i == HS_FIELD_RAW_PAYLOAD ? values[i].length : 2 * values[i].length;
	}
	return bytes;
}

static bool add_payload(const struct collect *collect, const struct expression_scope *scope,
    struct emit_value *values, enum hs_field *ret_field, struct hs_error *err)
{
	*ret_field = HS_FIELD_RAW_PAYLOAD;
	if (!payload_make(collect->names, scope, &values[HS_FIELD_RAW_PAYLOAD], err))
		return false;
	return written_bytes(values) <= collect->options.max_record_bytes ||
	    hs_error_set(err, HS_RECORD_TOO_BIG, "", "with its raw_payload the record is larger"
		" than HOOPSCOUT_MAX_RECORD_BYTES (%zu bytes)", collect->options.max_record_bytes);
}

/* Fields that are had: checked, told apart, written. scope NULL: they are a group's. */
static bool write_fields(struct collect *collect, const char *const *texts,
    const struct expression_scope *scope, const struct feed_place *place, struct hs_error *err)
{
	const struct collect_options *options = &collect->options;
	struct emit_value values[HS_FIELD_COUNT];
	struct hs_error why = HS_ERROR_INIT;
	enum hs_field field;
	bool repeated;

	usage_count(&collect->usage, texts);
	if (!normalize_check(options->mapping, texts, options->today, values, &field, &why))
		return add_fault(collect, place, field, &why, err);
	usage_keep(&collect->usage, values);
	if (scope != NULL && options->with_payload &&
	    !add_payload(collect, scope, values, &field, &why))
		return add_fault(collect, place, field, &why, err);
	if (!is_repeated(collect, texts, &repeated, err))
		return false;
	if (repeated)
		return note_repeated(collect, texts, place, err);
	watch_percentages(collect, texts);
	return origins_add(options->origins, place, err) && emit_record(collect->emit, values, err);
}

static bool on_item(void *arg, const struct expression_scope *scope, const char *pointer,
    struct hs_error *err)
{
	struct collect *collect = arg;
	const struct mapping *mapping = collect->options.mapping;
	const struct feed_place place = place_of(collect, pointer);
	const char *texts[HS_FIELD_COUNT];
	struct hs_error why = HS_ERROR_INIT;
	enum hs_field field = HS_FIELD_COUNT;
	bool skips, done;

	if (!normalize_skips(mapping, scope, &skips, &why))
		return add_fault(collect, &place, field, &why, err);
	if (skips) {
		collect->skipped++;
		return true;
	}
	usage_look(&collect->usage, mapping, scope);
	done = collect->groups != NULL ?
	    groups_add(collect->groups, scope, &place, &field, &why) :
	    normalize_fields(mapping, scope, texts, &field, &why);
	if (!done)
		return add_fault(collect, &place, field, &why, err);
	return collect->groups != NULL || write_fields(collect, texts, scope, &place, err);
}

static bool on_fault(void *arg, const char *pointer, const struct hs_error *why,
    struct hs_error *err)
{
	struct collect *collect = arg;
	const struct feed_place place = place_of(collect, pointer);

	return add_fault(collect, &place, HS_FIELD_COUNT, why, err);
}

bool collect_record(struct collect *collect, const struct parse_record *record,
    const struct expression_scope *base, struct emit *emit, struct hs_error *err)
{
	const struct normalize_listener listener = { .on_item = on_item, .on_fault = on_fault,
		.arg = collect };
	const struct mapping *mapping = collect->options.mapping;
	char pointer[PARSE_PLACE_BYTES];
	struct hs_error why = HS_ERROR_INIT;

	collect->record = record;
	collect->emit = emit;
	if (record->fault == NULL)
		return normalize_expand(mapping, record, base, &listener, err);
	hs_error_set(&why, HS_WRONG_TYPE, "", "%s", record->fault);
	return on_fault(collect, parse_place(&mapping->records, record, pointer), &why, err);
}

static bool on_group(void *arg, const char *const *fields, const struct feed_place *place,
    struct hs_error *err)
{
	return write_fields(arg, fields, NULL, place, err);
}

static bool on_group_fault(void *arg, const struct feed_place *place, enum hs_field field,
    const struct hs_error *why, struct hs_error *err)
{
	return add_fault(arg, place, field, why, err);
}

bool collect_finish(struct collect *collect, const struct joins *joins, struct emit *emit,
    struct hs_error *err)
{
	collect->emit = emit;
	return collect->groups == NULL ||
	    groups_finish(collect->groups, joins, on_group, on_group_fault, collect, err);
}

struct faults *collect_faults(struct collect *collect)
{
	return collect->faults;
}

uint64_t collect_left_out(const struct collect *collect)
{
	return faults_total(collect->faults);
}

const struct usage *collect_usage(const struct collect *collect)
{
	return &collect->usage;
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

static bool add_warning(json_t **list, const char *sentence)
{
	if (*list == NULL && (*list = json_array()) == NULL)
		return false;
	return json_array_append_new(*list, json_string(sentence)) == 0;
}

static bool warn_of_fractions(const struct collect *collect, json_t **list)
{
	char sentence[WARNING_BYTES];

	for (size_t i = 0; i < HS_COUNT(percentages); i++) {
		if (collect->above_zero[i] < FEW_PERCENTAGES || collect->above_one[i] > 0)
			continue;
		snprintf(sentence, sizeof sentence, "%s is at most 1 in all %llu records where it"
		    " is not 0: if the source gives fractions, convert with fraction_to_percent",
		    hs_field_rows[percentages[i]].name, (unsigned long long)collect->above_zero[i]);
		if (!add_warning(list, sentence))
			return false;
	}
	return true;
}

/* One that is misspelt puts into one group what should be several. */
static bool warn_of_groups(const struct collect *collect, json_t **list)
{
	const struct mapping *mapping = collect->options.mapping;
	char sentence[WARNING_BYTES], sources[USAGE_SOURCES_BYTES];

	for (size_t i = 0; i < mapping->group_count; i++) {
		if (!groups_lack_key(collect->groups, i))
			continue;
		snprintf(sentence, sizeof sentence, "the mapping groups by %s, and no record has a"
		    " value there", expression_sources(mapping->group[i], &mapping->slots, sources,
		    sizeof sources));
		if (!add_warning(list, sentence))
			return false;
	}
	return true;
}

bool collect_warnings(const struct collect *collect, json_t **list, struct hs_error *err)
{
	return (warn_of_fractions(collect, list) && warn_of_groups(collect, list)) ||
	    hs_error_set(err, HS_NO_MEMORY, "", "no memory for a run's report");
}
