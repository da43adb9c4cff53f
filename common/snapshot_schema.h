/* snapshot_schema.h: the field table as a JSON Schema (draft 2020-12), as
 * `hsctl snapshot schema` prints it. */
#ifndef HS_SNAPSHOT_SCHEMA_H
#define HS_SNAPSHOT_SCHEMA_H

#include <jansson.h>

/* A new reference; NULL without memory. */
json_t *hs_snapshot_schema(void);

#endif
