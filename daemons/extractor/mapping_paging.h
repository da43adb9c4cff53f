/* mapping_paging.h: how a mapping says that its records come in pages. */
#ifndef HS_EXTRACTOR_MAPPING_PAGING_H
#define HS_EXTRACTOR_MAPPING_PAGING_H

#include <jansson.h>

#include "daemons/extractor/expression.h"
#include "daemons/extractor/mapping.h"

/* Reads the key "paging" into paging; what is wrong is added to the compiler's mistakes. Texts lie
 * in its arena. */
void mapping_read_paging(struct expression_compiler *compiler, const json_t *json,
    const char *pointer, struct mapping_paging *paging);

#endif
