/* markup.h: tells a web page, or XML, from the JSON that a feed should be. */
#ifndef HS_EXTRACTOR_MARKUP_H
#define HS_EXTRACTOR_MARKUP_H

#include <stdbool.h>

#include "common/error.h"

/* Looks at the first bytes of the file; where it is read from does not change. false: it is a web
 * page or XML, and the error (HS_BAD_JSON) says which, and what to do; or it cannot be read
 * (HS_IO). Whatever begins otherwise is left to those who read JSON. */
bool markup_refuse(int fd, struct hs_error *err);

#endif
