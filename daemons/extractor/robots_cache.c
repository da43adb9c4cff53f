/* robots_cache.c: a short list of origins; whoever asks while one is being read waits with it, and
 * whoever finds no place in the list waits for one. */
#include "daemons/extractor/robots_cache.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "common/clock.h"
#include "common/text.h"
#include "daemons/extractor/robots.h"

enum {
	MAX_ORIGINS = 64,
	KEEP_MS = 3600 * 1000
};

static const char robots_path[] = "/robots.txt";

struct robots_question {
	struct url url;
	robots_answer *answer;
	void *arg;
	struct entry *entry;		/* NULL: it waits for a place */
	LIST_ENTRY(robots_question) links;
};

LIST_HEAD(questions, robots_question);

struct entry {
	struct robots_cache *cache;
	char *origin;
	struct robots *robots;		/* NULL: all is allowed */
	int64_t known_until_ms;		/* 0: nothing is known */
	struct request *request;	/* that reads it */
	char *text;
	size_t length;
	bool is_full;
	struct questions questions;
	LIST_ENTRY(entry) links;
};

LIST_HEAD(entries, entry);

struct robots_cache {
	struct request_home *home;
	struct entries entries;
	size_t count;
	struct questions waiting;	/* for a place, in the order in which they came */
};

static void question_free(struct robots_question *question)
{
	url_done(&question->url);
	free(question);
}

static void entry_free(struct entry *entry)
{
	struct robots_question *question;

	while ((question = LIST_FIRST(&entry->questions)) != NULL)
		robots_cache_forget(question);
	request_cancel(entry->request);
	LIST_REMOVE(entry, links);
	entry->cache->count--;
	robots_free(entry->robots);
	free(entry->text);
	free(entry->origin);
	free(entry);
}

static bool is_idle(const struct entry *entry)
{
	return entry->request == NULL && LIST_EMPTY(&entry->questions);
}

/* Makes room by forgetting the one that is known least long. */
static void make_room(struct robots_cache *cache)
{
	struct entry *entry, *oldest = NULL;

	if (cache->count < MAX_ORIGINS)
		return;
	LIST_FOREACH(entry, &cache->entries, links) {
		if (is_idle(entry) && (oldest == NULL ||
			entry->known_until_ms < oldest->known_until_ms))
			oldest = entry;
	}
	if (oldest != NULL)
		entry_free(oldest);
}

/* *ret is NULL when there is no place: all are being read. Error: HS_NO_MEMORY. */
static bool find(struct robots_cache *cache, const char *origin, struct entry **ret,
    struct hs_error *err)
{
	struct entry *entry;

	*ret = NULL;
	LIST_FOREACH(entry, &cache->entries, links) {
		if (strcmp(entry->origin, origin) == 0) {
			*ret = entry;
			return true;
		}
	}
	make_room(cache);
	if (cache->count >= MAX_ORIGINS)
		return true;
	entry = calloc(1, sizeof *entry);
	if (entry == NULL || (entry->origin = strdup(origin)) == NULL) {
		free(entry);
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for robots.txt");
	}
	entry->cache = cache;
	LIST_INIT(&entry->questions);
	LIST_INSERT_HEAD(&cache->entries, entry, links);
	cache->count++;
	*ret = entry;
	return true;
}

static bool begin_text(void *arg, const char *content_type, struct hs_error *err)
{
	struct entry *entry = arg;

	(void)content_type;	/* RFC 9309: it is UTF-8, and more is not asked of it */
	entry->length = 0;
	entry->is_full = false;
	if (entry->text == NULL && (entry->text = malloc(ROBOTS_MAX_BYTES)) == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for robots.txt");
	return true;
}

/* What lies behind the bound is not read: that ends the request. */
static bool add_text(void *arg, const char *bytes, size_t length, struct hs_error *err)
{
	struct entry *entry = arg;
	size_t room = ROBOTS_MAX_BYTES - entry->length;

	(void)err;
	entry->is_full = length > room;
	if (length > room)
		length = room;
	memcpy(entry->text + entry->length, bytes, length);
	entry->length += length;
	return !entry->is_full;
}

static void judge(const struct entry *entry, const struct url *url, robots_answer *answer, void *arg)
{
	struct hs_error err = HS_ERROR_INIT;
	char shown[URL_SHOWN_BYTES];

	if (robots_allow(entry->robots, url->path)) {
		answer(arg, NULL);
		return;
	}
	url_mask(url->text, shown, sizeof shown);
	hs_error_set(&err, HS_ROBOTS_REFUSED, shown,
	    "robots.txt of %s asks us not to fetch this: if its owner lets you, name the host in "
	    "EXTRACTOR_IGNORE_ROBOTS_HOSTS", url->host);
	answer(arg, &err);
}

/* Answers all that wait: by the rules, or with why there are none. */
static void answer_all(struct entry *entry, const struct hs_error *error)
{
	struct questions waiting;
	struct robots_question *question;

	/* those who ask meanwhile wait for the next time */
	LIST_INIT(&waiting);
	while ((question = LIST_FIRST(&entry->questions)) != NULL) {
		LIST_REMOVE(question, links);
		LIST_INSERT_HEAD(&waiting, question, links);
	}
	while ((question = LIST_FIRST(&waiting)) != NULL) {
		LIST_REMOVE(question, links);
		if (error != NULL)
			question->answer(question->arg, error);
		else
			judge(entry, &question->url, question->answer, question->arg);
		question_free(question);
	}
}

/* Whether what was answered settles it; false has filled *err, which says why it does not. */
static bool settle(struct entry *entry, long status, const struct hs_error *error,
    struct hs_error *err)
{
	if (error == NULL || entry->is_full)
		return robots_parse(entry->text, entry->length, entry->cache->home->settings->agent,
		    &entry->robots, err);
	if (error->code == HS_BAD_REDIRECT ||
	    (error->code == HS_HTTP_STATUS && status < 500 && status != 429))
		return true;
	/* who asked wanted another URL: that one is named */
	if (error->code == HS_HTTP_STATUS)
		hs_error_set(err, HS_ROBOTS_REFUSED, "",
		    "nothing is fetched while robots.txt cannot be had: %s", error->message);
	else
		hs_error_set(err, error->code, "", "%s", error->message);
	err->temporary = error->temporary || error->code == HS_HTTP_STATUS;
	return false;
}

static void give_places(struct robots_cache *cache);

static void end_reading(void *arg, const struct request_answer *answer, const struct hs_error *error)
{
	struct entry *entry = arg;
	struct request_home *home = entry->cache->home;
	struct hs_error err = HS_ERROR_INIT;
	bool is_known;

	entry->request = NULL;		/* it goes by itself */
	robots_free(entry->robots);
	entry->robots = NULL;
	is_known = settle(entry, answer->status, error, &err);
	free(entry->text);
	entry->text = NULL;
	entry->is_full = false;
	entry->known_until_ms = is_known ? hs_clock_ms() + KEEP_MS : 0;
	if (is_known) {
		turns_slow(home->turns, entry->origin, robots_delay_ms(entry->robots));
		turns_ended(home->turns, entry->origin, hs_clock_ms(), home->settings->delay_ms);
	}
	answer_all(entry, is_known ? NULL : &err);
	give_places(entry->cache);	/* the entry may be gone then */
}

static bool start_reading(struct entry *entry, struct hs_error *err)
{
	static const struct request_hooks hooks = {
		.begin = begin_text, .body = add_text, .done = end_reading,
	};
	char url[512];
	const struct fetch_request what = { .url = url };
	const int length = snprintf(url, sizeof url, "%s%s", entry->origin, robots_path);

	if (length < 0 || (size_t)length >= sizeof url)
		return hs_error_set(err, HS_BAD_URL, "", "the host's name is too long");
	return request_start(entry->cache->home, &what, &hooks, entry, &entry->request, err);
}

/* Lets a question into its entry's; false has filled *err, and the question is as it was. */
static bool join_entry(struct robots_question *question, struct entry *entry, struct hs_error *err)
{
	if (entry->request == NULL && !start_reading(entry, err))
		return false;
	question->entry = entry;
	LIST_INSERT_HEAD(&entry->questions, question, links);
	return true;
}

static void wait_for_place(struct robots_cache *cache, struct robots_question *question)
{
	struct robots_question *last = LIST_FIRST(&cache->waiting);

	while (last != NULL && LIST_NEXT(last, links) != NULL)
		last = LIST_NEXT(last, links);
	if (last == NULL)
		LIST_INSERT_HEAD(&cache->waiting, question, links);
	else
		LIST_INSERT_AFTER(last, question, links);
}

/* A place may have become free: who waited longest comes first. */
static void give_places(struct robots_cache *cache)
{
	struct robots_question *question;
	struct entry *entry;

	while ((question = LIST_FIRST(&cache->waiting)) != NULL) {
		struct hs_error err = HS_ERROR_INIT;
		bool is_found = find(cache, question->url.origin, &entry, &err);

		if (is_found && entry == NULL)
			return;
		LIST_REMOVE(question, links);
		if (is_found && entry->known_until_ms > hs_clock_ms())
			judge(entry, &question->url, question->answer, question->arg);
		else if (is_found && join_entry(question, entry, &err))
			continue;
		else
			question->answer(question->arg, &err);
		question_free(question);
	}
}

bool robots_cache_new(struct request_home *home, struct robots_cache **ret, struct hs_error *err)
{
	struct robots_cache *cache = calloc(1, sizeof *cache);

	if (cache == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for robots.txt");
	cache->home = home;
	LIST_INIT(&cache->entries);
	LIST_INIT(&cache->waiting);
	*ret = cache;
	return true;
}

void robots_cache_free(struct robots_cache *cache)
{
	struct robots_question *question;
	struct entry *entry;

	if (cache == NULL)
		return;
	while ((entry = LIST_FIRST(&cache->entries)) != NULL)
		entry_free(entry);
	while ((question = LIST_FIRST(&cache->waiting)) != NULL)
		robots_cache_forget(question);
	free(cache);
}

void robots_cache_clear(struct robots_cache *cache)
{
	struct entry *entry, *next;

	for (entry = LIST_FIRST(&cache->entries); entry != NULL; entry = next) {
		next = LIST_NEXT(entry, links);
		if (is_idle(entry))
			entry_free(entry);
	}
}

void robots_cache_ask(struct robots_cache *cache, const struct url *url, robots_answer *answer,
    void *arg, struct robots_question **ret)
{
	struct hs_error err = HS_ERROR_INIT;
	struct robots_question *question;
	struct entry *entry;

	*ret = NULL;
	if (!find(cache, url->origin, &entry, &err)) {
		answer(arg, &err);
		return;
	}
	if (entry != NULL && entry->known_until_ms > hs_clock_ms()) {
		judge(entry, url, answer, arg);
		return;
	}
	question = calloc(1, sizeof *question);
	if (question == NULL) {
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory for robots.txt");
		answer(arg, &err);
		return;
	}
	question->answer = answer;
	question->arg = arg;
	if (!url_copy(url, &question->url, &err) ||
	    (entry != NULL && !join_entry(question, entry, &err))) {
		question_free(question);
		answer(arg, &err);
		return;
	}
	if (entry == NULL)
		wait_for_place(cache, question);
	*ret = question;
}

void robots_cache_look(const struct robots_question *question, struct fetch_progress *ret)
{
	static const char of[] = "robots.txt: ";
	struct fetch_progress its;

	if (question == NULL || question->entry == NULL || question->entry->request == NULL)
		return;
	request_look(question->entry->request, &its);
	if (its.phase != FETCH_PAUSING && its.phase != FETCH_WAITING)
		return;
	*ret = its;
	if (its.phase == FETCH_PAUSING)
		snprintf(ret->why, sizeof ret->why, "%s%.*s", of,
		    (int)hs_utf8_valid_prefix(its.why, strnlen(its.why, sizeof its.why - sizeof of)),
		    its.why);
}

void robots_cache_forget(struct robots_question *question)
{
	if (question == NULL)
		return;
	LIST_REMOVE(question, links);
	question_free(question);
}
