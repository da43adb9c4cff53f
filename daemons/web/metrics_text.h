/* metrics_text.h: figures in Prometheus' text format, version 0.0.4. */
#ifndef WEB_METRICS_TEXT_H
#define WEB_METRICS_TEXT_H

#include <event2/buffer.h>
#include <jansson.h>

struct metrics_label {
	const char *name;	/* a constant; NULL ends the list */
	const char *value;	/* any text: escaped here */
};

#define LABELS(...) ((const struct metrics_label[]){ __VA_ARGS__, { NULL, NULL } })
#define NO_LABELS ((const struct metrics_label[]){ { NULL, NULL } })

/* Begins a family: its HELP and TYPE; its samples follow at once. Names and help are constants. */
void metrics_family(struct evbuffer *out, const char *name, const char *type, const char *help);

/* One sample. What does not fit in memory is left out. */
void metrics_count(struct evbuffer *out, const char *name, unsigned long long value,
    const struct metrics_label *labels);
void metrics_number(struct evbuffer *out, const char *name, double value,
    const struct metrics_label *labels);

/* A family of one sample without labels. */
void metrics_one(struct evbuffer *out, const char *name, const char *type, const char *help,
    double value);

#endif
