/* hashing.h: passwords judged and hashed on a thread, one after the other; the event loop goes on.
 *
 * Each takes 32 MB and a quarter of a second, so that there is one thread and few may wait. */
#ifndef WEB_HASHING_H
#define WEB_HASHING_H

#include <stdbool.h>

#include <event2/event.h>

#include "common/error.h"
#include "common/password.h"

enum { HASHING_MOST = 16 };	/* under way and waiting */

struct hashing;
struct hashing_job;

struct hashing_order {
	const char *password;	/* to be judged */
	const char *hash;	/* NULL: it is wrong, and takes as long to find out */
	const char *renew;	/* if it is right: hash this one; NULL: none */
};

struct hashing_result {
	bool is_right;
	/* Of renew; without it, of the password when hash was weak; "": of none. */
	char new_hash[HS_PASSWORD_HASH_BYTES];
	struct hs_error err;	/* HS_OK, or why nothing is known */
};

typedef void hashing_done_fn(void *arg, const struct hashing_result *result);

/* Gives *ret. Borrows base for its life. */
bool hashing_new(struct event_base *base, struct hashing **ret, struct hs_error *err);

/* Accepts NULL. Nothing is called any more. */
void hashing_free(struct hashing *hashing);

/* Whether one more is taken now. */
bool hashing_has_room(const struct hashing *hashing);

/* Copies order. done is called once, never from within. *ret lives until then, or until it is
 * cancelled. Errors: HS_BUSY (no room), HS_NO_MEMORY, HS_LIMIT (no thread). */
bool hashing_start(struct hashing *hashing, const struct hashing_order *order,
    hashing_done_fn *done, void *arg, struct hashing_job **ret, struct hs_error *err);

/* The asker has left. Takes job. */
void hashing_cancel(struct hashing_job *job);

#endif
