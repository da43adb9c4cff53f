/* outcome.c: from errors and results to an exit status, in one place.
 *
 * Trusts that results have the shapes of their commands; what is missing counts as "all
 * well", since a daemon that fails says so with an error. */
#include "ctl/outcome.h"

#include <string.h>

#include "ctl/screen.h"

enum outcome outcome_of_error(const struct hs_error *error, enum outcome_stage stage)
{
	switch (error->code) {
	case HS_BAD_ARGUMENT:
	case HS_UNKNOWN_COMMAND:
		return OUTCOME_USAGE;
	case HS_NOT_RUNNING:
		return OUTCOME_NOT_REACHABLE;
	case HS_NOT_ALLOWED:
		return OUTCOME_NOT_ALLOWED;
	case HS_BAD_SETTING:
		return OUTCOME_BAD_SETTING;
	case HS_NO_PERMISSION:
		return stage == STAGE_CONNECTING ? OUTCOME_NOT_ALLOWED : OUTCOME_FAILED;
	case HS_TOO_LONG:
		return stage == STAGE_CONNECTING ? OUTCOME_USAGE : OUTCOME_FAILED;
	default:
		return stage == STAGE_CONNECTING ? OUTCOME_NOT_REACHABLE : OUTCOME_FAILED;
	}
}

/* A daemon that was stopped by command should not be up. */
static bool is_as_it_should(const json_t *daemon)
{
	const char *state = text_of(daemon, "state");

	return strcmp(state, "up") == 0 || strcmp(state, "stopped") == 0;
}

static bool house_is_well(const json_t *result)
{
	const json_t *database = json_object_get(result, "database"), *daemon;
	size_t i;

	if (json_is_object(database) && strcmp(text_of(database, "state"), "up") != 0)
		return false;
	json_array_foreach(json_object_get(result, "daemons"), i, daemon) {
		if (!is_as_it_should(daemon))
			return false;
	}
	return true;
}

static bool is_one_of(const char *state, const char *one, const char *other)
{
	return strcmp(state, one) == 0 || strcmp(state, other) == 0;
}

static bool all_was_imported(const json_t *result)
{
	const json_t *totals = json_object_get(result, "totals");

	/* a file that waits has not been imported, as was asked */
	return json_array_size(json_object_get(result, "failed_before")) == 0 &&
	    number_of(totals, "failed") == 0 && number_of(totals, "waiting") == 0 &&
	    strcmp(text_of(json_object_get(result, "run"), "status"), "interrupted") != 0;
}

static bool is_well(enum hs_command_id command, const json_t *result)
{
	switch (command) {
	case HS_CMD_STATUS:
		return house_is_well(result);
	case HS_CMD_START:
	case HS_CMD_RESTART:
		return is_one_of(text_of(result, "state"), "up", "starting");
	case HS_CMD_STOP:
		return is_one_of(text_of(result, "state"), "stopped", "stopping");
	case HS_CMD_RELOAD:
		return json_array_size(json_object_get(result, "refused")) == 0;
	case HS_CMD_IMPORT_NOW:
	case HS_CMD_IMPORT_RETRY:
		return all_was_imported(result);
	case HS_CMD_EXTRACTOR_RUN:
		return is_one_of(text_of(result, "status"), "emitted", "unchanged") ||
		    strcmp(text_of(result, "status"), "checked") == 0;
	case HS_CMD_EXTRACTOR_CHECK:
		return number_of(result, "mistake_total") == 0;
	case HS_CMD_SNAPSHOT_CHECK:
		return flag_of(result, "valid");
	case HS_CMD_DOCTOR:
		return number_of(result, "failed") == 0;
	default:
		return true;
	}
}

enum outcome outcome_of_result(enum hs_command_id command, const json_t *result)
{
	return is_well(command, result) ? OUTCOME_DONE : OUTCOME_FAILED;
}

const char *outcome_advice(const struct hs_error *error, enum outcome_stage stage)
{
	if (stage == STAGE_ANSWER)
		return NULL;
	switch (error->code) {
	case HS_NOT_RUNNING:
		return "  Is HoopScout running? './bootstrap run' starts it from a clone,\n"
		       "  'systemctl start hoopscout' or 'hsd-supervisor' where it is installed.\n"
		       "  If it runs elsewhere, name its socket: --socket PATH, or\n"
		       "  HOOPSCOUT_CONTROL_SOCKET or HOOPSCOUT_STATE_DIR in the environment.";
	case HS_NO_PERMISSION:
		return "  The socket is for root, for the user that HoopScout runs as, and for\n"
		       "  its group: try sudo, or join the group.";
	default:
		return NULL;
	}
}
