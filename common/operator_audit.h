/* operator_audit.h: what an operator does by hsctl, in the audit trail, as hsd-web writes what its
 * users ask for. */
#ifndef HS_OPERATOR_AUDIT_H
#define HS_OPERATOR_AUDIT_H

#include <jansson.h>

#include "common/child.h"
#include "common/commands.h"
#include "common/db_pool.h"

/* Writes that a command was given: its id, by hsctl, about its first argument; the detail has the
 * user's name, and whether it was only to look. Nothing when it came by the database: it was
 * written down when it was asked for. Waits for nothing; what cannot be written is logged. Borrows
 * all but pool until it returns. */
void hs_operator_audit(struct hs_db_pool *pool, const struct hs_call *call,
    enum hs_command_id command, const json_t *args);

#endif
