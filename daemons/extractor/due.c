/* due.c: decides, and touches neither clock nor database.
 *
 * Trusts that the schedule was parsed. A clock that was wrong for a while does no lasting harm: a
 * next time that no honest clock can have settled is settled anew. */
#include "daemons/extractor/due.h"

#include <string.h>

/* A time up to here in the future is a clock that was put back, not one that was wrong. */
enum { CLOCK_PUT_BACK = 25 * 3600 };

static bool is_same(const char *a, const char *b)
{
	return a != NULL && strcmp(a, b) == 0;
}

/* @every is spread by its nature. */
static int64_t shift_of(const struct due_row *row, const struct due_asked *asked)
{
	return asked->cron->every > 0 ? 0 : row->spread % (asked->jitter_seconds + 1);
}

static struct due_plan settle(const struct due_asked *asked, int64_t shift, int64_t last,
    int64_t after)
{
	int64_t next = cron_next(asked->cron, asked->zone, last, after);

	return (struct due_plan){ .action = DUE_SETTLE, .next = next, .begins = next + shift };
}

/* The latest next time that the schedule can have, seen from now. */
static struct due_plan latest(const struct due_row *row, const struct due_asked *asked,
    int64_t shift)
{
	bool was_put_back = row->has_last && row->last > asked->now &&
	    row->last <= asked->now + CLOCK_PUT_BACK;
	int64_t since = was_put_back ? row->last : asked->now;

	return settle(asked, shift, since, since);
}

static struct due_plan run(const struct due_row *row, const struct due_asked *asked, int64_t shift)
{
	int64_t now = asked->now, late = now - (row->next + shift);
	/* due again at the time that was taken before: that run died */
	bool is_again = row->has_last && row->last == row->next;
	bool is_late = is_again || late > DUE_LATE_SECONDS || (asked->is_first_look && late > 1);
	int64_t past = now - shift > row->next ? now - shift : row->next;
	/* having been made up, it waits for all of its time */
	struct due_plan plan = settle(asked, shift, is_late ? now : row->next, past);

	plan.action = is_late ? DUE_CATCH_UP : DUE_RUN;
	return plan;
}

struct due_plan due_decide(const struct due_row *row, const struct due_asked *asked)
{
	int64_t shift = shift_of(row, asked);
	struct due_plan farthest;

	if (row->is_there && !row->is_enabled)
		return (struct due_plan){ .action = DUE_REST };
	if (!row->is_there || !row->has_next || !is_same(row->schedule, asked->schedule) ||
	    !is_same(row->zone_name, asked->zone_name))
		return settle(asked, shift, asked->now, asked->now);
	if (row->next + shift <= asked->now)
		return run(row, asked, shift);
	farthest = latest(row, asked, shift);
	if (row->next > asked->now && row->next > farthest.next)
		return farthest;
	return (struct due_plan){ .action = DUE_REST, .begins = row->next + shift };
}
