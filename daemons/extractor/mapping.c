/* mapping.c: a mapping's file -> what it says, or all its mistakes.
 *
 * Trusts nothing of the file. It is one table of keys; each is read by a function, which adds its
 * mistakes and lets the others go on. */
#include "daemons/extractor/mapping.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <openssl/evp.h>

#include "common/file.h"
#include "common/text.h"
#include "daemons/extractor/mapping_check.h"
#include "daemons/extractor/mapping_paging.h"
#include "daemons/extractor/url.h"

enum {
	ARENA_BYTES = 16 << 20,
	NAME_BYTES = 64
};

/* What reads a mapping. */
struct loading {
	struct mapping *mapping;
	struct hs_problems *mistakes;
	struct expression_compiler compiler;
	bool judges_times;		/* schedule and time zone, too */
};

static bool mistake(struct loading *loading, enum hs_error_code code, const char *pointer,
    const char *sentence)
{
	hs_problems_add(loading->mistakes, code, pointer, 0, 0, "%s", sentence);
	return false;
}

/* ---- texts ---- */

static void read_about(struct loading *loading, const json_t *json, const char *pointer)
{
	loading->mapping->about = mapping_plain_text(&loading->compiler, json, pointer);
}

static void read_schedule(struct loading *loading, const json_t *json, const char *pointer)
{
	const char *text = mapping_plain_text(&loading->compiler, json, pointer);

	loading->mapping->schedule = text;
	if (text != NULL && loading->judges_times)
		mapping_check_schedule(loading->mistakes, text, pointer);
}

static void read_timezone(struct loading *loading, const json_t *json, const char *pointer)
{
	const char *text = mapping_plain_text(&loading->compiler, json, pointer);

	loading->mapping->timezone = text;
	if (text != NULL && loading->judges_times)
		mapping_check_timezone(loading->mistakes, text, pointer);
}

static void read_source_name(struct loading *loading, const json_t *json, const char *pointer)
{
	const char *name = mapping_plain_text(&loading->compiler, json, pointer);

	if (name != NULL && (hs_utf8_count(name, strlen(name)) > 100 ||
		strchr(name, ':') != NULL))
		mistake(loading, HS_OUT_OF_RANGE, pointer,
		    "a source's name has at most 100 characters, and no colon");
	loading->mapping->source_name = name;
}

/* ---- URLs ---- */

static const char *url_of(struct loading *loading, const json_t *json, const char *pointer)
{
	const char *text = mapping_plain_text(&loading->compiler, json, pointer);
	struct hs_error err = HS_ERROR_INIT;
	struct url url = { .text = NULL };

	if (text == NULL)
		return NULL;
	if (!url_parse(text, NULL, &url, &err)) {
		mistake(loading, err.code, pointer, err.message);
		return NULL;
	}
	url_done(&url);
	return text;
}

/* The slot of a name that URLs come with; made when there is none. */
static bool with_slot(struct loading *loading, const char *name, const char *pointer, size_t *ret)
{
	struct expression_slots *slots = &loading->mapping->slots;
	const char *copy;

	for (size_t i = 0; i < slots->with_count; i++) {
		if (strcmp(slots->with[i], name) == 0) {
			*ret = i;
			return true;
		}
	}
	if (slots->with_count == EXPRESSION_MAX_SLOTS)
		return mistake(loading, HS_LIMIT, pointer, "URLs come with at most 64 names");
	if ((copy = mapping_copy(&loading->compiler, name)) == NULL)
		return false;
	slots->with[slots->with_count] = copy;
	*ret = slots->with_count++;
	return true;
}

static void read_with(struct loading *loading, const json_t *json, const char *pointer,
    struct mapping_url *ret)
{
	char buf[HS_POINTER_BYTES];
	const json_t *value;
	const char *key;
	size_t slot;

	if (!json_is_object(json)) {
		mistake(loading, HS_WRONG_TYPE, pointer, "this must be an object of names and texts");
		return;
	}
	ret->with = mapping_take(&loading->compiler, EXPRESSION_MAX_SLOTS * sizeof *ret->with);
	if (ret->with == NULL)
		return;
	json_object_foreach((json_t *)json, key, value) {
		mapping_pointer(buf, pointer, key);
		if (!with_slot(loading, key, buf, &slot))
			return;
		ret->with[slot] = mapping_text(&loading->compiler, value, buf);
	}
}

static void read_one_url(struct loading *loading, const json_t *json, const char *pointer,
    struct mapping_url *ret)
{
	static const char *const names[] = { "url", "with", NULL };
	const json_t *with = json_object_get(json, "with");
	char buf[HS_POINTER_BYTES];

	if (!json_is_object(json)) {
		ret->url = url_of(loading, json, pointer);
		return;
	}
	mapping_check_keys(loading->mistakes, json, pointer, names);
	ret->url = url_of(loading, json_object_get(json, "url"), mapping_pointer(buf, pointer, "url"));
	if (with != NULL)
		read_with(loading, with, mapping_pointer(buf, pointer, "with"), ret);
}

static bool take_urls(struct loading *loading, size_t count)
{
	loading->mapping->urls =
	    mapping_take(&loading->compiler, count * sizeof *loading->mapping->urls);
	loading->mapping->url_count = loading->mapping->urls != NULL ? count : 0;
	return loading->mapping->urls != NULL;
}

static void read_url(struct loading *loading, const json_t *json, const char *pointer)
{
	if (take_urls(loading, 1))
		loading->mapping->urls[0].url = url_of(loading, json, pointer);
}

static void read_urls(struct loading *loading, const json_t *json, const char *pointer)
{
	size_t count = json_array_size(json);
	char buf[HS_POINTER_BYTES];

	if (loading->mapping->url_count > 0)
		mistake(loading, HS_REPEATED_KEY, pointer, "there is url too: leave one away");
	else if (!json_is_array(json) || count == 0 || count > MAPPING_MAX_URLS)
		mistake(loading, HS_WRONG_TYPE, pointer, "this must be a list of 1 to 1000 URLs");
	else if (take_urls(loading, count))
		for (size_t i = 0; i < count; i++)
			read_one_url(loading, json_array_get(json, i),
			    mapping_item_pointer(buf, pointer, i), &loading->mapping->urls[i]);
}

static void read_header(struct loading *loading, const char *name, const json_t *json,
    const char *pointer)
{
	static const char *const names[] = { "env", NULL };
	struct mapping_header *header = &loading->mapping->headers[loading->mapping->header_count++];
	char buf[HS_POINTER_BYTES];

	header->name = mapping_copy(&loading->compiler, name);
	if (!mapping_is_header_name(name))
		mistake(loading, HS_BAD_ARGUMENT, pointer, "no header can have this name");
	if (!json_is_object(json)) {
		header->value = mapping_plain_text(&loading->compiler, json, pointer);
		for (const char *c = header->value; c != NULL && *c != '\0'; c++)
			if ((unsigned char)*c < 0x20 || *c == 0x7f) {
				mistake(loading, HS_BAD_CHARACTER, pointer,
				    "a header holds no control characters");
				break;
			}
		return;
	}
	mapping_check_keys(loading->mistakes, json, pointer, names);
	mapping_pointer(buf, pointer, "env");
	header->env = mapping_plain_text(&loading->compiler, json_object_get(json, "env"), buf);
	if (header->env != NULL && !mapping_is_variable(header->env))
		mistake(loading, HS_BAD_ARGUMENT, buf, "this must be the name of an environment"
		    " variable: capitals, digits and _");
}

static void read_headers(struct loading *loading, const json_t *json, const char *pointer)
{
	char buf[HS_POINTER_BYTES];
	const json_t *value;
	const char *key;

	if (!json_is_object(json) || json_object_size(json) > MAPPING_MAX_HEADERS) {
		mistake(loading, HS_WRONG_TYPE, pointer,
		    "this must be an object of at most 16 headers");
		return;
	}
	json_object_foreach((json_t *)json, key, value)
		read_header(loading, key, value, mapping_pointer(buf, pointer, key));
}

/* ---- where the records are ---- */

static void read_table(struct loading *loading, const json_t *headers, const char *pointer,
    struct parse_shape *ret)
{
	size_t count = json_array_size(headers);
	char buf[HS_POINTER_BYTES];
	const char **columns;

	if (headers == NULL) {
		mistake(loading, HS_MISSING_FIELD, pointer,
		    "a table needs headers: a pointer to its columns' names, or a list of them");
		return;
	}
	if (!json_is_array(headers)) {
		mapping_value_pointer(&loading->compiler, headers, pointer, &ret->headers_at);
		return;
	}
	if (count == 0 || count > PARSE_MAX_COLUMNS) {
		mistake(loading, HS_OUT_OF_RANGE, pointer, "a table has 1 to 1000 columns");
		return;
	}
	if ((columns = mapping_take(&loading->compiler, count * sizeof *columns)) == NULL)
		return;
	for (size_t i = 0; i < count; i++)
		columns[i] = mapping_plain_text(&loading->compiler, json_array_get(headers, i),
		    mapping_item_pointer(buf, pointer, i));
	ret->columns = columns;
	ret->column_count = count;
}

static void read_shape(struct loading *loading, const json_t *json, const char *pointer,
    struct parse_shape *ret)
{
	static const char *const names[] = { "at", "shape", "headers", NULL };
	static const char *const shapes[] = {
		[PARSE_ARRAY] = "array", [PARSE_OBJECT] = "object", [PARSE_TABLE] = "table",
		[PARSE_ONE] = "one", [PARSE_LINES] = "lines",
	};
	const json_t *at = json_object_get(json, "at"), *shape = json_object_get(json, "shape");
	const json_t *headers = json_object_get(json, "headers");
	char buf[HS_POINTER_BYTES];
	int kind;

	ret->at.text = "";
	if (json_is_string(json)) {
		mapping_value_pointer(&loading->compiler, json, pointer, &ret->at);
		return;
	}
	if (!json_is_object(json)) {
		mistake(loading, HS_WRONG_TYPE, pointer,
		    "this must be a JSON Pointer, or an object with at, shape and headers");
		return;
	}
	mapping_check_keys(loading->mistakes, json, pointer, names);
	if (at != NULL)
		mapping_value_pointer(&loading->compiler, at, mapping_pointer(buf, pointer, "at"),
		    &ret->at);
	kind = shape == NULL ? PARSE_ARRAY : mapping_word(&loading->compiler, shape,
	    mapping_pointer(buf, pointer, "shape"), shapes, HS_COUNT(shapes));
	ret->kind = kind < 0 ? PARSE_ARRAY : (enum parse_kind)kind;
	mapping_pointer(buf, pointer, "headers");
	if (ret->kind == PARSE_TABLE)
		read_table(loading, headers, buf, ret);
	else if (headers != NULL && kind >= 0)
		mistake(loading, HS_BAD_ARGUMENT, buf, "only the shape table has headers");
	if (ret->kind == PARSE_LINES && at != NULL)
		mistake(loading, HS_BAD_ARGUMENT, mapping_pointer(buf, pointer, "at"),
		    "the records of JSON Lines are the lines: there is nothing to point at");
}

static void read_records(struct loading *loading, const json_t *json, const char *pointer)
{
	read_shape(loading, json, pointer, &loading->mapping->records);
	/* a line has no document around it */
	loading->compiler.place.may_read_document =
	    loading->mapping->records.kind != PARSE_LINES;
}

static void read_each(struct loading *loading, const json_t *json, const char *pointer)
{
	struct mapping *mapping = loading->mapping;
	size_t count = json_is_array(json) ? json_array_size(json) : 1;
	char buf[HS_POINTER_BYTES];

	if (count == 0 || count > MAPPING_MAX_EACH) {
		mistake(loading, HS_OUT_OF_RANGE, pointer, "this must be 1 to 3 JSON Pointers");
		return;
	}
	mapping->each_count = count;
	for (size_t i = 0; i < count; i++)
		mapping_value_pointer(&loading->compiler,
		    json_is_array(json) ? json_array_get(json, i) : json,
		    json_is_array(json) ? mapping_item_pointer(buf, pointer, i) : pointer,
		    &mapping->each[i]);
}

/* ---- joins ---- */

static void read_join(struct loading *loading, const json_t *json, const char *pointer,
    struct mapping_join *ret)
{
	static const char *const names[] = { "url", "records", "key", NULL };
	struct expression_place outside = loading->compiler.place;
	const json_t *url = json_object_get(json, "url"), *records, *key;
	char buf[HS_POINTER_BYTES];

	if (!mapping_check_keys(loading->mistakes, json, pointer, names))
		return;
	if (url != NULL)
		ret->url = url_of(loading, url, mapping_pointer(buf, pointer, "url"));
	mapping_pointer(buf, pointer, "records");
	if ((records = json_object_get(json, "records")) == NULL)
		mistake(loading, HS_MISSING_FIELD, buf, "a join needs to know where its rows are");
	else
		read_shape(loading, records, buf, &ret->records);
	mapping_pointer(buf, pointer, "key");
	loading->compiler.place = (struct expression_place){ .may_read_record = true };
	if ((key = json_object_get(json, "key")) == NULL)
		mistake(loading, HS_MISSING_FIELD, buf, "a join needs the key of a row, an expression");
	else
		ret->key = expression_compile(&loading->compiler, key, buf);
	loading->compiler.place = outside;
}

static void read_joins(struct loading *loading, const json_t *json, const char *pointer)
{
	struct mapping *mapping = loading->mapping;
	char buf[HS_POINTER_BYTES];
	const json_t *value;
	const char *key;

	if (!json_is_object(json) || json_object_size(json) == 0 ||
	    json_object_size(json) > MAPPING_MAX_JOINS) {
		mistake(loading, HS_WRONG_TYPE, pointer, "this must be an object of 1 to 8 joins");
		return;
	}
	json_object_foreach((json_t *)json, key, value) {
		struct mapping_join *join = &mapping->joins[mapping->join_count];

		mapping_pointer(buf, pointer, key);
		if (key[0] == '\0' || strlen(key) > NAME_BYTES)
			mistake(loading, HS_TOO_LONG, buf, "a join's name has 1 to 64 bytes");
		if ((join->name = mapping_copy(&loading->compiler, key)) == NULL)
			return;
		mapping->join_slots[mapping->join_count++].name = join->name;
		read_join(loading, value, buf, join);
	}
	mapping->slots.joins = mapping->join_slots;
	mapping->slots.join_count = mapping->join_count;
}

/* ---- the records' fields ---- */

static void read_field(struct loading *loading, const char *key, const json_t *json,
    const char *pointer)
{
	struct mapping *mapping = loading->mapping;
	const struct expression *expression;
	const char *near;
	enum hs_field field;

	if (!hs_field_find(key, strlen(key), &field)) {
		near = hs_field_nearest(hs_field_rows, HS_FIELD_COUNT, key, strlen(key));
		hs_problems_add(loading->mistakes, HS_UNKNOWN_FIELD, pointer, 0, 0,
		    near != NULL ? "a snapshot has no such field: did you mean %s?" :
		    "a snapshot has no such field%s", near != NULL ? near : "");
		return;
	}
	if (field == HS_FIELD_RAW_PAYLOAD || field == HS_FIELD_SOURCE_METADATA) {
		mistake(loading, HS_NOT_ALLOWED, pointer, field == HS_FIELD_RAW_PAYLOAD ?
		    "the mapping's raw_payload, true or false, says whether a record has this" :
		    "no expression gives an object");
		return;
	}
	loading->compiler.place.may_have_figures = mapping->group_count > 0;
	expression = expression_compile(&loading->compiler, json, pointer);
	loading->compiler.place.may_have_figures = false;
	mapping->fields[field] = expression;
	if (expression != NULL && expression->has_figures && expression->has_record)
		mistake(loading, HS_BAD_ARGUMENT, pointer, "what is made of mean, total or count can"
		    " beside them only have constants: put the rest into a total, or a field of"
		    " its own");
}

static void read_fields(struct loading *loading, const json_t *json, const char *pointer)
{
	char buf[HS_POINTER_BYTES];
	const json_t *value;
	const char *key;

	if (!json_is_object(json)) {
		mistake(loading, HS_WRONG_TYPE, pointer,
		    "this must be an object of a snapshot's fields and expressions");
		return;
	}
	json_object_foreach((json_t *)json, key, value)
		read_field(loading, key, value, mapping_pointer(buf, pointer, key));
	for (size_t i = 0; i < HS_FIELD_COUNT; i++) {
		if (hs_field_rows[i].required && json_object_get(json, hs_field_rows[i].name) == NULL)
			mistake(loading, HS_MISSING_FIELD,
			    mapping_pointer(buf, pointer, hs_field_rows[i].name),
			    "every record of a snapshot has this field: say where it comes from, or"
			    " {\"constant\": \"...\"}");
	}
}

static void read_skip(struct loading *loading, const json_t *json, const char *pointer)
{
	struct mapping *mapping = loading->mapping;
	size_t count = json_array_size(json);
	char buf[HS_POINTER_BYTES];

	if (!json_is_array(json) || count == 0 || count > MAPPING_MAX_SKIPS) {
		mistake(loading, HS_WRONG_TYPE, pointer, "this must be a list of 1 to 32 conditions");
		return;
	}
	for (size_t i = 0; i < count; i++)
		mapping->skips[mapping->skip_count++] = condition_compile(&loading->compiler,
		    json_array_get(json, i), mapping_item_pointer(buf, pointer, i));
}

static void read_group(struct loading *loading, const json_t *json, const char *pointer)
{
	struct mapping *mapping = loading->mapping;
	size_t count = json_array_size(json);
	char buf[HS_POINTER_BYTES];

	if (!json_is_array(json) || count == 0 || count > MAPPING_MAX_GROUP) {
		mistake(loading, HS_WRONG_TYPE, pointer, "this must be a list of 1 to 8 expressions");
		return;
	}
	for (size_t i = 0; i < count; i++)
		mapping->group[mapping->group_count++] = expression_compile(&loading->compiler,
		    json_array_get(json, i), mapping_item_pointer(buf, pointer, i));
}

/* ---- the snapshot ---- */

static void read_snapshot_date(struct loading *loading, const json_t *json, const char *pointer)
{
	struct expression_place outside = loading->compiler.place;
	struct mapping *mapping = loading->mapping;
	const char *text = json_string_value(json);
	struct hs_error err = HS_ERROR_INIT;

	if (text == NULL) {
		mapping->date = MAPPING_FOUND;
		loading->compiler.place =
		    (struct expression_place){ .may_read_document = outside.may_read_document };
		mapping->date_found = expression_compile(&loading->compiler, json, pointer);
		loading->compiler.place = outside;
	} else if (strcmp(text, "today") != 0) {
		mapping->date = MAPPING_ON;
		if (!hs_date_parse(text, strlen(text), &mapping->snapshot_date, &err))
			mistake(loading, err.code, pointer, err.message);
	}
}

static void read_duplicates(struct loading *loading, const json_t *json, const char *pointer)
{
	static const char *const words[] = { "fail", "drop" };

	loading->mapping->drops_duplicates =
	    mapping_word(&loading->compiler, json, pointer, words, HS_COUNT(words)) == 1;
}

static void read_problems(struct loading *loading, const json_t *json, const char *pointer)
{
	static const char *const words[] = { "fail", "skip" };

	loading->mapping->skips_problems =
	    mapping_word(&loading->compiler, json, pointer, words, HS_COUNT(words)) == 1;
}

static void read_raw_payload(struct loading *loading, const json_t *json, const char *pointer)
{
	if (!json_is_boolean(json))
		mistake(loading, HS_WRONG_TYPE, pointer, "this must be true or false");
	loading->mapping->raw_payload = json_is_true(json) ? MAPPING_YES : MAPPING_NO;
}

static void read_min_records(struct loading *loading, const json_t *json, const char *pointer)
{
	mapping_int(&loading->compiler, json, pointer, 0, INT32_MAX, 0,
	    &loading->mapping->min_records);
}

static void read_paging(struct loading *loading, const json_t *json, const char *pointer)
{
	mapping_read_paging(&loading->compiler, json, pointer, &loading->mapping->paging);
}

/* ---- the whole ---- */

/* In this order they are read: what comes later asks what came before. */
static const struct {
	const char *key;
	void (*read)(struct loading *loading, const json_t *json, const char *pointer);
} keys[] = {
	{ "about", read_about },
	{ "url", read_url },
	{ "urls", read_urls },
	{ "headers", read_headers },
	{ "records", read_records },
	{ "each", read_each },
	{ "paging", read_paging },
	{ "joins", read_joins },
	{ "schedule", read_schedule },
	{ "timezone", read_timezone },
	{ "source_name", read_source_name },
	{ "snapshot_date", read_snapshot_date },
	{ "skip", read_skip },
	{ "group", read_group },
	{ "fields", read_fields },
	{ "duplicates", read_duplicates },
	{ "problems", read_problems },
	{ "raw_payload", read_raw_payload },
	{ "min_records", read_min_records },
};

/* JSON Lines have nothing around the lines in which to look. */
static void check_lines(struct loading *loading)
{
	const struct mapping *mapping = loading->mapping;
	char buf[HS_POINTER_BYTES];

	if (mapping->slots.document_count > 0)
		mistake(loading, HS_BAD_ARGUMENT, "/paging",
		    "JSON Lines have no document around the lines in which to look");
	for (size_t i = 0; i < mapping->join_count; i++) {
		if (mapping->joins[i].url == NULL)
			mistake(loading, HS_MISSING_FIELD,
			    mapping_pointer(buf, "/joins", mapping->joins[i].name),
			    "JSON Lines have no list beside the lines: give the join a url");
	}
}

static void read_whole(struct loading *loading, const json_t *json)
{
	struct expression_place *place = &loading->compiler.place;
	const char *names[HS_COUNT(keys) + 1] = { NULL };
	char buf[HS_POINTER_BYTES];

	for (size_t i = 0; i < HS_COUNT(keys); i++)
		names[i] = keys[i].key;
	if (!mapping_check_keys(loading->mistakes, json, "", names))
		return;
	*place = (struct expression_place){ .may_read_record = true, .may_lookup = true,
		.may_read_document = true };
	for (size_t i = 0; i < HS_COUNT(keys); i++) {
		const json_t *value = json_object_get(json, keys[i].key);

		if (value != NULL)
			keys[i].read(loading, value, mapping_pointer(buf, "", keys[i].key));
		place->levels = (unsigned)loading->mapping->each_count;
	}
	if (json_object_get(json, "records") == NULL)
		mistake(loading, HS_MISSING_FIELD, "/records", "say where the records are");
	if (json_object_get(json, "fields") == NULL)
		mistake(loading, HS_MISSING_FIELD, "/fields", "say where the fields come from");
	if (loading->mapping->records.kind == PARSE_LINES)
		check_lines(loading);
}

static bool refuse(const char *name, const struct hs_problems *mistakes, struct hs_error *err)
{
	const struct hs_problem *first =
	    hs_problems_kept(mistakes) > 0 ? hs_problems_at(mistakes, 0) : NULL;

	if (first != NULL && first->line > 0)
		return hs_error_set(err, HS_BAD_MAPPING, name, "at line %llu, column %llu: %.400s",
		    (unsigned long long)first->line, (unsigned long long)first->column,
		    first->message);
	return hs_error_set(err, HS_BAD_MAPPING, name, "the mapping has %llu mistake%s; the first, at"
	    " \"%.100s\": %.400s", (unsigned long long)hs_problems_total(mistakes),
	    hs_problems_total(mistakes) == 1 ? "" : "s", first != NULL ? first->pointer : "",
	    first != NULL ? first->message : "no memory to keep it");
}

/* Of what it says, not of how it is written, nor of what is for people or the scheduler. */
static bool make_digest(json_t *json, unsigned char *ret, struct hs_error *err)
{
	static const char *const silent[] = { "about", "schedule", "timezone" };
	char *text;
	bool done;

	for (size_t i = 0; i < HS_COUNT(silent); i++)
		json_object_del(json, silent[i]);
	text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
	done = text != NULL && EVP_Digest(text, strlen(text), ret, NULL, EVP_sha256(), NULL) == 1;
	free(text);
	return done || hs_error_set(err, HS_NO_MEMORY, "", "no memory for a digest");
}

static bool parse(const char *name, const char *text, size_t length, bool judges_times,
    struct hs_problems *mistakes, struct mapping **ret, struct hs_error *err)
{
	uint64_t before = hs_problems_total(mistakes);
	struct mapping *mapping = calloc(1, sizeof *mapping);
	json_error_t error;
	json_t *json = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
	bool done = false;

	if (mapping == NULL || (mapping->arena = arena_new(ARENA_BYTES)) == NULL) {
		hs_error_set(err, HS_NO_MEMORY, "", "no memory for a mapping");
		goto out;
	}
	struct loading loading = { .mapping = mapping, .mistakes = mistakes,
		.judges_times = judges_times,
		.compiler = { .arena = mapping->arena, .slots = &mapping->slots,
			.mistakes = mistakes } };

	mapping->paging.next_slot = mapping->paging.total_slot = SIZE_MAX;
	if (json == NULL)
		mapping_refuse_json(mistakes, &error);
	else
		read_whole(&loading, json);
	if (loading.compiler.is_out_of_memory)
		hs_error_set(err, HS_NO_MEMORY, name, "no memory for a mapping");
	else if (hs_problems_total(mistakes) > before)
		refuse(name, mistakes, err);
	else
		done = make_digest(json, mapping->digest, err);
out:
	json_decref(json);
	if (done)
		*ret = mapping;
	else
		mapping_free(mapping);
	return done;
}

bool mapping_parse(const char *name, const char *text, size_t length, struct hs_problems *mistakes,
    struct mapping **ret, struct hs_error *err)
{
	return parse(name, text, length, false, mistakes, ret, err);
}

static bool load(const char *path, bool judges_times, struct hs_problems *mistakes,
    struct mapping **ret, struct hs_error *err)
{
	char *text;
	size_t length;
	bool done;

	if (!hs_file_slurp(AT_FDCWD, path, MAPPING_MAX_BYTES, &text, &length, err))
		return false;
	done = parse(path, text, length, judges_times, mistakes, ret, err);
	free(text);
	return done;
}

bool mapping_load(const char *path, struct hs_problems *mistakes, struct mapping **ret,
    struct hs_error *err)
{
	return load(path, false, mistakes, ret, err);
}

bool mapping_judge(const char *path, struct hs_problems *mistakes, struct hs_error *err)
{
	struct mapping *mapping = NULL;
	bool done = load(path, true, mistakes, &mapping, err);

	mapping_free(mapping);
	return done;
}

void mapping_free(struct mapping *mapping)
{
	if (mapping == NULL)
		return;
	arena_free(mapping->arena);
	free(mapping);
}
