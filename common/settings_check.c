/* settings_check.c: whether a value is allowed for a setting, and what it means.
 *
 * Trusts the table and nothing in the value. A secret's value is never put into a message. */
#include "common/settings_check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/nearest.h"
#include "common/network.h"
#include "common/number.h"
#include "common/text.h"

enum {
	MAX_VALUE_BYTES = 4000,		/* a path must fit PATH_MAX with a name behind it */
	SHOWN_BYTES = 200,
	MAX_SOCKET_PATH = 107,		/* of sun_path, without its NUL */
	MAX_BASE_PATH_BYTES = 200,
	MAX_HOST_BYTES = 253,
	MAX_LABEL_BYTES = 63
};

static const char unix_prefix[] = "unix:", tls_prefix[] = "tls:";

bool hs_setting_find(const char *name, enum hs_setting *ret)
{
	for (int id = 0; id < HS_SETTING_COUNT; id++) {
		if (strcmp(hs_setting_rows[id].name, name) == 0) {
			*ret = (enum hs_setting)id;
			return true;
		}
	}
	return false;
}

const char *hs_setting_nearest(const char *name)
{
	const char *names[HS_SETTING_COUNT + 1] = { NULL };
	char upper[HS_NEAREST_BYTES + 1];
	size_t length = strnlen(name, HS_NEAREST_BYTES);

	for (size_t i = 0; i < length; i++)
		upper[i] = name[i] >= 'a' && name[i] <= 'z' ? (char)(name[i] - 'a' + 'A') : name[i];
	upper[length] = '\0';
	for (size_t id = 0; id < HS_SETTING_COUNT; id++)
		names[id] = hs_setting_rows[id].name;
	return hs_nearest(upper, names);
}

bool hs_list_item(const char *list, size_t n, const char **ret, size_t *ret_length)
{
	for (const char *at = list; *at != '\0';) {
		size_t whole = strcspn(at, ","), length = whole;
		const char *item = at;

		hs_text_trim(&item, &length);
		if (length > 0 && n-- == 0) {
			*ret = item;
			*ret_length = length;
			return true;
		}
		at += whole;
		if (*at == ',')
			at++;
	}
	return false;
}

/* NAME must be ALLOWED, not "VALUE" */
static bool refuse(const struct hs_setting_row *row, const char *text, size_t length,
    const char *allowed, struct hs_error *err)
{
	char shown[SHOWN_BYTES];

	if (row->secret)
		return hs_error_set(err, HS_BAD_SETTING, row->name,
		    "%s must be %s; its value is not shown", row->name, allowed);
	return hs_error_set(err, HS_BAD_SETTING, row->name, "%s must be %s, not \"%s\"", row->name,
	    allowed, hs_utf8_clean(text, length, shown, sizeof shown));
}

static bool check_text(const struct hs_setting_row *row, const char *text, struct hs_error *err)
{
	size_t length = strlen(text);

	if (length > MAX_VALUE_BYTES)
		return refuse(row, text, 40, "at most 4000 bytes long", err);
	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return refuse(row, text, length, "without control characters", err);
	}
	/* a path may be any bytes */
	if (row->type != HS_TYPE_PATH && hs_utf8_valid_prefix(text, length) != length)
		return refuse(row, text, length, "valid UTF-8", err);
	return true;
}

/* Makes it absolute, and drops "//", "/./" and a '/' at the end. ".." stays: behind a link
 * it means another folder. */
static char *absolute_path(const char *text, const char *base)
{
	size_t size = strlen(base) + strlen(text) + 3, done = 0;
	char *joined = malloc(size), *path = malloc(size);

	if (joined == NULL || path == NULL) {
		free(joined);
		free(path);
		return NULL;
	}
	snprintf(joined, size, "%s/%s", text[0] == '/' ? "" : base, text);
	for (const char *at = joined; *at != '\0';) {
		size_t length = strcspn(at, "/");

		if (length > 0 && !(length == 1 && at[0] == '.')) {
			path[done++] = '/';
			memcpy(path + done, at, length);
			done += length;
		}
		at += length + (at[length] == '/');
	}
	if (done == 0)
		path[done++] = '/';
	path[done] = '\0';
	free(joined);
	return path;
}

static bool check_number(const struct hs_setting_row *row, const char *text, long long *ret,
    struct hs_error *err)
{
	if (row->type == HS_TYPE_BYTES ?
	    hs_parse_size(text, row->min, row->max, row->name, ret, err) :
	    hs_parse_int(text, row->min, row->max, row->name, ret, err))
		return true;
	return hs_error_set(err, HS_BAD_SETTING, row->name, "%s%s", err->message,
	    row->type == HS_TYPE_SECONDS ? " (seconds)" : "");
}

static bool check_bool(const struct hs_setting_row *row, const char *text, bool *ret,
    struct hs_error *err)
{
	static const char *const words[] = { "no", "yes", "false", "true", "off", "on", "0", "1" };

	for (size_t i = 0; i < HS_COUNT(words); i++) {
		if (strcasecmp(text, words[i]) == 0) {
			*ret = i % 2 == 1;
			return true;
		}
	}
	return refuse(row, text, strlen(text), "yes or no (or true, false, on, off, 1, 0)", err);
}

static bool is_choice(const char *choices, const char *word, size_t length)
{
	const char *item;
	size_t item_length;

	for (size_t n = 0; hs_list_item(choices, n, &item, &item_length); n++) {
		if (item_length == length && memcmp(item, word, length) == 0)
			return true;
	}
	return false;
}

static bool refuse_choice(const struct hs_setting_row *row, const char *word, size_t length,
    struct hs_error *err)
{
	char allowed[SHOWN_BYTES];

	snprintf(allowed, sizeof allowed, "%s %s", row->type == HS_TYPE_LIST ?
	    "made of words from" : "one of", row->choices);
	return refuse(row, word, length, allowed, err);
}

/* ADDRESS:PORT or [ADDRESS]:PORT, with "tls:" before it or not, or unix:PATH; the address itself is
 * the binder's to judge. */
static bool check_listen(const struct hs_setting_row *row, const char *item, size_t length,
    struct hs_error *err)
{
	static const char allowed[] =
	    "ADDRESS:PORT, [IPV6-ADDRESS]:PORT or unix:/PATH (as 127.0.0.1:8000), comma separated, "
	    "or tls:ADDRESS:PORT for HTTPS";
	struct hs_error ignored;
	char whole[MAX_VALUE_BYTES + 1], *text = whole, *colon;
	long long port;
	bool has_address;

	memcpy(whole, item, length);
	whole[length] = '\0';
	if (strncmp(whole, tls_prefix, strlen(tls_prefix)) == 0) {
		text += strlen(tls_prefix);
		if (strncmp(text, unix_prefix, strlen(unix_prefix)) == 0)
			return refuse(row, item, length, allowed, err);
	}
	if (strncmp(text, unix_prefix, strlen(unix_prefix)) == 0) {
		const char *path = text + strlen(unix_prefix);

		if (path[0] != '/')
			return refuse(row, item, length, allowed, err);
		if (strlen(path) > MAX_SOCKET_PATH)
			return refuse(row, item, length, "a socket's path of at most 107 bytes",
			    err);
		return true;
	}
	colon = strrchr(text, ':');
	if (colon == NULL || colon == text)
		return refuse(row, item, length, allowed, err);
	if (text[0] == '[')
		has_address = colon - text > 2 && colon[-1] == ']';
	else
		has_address = strchr(text, ':') == colon;
	if (!has_address || !hs_parse_int(colon + 1, 1, 65535, "port", &port, &ignored))
		return refuse(row, item, length, allowed, err);
	return true;
}

/* An address that a URL's parser would write otherwise would never be found in the list. */
static bool is_own_text(int family, const char *text)
{
	unsigned char address[sizeof(struct in6_addr)];
	char written[INET6_ADDRSTRLEN];

	return inet_pton(family, text, address) == 1 &&
	    inet_ntop(family, address, written, sizeof written) != NULL &&
	    strcasecmp(written, text) == 0;
}

/* Labels of letters, digits, '-' and '_' (or of other scripts), with dots between them. */
static bool is_host_name(const char *text, size_t length)
{
	static const char signs[] = "-_.";
	size_t label = 0;

	if (length > MAX_HOST_BYTES)
		return false;
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];
		bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;

		if (!is_letter && !(c >= '0' && c <= '9') && strchr(signs, c) == NULL)
			return false;
		label = c == '.' ? 0 : label + 1;
		if (label > MAX_LABEL_BYTES || (c == '.' && (i == 0 || text[i - 1] == '.')))
			return false;
	}
	return length > 0;
}

/* What a URL can have for a host, and nothing around it. */
static bool check_host(const struct hs_setting_row *row, const char *item, size_t length,
    struct hs_error *err)
{
	char text[MAX_VALUE_BYTES + 1];
	size_t end = length;
	struct in_addr ignored;

	memcpy(text, item, length);
	text[length] = '\0';
	if (end > 1 && text[end - 1] == '.')
		text[--end] = '\0';
	if (strchr(text, ':') != NULL) {
		bool is_framed = text[0] == '[' && text[end - 1] == ']';

		if (is_framed)
			text[end - 1] = '\0';
		if (is_own_text(AF_INET6, text + is_framed))
			return true;
	} else if (inet_aton(text, &ignored) != 0 ? is_own_text(AF_INET, text) :
	    is_host_name(text, end)) {
		return true;
	}
	return refuse(row, item, length, "made of hosts as URLs name them, without scheme, port and "
	    "path (as feeds.example.org, 10.0.0.7 or [fd00::7])", err);
}

static bool check_item(const struct hs_setting_row *row, const char *item, size_t length,
    long long *ret_number, struct hs_error *err)
{
	char text[MAX_VALUE_BYTES + 1];
	struct hs_network ignored;

	if (row->hosts)
		return check_host(row, item, length, err);
	if (row->networks)
		return (length == 4 && memcmp(item, "unix", 4) == 0) ||
		    hs_network_parse(item, length, &ignored) ||
		    refuse(row, item, length, "made of addresses, networks (as 10.0.0.0/8 or "
			"fd00::/8, no bit beyond) and unix", err);
	if (row->choices != NULL && !is_choice(row->choices, item, length))
		return refuse_choice(row, item, length, err);
	if (row == &hs_setting_rows[HS_SET_LISTEN])
		return check_listen(row, item, length, err);
	if (row->max == 0)
		return true;
	memcpy(text, item, length);
	text[length] = '\0';
	return check_number(row, text, ret_number, err);
}

static bool check_list(const struct hs_setting_row *row, const char *text, long long *ret_first,
    struct hs_error *err)
{
	const char *item, *other;
	size_t length, other_length, n;
	long long number = 0;

	for (n = 0; hs_list_item(text, n, &item, &length); n++) {
		if (!check_item(row, item, length, &number, err))
			return false;
		if (n == 0)
			*ret_first = number;
		/* ports of several hosts may well be the same */
		for (size_t m = 0; m < n && row->max == 0; m++) {
			if (hs_list_item(text, m, &other, &other_length) &&
			    other_length == length &&
			    memcmp(item, other, length) == 0)
				return refuse(row, text, strlen(text),
				    "a list in which nothing stands twice",
				    err);
		}
	}
	if (n == 0)
		return refuse(row, text, strlen(text), "a comma separated list", err);
	return true;
}

/* "/scout", "/apps/scout": what stands in URLs, cookies and headers as it is. */
static bool check_base_path(const struct hs_setting_row *row, const char *text,
    struct hs_error *err)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	const char *at = text;

	if (strlen(text) > MAX_BASE_PATH_BYTES)
		return refuse(row, text, 40, "a path of at most 200 bytes", err);
	while (*at == '/') {
		size_t length = strspn(++at, plain);

		if (length == 0 || strspn(at, ".") == length)
			break;
		at += length;
		if (*at == '\0')
			return true;
	}
	return refuse(row, text, strlen(text), "a path that begins with / and does not end with it, "
	    "of letters, digits and -_. (as /scout)", err);
}

static bool check_meaning(const struct hs_setting_row *row, const char *text,
    struct hs_setting_value *value, struct hs_error *err)
{
	switch (row->type) {
	case HS_TYPE_TEXT:
		return !row->base_path || check_base_path(row, text, err);
	case HS_TYPE_PATH:
		return true;
	case HS_TYPE_INT:
	case HS_TYPE_SECONDS:
	case HS_TYPE_BYTES:
		return check_number(row, text, &value->number, err);
	case HS_TYPE_BOOL:
		return check_bool(row, text, &value->is_yes, err);
	case HS_TYPE_CHOICE:
		return is_choice(row->choices, text, strlen(text)) ||
		    refuse_choice(row, text, strlen(text), err);
	case HS_TYPE_LIST:
		return check_list(row, text, &value->number, err);
	}
	hs_panic("setting %s has a type that does not exist", row->name);
}

bool hs_setting_check(const struct hs_setting_row *row, const char *text, const char *base,
    struct hs_setting_value *ret, struct hs_error *err)
{
	struct hs_setting_value value = { .text = NULL };

	if (!check_text(row, text, err) || !check_meaning(row, text, &value, err))
		return false;
	value.text = row->type == HS_TYPE_PATH ? absolute_path(text, base) : strdup(text);
	if (value.text == NULL)
		return hs_error_set(err, HS_NO_MEMORY, row->name, "no memory for the settings");
	if (strlen(value.text) > MAX_VALUE_BYTES) {
		free(value.text);
		return refuse(row, text, 40, "a path of at most 4000 bytes", err);
	}
	*ret = value;
	return true;
}
