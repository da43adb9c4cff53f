/* quality_page.h: the handlers of the data quality page and of its JSON. */
#ifndef WEB_QUALITY_PAGE_H
#define WEB_QUALITY_PAGE_H

#include "daemons/web/exchange.h"

/* GET /admin/quality; a fragment is what the page says of its age alone. */
void quality_page(struct exchange *exchange);

/* POST /admin/quality: find it out anew, and back to the page. */
void quality_post(struct exchange *exchange);

/* POST /api/v1/quality: the same by a program; a 202. */
void quality_api_post(struct exchange *exchange);

/* GET /api/v1/quality */
void quality_api(struct exchange *exchange);

#endif
