/* replicas.h: of several PostgreSQL hosts, which one answers whom.
 *
 * The primary takes all that is written, and answers all that must be of this moment: sessions,
 * accounts, imports, extractors; and whatever an admin reads, who has perhaps just changed it.
 * Searches of everybody else, pages of players, exports and the quality of the data are asked of
 * one standby, always the same while it is within HOOPSCOUT_REPLICA_LAG_SECONDS; of the primary
 * when none is. While there is no primary they are asked of the standby, and admins read there, too.
 *
 * So for one web server what a reader sees never goes back while that standby stays, nor when
 * another one follows it, but in one case: the primary had shown more, and is gone. */
#ifndef WEB_REPLICAS_H
#define WEB_REPLICAS_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "common/db_pool.h"
#include "common/error.h"

struct exchange;
struct replicas;
struct web;

/* After all pools of web are made: guides them from then on. Gives *ret; with one host NULL, which
 * all functions here accept. Borrows web. */
bool replicas_new(struct web *web, struct replicas **ret, struct hs_error *err);
void replicas_free(struct replicas *replicas);

/* The pool in which an exchange reads. */
struct hs_db_pool *replicas_pool(const struct exchange *exchange);

/* Whether that is not the one of everybody else, so that versions tell nothing. */
bool replicas_apart(const struct exchange *exchange);

/* The hosts that may be asked on a connection of its own, as hs_db_stream_new has them. */
uint32_t replicas_hosts(const struct exchange *exchange);

/* There are several hosts, and none of them is the primary just now. */
bool replicas_without_primary(const struct replicas *replicas);

/* [{"name":"db2:5432","role":"standby","lag_seconds":0.5,"searches":true,"message":""}]; NULL with
 * one host. The caller's. */
json_t *replicas_json(const struct replicas *replicas);

#endif
