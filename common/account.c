/* account.c: the rules of 007_accounts.sql, with sentences. */
#include "common/account.h"

#include <string.h>

static const char *const role_names[HS_ROLE_COUNT] = {
	[HS_ROLE_VIEWER] = "viewer",
	[HS_ROLE_SCOUT] = "scout",
	[HS_ROLE_ADMIN] = "admin",
};

const char *hs_role_name(enum hs_role role)
{
	if ((unsigned)role >= HS_ROLE_COUNT)
		hs_panic("there is no role %d", (int)role);
	return role_names[role];
}

bool hs_role_parse(const char *name, enum hs_role *ret)
{
	for (int role = 0; role < HS_ROLE_COUNT; role++) {
		if (strcmp(name, role_names[role]) == 0) {
			*ret = (enum hs_role)role;
			return true;
		}
	}
	return false;
}

bool hs_account_check_name(const char *name, struct hs_error *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789._@-";
	size_t length = strlen(name);

	if (length > 0 && length < HS_ACCOUNT_NAME_BYTES && strchr("._@-", name[0]) == NULL &&
	    strspn(name, letters) == length)
		return true;
	return hs_error_set(err, HS_BAD_ARGUMENT, "name",
	    "'%.80s' cannot be an account's name: it has 1 to %d of a-z, 0-9 and . _ @ -, and "
	    "begins with a letter or digit", name, (int)HS_ACCOUNT_NAME_BYTES - 1);
}
