/* request.h: one URL asked for until there is an answer: turns, redirects, retries.
 *
 * Each hop waits for its turn at the host, and is judged before it is made. What passes is tried
 * again from the start, with growing pauses. Robots.txt is asked for with it, and feeds too. */
#ifndef HS_EXTRACTOR_REQUEST_H
#define HS_EXTRACTOR_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <event2/event.h>

#include "common/error.h"
#include "daemons/extractor/fetch.h"
#include "daemons/extractor/fetch_settings.h"
#include "daemons/extractor/transfer.h"
#include "daemons/extractor/turns.h"
#include "daemons/extractor/url.h"

struct request;

/* What all requests share; borrowed for their life. settings are those in force: a request that is
 * given none takes its share of them when it starts. */
struct request_home {
	struct event_base *base;
	struct transfers *transfers;
	struct turns *turns;
	struct fetch_settings *settings;
};

struct request_answer {
	long status;			/* of the last hop; 0: there was none */
	const struct url *url;		/* of the last hop */
	unsigned attempts, redirects;
	struct transfer *transfer;	/* to ask for headers, in done only; NULL without one */
};

struct request_hooks {
	/* May this hop be made? Answered by request_go or request_refuse, now or later. NULL: yes. */
	void (*ask)(void *arg, struct request *request, const struct url *url);
	/* A body begins; what came of an earlier one is to be forgotten. */
	bool (*begin)(void *arg, const char *content_type, struct hs_error *err);
	/* Called from within libcurl: start and cancel nothing in it. */
	bool (*body)(void *arg, const char *bytes, size_t length, struct hs_error *err);
	/* Once. error NULL: 200 (begin was called, even without a body), or 304 when that was asked
	 * for. The request is gone when it returns. */
	void (*done)(void *arg, const struct request_answer *answer, const struct hs_error *error);
};

/* Gives *ret; borrows the rest, request's texts until it returns. Nothing is called back before the
 * loop runs again. Errors: as fetch_start has them. */
bool request_start(struct request_home *home, const struct fetch_request *what,
    const struct request_hooks *hooks, void *arg, struct request **ret, struct hs_error *err);

void request_go(struct request *request);
void request_refuse(struct request *request, const struct hs_error *why);

/* Ends it at once; nothing is called back. Accepts NULL. */
void request_cancel(struct request *request);

/* Where it stands; bytes is left at 0. */
void request_look(const struct request *request, struct fetch_progress *ret);

#endif
