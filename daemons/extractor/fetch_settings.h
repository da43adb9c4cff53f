/* fetch_settings.h: the EXTRACTOR_* settings of fetching, read once, in the units that are used.
 *
 * They are held in shares: who began with them keeps them, whatever a reload brings. Never changed. */
#ifndef HS_EXTRACTOR_FETCH_SETTINGS_H
#define HS_EXTRACTOR_FETCH_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "common/settings.h"
#include "daemons/extractor/retry.h"
#include "daemons/extractor/robots.h"

struct fetch_settings {
	unsigned shares;
	char *user_agent;
	char agent[ROBOTS_AGENT_BYTES];		/* its product token */
	char *private_hosts, *ignored_robots_hosts;	/* lists */
	char *ca_file, *proxy;			/* "": the system's, none */
	struct retry_policy retry;
	int64_t delay_ms;
	long timeout_seconds, total_seconds;
	long min_bytes_per_second;
	uint64_t max_bytes;
};

/* Gives *ret, a share. Errors: HS_BAD_SETTING (as fetcher_new says), HS_NO_MEMORY. */
bool fetch_settings_read(const struct hs_settings *settings, struct fetch_settings **ret,
    struct hs_error *err);

/* Gives one more share of them. */
struct fetch_settings *fetch_settings_share(struct fetch_settings *settings);

/* Gives a share back. Accepts NULL. */
void fetch_settings_drop(struct fetch_settings *settings);

#endif
