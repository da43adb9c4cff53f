/* template.c: Mustache templates: parsed to a flat list of nodes, rendered from jansson values.
 *
 * A section's node knows where its body ends, so that skipping one is a jump and nothing is
 * parsed twice. Trusts the templates to be ours, but not to be right: every mistake in one is
 * an error with FILE:LINE, and depth and output are bounded whatever the data. */
#include "common/template.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/text.h"

enum { DELIMITER_BYTES = 16, MAX_TEMPLATES = 512, MAX_FOLDERS = 8 };

enum node_kind { NODE_TEXT, NODE_ESCAPED, NODE_RAW, NODE_SECTION, NODE_INVERTED, NODE_PARTIAL };

struct span {
	const char *text;
	size_t length;
};

struct node {
	enum node_kind kind;
	unsigned line;
	struct span span;		/* the text, or the whole name */
	struct span indent;		/* of a partial that stands alone on its line */
	bool alone;			/* such a partial */
	size_t end;			/* of a section: the first node after its body */
	bool begins_address;		/* of a text: what comes behind it is an attribute's URL */
};

struct template {
	char *name;
	char *text;
	size_t length;
	struct node *nodes;
	size_t count, room;
};

struct hs_templates {
	struct template *items[MAX_TEMPLATES];
	size_t count;
	char *base;			/* NULL: none */
};

/* ---- parsing ---- */

struct parser {
	struct template *into;
	size_t at;
	unsigned line;
	char open[DELIMITER_BYTES], close[DELIMITER_BYTES];
	size_t sections[HS_TEMPLATE_MAX_DEPTH];
	size_t depth;
	struct hs_error *err;
};

/* One {{tag}}: where it begins and ends in the text, and what it says. */
struct tag {
	size_t begin, end;
	char kind;		/* # ^ / ! = > & { or 0 for a plain name */
	struct span body;
};

static bool parse_error(struct parser *parser, const char *what, struct span about)
{
	char where[HS_ERROR_WHERE_BYTES];

	snprintf(where, sizeof where, "%.200s.mustache:%u", parser->into->name, parser->line);
	return hs_error_set(parser->err, HS_BAD_TEMPLATE, where, "%s: \"%.*s\"", what,
	    (int)(about.length > 100 ? 100 : about.length), about.text);
}

static void count_lines(struct parser *parser, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		if (parser->into->text[i] == '\n')
			parser->line++;
	}
}

static bool add_node(struct parser *parser, struct node node)
{
	struct template *into = parser->into;

	if (into->count == into->room) {
		size_t room = into->room == 0 ? 32 : into->room * 2;
		struct node *nodes = reallocarray(into->nodes, room, sizeof *nodes);

		if (nodes == NULL)
			return hs_error_set(parser->err, HS_NO_MEMORY, into->name,
			    "no memory for a template");
		into->nodes = nodes;
		into->room = room;
	}
	node.line = parser->line;
	into->nodes[into->count++] = node;
	return true;
}

/* The end of the next ` href="` or the like, where a URL begins; to if there is none. */
static bool find_address(const char *text, size_t from, size_t to, size_t *ret_end)
{
	static const char *const attributes[] = { "href", "src", "action", "formaction", "hx-get",
	    "hx-post" };

	*ret_end = to;
	for (size_t at = from; at + 1 < to; at++) {
		if (text[at] != '=' || text[at + 1] != '"')
			continue;
		for (size_t i = 0; i < HS_COUNT(attributes); i++) {
			size_t length = strlen(attributes[i]);

			if (at > length && strchr(" \t\n}", text[at - length - 1]) != NULL &&
			    memcmp(text + at - length, attributes[i], length) == 0) {
				*ret_end = at + 2;
				return true;
			}
		}
	}
	return false;
}

/* As nodes that end where a URL begins. */
static bool add_text(struct parser *parser, size_t from, size_t to)
{
	const char *text = parser->into->text;
	size_t end;

	for (; from < to; from = end) {
		struct node node = { .kind = NODE_TEXT };

		node.begins_address = find_address(text, from, to, &end);
		node.span = (struct span){ text + from, end - from };
		if (!add_node(parser, node))
			return false;
	}
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_space(char c)
{
	return is_blank(c) || c == '\n' || c == '\r';
}

static struct span trimmed(const char *text, size_t length)
{
	while (length > 0 && is_space(text[0])) {
		text++;
		length--;
	}
	while (length > 0 && is_space(text[length - 1]))
		length--;
	return (struct span){ text, length };
}

static const char *find(const char *text, size_t length, const char *what)
{
	return memmem(text, length, what, strlen(what));
}

/* Finds the next tag at or after parser->at; *ret_found is false when there is none. */
static bool next_tag(struct parser *parser, struct tag *ret, bool *ret_found)
{
	const char *text = parser->into->text, *begin, *end;
	size_t length = parser->into->length;
	char closer[DELIMITER_BYTES + 1];
	struct tag tag = { 0 };
	const char *inside;

	*ret_found = false;
	if ((begin = find(text + parser->at, length - parser->at, parser->open)) == NULL)
		return true;
	inside = begin + strlen(parser->open);
	if (inside < text + length && strchr("#^/!=>&{", *inside) != NULL && *inside != '\0')
		tag.kind = *inside++;
	snprintf(closer, sizeof closer, "%s%s",
	    tag.kind == '{' ? "}" : tag.kind == '=' ? "=" : "", parser->close);
	if ((end = find(inside, (size_t)(text + length - inside), closer)) == NULL) {
		struct span rest = { begin, strcspn(begin, "\n") };

		count_lines(parser, parser->at, (size_t)(begin - text));
		return parse_error(parser, "a tag that never ends", rest);
	}
	tag.begin = (size_t)(begin - text);
	tag.end = (size_t)(end - text) + strlen(closer);
	tag.body = trimmed(inside, (size_t)(end - inside));
	*ret = tag;
	*ret_found = true;
	return true;
}

/* Whether the tag is alone on its line; then widens *from and *to to the whole line. */
static bool stands_alone(const struct template *template, const struct tag *tag, size_t *from,
    size_t *to)
{
	const char *text = template->text;
	size_t begin = tag->begin, end = tag->end;

	if (tag->kind == 0 || tag->kind == '&' || tag->kind == '{')
		return false;
	while (begin > 0 && is_blank(text[begin - 1]))
		begin--;
	if (begin > 0 && text[begin - 1] != '\n')
		return false;
	while (end < template->length && is_blank(text[end]))
		end++;
	if (end + 1 < template->length && text[end] == '\r' && text[end + 1] == '\n')
		end++;
	if (end < template->length && text[end] != '\n')
		return false;
	*from = begin;
	*to = end < template->length ? end + 1 : end;
	return true;
}

static bool set_delimiters(struct parser *parser, struct span body)
{
	size_t open = 0, gap;
	size_t close;

	while (open < body.length && !is_space(body.text[open]))
		open++;
	for (gap = open; gap < body.length && is_space(body.text[gap]);)
		gap++;
	close = body.length - gap;
	if (open == 0 || close == 0 || open >= DELIMITER_BYTES || close >= DELIMITER_BYTES ||
	    memchr(body.text, '=', body.length) != NULL)
		return parse_error(parser, "delimiters are two short words apart", body);
	memcpy(parser->open, body.text, open);
	parser->open[open] = '\0';
	memcpy(parser->close, body.text + gap, close);
	parser->close[close] = '\0';
	return true;
}

static bool open_section(struct parser *parser, const struct tag *tag)
{
	struct node node = { .kind = tag->kind == '#' ? NODE_SECTION : NODE_INVERTED,
		.span = tag->body };

	if (parser->depth == HS_TEMPLATE_MAX_DEPTH)
		return parse_error(parser, "sections too deep within one another", tag->body);
	parser->sections[parser->depth++] = parser->into->count;
	return add_node(parser, node);
}

static bool close_section(struct parser *parser, const struct tag *tag)
{
	struct node *node;

	if (parser->depth == 0)
		return parse_error(parser, "the end of a section that was not begun", tag->body);
	node = &parser->into->nodes[parser->sections[--parser->depth]];
	if (node->span.length != tag->body.length ||
	    memcmp(node->span.text, tag->body.text, tag->body.length) != 0)
		return parse_error(parser, "the end of another section than the open one",
		    tag->body);
	node->end = parser->into->count;
	return true;
}

static bool has_space(struct span span)
{
	for (size_t i = 0; i < span.length; i++) {
		if (is_space(span.text[i]))
			return true;
	}
	return false;
}

static bool add_tag(struct parser *parser, const struct tag *tag, struct span indent, bool alone)
{
	struct node node = { .span = tag->body, .indent = indent, .alone = alone };

	if (tag->body.length == 0 && tag->kind != '!')
		return parse_error(parser, "a tag without a name", tag->body);
	if (tag->kind != '!' && tag->kind != '=' && has_space(tag->body))
		return parse_error(parser,
		    "a name with white space in it, or a tag that never ends",
		    tag->body);
	switch (tag->kind) {
	case '!':
		return true;
	case '=':
		return set_delimiters(parser, tag->body);
	case '#':
	case '^':
		return open_section(parser, tag);
	case '/':
		return close_section(parser, tag);
	case '>':
		node.kind = NODE_PARTIAL;
		return add_node(parser, node);
	default:
		node.kind = tag->kind == 0 ? NODE_ESCAPED : NODE_RAW;
		return add_node(parser, node);
	}
}

static bool parse(struct template *template, struct hs_error *err)
{
	struct parser parser = { .into = template, .line = 1, .open = "{{", .close = "}}",
	    .err = err };

	for (;;) {
		struct tag tag = { 0 };
		struct span indent = { "", 0 };
		size_t from, to;
		bool found, alone;

		if (!next_tag(&parser, &tag, &found))
			return false;
		if (!found)
			break;
		from = tag.begin;
		to = tag.end;
		alone = stands_alone(template, &tag, &from, &to);
		if (alone && tag.kind == '>')
			indent = (struct span){ template->text + from, tag.begin - from };
		if (!add_text(&parser, parser.at, from))
			return false;
		count_lines(&parser, parser.at, tag.begin);
		if (!add_tag(&parser, &tag, indent, alone))
			return false;
		count_lines(&parser, tag.begin, to);
		parser.at = to;
	}
	if (parser.depth > 0) {
		const struct node *open = &template->nodes[parser.sections[parser.depth - 1]];

		parser.line = open->line;
		return parse_error(&parser, "a section that is never ended", open->span);
	}
	return add_text(&parser, parser.at, template->length);
}

/* ---- the set ---- */

static void template_free(struct template *template)
{
	if (template == NULL)
		return;
	free(template->name);
	free(template->text);
	free(template->nodes);
	free(template);
}

static const struct template *lookup_template(const struct hs_templates *templates,
    struct span name)
{
	for (size_t i = 0; i < templates->count; i++)
		if (strlen(templates->items[i]->name) == name.length &&
		    memcmp(templates->items[i]->name, name.text, name.length) == 0)
			return templates->items[i];
	return NULL;
}

bool hs_templates_new(struct hs_templates **ret, struct hs_error *err)
{
	struct hs_templates *templates = calloc(1, sizeof *templates);

	if (templates == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for templates");
	*ret = templates;
	return true;
}

void hs_templates_free(struct hs_templates *templates)
{
	if (templates == NULL)
		return;
	for (size_t i = 0; i < templates->count; i++)
		template_free(templates->items[i]);
	free(templates->base);
	free(templates);
}

bool hs_templates_set_base(struct hs_templates *templates, const char *base, struct hs_error *err)
{
	char *copy = strdup(base);

	if (copy == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for templates");
	free(templates->base);
	templates->base = copy;
	return true;
}

bool hs_templates_add(struct hs_templates *templates, const char *name, const char *text,
    size_t length, struct hs_error *err)
{
	struct template *template;

	if (length > HS_TEMPLATE_MAX_BYTES)
		return hs_error_set(err, HS_TOO_LONG, name, "a template has at most %d bytes",
		    HS_TEMPLATE_MAX_BYTES);
	if (templates->count == MAX_TEMPLATES)
		return hs_error_set(err, HS_BAD_TEMPLATE, name, "there are more than %d templates",
		    MAX_TEMPLATES);
	if (lookup_template(templates, (struct span){ name, strlen(name) }) != NULL)
		return hs_error_set(err, HS_BAD_TEMPLATE, name,
		    "there are two templates of this name");
	if ((template = calloc(1, sizeof *template)) == NULL ||
	    (template->name = strdup(name)) == NULL ||
	    (template->text = malloc(length + 1)) == NULL) {
		template_free(template);
		return hs_error_set(err, HS_NO_MEMORY, name, "no memory for a template");
	}
	memcpy(template->text, text, length);
	template->text[length] = '\0';
	template->length = length;
	if (!parse(template, err)) {
		template_free(template);
		return false;
	}
	templates->items[templates->count++] = template;
	return true;
}

/* Adds "part/pager" from the file "pager.mustache" in the folder of "part/". */
static bool load_file(struct hs_templates *templates, int dir, const char *prefix,
    const char *file, struct hs_error *err)
{
	size_t stem = strlen(file) - strlen(".mustache");
	char name[HS_ERROR_WHERE_BYTES];
	char *text = NULL;
	size_t length = 0;
	bool done;

	done = hs_format(name, sizeof name, err, "%s%.*s", prefix, (int)stem, file) &&
	    hs_file_slurp(dir, file, HS_TEMPLATE_MAX_BYTES, &text, &length, err) &&
	    hs_templates_add(templates, name, text, length, err);
	free(text);
	return done;
}

static bool ends_in(const char *text, const char *ending)
{
	size_t length = strlen(text), tail = strlen(ending);

	return length > tail && strcmp(text + length - tail, ending) == 0;
}

static bool load_folder(struct hs_templates *templates, int parent, const char *path,
    const char *prefix, int depth, struct hs_error *err)
{
	int fd = openat(parent, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	bool done = true;

	if (folder == NULL) {
		hs_error_errno(err, path, "cannot read the templates' folder");
		if (fd >= 0)
			close(fd);
		return false;
	}
	while (done && (entry = readdir(folder)) != NULL) {
		struct stat info;

		if (entry->d_name[0] == '.' || fstatat(fd, entry->d_name, &info, 0) < 0)
			continue;
		if (S_ISREG(info.st_mode) && ends_in(entry->d_name, ".mustache")) {
			done = load_file(templates, fd, prefix, entry->d_name, err);
		} else if (S_ISDIR(info.st_mode) && depth < MAX_FOLDERS) {
			char inner[HS_ERROR_WHERE_BYTES];

			done = hs_format(inner, sizeof inner, err, "%s%s/", prefix,
			    entry->d_name) &&
			    load_folder(templates, fd, entry->d_name, inner, depth + 1, err);
		}
	}
	closedir(folder);
	return done;
}

/* The specification lets a missing partial render as nothing; in our own templates it is a slip. */
static bool check_partials(const struct hs_templates *templates, struct hs_error *err)
{
	for (size_t i = 0; i < templates->count; i++) {
		const struct template *template = templates->items[i];

		for (size_t n = 0; n < template->count; n++) {
			const struct node *node = &template->nodes[n];
			char where[HS_ERROR_WHERE_BYTES];

			if (node->kind != NODE_PARTIAL ||
			    lookup_template(templates, node->span) != NULL)
				continue;
			snprintf(where, sizeof where, "%.200s.mustache:%u", template->name,
			    node->line);
			return hs_error_set(err, HS_BAD_TEMPLATE, where,
			    "there is no partial \"%.*s\"", (int)node->span.length,
			    node->span.text);
		}
	}
	return true;
}

bool hs_templates_load(const char *dir, struct hs_templates **ret, struct hs_error *err)
{
	struct hs_templates *templates = NULL;

	if (!hs_templates_new(&templates, err))
		return false;
	if (!load_folder(templates, AT_FDCWD, dir, "", 0, err) || !check_partials(templates, err)) {
		hs_templates_free(templates);
		return false;
	}
	*ret = templates;
	return true;
}

/* ---- rendering ---- */

struct render {
	const struct hs_templates *templates;
	struct evbuffer *out;
	json_t *stack[2 * HS_TEMPLATE_MAX_DEPTH];	/* contexts, the innermost last; borrowed */
	size_t depth;
	unsigned partials;		/* within one another */
	char indent[512];		/* of the partials we are in */
	size_t indent_length;
	bool line_begins;		/* the next output of a template begins a line of it */
	bool at_address;		/* the next output is the beginning of an attribute's URL */
	struct hs_error *err;
};

static bool append(struct render *render, const char *text, size_t length)
{
	if (evbuffer_get_length(render->out) + length > HS_TEMPLATE_MAX_OUTPUT)
		return hs_error_set(render->err, HS_TOO_LONG, "", "a page has at most %d bytes",
		    HS_TEMPLATE_MAX_OUTPUT);
	if (evbuffer_add(render->out, text, length) < 0)
		return hs_error_set(render->err, HS_NO_MEMORY, "", "no memory for a page");
	return true;
}

/* What begins with one '/' is an address of ours: the base goes before it. */
static bool emit(struct render *render, const char *text, size_t length)
{
	const char *base = render->templates->base;
	bool is_ours;

	if (length == 0)
		return true;
	is_ours = render->at_address && base != NULL && text[0] == '/' &&
	    (length == 1 || text[1] != '/');
	render->at_address = false;
	return (!is_ours || append(render, base, strlen(base))) && append(render, text, length);
}

static bool begin_line(struct render *render)
{
	if (!render->line_begins)
		return true;
	render->line_begins = false;
	return emit(render, render->indent, render->indent_length);
}

/* A template's own text: after each of its line ends the partials' indentation is due. */
static bool emit_template_text(struct render *render, struct span text)
{
	if (render->indent_length == 0)
		return emit(render, text.text, text.length);
	while (text.length > 0) {
		const char *end = memchr(text.text, '\n', text.length);
		size_t line = end == NULL ? text.length : (size_t)(end - text.text) + 1;

		if (!begin_line(render) || !emit(render, text.text, line))
			return false;
		render->line_begins = end != NULL;
		text.text += line;
		text.length -= line;
	}
	return true;
}

static bool emit_escaped(struct render *render, const char *text, size_t length)
{
	size_t begin = 0;

	for (size_t i = 0; i < length; i++) {
		const char *as;

		switch (text[i]) {
		case '&': as = "&amp;"; break;
		case '<': as = "&lt;"; break;
		case '>': as = "&gt;"; break;
		case '"': as = "&quot;"; break;
		case '\'': as = "&#39;"; break;
		default: continue;
		}
		if (!emit(render, text + begin, i - begin) || !emit(render, as, strlen(as)))
			return false;
		begin = i + 1;
	}
	return emit(render, text + begin, length - begin);
}

/* The value a name stands for, borrowed; NULL when there is none. The first part of a dotted
 * name is looked for through all contexts, the others in what it gave. */
static json_t *lookup(const struct render *render, struct span name)
{
	const char *dot = memchr(name.text, '.', name.length);
	size_t part = dot == NULL ? name.length : (size_t)(dot - name.text);
	json_t *value = NULL;

	if (name.length == 1 && name.text[0] == '.')
		return render->stack[render->depth - 1];
	for (size_t i = render->depth; i > 0 && value == NULL; i--)
		value = json_object_getn(render->stack[i - 1], name.text, part);
	while (value != NULL && dot != NULL) {
		const char *rest = dot + 1;
		size_t left = (size_t)(name.text + name.length - rest);

		dot = memchr(rest, '.', left);
		value = json_object_getn(value, rest, dot == NULL ? left : (size_t)(dot - rest));
	}
	return value;
}

static bool is_true(const json_t *value)
{
	switch (value == NULL ? JSON_NULL : json_typeof(value)) {
	case JSON_NULL:
	case JSON_FALSE:
		return false;
	case JSON_ARRAY:
		return json_array_size(value) > 0;
	case JSON_STRING:
		return json_string_length(value) > 0;
	default:
		return true;
	}
}

static bool render_value(struct render *render, const struct node *node)
{
	json_t *value = lookup(render, node->span);
	char number[40];
	struct span text = { number, 0 };

	if (!begin_line(render))
		return false;
	if (json_is_string(value))
		text = (struct span){ json_string_value(value), json_string_length(value) };
	else if (json_is_integer(value))
		text.length = (size_t)snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT,
		    json_integer_value(value));
	else if (json_is_real(value))
		text.length = (size_t)snprintf(number, sizeof number, "%.15g",
		    json_real_value(value));
	else if (json_is_boolean(value))
		text.length = (size_t)snprintf(number, sizeof number, "%s",
		    json_is_true(value) ? "true" : "false");
	return node->kind == NODE_ESCAPED ? emit_escaped(render, text.text, text.length)
	    : emit(render, text.text, text.length);
}

static bool render_nodes(struct render *render, const struct template *template, size_t from,
    size_t to);

static bool render_within(struct render *render, const struct template *template, size_t section,
    json_t *context)
{
	bool done;

	if (render->depth == HS_COUNT(render->stack))
		return hs_error_set(render->err, HS_BAD_TEMPLATE, template->name,
		    "sections and partials too deep within one another");
	render->stack[render->depth++] = context;
	done = render_nodes(render, template, section + 1, template->nodes[section].end);
	render->depth--;
	return done;
}

static bool render_section(struct render *render, const struct template *template, size_t section)
{
	json_t *value = lookup(render, template->nodes[section].span), *item;
	size_t i;

	if (!is_true(value))
		return true;
	if (!json_is_array(value))
		return render_within(render, template, section, value);
	json_array_foreach(value, i, item)
		if (!render_within(render, template, section, item))
			return false;
	return true;
}

static bool render_partial(struct render *render, const struct node *node)
{
	const struct template *partial = lookup_template(render->templates, node->span);
	size_t before = render->indent_length;
	bool done;

	if (partial == NULL)
		return true;
	if (render->partials == HS_TEMPLATE_MAX_DEPTH ||
	    before + node->indent.length > sizeof render->indent)
		return hs_error_set(render->err, HS_BAD_TEMPLATE, partial->name,
		    "partials too deep within one another");
	if (!node->alone && !begin_line(render))
		return false;
	memcpy(render->indent + before, node->indent.text, node->indent.length);
	render->indent_length += node->indent.length;
	render->line_begins = node->alone;
	render->partials++;
	done = render_nodes(render, partial, 0, partial->count);
	render->partials--;
	render->indent_length = before;
	render->line_begins = node->alone;
	return done;
}

static bool render_nodes(struct render *render, const struct template *template, size_t from,
    size_t to)
{
	bool done = true;

	for (size_t i = from; done && i < to; i++) {
		const struct node *node = &template->nodes[i];

		switch (node->kind) {
		case NODE_TEXT:
			done = emit_template_text(render, node->span);
			render->at_address = node->begins_address;
			break;
		case NODE_ESCAPED:
		case NODE_RAW:
			done = render_value(render, node);
			break;
		case NODE_SECTION:
			done = render_section(render, template, i);
			i = node->end - 1;
			break;
		case NODE_INVERTED:
			if (is_true(lookup(render, node->span)))
				i = node->end - 1;
			break;
		case NODE_PARTIAL:
			done = render_partial(render, node);
			break;
		}
	}
	return done;
}

bool hs_template_render(const struct hs_templates *templates, const char *name,
    json_t *data, struct evbuffer *out, struct hs_error *err)
{
	const struct template *template =
	    lookup_template(templates, (struct span){ name, strlen(name) });
	struct render render = { .templates = templates, .out = out, .stack = { data }, .depth = 1,
		.err = err };

	if (template == NULL)
		return hs_error_set(err, HS_BAD_TEMPLATE, name,
		    "there is no template of this name");
	return render_nodes(&render, template, 0, template->count);
}
