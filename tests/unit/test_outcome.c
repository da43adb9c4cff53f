/* test_outcome.c: hsctl's exit status for every error and for results that tell of failures. */
#include "ctl/outcome.h"

#include "tests/unit/harness.h"

static const struct {
	enum hs_error_code code;
	enum outcome connecting, answer;
} errors[] = {
	{ HS_NOT_RUNNING, OUTCOME_NOT_REACHABLE, OUTCOME_NOT_REACHABLE },
	{ HS_TIMEOUT, OUTCOME_NOT_REACHABLE, OUTCOME_FAILED },
	{ HS_IO, OUTCOME_NOT_REACHABLE, OUTCOME_FAILED },
	{ HS_NO_PERMISSION, OUTCOME_NOT_ALLOWED, OUTCOME_FAILED },
	{ HS_NOT_ALLOWED, OUTCOME_NOT_ALLOWED, OUTCOME_NOT_ALLOWED },
	{ HS_BAD_SETTING, OUTCOME_BAD_SETTING, OUTCOME_BAD_SETTING },
	{ HS_BAD_ARGUMENT, OUTCOME_USAGE, OUTCOME_USAGE },
	{ HS_BAD_MAPPING, OUTCOME_NOT_REACHABLE, OUTCOME_FAILED },
	{ HS_UNKNOWN_COMMAND, OUTCOME_USAGE, OUTCOME_USAGE },
	{ HS_TOO_LONG, OUTCOME_USAGE, OUTCOME_FAILED },
	{ HS_DB_AWAY, OUTCOME_NOT_REACHABLE, OUTCOME_FAILED },
	{ HS_NOT_FOUND, OUTCOME_NOT_REACHABLE, OUTCOME_FAILED },
	{ HS_PROTOCOL, OUTCOME_NOT_REACHABLE, OUTCOME_FAILED },
};

static void test_errors(void)
{
	for (size_t i = 0; i < HS_COUNT(errors); i++) {
		const char *row = hs_error_name(errors[i].code);
		struct hs_error err = { .code = errors[i].code };

		expect_int(row, outcome_of_error(&err, STAGE_CONNECTING), errors[i].connecting);
		expect_int(row, outcome_of_error(&err, STAGE_ANSWER), errors[i].answer);
		expect_true(row, outcome_advice(&err, STAGE_ANSWER) == NULL);
	}
}

static void test_advice(void)
{
	struct hs_error err = { .code = HS_NOT_RUNNING };

	expect_contains("not running", outcome_advice(&err, STAGE_CONNECTING), "--socket PATH");
	err.code = HS_NO_PERMISSION;
	expect_contains("no permission", outcome_advice(&err, STAGE_CONNECTING), "group");
}

static const struct {
	enum hs_command_id command;
	const char *result;
	enum outcome want;
} results[] = {
	{ HS_CMD_STATUS, "{\"database\":{\"state\":\"up\"},\"daemons\":[{\"state\":\"up\"}]}", 0 },
	{ HS_CMD_STATUS, "{\"database\":{\"state\":\"down\"},\"daemons\":[]}", 1 },
	{ HS_CMD_STATUS, "{\"daemons\":[{\"state\":\"up\"},{\"state\":\"waiting\"}]}", 1 },
	{ HS_CMD_STATUS, "{\"daemons\":[{\"state\":\"failed\"}]}", 1 },
	{ HS_CMD_STATUS, "{\"daemons\":[{\"state\":\"starting\"}]}", 1 },
	{ HS_CMD_STATUS, "{\"daemons\":[{\"state\":\"stopped\"}]}", 0 },	/* by command */
	{ HS_CMD_START, "{\"state\":\"up\"}", 0 },
	{ HS_CMD_START, "{\"state\":\"starting\"}", 0 },
	{ HS_CMD_START, "{\"state\":\"waiting\"}", 1 },
	{ HS_CMD_RESTART, "{\"state\":\"failed\"}", 1 },
	{ HS_CMD_STOP, "{\"state\":\"stopped\"}", 0 },
	{ HS_CMD_STOP, "{\"state\":\"up\"}", 1 },
	{ HS_CMD_RELOAD, "{\"reloaded\":[\"web\"],\"refused\":[]}", 0 },
	{ HS_CMD_RELOAD, "{\"reloaded\":[],\"refused\":[{\"daemon\":\"web\"}]}", 1 },
	{ HS_CMD_IMPORT_NOW, "{\"run\":null,\"totals\":{\"files\":0,\"failed\":0}}", 0 },
	{ HS_CMD_IMPORT_NOW, "{\"run\":{\"status\":\"done\"},\"totals\":{\"failed\":1}}", 1 },
	{ HS_CMD_IMPORT_NOW, "{\"run\":{\"status\":\"done\"},\"totals\":{\"duplicate\":1}}", 0 },
	{ HS_CMD_IMPORT_NOW, "{\"run\":{\"status\":\"interrupted\"},\"totals\":{}}", 1 },
	{ HS_CMD_IMPORT_RETRY, "{\"totals\":{\"failed\":1}}", 1 },
	{ HS_CMD_IMPORT_SHOW, "{\"run\":{},\"totals\":{\"failed\":1}}", 0 },	/* it was shown */
	{ HS_CMD_SNAPSHOT_CHECK, "{\"valid\":true}", 0 },
	{ HS_CMD_SNAPSHOT_CHECK, "{\"valid\":false}", 1 },
	{ HS_CMD_CONFIG, "{}", 0 },
};

static void test_results(void)
{
	for (size_t i = 0; i < HS_COUNT(results); i++) {
		json_t *result = json_loads(results[i].result, 0, NULL);

		expect_int(results[i].result, outcome_of_result(results[i].command, result),
		    results[i].want);
		json_decref(result);
	}
}

static const struct hs_case cases[] = {
	{ "errors", test_errors },
	{ "advice", test_advice },
	{ "results", test_results },
};

int main(void)
{
	return hs_run_suite("outcome", cases, HS_COUNT(cases));
}
