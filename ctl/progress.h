/* progress.h: one line at the bottom of a terminal that tells how far a long work is.
 *
 * Drawn only on a terminal, and only while hsctl is in its foreground; with blanks and a
 * carriage return instead of escape codes, so that every terminal can take it. The line
 * is cut to the window, and whoever prints something else clears it first. */
#ifndef CTL_PROGRESS_H
#define CTL_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct progress_state {
	const char *name;	/* of the file, escaped */
	const char *stage;	/* "loading" */
	long long bytes, total;	/* total 0: not known */
	long long records;	/* less than 0: there are none to count */
	const char *note;	/* escaped; shown in the place of stage and figures, or NULL */
};

struct progress {
	FILE *to;
	bool is_on;		/* to is a terminal */
	size_t shown_columns;	/* of the line that stands there now */
	int64_t next_ms;	/* not drawn again before */
	char stage[16];		/* a new stage or file is drawn at once */
	char name[64];
};

enum { PROGRESS_EVERY_MS = 100, PROGRESS_LINE_BYTES = 1024 };

/* The line for a window of so many columns, without an end; at most columns - 1 wide.
 * Returns buf. */
const char *progress_format(const struct progress_state *state, size_t columns,
    char buf[PROGRESS_LINE_BYTES]);

void progress_init(struct progress *progress, FILE *to);

/* Draws the line when it is time to; now_ms is a monotonic clock's. */
void progress_draw(struct progress *progress, const struct progress_state *state, int64_t now_ms);

/* Takes the line away; nothing happens when none stands there. */
void progress_clear(struct progress *progress);

#endif
