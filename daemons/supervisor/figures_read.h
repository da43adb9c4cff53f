/* figures_read.h: what the database says of itself and of the data; for the task. */
#ifndef SUPERVISOR_FIGURES_READ_H
#define SUPERVISOR_FIGURES_READ_H

#include <stdbool.h>

#include <jansson.h>

#include "common/db.h"
#include "common/error.h"

/* {"version","size_bytes","is_standby","players","player_seasons","is_estimate",
 * "last_import":{"at","name"} or null,"failed_files","sources_failing":[{"source","at","message"}]};
 * failed_files are of the last day. Gives *ret. Errors: those of hs_db_run. */
bool figures_read(struct hs_db *db, json_t **ret, struct hs_error *err);

#endif
