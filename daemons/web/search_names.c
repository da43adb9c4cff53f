/* search_names.c: looks identities up by source and external id. Fails only as sql.c does. */
#include "daemons/web/search_names.h"

#include <string.h>

#include "common/db.h"
#include "common/error.h"

enum { PARAM, ITEM, NAME };

static const enum search_param identities[] = { SEARCH_COMPETITION, SEARCH_TEAM };

static void put_table(struct sql *sql, enum search_param param, const struct search_value *value)
{
	const char *table = search_params[param].column;

	sql_put(sql, "select '");
	sql_put(sql, search_params[param].name);
	sql_put(sql, "', w, i.name from unnest(");
	sql_texts(sql, value->items, value->count);
	sql_put(sql, ") w join source s on s.name = split_part(w, ':', 1) join ");
	sql_put(sql, table);
	sql_put(sql, " i on i.source_id = s.source_id"
	    " and i.external_id = substr(w, strpos(w, ':') + 1)");
}

bool search_names_sql(const struct search_query *query, struct sql *sql)
{
	bool any = false;

	for (size_t i = 0; i < HS_COUNT(identities); i++) {
		const struct search_value *value = &query->values[identities[i]];

		if (!value->given)
			continue;
		if (any)
			sql_put(sql, " union all ");
		put_table(sql, identities[i], value);
		any = true;
	}
	return any;
}

const char *search_names_of(const PGresult *names, enum search_param param, const char *item)
{
	for (int i = 0; names != NULL && i < PQntuples(names); i++) {
		if (strcmp(hs_db_text(names, i, PARAM), search_params[param].name) == 0 &&
		    strcmp(hs_db_text(names, i, ITEM), item) == 0)
			return hs_db_text(names, i, NAME);
	}
	return strchr(item, ':') + 1;
}
