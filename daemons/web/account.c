/* account.c: makes and frees what accounts need; fails without memory only. */
#include "daemons/web/account.h"

#include <stdlib.h>

#include "daemons/web/hashing.h"

enum { CONNECTIONS = 2, PATIENT_CONNECTIONS = 1 };

bool accounts_new(struct event_base *base, const struct hs_settings *settings,
    struct accounts **ret, struct hs_error *err)
{
	struct accounts *accounts = calloc(1, sizeof *accounts);

	if (accounts == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for accounts");
	if (!hs_db_pool_new(base, settings, HS_DB_WRITER, "hsd-web accounts", CONNECTIONS,
		&accounts->pool, err) ||
	    !hs_db_pool_new(base, settings, HS_DB_WRITER, "hsd-web primary", CONNECTIONS,
		&accounts->primary, err) ||
	    !hs_db_pool_new(base, settings, HS_DB_WRITER, "hsd-web patient", PATIENT_CONNECTIONS,
		&accounts->patient, err) ||
	    !hashing_new(base, &accounts->hashing, err)) {
		accounts_free(accounts);
		return false;
	}
	*ret = accounts;
	return true;
}

void accounts_use(struct accounts *accounts, uint32_t hosts, uint32_t gone)
{
	hs_db_pool_use(accounts->pool, hosts, gone);
	hs_db_pool_use(accounts->primary, hosts, gone);
	hs_db_pool_use(accounts->patient, hosts, gone);
}

void accounts_free(struct accounts *accounts)
{
	if (accounts == NULL)
		return;
	hashing_free(accounts->hashing);
	hs_db_pool_free(accounts->pool);
	hs_db_pool_free(accounts->primary);
	hs_db_pool_free(accounts->patient);
	free(accounts);
}
