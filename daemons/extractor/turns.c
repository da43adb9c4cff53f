/* turns.c: a short table, searched from its start. */
#include "daemons/extractor/turns.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_ORIGINS = 256, ORIGIN_BYTES = 288 };

struct turn {
	char origin[ORIGIN_BYTES];
	int64_t next_at_ms;
	int64_t rests_until_ms;		/* as it asked once; never after next_at_ms */
	int64_t delay_ms;		/* what the host asks for */
};

struct turns {
	struct turn all[MAX_ORIGINS];
	size_t count;
};

struct turns *turns_new(void)
{
	return calloc(1, sizeof(struct turns));
}

void turns_free(struct turns *turns)
{
	free(turns);
}

/* A host has at most 255 bytes (url.h), so an origin is never cut. */
static struct turn *find(struct turns *turns, const char *origin)
{
	struct turn *oldest = &turns->all[0];

	for (size_t i = 0; i < turns->count; i++) {
		if (strcmp(turns->all[i].origin, origin) == 0)
			return &turns->all[i];
		if (turns->all[i].next_at_ms < oldest->next_at_ms)
			oldest = &turns->all[i];
	}
	if (turns->count < MAX_ORIGINS)
		oldest = &turns->all[turns->count++];
	*oldest = (struct turn){ .next_at_ms = INT64_MIN, .rests_until_ms = INT64_MIN };
	strncpy(oldest->origin, origin, sizeof oldest->origin - 1);
	return oldest;
}

static int64_t longer(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int64_t turns_take(struct turns *turns, const char *origin, int64_t now_ms, int64_t delay_ms)
{
	struct turn *turn = find(turns, origin);

	if (turn->next_at_ms > now_ms)
		return turn->next_at_ms - now_ms;
	turn->next_at_ms = now_ms + longer(delay_ms, turn->delay_ms);
	return 0;
}

void turns_rest(struct turns *turns, const char *origin, int64_t until_ms)
{
	struct turn *turn = find(turns, origin);

	turn->next_at_ms = longer(turn->next_at_ms, until_ms);
	turn->rests_until_ms = longer(turn->rests_until_ms, until_ms);
}

int64_t turns_rests(struct turns *turns, const char *origin, int64_t now_ms)
{
	int64_t until_ms = find(turns, origin)->rests_until_ms;

	return until_ms > now_ms ? until_ms - now_ms : 0;
}

void turns_ended(struct turns *turns, const char *origin, int64_t now_ms, int64_t delay_ms)
{
	struct turn *turn = find(turns, origin);

	turn->next_at_ms = longer(turn->next_at_ms, now_ms + longer(delay_ms, turn->delay_ms));
}

void turns_slow(struct turns *turns, const char *origin, int64_t delay_ms)
{
	find(turns, origin)->delay_ms = delay_ms;
}
