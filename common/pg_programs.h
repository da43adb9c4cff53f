/* pg_programs.h: where PostgreSQL's own programs are. */
#ifndef HS_PG_PROGRAMS_H
#define HS_PG_PROGRAMS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

/* Finds the folder with initdb and postgres: wanted when it is not "", else Debian's newest
 * (/usr/lib/postgresql/MAJOR/bin), else PATH's. data, when given, is a cluster whose major version
 * the programs must have. Errors: HS_NOT_FOUND (says what to install), HS_BAD_SETTING
 * (wanted has none, or those of another major version), HS_IO. */
bool pg_programs_find(const char *wanted, const char *data, char *ret, size_t size,
    struct hs_error *err);

/* Finds the folder with a client program ("pg_dump"), of the server's major version where it is
 * installed, else of a newer one; wanted as above. Errors: HS_NOT_FOUND (says what to install). */
bool pg_programs_find_client(const char *wanted, const char *program, int major, char *ret,
    size_t size, struct hs_error *err);

#endif
