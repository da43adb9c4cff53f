/* local.c: version, schema, completion, and the settings when nobody runs with them.
 *
 * Fails with the settings' own error, or for want of memory. */
#include "ctl/local.h"

#include "common/settings.h"
#include "common/settings_json.h"
#include "common/snapshot_schema.h"
#include "ctl/check.h"
#include "ctl/completion.h"
#include "ctl/doctor.h"
#include "ctl/outcome.h"
#include "ctl/verify.h"

/* Takes result. */
static int show(const struct request *request, struct output *output, json_t *result)
{
	if (result == NULL)
		out_of_memory();
	output->ops->result(output, request->command, result);
	json_decref(result);
	return OUTCOME_DONE;
}

static int show_completion(const struct request *request, struct output *output)
{
	struct hs_error err = HS_ERROR_INIT;
	json_t *script = completion_script(
	    json_string_value(json_object_get(request->args, "shell")), &err);

	if (script != NULL)
		return show(request, output, script);
	output->ops->error(output, &err, outcome_advice(&err, STAGE_ANSWER));
	return (int)outcome_of_error(&err, STAGE_ANSWER);
}

int local_run(const struct request *request, struct output *output)
{
	switch (request->command) {
	case HS_CMD_SNAPSHOT_CHECK:
		return check_run(request->file, output);
	case HS_CMD_BACKUP_VERIFY:
		return verify_run(request->file, output);
	case HS_CMD_SNAPSHOT_SCHEMA:
		return show(request, output, hs_snapshot_schema());
	case HS_CMD_COMPLETION:
		return show_completion(request, output);
	case HS_CMD_DOCTOR:
		return doctor_run(request->socket, output);
	case HS_CMD_VERSION:
		return show(request, output, json_pack("{s:s}", "version", PACKAGE_VERSION));
	default:
		hs_panic("hsctl has no '%s' of its own", hs_commands[request->command].words);
	}
}

int local_config(struct output *output)
{
	struct hs_error err = HS_ERROR_INIT;
	struct hs_settings *settings;
	json_t *result;

	if (!hs_settings_load(NULL, &settings, &err)) {
		output->ops->error(output, &err, outcome_advice(&err, STAGE_ANSWER));
		return (int)outcome_of_error(&err, STAGE_ANSWER);
	}
	if ((result = hs_settings_json(settings)) == NULL)
		out_of_memory();
	output->ops->note(output, "not_running",
	    "HoopScout does not run here; these are the settings that it would start with");
	output->ops->result(output, HS_CMD_CONFIG, result);
	json_decref(result);
	hs_settings_free(settings);
	return OUTCOME_DONE;
}
