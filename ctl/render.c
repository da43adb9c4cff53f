/* render.c: the three ways to show what a command says: terminal, plain, JSON.
 *
 * Trusts no text: terminal and plain see everything escaped (screen_escape_json), JSON is
 * escaped by its nature. Which words a command's result becomes is the views' business. */
#include "ctl/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/control.h"
#include "common/number.h"
#include "ctl/views.h"

typedef void view_fn(struct output *output, const json_t *object);

/* How each command looks as text; no event view: its events are not shown. */
static const struct view {
	view_fn *event, *result;
} views[HS_COMMAND_COUNT] = {
	[HS_CMD_STATUS] = { .result = view_status },
	[HS_CMD_LOGS] = { .event = view_logs_event, .result = view_logs },
	[HS_CMD_START] = { .result = view_daemon },
	[HS_CMD_STOP] = { .result = view_daemon },
	[HS_CMD_RESTART] = { .result = view_daemon },
	[HS_CMD_RELOAD] = { .result = view_reload },
	[HS_CMD_IMPORT_NOW] = { .event = view_import_event, .result = view_import_now },
	[HS_CMD_IMPORT_LIST] = { .result = view_import_list },
	[HS_CMD_IMPORT_SHOW] = { .event = view_show_event, .result = view_import_show },
	[HS_CMD_IMPORT_RETRY] = { .event = view_import_event, .result = view_import_now },
	[HS_CMD_IMPORT_FILES] = { .result = view_import_files },
	[HS_CMD_IMPORT_FILE] = { .result = view_import_file },
	[HS_CMD_IMPORT_UNDO] = { .result = view_import_undo },
	[HS_CMD_IMPORT_DELETE] = { .result = view_import_delete },
	[HS_CMD_IDENTITY_SUGGEST] = { .event = view_identity_event, .result = view_identity_suggest },
	[HS_CMD_IDENTITY_LIST] = { .result = view_identity_list },
	[HS_CMD_IDENTITY_LINK] = { .result = view_identity_list },
	[HS_CMD_IDENTITY_UNLINK] = { .result = view_identity_unlink },
	[HS_CMD_IDENTITY_UNLIKE] = { .result = view_identity_unlike },
	[HS_CMD_EXTRACTOR_RUN] = { .event = view_extractor_event, .result = view_extractor_run },
	[HS_CMD_EXTRACTOR_CHECK] = { .result = view_extractor_check },
	[HS_CMD_EXTRACTOR_LIST] = { .result = view_extractor_list },
	[HS_CMD_EXTRACTOR_HISTORY] = { .result = view_extractor_history },
	[HS_CMD_EXTRACTOR_ENABLE] = { .result = view_extractor_switch },
	[HS_CMD_EXTRACTOR_DISABLE] = { .result = view_extractor_switch },
	[HS_CMD_EXTRACTOR_CANCEL] = { .result = view_extractor_cancel },
	[HS_CMD_SNAPSHOT_CHECK] = { .result = view_check },
	[HS_CMD_SNAPSHOT_SCHEMA] = { .result = view_schema },
	[HS_CMD_USER_CREATE] = { .result = view_user_change },
	[HS_CMD_USER_LIST] = { .result = view_user_list },
	[HS_CMD_USER_PASSWORD] = { .result = view_user_change },
	[HS_CMD_USER_ROLE] = { .result = view_user_change },
	[HS_CMD_USER_DISABLE] = { .result = view_user_change },
	[HS_CMD_USER_ENABLE] = { .result = view_user_change },
	[HS_CMD_USER_DELETE] = { .result = view_user_change },
	[HS_CMD_USER_AUDIT] = { .result = view_user_audit },
	[HS_CMD_TOKEN_CREATE] = { .result = view_token_create },
	[HS_CMD_TOKEN_LIST] = { .result = view_token_list },
	[HS_CMD_TOKEN_REVOKE] = { .result = view_token_revoke },
	[HS_CMD_QUALITY] = { .result = view_quality },
	[HS_CMD_BACKUP_VERIFY] = { .result = view_backup_verify },
	[HS_CMD_BACKUP] = { .result = view_backup },
	[HS_CMD_RESTORE] = { .result = view_restore },
	[HS_CMD_MIGRATE] = { .event = view_migrate_event, .result = view_migrate },
	[HS_CMD_CONFIG] = { .result = view_config },
	[HS_CMD_COMPLETION] = { .result = view_completion },
	[HS_CMD_DOCTOR] = { .result = view_doctor },
	[HS_CMD_VERSION] = { .result = view_version },
};

static void read_progress(const json_t *event, struct progress_state *ret)
{
	ret->name = text_of(event, "file");
	ret->stage = text_of(event, "stage");
	ret->note = json_string_value(json_object_get(event, "note"));
	ret->bytes = number_of(event, "bytes");
	ret->total = number_of(event, "total");
	ret->records = json_object_get(event, "records") == NULL ? -1 : number_of(event, "records");
}

static bool is_progress(const json_t *event)
{
	return strcmp(text_of(event, "event"), "progress") == 0;
}

static void text_event(struct output *output, enum hs_command_id command, const json_t *event)
{
	if (views[command].event == NULL)
		return;
	progress_clear(&output->progress);
	views[command].event(output, event);
}

static void terminal_event(struct output *output, enum hs_command_id command, const json_t *event)
{
	json_t *shown = screen_escape_json(event);
	struct progress_state state;

	if (is_progress(shown)) {
		read_progress(shown, &state);
		progress_draw(&output->progress, &state, hs_clock_ms());
	} else {
		text_event(output, command, shown);
	}
	json_decref(shown);
}

/* A log wants a sign of life now and then, and no more. */
static void plain_progress(struct output *output, const struct progress_state *state)
{
	char bytes[FIGURE_BYTES], total[FIGURE_BYTES], count[FIGURE_BYTES];
	int64_t now = hs_clock_ms();

	if (output->next_line_ms == 0)
		output->next_line_ms = now + PLAIN_PROGRESS_MS;	/* what is soon done needs none */
	if (now < output->next_line_ms)
		return;
	output->next_line_ms = now + PLAIN_PROGRESS_MS;
	if (state->note != NULL) {
		fprintf(output->errors.out, "%s: %s\n", state->name, state->note);
		return;
	}
	fprintf(output->errors.out, "%s: %s, %s of %s", state->name, state->stage,
	    hs_size_text(state->bytes, bytes, sizeof bytes),
	    state->total > 0 ? hs_size_text(state->total, total, sizeof total) : "?");
	if (state->records >= 0)
		fprintf(output->errors.out, ", %s records", screen_count(state->records, count));
	fputc('\n', output->errors.out);
}

static void plain_event(struct output *output, enum hs_command_id command, const json_t *event)
{
	json_t *shown = screen_escape_json(event);
	struct progress_state state;

	if (is_progress(shown)) {
		read_progress(shown, &state);
		plain_progress(output, &state);
	} else {
		text_event(output, command, shown);
	}
	json_decref(shown);
}

static void text_result(struct output *output, enum hs_command_id command, const json_t *result)
{
	json_t *shown = screen_escape_json(result);

	progress_clear(&output->progress);
	views[command].result(output, shown);
	json_decref(shown);
}

/* An argument was just typed: a sentence speaks of what it said. */
static bool is_argument(const struct hs_command *asked, const char *place)
{
	for (size_t i = 0; asked != NULL && i < HS_COMMAND_ARGS && asked->args[i].name != NULL; i++) {
		if (strcmp(asked->args[i].name, place) == 0)
			return true;
	}
	return false;
}

static void text_error(struct output *output, const struct hs_error *error, const char *advice)
{
	char *where = screen_escape(error->where, strlen(error->where));
	char *message = screen_escape(error->message, strlen(error->message));

	bool has_place = screen_needs_place(where, message) &&
	    !is_argument(output->asked, error->where);

	progress_clear(&output->progress);
	fflush(output->screen.out);
	screen_print(&output->errors, STYLE_BAD, "hsctl:");
	fprintf(output->errors.out, " %s%s%s\n", has_place ? where : "", has_place ? ": " : "",
	    message);
	if (advice != NULL)
		fprintf(output->errors.out, "%s\n", advice);
	free(where);
	free(message);
}

static void text_note(struct output *output, const char *name, const char *sentence)
{
	(void)name;
	progress_clear(&output->progress);
	fflush(output->screen.out);
	fprintf(output->errors.out, "hsctl: %s\n", sentence);
}

/* Takes object: one line of it. */
static void print_json(struct output *output, json_t *object)
{
	if (object == NULL || json_dumpf(object, output->screen.out, JSON_COMPACT) != 0)
		out_of_memory();
	fputc('\n', output->screen.out);
	json_decref(object);
}

static void json_event(struct output *output, enum hs_command_id command, const json_t *event)
{
	json_t *line = json_copy((json_t *)(size_t)event);

	(void)command;
	if (line == NULL)
		out_of_memory();
	json_object_del(line, "id");	/* the protocol's, of no use to a reader */
	print_json(output, line);
}

static void json_result(struct output *output, enum hs_command_id command, const json_t *result)
{
	(void)command;
	print_json(output, hs_message_result(0, json_incref((json_t *)(size_t)result)));
}

static void json_failure(struct output *output, const struct hs_error *error, const char *advice)
{
	(void)advice;
	print_json(output, hs_message_error(0, error));
}

static void json_note(struct output *output, const char *name, const char *sentence)
{
	json_t *body = json_object();

	if (body == NULL || json_object_set_new(body, "message", json_string(sentence)) != 0)
		out_of_memory();
	print_json(output, hs_message_event(0, name, body));
}

static const struct output_ops kinds[] = {
	[OUTPUT_TERMINAL] = { terminal_event, text_result, text_error, text_note },
	[OUTPUT_PLAIN] = { plain_event, text_result, text_error, text_note },
	[OUTPUT_JSON] = { json_event, json_result, json_failure, json_note },
};

enum output_kind output_choose(bool wants_json, FILE *err)
{
	if (wants_json)
		return OUTPUT_JSON;
	return isatty(fileno(err)) ? OUTPUT_TERMINAL : OUTPUT_PLAIN;
}

void output_init(struct output *output, enum output_kind kind, FILE *out, FILE *err)
{
	memset(output, 0, sizeof *output);
	output->ops = &kinds[kind];
	screen_init(&output->screen, out);
	screen_init(&output->errors, err);
	progress_init(&output->progress, err);
}

bool output_flush(struct output *output)
{
	if (fflush(output->screen.out) == 0 && ferror(output->screen.out) == 0)
		return true;
	if (errno != EPIPE)
		fprintf(stderr, "hsctl: cannot write the output: %s\n", strerror(errno));
	return false;
}
