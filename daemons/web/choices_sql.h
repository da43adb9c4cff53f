/* choices_sql.h: how many players each entry of a list would give. */
#ifndef WEB_CHOICES_SQL_H
#define WEB_CHOICES_SQL_H

#include <stddef.h>
#include <stdint.h>

#include "daemons/web/search_query.h"
#include "daemons/web/sql.h"

/* Makes the statement: id and players, for each id that has any under all the other filters;
 * what is chosen of the list itself is left out, as it is what may be chosen otherwise. With
 * id_count above 0 only these are counted. */
void choices_sql(struct sql *sql, const struct search_query *query, enum search_param param,
    const int32_t *ids, size_t id_count);

#endif
