/* import_actions.h: what an admin's buttons on the import pages ask the importer for, by
 * command_request.h; the page that they lead back to shows how the request fares. Of the API the
 * answer is request_api.h's. */
#ifndef WEB_IMPORT_ACTIONS_H
#define WEB_IMPORT_ACTIONS_H

struct exchange;

/* Handlers of forms. */
void import_now_post(struct exchange *exchange);
void import_retry_post(struct exchange *exchange);
void import_delete_post(struct exchange *exchange);
void import_preview_post(struct exchange *exchange);
void import_undo_post(struct exchange *exchange);

#endif
