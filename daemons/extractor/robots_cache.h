/* robots_cache.h: asks an origin for its robots.txt, once an hour, and answers from that.
 *
 * As RFC 9309 has it: 4xx (but 429) and endless redirects mean that all is allowed, 5xx and 429 that
 * nothing is for now. A host that cannot be reached for its robots.txt is not asked for more. */
#ifndef HS_EXTRACTOR_ROBOTS_CACHE_H
#define HS_EXTRACTOR_ROBOTS_CACHE_H

#include <stdbool.h>

#include "common/error.h"
#include "daemons/extractor/request.h"
#include "daemons/extractor/url.h"

struct robots_cache;
struct robots_question;

/* error NULL: it may be fetched. Else HS_ROBOTS_REFUSED (temporary: robots.txt could not be had for
 * now), or why the host could not be asked at all. */
typedef void robots_answer(void *arg, const struct hs_error *error);

/* Gives *ret; borrows home for its life. Error: HS_NO_MEMORY. */
bool robots_cache_new(struct request_home *home, struct robots_cache **ret, struct hs_error *err);

/* All questions are forgotten. Accepts NULL. */
void robots_cache_free(struct robots_cache *cache);

/* Forgets what is known: we have another name now. */
void robots_cache_clear(struct robots_cache *cache);

/* Whether url may be fetched. The answer comes before this returns (*ret is NULL then) or later. */
void robots_cache_ask(struct robots_cache *cache, const struct url *url, robots_answer *answer,
    void *arg, struct robots_question **ret);

/* When robots.txt is to be tried again (FETCH_PAUSING), or waits for its turn, *ret becomes that; else
 * it stays. question may be NULL. */
void robots_cache_look(const struct robots_question *question, struct fetch_progress *ret);

/* The answer is not wanted any more. Accepts NULL. */
void robots_cache_forget(struct robots_question *question);

#endif
