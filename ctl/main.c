/* main.c: hsctl, the operator's command.
 *
 * Words become a request by the table of commands (args.c); the request is answered here
 * (local.c) or goes to the supervisor's socket (client.c); what comes back is shown
 * (render.c, view_*.c), and the exit status follows from it (outcome.c). hsctl trusts no
 * input, holds no state, and leaves nothing behind. */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "common/control.h"
#include "common/log.h"
#include "common/settings.h"
#include "common/text.h"
#include "ctl/args.h"
#include "ctl/client.h"
#include "ctl/help.h"
#include "ctl/local.h"
#include "ctl/outcome.h"
#include "ctl/output.h"
#include "ctl/transfer.h"
#include "ctl/user.h"

static int refuse(struct output *output, const struct hs_error *err, enum outcome_stage stage)
{
	output->ops->error(output, err, outcome_advice(err, stage));
	return (int)outcome_of_error(err, stage);
}

/* --socket, or what the settings say. */
static bool find_socket(const struct request *request, char *path, size_t size,
    struct hs_error *err)
{
	struct hs_settings *settings;
	bool done;

	if (request->socket != NULL)
		return hs_format(path, size, err, "%s", request->socket);
	if (!hs_settings_load(NULL, &settings, err))
		return false;
	done = hs_format(path, size, err, "%s", hs_setting_text(settings, HS_SET_CONTROL_SOCKET));
	hs_settings_free(settings);
	return done;
}

static int ask(struct request *request, struct output *output)
{
	struct hs_error err = HS_ERROR_INIT;
	char path[PATH_MAX];
	int fd;

	if (!find_socket(request, path, sizeof path, &err))
		return refuse(output, &err, STAGE_CONNECTING);
	if (hs_commands[request->command].asks_password && !user_add_password(request, &err))
		return refuse(output, &err, STAGE_ANSWER);
	if (transfer_is_for(request->command) && !transfer_check(request, &err))
		return refuse(output, &err, STAGE_ANSWER);
	if (hs_control_connect(path, &fd, &err))
		return transfer_is_for(request->command) ? transfer_run(fd, request, output)
							 : client_run(fd, request, NULL, output);
	if (request->command == HS_CMD_CONFIG && request->socket == NULL &&
	    err.code == HS_NOT_RUNNING)
		return local_config(output);
	return refuse(output, &err, STAGE_CONNECTING);
}

static int run(struct request *request, struct output *output)
{
	if (request->wants_help) {
		help_print(output->screen.out, request->topic);
		return OUTCOME_DONE;
	}
	if (hs_commands[request->command].owner == HS_PROC_CTL)
		return local_run(request, output);
	return ask(request, output);
}

int main(int argc, char **argv)
{
	struct hs_error err = HS_ERROR_INIT;
	struct request request;
	struct output output;
	int status;

	hs_log_open("hsctl", HS_LOG_ERROR);
	signal(SIGPIPE, SIG_IGN);
	output_init(&output, output_choose(args_want_json(argc, argv), stderr), stdout, stderr);
	if (!args_parse(argc, argv, &request, &err))
		return refuse(&output, &err, STAGE_ANSWER);
	output.asked = &hs_commands[request.command];
	status = run(&request, &output);
	request_done(&request);
	if (!output_flush(&output) && status == OUTCOME_DONE)
		status = OUTCOME_FAILED;
	return status;
}
