/* replicas.c: passes on to the pools what db_hosts.c finds out.
 *
 * Trusts db_hosts.c. Until it knows, nobody reads: a moment's wait is better than a standby that
 * may be hours behind. When no host is of use all are tried, so that the pools find out why. */
#include "daemons/web/replicas.h"

#include <stdlib.h>

#include "common/db_hosts.h"
#include "daemons/web/account.h"
#include "daemons/web/answers.h"
#include "daemons/web/exchange.h"
#include "daemons/web/quality.h"
#include "daemons/web/web.h"

struct replicas {
	struct web *web;
	struct hs_db_hosts *hosts;
	struct hs_db_pool *primary;	/* for admins, who read there */
	bool primary_alone;		/* nobody shall read anywhere else */
	struct hs_db_hosts_state now;
};

static uint32_t all_of(const struct replicas *replicas)
{
	return (1U << replicas->now.count) - 1;
}

static uint32_t bit_of(int host)
{
	return host >= 0 ? 1U << host : 0;
}

/* Bits of the hosts that are read. */
static uint32_t read_of(const struct replicas *replicas)
{
	uint32_t hosts = all_of(replicas);

	if (replicas->now.read >= 0 || !replicas->now.is_settled)
		return bit_of(replicas->now.read);
	for (size_t i = 0; replicas->primary_alone && i < replicas->now.count; i++) {
		if (replicas->now.hosts[i].role == HS_DB_HOST_STANDBY)
			hosts &= ~bit_of((int)i);
	}
	return hosts;
}

static void guide(struct replicas *replicas)
{
	struct web *web = replicas->web;
	uint32_t primary = bit_of(replicas->now.primary), read = read_of(replicas);
	uint32_t gone = replicas->now.gone;

	hs_db_pool_use(web->pool, read, gone);
	answers_use(web->answers, read, gone);
	quality_use(web->quality, read, gone);
	hs_db_pool_use(replicas->primary, primary, gone);
	accounts_use(web->accounts, primary != 0 ? primary : all_of(replicas), gone);
}

static void on_changed(void *arg)
{
	struct replicas *replicas = arg;

	hs_db_hosts_look(replicas->hosts, &replicas->now);
	guide(replicas);
}

bool replicas_new(struct web *web, struct replicas **ret, struct hs_error *err)
{
	struct replicas *replicas;

	if (hs_db_hosts_count(web->settings) == 1)
		return true;
	if ((replicas = calloc(1, sizeof *replicas)) == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for the database's hosts");
	replicas->web = web;
	replicas->primary_alone = hs_setting_int(web->settings, HS_SET_REPLICA_LAG_SECONDS) == 0;
	if (!hs_db_hosts_new(web->base, web->settings, "hsd-web hosts",
		hs_setting_int(web->settings, HS_SET_REPLICA_LAG_SECONDS) * 1000, on_changed, replicas,
		&replicas->hosts, err) ||
	    !hs_db_pool_new(web->base, web->settings, HS_DB_READER, "hsd-web admins",
		(size_t)hs_setting_int(web->settings, HS_SET_WEB_DB_CONNECTIONS),
		&replicas->primary, err)) {
		replicas_free(replicas);
		return false;
	}
	hs_db_hosts_look(replicas->hosts, &replicas->now);
	guide(replicas);
	*ret = replicas;
	return true;
}

void replicas_free(struct replicas *replicas)
{
	if (replicas == NULL)
		return;
	hs_db_hosts_free(replicas->hosts);
	hs_db_pool_free(replicas->primary);
	free(replicas);
}

bool replicas_apart(const struct exchange *exchange)
{
	const struct replicas *replicas = exchange->web->replicas;

	return replicas != NULL && exchange->account != NULL &&
	    exchange->account->role == HS_ROLE_ADMIN && replicas->now.primary >= 0 &&
	    replicas->now.primary != replicas->now.read;
}

struct hs_db_pool *replicas_pool(const struct exchange *exchange)
{
	return replicas_apart(exchange) ? exchange->web->replicas->primary : exchange->web->pool;
}

uint32_t replicas_hosts(const struct exchange *exchange)
{
	const struct replicas *replicas = exchange->web->replicas;

	if (replicas == NULL)
		return 0;
	return replicas_apart(exchange) ? bit_of(replicas->now.primary) : read_of(replicas);
}

bool replicas_without_primary(const struct replicas *replicas)
{
	return replicas != NULL && replicas->now.is_settled && replicas->now.primary < 0;
}

static json_t *host_json(const struct hs_db_host *host, bool is_read)
{
	return json_pack("{s:s, s:s, s:o, s:b, s:s}", "name", host->name, "role",
	    hs_db_host_role_name(host->role), "lag_seconds",
	    host->role == HS_DB_HOST_STANDBY && host->lag_ms >= 0
		? json_real((double)host->lag_ms / 1000) : json_null(),
	    "searches", is_read, "message", host->message);
}

json_t *replicas_json(const struct replicas *replicas)
{
	struct hs_db_hosts_state now;
	json_t *list;

	if (replicas == NULL)
		return NULL;
	hs_db_hosts_look(replicas->hosts, &now);
	list = json_array();
	for (size_t i = 0; i < now.count; i++)
		json_array_append_new(list, host_json(&now.hosts[i], (int)i == now.read));
	return list;
}
