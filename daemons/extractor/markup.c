/* markup.c: a feed that begins with '<' is no JSON: what is it then?
 *
 * Servers answer with a page, and call it a success, when they want a login, a key or a person in
 * front of a browser. Trusts nothing of it: its title is shown cleaned and shortened. */
#include "daemons/extractor/markup.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/snapshot_value.h"
#include "common/text.h"

enum { LOOKED_AT_BYTES = 4096 };

/* Of a web page's beginning; one of them is in it. */
static const char *const page_words[] = { "<!doctype html", "<html", "<head", "<body", "<title" };

static bool is_page(const char *text)
{
	for (size_t i = 0; i < HS_COUNT(page_words); i++) {
		if (strcasestr(text, page_words[i]) != NULL)
			return true;
	}
	return false;
}

/* The page's title in quotes; NULL when it has none. */
static const char *title_of(const char *text, char buf[HS_SHOWN_BYTES])
{
	const char *tag = strcasestr(text, "<title"), *title, *end;
	size_t length;

	if (tag == NULL || (title = strchr(tag, '>')) == NULL)
		return NULL;
	title++;
	end = strchr(title, '<');
	length = end != NULL ? (size_t)(end - title) : strlen(title);
	hs_text_trim(&title, &length);
	return length == 0 ? NULL : hs_shown_text(title, length, buf);
}

static bool refuse_page(const char *text, struct hs_error *err)
{
	char buf[HS_SHOWN_BYTES];
	const char *title = title_of(text, buf);

	return hs_error_set(err, HS_BAD_JSON, "", "a web page (HTML)%s%s, not JSON: open the URL in"
	    " a browser to see what it says; the data may have another address, or the server wants a"
	    " key, for which a mapping has \"headers\"", title != NULL ? " with the title " : "",
	    title != NULL ? title : "");
}

bool markup_refuse(int fd, struct hs_error *err)
{
	char bytes[LOOKED_AT_BYTES + 1];
	ssize_t length;
	size_t blanks;

	do {
		length = pread(fd, bytes, LOOKED_AT_BYTES, 0);
	} while (length < 0 && errno == EINTR);
	if (length < 0)
		return hs_error_errno(err, "", "cannot read the feed");
	bytes[length] = '\0';
	blanks = strspn(bytes, " \t\r\n\f");
	if (bytes[blanks] != '<')
		return true;
	if (is_page(bytes + blanks))
		return refuse_page(bytes + blanks, err);
	return hs_error_set(err, HS_BAD_JSON, "", "XML, not JSON: only JSON is read; see whether"
	    " the source gives it too, at another address, for a parameter like format=json, or for a"
	    " header like Accept: application/json (a mapping has \"headers\")");
}
