/* midnight.c: a library to be preloaded: hsd-web's clock strikes midnight between two looks at it.
 *
 * HS_CLOCK_FILE names a file like "3 1798761599 1798761600": time() tells the first time three
 * times, and the second one from then on. The looks are counted anew when its words change;
 * without the file the clock is the machine's. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static time_t told(time_t now)
{
	static char words[128];
	static long looks;
	const char *path = getenv("HS_CLOCK_FILE");
	FILE *file = path != NULL ? fopen(path, "re") : NULL;
	char line[sizeof words] = "";
	long turn;
	long long before, after;

	if (file == NULL)
		return now;
	if (fgets(line, sizeof line, file) == NULL)
		line[0] = '\0';
	fclose(file);
	if (strcmp(line, words) != 0) {
		memcpy(words, line, sizeof words);
		looks = 0;
	}
	if (sscanf(line, "%ld %lld %lld", &turn, &before, &after) != 3)
		return now;
	return (time_t)(looks++ < turn ? before : after);
}

time_t time(time_t *ret)
{
	time_t now = ((time_t (*)(time_t *))dlsym(RTLD_NEXT, "time"))(NULL);
	int number = errno;

	if (strcmp(program_invocation_short_name, "hsd-web") == 0)
		now = told(now);
	errno = number;
	if (ret != NULL)
		*ret = now;
	return now;
}
