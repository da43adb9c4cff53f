/* statics.h: style sheets, scripts and icons, read whole at start.
 *
 * Only names that were found then are served, from memory: no request's path ever
 * reaches the file system. A file is at /static/NAME?v=HASH for good, and at /static/NAME
 * as it is now. Where NAME.gz lies beside it, or beside the programs, and is made of it, whoever
 * accepts gzip gets that. */
#ifndef WEB_STATICS_H
#define WEB_STATICS_H

#include <stdbool.h>

#include <jansson.h>

#include "common/error.h"
#include "common/settings.h"

struct exchange;
struct statics;

enum { STATICS_MAX_FILES = 256, STATICS_MAX_FILE_BYTES = 4 << 20 };

/* Reads HOOPSCOUT_DATA_DIR/htdocs and, in a clone, htdocs beside the programs, where the build
 * puts what npm gave; a name that is in both is taken from the first. Gives *ret.
 * base is as in base_path.h, for what the API says of itself.
 * Errors: HS_NOT_FOUND (nothing there, or htmx missing), HS_IO, HS_LIMIT. */
bool statics_load(const struct hs_settings *settings, const char *base, struct statics **ret,
    struct hs_error *err);

/* Accepts NULL. */
void statics_free(struct statics *statics);

/* {"app_css": "/static/app.css?v=...", ...}, for templates; borrowed. */
json_t *statics_assets(const struct statics *statics);

/* Handlers. */
void statics_answer(struct exchange *exchange);
void statics_answer_icon(struct exchange *exchange);
void statics_answer_openapi(struct exchange *exchange);

#endif
