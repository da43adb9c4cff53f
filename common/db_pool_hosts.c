/* db_pool_hosts.c: a pool that is told which hosts to use.
 *
 * Trusts db_hosts.c's word on them. A connection whose host answers nobody is cut at the socket,
 * and so ends like any other. Only statements that read are asked twice: what writes may have been
 * done. */
#include <sys/socket.h>

#include "common/clock.h"
#include "common/db_pool_private.h"

enum { TRIES_MAX = 2 };		/* that a job may be asked anew */

bool db_pool_wants(const struct hs_db_pool *pool, size_t host)
{
	return !pool->is_told || (pool->hosts >> host & 1) != 0;
}

bool db_pool_ask_anew(struct hs_db_pool *pool, struct hs_db_job *job)
{
	if (!pool->is_told || pool->role != HS_DB_READER || job->tries == TRIES_MAX)
		return false;
	hs_db_job_reset(job);
	job->tries++;
	job->queued_us = hs_clock_us();
	TAILQ_INSERT_HEAD(&pool->queue, job, link);
	pool->waiting++;
	db_pool_kick(pool);
	return true;
}

void hs_db_pool_use(struct hs_db_pool *pool, uint32_t hosts, uint32_t gone)
{
	bool has_changed = !pool->is_told || pool->hosts != hosts;

	pool->is_told = true;
	pool->hosts = hosts;
	for (size_t i = 0; i < pool->count; i++) {
		struct connection *connection = &pool->connections[i];

		if (connection->pg == NULL || db_pool_wants(pool, connection->host))
			continue;
		if (connection->state == IDLE)
			db_pool_close(connection);
		else if ((gone >> connection->host & 1) != 0)
			shutdown(PQsocket(connection->pg), SHUT_RDWR);	/* the loop finds its end */
	}
	if (!has_changed)
		return;
	/* what was found out about other hosts counts no more */
	pool->failures = 0;
	evtimer_del(pool->pause);
	db_pool_kick(pool);
}
