/* usage.c: counters, and a few bytes a field. Nothing here allocates but the two lists. */
#include "daemons/extractor/usage.h"

#include <string.h>

#include "common/text.h"

static void keep(char first[USAGE_FIRST_BYTES], const char *text, size_t whole)
{
	static const char dots[] = "...";
	char cut[USAGE_FIRST_BYTES];
	size_t length = whole;

	if (length >= sizeof cut)
		length = (size_t)hs_utf8_cut(text, USAGE_FIRST_BYTES - sizeof dots);
	memcpy(cut, text, length);
	cut[length] = '\0';
	if (length < whole)
		memcpy(cut + length, dots, sizeof dots);
	hs_utf8_clean(cut, strlen(cut), first, USAGE_FIRST_BYTES);
}

_Static_assert(HS_FIELD_COUNT <= 64, "known and all_found have a bit for each field");

void usage_look(struct usage *usage, const struct mapping *mapping,
    const struct expression_scope *scope)
{
	for (size_t i = 0; i < HS_FIELD_COUNT; i++) {
		if (mapping->fields[i] == NULL || usage->counts[i] > 0 ||
		    (usage->all_found >> i & 1) != 0)
			continue;
		if (expression_look(mapping->fields[i], scope, &usage->found[i]))
			usage->all_found |= UINT64_C(1) << i;
	}
}

void usage_count(struct usage *usage, const char *const texts[HS_FIELD_COUNT])
{
	usage->records++;
	for (size_t i = 0; i < HS_FIELD_COUNT; i++) {
		if (texts[i] != NULL && usage->counts[i]++ == 0)
			keep(usage->first[i], texts[i], strlen(texts[i]));
	}
}

void usage_keep(struct usage *usage, const struct emit_value values[HS_FIELD_COUNT])
{
	for (size_t i = 0; i < HS_FIELD_COUNT; i++) {
		if (values[i].text == NULL || (usage->known >> i & 1) != 0)
			continue;
		keep(usage->first[i], values[i].text, values[i].length);
		usage->known |= UINT64_C(1) << i;
	}
}

static bool add(json_t *list, json_t *row)
{
	return row != NULL && json_array_append_new(list, row) == 0;
}

static json_t *row_json(const struct usage *usage, const struct mapping *mapping, size_t field,
    bool is_whole)
{
	const char *name = hs_field_rows[field].name, *first = usage->first[field];
	char from[USAGE_SOURCES_BYTES], missing[USAGE_SOURCES_BYTES];

	expression_sources(mapping->fields[field], &mapping->slots, from, sizeof from);
	expression_missing(mapping->fields[field], &mapping->slots, usage->found[field], missing,
	    sizeof missing);
	if (!is_whole)
		return json_pack("{s:s, s:s, s:s}", "field", name, "from", from, "missing", missing);
	return json_pack("{s:s, s:s, s:I, s:s?}", "field", name, "from", from, "count",
	    (json_int_t)usage->counts[field], "first", first[0] != '\0' ? first : NULL);
}

static json_t *list_fields(const struct usage *usage, const struct mapping *mapping, bool is_whole)
{
	json_t *list = json_array();

	for (size_t i = 0; i < HS_FIELD_COUNT && list != NULL; i++) {
		if (mapping->fields[i] == NULL || (!is_whole && usage->counts[i] > 0))
			continue;
		if (!add(list, row_json(usage, mapping, i, is_whole))) {
			json_decref(list);
			list = NULL;
		}
	}
	return list;
}

json_t *usage_table(const struct usage *usage, const struct mapping *mapping)
{
	return list_fields(usage, mapping, true);
}

/* Of no records nothing can be said. */
json_t *usage_empty(const struct usage *usage, const struct mapping *mapping)
{
	return usage->records == 0 ? json_array() : list_fields(usage, mapping, false);
}
