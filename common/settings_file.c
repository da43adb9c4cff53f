/* settings_file.c: reads hoopscout.conf, lines of KEY=VALUE, strictly.
 *
 * Trusts its owner with the values, which are checked later, but with no key: a mistyped
 * name would silently leave a default in force. Values never stand in messages: any of
 * them may be a secret under a mistyped name. */
#include "common/settings_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/settings_check.h"
#include "common/text.h"

enum { MAX_FILE_BYTES = 1 << 20, MAX_KEY_BYTES = 64, WHERE_BYTES = HS_ERROR_WHERE_BYTES };

/* Names of the compose files, which may share a file with ours, and older ones that users have
 * still. A prefix ends in '_'. */
static const char *const names_elsewhere[] = {
	"SCHEDULER_", "APP_IMAGE_TAG", "NGINX_IMAGE_TAG", "HOOPSCOUT_PUBLISH",
};

static bool is_elsewhere(const char *key)
{
	for (size_t i = 0; i < HS_COUNT(names_elsewhere); i++) {
		size_t length = strlen(names_elsewhere[i]);

		bool is_prefix = names_elsewhere[i][length - 1] == '_';

		if (strncmp(key, names_elsewhere[i], length) == 0 &&
		    (is_prefix || key[length] == '\0'))
			return true;
	}
	return false;
}

/* Takes one pair of quotes off. */
static void unquote(const char **value, size_t *length)
{
	const char *text = *value;

	if (*length < 2 || (text[0] != '"' && text[0] != '\'') || text[*length - 1] != text[0])
		return;
	*value += 1;
	*length -= 2;
}

static bool keep_value(struct hs_settings_line *line, unsigned number, const char *where,
    const char *value, size_t length, struct hs_error *err)
{
	if (line->value != NULL)
		return hs_error_set(err, HS_BAD_SETTING, where,
		    "this setting was given already in line %u: keep one of the two", line->number);
	line->value = strndup(value, length);
	if (line->value == NULL)
		return hs_error_set(err, HS_NO_MEMORY, where, "no memory for the settings");
	line->number = number;
	return true;
}

static bool read_line(const char *text, size_t length, unsigned number, const char *where,
    struct hs_settings_line lines[HS_SETTING_COUNT], struct hs_error *err)
{
	char key[MAX_KEY_BYTES + 1];
	const char *value, *equals, *nearest;
	size_t key_length, value_length;
	enum hs_setting id;

	hs_text_trim(&text, &length);
	if (length == 0 || text[0] == '#')
		return true;
	equals = memchr(text, '=', length);
	if (equals == NULL)
		return hs_error_set(err, HS_BAD_SETTING, where,
		    "the line has no '=': write NAME=VALUE, or put '#' before a comment");
	value = equals + 1;
	value_length = length - (size_t)(value - text);
	key_length = (size_t)(equals - text);
	hs_text_trim(&text, &key_length);
	hs_text_trim(&value, &value_length);
	unquote(&value, &value_length);
	hs_utf8_clean(text, key_length, key, sizeof key);
	if (hs_setting_find(key, &id))
		return keep_value(&lines[id], number, where, value, value_length, err);
	if (is_elsewhere(key))
		return true;
	nearest = hs_setting_nearest(key);
	return hs_error_set(err, HS_BAD_SETTING, where,
	    nearest != NULL ?
	    "\"%s\" is not a setting: did you mean %s?" :
	    "\"%s\" is not a setting: hoopscout.conf(5) has them all%s", key,
	    nearest != NULL ? nearest : "");
}

static bool read_lines(const char *path, const char *text, size_t length,
    struct hs_settings_line lines[HS_SETTING_COUNT], struct hs_error *err)
{
	static const char byte_order_mark[] = "\xef\xbb\xbf";
	char where[WHERE_BYTES];
	unsigned number = 1;

	if (memchr(text, '\0', length) != NULL)
		return hs_error_set(err, HS_BAD_SETTING, path,
		    "the file holds NUL characters: save it as plain UTF-8 text");
	if (strncmp(text, byte_order_mark, strlen(byte_order_mark)) == 0) {
		text += strlen(byte_order_mark);
		length -= strlen(byte_order_mark);
	}
	for (size_t at = 0; at < length; number++) {
		size_t line_length = strcspn(text + at, "\n");

		snprintf(where, sizeof where, "%.200s:%u", path, number);
		if (!read_line(text + at, line_length, number, where, lines, err))
			return false;
		at += line_length + 1;
	}
	return true;
}

bool hs_settings_file_read(const char *path, struct hs_settings_line lines[HS_SETTING_COUNT],
    struct hs_error *err)
{
	char *text = NULL;
	size_t length;
	bool done;

	if (!hs_file_slurp(AT_FDCWD, path, MAX_FILE_BYTES, &text, &length, err))
		return false;
	done = read_lines(path, text, length, lines, err);
	free(text);
	return done;
}

void hs_settings_file_free(struct hs_settings_line lines[HS_SETTING_COUNT])
{
	for (size_t i = 0; i < HS_SETTING_COUNT; i++) {
		free(lines[i].value);
		lines[i].value = NULL;
	}
}
