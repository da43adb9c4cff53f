/* fields.h: what a form posted. */
#ifndef WEB_FIELDS_H
#define WEB_FIELDS_H

#include <stdbool.h>

#include "common/error.h"

enum { FIELDS_MOST = 32 };

struct exchange;
struct fields;

/* Reads the body (application/x-www-form-urlencoded) once; then exchange->fields has it, and frees
 * it. Errors: HS_BAD_ARGUMENT (another type, too long, malformed, a name twice), HS_NO_MEMORY. */
bool fields_read(struct exchange *exchange, struct hs_error *err);

/* A field's value, borrowed; "" when it was not sent. */
const char *field_of(const struct exchange *exchange, const char *name);

/* Accepts NULL. Wipes the values. */
void fields_free(struct fields *fields);

#endif
