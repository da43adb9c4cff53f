/* args.c: words and options, by the table of commands.
 *
 * Trusts only the table. Two passes: the first finds the command's words, since they tell
 * which options take a value; the second takes everything else. What is wrong is refused
 * before anything is sent. */
#include "ctl/args.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/number.h"
#include "common/text.h"
#include "ctl/nearest.h"

struct parser {
	int argc;
	char *const *argv;
	int at;				/* the token that is looked at */
	bool options_are_over;		/* after -- */
	int words_left;			/* of the command, still to be passed over */
	struct request request;
	const struct hs_command *row;
	size_t positional_count;
};

static bool is_option(const struct parser *parser, const char *token)
{
	return !parser->options_are_over && token[0] == '-' && token[1] != '\0';
}

/* Whether token is --name or --name=VALUE; *ret_value is VALUE, or NULL. */
static bool names_option(const char *token, const char *name, const char **ret_value)
{
	size_t length = strlen(name);

	if (strncmp(token, "--", 2) != 0 || strncmp(token + 2, name, length) != 0)
		return false;
	if (token[2 + length] == '\0') {
		*ret_value = NULL;
		return true;
	}
	if (token[2 + length] != '=')
		return false;
	*ret_value = token + 2 + length + 1;
	return true;
}

static bool is_help(const char *token)
{
	return strcmp(token, "--help") == 0 || strcmp(token, "-h") == 0;
}

static bool has_option(int argc, char *const *argv, const char *option)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], option) == 0)
			return true;
	}
	return false;
}

bool args_want_json(int argc, char *const *argv)
{
	return has_option(argc, argv, "--json");
}

/* The same for -n, -nVALUE. */
static bool is_letter(const char *token, char letter, const char **ret_value)
{
	if (letter == '\0' || token[0] != '-' || token[1] != letter)
		return false;
	*ret_value = token[2] != '\0' ? token + 2 : NULL;
	return true;
}

/* The value of an option that needs one: after '=', or the next token. */
static bool take_value(struct parser *parser, const char *name, const char *inline_value,
    const char **ret, struct hs_error *err)
{
	const char *value = inline_value;

	if (value == NULL && parser->at + 1 < parser->argc)
		value = parser->argv[++parser->at];
	if (value == NULL || value[0] == '\0')
		return hs_error_set(err, HS_BAD_ARGUMENT, "", "--%s needs a value", name);
	*ret = value;
	return true;
}

/* --json, --socket and --help are known everywhere. *ret_taken: it was one of them. */
static bool take_global(struct parser *parser, const char *token, bool *ret_taken,
    struct hs_error *err)
{
	const char *value;

	*ret_taken = true;
	if (is_help(token)) {
		parser->request.wants_help = true;
		return true;
	}
	if (strcmp(token, "--json") == 0) {
		parser->request.json = true;
		return true;
	}
	if (names_option(token, "socket", &value)) {
		if (parser->request.socket != NULL)
			return hs_error_set(err, HS_BAD_ARGUMENT, "", "--socket is given twice");
		return take_value(parser, "socket", value, &parser->request.socket, err);
	}
	*ret_taken = false;
	return true;
}

static size_t count_words(const char *words)
{
	return strchr(words, ' ') != NULL ? 2 : 1;
}

/* Finds the command that begins with first, and goes on with second (may be NULL). */
static const struct hs_command *match_words(const char *first, const char *second)
{
	for (size_t i = 0; i < HS_COMMAND_COUNT; i++) {
		const char *words = hs_commands[i].words;
		size_t length = strlen(first);

		if (strncmp(words, first, length) != 0)
			continue;
		if (words[length] == '\0')
			return &hs_commands[i];
		if (words[length] == ' ' && second != NULL &&
		    strcmp(words + length + 1, second) == 0)
			return &hs_commands[i];
	}
	return NULL;
}

static bool is_group(const char *word)
{
	size_t length = strlen(word);

	for (size_t i = 0; i < HS_COMMAND_COUNT; i++) {
		const char *words = hs_commands[i].words;

		if (length > 0 && strncmp(words, word, length) == 0 && words[length] == ' ')
			return true;
	}
	return false;
}

static bool refuse_words(const char *first, const char *second, struct hs_error *err)
{
	char typed[2 * NEAREST_BYTES + 2];
	const char *nearest;

	if (is_group(first) && second == NULL)
		return hs_error_set(err, HS_UNKNOWN_COMMAND, "",
		    "'%s' needs one word more; 'hsctl %s --help' lists them", first, first);
	snprintf(typed, sizeof typed, "%.*s%s%.*s", (int)NEAREST_BYTES, first,
	    second != NULL ? " " : "", (int)NEAREST_BYTES, second != NULL ? second : "");
	nearest = nearest_command(first, second);
	if (nearest != NULL)
		return hs_error_set(err, HS_UNKNOWN_COMMAND, "",
		    "there is no command '%s'; did you mean '%s'?", typed, nearest);
	return hs_error_set(err, HS_UNKNOWN_COMMAND, "",
	    "there is no command '%s'; 'hsctl --help' lists them all", typed);
}

/* The first two words in *ret_words, NULL where there are fewer; sees --help on the way. */
static bool find_words(struct parser *parser, const char *ret_words[2], struct hs_error *err)
{
	size_t count = 0;

	ret_words[0] = ret_words[1] = NULL;
	for (parser->at = 1; parser->at < parser->argc && count < 2; parser->at++) {
		const char *token = parser->argv[parser->at];
		bool taken;

		if (strcmp(token, "--") == 0)
			break;
		if (!is_option(parser, token))
			ret_words[count++] = token;
		else if (!take_global(parser, token, &taken, err))
			return false;
		else if (!taken)
			break;
	}
	return true;
}

static const struct hs_command_arg *next_positional(const struct parser *parser)
{
	size_t place = 0;

	for (size_t i = 0; i < HS_COMMAND_ARGS && parser->row->args[i].name != NULL; i++) {
		if (!parser->row->args[i].is_option && place++ == parser->positional_count)
			return &parser->row->args[i];
	}
	return NULL;
}

/* A path from the root, for a daemon that stands elsewhere; NULL without memory or a folder. */
static json_t *to_path(const char *text)
{
	char here[PATH_MAX];

	if (text[0] == '/' || text[0] == '\0')
		return json_string(text);
	return getcwd(here, sizeof here) == NULL ? NULL : json_sprintf("%s/%s", here, text);
}

/* The value as JSON, checked against the row. NULL with *err. */
static json_t *to_json(const struct hs_command_arg *arg, const char *text, struct hs_error *err)
{
	size_t length = strlen(text);
	json_t *value = NULL;
	long long number;

	if (arg->type == HS_ARG_NUMBER) {
		if (!hs_parse_int(text, arg->min, arg->max, arg->name, &number, err)) {
			err->code = HS_BAD_ARGUMENT;
			return NULL;
		}
		value = json_integer(number);
	} else if (hs_utf8_valid_prefix(text, length) == length) {
		value = arg->type == HS_ARG_PATH ? to_path(text) : json_stringn(text, length);
	} else if (arg->type == HS_ARG_FILE) {
		return json_string("?");	/* the path itself is in request.file */
	} else {
		hs_error_set(err, HS_BAD_ARGUMENT, "", "%s is not valid UTF-8", arg->name);
		return NULL;
	}
	if (value == NULL)
		hs_error_set(err, HS_NO_MEMORY, "", "no memory for the arguments");
	else if (hs_command_check_arg(arg, value, err))
		return value;
	json_decref(value);
	return NULL;
}

static bool set_arg(struct parser *parser, const struct hs_command_arg *arg, const char *text,
    struct hs_error *err)
{
	json_t *value;

	if (json_object_get(parser->request.args, arg->name) != NULL)
		return hs_error_set(err, HS_BAD_ARGUMENT, "", "--%s is given twice", arg->name);
	if (arg->type == HS_ARG_FILE)
		parser->request.file = text;
	value = arg->type == HS_ARG_FLAG ? json_true() : to_json(arg, text, err);
	if (value == NULL)
		return false;
	if (json_object_set_new(parser->request.args, arg->name, value) != 0)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for the arguments");
	return true;
}

static bool refuse_option(const struct parser *parser, const char *token, struct hs_error *err)
{
	const char *nearest = nearest_option(parser->row, token);

	if (nearest != NULL)
		return hs_error_set(err, HS_BAD_ARGUMENT, "",
		    "'%s' has no option %.64s; did you mean --%s?", parser->row->words, token,
		    nearest);
	return hs_error_set(err, HS_BAD_ARGUMENT, "",
	    "'%s' has no option %.64s; 'hsctl %s --help' lists them", parser->row->words, token,
	    parser->row->words);
}

static bool take_option(struct parser *parser, const char *token, struct hs_error *err)
{
	const char *value;
	bool taken;

	if (!take_global(parser, token, &taken, err))
		return false;
	if (taken)
		return true;
	for (size_t i = 0; i < HS_COMMAND_ARGS && parser->row->args[i].name != NULL; i++) {
		const struct hs_command_arg *arg = &parser->row->args[i];

		if (!arg->is_option || (!names_option(token, arg->name, &value) &&
			!is_letter(token, arg->letter, &value)))
			continue;
		if (arg->type == HS_ARG_FLAG && value != NULL)
			return hs_error_set(err, HS_BAD_ARGUMENT, "", "--%s takes no value",
			    arg->name);
		if (arg->type != HS_ARG_FLAG && !take_value(parser, arg->name, value, &value, err))
			return false;
		return set_arg(parser, arg, value, err);
	}
	return refuse_option(parser, token, err);
}

static bool take_positional(struct parser *parser, const char *token, struct hs_error *err)
{
	const struct hs_command_arg *arg;

	if (parser->words_left > 0) {
		parser->words_left--;
		return true;
	}
	if ((arg = next_positional(parser)) == NULL)
		return hs_error_set(err, HS_BAD_ARGUMENT, "",
		    "'%.64s' is one word too many; see 'hsctl %s --help'", token, parser->row->words);
	parser->positional_count++;
	return set_arg(parser, arg, token, err);
}

static bool take_all(struct parser *parser, struct hs_error *err)
{
	parser->request.socket = NULL;	/* the first pass may have seen it */
	for (parser->at = 1; parser->at < parser->argc; parser->at++) {
		const char *token = parser->argv[parser->at];
		bool done;

		if (!parser->options_are_over && strcmp(token, "--") == 0) {
			parser->options_are_over = true;
			continue;
		}
		done = is_option(parser, token) ? take_option(parser, token, err)
						: take_positional(parser, token, err);
		if (!done)
			return false;
	}
	return true;
}

/* Help needs no arguments, and forgives wrong ones. */
static bool asks_for_help(int argc, char *const *argv)
{
	return has_option(argc, argv, "--help") || has_option(argc, argv, "-h");
}

static bool set_topic(struct parser *parser, const char *const words[2], struct hs_error *err)
{
	parser->request.wants_help = true;
	if (words[0] == NULL) {
		parser->request.topic = "";
	} else if (parser->row != NULL) {
		parser->request.topic = parser->row->words;
	} else if (is_group(words[0]) && words[1] == NULL) {
		parser->request.topic = words[0];
	} else {
		return refuse_words(words[0], words[1], err);
	}
	return true;
}

static bool parse(struct parser *parser, struct hs_error *err)
{
	const char *words[2];

	if (!find_words(parser, words, err))
		return false;
	if (words[0] != NULL)
		parser->row = match_words(words[0], words[1]);
	if (asks_for_help(parser->argc, parser->argv))
		return set_topic(parser, words, err);
	if (words[0] == NULL && has_option(parser->argc, parser->argv, "--version"))
		parser->row = &hs_commands[HS_CMD_VERSION];
	else if (words[0] == NULL)
		return hs_error_set(err, HS_UNKNOWN_COMMAND, "",
		    "say what to do; 'hsctl --help' lists the commands");
	if (parser->row == NULL)
		return refuse_words(words[0], words[1], err);
	parser->request.command = (enum hs_command_id)(parser->row - hs_commands);
	if (words[0] == NULL) {
		parser->request.json = args_want_json(parser->argc, parser->argv);
		return true;
	}
	parser->words_left = (int)count_words(parser->row->words);
	return take_all(parser, err) &&
	    hs_command_check(parser->request.command, parser->request.args, err);
}

bool args_parse(int argc, char *const *argv, struct request *ret, struct hs_error *err)
{
	struct parser parser = { .argc = argc, .argv = argv };

	if ((parser.request.args = json_object()) == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for the arguments");
	if (!parse(&parser, err)) {
		err->where[0] = '\0';	/* the argument's name, which the sentence has too */
		json_decref(parser.request.args);
		return false;
	}
	*ret = parser.request;
	return true;
}

void request_done(struct request *request)
{
	json_decref(request->args);
	request->args = NULL;
}
