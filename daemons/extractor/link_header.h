/* link_header.h: where a page says that the next one is: Link: <URL>; rel="next" (RFC 8288). Pure. */
#ifndef HS_EXTRACTOR_LINK_HEADER_H
#define HS_EXTRACTOR_LINK_HEADER_H

#include <stdbool.h>
#include <stddef.h>

/* The target, as it stands there, of the first link in a header's value whose relation is "next".
 * Points into value. False when there is none. */
bool link_header_next(const char *value, const char **ret_target, size_t *ret_length);

#endif
