/* payload.h: what the source wrote of a record, as the snapshot keeps it. */
#ifndef HS_EXTRACTOR_PAYLOAD_H
#define HS_EXTRACTOR_PAYLOAD_H

#include <stdbool.h>

#include "common/error.h"
#include "common/name_set.h"
#include "daemons/extractor/emit.h"
#include "daemons/extractor/expression.h"

/* The innermost item of the scope, as an object, written anew in the scope's arena. names is the
 * caller's, and is left empty. What the importer would refuse in one is refused here, for it is the
 * record's fault; where is the pointer inside the item.
 * Errors: HS_REPEATED_KEY, HS_OUT_OF_RANGE (a number beyond jsonb), HS_TOO_DEEP, HS_RECORD_TOO_BIG
 * (no room in the arena), HS_NO_MEMORY. */
bool payload_make(struct hs_name_set *names, const struct expression_scope *scope,
    struct emit_value *ret, struct hs_error *err);

#endif
