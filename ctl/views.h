/* views.h: what each command's events and result look like as text.
 *
 * All that comes from outside is escaped before it gets here. A member that a daemon
 * left out is shown as "-" or 0: an older or newer daemon is no reason to show nothing. */
#ifndef CTL_VIEWS_H
#define CTL_VIEWS_H

#include <jansson.h>

#include "ctl/output.h"

/* view_status.c */
void view_status(struct output *output, const json_t *result);
void view_daemon(struct output *output, const json_t *result);
void view_reload(struct output *output, const json_t *result);

/* view_import.c */
void view_import_event(struct output *output, const json_t *event);	/* now, retry */
void view_import_now(struct output *output, const json_t *result);
void view_show_event(struct output *output, const json_t *event);
void view_import_show(struct output *output, const json_t *result);
void view_import_list(struct output *output, const json_t *result);

/* view_extractor.c */
void view_extractor_event(struct output *output, const json_t *event);
void view_extractor_run(struct output *output, const json_t *result);
void view_extractor_check(struct output *output, const json_t *result);
void view_extractor_list(struct output *output, const json_t *result);
void view_extractor_switch(struct output *output, const json_t *result);	/* enable, disable */
void view_extractor_history(struct output *output, const json_t *result);
void view_extractor_cancel(struct output *output, const json_t *result);

/* view_identity.c */
void view_identity_event(struct output *output, const json_t *event);	/* suggest */
void view_identity_suggest(struct output *output, const json_t *result);
void view_identity_list(struct output *output, const json_t *result);	/* list, link */
void view_identity_unlink(struct output *output, const json_t *result);
void view_identity_unlike(struct output *output, const json_t *result);

/* view_snapshot.c */
void view_check(struct output *output, const json_t *result);
void view_schema(struct output *output, const json_t *result);

/* view_user.c */
void view_user_change(struct output *output, const json_t *result);
void view_user_list(struct output *output, const json_t *result);
void view_user_audit(struct output *output, const json_t *result);

/* view_token.c */
void view_token_create(struct output *output, const json_t *result);
void view_token_list(struct output *output, const json_t *result);
void view_token_revoke(struct output *output, const json_t *result);

/* view_quality.c */
void view_quality(struct output *output, const json_t *result);

/* view_backup.c */
void view_backup(struct output *output, const json_t *result);
void view_backup_verify(struct output *output, const json_t *result);
void view_restore(struct output *output, const json_t *result);

/* view_house.c */
void view_migrate_event(struct output *output, const json_t *event);
void view_migrate(struct output *output, const json_t *result);
void view_config(struct output *output, const json_t *result);
void view_completion(struct output *output, const json_t *result);
void view_doctor(struct output *output, const json_t *result);
void view_version(struct output *output, const json_t *result);

/* view_logs.c */
void view_logs_event(struct output *output, const json_t *event);
void view_logs(struct output *output, const json_t *result);

/* view_file.c */
void view_import_files(struct output *output, const json_t *result);
void view_import_file(struct output *output, const json_t *result);
void view_import_undo(struct output *output, const json_t *result);
void view_import_delete(struct output *output, const json_t *result);

/* Shared: NAME:LINE:COLUMN: /pointer: message (code), and the line in question with a mark
 * under the place, for up to most of the problems. */
void view_problems(struct output *output, const char *name, const json_t *problems, size_t most,
    size_t indent);

/* Shared: the files that wait, and why; nothing when none does. */
void view_waiting(struct output *output, const json_t *waiting);

#endif
