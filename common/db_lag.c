/* db_lag.c: a ring of what the primary showed, and the choice of a server for searches. */
#include "common/db_lag.h"

#include "common/error.h"

static size_t place(const struct hs_db_lag *lag, size_t n)
{
	return (lag->first + n) % HS_DB_LAG_MARKS;
}

static bool is_equal(const struct hs_db_mark *a, const struct hs_db_mark *b)
{
	return a->log == b->log && a->version == b->version;
}

/* Whether a shows all that b shows. */
static bool has_all(const struct hs_db_mark *a, const struct hs_db_mark *b)
{
	return a->log >= b->log && a->version >= b->version;
}

void hs_db_lag_note(struct hs_db_lag *lag, int64_t asked_ms, const struct hs_db_mark *mark)
{
	size_t last = place(lag, lag->count - 1);

	if (lag->count > 0 && is_equal(&lag->marks[last].mark, mark)) {
		lag->marks[last].last_ms = asked_ms;
		return;
	}
	if (lag->count > 0 && !has_all(mark, &lag->marks[last].mark))
		lag->count = 0;
	if (lag->count == HS_DB_LAG_MARKS) {
		lag->first = place(lag, 1);
		lag->count--;
	}
	last = place(lag, lag->count++);
	lag->marks[last].mark = *mark;
	lag->marks[last].last_ms = asked_ms;
}

int64_t hs_db_lag_of(const struct hs_db_lag *lag, const struct hs_db_mark *mark)
{
	int64_t now_ms = lag->count > 0 ? lag->marks[place(lag, lag->count - 1)].last_ms : 0;

	for (size_t n = lag->count; n > 0; n--) {
		size_t at = place(lag, n - 1);

		if (has_all(mark, &lag->marks[at].mark))
			return now_ms - lag->marks[at].last_ms;
	}
	return -1;
}

const char *hs_db_host_role_name(enum hs_db_host_role role)
{
	static const char *const names[] = {
		[HS_DB_HOST_UNKNOWN] = "unknown",
		[HS_DB_HOST_AWAY] = "away",
		[HS_DB_HOST_PRIMARY] = "primary",
		[HS_DB_HOST_STANDBY] = "standby",
	};

	if ((size_t)role >= HS_COUNT(names))
		hs_panic("a host of role %d", (int)role);
	return names[role];
}

static bool is_standby(const struct hs_db_candidate *host)
{
	return host->role == HS_DB_HOST_STANDBY && host->lag_ms >= 0;
}

int hs_db_lag_choose(const struct hs_db_candidate *hosts, size_t count, int before, size_t first,
    int64_t limit_ms)
{
	bool has_before = before >= 0 && (size_t)before < count;
	int64_t shown = has_before && (hosts[before].role == HS_DB_HOST_PRIMARY ||
	    hosts[before].role == HS_DB_HOST_STANDBY) ? hosts[before].version : INT64_MIN;
	int primary = -1, least = -1;

	for (size_t i = 0; i < count; i++) {
		if (hosts[i].role == HS_DB_HOST_PRIMARY &&
		    (primary < 0 || (has_before && (size_t)before == i)))
			primary = (int)i;
		if (is_standby(&hosts[i]) && (least < 0 || hosts[i].lag_ms < hosts[least].lag_ms))
			least = (int)i;
	}
	if (limit_ms <= 0)
		return primary;
	if (primary < 0)
		return has_before && is_standby(&hosts[before]) ? before : least;
	if (has_before && is_standby(&hosts[before]) && hosts[before].lag_ms <= limit_ms)
		return before;
	for (size_t n = 0; n < count; n++) {
		size_t i = (first + n) % count;

		if (is_standby(&hosts[i]) && hosts[i].lag_ms <= limit_ms / 2 &&
		    hosts[i].version >= shown)
			return (int)i;
	}
	return primary;
}
