/* backup_sums.c: SHA256SUMS as coreutils' sha256sum reads it.
 *
 * Trusts the temporary file, which has no name. A name with a newline or a backslash is escaped,
 * and its line begins with a backslash, as sha256sum has it. */
#include "common/backup_sums.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/hex.h"

bool hs_backup_sums_open(struct hs_backup_sums *sums, struct hs_error *err)
{
	int fd;

	*sums = (struct hs_backup_sums){ .lines = NULL };
	if (!hs_file_temporary("holds the checksums of a backup", &fd, err))
		return false;
	if ((sums->lines = fdopen(fd, "w+")) != NULL)
		return true;
	close(fd);
	return hs_error_set(err, HS_NO_MEMORY, "", "no memory for checksums");
}

void hs_backup_sums_close(struct hs_backup_sums *sums)
{
	if (sums->lines != NULL)
		fclose(sums->lines);
	sums->lines = NULL;
}

/* Writes the name at buf, escaped; *ret_escaped says whether that was needed. Returns its end. */
static char *escape(const char *name, char *buf, bool *ret_escaped)
{
	*ret_escaped = strpbrk(name, "\\\n\r") != NULL;
	for (; *name != '\0'; name++) {
		const char *escaped = *name == '\\' ? "\\\\"
		    : *name == '\n'                 ? "\\n"
		    : *name == '\r'                 ? "\\r"
						    : NULL;

		if (escaped == NULL) {
			*buf++ = *name;
			continue;
		}
		memcpy(buf, escaped, 2);
		buf += 2;
	}
	*buf = '\0';
	return buf;
}

bool hs_backup_sums_add(struct hs_backup_sums *sums, const char *name, int64_t at,
    const unsigned char sha256[HS_SHA256_BYTES], struct hs_error *err)
{
	char hex[2 * HS_SHA256_BYTES + 1], escaped[2 * HS_BACKUP_NAME_BYTES + 1];
	bool is_escaped;
	int written;

	escape(name, escaped, &is_escaped);
	written = fprintf(sums->lines, "%" PRId64 " %s%s  %s\n", at, is_escaped ? "\\" : "",
	    hs_hex_text(sha256, HS_SHA256_BYTES, hex), escaped);
	if (written < 0)
		return hs_error_errno(err, "", "cannot write a temporary file");
	sums->count++;
	sums->bytes += (int64_t)(is_escaped + strlen(hex) + 2 + strlen(escaped) + 1);
	return true;
}

bool hs_backup_sums_rewind(struct hs_backup_sums *sums, struct hs_error *err)
{
	return (fflush(sums->lines) == 0 && fseeko(sums->lines, 0, SEEK_SET) == 0) ||
	    hs_error_errno(err, "", "cannot write a temporary file");
}

bool hs_backup_sums_next(struct hs_backup_sums *sums, char line[HS_SUMS_LINE_BYTES],
    size_t *ret_length, int64_t *ret_at, struct hs_error *err)
{
	char *blank;
	int64_t at = 0;

	if (fgets(line, HS_SUMS_LINE_BYTES, sums->lines) == NULL) {
		*ret_length = 0;
		return ferror(sums->lines) == 0 ||
		    hs_error_errno(err, "", "cannot read a temporary file");
	}
	if ((blank = strchr(line, ' ')) == NULL)
		hs_panic("a line of checksums has no offset");
	for (const char *digit = line; digit < blank; digit++)
		at = at * 10 + (*digit - '0');
	*ret_at = at;
	*ret_length = strlen(blank + 1);
	memmove(line, blank + 1, *ret_length + 1);
	return true;
}
