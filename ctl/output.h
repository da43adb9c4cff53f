/* output.h: where a command's events and its result go: a terminal, plain text or JSON.
 *
 * One vtable each. Text goes to stdout, errors and the progress line to stderr; with
 * --json everything goes to stdout, one object a line:
 *
 *   {"event":"progress",...}   {"result":{...}}   {"error":{"code":"...","message":"..."}} */
#ifndef CTL_OUTPUT_H
#define CTL_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "common/commands.h"
#include "common/error.h"
#include "ctl/progress.h"
#include "ctl/screen.h"

struct output;

struct output_ops {
	/* Borrows event: {"event":"progress",...} */
	void (*event)(struct output *output, enum hs_command_id command, const json_t *event);
	void (*result)(struct output *output, enum hs_command_id command, const json_t *result);
	/* advice: what to do, one or several lines, or NULL. */
	void (*error)(struct output *output, const struct hs_error *error, const char *advice);
	/* Something to know beside the result; name is a word for programs ("detached"). */
	void (*note)(struct output *output, const char *name, const char *sentence);
};

enum output_kind { OUTPUT_TERMINAL, OUTPUT_PLAIN, OUTPUT_JSON };

struct output {
	const struct output_ops *ops;
	struct screen screen;		/* stdout */
	struct screen errors;		/* stderr */
	struct progress progress;
	int64_t next_line_ms;		/* of plain progress */
	const struct hs_command *asked;	/* what was asked for; NULL: not known */
	bool has_shown;			/* a text view's heading stands there already */
};

enum { PLAIN_PROGRESS_MS = 10000 };	/* a line of plain progress comes so often at most */

/* JSON when it is wanted, else a terminal when err is one. */
enum output_kind output_choose(bool wants_json, FILE *err);

void output_init(struct output *output, enum output_kind kind, FILE *out, FILE *err);

/* False when what was written did not arrive; tells it on stderr, unless the reader has
 * just left. */
bool output_flush(struct output *output);

#endif
