/* completion.c: shell completion, as three lists and a walk over what was typed.
 *
 * The lists come from the table of commands: which words follow which, a command's options, and
 * what kind of thing stands after an option or in a place: "file", "value" (nothing to offer), or
 * "words" and the words. A command may stand before others ("backup", "backup verify"): after its
 * word, either may come. The walks differ by shell, and know no command. Trusts the table: its
 * words and names need no quoting; its help does. */
#include "ctl/completion.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/commands.h"

/* How a shell wants one word of a list. */
typedef void item_fn(FILE *to, const char *prefix, const char *word, int length, const char *help);

struct shell {
	const char *name;
	const char *begin;		/* before a list's items, */
	const char *end;		/* and after them */
	const char *empty;
	const char *kind;		/* the variable that a kind goes to */
	item_fn *item;
	const char *head;
	const char *walk;
};

static const char bash_head[] =
    "# bash completion for hsctl, as 'hsctl completion bash' prints it\n";

static const char bash_walk[] =
    "_hsctl_offer()\n"
    "{\n"
    "    case $1 in\n"
    "    file)\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- \"$2\")\n"
    "        ;;\n"
    "    words\\ *)\n"
    "        mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -W \"${1#words }\" -- \"$2\")\n"
    "        ;;\n"
    "    esac\n"
    "}\n"
    "\n"
    "# words that may stand here, and what else may\n"
    "_hsctl_place()\n"
    "{\n"
    "    reply=''\n"
    "    (($2 > 1)) || _hsctl_words \"$1\"\n"
    "    next=$reply\n"
    "    _hsctl_kind \"$1 $2\"\n"
    "}\n"
    "\n"
    "_hsctl()\n"
    "{\n"
    "    local current=${COMP_WORDS[COMP_CWORD]} said='' reply='' next='' place=1 i word\n"
    "\n"
    "    COMPREPLY=()\n"
    "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "        word=${COMP_WORDS[i]}\n"
    "        if [[ $word == -* ]]; then\n"
    "            _hsctl_kind \"$said $word\"\n"
    "            [[ -n $reply ]] || continue\n"
    "            ((++i))\n"
    "            [[ ${COMP_WORDS[i]} != = ]] || ((++i))    # --limit=5 comes as three words\n"
    "            if ((i >= COMP_CWORD)); then\n"
    "                _hsctl_offer \"$reply\" \"${current#=}\"\n"
    "                return\n"
    "            fi\n"
    "            continue\n"
    "        fi\n"
    "        _hsctl_place \"$said\" $place\n"
    "        if [[ \" $next \" == *\" $word \"* || ( -n $next && -z $reply ) ]]; then\n"
    "            said=${said:+$said }$word\n"
    "        else\n"
    "            ((++place))\n"
    "        fi\n"
    "    done\n"
    "    if [[ $current == -* ]]; then\n"
    "        _hsctl_options \"$said\"\n"
    "        _hsctl_offer \"words $reply --json --socket --help\" \"$current\"\n"
    "        return\n"
    "    fi\n"
    "    _hsctl_place \"$said\" $place\n"
    "    [[ -z $next ]] || _hsctl_offer \"words $next\" \"$current\"\n"
    "    _hsctl_offer \"$reply\" \"$current\"\n"
    "}\n"
    "\n"
    "complete -F _hsctl hsctl\n";

static const char zsh_head[] =
    "#compdef hsctl\n"
    "# zsh completion for hsctl, as 'hsctl completion zsh' prints it\n";

static const char zsh_walk[] =
    "_hsctl_offer()\n"
    "{\n"
    "    case $REPLY in\n"
    "    file) _files ;;\n"
    "    words\\ *) compadd -- ${=REPLY#words } ;;\n"
    "    *) _message 'a value' ;;\n"
    "    esac\n"
    "}\n"
    "\n"
    "# words that may stand here, and what else may\n"
    "_hsctl_place()\n"
    "{\n"
    "    reply=()\n"
    "    (($2 > 1)) || _hsctl_words \"$1\"\n"
    "    _hsctl_kind \"$1 $2\"\n"
    "}\n"
    "\n"
    "_hsctl()\n"
    "{\n"
    "    local said='' word REPLY\n"
    "    local -a reply\n"
    "    local -i i place=1\n"
    "\n"
    "    for ((i = 2; i < CURRENT; i++)); do\n"
    "        word=$words[i]\n"
    "        if [[ $word == -* ]]; then\n"
    "            _hsctl_kind \"$said $word\"\n"
    "            if [[ -n $REPLY ]] && ((++i >= CURRENT)); then\n"
    "                _hsctl_offer\n"
    "                return\n"
    "            fi\n"
    "            continue\n"
    "        fi\n"
    "        _hsctl_place \"$said\" $place\n"
    "        if (($#reply)) && [[ -z $REPLY || -n ${reply[(r)${(b)word}:*]} ]]; then\n"
    "            said=\"${said:+$said }$word\"\n"
    "        else\n"
    "            ((++place))\n"
    "        fi\n"
    "    done\n"
    "    if [[ $words[CURRENT] == -* ]]; then\n"
    "        _hsctl_options \"$said\"\n"
    "        reply+=('--json:print JSON' '--socket:the control socket' '--help:tell how')\n"
    "        _describe -o option reply\n"
    "        return\n"
    "    fi\n"
    "    _hsctl_place \"$said\" $place\n"
    "    (($#reply == 0)) || _describe command reply\n"
    "    [[ $#reply -gt 0 && -z $REPLY ]] || _hsctl_offer\n"
    "}\n"
    "\n"
    "if [[ $funcstack[1] == _hsctl ]]; then\n"
    "    _hsctl \"$@\"\n"
    "else\n"
    "    compdef _hsctl hsctl\n"
    "fi\n";

/* ---- items ---- */

static void bash_item(FILE *to, const char *prefix, const char *word, int length, const char *help)
{
	(void)help;
	fprintf(to, " %s%.*s", prefix, length, word);
}

/* 'now:import what lies in incoming'; a quote within ends the text, and begins it anew. */
static void zsh_item(FILE *to, const char *prefix, const char *word, int length, const char *help)
{
	fprintf(to, " '%s%.*s:", prefix, length, word);
	for (; *help != '\0'; help++)
		fputs(*help == '\'' ? "'\\''" : (const char[]){ *help, '\0' }, to);
	fputc('\'', to);
}

static const struct shell shells[] = {
	{ "bash", "reply='", "'", "reply=''", "reply", bash_item, bash_head, bash_walk },
	{ "zsh", "reply=(", ")", "reply=()", "REPLY", zsh_item, zsh_head, zsh_walk },
};

/* ---- the lists ---- */

static int group_length(const struct hs_command *row)
{
	return (int)strcspn(row->words, " ");
}

static bool is_in_group(const struct hs_command *row, const char *group, int length)
{
	return group_length(row) == length && strncmp(row->words, group, (size_t)length) == 0;
}

/* Whether no row above it begins with the same word. */
static bool is_first(size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is_in_group(&hs_commands[i], hs_commands[n].words,
			group_length(&hs_commands[n])))
			return false;
	return true;
}

static bool is_group(const struct hs_command *row)
{
	return row->words[group_length(row)] == ' ';
}

static void begin_list(FILE *to, const char *name)
{
	fprintf(to, "\n_hsctl_%s()\n{\n    case $1 in\n", name);
}

static void end_list(FILE *to, const char *empty)
{
	fprintf(to, "    *) %s ;;\n    esac\n}\n", empty);
}

static void put_words(FILE *to, const struct shell *shell)
{
	begin_list(to, "words");
	fprintf(to, "    '') %s", shell->begin);
	for (size_t i = 0; i < HS_COMMAND_COUNT; i++)
		if (is_first(i))
			shell->item(to, "", hs_commands[i].words, group_length(&hs_commands[i]),
			    is_group(&hs_commands[i]) ? "..." : hs_commands[i].help);
	fprintf(to, "%s ;;\n", shell->end);
	for (size_t i = 0; i < HS_COMMAND_COUNT; i++) {
		int length = group_length(&hs_commands[i]);

		if (!is_group(&hs_commands[i]) || !is_first(i))
			continue;
		fprintf(to, "    '%.*s') %s", length, hs_commands[i].words, shell->begin);
		for (size_t n = i; n < HS_COMMAND_COUNT; n++)
			if (is_group(&hs_commands[n]) &&
			    is_in_group(&hs_commands[n], hs_commands[i].words, length))
				shell->item(to, "", hs_commands[n].words + length + 1,
				    (int)strlen(hs_commands[n].words + length + 1),
				    hs_commands[n].help);
		fprintf(to, "%s ;;\n", shell->end);
	}
	end_list(to, shell->empty);
}

static size_t count_args(const struct hs_command *row)
{
	size_t count = 0;

	while (count < HS_COMMAND_ARGS && row->args[count].name != NULL)
		count++;
	return count;
}

static void put_options(FILE *to, const struct shell *shell)
{
	begin_list(to, "options");
	fprintf(to, "    '') %s", shell->begin);
	shell->item(to, "--", "version", (int)strlen("version"), "print the version");
	fprintf(to, "%s ;;\n", shell->end);
	for (size_t i = 0; i < HS_COMMAND_COUNT; i++) {
		const struct hs_command *row = &hs_commands[i];
		bool has_any = false;

		for (size_t n = 0; n < count_args(row); n++) {
			const struct hs_command_arg *arg = &row->args[n];

			if (!arg->is_option)
				continue;
			if (!has_any)
				fprintf(to, "    '%s') %s", row->words, shell->begin);
			has_any = true;
			shell->item(to, "--", arg->name, (int)strlen(arg->name), arg->help);
		}
		if (has_any)
			fprintf(to, "%s ;;\n", shell->end);
	}
	end_list(to, shell->empty);
}

static void put_daemons(FILE *to)
{
	for (int process = 0; process < HS_PROCESS_COUNT; process++)
		if (hs_process_is_child((enum hs_process)process))
			fprintf(to, " %s", hs_process_name((enum hs_process)process));
}

static void put_arg(FILE *to, const struct hs_command_arg *arg)
{
	switch (arg->type) {
	case HS_ARG_DAEMON:
		fputs("'words", to);
		put_daemons(to);
		fputs("'", to);
		break;
	case HS_ARG_ROLE:
		fputs("'words", to);
		for (int role = 0; role < HS_ROLE_COUNT; role++)
			fprintf(to, " %s", hs_role_name((enum hs_role)role));
		fputs("'", to);
		break;
	case HS_ARG_SHELL:
		fputs("'words", to);
		for (size_t i = 0; i < HS_COUNT(shells); i++)
			fprintf(to, " %s", shells[i].name);
		fputs("'", to);
		break;
	case HS_ARG_FILE:
	case HS_ARG_PATH:
		fputs("'file'", to);
		break;
	default:
		fputs("'value'", to);
		break;
	}
}

static void put_kinds(FILE *to, const struct shell *shell)
{
	char none[32];

	begin_list(to, "kind");
	fprintf(to, "    *' --socket') %s='file' ;;\n", shell->kind);
	for (size_t i = 0; i < HS_COMMAND_COUNT; i++) {
		const struct hs_command *row = &hs_commands[i];
		int place = 0;

		for (size_t n = 0; n < count_args(row); n++) {
			const struct hs_command_arg *arg = &row->args[n];

			if (arg->type == HS_ARG_FLAG)
				continue;
			if (arg->is_option)
				fprintf(to, "    '%s --%s') ", row->words, arg->name);
			else
				fprintf(to, "    '%s %d') ", row->words, ++place);
			fprintf(to, "%s=", shell->kind);
			put_arg(to, arg);
			fputs(" ;;\n", to);
		}
	}
	snprintf(none, sizeof none, "%s=''", shell->kind);
	end_list(to, none);
}

/* ---- ---- */

static const struct shell *find_shell(const char *name)
{
	for (size_t i = 0; i < HS_COUNT(shells); i++)
		if (strcmp(shells[i].name, name) == 0)
			return &shells[i];
	return NULL;
}

static json_t *lines_of(char *text)
{
	json_t *lines = json_array();

	for (char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1)
		if (json_array_append_new(lines, json_stringn(line, (size_t)(end - line))) != 0) {
			json_decref(lines);
			return NULL;
		}
	return lines;
}

json_t *completion_script(const char *name, struct hs_error *err)
{
	const struct shell *shell = find_shell(name);
	char *text = NULL;
	size_t length;
	json_t *lines = NULL;
	FILE *to;

	if (shell == NULL) {
		hs_error_set(err, HS_BAD_ARGUMENT, "shell",
		    "there is no completion for %.64s: say bash or zsh", name);
		return NULL;
	}
	if ((to = open_memstream(&text, &length)) != NULL) {
		fputs(shell->head, to);
		put_words(to, shell);
		put_options(to, shell);
		put_kinds(to, shell);
		fprintf(to, "\n%s", shell->walk);
		if (fclose(to) == 0)
			lines = lines_of(text);
	}
	free(text);
	if (lines == NULL)
		hs_error_set(err, HS_NO_MEMORY, "", "no memory for the script");
	return lines == NULL ? NULL : json_pack("{s:s, s:o}", "shell", shell->name, "lines", lines);
}
