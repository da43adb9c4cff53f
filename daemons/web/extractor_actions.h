/* extractor_actions.h: what an admin's buttons on the extractor's pages ask hsd-extractor for, by
 * command_request.h; the source's page, to which they lead back, shows how the request fares. */
#ifndef WEB_EXTRACTOR_ACTIONS_H
#define WEB_EXTRACTOR_ACTIONS_H

struct exchange;

/* Handlers of forms: /admin/extractors/{name}/... */
void extractor_run_post(struct exchange *exchange);
void extractor_dry_run_post(struct exchange *exchange);
void extractor_cancel_post(struct exchange *exchange);
void extractor_enable_post(struct exchange *exchange);
void extractor_disable_post(struct exchange *exchange);

#endif
