/* account.h: names and roles of accounts, as hsctl, the pages and the database have them. */
#ifndef HS_ACCOUNT_H
#define HS_ACCOUNT_H

#include <stdbool.h>

#include "common/error.h"

enum { HS_ACCOUNT_NAME_BYTES = 65 };	/* with the NUL */

/* Each may what those before it may. */
enum hs_role { HS_ROLE_VIEWER, HS_ROLE_SCOUT, HS_ROLE_ADMIN, HS_ROLE_COUNT };

/* "viewer", "scout", "admin". */
const char *hs_role_name(enum hs_role role);
bool hs_role_parse(const char *name, enum hs_role *ret);

/* 1 to 64 of a-z, 0-9 and . _ @ -, the first a letter or digit. Errors: HS_BAD_ARGUMENT. */
bool hs_account_check_name(const char *name, struct hs_error *err);

#endif
