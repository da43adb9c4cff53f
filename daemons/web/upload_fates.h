/* upload_fates.h: what becomes of snapshots that were uploaded: the address of their page, whose
 * query string alone says which they are: f=BEGIN_OF_CHECKSUM:NAME for each. */
#ifndef WEB_UPLOAD_FATES_H
#define WEB_UPLOAD_FATES_H

#include <stddef.h>

#include "daemons/web/upload_file.h"

/* When it would be too long, without the names. Gives; NULL without memory. */
char *upload_fates_url(const struct upload_result *files, size_t count);

#endif
