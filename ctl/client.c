/* client.c: sends one request and follows its events to the result.
 *
 * Trusts nothing that comes: a message must bear our id and be an event, a result or an
 * error. When the supervisor goes away in between, it says so, and that the work may
 * have gone on. A command that only looks must answer soon; one that works may take
 * hours, and Ctrl-C leaves it working. */
#include "ctl/client.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/control.h"
#include "ctl/outcome.h"

enum { REQUEST_ID = 1 };

struct client {
	struct event_base *base;
	struct hs_link *link;
	struct event *interrupt, *terminate;
	struct event *silence;		/* NULL for commands that work */
	const struct hs_command *row;
	enum hs_command_id command;
	struct output *output;
	const struct client_hooks *hooks;	/* may be NULL */
	bool is_over;
	int status;			/* hsctl's, once the loop ends */
};

static const struct timeval silence_time = { .tv_sec = CLIENT_SILENCE_SECONDS };

static void end(struct client *client, int status)
{
	client->status = status;
	client->is_over = true;		/* what came with it is not looked at */
	event_base_loopbreak(client->base);
}

static void end_with_error(struct client *client, const struct hs_error *error,
    enum outcome_stage stage)
{
	client->output->ops->error(client->output, error, outcome_advice(error, stage));
	end(client, (int)outcome_of_error(error, stage));
}

/* "not running" from a start is that work's failure; from other commands it is whom they need. */
static void take_error(struct client *client, const json_t *error)
{
	bool starts = client->command == HS_CMD_START || client->command == HS_CMD_RESTART;
	struct hs_error err = HS_ERROR_INIT;

	hs_message_to_error(error, &err);
	if (client->hooks != NULL && client->hooks->on_error != NULL)
		client->hooks->on_error(client->hooks->arg, &err);
	end_with_error(client, &err, STAGE_ANSWER);
	if (starts && err.code == HS_NOT_RUNNING)
		client->status = OUTCOME_FAILED;
}

static void broken_answer(struct client *client, const char *what)
{
	struct hs_error err = HS_ERROR_INIT;

	hs_error_set(&err, HS_PROTOCOL, "",
	    "the answer makes no sense (%s): are hsctl and the daemons of one version?", what);
	end_with_error(client, &err, STAGE_ANSWER);
}

static void take_result(struct client *client, const json_t *result)
{
	struct hs_error err = HS_ERROR_INIT;

	if (client->hooks != NULL && client->hooks->on_result != NULL &&
	    !client->hooks->on_result(client->hooks->arg, result, &err)) {
		end_with_error(client, &err, STAGE_ANSWER);
		return;
	}
	client->output->ops->result(client->output, client->command, result);
	end(client, (int)outcome_of_result(client->command, result));
}

/* Whether an event was for a hook alone. */
static bool hook_takes(struct client *client, const json_t *event)
{
	struct hs_error err = HS_ERROR_INIT;
	bool ok = true;

	if (client->hooks == NULL || client->hooks->on_event == NULL ||
	    !json_is_string(json_object_get(event, "event")) ||
	    !client->hooks->on_event(client->hooks->arg, client->base, event, &ok, &err))
		return false;
	if (!ok)
		end_with_error(client, &err, STAGE_ANSWER);
	return true;
}

static void on_message(void *arg, struct hs_link *link, json_t *message)
{
	const json_t *result = json_object_get(message, "result");
	const json_t *error = json_object_get(message, "error");
	struct client *client = arg;

	(void)link;
	if (client->is_over)
		return;
	if (client->silence != NULL)
		event_add(client->silence, &silence_time);
	if (json_is_object(error)) {	/* without an id when not even the request could be read */
		take_error(client, error);
	} else if (json_integer_value(json_object_get(message, "id")) != REQUEST_ID) {
		broken_answer(client, "it is to another request");
	} else if (json_is_object(result)) {
		take_result(client, result);
	} else if (hook_takes(client, message)) {
		return;
	} else if (json_is_string(json_object_get(message, "event"))) {
		client->output->ops->event(client->output, client->command, message);
		if (!output_flush(client->output))
			end(client, OUTCOME_FAILED);	/* nobody reads any more */
	} else {
		broken_answer(client, "it is neither event, result nor error");
	}
}

static void on_closed(void *arg, struct hs_link *link, const struct hs_error *why)
{
	struct client *client = arg;
	struct hs_error err = HS_ERROR_INIT;

	(void)link;
	if (why != NULL)
		hs_error_set(&err, HS_NOT_RUNNING, "",
		    "the connection ended before the answer: %.500s", why->message);
	else
		hs_error_set(&err, HS_NOT_RUNNING, "",
		    "HoopScout closed the connection before it had answered; was it stopped?");
	end_with_error(client, &err, STAGE_ANSWER);
}

static void on_silence(evutil_socket_t fd, short what, void *arg)
{
	struct client *client = arg;
	struct hs_error err = HS_ERROR_INIT;

	(void)fd;
	(void)what;
	hs_error_set(&err, HS_NOT_RUNNING, "", "no answer within %d seconds",
	    (int)CLIENT_SILENCE_SECONDS);
	end_with_error(client, &err, STAGE_ANSWER);
}

static void on_signal(evutil_socket_t number, short what, void *arg)
{
	struct client *client = arg;

	(void)what;
	if (client->hooks != NULL && client->hooks->on_interrupt != NULL) {
		client->output->ops->note(client->output, "interrupted",
		    client->hooks->on_interrupt);
	} else if (client->row->needs == HS_MAY_OPERATE) {
		static const char *const works[HS_PROCESS_COUNT] = {
			[HS_PROC_IMPORTER] = "import", [HS_PROC_EXTRACTOR] = "run" };
		static const char *const lists[HS_PROCESS_COUNT] = {
			[HS_PROC_IMPORTER] = "import list",
			[HS_PROC_EXTRACTOR] = "extractor history" };
		enum hs_process owner = client->row->owner;
		char sentence[128];

		snprintf(sentence, sizeof sentence, "detached; the %s goes on: see hsctl %s",
		    works[owner] != NULL ? works[owner] : "work",
		    lists[owner] != NULL ? lists[owner] : "status");
		client->output->ops->note(client->output, "detached", sentence);
	}
	progress_clear(&client->output->progress);
	end(client, 128 + (int)number);
}

static bool watch_all(struct client *client, const struct request *request, struct hs_error *err)
{
	client->interrupt = evsignal_new(client->base, SIGINT, on_signal, client);
	client->terminate = evsignal_new(client->base, SIGTERM, on_signal, client);
	if (client->interrupt == NULL || client->terminate == NULL ||
	    event_add(client->interrupt, NULL) != 0 || event_add(client->terminate, NULL) != 0)
		return hs_error_set(err, HS_NO_MEMORY, "", "cannot watch for signals");
	if (client->row->needs != HS_MAY_LOOK ||
	    json_is_true(json_object_get(request->args, "follow")))
		return true;
	client->silence = evtimer_new(client->base, on_silence, client);
	if (client->silence == NULL || event_add(client->silence, &silence_time) != 0)
		return hs_error_set(err, HS_NO_MEMORY, "", "cannot bound the wait for an answer");
	return true;
}

static bool start(struct client *client, int fd, const struct request *request,
    struct hs_error *err)
{
	static const struct hs_link_events events = { on_message, on_closed };
	json_t *args = json_incref(request->args);

	if (!hs_link_new(client->base, fd, &events, client, &client->link, err) ||
	    !watch_all(client, request, err)) {
		json_decref(args);
		return false;
	}
	return hs_link_send(client->link, hs_message_request(REQUEST_ID, client->row->id, args),
	    err);
}

static void close_all(struct client *client)
{
	if (client->hooks != NULL && client->hooks->on_end != NULL)
		client->hooks->on_end(client->hooks->arg);
	hs_link_free(client->link);
	if (client->interrupt != NULL)
		event_free(client->interrupt);
	if (client->terminate != NULL)
		event_free(client->terminate);
	if (client->silence != NULL)
		event_free(client->silence);
	event_base_free(client->base);
}

int client_run(int fd, const struct request *request, const struct client_hooks *hooks,
    struct output *output)
{
	struct client client = { .row = &hs_commands[request->command],
		.command = request->command, .output = output, .hooks = hooks,
		.status = OUTCOME_FAILED };
	struct hs_error err = HS_ERROR_INIT;

	if ((client.base = event_base_new()) == NULL) {
		close(fd);
		hs_error_set(&err, HS_NO_MEMORY, "", "cannot make an event loop");
		output->ops->error(output, &err, NULL);
		return OUTCOME_FAILED;
	}
	if (!start(&client, fd, request, &err))
		end_with_error(&client, &err, STAGE_ANSWER);
	else if (event_base_dispatch(client.base) != 0)
		broken_answer(&client, "nothing is left to wait for");
	close_all(&client);
	return client.status;
}
