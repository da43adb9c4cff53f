/* identity_actions.h: links, told by an admin: by forms of /admin/identities, or by calls of
 * /api/v1/identities. */
#ifndef WEB_IDENTITY_ACTIONS_H
#define WEB_IDENTITY_ACTIONS_H

#include "daemons/web/exchange.h"

/* player and other (SOURCE:EXTERNAL_ID) and reason: fields of a form, which also has back, the ID
 * of the page's player; or parameters of a call, which answers
 * {"player","other","person","url"}: other is null of unlink, person and url of unlike. */
void identity_link_post(struct exchange *exchange);
void identity_unlink_post(struct exchange *exchange);
void identity_unlike_post(struct exchange *exchange);
void identity_take_back_post(struct exchange *exchange);

/* Asks the importer to look through all players again; a call answers as of request_api.h. */
void identity_look_post(struct exchange *exchange);

#endif
