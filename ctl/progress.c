/* progress.c: the line that tells how far a long work is.
 *
 * Trusts its texts to be escaped. It never fails: what cannot be drawn is left out, and a
 * window that says no width is taken for 80 columns. */
#include "ctl/progress.h"

#include <string.h>
#include <unistd.h>

#include "common/number.h"
#include "ctl/screen.h"

enum {
	DEFAULT_COLUMNS = 80,
	NARROW = 60,		/* less has no room for the records */
	MIN_NAME = 12,		/* columns that a name keeps before the bar has to go */
	MIN_BAR = 8,
	MAX_BAR = 30,
	FIGURES_COLUMNS = 26,	/* kept for them, so that the bar stands still while they grow */
	BAR_FRAME = 3		/* "[", "]" and a blank */
};

static int percent_of(const struct progress_state *state)
{
	double share;

	if (state->total <= 0)
		return -1;
	share = (double)state->bytes / (double)state->total;
	return share <= 0 ? 0 : share >= 1 ? 100 : (int)(share * 100);
}

/* "loading   45%" and "2.2 MB, 2,034 records"; a narrow window does without the records. The
 * stage has a width of its own, so that nothing jumps when it changes. */
static void describe(const struct progress_state *state, bool is_narrow, char *before, char *after,
    size_t size)
{
	char bytes[FIGURE_BYTES], records[FIGURE_BYTES + 8] = "";
	int percent = percent_of(state);

	after[0] = '\0';
	if (state->note != NULL) {
		snprintf(before, size, "%s", state->note);
		return;
	}
	hs_size_text(percent < 0 ? state->bytes : state->total, bytes, sizeof bytes);
	if (!is_narrow && state->records > 0)
		screen_some(state->records, "record", "records", records, sizeof records);
	if (percent < 0)
		snprintf(before, size, "%-8.24s", state->stage);
	else
		snprintf(before, size, "%-8.24s %3d%%", state->stage, percent);
	snprintf(after, size, "%s%s%s", bytes, records[0] != '\0' ? ", " : "", records);
}

static void fill_bar(char *buf, size_t width, int percent)
{
	size_t done = width * (size_t)percent / 100;

	buf[0] = '[';
	memset(buf + 1, '#', done);
	memset(buf + 1 + done, '.', width - done);
	memcpy(buf + 1 + width, "] ", BAR_FRAME);
}

/* Beside the whole name as wide as can be; the name is cut for the least of bars; 0 for none. */
static size_t room_for_bar(size_t room, size_t fixed, size_t name_width)
{
	size_t least = fixed + BAR_FRAME + MIN_BAR;
	size_t cut_name = name_width < MIN_NAME ? name_width : MIN_NAME;

	if (room < least + cut_name)
		return 0;
	if (room < least + name_width)
		return MIN_BAR;
	if (room >= least + name_width + MAX_BAR - MIN_BAR)
		return MAX_BAR;
	return room - least - name_width + MIN_BAR;
}

const char *progress_format(const struct progress_state *state, size_t columns,
    char buf[PROGRESS_LINE_BYTES])
{
	char before[256], after[256], bar[MAX_BAR + BAR_FRAME + 1] = "", name[512];
	char line[1024];
	size_t room = columns > 1 ? columns - 1 : 0, fixed, spare, name_width, name_room, bar_width;

	describe(state, columns < NARROW, before, after, sizeof before);
	fixed = strlen(": ") + strlen(before) + strlen("  ") + strlen(after);
	spare = strlen(after) < FIGURES_COLUMNS ? FIGURES_COLUMNS - strlen(after) : 0;
	name_width = screen_width(state->name);
	bar_width = state->note != NULL || percent_of(state) < 0 ? 0 :
	    room_for_bar(room, fixed + spare, name_width);
	if (bar_width > 0) {
		fill_bar(bar, bar_width, percent_of(state));
		fixed += bar_width + BAR_FRAME;
	}
	name_room = room > fixed + MIN_NAME ? room - fixed : MIN_NAME;
	screen_cut(state->name, name_room, name, sizeof name);
	snprintf(line, sizeof line, "%s: %s  %s%s", name, before, bar, after);
	screen_cut(line, room, buf, PROGRESS_LINE_BYTES);
	return buf;
}

void progress_init(struct progress *progress, FILE *to)
{
	memset(progress, 0, sizeof *progress);
	progress->to = to;
	progress->is_on = isatty(fileno(to));
}

/* A job in the background may not scribble over what its user does now. */
static bool is_in_foreground(int fd)
{
	pid_t group = tcgetpgrp(fd);

	return group < 0 || group == getpgrp();
}

static bool is_news(struct progress *progress, const struct progress_state *state)
{
	return strncmp(progress->stage, state->stage, sizeof progress->stage - 1) != 0 ||
	    strncmp(progress->name, state->name, sizeof progress->name - 1) != 0;
}

static void remember(struct progress *progress, const struct progress_state *state, int64_t now_ms)
{
	snprintf(progress->stage, sizeof progress->stage, "%s", state->stage);
	snprintf(progress->name, sizeof progress->name, "%s", state->name);
	progress->next_ms = now_ms + PROGRESS_EVERY_MS;
}

/* A narrower window has wrapped the old line: going back over it would hit the wrong row. */
static void step_past_wrapped(struct progress *progress, size_t columns)
{
	if (progress->shown_columns >= columns) {
		fputc('\n', progress->to);
		progress->shown_columns = 0;
	}
}

void progress_draw(struct progress *progress, const struct progress_state *state, int64_t now_ms)
{
	char line[PROGRESS_LINE_BYTES];
	size_t columns, width, leftover;

	if (!progress->is_on || !is_in_foreground(fileno(progress->to)))
		return;
	if (now_ms < progress->next_ms && !is_news(progress, state))
		return;
	remember(progress, state, now_ms);
	columns = screen_columns(fileno(progress->to));
	if (columns == 0)
		columns = DEFAULT_COLUMNS;
	step_past_wrapped(progress, columns);
	progress_format(state, columns, line);
	width = screen_width(line);
	leftover = progress->shown_columns > width ? progress->shown_columns - width : 0;
	fprintf(progress->to, "\r%s%*s", line, (int)leftover, "");
	fflush(progress->to);
	progress->shown_columns = width;
}

void progress_clear(struct progress *progress)
{
	size_t columns;

	if (progress->shown_columns == 0)
		return;
	columns = screen_columns(fileno(progress->to));
	step_past_wrapped(progress, columns != 0 ? columns : DEFAULT_COLUMNS);
	if (progress->shown_columns > 0)
		fprintf(progress->to, "\r%*s\r", (int)progress->shown_columns, "");
	fflush(progress->to);
	progress->shown_columns = 0;
}
