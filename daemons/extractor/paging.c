/* paging.c: page numbers, offsets, cursors and links -> URLs, by libcurl's parser.
 *
 * Trusts the mapping. A cursor is a value in a query and nothing else; a link is a URL that is
 * judged here, and again when it is fetched. */
#include "daemons/extractor/paging.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "common/text.h"
#include "daemons/extractor/fetch.h"
#include "daemons/extractor/url.h"

enum { PAIR_BYTES = PIPELINE_CURSOR_BYTES + 256, LENIENT = CURLU_URLENCODE | CURLU_ALLOW_SPACE };

static bool no_memory(struct hs_error *err)
{
	return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a URL");
}

static bool refuse(CURLUcode code, const char *url, struct hs_error *err)
{
	return code == CURLUE_OUT_OF_MEMORY ? no_memory(err) :
	    url_refuse(url, curl_url_strerror(code), err);
}

/* ---- parameters ---- */

/* Takes the parameter of that name out of a query, in place. */
static void drop_parameter(char *query, const char *name)
{
	size_t length = strlen(name), part;
	char *to = query;

	for (const char *at = query; *at != '\0'; at += part + (at[part] == '&')) {
		part = strcspn(at, "&");
		if (strncmp(at, name, length) == 0 && (part == length || at[length] == '='))
			continue;
		if (to != query)
			*to++ = '&';
		memmove(to, at, part);
		to += part;
	}
	*to = '\0';
}

/* In the place of one that is there already. */
static CURLUcode set_parameter(CURLU *handle, const char *name, const char *value)
{
	char pair[PAIR_BYTES];
	struct hs_error ignored;
	char *query = NULL, *encoded;
	CURLUcode code;

	if (!hs_format(pair, sizeof pair, &ignored, "%s=%s", name, value))
		return CURLUE_BAD_QUERY;
	code = curl_url_get(handle, CURLUPART_QUERY, &query, 0);
	if (code == CURLUE_OK) {
		encoded = curl_easy_escape(NULL, name, 0);
		drop_parameter(query, name);
		if (encoded != NULL)
			drop_parameter(query, encoded);
		code = encoded == NULL ? CURLUE_OUT_OF_MEMORY : curl_url_set(handle,
		    CURLUPART_QUERY, query[0] != '\0' ? query : NULL, 0);
		curl_free(encoded);
		curl_free(query);
	} else if (code == CURLUE_NO_QUERY) {
		code = CURLUE_OK;
	}
	return code != CURLUE_OK ? code : curl_url_set(handle, CURLUPART_QUERY, pair,
	    CURLU_APPENDQUERY | CURLU_URLENCODE);
}

/* The list's URL with the page's parameters; value NULL: none. */
static bool make_url(struct paging *paging, const char *value, char **ret, struct hs_error *err)
{
	const struct mapping_paging *how = &paging->mapping->paging;
	CURLU *handle = curl_url();
	char size[32], *text = NULL;
	CURLUcode code;

	if (handle == NULL)
		return no_memory(err);
	code = curl_url_set(handle, CURLUPART_URL, paging->base, LENIENT);
	if (code == CURLUE_OK && how->size_parameter != NULL) {
		snprintf(size, sizeof size, "%lld", (long long)how->size);
		code = set_parameter(handle, how->size_parameter, size);
	}
	if (code == CURLUE_OK && value != NULL)
		code = set_parameter(handle, how->parameter, value);
	if (code == CURLUE_OK)
		code = curl_url_get(handle, CURLUPART_URL, &text, 0);
	curl_url_cleanup(handle);
	if (code != CURLUE_OK)
		return refuse(code, paging->base, err);
	*ret = strdup(text);
	curl_free(text);
	return *ret != NULL || no_memory(err);
}

/* The value of a page number or an offset. */
static const char *count_text(const struct paging *paging, char buf[32])
{
	const struct mapping_paging *how = &paging->mapping->paging;
	uint64_t step = how->kind == PAGING_OFFSET ? (uint64_t)how->size : 1;

	snprintf(buf, 32, "%llu", (unsigned long long)((uint64_t)how->start + paging->pages * step));
	return buf;
}

/* ---- links ---- */

/* A link that was found at a URL, with the user and password of the one that was asked for. */
static CURLUcode resolve(const char *link, const char *found_at, const char *url, char **ret)
{
	static const CURLUPart secrets[] = { CURLUPART_USER, CURLUPART_PASSWORD };
	CURLU *handle = curl_url(), *base = curl_url();
	char *text = NULL;
	CURLUcode code = CURLUE_OUT_OF_MEMORY;

	if (handle != NULL && base != NULL)
		code = curl_url_set(base, CURLUPART_URL, url, LENIENT);
	if (code == CURLUE_OK)
		code = curl_url_set(handle, CURLUPART_URL, found_at, LENIENT);
	if (code == CURLUE_OK)
		code = curl_url_set(handle, CURLUPART_URL, link, LENIENT);
	for (size_t i = 0; i < HS_COUNT(secrets) && code == CURLUE_OK; i++) {
		char *secret = NULL;

		if (curl_url_get(base, secrets[i], &secret, 0) == CURLUE_OK)
			code = curl_url_set(handle, secrets[i], secret, 0);
		curl_free(secret);
	}
	if (code == CURLUE_OK)
		code = curl_url_get(handle, CURLUPART_URL, &text, 0);
	curl_url_cleanup(handle);
	curl_url_cleanup(base);
	if (code == CURLUE_OK && (*ret = strdup(text)) == NULL)
		code = CURLUE_OUT_OF_MEMORY;
	curl_free(text);
	return code;
}

/* Whether it is on the server of the mapping's URL. */
static bool is_at_origin(const struct paging *paging, const char *url, bool *ret,
    struct hs_error *err)
{
	struct url from = { .text = NULL }, to = { .text = NULL };
	bool done = url_parse(paging->base, NULL, &from, err) && url_parse(url, NULL, &to, err);

	*ret = done && url_is_same_origin(&from, &to);
	url_done(&from);
	url_done(&to);
	return done;
}

/* Keys and passwords go to the server of the mapping's URL alone, so its pages must be there. */
static bool check_origin(const struct paging *paging, const char *next, struct hs_error *err)
{
	char shown[URL_SHOWN_BYTES];
	bool is_there;

	if (!is_at_origin(paging, next, &is_there, err))
		return false;
	if (is_there)
		return true;
	url_mask(next, shown, sizeof shown);
	return hs_error_set(err, HS_BAD_URL, shown,
	    "the page says that the next one is at \"%s\", on another server: only pages of the"
	    " same one are followed", shown);
}

static bool follow_link(struct paging *paging, const char *link, const char *found_at, char **ret,
    struct hs_error *err)
{
	char *next = NULL;
	bool is_there = false;
	CURLUcode code;

	if (strlen(link) > FETCH_MAX_URL_BYTES)
		return hs_error_set(err, HS_BAD_URL, "", "the next page's URL is too long");
	if (found_at != NULL && !is_at_origin(paging, found_at, &is_there, err))
		return false;
	/* from http to https, say: the server that was asked leads there again */
	if (!is_there)
		found_at = paging->url;
	if ((code = resolve(link, found_at, paging->url, &next)) != CURLUE_OK)
		return refuse(code, link, err);
	if (!check_origin(paging, next, err)) {
		free(next);
		return false;
	}
	*ret = next;
	return true;
}

/* ---- from page to page ---- */

static bool start_url(struct paging *paging, const char *url, struct hs_error *err)
{
	const struct mapping *mapping = paging->mapping;
	enum paging_kind kind = mapping == NULL ? PAGING_NONE : mapping->paging.kind;
	char count[32], *base = strdup(url), *before = paging->base, *first = NULL;
	bool done;

	if (base == NULL)
		return no_memory(err);
	paging->base = base;
	paging->pages = paging->records = paging->mark_ends = 0;
	free(paging->mark);
	paging->mark = NULL;
	if (kind == PAGING_NONE || kind == PAGING_LINK)
		done = (first = strdup(url)) != NULL || no_memory(err);
	else
		done = make_url(paging, kind == PAGING_CURSOR ? NULL : count_text(paging, count),
		    &first, err);
	if (!done) {
		paging->base = before;
		free(base);
		return false;
	}
	free(before);
	free(paging->url);
	paging->url = first;
	return true;
}

static bool is_same_url(const char *one, const char *other)
{
	struct url a = { .text = NULL }, b = { .text = NULL };
	struct hs_error ignored = HS_ERROR_INIT;
	bool is_same = strcmp(one, other) == 0 || (url_parse(one, NULL, &a, &ignored) &&
	    url_parse(other, NULL, &b, &ignored) && url_is_same_origin(&a, &b) &&
	    strcmp(a.path, b.path) == 0);

	url_done(&a);
	url_done(&b);
	return is_same;
}

/* Where the mapping takes values from beside its URLs, one without them would get another one's. */
static bool number_of(const struct mapping *mapping, const char *url, size_t *ret,
    struct hs_error *err)
{
	char shown[URL_SHOWN_BYTES];

	if (mapping == NULL || mapping->slots.with_count == 0)
		return true;
	for (size_t i = 0; i < mapping->url_count; i++) {
		if (is_same_url(mapping->urls[i].url, url)) {
			*ret = i;
			return true;
		}
	}
	return hs_error_set(err, HS_BAD_ARGUMENT, "url", "\"%s\" is none of the mapping's urls, and"
	    " records take \"%.64s\" from what stands beside their URL there: give one of those, or"
	    " add this one to the mapping", url_mask(url, shown, sizeof shown),
	    mapping->slots.with[0]);
}

bool paging_start(const struct mapping *mapping, const char *url, struct paging *ret,
    struct hs_error *err)
{
	struct paging paging = { .mapping = mapping, .is_alone = url != NULL };

	if (url == NULL && (mapping == NULL || mapping->url_count == 0))
		return hs_error_set(err, HS_BAD_ARGUMENT, "url",
		    "the source has no URL: set it in its mapping, or give --url");
	if (url != NULL && !number_of(mapping, url, &paging.number, err))
		return false;
	if (!start_url(&paging, url != NULL ? url : mapping->urls[0].url, err)) {
		paging_done(&paging);
		return false;
	}
	*ret = paging;
	return true;
}

/* Pages that are counted end when there is no more to count. */
static bool is_last(const struct paging *paging, const struct pipeline_page *page, const char *link)
{
	const struct mapping_paging *how = &paging->mapping->paging;

	if (how->kind == PAGING_CURSOR)
		return page->next == NULL;
	if (how->kind == PAGING_LINK)
		return (how->next_slot != SIZE_MAX ? page->next : link) == NULL;
	return how->kind == PAGING_NONE || page->records == 0 ||
	    page->records < (uint64_t)how->size ||
	    (page->total >= 0 && paging->records >= (uint64_t)page->total);
}

/* A page whose URL is the mark's has come again. The mark moves to the latest page each time that
 * the pages are twice as many, so it is in any circle before long. */
static bool check_circle(struct paging *paging, const char *next, struct hs_error *err)
{
	char shown[URL_SHOWN_BYTES];

	if (paging->pages > paging->mark_ends) {
		free(paging->mark);
		paging->mark_ends = 2 * paging->pages;
		if ((paging->mark = strdup(paging->url)) == NULL)
			return no_memory(err);
	}
	if (strcmp(next, paging->url) != 0 && strcmp(next, paging->mark) != 0)
		return true;
	return hs_error_set(err, HS_BAD_URL, url_mask(next, shown, sizeof shown), "the page says"
	    " that the next one is %s: that would never end", strcmp(next, paging->url) == 0 ?
	    "this very page" : "one that was read before");
}

static bool next_page(struct paging *paging, const struct pipeline_page *page, const char *link,
    const char *found_at, char **ret, struct hs_error *err)
{
	const struct mapping_paging *how = &paging->mapping->paging;
	char count[32], shown[URL_SHOWN_BYTES];
	bool done;

	url_mask(paging->url, shown, sizeof shown);
	if (paging->pages >= (uint64_t)how->limit)
		return hs_error_set(err, HS_TOO_BIG, shown, "the feed has more than %lld pages: raise"
		    " the limit of the mapping's paging if that is right", (long long)how->limit);
	if (how->kind == PAGING_LINK)
		done = follow_link(paging, how->next_slot != SIZE_MAX ? page->next : link,
		    found_at, ret, err);
	else
		done = make_url(paging, how->kind == PAGING_CURSOR ? page->next :
		    count_text(paging, count), ret, err);
	if (!done || check_circle(paging, *ret, err))
		return done;
	free(*ret);
	return false;
}

bool paging_next(struct paging *paging, const struct pipeline_page *page, const char *link,
    const char *found_at, bool *ret_is_over, struct hs_error *err)
{
	const struct mapping *mapping = paging->mapping;
	char *next = NULL;

	paging->pages++;
	paging->records += page->records;
	*ret_is_over = true;
	if (mapping == NULL || page->is_enough)
		return true;
	if (!is_last(paging, page, link)) {
		if (!next_page(paging, page, link, found_at, &next, err))
			return false;
		free(paging->url);
		paging->url = next;
		*ret_is_over = false;
		return true;
	}
	if (paging->is_alone || paging->number + 1 >= mapping->url_count)
		return true;
	paging->number++;
	*ret_is_over = false;
	return start_url(paging, mapping->urls[paging->number].url, err);
}

void paging_done(struct paging *paging)
{
	free(paging->base);
	free(paging->url);
	free(paging->mark);
	*paging = (struct paging){ .mapping = NULL };
}
