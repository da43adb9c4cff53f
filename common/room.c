/* room.c: statfs and statvfs, put into words.
 *
 * A kind of file system that we do not know by name is taken for a local one. */
#include "common/room.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/statfs.h>

static const struct {
	unsigned long magic;
	const char *name;
	bool is_remote;		/* others write to it without our kernel's knowing */
} kinds[] = {
	{ 0xEF53, "ext4", false },
	{ 0x58465342, "xfs", false },
	{ 0x9123683E, "btrfs", false },
	{ 0x01021994, "tmpfs", false },
	{ 0x794C7630, "overlay", false },
	{ 0x2FC12FC1, "zfs", false },
	{ 0xF2F52010, "f2fs", false },
	{ 0x4D44, "vfat", false },
	{ 0x6969, "nfs", true },
	{ 0xFF534D42, "cifs", true },
	{ 0xFE534D42, "smb2", true },
	{ 0x517B, "smb", true },
	{ 0x65735546, "fuse", true },
	{ 0x01021997, "9p", true },
	{ 0x00C36400, "ceph", true },
	{ 0x013111A8, "gpfs", true },
	{ 0x0BD00BD0, "lustre", true },
	{ 0x7461636F, "ocfs2", true },
};

bool hs_room_look(const char *path, struct hs_room *ret, struct hs_error *err)
{
	struct statfs room;
	struct stat info;

	if (statfs(path, &room) != 0 || stat(path, &info) != 0)
		return hs_error_errno(err, path, "cannot look at its file system");
	*ret = (struct hs_room){
		.free_bytes = (long long)room.f_bavail * room.f_frsize,
		.total_bytes = (long long)room.f_blocks * room.f_frsize,
		.free_files = (long long)room.f_ffree, .total_files = (long long)room.f_files,
		.device = info.st_dev, .tells_events = true,
	};
	for (size_t i = 0; i < HS_COUNT(kinds); i++) {
		if (kinds[i].magic != ((unsigned long)room.f_type & 0xFFFFFFFFUL))
			continue;
		snprintf(ret->kind, sizeof ret->kind, "%s", kinds[i].name);
		ret->tells_events = !kinds[i].is_remote;
	}
	return true;
}

json_t *hs_room_json(const char *name, const char *path)
{
	struct hs_error err = HS_ERROR_INIT;
	struct hs_room room;

	if (!hs_room_look(path, &room, &err))
		return json_pack("{s:s, s:s, s:s}", "name", name, "path", path, "problem", err.message);
	return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:s}", "name", name, "path", path, "free_bytes",
	    (json_int_t)room.free_bytes, "total_bytes", (json_int_t)room.total_bytes, "free_files",
	    (json_int_t)room.free_files, "total_files", (json_int_t)room.total_files, "kind",
	    room.kind);
}
