/* identity_page.h: /admin/identities: who is who, for an admin: pairs to look at, and links. What
 * its forms do: identity_actions.h. */
#ifndef WEB_IDENTITY_PAGE_H
#define WEB_IDENTITY_PAGE_H

#include "daemons/web/exchange.h"

/* ?player=ID: of this player and his person first. */
void identity_page(struct exchange *exchange);

#endif
