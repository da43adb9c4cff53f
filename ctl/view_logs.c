/* view_logs.c: lines of the daemons' logs.
 *
 * Trusts the figures; texts are escaped. */
#include "ctl/views.h"

#include <string.h>

static enum style level_style(const char *level)
{
	return strcmp(level, "error") == 0 ? STYLE_BAD : strcmp(level, "warning") == 0 ? STYLE_DOUBT :
	    strcmp(level, "debug") == 0 ? STYLE_DIM : STYLE_PLAIN;
}

static void print_lost(const struct screen *screen, long long count)
{
	char some[64];

	fprintf(screen->out, "hsctl: %s not shown: there was no room\n", screen_some(count,
	    "line is", "lines are", some, sizeof some));
}

void view_logs_event(struct output *output, const json_t *event)
{
	const struct screen *screen = &output->screen;

	if (strcmp(text_of(event, "event"), "lost") == 0) {
		fflush(screen->out);
		print_lost(&output->errors, number_of(event, "count"));
		return;
	}
	fprintf(screen->out, "%s %s[%lld] ", text_of(event, "at"), text_of(event, "daemon"),
	    number_of(event, "pid"));
	screen_print(screen, level_style(text_of(event, "level")), "%s: %s", text_of(event, "level"),
	    text_of(event, "text"));
	fputc('\n', screen->out);
}

void view_logs(struct output *output, const json_t *result)
{
	if (number_of(result, "shown") == 0)
		fputs("hsctl: no line is as you asked; the latest are kept in memory, since the "
		    "supervisor's start\n", output->errors.out);
}
