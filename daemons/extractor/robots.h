/* robots.h: robots.txt as RFC 9309 has it: which paths of an origin may be asked for, and how often.
 *
 * Pure, and trusts nothing in the text: what cannot be understood is passed over, what lies behind
 * ROBOTS_MAX_BYTES is not read. A match takes time in proportion to path and rules, not more. */
#ifndef HS_EXTRACTOR_ROBOTS_H
#define HS_EXTRACTOR_ROBOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

enum {
	ROBOTS_MAX_BYTES = 512 << 10,
	ROBOTS_AGENT_BYTES = 64,
	ROBOTS_MAX_DELAY_MS = 60000
};

struct robots;

/* The product token of a user agent: its leading letters, hyphens and underscores ("HoopScout" of
 * "HoopScout/0.1 (...)"); "" when it begins with something else. */
void robots_agent(const char *user_agent, char ret_agent[ROBOTS_AGENT_BYTES]);

/* Reads the rules for agent: those of all groups that name it, else those of "*". Gives *ret.
 * Error: HS_NO_MEMORY. */
bool robots_parse(const char *text, size_t length, const char *agent, struct robots **ret,
    struct hs_error *err);

/* Accepts NULL. */
void robots_free(struct robots *robots);

/* Whether a path with its query ("/x?y=1") may be asked for. The longest rule that fits counts;
 * of an allow and a disallow of one length, the allow. NULL robots allow all. */
bool robots_allow(const struct robots *robots, const char *path);

/* Crawl-delay, at most ROBOTS_MAX_DELAY_MS; 0 when there is none. */
int64_t robots_delay_ms(const struct robots *robots);

#endif
