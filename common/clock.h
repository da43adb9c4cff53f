/* clock.h: the clock for waits and durations: it only goes forward, and begins anywhere. */
#ifndef HS_CLOCK_H
#define HS_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t hs_clock_us(void)
{
	struct timespec now = { 0 };

	/* cannot fail: the clock is there on every Linux, and the address is ours */
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static inline int64_t hs_clock_ms(void)
{
	return hs_clock_us() / 1000;
}

static inline double hs_clock_seconds(void)
{
	return (double)hs_clock_us() / 1e6;
}

#endif
