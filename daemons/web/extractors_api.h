/* extractors_api.h: the extractor's sources for programs: when they run, how the latest run went;
 * and asking for one. */
#ifndef WEB_EXTRACTORS_API_H
#define WEB_EXTRACTORS_API_H

struct exchange;

/* Handlers of GET /api/v1/extractors/{name}/runs and /api/v1/extractors/runs/{id}. */
void extractors_api_runs(struct exchange *exchange);
void extractors_api_one_run(struct exchange *exchange);

/* Handlers of GET /api/v1/extractors and POST /api/v1/extractors/{name}/run. */
void extractors_api_list(struct exchange *exchange);
void extractors_api_run(struct exchange *exchange);

#endif
