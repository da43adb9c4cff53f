/* settings_file.h: hoopscout.conf, lines of KEY=VALUE.
 *
 * Part of settings.h's making; programs use that. */
#ifndef HS_SETTINGS_FILE_H
#define HS_SETTINGS_FILE_H

#include <stdbool.h>

#include "common/error.h"
#include "common/settings.h"

/* What the file says of one setting. */
struct hs_settings_line {
	char *value;		/* on the heap; NULL when it says nothing */
	unsigned number;	/* its line, from 1 */
};

/* Reads the file into lines, which are empty. A blank line and one that begins with '#' say
 * nothing; white space around key and value does not count; a value may stand in quotes,
 * single or double, as env files have it. On failure lines hold what was read until then.
 * Errors: HS_NOT_FOUND, HS_NO_PERMISSION and so on (where: the file); HS_BAD_SETTING
 * (where: FILE:LINE) for an unknown or repeated key, with the name that was probably meant. */
bool hs_settings_file_read(const char *path, struct hs_settings_line lines[HS_SETTING_COUNT],
    struct hs_error *err);

void hs_settings_file_free(struct hs_settings_line lines[HS_SETTING_COUNT]);

#endif
