/* commands.h: what operators can say, one row a command.
 *
 * hsctl's parsing, its --help, shell completion and the supervisor's routing all follow
 * from the table: a new command is a row here and a handler in its owner. */
#ifndef HS_COMMANDS_H
#define HS_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "common/account.h"
#include "common/error.h"

/* Who answers. HS_PROC_CTL: hsctl itself, without any daemon. */
enum hs_process {
	HS_PROC_CTL,
	HS_PROC_SUPERVISOR,
	HS_PROC_WEB,
	HS_PROC_IMPORTER,
	HS_PROC_EXTRACTOR,
	HS_PROCESS_COUNT
};

/* "web", "importer" ... as HOOPSCOUT_DAEMONS and `hsctl start` have them. */
const char *hs_process_name(enum hs_process process);
bool hs_process_parse(const char *name, enum hs_process *ret);

/* Whether the supervisor starts and stops it. */
bool hs_process_is_child(enum hs_process process);

/* What the peer must be allowed: LOOK is for everyone who can open the socket, OPERATE
 * changes something. */
enum hs_permission { HS_MAY_LOOK, HS_MAY_OPERATE };

enum hs_arg_type {
	HS_ARG_TEXT,	/* up to 4096 bytes */
	HS_ARG_DAEMON,	/* a child's name */
	HS_ARG_ROLE,	/* viewer, scout or admin */
	HS_ARG_SHELL,	/* bash or zsh; hsctl checks it */
	HS_ARG_NUMBER,	/* min..max */
	HS_ARG_FILE,	/* a path on hsctl's side */
	HS_ARG_PATH,	/* a path for a daemon; hsctl makes it absolute */
	HS_ARG_FLAG	/* only as --name */
};

struct hs_command_arg {
	const char *name;	/* NULL ends the list; the key in "args" */
	enum hs_arg_type type;
	bool required;
	bool is_option;		/* given as --name VALUE (a FLAG: --name), not by position */
	bool is_local;		/* reaches what the machine's operator alone may: not by the database */
	long long min, max;
	const char *help;
	char letter;		/* -n beside --name; 0: none */
};

enum hs_command_id {
	HS_CMD_STATUS,
	HS_CMD_LOGS,
	HS_CMD_START,
	HS_CMD_STOP,
	HS_CMD_RESTART,
	HS_CMD_RELOAD,
	HS_CMD_IMPORT_NOW,
	HS_CMD_IMPORT_LIST,
	HS_CMD_IMPORT_SHOW,
	HS_CMD_IMPORT_RETRY,
	HS_CMD_IMPORT_FILES,
	HS_CMD_IMPORT_FILE,
	HS_CMD_IMPORT_UNDO,
	HS_CMD_IMPORT_DELETE,
	HS_CMD_IDENTITY_SUGGEST,
	HS_CMD_IDENTITY_LIST,
	HS_CMD_IDENTITY_LINK,
	HS_CMD_IDENTITY_UNLINK,
	HS_CMD_IDENTITY_UNLIKE,
	HS_CMD_EXTRACTOR_RUN,
	HS_CMD_EXTRACTOR_CHECK,
	HS_CMD_EXTRACTOR_LIST,
	HS_CMD_EXTRACTOR_HISTORY,
	HS_CMD_EXTRACTOR_ENABLE,
	HS_CMD_EXTRACTOR_DISABLE,
	HS_CMD_EXTRACTOR_CANCEL,
	HS_CMD_SNAPSHOT_CHECK,
	HS_CMD_SNAPSHOT_SCHEMA,
	HS_CMD_USER_CREATE,
	HS_CMD_USER_LIST,
	HS_CMD_USER_PASSWORD,
	HS_CMD_USER_ROLE,
	HS_CMD_USER_DISABLE,
	HS_CMD_USER_ENABLE,
	HS_CMD_USER_DELETE,
	HS_CMD_USER_AUDIT,
	HS_CMD_TOKEN_CREATE,
	HS_CMD_TOKEN_LIST,
	HS_CMD_TOKEN_REVOKE,
	HS_CMD_QUALITY,
	HS_CMD_BACKUP_VERIFY,
	HS_CMD_BACKUP,
	HS_CMD_RESTORE,
	HS_CMD_MIGRATE,
	HS_CMD_CONFIG,
	HS_CMD_COMPLETION,
	HS_CMD_DOCTOR,
	HS_CMD_VERSION,
	HS_COMMAND_COUNT
};

enum { HS_COMMAND_ARGS = 6 };

struct hs_command {
	const char *words;	/* "import now": what is typed */
	const char *id;		/* "import.now": what is sent */
	enum hs_process owner;
	enum hs_permission needs;
	bool streams;		/* sends events before its result */
	/* The least role whose pages may ask for it by the database (command_queue.h); not named
	 * (HS_ROLE_VIEWER): none may. */
	enum hs_role by_web;
	bool asks_password;	/* hsctl asks for one, and sends its hash as "password_hash" */
	struct hs_command_arg args[HS_COMMAND_ARGS];
	const char *help;	/* one line */
};

extern const struct hs_command hs_commands[HS_COMMAND_COUNT];

/* By what is sent; false when there is none. */
bool hs_command_find(const char *id, enum hs_command_id *ret);

/* One argument alone: its type and range. */
bool hs_command_check_arg(const struct hs_command_arg *arg, const json_t *value,
    struct hs_error *err);

/* Whether args (an object, or NULL) suit the command: names, types, ranges, what is required.
 * Errors: HS_BAD_ARGUMENT, naming the argument and what is allowed. */
bool hs_command_check(enum hs_command_id command, const json_t *args, struct hs_error *err);

/* The same for one that comes by the database: whether it may, from owner's queue, and so may its
 * arguments. Errors also: HS_UNKNOWN_COMMAND, HS_NOT_ALLOWED. */
bool hs_command_check_request(const char *id, enum hs_process owner, const json_t *args,
    enum hs_command_id *ret, struct hs_error *err);

#endif
