/* identity.c: looks the user up beforehand, so that taking his place needs system calls only. */
#include "daemons/supervisor/identity.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "common/text.h"

static bool find_user(const char *name, struct passwd **ret, struct hs_error *err)
{
	struct passwd *user = getpwnam(name);

	if (user == NULL)
		return hs_error_set(err, HS_BAD_SETTING, "HOOPSCOUT_USER",
		    "there is no user \"%s\": make it with `useradd --system --no-create-home %s`, "
		    "or name another in HOOPSCOUT_USER", name, name);
	if (user->pw_uid == 0)
		return hs_error_set(err, HS_BAD_SETTING, "HOOPSCOUT_USER",
		    "\"%s\" is root: PostgreSQL and the daemons must run as an ordinary user",
		    name);
	*ret = user;
	return true;
}

bool identity_find(const struct hs_settings *settings, struct identity *ret, struct hs_error *err)
{
	struct identity found = { .changes = geteuid() == 0, .uid = geteuid(), .gid = getegid() };
	struct passwd *user = NULL;
	int count = IDENTITY_GROUPS;

	if (found.changes && !find_user(hs_setting_text(settings, HS_SET_USER), &user, err))
		return false;
	if (user == NULL)
		user = getpwuid(found.uid);
	/* a container's user may have a number only */
	if (!(user != NULL ? hs_format(found.name, sizeof found.name, err, "%s", user->pw_name)
			   : hs_format(found.name, sizeof found.name, err, "user %u",
				 (unsigned)found.uid)) ||
	    !hs_format(found.home, sizeof found.home, err, "%s", user != NULL ? user->pw_dir : "/"))
		return false;
	if (found.changes) {
		found.uid = user->pw_uid;
		found.gid = user->pw_gid;
		if (getgrouplist(user->pw_name, user->pw_gid, found.groups, &count) < 0)
			return hs_error_set(err, HS_BAD_SETTING, "HOOPSCOUT_USER",
			    "\"%s\" is in more than %d groups", user->pw_name, IDENTITY_GROUPS);
		found.group_count = (size_t)count;
	}
	*ret = found;
	return true;
}

/* With his groups, since root's would open more; root needs none afterwards. */
bool identity_act(const struct identity *identity, bool as_him, struct hs_error *err)
{
	if (!identity->changes)
		return true;
	if (as_him ? setgroups(identity->group_count, identity->groups) == 0 &&
			setegid(identity->gid) == 0 && seteuid(identity->uid) == 0
		   : seteuid(0) == 0 && setegid(0) == 0 && setgroups(0, NULL) == 0)
		return true;
	return hs_error_errno(err, "", "cannot change to %s and back", identity->name);
}

bool identity_take(const struct identity *identity)
{
	if (!identity->changes)
		return true;
	return setgroups(identity->group_count, identity->groups) == 0 &&
	    setresgid(identity->gid, identity->gid, identity->gid) == 0 &&
	    setresuid(identity->uid, identity->uid, identity->uid) == 0;
}
