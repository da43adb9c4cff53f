/* test_args.c: what operators type: commands, options in any place, slips of the finger. */
#include "ctl/args.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/help.h"
#include "tests/unit/harness.h"

enum { MOST_WORDS = 12, HELP_WIDTH = 80 };

/* Splits a row of words at blanks; '' is an empty word. */
static int split(const char *typed, char *buf, size_t size, char *argv[MOST_WORDS + 2])
{
	char *save = NULL, *word;
	int argc = 0;

	snprintf(buf, size, "hsctl %s", typed);
	for (word = strtok_r(buf, " ", &save); word != NULL && argc <= MOST_WORDS;
	     word = strtok_r(NULL, " ", &save))
		argv[argc++] = strcmp(word, "''") == 0 ? word + 2 : word;
	argv[argc] = NULL;
	return argc;
}

static const struct {
	const char *typed;
	enum hs_command_id command;
	const char *args;
	bool json;
	const char *socket;
} good[] = {
	{ "status", HS_CMD_STATUS, "{}", false, NULL },
	{ "status --json", HS_CMD_STATUS, "{}", true, NULL },
	{ "--json status", HS_CMD_STATUS, "{}", true, NULL },
	{ "--socket /s status", HS_CMD_STATUS, "{}", false, "/s" },
	{ "status --socket=/s --json", HS_CMD_STATUS, "{}", true, "/s" },
	{ "import --json now --socket /s", HS_CMD_IMPORT_NOW, "{}", true, "/s" },
	{ "start web", HS_CMD_START, "{\"daemon\":\"web\"}", false, NULL },
	{ "start --json web", HS_CMD_START, "{\"daemon\":\"web\"}", true, NULL },
	{ "import list", HS_CMD_IMPORT_LIST, "{}", false, NULL },
	{ "import list --limit 5", HS_CMD_IMPORT_LIST, "{\"limit\":5}", false, NULL },
	{ "import list --limit=200 --json", HS_CMD_IMPORT_LIST, "{\"limit\":200}", true, NULL },
	{ "import show 12", HS_CMD_IMPORT_SHOW, "{\"run\":12}", false, NULL },
	{ "import file 3", HS_CMD_IMPORT_FILE, "{\"file\":3}", false, NULL },
	{ "import files --search nba --page 2", HS_CMD_IMPORT_FILES,
	    "{\"search\":\"nba\",\"page\":2}", false, NULL },
	{ "import undo 3 --preview", HS_CMD_IMPORT_UNDO, "{\"file\":3,\"preview\":true}", false, NULL },
	{ "import retry nba.json", HS_CMD_IMPORT_RETRY, "{\"file\":\"nba.json\"}", false, NULL },
	{ "import retry -- --json", HS_CMD_IMPORT_RETRY, "{\"file\":\"--json\"}", false, NULL },
	{ "logs", HS_CMD_LOGS, "{}", false, NULL },
	{ "logs -f -n 5 web", HS_CMD_LOGS, "{\"follow\":true,\"lines\":5,\"daemon\":\"web\"}", false,
	    NULL },
	{ "logs --lines=5 -f", HS_CMD_LOGS, "{\"lines\":5,\"follow\":true}", false, NULL },
	{ "logs -n5", HS_CMD_LOGS, "{\"lines\":5}", false, NULL },
	{ "logs -- -n", HS_CMD_LOGS, "{\"daemon\":\"-n\"}", false, NULL },
	{ "snapshot check -", HS_CMD_SNAPSHOT_CHECK, "{\"file\":\"-\"}", false, NULL },
	{ "snapshot check -- -x", HS_CMD_SNAPSHOT_CHECK, "{\"file\":\"-x\"}", false, NULL },
	{ "--version", HS_CMD_VERSION, "{}", false, NULL },
	{ "--version --json", HS_CMD_VERSION, "{}", true, NULL },
};

static void test_good(void)
{
	for (size_t i = 0; i < HS_COUNT(good); i++) {
		const char *row = good[i].typed;
		char buf[256], *argv[MOST_WORDS + 2], *args;
		int argc = split(row, buf, sizeof buf, argv);
		struct hs_error err = HS_ERROR_INIT;
		struct request request;

		if (!expect_done(row, args_parse(argc, argv, &request, &err), &err))
			continue;
		args = json_dumps(request.args, JSON_COMPACT);
		expect_true(row, !request.wants_help);
		expect_int(row, request.command, good[i].command);
		expect_text(row, args, good[i].args);
		expect_int(row, request.json, good[i].json);
		expect_text(row, request.socket, good[i].socket);
		free(args);
		request_done(&request);
	}
}

static const struct {
	const char *typed;
	enum hs_error_code want;
	const char *says;
} bad[] = {
	{ "", HS_UNKNOWN_COMMAND, "say what to do" },
	{ "--json", HS_UNKNOWN_COMMAND, "say what to do" },
	{ "--jsn status", HS_UNKNOWN_COMMAND, "say what to do" },
	{ "stauts", HS_UNKNOWN_COMMAND, "did you mean 'status'?" },
	{ "Status", HS_UNKNOWN_COMMAND, "did you mean 'status'?" },
	{ "imprt now", HS_UNKNOWN_COMMAND, "no command 'imprt now'; did you mean 'import now'?" },
	{ "import nwo", HS_UNKNOWN_COMMAND, "did you mean 'import now'?" },
	{ "import lits --json", HS_UNKNOWN_COMMAND, "did you mean 'import list'?" },
	{ "check x.json", HS_UNKNOWN_COMMAND, "did you mean 'extractor check'?" },
	{ "statr web", HS_UNKNOWN_COMMAND, "did you mean 'start'?" },
	{ "frobnicate", HS_UNKNOWN_COMMAND, "'hsctl --help' lists them all" },
	{ "x y", HS_UNKNOWN_COMMAND, "'hsctl --help' lists them all" },
	{ "''", HS_UNKNOWN_COMMAND, "there is no command ''" },
	{ "import", HS_UNKNOWN_COMMAND, "'hsctl import --help' lists them" },
	{ "import ''", HS_UNKNOWN_COMMAND, "there is no command 'import '" },
	{ "snapshot", HS_UNKNOWN_COMMAND, "'hsctl snapshot --help' lists them" },
	{ "status now", HS_BAD_ARGUMENT, "'now' is one word too many" },
	{ "start", HS_BAD_ARGUMENT, "'start' needs daemon: web, importer or extractor" },
	{ "start postgres", HS_BAD_ARGUMENT, "postgres is no daemon: say web, importer or extractor" },
	{ "start web importer", HS_BAD_ARGUMENT, "'importer' is one word too many" },
	{ "import list 5", HS_BAD_ARGUMENT, "'5' is one word too many" },
	{ "logs -n", HS_BAD_ARGUMENT, "--lines needs a value" },
	{ "logs -n -1", HS_BAD_ARGUMENT, "lines" },
	{ "logs -fn", HS_BAD_ARGUMENT, "--follow takes no value" },
	{ "logs -f --follow", HS_BAD_ARGUMENT, "--follow is given twice" },
	{ "logs -l", HS_BAD_ARGUMENT, "no option -l" },
	{ "import list -n 5", HS_BAD_ARGUMENT, "no option -n" },
	{ "import list --limit", HS_BAD_ARGUMENT, "--limit needs a value" },
	{ "import list --limit=", HS_BAD_ARGUMENT, "--limit needs a value" },
	{ "import list --limit 0", HS_BAD_ARGUMENT, "1 to 200" },
	{ "import list --limit 201", HS_BAD_ARGUMENT, "1 to 200" },
	{ "import list --limit 5x", HS_BAD_ARGUMENT, "1 to 200" },
	{ "import list --limit 5 --limit 6", HS_BAD_ARGUMENT, "--limit is given twice" },
	{ "import list --limti 5", HS_BAD_ARGUMENT, "did you mean --limit?" },
	{ "import list --limits=5", HS_BAD_ARGUMENT, "did you mean --limit?" },
	{ "import list --sokcet x", HS_BAD_ARGUMENT, "did you mean --socket?" },
	{ "import list -5", HS_BAD_ARGUMENT, "has no option -5" },
	{ "import show", HS_BAD_ARGUMENT, "'import show' needs run" },
	{ "import show 0", HS_BAD_ARGUMENT, "run" },
	{ "import show 99999999999999999999", HS_BAD_ARGUMENT, "run" },
	{ "import retry ''", HS_BAD_ARGUMENT, "1 to 4096 bytes" },
	{ "import retry \xff.json", HS_BAD_ARGUMENT, "not valid UTF-8" },
	{ "status --socket", HS_BAD_ARGUMENT, "--socket needs a value" },
	{ "status --socket a --socket b", HS_BAD_ARGUMENT, "--socket is given twice" },
	{ "-- status", HS_UNKNOWN_COMMAND, "say what to do" },
};

static void test_bad(void)
{
	for (size_t i = 0; i < HS_COUNT(bad); i++) {
		const char *row = bad[i].typed;
		char buf[256], *argv[MOST_WORDS + 2];
		int argc = split(row, buf, sizeof buf, argv);
		struct hs_error err = HS_ERROR_INIT;
		struct request request;

		if (!expect_true(row, !args_parse(argc, argv, &request, &err)))
			request_done(&request);
		expect_code(row, &err, bad[i].want);
		expect_contains(row, err.message, bad[i].says);
		expect_text(row, err.where, "");
	}
}

static const struct {
	const char *typed, *topic;
} helps[] = {
	{ "--help", "" },
	{ "-h", "" },
	{ "--json --help", "" },
	{ "import --help", "import" },
	{ "--help import", "import" },
	{ "import now --help", "import now" },
	{ "import list --limit 0 --help", "import list" },
	{ "start -h", "start" },
	{ "start web --help", "start" },
};

static void test_help(void)
{
	for (size_t i = 0; i < HS_COUNT(helps); i++) {
		const char *row = helps[i].typed;
		char buf[256], *argv[MOST_WORDS + 2];
		int argc = split(row, buf, sizeof buf, argv);
		struct hs_error err = HS_ERROR_INIT;
		struct request request;

		if (!expect_done(row, args_parse(argc, argv, &request, &err), &err))
			continue;
		expect_true(row, request.wants_help);
		expect_text(row, request.topic, helps[i].topic);
		request_done(&request);
	}
}

/* Bytes that are no UTF-8 are a fine name for a file on our side. */
static void test_raw_path(void)
{
	static const char raw[] = "caf\xe9.json";
	char *argv[] = { "hsctl", "snapshot", "check", (char *)(size_t)raw, NULL };
	struct hs_error err = HS_ERROR_INIT;
	struct request request;

	if (!expect_done("raw", args_parse(4, argv, &request, &err), &err))
		return;
	expect_text("raw", request.file, raw);
	request_done(&request);
}

static void test_want_json(void)
{
	char *before[] = { "hsctl", "nonsense", "--json", NULL };
	char *after[] = { "hsctl", "import", "retry", "--", "--json", NULL };

	expect_true("before", args_want_json(3, before));
	expect_true("after --", !args_want_json(5, after));
}

static char *help_text(const char *topic)
{
	size_t length;
	char *text = NULL;
	FILE *to = open_memstream(&text, &length);

	help_print(to, topic);
	fclose(to);
	return text;
}

static void expect_narrow(const char *row, const char *text)
{
	for (const char *line = text; *line != '\0';) {
		size_t length = strcspn(line, "\n");

		if (length > HELP_WIDTH)
			expect_text(row, line, "at most 80 columns");
		line += length + (line[length] == '\n');
	}
}

static void test_help_text(void)
{
	char *all = help_text(""), *group = help_text("import");

	expect_narrow("all", all);
	expect_narrow("group", group);
	expect_contains("group", group, "usage: hsctl import COMMAND");
	expect_true("group", strstr(group, "snapshot check") == NULL);
	for (size_t i = 0; i < HS_COMMAND_COUNT; i++) {
		const struct hs_command *row = &hs_commands[i];
		char *one = help_text(row->words), usage[256];

		help_usage(row, usage, sizeof usage);
		expect_contains(row->words, all, usage + strlen("hsctl "));
		expect_contains(row->words, all, row->help);
		expect_contains(row->words, one, usage);
		for (size_t n = 0; n < HS_COMMAND_ARGS && row->args[n].name != NULL; n++)
			expect_contains(row->words, one, row->args[n].help);
		expect_narrow(row->words, one);
		free(one);
	}
	free(all);
	free(group);
}

static const struct hs_case cases[] = {
	{ "what is right", test_good },
	{ "what is wrong", test_bad },
	{ "asking for help", test_help },
	{ "a path of any bytes", test_raw_path },
	{ "JSON is wanted", test_want_json },
	{ "the help's text", test_help_text },
};

int main(void)
{
	return hs_run_suite("args", cases, HS_COUNT(cases));
}
