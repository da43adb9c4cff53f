/* db_hosts.h: what each host of POSTGRES_HOST is just now, when there are several: which one is the
 * primary, how far the standbys are behind it, and which one searches are asked of.
 *
 * Each host is asked twice a second, on a connection of its own and on the event base. For who
 * has pools to guide (hs_db_pool_use), and for whoever shows the hosts to people. */
#ifndef HS_DB_HOSTS_H
#define HS_DB_HOSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <event2/event.h>

#include "common/db_connect.h"
#include "common/db_lag.h"
#include "common/error.h"
#include "common/settings.h"

struct hs_db_hosts;

/* How many POSTGRES_HOST names; 1 for a private cluster. */
size_t hs_db_hosts_count(const struct hs_settings *settings);

/* name is shown in pg_stat_activity. Searches are asked of a standby that is at most limit_ms
 * behind; 0: of the primary alone. changed is called from the event loop when primary, read,
 * gone or is_settled below have changed. Gives *ret. Borrows base and settings for its life.
 * Errors: HS_BAD_SETTING, HS_NO_MEMORY. */
bool hs_db_hosts_new(struct event_base *base, const struct hs_settings *settings, const char *name,
    int64_t limit_ms, void (*changed)(void *arg), void *arg, struct hs_db_hosts **ret,
    struct hs_error *err);

/* Accepts NULL. */
void hs_db_hosts_free(struct hs_db_hosts *hosts);

struct hs_db_host {
	const char *name;	/* "db2:5432"; borrowed from the hosts */
	enum hs_db_host_role role;
	int64_t lag_ms;		/* of a standby: what it shows is at most that old; -1: not known */
	char message[256];	/* why it is away or unknown; else "" */
};

struct hs_db_hosts_state {
	size_t count;
	struct hs_db_host hosts[HS_DB_HOSTS_MAX];
	int primary;		/* takes writes; -1: none does, or none is known yet */
	int read;		/* is asked for searches; -1: none */
	uint32_t gone;		/* bits of those that do not answer */
	bool is_settled;	/* each has answered once, or has failed to */
};
void hs_db_hosts_look(const struct hs_db_hosts *hosts, struct hs_db_hosts_state *ret);

#endif
