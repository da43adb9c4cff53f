/* answers.h: answers that were given already, kept for as long as the data is the same.
 *
 * An answer is kept under a key that says all it depends on beside the data: who reads it (page,
 * fragment, JSON; of a page also the account and its role), the path, the canonical query, the
 * day. It is given again when the data's version, asked of the database after the request came,
 * is the one that the answer's own transaction read; with any other everything is dropped. So no
 * answer is staler than the server that is asked for searches. Numbers are compared within one
 * epoch only, the time over which that server stays the same (see data_version.h). Bounded by
 * HOOPSCOUT_WEB_CACHE_BYTES: what was not asked for longest goes first. */
#ifndef WEB_ANSWERS_H
#define WEB_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <event2/event.h>

#include "common/error.h"
#include "common/settings.h"

struct answers;
struct catalog;
struct exchange;

/* Gives *ret. Borrows base, settings, in which the bound may change, and catalog, which is told to
 * forget what it holds at the end of an epoch. */
bool answers_new(struct event_base *base, const struct hs_settings *settings,
    struct catalog *catalog, struct answers **ret, struct hs_error *err);

/* Accepts NULL. Bodies that are still being sent stay until then. */
void answers_free(struct answers *answers);

/* Forgets all, as after a change of templates; from then on the bound is the one of settings. */
void answers_reload(struct answers *answers, const struct hs_settings *settings);

/* Of which hosts the version is asked; as hs_db_pool_use. */
void answers_use(struct answers *answers, uint32_t hosts, uint32_t gone);

/* Answers from what is kept, and takes exchange; or calls otherwise, now or a moment later, and
 * then keeps under key the answer that the exchange gets, when answers_read_at has told its
 * version. */
void answers_reply(struct exchange *exchange, const char *key,
    void (*otherwise)(struct exchange *exchange));

/* The exchange ends: nothing is called for it any more. */
void answers_forget(struct exchange *exchange);

/* The version that a handler's transaction read. */
void answers_read_at(struct exchange *exchange, int64_t version);

/* exchange_answer calls it: keeps a reply that may be kept. */
void answers_keep(struct exchange *exchange);

/* A number that depends on a key alone, a total; *ret_version is the data's for which it is right,
 * and may be the newest no more. */
bool answers_number(const struct answers *answers, const char *key, int64_t *ret,
    int64_t *ret_version);
void answers_keep_number(const struct exchange *exchange, const char *key, int64_t number,
    int64_t version);

struct answers_state {
	int64_t version;	/* of what is kept */
	size_t count, bytes;
	unsigned long long hits, misses;
};
void answers_look(const struct answers *answers, struct answers_state *ret);

#endif
