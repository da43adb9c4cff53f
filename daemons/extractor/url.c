/* url.c: libcurl's parser, our rules on top. Trusts nothing in the text: it may come from a server. */
#include "daemons/extractor/url.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "common/hex.h"
#include "common/text.h"
#include "daemons/extractor/fetch.h"

enum { MAX_HOST_BYTES = 255, MAX_QUERY_NAME_BYTES = 64 };

/* A space and other bytes in a path are encoded, as browsers do. */
static const unsigned int lenient = CURLU_URLENCODE | CURLU_ALLOW_SPACE | CURLU_NON_SUPPORT_SCHEME;

/* Parts of names in a query whose values are kept from logs. Rather too many than too few. */
static const char *const secret_names[] = {
	"key", "token", "secret", "pass", "pwd", "auth", "sig", "cred", "session", "jwt", "code",
};

bool url_refuse(const char *text, const char *reason, struct hs_error *err)
{
	char shown[URL_SHOWN_BYTES];

	url_mask(text, shown, sizeof shown);
	return hs_error_set(err, HS_BAD_URL, shown, "\"%s\" cannot be fetched: %s", shown, reason);
}

/* A part of the URL, on the C library's heap; *ret stays NULL when it is not there. */
static CURLUcode get_part(CURLU *handle, CURLUPart part, unsigned int flags, char **ret)
{
	char *text = NULL;
	CURLUcode code = curl_url_get(handle, part, &text, flags);

	if (code == CURLUE_OK) {
		*ret = strdup(text);
		curl_free(text);
		if (*ret == NULL)
			return CURLUE_OUT_OF_MEMORY;
	}
	return code;
}

static bool is_missing(CURLUcode code)
{
	return code == CURLUE_NO_USER || code == CURLUE_NO_PASSWORD || code == CURLUE_NO_QUERY ||
	    code == CURLUE_NO_HOST;
}

static void fold_host(char *host)
{
	size_t length = strlen(host);

	for (size_t i = 0; i < length; i++)
		host[i] = (char)tolower((unsigned char)host[i]);
	if (length > 1 && host[length - 1] == '.')
		host[length - 1] = '\0';
}

/* Joins up to five texts; NULL without memory. */
static char *join(const char *a, const char *b, const char *c, const char *d, const char *e)
{
	size_t size = strlen(a) + strlen(b) + strlen(c) + strlen(d) + strlen(e) + 1;
	char *text = malloc(size);
	struct hs_error ignored;

	if (text != NULL && !hs_format(text, size, &ignored, "%s%s%s%s%s", a, b, c, d, e)) {
		free(text);
		text = NULL;
	}
	return text;
}

/* The reason why it cannot be fetched, or NULL; without memory too, url->text is still NULL then. */
static const char *take_apart(CURLU *handle, struct url *url)
{
	char *scheme = NULL, *port = NULL, *path = NULL, *query = NULL;
	const char *reason = NULL;
	CURLUcode code;

	if (get_part(handle, CURLUPART_SCHEME, 0, &scheme) != CURLUE_OK)
		return "it has no scheme: begin it with https://";
	if (strcasecmp(scheme, "http") != 0 && strcasecmp(scheme, "https") != 0) {
		reason = "only http and https are spoken here";
		goto out;
	}
	url->is_https = strcasecmp(scheme, "https") == 0;
	if ((code = get_part(handle, CURLUPART_HOST, 0, &url->host)) != CURLUE_OK ||
	    url->host[0] == '\0' || strcmp(url->host, ".") == 0 ||
	    strlen(url->host) > MAX_HOST_BYTES) {
		reason = "it names no host that can be asked";
		goto out;
	}
	fold_host(url->host);
	if (get_part(handle, CURLUPART_PORT, CURLU_DEFAULT_PORT, &port) != CURLUE_OK ||
	    get_part(handle, CURLUPART_PATH, 0, &path) != CURLUE_OK) {
		reason = "its port or path cannot be understood";
		goto out;
	}
	if ((code = get_part(handle, CURLUPART_QUERY, 0, &query)) != CURLUE_OK && !is_missing(code)) {
		reason = "its query cannot be understood";
		goto out;
	}
	code = get_part(handle, CURLUPART_USER, CURLU_URLDECODE, &url->user);
	if (code == CURLUE_OK || is_missing(code))
		code = get_part(handle, CURLUPART_PASSWORD, CURLU_URLDECODE, &url->password);
	if (code != CURLUE_OK && !is_missing(code)) {
		reason = "its user or password cannot be understood";
		goto out;
	}
	url->origin = join(url->is_https ? "https://" : "http://", url->host, ":", port, "");
	url->path = join(path, query != NULL ? "?" : "", query != NULL ? query : "", "", "");
	/* what is asked for */
	if (curl_url_set(handle, CURLUPART_USER, NULL, 0) != CURLUE_OK ||
	    curl_url_set(handle, CURLUPART_PASSWORD, NULL, 0) != CURLUE_OK ||
	    curl_url_set(handle, CURLUPART_FRAGMENT, NULL, 0) != CURLUE_OK ||
	    get_part(handle, CURLUPART_URL, 0, &url->text) != CURLUE_OK)
		reason = "it cannot be understood";
out:
	free(scheme);
	free(port);
	free(path);
	free(query);
	return reason;
}

/* "//" without one is a host's. */
static bool has_scheme(const char *text)
{
	size_t name = strcspn(text, ":/?#");

	return name > 0 && strncmp(text + name, "://", 3) == 0;
}

bool url_parse(const char *text, const struct url *base, struct url *ret, struct hs_error *err)
{
	struct url url = { .text = NULL };
	const char *reason = NULL;
	CURLU *handle;
	CURLUcode code = CURLUE_OK;

	if (strlen(text) > FETCH_MAX_URL_BYTES)
		return url_refuse(text, "it is too long", err);
	if (base == NULL && !has_scheme(text))
		return url_refuse(text, "write it whole, beginning with https:// or http://", err);
	handle = curl_url();
	if (handle == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a URL");
	if (base != NULL)
		code = curl_url_set(handle, CURLUPART_URL, base->text, lenient);
	if (code == CURLUE_OK)
		code = curl_url_set(handle, CURLUPART_URL, text, lenient);
	if (code != CURLUE_OK)
		reason = code == CURLUE_BAD_SCHEME ? "it has no scheme: begin it with https://" :
		    curl_url_strerror(code);
	else
		reason = take_apart(handle, &url);
	curl_url_cleanup(handle);
	if (reason == NULL && (url.origin == NULL || url.path == NULL || url.text == NULL)) {
		url_done(&url);
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a URL");
	}
	if (reason == NULL && strlen(url.text) > FETCH_MAX_URL_BYTES)
		reason = "it is too long";
	if (reason != NULL) {
		url_done(&url);
		return url_refuse(text, reason, err);
	}
	*ret = url;
	return true;
}

bool url_copy(const struct url *url, struct url *ret, struct hs_error *err)
{
	struct url copy = {
		.text = strdup(url->text), .host = strdup(url->host), .origin = strdup(url->origin),
		.path = strdup(url->path), .is_https = url->is_https,
	};

	if (copy.text == NULL || copy.host == NULL || copy.origin == NULL || copy.path == NULL) {
		url_done(&copy);
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a URL");
	}
	*ret = copy;
	return true;
}

void url_done(struct url *url)
{
	free(url->text);
	free(url->host);
	free(url->origin);
	free(url->path);
	free(url->user);
	free(url->password);
	*url = (struct url){ .text = NULL };
}

const char *url_host(const struct url *url, char *buf, size_t size)
{
	const char *host = strstr(url->origin, "//") + 2, *port = url->is_https ? ":443" : ":80";
	size_t length = strlen(host), end = strlen(port);

	if (length > end && strcmp(host + length - end, port) == 0)
		length -= end;
	return hs_utf8_clean(host, length, buf, size);
}

bool url_is_same_origin(const struct url *a, const struct url *b)
{
	return strcmp(a->origin, b->origin) == 0;
}

/* The name of a query's part, decoded and in lower case; its end alone when it is long. */
static void query_name(const char *text, size_t length, char name[MAX_QUERY_NAME_BYTES + 1])
{
	size_t used = 0;

	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '%' && i + 2 < length && hs_hex_bytes(text + i + 1, 1, &c))
			i += 2;
		if (used == MAX_QUERY_NAME_BYTES)
			memmove(name, name + 1, --used);
		name[used++] = (char)tolower(c);
	}
	name[used] = '\0';
}

static bool is_secret(const char *text, size_t length)
{
	char name[MAX_QUERY_NAME_BYTES + 1];

	query_name(text, length, name);
	for (size_t i = 0; i < HS_COUNT(secret_names); i++) {
		if (strstr(name, secret_names[i]) != NULL)
			return true;
	}
	return false;
}

/* A text that is written piece by piece, and cut when it is full. */
struct shown {
	char *buf;
	size_t size, used;
	bool is_cut;
};

static void show(struct shown *shown, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		if (shown->used + 4 >= shown->size) {
			shown->is_cut = true;
			return;
		}
		shown->buf[shown->used++] = c < 0x20 || c >= 0x7f ? '?' : text[i];
	}
}

static void show_query(struct shown *shown, const char *text, size_t length)
{
	while (length > 0) {
		size_t part = 0, name = 0;

		while (part < length && text[part] != '&' && text[part] != ';')
			part++;
		while (name < part && text[name] != '=')
			name++;
		if (name < part && is_secret(text, name)) {
			show(shown, text, name + 1);
			show(shown, "***", 3);
		} else {
			show(shown, text, part);
		}
		if (part < length)
			show(shown, text + part++, 1);
		text += part;
		length -= part;
	}
}

/* Where the authority's secrets end: behind its last '@'. What stands where a port should and is
 * none is rather the beginning of a password with a '/' in it. */
static size_t secrets_end(const char *text, size_t start, size_t path_end)
{
	size_t end = start + strcspn(text + start, "/?#");
	const char *colon = text[start] == '[' ? NULL : memchr(text + start, ':', end - start);

	if (colon != NULL && strspn(colon + 1, "0123456789") < (size_t)(text + end - colon - 1))
		end = path_end;
	while (end > start && text[end - 1] != '@')
		end--;
	return end;
}

const char *url_mask(const char *text, char *buf, size_t size)
{
	struct shown shown = { .buf = buf, .size = size };
	size_t length = strcspn(text, "#"), path_end = strcspn(text, "?#");
	const char *slashes = strstr(text, "//");
	size_t start = slashes != NULL && (size_t)(slashes - text) < path_end ?
	    (size_t)(slashes - text) + 2 : 0;
	size_t secrets = secrets_end(text, start, path_end);

	show(&shown, text, start);
	if (secrets > start)
		show(&shown, "***@", 4);
	show(&shown, text + secrets, path_end - secrets);
	if (path_end < length) {
		show(&shown, "?", 1);
		show_query(&shown, text + path_end + 1, length - path_end - 1);
	}
	for (int i = 0; shown.is_cut && i < 3; i++)
		buf[shown.used++] = '.';
	buf[shown.used] = '\0';
	return buf;
}
