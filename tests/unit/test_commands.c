/* test_commands.c: the table of commands, the check of requests, and hsctl's man page. */
#include "common/commands.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/harness.h"

enum { LINE_BYTES = 512 };

static void test_rows(void)
{
	for (int i = 0; i < HS_COMMAND_COUNT; i++) {
		const struct hs_command *row = &hs_commands[i];
		enum hs_command_id found = HS_COMMAND_COUNT;
		char id[64];

		if (!expect_true("a row for each id", row->words != NULL && row->id != NULL))
			continue;
		snprintf(id, sizeof id, "%s", row->words);
		if (strchr(id, ' ') != NULL)
			*strchr(id, ' ') = '.';
		expect_text(row->words, row->id, id);
		expect_true(row->words, hs_command_find(row->id, &found));
		expect_int(row->words, found, i);
		expect_true(row->words, strlen(row->help) > 0 && strlen(row->help) <= 52);
		expect_true(row->words, row->help[strlen(row->help) - 1] != '.');
		expect_true(row->words, islower((unsigned char)row->help[0]));
	}
}

static void test_args_of_rows(void)
{
	for (int i = 0; i < HS_COMMAND_COUNT; i++) {
		const struct hs_command *row = &hs_commands[i];
		bool optional_seen = false;

		for (size_t n = 0; n < HS_COMMAND_ARGS && row->args[n].name != NULL; n++) {
			const struct hs_command_arg *arg = &row->args[n];

			expect_true(row->words, strlen(arg->help) > 0);
			expect_true(row->words, arg->type != HS_ARG_FLAG || arg->is_option);
			expect_true(row->words, !(arg->required && arg->is_option));
			expect_true(row->words, arg->type != HS_ARG_NUMBER || arg->min < arg->max);
			/* a required word after an optional one cannot be told apart */
			expect_true(row->words, !(arg->required && optional_seen));
			optional_seen = optional_seen || (!arg->is_option && !arg->required);
		}
	}
}

static const struct {
	enum hs_command_id command;
	const char *args;	/* NULL: none at all */
	enum hs_error_code want;
	const char *says;
} checks[] = {
	{ HS_CMD_STATUS, NULL, HS_OK, "" },
	{ HS_CMD_STATUS, "{}", HS_OK, "" },
	{ HS_CMD_STATUS, "[]", HS_BAD_ARGUMENT, "must be an object" },
	{ HS_CMD_STATUS, "{\"x\":1}", HS_BAD_ARGUMENT, "'status' knows no argument x" },
	{ HS_CMD_START, NULL, HS_BAD_ARGUMENT, "'start' needs daemon: web, importer or extractor" },
	{ HS_CMD_START, "{\"daemon\":\"web\"}", HS_OK, "" },
	{ HS_CMD_START, "{\"daemon\":\"importer\"}", HS_OK, "" },
	{ HS_CMD_START, "{\"daemon\":\"supervisor\"}", HS_BAD_ARGUMENT, "supervisor is no daemon" },
	{ HS_CMD_START, "{\"daemon\":\"hsctl\"}", HS_BAD_ARGUMENT, "say web, importer or extractor" },
	{ HS_CMD_START, "{\"daemon\":\"we\"}", HS_BAD_ARGUMENT, "we is no daemon" },
	{ HS_CMD_START, "{\"daemon\":7}", HS_BAD_ARGUMENT, "daemon must be text" },
	{ HS_CMD_START, "{\"daemon\":null}", HS_BAD_ARGUMENT, "daemon must be text" },
	{ HS_CMD_IMPORT_LIST, "{}", HS_OK, "" },
	{ HS_CMD_IMPORT_LIST, "{\"limit\":1}", HS_OK, "" },
	{ HS_CMD_IMPORT_LIST, "{\"limit\":200}", HS_OK, "" },
	{ HS_CMD_IMPORT_LIST, "{\"limit\":0}", HS_BAD_ARGUMENT, "between 1 and 200, not 0" },
	{ HS_CMD_IMPORT_LIST, "{\"limit\":201}", HS_BAD_ARGUMENT, "between 1 and 200, not 201" },
	{ HS_CMD_IMPORT_LIST, "{\"limit\":\"5\"}", HS_BAD_ARGUMENT, "must be a whole number" },
	{ HS_CMD_IMPORT_LIST, "{\"limit\":5.0}", HS_BAD_ARGUMENT, "must be a whole number" },
	{ HS_CMD_IMPORT_LIST, "{\"limit\":true}", HS_BAD_ARGUMENT, "must be a whole number" },
	{ HS_CMD_IMPORT_SHOW, "{\"run\":9223372036854775807}", HS_OK, "" },
	{ HS_CMD_IMPORT_SHOW, "{\"run\":0}", HS_BAD_ARGUMENT, "at least 1, not 0" },
	{ HS_CMD_IMPORT_SHOW, "{}", HS_BAD_ARGUMENT, "'import show' needs run" },
	{ HS_CMD_IMPORT_UNDO, "{\"file\":3,\"preview\":true}", HS_OK, "" },
	{ HS_CMD_IMPORT_UNDO, "{\"file\":\"a.json\"}", HS_BAD_ARGUMENT, "must be a whole number" },
	{ HS_CMD_IMPORT_FILE, "{\"file\":0}", HS_BAD_ARGUMENT, "at least 1, not 0" },
	{ HS_CMD_IMPORT_FILES, "{\"search\":\"a\",\"page\":2}", HS_OK, "" },
	{ HS_CMD_IMPORT_RETRY, "{\"file\":\"nba.json\"}", HS_OK, "" },
	{ HS_CMD_IMPORT_RETRY, "{\"file\":\"\"}", HS_BAD_ARGUMENT, "1 to 4096 bytes, not 0" },
};

static void test_check(void)
{
	for (size_t i = 0; i < HS_COUNT(checks); i++) {
		const char *row = checks[i].args != NULL ? checks[i].args : "(none)";
		json_t *args = checks[i].args == NULL ? NULL : json_loads(checks[i].args, 0, NULL);
		struct hs_error err = HS_ERROR_INIT;
		bool done = hs_command_check(checks[i].command, args, &err);

		expect_code(row, &err, checks[i].want);
		expect_true(row, done == (checks[i].want == HS_OK));
		expect_contains(row, err.message, checks[i].says);
		json_decref(args);
	}
}

static void test_long_text(void)
{
	char text[4098];
	json_t *args;
	struct hs_error err = HS_ERROR_INIT;

	memset(text, 'x', sizeof text);
	args = json_pack("{s:s%}", "file", text, (size_t)4096);
	expect_done("4096 bytes", hs_command_check(HS_CMD_IMPORT_RETRY, args, &err), &err);
	json_decref(args);
	args = json_pack("{s:s%}", "file", text, (size_t)4097);
	expect_true("4097 bytes", !hs_command_check(HS_CMD_IMPORT_RETRY, args, &err));
	expect_code("4097 bytes", &err, HS_BAD_ARGUMENT);
	json_decref(args);
}

static void test_find(void)
{
	static const char *const unknown[] = { "", "import", "import now", "import.nows", "statu" };
	enum hs_command_id found = HS_CMD_VERSION;

	for (size_t i = 0; i < HS_COUNT(unknown); i++)
		expect_true(unknown[i], !hs_command_find(unknown[i], &found));
	expect_int("untouched", found, HS_CMD_VERSION);
}

static void test_processes(void)
{
	for (int i = 0; i < HS_PROCESS_COUNT; i++) {
		const char *name = hs_process_name((enum hs_process)i);
		enum hs_process parsed = HS_PROCESS_COUNT;

		expect_true(name, hs_process_parse(name, &parsed));
		expect_int(name, parsed, i);
	}
	expect_true("web", hs_process_is_child(HS_PROC_WEB));
	expect_true("importer", hs_process_is_child(HS_PROC_IMPORTER));
	expect_true("extractor", hs_process_is_child(HS_PROC_EXTRACTOR));
	expect_true("supervisor", !hs_process_is_child(HS_PROC_SUPERVISOR));
	expect_true("hsctl", !hs_process_is_child(HS_PROC_CTL));
}

/* The man page's line for a command, from the table. */
/* ".It Nm hsctl ..." as the page has it: Op can bracket the last argument only, Oo and Oc all. */
static void man_line(const struct hs_command *row, char *buf, size_t size)
{
	size_t length = (size_t)snprintf(buf, size, ".It Nm hsctl %s", row->words);

	for (size_t i = 0; i < HS_COMMAND_ARGS && row->args[i].name != NULL; i++) {
		const struct hs_command_arg *arg = &row->args[i];
		bool is_alone = i == 0 && (i + 1 == HS_COMMAND_ARGS || row->args[i + 1].name == NULL);
		const char *dash = strrchr(arg->name, '-');
		const char *name = arg->is_option && dash != NULL ? dash + 1 : arg->name;
		char value[64];
		size_t n = 0;

		for (; name[n] != '\0'; n++)
			value[n] = (char)toupper((unsigned char)name[n]);
		value[n] = '\0';
		length += (size_t)snprintf(buf + length, size - length, "%s%s%s%s%s%s",
		    arg->required ? "" : is_alone ? " Op" : " Oo", arg->is_option ? " Fl Fl " : "",
		    arg->is_option ? arg->name : "", arg->type == HS_ARG_FLAG ? "" : " Ar ",
		    arg->type == HS_ARG_FLAG ? "" : arg->is_option && arg->type == HS_ARG_NUMBER ?
		    "N" : value, arg->required || is_alone ? "" : " Oc");
	}
}

static void check_man_entry(FILE *page, const char *line)
{
	char want[LINE_BYTES], next[LINE_BYTES] = "";

	for (int i = 0; i < HS_COMMAND_COUNT; i++) {
		man_line(&hs_commands[i], want, sizeof want);
		if (strcmp(want, line) != 0)
			continue;
		if (fgets(next, sizeof next, page) == NULL)
			next[0] = '\0';
		next[strcspn(next, "\n")] = '\0';
		snprintf(want, sizeof want, "%c%s.", toupper((unsigned char)hs_commands[i].help[0]),
		    hs_commands[i].help + 1);
		expect_text(line, next, want);
		return;
	}
	expect_true(line, !"the table has such a command");
}

static void test_man_page(void)
{
	char path[LINE_BYTES], line[LINE_BYTES];
	int entries = 0;
	FILE *page;

	snprintf(path, sizeof path, "%s/etc/man/hsctl.1", hs_source_dir());
	page = fopen(path, "r");
	if (!expect_true(path, page != NULL))
		return;
	while (fgets(line, sizeof line, page) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, ".It Nm hsctl ", strlen(".It Nm hsctl ")) == 0) {
			check_man_entry(page, line);
			entries++;
		}
	}
	fclose(page);
	expect_int("one entry a command", entries, HS_COMMAND_COUNT);
}

static const struct {
	const char *id;
	enum hs_process owner;
	const char *args;
	enum hs_error_code want;
	const char *says;
} requests[] = {
	{ "import.now", HS_PROC_IMPORTER, "{}", HS_OK, "" },
	{ "import.now", HS_PROC_EXTRACTOR, "{}", HS_UNKNOWN_COMMAND, "belongs to the importer" },
	{ "import.now", HS_PROC_IMPORTER, "{\"x\":1}", HS_BAD_ARGUMENT, "knows no argument x" },
	{ "import.list", HS_PROC_IMPORTER, "{}", HS_NOT_ALLOWED, "say 'hsctl import list'" },
	{ "import.later", HS_PROC_IMPORTER, "{}", HS_UNKNOWN_COMMAND, "does not know" },
	{ "extractor.run", HS_PROC_EXTRACTOR, "{\"name\":\"x\",\"dry-run\":true}", HS_OK, "" },
	{ "extractor.run", HS_PROC_EXTRACTOR, "{\"name\":\"x\",\"url\":\"http://a/\"}",
	    HS_NOT_ALLOWED, "--url is for the machine's operator" },
};

static void test_requests(void)
{
	for (size_t i = 0; i < HS_COUNT(requests); i++) {
		struct hs_error err = HS_ERROR_INIT;
		enum hs_command_id command = HS_COMMAND_COUNT;
		json_t *args = json_loads(requests[i].args, 0, NULL);

		hs_command_check_request(requests[i].id, requests[i].owner, args, &command, &err);
		expect_code(requests[i].id, &err, requests[i].want);
		expect_contains(requests[i].id, err.message, requests[i].says);
		json_decref(args);
	}
	/* what can be asked for by the database changes something, and a daemon does it */
	for (int i = 0; i < HS_COMMAND_COUNT; i++) {
		const struct hs_command *row = &hs_commands[i];

		expect_true(row->words, row->by_web == HS_ROLE_VIEWER ||
		    (row->needs == HS_MAY_OPERATE && hs_process_is_child(row->owner)));
	}
}

static const struct hs_case cases[] = {
	{ "every row", test_rows },
	{ "every row's arguments", test_args_of_rows },
	{ "check of requests", test_check },
	{ "long texts", test_long_text },
	{ "unknown commands", test_find },
	{ "names of processes", test_processes },
	{ "requests by the database", test_requests },
	{ "the man page", test_man_page },
};

int main(void)
{
	return hs_run_suite("commands", cases, HS_COUNT(cases));
}
