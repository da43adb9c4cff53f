/* identity.h: the commands about who is who: link, unlink, unlike, take-back, list, apart,
 * suggest. */
#ifndef IMPORTER_IDENTITY_H
#define IMPORTER_IDENTITY_H

#include <jansson.h>

#include "common/child.h"

struct importer;

/* Handlers; app is the importer. */
void identity_link(void *app, struct hs_call *call, const json_t *args);
void identity_unlink(void *app, struct hs_call *call, const json_t *args);
void identity_unlike(void *app, struct hs_call *call, const json_t *args);
void identity_take_back(void *app, struct hs_call *call, const json_t *args);
void identity_apart(void *app, struct hs_call *call, const json_t *args);
void identity_list(void *app, struct hs_call *call, const json_t *args);
void identity_suggest(void *app, struct hs_call *call, const json_t *args);

/* A look that goes on is given up: we stop. */
void identity_dismiss(struct importer *importer);

#endif
