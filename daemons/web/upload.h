/* upload.h: snapshots from a browser: POST /admin/imports/upload, and the page of what becomes of
 * them; and one from a program: POST /api/v1/imports/upload?name=NAME.json.
 *
 * The body is streamed (held.h, upload_task.h): memory does not grow with it. At most UPLOADS_MOST
 * at once, of at most HOOPSCOUT_UPLOAD_MAX_BYTES each. */
#ifndef WEB_UPLOAD_H
#define WEB_UPLOAD_H

#include <event2/event.h>

#include "common/error.h"

struct exchange;
struct uploads;

enum { UPLOADS_MOST = 4 };

/* Gives *ret. Borrows base for its life. */
bool uploads_new(struct event_base *base, struct uploads **ret, struct hs_error *err);

/* hsd-web stops: those that go on may end, but one of which nothing comes ends soon. */
void uploads_stop(struct uploads *uploads);

/* After the exchanges. Accepts NULL. */
void uploads_free(struct uploads *uploads);

/* Handlers: of the form, of a program's snapshot, and of the page that the form leads to. */
void upload_post(struct exchange *exchange);
void upload_api_post(struct exchange *exchange);
void uploads_page(struct exchange *exchange);

#endif
