/* turns.h: when the next request to a host may be made, so that none is pressed.
 *
 * Pure: time is handed in (milliseconds of hs_clock_ms). Remembers a few hundred hosts; the one that
 * rested longest is forgotten first. */
#ifndef HS_EXTRACTOR_TURNS_H
#define HS_EXTRACTOR_TURNS_H

#include <stdint.h>

struct turns;

/* NULL without memory. */
struct turns *turns_new(void);
void turns_free(struct turns *turns);

/* Takes a turn at an origin (url.h) with a pause of at least delay_ms behind it, and returns 0; when it
 * is not our turn yet, takes none and returns the milliseconds until then. */
int64_t turns_take(struct turns *turns, const char *origin, int64_t now_ms, int64_t delay_ms);

/* No turn before until_ms: the host asked for that. */
void turns_rest(struct turns *turns, const char *origin, int64_t until_ms);

/* The milliseconds that are left of such a rest; other pauses do not count. */
int64_t turns_rests(struct turns *turns, const char *origin, int64_t now_ms);

/* A request ended now: the pause counts from here. */
void turns_ended(struct turns *turns, const char *origin, int64_t now_ms, int64_t delay_ms);

/* The pause that the host itself asks for; it counts when it is the longer one. */
void turns_slow(struct turns *turns, const char *origin, int64_t delay_ms);

#endif
