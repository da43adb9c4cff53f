/* season.c: one rule for all who sort or judge by a season's year. */
#include "daemons/web/season.h"

#include <string.h>

int season_year(const char *name)
{
	for (; *name != '\0'; name++) {
		size_t digits = strspn(name, "0123456789");

		if (digits >= 4)
			return (name[0] - '0') * 1000 + (name[1] - '0') * 100 +
			    (name[2] - '0') * 10 + (name[3] - '0');
		if (digits > 0)
			name += digits - 1;
	}
	return 0;
}
