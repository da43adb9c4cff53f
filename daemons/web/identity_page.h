/* identity_page.h: /admin/identities: who is who, for an admin: pairs to look at, links there are. */
#ifndef WEB_IDENTITY_PAGE_H
#define WEB_IDENTITY_PAGE_H

#include "daemons/web/exchange.h"

/* ?player=ID: of this player and his person first. */
void identity_page(struct exchange *exchange);

/* Forms: player and other (SOURCE:EXTERNAL_ID), reason, and back: the ID of the page's player. */
void identity_link_post(struct exchange *exchange);
void identity_unlink_post(struct exchange *exchange);
void identity_unlike_post(struct exchange *exchange);

/* Asks the importer to look through all players again. */
void identity_look_post(struct exchange *exchange);

#endif
