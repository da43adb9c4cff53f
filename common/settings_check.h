/* settings_check.h: whether a value is allowed for a setting, and what it means.
 *
 * Part of settings.h's making; programs use that. */
#ifndef HS_SETTINGS_CHECK_H
#define HS_SETTINGS_CHECK_H

#include <stdbool.h>

#include "common/error.h"
#include "common/settings.h"

struct hs_setting_value {
	char *text;		/* the effective value, on the heap; paths are absolute */
	long long number;	/* of INT, SECONDS, BYTES; the first of a LIST of numbers */
	bool is_yes;		/* of BOOL */
};

/* The setting of that name. */
bool hs_setting_find(const char *name, enum hs_setting *ret);

/* The name that this one was probably meant to be, capitals aside; NULL when none is near. */
const char *hs_setting_nearest(const char *name);

/* Checks text, which is not empty, and gives its meaning. A relative path stands in base.
 * Errors: HS_BAD_SETTING, with the setting, the value (unless secret) and what is allowed;
 * HS_NO_MEMORY. */
bool hs_setting_check(const struct hs_setting_row *row, const char *text, const char *base,
    struct hs_setting_value *ret, struct hs_error *err);

/* The n-th item (from 0) of a comma separated list, trimmed: its span in list. Empty items
 * do not count. False beyond the last. */
bool hs_list_item(const char *list, size_t n, const char **ret, size_t *ret_length);

#endif
