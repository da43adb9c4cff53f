/* disposition.h: the name that an answer is to be saved under, as a header. */
#ifndef WEB_DISPOSITION_H
#define WEB_DISPOSITION_H

#include <stddef.h>

enum {
	DISPOSITION_NAME_BYTES =
	    800, /* of a file's name as UTF-8, with its NUL, and a little more */
	DISPOSITION_BYTES = 4 * DISPOSITION_NAME_BYTES + 64
};

/* "attachment; filename="a_.json"; filename*=UTF-8''%C3%A4.json": the first for who cannot read the
 * second, which is left out when both would be the same. No byte of name can end the header or lead
 * out of a folder: what is no plain character is _ and %XX. Returns buf. */
const char *disposition_text(const char *name, char buf[DISPOSITION_BYTES]);

#endif
