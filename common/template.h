/* template.h: Mustache templates, parsed once, rendered from jansson values.
 *
 * The core of the specification: {{name}} escaped, {{{name}}} and {{&name}} as they
 * are, sections, inverted sections, dotted names, {{.}}, comments, partials (with
 * indentation), changed delimiters, standalone lines. No lambdas.
 * A template is named by its file in the folder: "search" is search.mustache,
 * "part/pager" is part/pager.mustache. Bounds: HS_TEMPLATE_* below. */
#ifndef HS_TEMPLATE_H
#define HS_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include <event2/buffer.h>
#include <jansson.h>

#include "common/error.h"

enum {
	HS_TEMPLATE_MAX_BYTES = 1 << 20,	/* one file */
	HS_TEMPLATE_MAX_DEPTH = 64,		/* sections and partials within one another */
	HS_TEMPLATE_MAX_OUTPUT = 64 << 20	/* one rendering */
};

struct hs_templates;

/* Reads and parses every *.mustache under dir, and checks that each partial they name is
 * there. Gives *ret. Errors: HS_BAD_TEMPLATE (where is FILE:LINE), HS_NOT_FOUND, HS_IO. */
bool hs_templates_load(const char *dir, struct hs_templates **ret, struct hs_error *err);

/* An empty set, and one template from memory: for tests. */
bool hs_templates_new(struct hs_templates **ret, struct hs_error *err);
bool hs_templates_add(struct hs_templates *templates, const char *name, const char *text,
    size_t length, struct hs_error *err);

/* Where the site stands on its host, "/scout" or "": from now on what is rendered has it before
 * each address of ours, which is the value of href, src, action, formaction, hx-get or hx-post that
 * begins with one '/', in whatever parts. So templates and data know nothing of it. Copied.
 * Errors: HS_NO_MEMORY, and then all is as before. */
bool hs_templates_set_base(struct hs_templates *templates, const char *base, struct hs_error *err);

void hs_templates_free(struct hs_templates *templates);

/* Appends the rendering to out. Borrows data. A missing name renders as
 * nothing; null, false, the empty list and the empty string are false. Numbers are for
 * counts: views hand over figures as finished text.
 * On failure out may hold a part: drain it. Errors: HS_BAD_TEMPLATE (no such template,
 * too deep), HS_TOO_LONG, HS_NO_MEMORY. */
bool hs_template_render(const struct hs_templates *templates, const char *name,
    json_t *data, struct evbuffer *out, struct hs_error *err);

#endif
