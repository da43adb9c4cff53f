/* data_version.h: which state of the data is the newest, asked of the database once for many.
 *
 * Every import that changes something raises the version in its own transaction. Whoever asks
 * here gets a version that was read after he asked, so nothing that was committed before is
 * missed. All who ask while a question is under way share the next one: under load one short
 * query serves many requests. */
#ifndef WEB_DATA_VERSION_H
#define WEB_DATA_VERSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <event2/event.h>

#include "common/error.h"
#include "common/settings.h"

struct data_version;

/* Somebody's question, part of his own struct. */
struct data_version_wait {
	TAILQ_ENTRY(data_version_wait) link;
	/* known is false when the database does not tell. Never called from within ask. */
	void (*told)(void *arg, bool known, int64_t version);
	void *arg;
	bool waiting;
};

/* On a connection of its own. opened is called whenever that was opened, before anything that it
 * answers is told: another server, or another past of one, may give a number that is known already
 * to other data. Gives *ret. Borrows base and settings. */
bool data_version_new(struct event_base *base, const struct hs_settings *settings,
    void (*opened)(void *arg), void *arg, struct data_version **ret, struct hs_error *err);

/* As hs_db_pool_use. */
void data_version_use(struct data_version *source, uint32_t hosts, uint32_t gone);

/* Nobody is told any more. Accepts NULL. */
void data_version_free(struct data_version *source);

/* Borrows wait until it is told or forgotten. */
void data_version_ask(struct data_version *source, struct data_version_wait *wait);
void data_version_forget(struct data_version *source, struct data_version_wait *wait);

/* The statement that reads it, to be put into the transaction of a search: one row, one column. */
extern const char data_version_sql[];
#define DATA_VERSION_STATEMENT { .sql = data_version_sql, .often = true }

#endif
