/* masthead.h: what the head of every page knows of its visitor: name, role, and the links that
 * are for that role. One row in masthead.c makes a link. */
#ifndef WEB_MASTHEAD_H
#define WEB_MASTHEAD_H

#include <jansson.h>

#include "daemons/web/exchange.h"

/* Sets "visitor" of a page's data: null when nobody is signed in, else {"name", "role", "is_scout"
 * (scout or admin), "is_admin", "links": [{"path", "text", "is_here"}]}. False without memory. */
bool masthead_put(const struct exchange *exchange, json_t *data);

#endif
