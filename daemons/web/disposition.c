/* disposition.c: trusts nothing of the name, which was a stranger's. */
#include "daemons/web/disposition.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* What may stand between quotes, and in a file's name on any system. */
static bool is_plain(char c)
{
	return is_letter_or_digit(c) || (c != '\0' && strchr(" !#$&'()+,-.;=@[]^_`{}~", c) != NULL);
}

static bool is_token(char c)
{
	return is_letter_or_digit(c) || (c != '\0' && strchr("!#$&+-.^_`|~", c) != NULL);
}

const char *disposition_text(const char *name, char buf[DISPOSITION_BYTES])
{
	static const char digits[] = "0123456789ABCDEF";
	char *end = buf + sprintf(buf, "attachment; filename=\"");
	size_t length = strnlen(name, DISPOSITION_NAME_BYTES - 1);
	bool is_same = true;

	for (size_t i = 0; i < length; i++) {
		/* a dot in front would hide the file */
		bool stays = is_plain(name[i]) && (i > 0 || name[i] != '.');

		is_same = is_same && stays;
		*end++ = name[i];
		if (!stays)
			end[-1] = '_';
	}
	*end++ = '"';
	*end = '\0';
	if (is_same)
		return buf;
	end += sprintf(end, "; filename*=UTF-8''");
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)name[i];

		if (is_token(name[i])) {
			*end++ = name[i];
		} else {
			*end++ = '%';
			*end++ = digits[byte >> 4];
			*end++ = digits[byte & 15];
		}
	}
	*end = '\0';
	return buf;
}
