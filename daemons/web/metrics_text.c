/* metrics_text.c: lines of name{label="value"} number.
 *
 * Trusts names and help, which are ours, and no label's value. */
#include "daemons/web/metrics_text.h"

#include <math.h>
#include <string.h>

enum { MOST_WHOLE = 1 << 30 };

void metrics_family(struct evbuffer *out, const char *name, const char *type, const char *help)
{
	evbuffer_add_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void add_escaped(struct evbuffer *out, const char *text)
{
	for (; *text != '\0'; text++) {
		size_t plain = strcspn(text, "\\\"\n");

		evbuffer_add(out, text, plain);
		text += plain;
		if (*text == '\0')
			return;
		evbuffer_add(out, *text == '\n' ? "\\n" : *text == '"' ? "\\\"" : "\\\\", 2);
	}
}

static void add_name(struct evbuffer *out, const char *name, const struct metrics_label *labels)
{
	evbuffer_add(out, name, strlen(name));
	for (const struct metrics_label *at = labels; at->name != NULL; at++) {
		evbuffer_add(out, at == labels ? "{" : ",", 1);
		evbuffer_add(out, at->name, strlen(at->name));
		evbuffer_add(out, "=\"", 2);
		add_escaped(out, at->value);
		evbuffer_add(out, "\"", 1);
	}
	if (labels->name != NULL)
		evbuffer_add(out, "}", 1);
}

void metrics_count(struct evbuffer *out, const char *name, unsigned long long value,
    const struct metrics_label *labels)
{
	add_name(out, name, labels);
	evbuffer_add_printf(out, " %llu\n", value);
}

void metrics_number(struct evbuffer *out, const char *name, double value,
    const struct metrics_label *labels)
{
	add_name(out, name, labels);
	evbuffer_add_printf(out, fabs(value) < MOST_WHOLE ? " %.9g\n" : " %.17g\n", value);
}

void metrics_one(struct evbuffer *out, const char *name, const char *type, const char *help,
    double value)
{
	metrics_family(out, name, type, help);
	metrics_number(out, name, value, NO_LABELS);
}
