/* audit.c: trusts 007_accounts.sql. */
#include "daemons/web/audit.h"

#include <string.h>

#include "common/db_pool.h"
#include "daemons/web/account.h"

void audit_who(const struct exchange *exchange, struct audit_who *ret)
{
	if (exchange->account == NULL)
		hs_panic("nobody is signed in who could do %s", exchange->path);
	ret->actor = exchange->account->name;
	asker_of(exchange, &ret->asker);
}

const char audit_list_sql[] =
    "select to_char(happened_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), action,"
    " is_refusal, actor, address, subject, detail"
    " from audit_trail order by audit_id desc limit $1::integer";

json_t *audit_json(const PGresult *result, int row)
{
	return json_pack("{s:s, s:s, s:b, s:s?, s:s?, s:s?, s:s?}", "at",
	    hs_db_text(result, row, 0), "action", hs_db_text(result, row, 1), "is_refusal",
	    strcmp(hs_db_text(result, row, 2), "t") == 0, "actor", hs_db_text(result, row, 3),
	    "address", hs_db_text(result, row, 4), "subject", hs_db_text(result, row, 5),
	    "detail", hs_db_text(result, row, 6));
}
