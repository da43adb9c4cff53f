/* monotonic.h: the clock for waits: seconds that only go forward. */
#ifndef IMPORTER_MONOTONIC_H
#define IMPORTER_MONOTONIC_H

#include <time.h>

static inline double monotonic_seconds(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

#endif
