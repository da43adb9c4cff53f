/* test_progress.c: the progress line, in windows of every width and on a real terminal. */
#include "ctl/progress.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ctl/screen.h"
#include "tests/unit/harness.h"

static const struct {
	const char *name;
	long long bytes, total, records;
	size_t columns;
	const char *want;
} lines[] = {
	{ "nba.json", 1000000, 2240441, 2034, 80,
	    "nba.json: loading   44%  [###########..............] 2.2 MB, 2,034 records" },
	{ "nba.json", 0, 2240441, 0, 80,
	    "nba.json: loading    0%  [.........................] 2.2 MB" },
	{ "nba.json", 2240441, 2240441, 1, 120,
	    "nba.json: loading  100%  [##############################] 2.2 MB, 1 record" },
	{ "nba.json", 5000, 0, 7, 80, "nba.json: loading   5.0 kB, 7 records" },
	{ "nba.json", 1000000, 2240441, 2034, 50, "nba.json: loading   44%  2.2 MB" },
	{ "nba.json", 1000000, 2240441, 2034, 10, "nba.js..." },
	{ "nba.json", 1000000, 2240441, 2034, 1, "" },
};

static void test_lines(void)
{
	for (size_t i = 0; i < HS_COUNT(lines); i++) {
		struct progress_state state = { lines[i].name, "loading", lines[i].bytes,
			lines[i].total, lines[i].records, NULL };
		char buf[PROGRESS_LINE_BYTES], row[64];

		snprintf(row, sizeof row, "%lld of %lld in %zu columns", lines[i].bytes,
		    lines[i].total, lines[i].columns);
		progress_format(&state, lines[i].columns, buf);
		expect_text(row, buf, lines[i].want);
	}
}

static void test_note(void)
{
	struct progress_state state = { "feed", "waiting", 1000, 2000, 7,
		"waiting 12 s before try 3 of 5: HTTP 503" };
	char buf[PROGRESS_LINE_BYTES];

	expect_text("a note", progress_format(&state, 80, buf),
	    "feed: waiting 12 s before try 3 of 5: HTTP 503  ");
	expect_text("cut", progress_format(&state, 21, buf), "feed: waiting 12 ...");
}

static void test_every_width(void)
{
	static const char *const names[] = {
		"a", "nba-2001-2009.json", "D\xc5\xbe\xc5\xbe\xc4\x87.json",
		"\xe7\xb1\x83\xe7\x90\x83\xe7\xb1\x83\xe7\x90\x83\xe7\xb1\x83\xe7\x90\x83"
		"\xe7\xb1\x83\xe7\x90\x83.json",	/* twice as wide as it has characters */
		"a-name-that-is-really-much-longer-than-any-window-has-room-for-and-goes-on.json",
	};

	for (size_t n = 0; n < HS_COUNT(names); n++) {
		for (size_t columns = 0; columns <= 200; columns++) {
			struct progress_state state = { names[n], "checking", 123456789, 987654321,
				1234567, NULL };
			char buf[PROGRESS_LINE_BYTES];
			size_t room = columns > 0 ? columns - 1 : 0;

			progress_format(&state, columns, buf);
			if (screen_width(buf) > room)
				expect_int(buf, screen_width(buf), room);
			if (columns >= 72 && strchr(buf, '[') == NULL)
				expect_contains(names[n], buf, "[");
			if (columns >= 60 && strstr(buf, "1,234,567 records") == NULL)
				expect_contains(names[n], buf, "1,234,567 records");
		}
	}
}

enum {
	MARK = '\x04',
	MARK_MS = 10000		/* patience with a busy machine */
};

/* A terminal of so many columns, and all that was written to it. */
struct terminal {
	int master;
	FILE *to;
	char seen[4096];
};

static void set_columns(struct terminal *terminal, unsigned short columns)
{
	struct winsize size = { .ws_row = 24, .ws_col = columns };

	expect_int("window", ioctl(terminal->master, TIOCSWINSZ, &size), 0);
}

static bool terminal_open(struct terminal *terminal, unsigned short columns)
{
	int slave;

	memset(terminal, 0, sizeof *terminal);
	if (openpty(&terminal->master, &slave, NULL, NULL, NULL) != 0) {
		hs_skip("no pseudo terminal here");
		return false;
	}
	terminal->to = fdopen(slave, "w");
	fcntl(terminal->master, F_SETFL, O_NONBLOCK);
	set_columns(terminal, columns);
	return true;
}

/* All that was written so far. The kernel hands it over in pieces, and when it likes, so a mark
 * is written behind it and waited for. */
static const char *terminal_read(struct terminal *terminal)
{
	struct pollfd ready = { .fd = terminal->master, .events = POLLIN };
	size_t used = 0;

	fputc(MARK, terminal->to);
	fflush(terminal->to);
	while (used == 0 || terminal->seen[used - 1] != MARK) {
		ssize_t got = -1;

		if (poll(&ready, 1, MARK_MS) == 1)
			got = read(terminal->master, terminal->seen + used,
			    sizeof terminal->seen - used);
		if (got <= 0) {
			expect_true("the mark comes back", false);
			return "";
		}
		used += (size_t)got;
	}
	terminal->seen[used - 1] = '\0';
	return terminal->seen;
}

static void terminal_close(struct terminal *terminal)
{
	fclose(terminal->to);
	close(terminal->master);
}

static void test_drawing(void)
{
	struct progress_state long_line = { "first.json", "loading", 5000, 0, 1234, NULL };
	struct progress_state short_line = { "b.json", "loading", 5, 0, 1, NULL };
	struct progress progress;
	struct terminal terminal;

	if (!terminal_open(&terminal, 80))
		return;
	progress_init(&progress, terminal.to);
	expect_true("on", progress.is_on);
	progress_draw(&progress, &long_line, 1000);
	expect_text("first", terminal_read(&terminal),
	    "\rfirst.json: loading   5.0 kB, 1,234 records");
	progress_draw(&progress, &long_line, 1000 + PROGRESS_EVERY_MS - 1);
	expect_text("too soon", terminal_read(&terminal), "");
	progress_draw(&progress, &short_line, 1000 + PROGRESS_EVERY_MS - 1);
	expect_text("another file is news, and the old end is wiped", terminal_read(&terminal),
	    "\rb.json: loading   5 B, 1 record            ");
	progress_clear(&progress);
	expect_text("cleared", terminal_read(&terminal), "\r                               \r");
	progress_clear(&progress);
	expect_text("nothing stands there", terminal_read(&terminal), "");
	progress_draw(&progress, &short_line, 5000);
	expect_text("no old end", terminal_read(&terminal), "\rb.json: loading   5 B, 1 record");
	terminal_close(&terminal);
}

static void test_window_changes(void)
{
	struct progress_state state = { "nba.json", "loading", 1000000, 2240441, 2034, NULL };
	struct progress progress;
	struct terminal terminal;
	char line[PROGRESS_LINE_BYTES], want[PROGRESS_LINE_BYTES + 8];

	if (!terminal_open(&terminal, 100))
		return;
	progress_init(&progress, terminal.to);
	progress_draw(&progress, &state, 1000);
	terminal_read(&terminal);
	set_columns(&terminal, 40);	/* has wrapped the line */
	progress_draw(&progress, &state, 2000);
	snprintf(want, sizeof want, "\r\n\r%s", progress_format(&state, 40, line));
	expect_text("narrower: a new line", terminal_read(&terminal), want);
	set_columns(&terminal, 20);
	progress_clear(&progress);
	expect_text("cleared after wrapping", terminal_read(&terminal), "\r\n");
	terminal_close(&terminal);
}

/* Where it is no terminal, nothing may be written, whatever is asked. */
static void test_no_terminal(void)
{
	struct progress_state state = { "nba.json", "loading", 1, 2, 3, NULL };
	struct progress progress;
	FILE *file = tmpfile();

	progress_init(&progress, file);
	progress_draw(&progress, &state, 1000);
	progress_clear(&progress);
	fflush(file);
	expect_int("nothing", ftell(file), 0);
	fclose(file);
}

static const struct hs_case cases[] = {
	{ "lines", test_lines },
	{ "what it waits for", test_note },
	{ "every width", test_every_width },
	{ "drawing", test_drawing },
	{ "the window changes", test_window_changes },
	{ "no terminal", test_no_terminal },
};

int main(void)
{
	return hs_run_suite("progress", cases, HS_COUNT(cases));
}
