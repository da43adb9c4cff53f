/* errand.c: starts a task, hears it out, and tells its owner how it ended.
 *
 * A task's end is two things, the process's exit and the last line of its channel; the owner
 * hears of it when both are there. */
#include "daemons/supervisor/errand.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemons/supervisor/launch.h"
#include "daemons/supervisor/supervisor.h"

static const char *work_of(const struct errand *errand)
{
	return errand->events->work != NULL ? errand->events->work : "preparing the database";
}

static void finish(struct errand *errand)
{
	struct hs_error why = errand->why;
	json_t *result = errand->result;

	if (!errand->ended || errand->link != NULL)
		return;
	errand->pid = 0;
	errand->result = NULL;
	if (result == NULL && why.code == HS_OK)
		hs_error_set(&why, HS_PROTOCOL, "", "%s ended without a word", work_of(errand));
	errand->events->on_done(errand->arg, why.code == HS_OK ? result : NULL,
	    why.code == HS_OK ? NULL : &why);
	json_decref(result);
}

static void on_message(void *arg, struct hs_link *link, json_t *message)
{
	struct errand *errand = arg;
	json_t *result = json_object_get(message, "result");
	json_t *error = json_object_get(message, "error");

	(void)link;
	if (result != NULL && errand->result == NULL)
		errand->result = json_incref(result);
	else if (error != NULL)
		hs_message_to_error(error, &errand->why);
	else if (errand->events->on_event != NULL)
		errand->events->on_event(errand->arg, message);
}

static void on_closed(void *arg, struct hs_link *link, const struct hs_error *why)
{
	struct errand *errand = arg;

	if (why != NULL && errand->why.code == HS_OK)
		errand->why = *why;
	hs_link_free(link);
	errand->link = NULL;
	finish(errand);
}

static const struct hs_link_events link_events = { .on_message = on_message,
	.on_closed = on_closed };

bool errand_start(struct errand *errand, struct supervisor *home, enum task task,
    const char *argument, const struct errand_events *events, void *arg, struct hs_error *err)
{
	struct launch what = { .program = "hsd-supervisor",
		.words = { "--task", task_name(task), argument }, .death_signal = SIGTERM };
	int ours;

	if (errand->pid != 0)
		return hs_error_set(err, HS_BUSY, "",
		    "the database is being prepared: try again in a moment");
	*errand = (struct errand){ .home = home, .events = events, .arg = arg,
		.why = HS_ERROR_INIT };
	if (!launch(home, &what, &errand->pid, &ours, err))
		return false;
	if (hs_link_new(home->base, ours, &link_events, errand, &errand->link, err))
		return true;
	kill(errand->pid, SIGKILL);
	errand->pid = 0;	/* reaped as one of nobody's */
	return false;
}

bool errand_reap(struct errand *errand, pid_t pid, int status)
{
	char words[96];

	if (errand->pid != pid || pid == 0)
		return false;
	errand->ended = true;
	if (status != 0 && errand->why.code == HS_OK)
		hs_error_set(&errand->why, HS_IO, "", "%s ended early: %s", work_of(errand),
		    spawn_end_text(status, words, sizeof words));
	finish(errand);
	return true;
}

void errand_cancel(struct errand *errand)
{
	if (errand->pid != 0 && !errand->ended)
		kill(errand->pid, SIGTERM);
	hs_link_free(errand->link);
	json_decref(errand->result);
	errand->link = NULL;
	errand->result = NULL;
	errand->pid = 0;
}
