/* audit_page.h: /audit: what was done and refused lately, for admins. */
#ifndef WEB_AUDIT_PAGE_H
#define WEB_AUDIT_PAGE_H

#include "daemons/web/exchange.h"

void audit_page(struct exchange *exchange);

#endif
