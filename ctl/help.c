/* help.c: usage lines and lists, derived from the table of commands.
 *
 * Trusts the table. */
#include "ctl/help.h"

#include <ctype.h>
#include <string.h>

enum { WORDS_COLUMNS = 26, USAGE_BYTES = 256 };

static const char options_word[] = " [OPTIONS]";

static const char general_options[] =
    "Options everywhere\n"
    "  --json                    print JSON: one object a line, events and the result\n"
    "  --socket PATH             the control socket, instead of the one that the\n"
    "                            settings name (HOOPSCOUT_CONTROL_SOCKET)\n"
    "  -h, --help                this help, also after a command's first words\n"
    "  --                        ends the options\n";

static const char exit_codes[] =
    "Exit status\n"
    "  0   done\n"
    "  1   the work failed, a file was refused, or something is down\n"
    "  2   it was said wrongly\n"
    "  69  HoopScout cannot be reached\n"
    "  77  not allowed\n"
    "  78  a setting is wrong\n"
    "  130 detached by Ctrl-C; the work goes on\n";

/* "FILE", "N" or "" as a value is shown; that of --output-path is "PATH". */
static void placeholder(const struct hs_command_arg *arg, char *buf, size_t size)
{
	const char *dash = arg->is_option ? strrchr(arg->name, '-') : NULL;
	const char *name = dash != NULL ? dash + 1 : arg->name;
	size_t i = 0;

	if (arg->type == HS_ARG_FLAG) {
		buf[0] = '\0';
	} else if (arg->is_option && arg->type == HS_ARG_NUMBER) {
		snprintf(buf, size, "N");
	} else {
		for (; name[i] != '\0' && i + 1 < size; i++)
			buf[i] = (char)toupper((unsigned char)name[i]);
		buf[i] = '\0';
	}
}

/* "FILE" or "--limit N". */
static void arg_form(const struct hs_command_arg *arg, char *buf, size_t size)
{
	char value[32];

	placeholder(arg, value, sizeof value);
	if (!arg->is_option)
		snprintf(buf, size, "%s", value);
	else if (arg->letter != '\0')
		snprintf(buf, size, "-%c, --%s%s%s", arg->letter, arg->name,
		    value[0] != '\0' ? " " : "", value);
	else
		snprintf(buf, size, "--%s%s%s", arg->name, value[0] != '\0' ? " " : "", value);
}

static size_t count_options(const struct hs_command *row)
{
	size_t count = 0;

	for (size_t i = 0; i < HS_COMMAND_ARGS && row->args[i].name != NULL; i++)
		count += row->args[i].is_option;
	return count;
}

void help_usage(const struct hs_command *row, char *buf, size_t size)
{
	size_t length = (size_t)snprintf(buf, size, "hsctl %s", row->words);
	bool has_many = count_options(row) > 1;

	for (size_t i = 0; i < HS_COMMAND_ARGS && row->args[i].name != NULL && length < size; i++) {
		const struct hs_command_arg *arg = &row->args[i];
		char form[64];

		if (arg->is_option && has_many && !arg->required)
			continue;
		arg_form(arg, form, sizeof form);
		length += (size_t)snprintf(buf + length, size - length,
		    arg->required ? " %s" : " [%s]", form);
	}
	if (has_many && length < size)
		snprintf(buf + length, size - length, "%s", options_word);
}

static void print_row(FILE *to, const struct hs_command *row)
{
	char usage[USAGE_BYTES];
	const char *words = usage + strlen("hsctl ");

	help_usage(row, usage, sizeof usage);
	if (strlen(words) < WORDS_COLUMNS)
		fprintf(to, "  %-*s%s\n", WORDS_COLUMNS, words, row->help);
	else
		fprintf(to, "  %s\n  %*s%s\n", words, WORDS_COLUMNS, "", row->help);
}

static bool in_group(const struct hs_command *row, const char *group)
{
	size_t length = strlen(group);

	return length == 0 ||
	    (strncmp(row->words, group, length) == 0 && row->words[length] == ' ');
}

static void print_group(FILE *to, const char *group)
{
	fprintf(to, "usage: hsctl %s%sCOMMAND [OPTIONS]\n\nCommands\n", group,
	    group[0] != '\0' ? " " : "");
	for (size_t i = 0; i < HS_COMMAND_COUNT; i++) {
		if (in_group(&hs_commands[i], group))
			print_row(to, &hs_commands[i]);
	}
	fprintf(to, "\n'hsctl COMMAND --help' tells more of each.\n\n%s\n%s", general_options,
	    exit_codes);
}

static void print_args(FILE *to, const struct hs_command *row)
{
	for (size_t i = 0; i < HS_COMMAND_ARGS && row->args[i].name != NULL; i++) {
		char form[64];

		arg_form(&row->args[i], form, sizeof form);
		fprintf(to, "  %-*s%s\n", WORDS_COLUMNS, form, row->args[i].help);
	}
	if (row->args[0].name != NULL)
		fputc('\n', to);
}

static void print_command(FILE *to, const struct hs_command *row)
{
	char usage[USAGE_BYTES];

	help_usage(row, usage, sizeof usage);
	fprintf(to, "usage: %s%s\n\n%c%s.\n\n", usage, count_options(row) > 1 ? "" : options_word,
	    toupper((unsigned char)row->help[0]), row->help + 1);
	print_args(to, row);
	fputs(general_options, to);
	if (row->owner == HS_PROC_CTL)
		fputs("\nIt works without a running HoopScout.\n", to);
}

void help_print(FILE *to, const char *topic)
{
	for (size_t i = 0; i < HS_COMMAND_COUNT; i++) {
		if (strcmp(topic, hs_commands[i].words) == 0) {
			print_command(to, &hs_commands[i]);
			return;
		}
	}
	print_group(to, topic);
}
