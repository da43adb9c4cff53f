/* search_refused.h: the answer to a search that is refused: everything that is wrong with it.
 *
 * A page has the form once more, as it was filled in, and says at each field what is wrong with
 * it; htmx gets that for the results' place. A program gets application/problem+json whose detail
 * and parameter are the first one's, as of any problem, and "errors" with all of them:
 *	{"parameter":"competition","detail":"...","values":"/api/v1/competitions"} */
#ifndef WEB_SEARCH_REFUSED_H
#define WEB_SEARCH_REFUSED_H

#include "daemons/web/exchange.h"
#include "daemons/web/refusals.h"
#include "daemons/web/search_query.h"

/* Takes the exchange, the search that is left, and what refusals holds, which is empty then. */
void search_refused(struct exchange *exchange, struct search_query *query,
    struct refusals *refusals);

#endif
