/* multipart.h: multipart/form-data (RFC 7578), taken apart as it comes: whatever the pieces, the
 * same events.
 *
 * Strict: a body begins with its first boundary and ends with its last one; each part has one
 * Content-Disposition with a name. Anything that two readers could read differently is refused.
 * Memory does not grow with the body: only a part's head is kept, of at most MULTIPART_HEAD_BYTES.
 */
#ifndef WEB_MULTIPART_H
#define WEB_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

enum { MULTIPART_BOUNDARY_BYTES = 71, MULTIPART_HEAD_BYTES = 4096 };

struct multipart;

/* Each may refuse: the push returns false with its error. */
struct multipart_events {
	/* A part begins. file_name is NULL for a plain field, "" where no file was chosen. Both are
	 * valid UTF-8 without control characters, borrowed until the call returns. */
	bool (*on_part)(void *arg, const char *name, const char *file_name, struct hs_error *err);
	bool (*on_bytes)(void *arg, const char *bytes, size_t length, struct hs_error *err);
	bool (*on_end)(void *arg, struct hs_error *err);	/* of the part */
};

/* The boundary that a Content-Type names (type may be NULL). Errors: HS_BAD_ARGUMENT. */
bool multipart_boundary(const char *type, char ret[MULTIPART_BOUNDARY_BYTES], struct hs_error *err);

/* Gives *ret. Copies boundary; borrows events and arg for its life. */
bool multipart_new(const char *boundary, const struct multipart_events *events, void *arg,
    struct multipart **ret, struct hs_error *err);

/* Accepts NULL. */
void multipart_free(struct multipart *multipart);

/* The next bytes. After a failure nothing more may be pushed. Errors: HS_BAD_ARGUMENT, the events'.
 */
bool multipart_push(struct multipart *multipart, const char *bytes, size_t length,
    struct hs_error *err);

/* No more comes: whether the last boundary was there. Errors: HS_BAD_ARGUMENT. */
bool multipart_finish(struct multipart *multipart, struct hs_error *err);

#endif
