/* player.h: the handlers of one player: his page, and his JSON. */
#ifndef WEB_PLAYER_H
#define WEB_PLAYER_H

#include "daemons/web/exchange.h"

/* GET /players/{id} */
void player_page(struct exchange *exchange);

/* GET /api/v1/players/{id} */
void player_api(struct exchange *exchange);

#endif
