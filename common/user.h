/* user.h: the operating system's users. */
#ifndef HS_USER_H
#define HS_USER_H

#include <stdbool.h>
#include <stddef.h>

/* Writes the name of the user uid, as valid UTF-8, to buf; false, and nothing, when nobody has that
 * number. Where a directory service keeps the names, asking may take its time. */
bool hs_user_name(long long uid, char *buf, size_t size);

#endif
