/* mapping_check.c: keys, texts, numbers and pointers of a mapping.
 *
 * Trusts nothing of the mapping but that it is JSON. */
#include "daemons/extractor/mapping_check.h"

#include <stdio.h>
#include <string.h>

#include "common/nearest.h"
#include "daemons/extractor/cron.h"
#include "daemons/extractor/timezone.h"

static bool mistake(struct expression_compiler *compiler, enum hs_error_code code,
    const char *pointer, const char *sentence)
{
	hs_problems_add(compiler->mistakes, code, pointer, 0, 0, "%s", sentence);
	return false;
}

const char *mapping_pointer(char buf[HS_POINTER_BYTES], const char *pointer, const char *key)
{
	snprintf(buf, HS_POINTER_BYTES, "%s", pointer);
	return value_pointer_append(buf, HS_POINTER_BYTES, key);
}

const char *mapping_item_pointer(char buf[HS_POINTER_BYTES], const char *pointer, size_t index)
{
	char number[32];

	snprintf(number, sizeof number, "%zu", index);
	return mapping_pointer(buf, pointer, number);
}

void mapping_refuse_json(struct hs_problems *mistakes, const json_error_t *error)
{
	const char *advice = "";

	if (strncmp(error->text, "'}' expected", 12) == 0 ||
	    strncmp(error->text, "']' expected", 12) == 0)
		advice = ": a comma before it, or a closing bracket, is missing";
	else if (strncmp(error->text, "string or '}' expected", 22) == 0)
		advice = ": a comma before it is too many, or a key has no quotes";
	else if (json_error_code(error) == json_error_premature_end_of_input)
		advice = ": the file ends before all brackets and quotes are closed";
	else if (json_error_code(error) == json_error_invalid_syntax)
		advice = ": a comma before it is too many, or a text has no quotes";
	hs_problems_add(mistakes, HS_BAD_JSON, "", (uint64_t)(error->line > 0 ? error->line : 0),
	    (uint64_t)(error->column > 0 ? error->column : 0), "this is no JSON: %s%s", error->text,
	    advice);
}

static bool is_one_of(const char *const *names, const char *key)
{
	for (; *names != NULL; names++) {
		if (strcmp(*names, key) == 0)
			return true;
	}
	return false;
}

static void refuse_key(struct hs_problems *mistakes, const char *pointer, const char *key,
    const char *const *names, const char *allowed)
{
	char buf[HS_POINTER_BYTES];
	const char *nearest = hs_nearest(key, names);

	mapping_pointer(buf, pointer, key);
	if (nearest != NULL)
		hs_problems_add(mistakes, HS_UNKNOWN_FIELD, buf, 0, 0,
		    "there is no such key here: did you mean %s? There are %s", nearest, allowed);
	else
		hs_problems_add(mistakes, HS_UNKNOWN_FIELD, buf, 0, 0,
		    "there is no such key here: there are %s", allowed);
}

bool mapping_check_keys(struct hs_problems *mistakes, const json_t *json, const char *pointer,
    const char *const *names)
{
	char allowed[400] = "";
	const json_t *value;
	const char *key;

	if (!json_is_object(json)) {
		hs_problems_add(mistakes, HS_WRONG_TYPE, pointer, 0, 0, "this must be an object");
		return false;
	}
	for (size_t i = 0; names[i] != NULL; i++)
		snprintf(allowed + strlen(allowed), sizeof allowed - strlen(allowed), "%s%s",
		    i > 0 ? ", " : "", names[i]);
	json_object_foreach((json_t *)json, key, value) {
		if (!is_one_of(names, key))
			refuse_key(mistakes, pointer, key, names, allowed);
	}
	return true;
}

void *mapping_take(struct expression_compiler *compiler, size_t bytes)
{
	struct hs_error err = HS_ERROR_INIT;
	void *ret = arena_take(compiler->arena, bytes, &err);

	if (ret == NULL)
		compiler->is_out_of_memory = true;
	return ret;
}

const char *mapping_copy(struct expression_compiler *compiler, const char *text)
{
	char *copy = mapping_take(compiler, strlen(text) + 1);

	return copy == NULL ? NULL : strcpy(copy, text);
}

const char *mapping_text(struct expression_compiler *compiler, const json_t *json,
    const char *pointer)
{
	char number[32];

	if (json_is_string(json))
		return mapping_copy(compiler, json_string_value(json));
	if (json_is_integer(json)) {
		snprintf(number, sizeof number, "%lld", (long long)json_integer_value(json));
		return mapping_copy(compiler, number);
	}
	if (json_is_real(json))
		mistake(compiler, HS_WRONG_TYPE, pointer,
		    "write this number in quotes, so that its digits stay as they are");
	else
		mistake(compiler, HS_WRONG_TYPE, pointer, "this must be a text or a whole number");
	return NULL;
}

const char *mapping_plain_text(struct expression_compiler *compiler, const json_t *json,
    const char *pointer)
{
	const char *text = json_string_value(json);

	if (text == NULL || text[0] == '\0') {
		hs_problems_add(compiler->mistakes, HS_WRONG_TYPE, pointer, 0, 0,
		    "this must be a text, and not empty");
		return NULL;
	}
	return mapping_copy(compiler, text);
}

int mapping_word(struct expression_compiler *compiler, const json_t *json, const char *pointer,
    const char *const *words, size_t count)
{
	char sentence[200] = "this must be one of";

	for (size_t i = 0; i < count; i++) {
		if (json_is_string(json) && strcmp(json_string_value(json), words[i]) == 0)
			return (int)i;
		snprintf(sentence + strlen(sentence), sizeof sentence - strlen(sentence), "%s \"%s\"",
		    i > 0 ? "," : "", words[i]);
	}
	hs_problems_add(compiler->mistakes, HS_BAD_ARGUMENT, pointer, 0, 0, "%s", sentence);
	return -1;
}

bool mapping_value_pointer(struct expression_compiler *compiler, const json_t *json,
    const char *pointer, struct value_pointer *ret)
{
	struct hs_error err = HS_ERROR_INIT;

	if (!json_is_string(json))
		return mistake(compiler, HS_WRONG_TYPE, pointer,
		    "this must be a JSON Pointer, as in \"/data/players\"");
	if (value_pointer_parse(json_string_value(json), compiler->arena, ret, &err))
		return true;
	if (err.code != HS_BAD_ARGUMENT)
		compiler->is_out_of_memory = true;
	return mistake(compiler, err.code, pointer, err.message);
}

bool mapping_int(struct expression_compiler *compiler, const json_t *json, const char *pointer,
    int64_t min, int64_t max, int64_t fallback, int64_t *ret)
{
	if (json == NULL) {
		*ret = fallback;
		return true;
	}
	if (!json_is_integer(json) || json_integer_value(json) < min ||
	    json_integer_value(json) > max) {
		hs_problems_add(compiler->mistakes,
		    json_is_integer(json) ? HS_OUT_OF_RANGE : HS_WRONG_TYPE, pointer, 0, 0,
		    "this must be a whole number from %lld to %lld", (long long)min,
		    (long long)max);
		return false;
	}
	*ret = json_integer_value(json);
	return true;
}

bool mapping_is_header_name(const char *text)
{
	return text[0] != '\0' && strspn(text, "!#$%&'*+-.^_`|~0123456789"
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(text);
}

bool mapping_is_variable(const char *text)
{
	return (text[0] < '0' || text[0] > '9') && text[0] != '\0' &&
	    strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") == strlen(text);
}

void mapping_check_schedule(struct hs_problems *mistakes, const char *text, const char *pointer)
{
	struct hs_error err = HS_ERROR_INIT;
	struct cron cron;

	if (!cron_parse(text, &cron, &err))
		hs_problems_add(mistakes, err.code, pointer, 0, 0, "%s", err.message);
}

void mapping_check_timezone(struct hs_problems *mistakes, const char *text, const char *pointer)
{
	struct hs_error err = HS_ERROR_INIT;
	struct zone *zone = NULL;

	if (!zone_load(text, &zone, &err))
		hs_problems_add(mistakes, err.code, pointer, 0, 0, "%s", err.message);
	zone_free(zone);
}

bool mapping_document_slot(struct expression_compiler *compiler, const struct value_pointer *wanted,
    const char *pointer, size_t *ret)
{
	struct expression_slots *slots = compiler->slots;

	for (size_t i = 0; i < slots->document_count; i++) {
		if (strcmp(slots->document[i].text, wanted->text) == 0) {
			*ret = i;
			return true;
		}
	}
	if (slots->document_count == EXPRESSION_MAX_SLOTS)
		return mistake(compiler, HS_LIMIT, pointer,
		    "the mapping asks for too many values of the document");
	slots->document[slots->document_count] = *wanted;
	*ret = slots->document_count++;
	return true;
}
