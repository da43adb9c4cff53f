/* imports.h: the import history: what came in, when, and what was wrong with it. For scouts and
 * admins; only admins find the buttons that do something (import_actions.h). */
#ifndef WEB_IMPORTS_H
#define WEB_IMPORTS_H

struct exchange;

/* Handlers. */
void imports_runs_page(struct exchange *exchange);
void imports_files_page(struct exchange *exchange);
void imports_run_page(struct exchange *exchange);
void imports_file_page(struct exchange *exchange);
/* Of one file, for admins: what undoing it changes, and whether to; whether to delete it. */
void import_undo_page(struct exchange *exchange);
void import_delete_page(struct exchange *exchange);

#endif
