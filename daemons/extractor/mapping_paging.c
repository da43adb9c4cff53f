/* mapping_paging.c: the pages of a mapping: which kinds there are, and what each has.
 *
 * Trusts nothing of the JSON. */
#include "daemons/extractor/mapping_paging.h"

#include <stdio.h>

#include "daemons/extractor/mapping_check.h"

enum {
	MAX_SIZE = 1000000,
	MAX_PAGES = 100000,
	DEFAULT_PAGES = 1000
};

static void mistake(struct expression_compiler *compiler, enum hs_error_code code,
    const char *pointer, const char *sentence)
{
	hs_problems_add(compiler->mistakes, code, pointer, 0, 0, "%s", sentence);
}

static bool paging_slot(struct expression_compiler *compiler, const json_t *json,
    const char *pointer, size_t *ret)
{
	struct value_pointer wanted;

	*ret = SIZE_MAX;
	return json == NULL ||
	    (mapping_value_pointer(compiler, json, pointer, &wanted) &&
		mapping_document_slot(compiler, &wanted, pointer, ret));
}

/* The keys that each kind has beside kind and limit. */
static const char *const paging_keys[][9] = {
	[PAGING_PAGE] = { "kind", "limit", "parameter", "start", "size", "size_parameter", "total",
	    NULL },
	[PAGING_OFFSET] = { "kind", "limit", "parameter", "start", "size", "size_parameter",
	    "total", NULL },
	[PAGING_CURSOR] = { "kind", "limit", "parameter", "size", "size_parameter", "next", NULL },
	[PAGING_LINK] = { "kind", "limit", "next", NULL },
};

static void read_numbers(struct expression_compiler *compiler, const json_t *json,
    const char *pointer, struct mapping_paging *paging)
{
	char buf[HS_POINTER_BYTES];

	mapping_int(compiler, json_object_get(json, "start"), mapping_pointer(buf, pointer, "start"),
	    0, INT32_MAX, paging->kind == PAGING_PAGE, &paging->start);
	mapping_int(compiler, json_object_get(json, "size"), mapping_pointer(buf, pointer, "size"),
	    1, MAX_SIZE, 0, &paging->size);
	mapping_int(compiler, json_object_get(json, "limit"), mapping_pointer(buf, pointer, "limit"),
	    1, MAX_PAGES, DEFAULT_PAGES, &paging->limit);
	if (paging->size == 0 && (paging->kind == PAGING_OFFSET ||
		json_object_get(json, "size_parameter") != NULL))
		mistake(compiler, HS_MISSING_FIELD, mapping_pointer(buf, pointer, "size"),
		    "say how many records a page has");
}

void mapping_read_paging(struct expression_compiler *compiler, const json_t *json,
    const char *pointer, struct mapping_paging *paging)
{
	static const char *const kinds[] = { "page", "offset", "cursor", "link" };
	static const char *const parameters[] = {
		[PAGING_PAGE] = "page", [PAGING_OFFSET] = "offset", [PAGING_CURSOR] = "cursor",
		[PAGING_LINK] = NULL,
	};
	const json_t *parameter = json_object_get(json, "parameter");
	const json_t *size_parameter = json_object_get(json, "size_parameter");
	char buf[HS_POINTER_BYTES];
	int kind;

	if (!json_is_object(json)) {
		mistake(compiler, HS_WRONG_TYPE, pointer, "this must be an object with a kind");
		return;
	}
	kind = mapping_word(compiler, json_object_get(json, "kind"), mapping_pointer(buf, pointer, "kind"),
	    kinds, HS_COUNT(kinds));
	if (kind < 0)
		return;
	paging->kind = (enum paging_kind)(kind + 1);
	mapping_check_keys(compiler->mistakes, json, pointer, paging_keys[paging->kind]);
	paging->parameter = parameter == NULL ? parameters[paging->kind] :
	    mapping_plain_text(compiler, parameter, mapping_pointer(buf, pointer, "parameter"));
	if (size_parameter != NULL)
		paging->size_parameter = mapping_plain_text(compiler, size_parameter,
		    mapping_pointer(buf, pointer, "size_parameter"));
	read_numbers(compiler, json, pointer, paging);
	paging_slot(compiler, json_object_get(json, "total"), mapping_pointer(buf, pointer, "total"),
	    &paging->total_slot);
	mapping_pointer(buf, pointer, "next");
	paging_slot(compiler, json_object_get(json, "next"), buf, &paging->next_slot);
	if (paging->kind == PAGING_CURSOR && json_object_get(json, "next") == NULL)
		mistake(compiler, HS_MISSING_FIELD, buf,
		    "say where a page has the next one's cursor, a JSON Pointer");
}
