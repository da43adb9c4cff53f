/* mapping_check.h: what all parts of a mapping are read with: each function adds a mistake with its
 * place when something is not what it should be. */
#ifndef HS_EXTRACTOR_MAPPING_CHECK_H
#define HS_EXTRACTOR_MAPPING_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "common/problems.h"
#include "daemons/extractor/expression.h"

/* Adds the mistake of a text that is no JSON: what jansson found, and what to look for. */
void mapping_refuse_json(struct hs_problems *mistakes, const json_error_t *error);

/* Adds a mistake for each key of an object that is none of names, of which the last is NULL; and
 * one when it is no object. */
bool mapping_check_keys(struct hs_problems *mistakes, const json_t *json, const char *pointer,
    const char *const *names);
/* "/fields/season": the pointer and a key. Returns buf. */
const char *mapping_pointer(char buf[HS_POINTER_BYTES], const char *pointer, const char *key);
/* A pointer and an index. */
const char *mapping_item_pointer(char buf[HS_POINTER_BYTES], const char *pointer, size_t index);
/* A text or a whole number, as text in the arena; NULL after a mistake. */
const char *mapping_text(struct expression_compiler *compiler, const json_t *json,
    const char *pointer);
/* A text that is not empty, copied; NULL after a mistake. */
const char *mapping_plain_text(struct expression_compiler *compiler, const json_t *json,
    const char *pointer);
/* A choice of words; the number of the one that it is, or -1 after a mistake. */
int mapping_word(struct expression_compiler *compiler, const json_t *json, const char *pointer,
    const char *const *words, size_t count);
/* A JSON Pointer. */
bool mapping_value_pointer(struct expression_compiler *compiler, const json_t *json,
    const char *pointer, struct value_pointer *ret);
/* A whole number in a range; NULL json gives fallback. */
bool mapping_int(struct expression_compiler *compiler, const json_t *json, const char *pointer,
    int64_t min, int64_t max, int64_t fallback, int64_t *ret);
/* The slot of a pointer into the document; false when there are too many. */
bool mapping_document_slot(struct expression_compiler *compiler, const struct value_pointer *wanted,
    const char *pointer, size_t *ret);
/* Zeroed memory, and a copy of a text; NULL sets is_out_of_memory. */
void *mapping_take(struct expression_compiler *compiler, size_t bytes);
const char *mapping_copy(struct expression_compiler *compiler, const char *text);

/* Whether it can be a header's name, or that of an environment variable. */
bool mapping_is_header_name(const char *text);
bool mapping_is_variable(const char *text);

/* A schedule (cron.h) and a time zone (timezone.h), as hsd-extractor(8) has them: what is wrong is
 * added. */
void mapping_check_schedule(struct hs_problems *mistakes, const char *text, const char *pointer);
void mapping_check_timezone(struct hs_problems *mistakes, const char *text, const char *pointer);

#endif
