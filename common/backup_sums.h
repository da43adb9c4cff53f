/* backup_sums.h: the lines of SHA256SUMS, kept in a temporary file while the members go by. */
#ifndef HS_BACKUP_SUMS_H
#define HS_BACKUP_SUMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/backup_file.h"
#include "common/error.h"

/* A name has at most twice its bytes when it is escaped; two columns of numbers, and blanks. */
enum { HS_SUMS_LINE_BYTES = 2 * HS_BACKUP_NAME_BYTES + 128 };

struct hs_backup_sums {
	FILE *lines; /* "OFFSET LINE\n" for each member */
	int64_t count, bytes; /* of the lines without their offsets */
};

bool hs_backup_sums_open(struct hs_backup_sums *sums, struct hs_error *err);
void hs_backup_sums_close(struct hs_backup_sums *sums);

/* at: where the member begins, for a message. */
bool hs_backup_sums_add(struct hs_backup_sums *sums, const char *name, int64_t at,
    const unsigned char sha256[HS_SHA256_BYTES], struct hs_error *err);

/* Begins anew with the first line. */
bool hs_backup_sums_rewind(struct hs_backup_sums *sums, struct hs_error *err);

/* The next line, with its newline, as sha256sum writes it; *ret_length 0 after the last one. */
bool hs_backup_sums_next(struct hs_backup_sums *sums, char line[HS_SUMS_LINE_BYTES],
    size_t *ret_length, int64_t *ret_at, struct hs_error *err);

#endif
