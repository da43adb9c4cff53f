/* commands.c: the table of commands, and the check of a request against it.
 *
 * The table is ours and trusted (a unit test reads every row); the arguments come from
 * a peer, and are checked whole: nothing unknown, nothing missing, each in its range. */
#include "common/commands.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

enum { TEXT_BYTES = 4096 };

const struct hs_command hs_commands[HS_COMMAND_COUNT] = {
[HS_CMD_STATUS] = {
	.words = "status", .id = "status",
	.owner = HS_PROC_SUPERVISOR, .needs = HS_MAY_LOOK,
	.help = "show what runs, what waits, and why",
},
[HS_CMD_LOGS] = {
	.words = "logs", .id = "logs",
	.owner = HS_PROC_SUPERVISOR, .needs = HS_MAY_LOOK, .streams = true,
	.args = { { "daemon", HS_ARG_TEXT, .help = "web, importer, extractor or supervisor" },
	    { "follow", HS_ARG_FLAG, .is_option = true, .letter = 'f',
		.help = "go on with what comes, until Ctrl-C" },
	    { "level", HS_ARG_TEXT, .is_option = true,
		.help = "this and worse: error, warning, info or debug" },
	    { "since", HS_ARG_TEXT, .is_option = true,
		.help = "30s, 10m, 2h, 1d ago, or 2026-11-29T10:00 (UTC)" },
	    { "lines", HS_ARG_NUMBER, .is_option = true, .letter = 'n', .min = 0, .max = 1000000,
		.help = "at most so many (default 100; with --since all)" } },
	.help = "show the latest lines of all logs, and follow them",
},
[HS_CMD_START] = {
	.words = "start", .id = "start",
	.owner = HS_PROC_SUPERVISOR, .needs = HS_MAY_OPERATE,
	.args = { { "daemon", HS_ARG_DAEMON, .required = true, .help = "web, importer or extractor" } },
	.help = "start a daemon that was stopped or has failed",
},
[HS_CMD_STOP] = {
	.words = "stop", .id = "stop",
	.owner = HS_PROC_SUPERVISOR, .needs = HS_MAY_OPERATE,
	.args = { { "daemon", HS_ARG_DAEMON, .required = true, .help = "web, importer or extractor" } },
	.help = "stop a daemon; it finishes what it has in hand",
},
[HS_CMD_RESTART] = {
	.words = "restart", .id = "restart",
	.owner = HS_PROC_SUPERVISOR, .needs = HS_MAY_OPERATE,
	.args = { { "daemon", HS_ARG_DAEMON, .required = true, .help = "web, importer or extractor" } },
	.help = "stop a daemon and start it anew",
},
[HS_CMD_RELOAD] = {
	.words = "reload", .id = "reload",
	.owner = HS_PROC_SUPERVISOR, .needs = HS_MAY_OPERATE,
	.help = "read the settings and templates again",
},
[HS_CMD_IMPORT_NOW] = {
	.words = "import now", .id = "import.now",
	.owner = HS_PROC_IMPORTER, .needs = HS_MAY_OPERATE, .streams = true,
	.by_web = HS_ROLE_ADMIN,
	.help = "import what lies in incoming, and show how it goes",
},
[HS_CMD_IMPORT_LIST] = {
	.words = "import list", .id = "import.list",
	.owner = HS_PROC_IMPORTER, .needs = HS_MAY_LOOK,
	.args = { { "limit", HS_ARG_NUMBER, .is_option = true, .min = 1, .max = 200,
	    .help = "how many runs to show (default 20)" } },
	.help = "show the latest import runs, and the files that wait",
},
[HS_CMD_IMPORT_SHOW] = {
	.words = "import show", .id = "import.show",
	.owner = HS_PROC_IMPORTER, .needs = HS_MAY_LOOK, .streams = true,
	.args = { { "run", HS_ARG_NUMBER, .required = true, .min = 1, .max = LLONG_MAX,
	    .help = "its number, as 'import list' shows it" } },
	.help = "show a run: its files, and what was wrong with them",
},
[HS_CMD_IMPORT_RETRY] = {
	.words = "import retry", .id = "import.retry",
	.owner = HS_PROC_IMPORTER, .needs = HS_MAY_OPERATE, .streams = true,
	.by_web = HS_ROLE_ADMIN,
	.args = { { "file", HS_ARG_TEXT, .required = true,
		.help = "its name in the failed folder" },
	    { "id", HS_ARG_NUMBER, .is_option = true, .min = 1, .max = LLONG_MAX,
		.help = "only if it is this one of 'import files'" } },
	.help = "import a file from the failed folder again",
},
[HS_CMD_IMPORT_FILES] = {
	.words = "import files", .id = "import.files",
	.owner = HS_PROC_IMPORTER, .needs = HS_MAY_LOOK,
	.args = { { "status", HS_ARG_TEXT, .is_option = true,
		.help = "only: imported, duplicate, failed or undone" },
	    { "search", HS_ARG_TEXT, .is_option = true,
		.help = "a part of the name, or the checksum's beginning" },
	    { "limit", HS_ARG_NUMBER, .is_option = true, .min = 1, .max = 200,
		.help = "how many files to show (default 20)" },
	    { "page", HS_ARG_NUMBER, .is_option = true, .min = 1, .max = 1000000,
		.help = "which page of so many (default 1)" } },
	.help = "list files that came in, the newest first",
},
[HS_CMD_IMPORT_FILE] = {
	.words = "import file", .id = "import.file",
	.owner = HS_PROC_IMPORTER, .needs = HS_MAY_LOOK,
	.args = { { "file", HS_ARG_NUMBER, .required = true, .min = 1, .max = LLONG_MAX,
	    .help = "its number, as 'import files' shows it" } },
	.help = "show one file, with all its problems",
},
[HS_CMD_IMPORT_UNDO] = {
	.words = "import undo", .id = "import.undo",
	.owner = HS_PROC_IMPORTER, .needs = HS_MAY_OPERATE, .streams = true,
	.by_web = HS_ROLE_ADMIN,
	.args = { { "file", HS_ARG_NUMBER, .required = true, .min = 1, .max = LLONG_MAX,
		.help = "its number, as 'import files' shows it" },
	    { "preview", HS_ARG_FLAG, .is_option = true,
		.help = "only show what would become of what" },
	    { "if-version", HS_ARG_NUMBER, .is_option = true, .min = 1, .max = LLONG_MAX,
		.help = "only if the data is as --preview saw it" } },
	.help = "put all back as if a file had not been imported",
},
[HS_CMD_IMPORT_DELETE] = {
	.words = "import delete", .id = "import.delete",
	.owner = HS_PROC_IMPORTER, .needs = HS_MAY_OPERATE,
	.by_web = HS_ROLE_ADMIN,
	.args = { { "file", HS_ARG_TEXT, .required = true,
		.help = "its name in the failed folder" },
	    { "id", HS_ARG_NUMBER, .is_option = true, .min = 1, .max = LLONG_MAX,
		.help = "only if it is this one of 'import files'" } },
	.help = "delete a file, and its report, from failed",
},
[HS_CMD_IDENTITY_SUGGEST] = {
	.words = "identity suggest", .id = "identity.suggest",
	.owner = HS_PROC_IMPORTER, .needs = HS_MAY_OPERATE, .streams = true,
	.by_web = HS_ROLE_ADMIN,
	.args = {
		{ "new", HS_ARG_FLAG, .is_option = true,
		    .help = "look through all players again first" },
		{ "limit", HS_ARG_NUMBER, .is_option = true, .min = 1, .max = 200,
		    .help = "how many pairs to show (default 20)" },
	},
	.help = "show pairs of players who may be one person",
},
[HS_CMD_IDENTITY_LIST] = {
	.words = "identity list", .id = "identity.list",
	.owner = HS_PROC_IMPORTER, .needs = HS_MAY_LOOK,
	.args = { { "limit", HS_ARG_NUMBER, .is_option = true, .min = 1, .max = 200,
	    .help = "how many persons to show (default 20)" } },
	.help = "show who is linked, by whom and why",
},
[HS_CMD_IDENTITY_LINK] = {
	.words = "identity link", .id = "identity.link",
	.owner = HS_PROC_IMPORTER, .needs = HS_MAY_OPERATE,
	.args = {
		{ "player", HS_ARG_TEXT, .required = true, .help = "SOURCE:ID, as the player's page shows it" },
		{ "other", HS_ARG_TEXT, .required = true, .help = "SOURCE:ID, as the player's page shows it" },
		{ "reason", HS_ARG_TEXT, .is_option = true,
		    .help = "why, for those who read it later" },
	},
	.help = "say that two players are one person",
},
[HS_CMD_IDENTITY_UNLINK] = {
	.words = "identity unlink", .id = "identity.unlink",
	.owner = HS_PROC_IMPORTER, .needs = HS_MAY_OPERATE,
	.args = { { "player", HS_ARG_TEXT, .required = true,
	    .help = "SOURCE:ID, as 'identity list' shows it" } },
	.help = "take a player out of a person again",
},
[HS_CMD_IDENTITY_UNLIKE] = {
	.words = "identity unlike", .id = "identity.unlike",
	.owner = HS_PROC_IMPORTER, .needs = HS_MAY_OPERATE,
	.args = {
		{ "player", HS_ARG_TEXT, .required = true, .help = "SOURCE:ID, as the player's page shows it" },
		{ "other", HS_ARG_TEXT, .required = true, .help = "SOURCE:ID, as the player's page shows it" },
	},
	.help = "say that two players are two people",
},
[HS_CMD_IDENTITY_APART] = {
	.words = "identity apart", .id = "identity.apart",
	.owner = HS_PROC_IMPORTER, .needs = HS_MAY_LOOK,
	.args = { { "limit", HS_ARG_NUMBER, .is_option = true, .min = 1, .max = 200,
	    .help = "how many pairs to show (default 20)" } },
	.help = "show who were said to be two people, by whom",
},
[HS_CMD_IDENTITY_TAKE_BACK] = {
	.words = "identity take-back", .id = "identity.take-back",
	.owner = HS_PROC_IMPORTER, .needs = HS_MAY_OPERATE,
	.args = {
		{ "player", HS_ARG_TEXT, .required = true,
		    .help = "SOURCE:ID, as 'identity apart' shows it" },
		{ "other", HS_ARG_TEXT, .required = true,
		    .help = "SOURCE:ID, as 'identity apart' shows it" },
	},
	.help = "take back that two players are two people",
},
[HS_CMD_EXTRACTOR_RUN] = {
	.words = "extractor run", .id = "extractor.run",
	.owner = HS_PROC_EXTRACTOR, .needs = HS_MAY_OPERATE, .streams = true,
	.by_web = HS_ROLE_ADMIN,
	.args = {
		{ "name", HS_ARG_TEXT, .required = true,
		    .help = "a source, as 'extractor list' shows it" },
		{ "dry-run", HS_ARG_FLAG, .is_option = true,
		    .help = "fetch and check only; write nothing" },
		{ "output-path", HS_ARG_PATH, .is_option = true, .is_local = true,
		    .help = "a folder or a .json file, instead of incoming" },
		{ "url", HS_ARG_TEXT, .is_option = true, .is_local = true,
		    .help = "fetch this instead, in this run" },
		{ "source-name", HS_ARG_TEXT, .is_option = true,
		    .help = "the snapshot's source_name in this run" },
	},
	.help = "fetch a source now; its snapshot goes to incoming",
},
[HS_CMD_EXTRACTOR_CHECK] = {
	.words = "extractor check", .id = "extractor.check",
	.owner = HS_PROC_EXTRACTOR, .needs = HS_MAY_LOOK,
	.args = { { "name", HS_ARG_TEXT, .required = true,
	    .help = "a mapping's name, without .json" } },
	.help = "say everything that is wrong with a mapping",
},
[HS_CMD_EXTRACTOR_LIST] = {
	.words = "extractor list", .id = "extractor.list",
	.owner = HS_PROC_EXTRACTOR, .needs = HS_MAY_LOOK,
	.help = "show the sources, when they run and how that went",
},
[HS_CMD_EXTRACTOR_HISTORY] = {
	.words = "extractor history", .id = "extractor.history",
	.owner = HS_PROC_EXTRACTOR, .needs = HS_MAY_LOOK,
	.args = {
		{ "name", HS_ARG_TEXT, .help = "of this source alone" },
		{ "limit", HS_ARG_NUMBER, .is_option = true, .min = 1, .max = 200,
		    .help = "how many runs to show (default 20)" },
	},
	.help = "show the latest runs of the extractor",
},
[HS_CMD_EXTRACTOR_ENABLE] = {
	.words = "extractor enable", .id = "extractor.enable",
	.owner = HS_PROC_EXTRACTOR, .needs = HS_MAY_OPERATE,
	.by_web = HS_ROLE_ADMIN,
	.args = { { "name", HS_ARG_TEXT, .required = true,
	    .help = "a source, as 'extractor list' shows it" } },
	.help = "let a source run by its schedule again",
},
[HS_CMD_EXTRACTOR_DISABLE] = {
	.words = "extractor disable", .id = "extractor.disable",
	.owner = HS_PROC_EXTRACTOR, .needs = HS_MAY_OPERATE,
	.by_web = HS_ROLE_ADMIN,
	.args = { { "name", HS_ARG_TEXT, .required = true,
	    .help = "a source, as 'extractor list' shows it" } },
	.help = "let a source run by command only",
},
[HS_CMD_EXTRACTOR_CANCEL] = {
	.words = "extractor cancel", .id = "extractor.cancel",
	.owner = HS_PROC_EXTRACTOR, .needs = HS_MAY_OPERATE,
	.by_web = HS_ROLE_ADMIN,
	.args = { { "name", HS_ARG_TEXT, .required = true,
	    .help = "the source whose run shall end" } },
	.help = "end a run that is under way; nothing of it is kept",
},
[HS_CMD_SNAPSHOT_CHECK] = {
	.words = "snapshot check", .id = "snapshot.check",
	.owner = HS_PROC_CTL, .needs = HS_MAY_LOOK,
	.args = { { "file", HS_ARG_FILE, .required = true,
	    .help = "a snapshot; - is standard input" } },
	.help = "say everything that is wrong with a snapshot",
},
[HS_CMD_SNAPSHOT_SCHEMA] = {
	.words = "snapshot schema", .id = "snapshot.schema",
	.owner = HS_PROC_CTL, .needs = HS_MAY_LOOK,
	.help = "print the JSON Schema of snapshots",
},
[HS_CMD_USER_CREATE] = {
	.words = "user create", .id = "user.create",
	.owner = HS_PROC_WEB, .needs = HS_MAY_OPERATE, .asks_password = true,
	.args = {
		{ "name", HS_ARG_TEXT, .required = true,
		    .help = "1 to 64 of a-z, 0-9 and . _ @ -" },
		{ "role", HS_ARG_ROLE, .is_option = true,
		    .help = "viewer (as without it), scout or admin" },
	},
	.help = "make an account; its password is asked for",
},
[HS_CMD_USER_LIST] = {
	.words = "user list", .id = "user.list",
	.owner = HS_PROC_WEB, .needs = HS_MAY_LOOK,
	.help = "show the accounts, and when they signed in",
},
[HS_CMD_USER_PASSWORD] = {
	.words = "user password", .id = "user.password",
	.owner = HS_PROC_WEB, .needs = HS_MAY_OPERATE, .asks_password = true,
	.args = {
		{ "name", HS_ARG_TEXT, .required = true,
		    .help = "the account's name, as 'user list' shows it" },
	},
	.help = "give an account another password; it is asked for",
},
[HS_CMD_USER_ROLE] = {
	.words = "user role", .id = "user.role",
	.owner = HS_PROC_WEB, .needs = HS_MAY_OPERATE,
	.args = {
		{ "name", HS_ARG_TEXT, .required = true,
		    .help = "the account's name, as 'user list' shows it" },
		{ "role", HS_ARG_ROLE, .required = true, .help = "viewer, scout or admin" },
		{ "force", HS_ARG_FLAG, .is_option = true,
		    .help = "even if no admin is left then" },
	},
	.help = "give an account another role",
},
[HS_CMD_USER_DISABLE] = {
	.words = "user disable", .id = "user.disable",
	.owner = HS_PROC_WEB, .needs = HS_MAY_OPERATE,
	.args = {
		{ "name", HS_ARG_TEXT, .required = true,
		    .help = "the account's name, as 'user list' shows it" },
		{ "force", HS_ARG_FLAG, .is_option = true,
		    .help = "even if no admin is left then" },
	},
	.help = "end an account's sessions, and let it in no more",
},
[HS_CMD_USER_ENABLE] = {
	.words = "user enable", .id = "user.enable",
	.owner = HS_PROC_WEB, .needs = HS_MAY_OPERATE,
	.args = {
		{ "name", HS_ARG_TEXT, .required = true,
		    .help = "the account's name, as 'user list' shows it" },
	},
	.help = "let a disabled account sign in again",
},
[HS_CMD_USER_DELETE] = {
	.words = "user delete", .id = "user.delete",
	.owner = HS_PROC_WEB, .needs = HS_MAY_OPERATE,
	.args = {
		{ "name", HS_ARG_TEXT, .required = true,
		    .help = "the account's name, as 'user list' shows it" },
		{ "force", HS_ARG_FLAG, .is_option = true,
		    .help = "even if no admin is left then" },
	},
	.help = "delete an account, and end its sessions",
},
[HS_CMD_USER_AUDIT] = {
	.words = "user audit", .id = "user.audit",
	.owner = HS_PROC_WEB, .needs = HS_MAY_LOOK,
	.args = { { "limit", HS_ARG_NUMBER, .is_option = true, .min = 1, .max = 1000,
	    .help = "how many entries to show (default 50)" } },
	.help = "show who signed in, who could not, who changed what",
},
[HS_CMD_TOKEN_CREATE] = {
	.words = "token create", .id = "token.create",
	.owner = HS_PROC_WEB, .needs = HS_MAY_OPERATE,
	.args = {
		{ "name", HS_ARG_TEXT, .required = true,
		    .help = "1 to 64 of a-z, 0-9 and . _ @ -, not digits alone" },
		{ "account", HS_ARG_TEXT, .required = true, .is_option = true,
		    .help = "whose rights it has, as 'user list' shows it" },
		{ "role", HS_ARG_ROLE, .is_option = true,
		    .help = "viewer (the default), scout or admin" },
		{ "days", HS_ARG_NUMBER, .is_option = true, .min = 1, .max = 3650,
		    .help = "how long it is good for (default 365)" },
	},
	.help = "make a token for the API, and show it this once",
},
[HS_CMD_TOKEN_LIST] = {
	.words = "token list", .id = "token.list",
	.owner = HS_PROC_WEB, .needs = HS_MAY_LOOK,
	.help = "show the tokens, and when they were used",
},
[HS_CMD_TOKEN_REVOKE] = {
	.words = "token revoke", .id = "token.revoke",
	.owner = HS_PROC_WEB, .needs = HS_MAY_OPERATE,
	.args = { { "token", HS_ARG_TEXT, .required = true,
	    .help = "its name or number, as 'token list' shows it" } },
	.help = "let a token be of no use any more",
},
[HS_CMD_QUALITY] = {
	.words = "quality", .id = "quality",
	.owner = HS_PROC_WEB, .needs = HS_MAY_LOOK, .streams = true,
	.args = {
		{ "finding", HS_ARG_TEXT, .help = "its items instead, or those of 'coverage'" },
		{ "limit", HS_ARG_NUMBER, .is_option = true, .min = 1, .max = 500,
		    .help = "how many items to show (default 20)" },
	},
	.help = "show how complete the data is, and what is odd",
},
/* before "backup", which would take "verify" for a file */
[HS_CMD_BACKUP_VERIFY] = {
	.words = "backup verify", .id = "backup.verify",
	.owner = HS_PROC_CTL, .needs = HS_MAY_LOOK,
	.args = { { "file", HS_ARG_FILE, .required = true,
	    .help = "a backup, or - for standard input" } },
	.help = "check every checksum in a backup",
},
[HS_CMD_BACKUP] = {
	.words = "backup", .id = "backup",
	.owner = HS_PROC_SUPERVISOR, .needs = HS_MAY_OPERATE, .streams = true,
	.args = {
		{ "file", HS_ARG_FILE, .required = true,
		    .help = "where to write it, or - for standard output" },
		{ "force", HS_ARG_FLAG, .is_option = true, .help = "replace a file that is there" },
	},
	.help = "write the database and all snapshots to a file",
},
[HS_CMD_RESTORE] = {
	.words = "restore", .id = "restore",
	.owner = HS_PROC_SUPERVISOR, .needs = HS_MAY_OPERATE, .streams = true,
	.args = {
		{ "file", HS_ARG_FILE, .required = true,
		    .help = "a backup, or - for standard input" },
		{ "replace", HS_ARG_FLAG, .is_option = true,
		    .help = "put aside what this system has" },
		{ "yes", HS_ARG_FLAG, .is_option = true,
		    .help = "do not ask whether to replace it" },
	},
	.help = "put a backup into an empty system",
},
[HS_CMD_MIGRATE] = {
	.words = "migrate", .id = "migrate",
	.owner = HS_PROC_SUPERVISOR, .needs = HS_MAY_OPERATE, .streams = true,
	.help = "bring the database's tables up to date",
},
[HS_CMD_CONFIG] = {
	.words = "config", .id = "config",
	.owner = HS_PROC_SUPERVISOR, .needs = HS_MAY_LOOK,
	.help = "show every setting, its value and where it came from",
},
[HS_CMD_COMPLETION] = {
	.words = "completion", .id = "completion",
	.owner = HS_PROC_CTL, .needs = HS_MAY_LOOK,
	.args = { { "shell", HS_ARG_SHELL, .required = true, .help = "bash or zsh" } },
	.help = "print a shell's completion of these commands",
},
[HS_CMD_DOCTOR] = {
	.words = "doctor", .id = "doctor",
	.owner = HS_PROC_CTL, .needs = HS_MAY_LOOK,
	.help = "check all that HoopScout stands on",
},
[HS_CMD_VERSION] = {
	.words = "version", .id = "version",
	.owner = HS_PROC_CTL, .needs = HS_MAY_LOOK,
	.help = "print the version",
},
};

static const char *const process_names[HS_PROCESS_COUNT] = {
	[HS_PROC_CTL] = "hsctl",
	[HS_PROC_SUPERVISOR] = "supervisor",
	[HS_PROC_WEB] = "web",
	[HS_PROC_IMPORTER] = "importer",
	[HS_PROC_EXTRACTOR] = "extractor",
};

const char *hs_process_name(enum hs_process process)
{
	if ((unsigned)process >= HS_PROCESS_COUNT)
		hs_panic("there is no process %d", (int)process);
	return process_names[process];
}

bool hs_process_parse(const char *name, enum hs_process *ret)
{
	for (int process = 0; process < HS_PROCESS_COUNT; process++) {
		if (strcmp(name, process_names[process]) == 0) {
			*ret = (enum hs_process)process;
			return true;
		}
	}
	return false;
}

bool hs_process_is_child(enum hs_process process)
{
	return process == HS_PROC_WEB || process == HS_PROC_IMPORTER ||
	    process == HS_PROC_EXTRACTOR;
}

bool hs_command_find(const char *id, enum hs_command_id *ret)
{
	for (int command = 0; command < HS_COMMAND_COUNT; command++) {
		if (strcmp(id, hs_commands[command].id) == 0) {
			*ret = (enum hs_command_id)command;
			return true;
		}
	}
	return false;
}

static bool check_text(const struct hs_command_arg *arg, const json_t *value, struct hs_error *err)
{
	if (!json_is_string(value))
		return hs_error_set(err, HS_BAD_ARGUMENT, arg->name, "%s must be text", arg->name);
	if (json_string_length(value) == 0 || json_string_length(value) > TEXT_BYTES)
		return hs_error_set(err, HS_BAD_ARGUMENT, arg->name,
		    "%s must have 1 to %d bytes, not %zu", arg->name, (int)TEXT_BYTES,
		    json_string_length(value));
	return true;
}

static bool check_path(const struct hs_command_arg *arg, const json_t *value, struct hs_error *err)
{
	if (!check_text(arg, value, err))
		return false;
	return json_string_value(value)[0] == '/' || hs_error_set(err, HS_BAD_ARGUMENT, arg->name,
		"%s must be a path from the root, as in /var/tmp", arg->name);
}

static bool check_daemon(const struct hs_command_arg *arg, const json_t *value,
    struct hs_error *err)
{
	enum hs_process process;

	if (!check_text(arg, value, err))
		return false;
	if (!hs_process_parse(json_string_value(value), &process) || !hs_process_is_child(process))
		return hs_error_set(err, HS_BAD_ARGUMENT, arg->name, "%.64s is no daemon: say %s",
		    json_string_value(value), arg->help);
	return true;
}

static bool check_role(const struct hs_command_arg *arg, const json_t *value, struct hs_error *err)
{
	enum hs_role role;

	if (!check_text(arg, value, err))
		return false;
	return hs_role_parse(json_string_value(value), &role) ||
	    hs_error_set(err, HS_BAD_ARGUMENT, arg->name,
		"%.64s is no role: say viewer, scout or admin", json_string_value(value));
}

static bool check_number(const struct hs_command_arg *arg, const json_t *value,
    struct hs_error *err)
{
	json_int_t number = json_integer_value(value);

	if (!json_is_integer(value))
		return hs_error_set(err, HS_BAD_ARGUMENT, arg->name, "%s must be a whole number",
		    arg->name);
	if (number >= arg->min && number <= arg->max)
		return true;
	if (arg->max == LLONG_MAX)
		return hs_error_set(err, HS_BAD_ARGUMENT, arg->name,
		    "%s must be at least %lld, not %" JSON_INTEGER_FORMAT, arg->name, arg->min,
		    number);
	return hs_error_set(err, HS_BAD_ARGUMENT, arg->name,
	    "%s must lie between %lld and %lld, not %" JSON_INTEGER_FORMAT, arg->name, arg->min,
	    arg->max, number);
}

bool hs_command_check_arg(const struct hs_command_arg *arg, const json_t *value,
    struct hs_error *err)
{
	switch (arg->type) {
	case HS_ARG_TEXT:
	case HS_ARG_SHELL:
	case HS_ARG_FILE:
		return check_text(arg, value, err);
	case HS_ARG_PATH:
		return check_path(arg, value, err);
	case HS_ARG_DAEMON:
		return check_daemon(arg, value, err);
	case HS_ARG_ROLE:
		return check_role(arg, value, err);
	case HS_ARG_NUMBER:
		return check_number(arg, value, err);
	case HS_ARG_FLAG:
		return json_is_boolean(value) ||
		    hs_error_set(err, HS_BAD_ARGUMENT, arg->name, "%s must be true or false",
			arg->name);
	}
	hs_panic("argument %s has no known type", arg->name);
}

static const struct hs_command_arg *find_arg(const struct hs_command *row, const char *name)
{
	static const struct hs_command_arg hash = { .name = "password_hash", .type = HS_ARG_TEXT };

	if (row->asks_password && strcmp(name, hash.name) == 0)
		return &hash;
	for (size_t i = 0; i < HS_COMMAND_ARGS && row->args[i].name != NULL; i++) {
		if (strcmp(row->args[i].name, name) == 0)
			return &row->args[i];
	}
	return NULL;
}

static bool check_given(const struct hs_command *row, const json_t *args, struct hs_error *err)
{
	/* jansson iterates over objects that are not const only */
	json_t *object = (json_t *)(uintptr_t)args;
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value) {
		const struct hs_command_arg *arg = find_arg(row, name);

		if (arg == NULL)
			return hs_error_set(err, HS_BAD_ARGUMENT, name,
			    "'%s' knows no argument %.64s", row->words, name);
		if (!hs_command_check_arg(arg, value, err))
			return false;
	}
	return true;
}

bool hs_command_check(enum hs_command_id command, const json_t *args, struct hs_error *err)
{
	const struct hs_command *row;

	if ((unsigned)command >= HS_COMMAND_COUNT)
		hs_panic("there is no command %d", (int)command);
	row = &hs_commands[command];
	if (args != NULL && !json_is_object(args))
		return hs_error_set(err, HS_BAD_ARGUMENT, "args", "args must be an object");
	if (args != NULL && !check_given(row, args, err))
		return false;
	for (size_t i = 0; i < HS_COMMAND_ARGS && row->args[i].name != NULL; i++) {
		const struct hs_command_arg *arg = &row->args[i];

		if (arg->required && json_object_get(args, arg->name) == NULL)
			return hs_error_set(err, HS_BAD_ARGUMENT, arg->name, "'%s' needs %s%s: %s",
			    row->words, arg->is_option ? "--" : "", arg->name, arg->help);
	}
	return true;
}

/* What reaches other places than the daemon's own is for who may come to its machine. */
static bool check_is_far(const struct hs_command *row, const json_t *args, struct hs_error *err)
{
	for (size_t i = 0; i < HS_COMMAND_ARGS && row->args[i].name != NULL; i++) {
		const struct hs_command_arg *arg = &row->args[i];

		if (arg->is_local && json_object_get(args, arg->name) != NULL)
			return hs_error_set(err, HS_NOT_ALLOWED, arg->name,
			    "--%s is for the machine's operator: say 'hsctl %s' there", arg->name,
			    row->words);
	}
	return true;
}

bool hs_command_check_request(const char *id, enum hs_process owner, const json_t *args,
    enum hs_command_id *ret, struct hs_error *err)
{
	const struct hs_command *row;

	if (!hs_command_find(id, ret))
		return hs_error_set(err, HS_UNKNOWN_COMMAND, "",
		    "hsd-%s does not know the command %.64s: are all machines of one version?",
		    hs_process_name(owner), id);
	row = &hs_commands[*ret];
	if (row->owner != owner)
		return hs_error_set(err, HS_UNKNOWN_COMMAND, "", "%s belongs to the %s, not the %s",
		    row->id, hs_process_name(row->owner), hs_process_name(owner));
	if (row->by_web == HS_ROLE_VIEWER)
		return hs_error_set(err, HS_NOT_ALLOWED, "",
		    "%s cannot be asked for by the database: say 'hsctl %s' on its machine", row->id,
		    row->words);
	return hs_command_check(*ret, args, err) && check_is_far(row, args, err);
}
