/* notice.h: what came of a posted form, said once on the page that comes next.
 *
 * It travels in a cookie of a minute, proven with the session's token, so that nobody else can
 * put words into our pages. Every page shows it (part/masthead), is not kept then, and takes it
 * away. */
#ifndef WEB_NOTICE_H
#define WEB_NOTICE_H

#include <stdbool.h>

#include <jansson.h>

#include "daemons/web/exchange.h"

enum notice { NOTICE_DONE, NOTICE_PROBLEM };

enum { NOTICE_TEXT_BYTES = 400 };	/* what is longer is cut at a character */

/* Ends a POST of who is signed in: the browser goes on to path, one of ours (a 303; where htmx
 * asked, HX-Redirect), and finds text there, a sentence in UTF-8. Takes exchange. */
void notice_reply(struct exchange *exchange, const char *path, enum notice kind, const char *text);

/* Whether the page that is answered has one to show: then no kept page will do. */
bool notice_waits(const struct exchange *exchange);

/* For reply_page: {"text","is_problem"} to show now, or null; NULL without memory. The cookie goes,
 * and the reply becomes a secret one. */
json_t *notice_take(struct exchange *exchange);

#endif
