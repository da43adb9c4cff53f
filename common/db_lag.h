/* db_lag.h: how far a standby is behind its primary, and which server searches are asked of.
 *
 * No clock but ours counts, and no standby's own word: a server shows how far its log and the
 * data's version have come, and what a standby shows is as old as the last moment at which the
 * primary showed no more. So an idle primary's standby is never late, and one whose replay stands
 * still is, as soon as there is something to replay. Pure: no server is asked here. */
#ifndef HS_DB_LAG_H
#define HS_DB_LAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HS_DB_LAG_MARKS = 1024 };	/* at two a second some eight minutes */

/* How far a server has come: its log (bytes), and the data's version. */
struct hs_db_mark {
	int64_t log, version;
};

/* What the primary showed, and until when; the newest last. Zeroed: nothing yet. */
struct hs_db_lag {
	size_t first, count;
	struct {
		struct hs_db_mark mark;
		int64_t last_ms;
	} marks[HS_DB_LAG_MARKS];
};

/* The primary was asked at that moment, and shows mark. One that has gone back is another primary:
 * what the one before it showed is forgotten. */
void hs_db_lag_note(struct hs_db_lag *lag, int64_t asked_ms, const struct hs_db_mark *mark);

/* How long before the primary was last asked it showed no more than mark; 0 when it shows no more
 * now. -1: it never did, as far as we know. */
int64_t hs_db_lag_of(const struct hs_db_lag *lag, const struct hs_db_mark *mark);

enum hs_db_host_role {
	HS_DB_HOST_UNKNOWN, HS_DB_HOST_AWAY, HS_DB_HOST_PRIMARY, HS_DB_HOST_STANDBY
};

/* "unknown", "away", "primary", "standby". */
const char *hs_db_host_role_name(enum hs_db_host_role role);

struct hs_db_candidate {
	enum hs_db_host_role role;
	int64_t lag_ms;		/* of a standby; -1: not known, or it went astray */
	int64_t version;	/* of its data */
};

/* The host that searches are asked of; -1: none. A standby whose lag is within the limit; the one
 * before stays, and none follows it (or the primary) before it is well within the limit and shows
 * what was shown already. Else the primary; without one the standby whose lag was least. A limit
 * of 0 is the primary alone. first: the host that is looked at first, so that several who
 * choose do not all choose the same. */
int hs_db_lag_choose(const struct hs_db_candidate *hosts, size_t count, int before, size_t first,
    int64_t limit_ms);

#endif
