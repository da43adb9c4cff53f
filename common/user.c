/* user.c: trusts nothing of a name but that it ends. */
#include "common/user.h"

#include <pwd.h>
#include <string.h>
#include <sys/types.h>

#include "common/text.h"

enum { ENTRY_BYTES = 4096 };

bool hs_user_name(long long uid, char *buf, size_t size)
{
	char room[ENTRY_BYTES];
	struct passwd entry, *found = NULL;

	if (uid < 0 || getpwuid_r((uid_t)uid, &entry, room, sizeof room, &found) != 0 ||
	    found == NULL)
		return false;
	hs_utf8_clean(entry.pw_name, strlen(entry.pw_name), buf, size);
	return true;
}
