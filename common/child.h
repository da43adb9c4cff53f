/* child.h: the skeleton of a daemon: settings, log, signals, control channel, ready, stop.
 *
 * A daemon's main() declares a struct hs_child_spec and hands over. Under the supervisor
 * the control channel is the descriptor that HS_CONTROL_FD names, listening sockets those
 * that HS_LISTEN_FDS names (comma separated, with an "s" behind those for TLS), and the settings
 * come from the environment.
 * Started by hand, without HS_CONTROL_FD, a daemon reads hoopscout.conf, binds nothing it
 * was not handed, and runs until SIGTERM or SIGINT.
 * SIGTERM: stop() is called; the process ends with 0 when the daemon says hs_child_stopped, with 1
 * after HOOPSCOUT_STOP_SECONDS. SIGHUP: reload(). When the supervisor dies, we end at once (the
 * control channel ends, and PR_SET_PDEATHSIG). SIGPIPE is ignored.
 * Commands come from the supervisor, and, where the spec says so, by the database; handlers need
 * not know. The answer to child.status adds "queue" to status(): hs_command_queue_status.
 * A command's line says who gave it, as the kernel knows him: "uid".
 * Besides the table's commands the supervisor sends child.status, answered by status(), and
 * child.reload with {"settings":{NAME:VALUE}}, which go into the environment before reload(), and
 * child.house, its answer to {"event":"house"}: hs_child_ask_house.
 * A daemon that cannot start or go on says why, {"error":{...}} without an id, before it ends. */
#ifndef HS_CHILD_H
#define HS_CHILD_H

#include <stdbool.h>
#include <stddef.h>

#include <event2/event.h>
#include <jansson.h>

#include "common/commands.h"
#include "common/error.h"
#include "common/settings.h"

struct hs_child;
struct hs_call;		/* a command that is under way */

struct hs_child_handler {
	enum hs_command_id command;
	/* Answers now or later, by exactly one hs_call_result or hs_call_error. args has been
	 * checked against the table, and is borrowed until the handler returns. */
	void (*run)(void *app, struct hs_call *call, const json_t *args);
};

struct hs_child_spec {
	enum hs_process process;	/* names the program: hsd-importer */
	const char *help;		/* one paragraph for --help */
	/* Makes the daemon's state and starts its work; calls hs_child_ready itself, now or later.
	 * On failure it has freed what it made. */
	bool (*start)(struct hs_child *child, void **ret_app, struct hs_error *err);
	/* Finish what is in hand, take nothing new, then call hs_child_stopped. */
	void (*stop)(void *app);
	/* New settings are in force (hs_child_settings); those from before are freed when this
	 * returns true. A refusal keeps them, and the old state. May be NULL. */
	bool (*reload)(void *app, struct hs_error *err);
	/* What `hsctl status` shows of it; a new reference. May be NULL. */
	json_t *(*status)(void *app);
	void (*free)(void *app);
	bool takes_requests;		/* commands come by the database too: command_queue.h */
	const struct hs_child_handler *handlers;
	size_t handler_count;
};

/* The whole life of a daemon; returns main's exit status (78 for bad settings). */
int hs_child_run(const struct hs_child_spec *spec, int argc, char **argv);

struct event_base *hs_child_base(struct hs_child *child);
const struct hs_settings *hs_child_settings(struct hs_child *child);

/* The listening sockets handed down (borrowed); *ret_fds stays valid for the child's life. */
size_t hs_child_listeners(struct hs_child *child, const int **ret_fds);
/* Whether the n-th of them is for TLS. */
bool hs_child_listens_by_tls(const struct hs_child *child, size_t n);

/* "I can work": told to the supervisor, once. */
void hs_child_ready(struct hs_child *child);
/* "I have finished": ends the loop, once the database knows how its requests ended. */
void hs_child_stopped(struct hs_child *child);
/* Cannot go on; logs err and ends with status 1, so that the supervisor starts us anew. */
void hs_child_fail(struct hs_child *child, const struct hs_error *err);

/* house (borrowed) is what `hsctl status` shows of all of HoopScout on this machine but the asker,
 * NULL when nobody tells: there is no supervisor, or it took longer than HS_HOUSE_MS. Called once, from the
 * event loop. */
typedef void hs_child_house_fn(void *arg, const json_t *house);
enum { HS_HOUSE_MS = 2000 };
/* Asks the supervisor how all stand, without waiting. One question at a time: whoever asks while
 * one is under way breaks a promise. Nothing is called once the daemon is freed. */
void hs_child_ask_house(struct hs_child *child, hs_child_house_fn *told, void *arg);

/* The user id of who gave the command, as the kernel told the supervisor; -1 when it came otherwise. */
long long hs_call_uid(const struct hs_call *call);
/* The account that asked by the database; NULL when it came by the socket. Borrowed until the end. */
const char *hs_call_account(const struct hs_call *call);

/* Sends an event of a command under way; body (taken) is an object. A client may have left. */
void hs_call_event(struct hs_call *call, const char *event, json_t *body);
/* Ends the command; result (taken) is an object. Takes call. */
void hs_call_result(struct hs_call *call, json_t *result);
void hs_call_error(struct hs_call *call, const struct hs_error *error);
/* The same for a command that may be another machine's: one by the database goes on to the next
 * daemon that has it (hs_request_decline). */
void hs_call_decline(struct hs_call *call, const struct hs_error *error);

/* Whether it came by the database: an admin's page asked, not the operator. */
bool hs_call_is_by_web(const struct hs_call *call);

#endif
