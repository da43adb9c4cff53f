/* search_advice.c: a search without each of its filters in turn.
 *
 * Trusts the query. Fails only as search_sql.c does. */
#include "daemons/web/search_advice.h"

#include <stdlib.h>

/* age_on alone says which day, and filters nobody. */
static bool filters(const struct search_query *query, enum search_param param)
{
	return query->values[param].given && search_params[param].type != SEARCH_IS_DATE;
}

static bool add(struct search_advice *advice, const struct search_query *query,
    enum search_param param, long long look_ups, struct hs_error *err)
{
	struct search_query other = *query;	/* borrows the lists */

	other.values[param].given = false;
	if (!search_sql_new(&other, look_ups, &advice->without[advice->count].sql, err))
		return false;
	advice->without[advice->count++].param = param;
	return true;
}

bool search_advice_new(const struct search_query *query, long long look_ups,
    struct search_advice **ret, struct hs_error *err)
{
	struct search_advice *advice = calloc(1, sizeof *advice);

	if (advice == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a search");
	for (size_t i = 0; i < SEARCH_SORT && advice->count < SEARCH_ADVICE_MOST; i++) {
		if (filters(query, (enum search_param)i) &&
		    !add(advice, query, (enum search_param)i, look_ups, err)) {
			search_advice_free(advice);
			return false;
		}
	}
	*ret = advice;
	return true;
}

void search_advice_free(struct search_advice *advice)
{
	if (advice == NULL)
		return;
	for (size_t i = 0; i < advice->count; i++)
		search_sql_free(advice->without[i].sql);
	free(advice);
}
