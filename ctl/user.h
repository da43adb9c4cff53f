/* user.h: the password that some commands need: asked for, and made into a hash, here, so that it
 * goes no further. */
#ifndef CTL_USER_H
#define CTL_USER_H

#include "ctl/args.h"

/* Asks on the terminal, twice and without showing it; where standard input is none, reads its first
 * line. Puts the hash into the request's arguments as "password_hash".
 * Errors: HS_BAD_ARGUMENT (a name or password that cannot be), HS_CANCELLED, HS_IO. */
bool user_add_password(struct request *request, struct hs_error *err);

#endif
