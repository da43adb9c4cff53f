/* imports_api.h: the import history for programs: the filters, order and pages of imports.h, as
 * JSON. What they ask the importer for is import_actions.h's. */
#ifndef WEB_IMPORTS_API_H
#define WEB_IMPORTS_API_H

struct exchange;

/* Handlers of GET /api/v1/imports, .../runs/{id}, .../files, .../files/{id}. */
void imports_api_runs(struct exchange *exchange);
void imports_api_run(struct exchange *exchange);
void imports_api_files(struct exchange *exchange);
void imports_api_file(struct exchange *exchange);

#endif
