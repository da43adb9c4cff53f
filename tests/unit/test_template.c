/* test_template.c: the Mustache specification's core, our bounds, and what errors say. */
#include "common/template.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/unit/harness.h"

/* Renders one template with partials (an object of texts); the caller frees the text. */
static char *rendered(const char *text, json_t *partials, json_t *data, struct hs_error *err)
{
	struct hs_templates *templates = NULL;
	struct evbuffer *out = evbuffer_new();
	const char *name;
	json_t *partial;
	char *result = NULL;
	bool done = hs_templates_new(&templates, err) &&
	    hs_templates_add(templates, "main", text, strlen(text), err);

	json_object_foreach(partials, name, partial)
		done = done && hs_templates_add(templates, name, json_string_value(partial),
		    json_string_length(partial), err);
	if (done && hs_template_render(templates, "main", data, out, err)) {
		evbuffer_add(out, "", 1);
		result = strdup((const char *)evbuffer_pullup(out, -1));
	}
	evbuffer_free(out);
	hs_templates_free(templates);
	return result;
}

static const struct { const char *text, *want; } addresses[] = {
	{ "<a href=\"/x\">/x</a>", "<a href=\"/scout/x\">/x</a>" },
	{ "<a href=\"/\">", "<a href=\"/scout/\">" },
	{ "<a href=\"{{url}}\" hx-get=\"{{{url}}}\" title=\"{{url}}\">",
	    "<a href=\"/scout/a?b=1&amp;c\" hx-get=\"/scout/a?b=1&c\" title=\"/a?b=1&amp;c\">" },
	{ "<form\n action=\"{{#yes}}/a{{/yes}}{{^yes}}/b{{/yes}}\">",
	    "<form\n action=\"/scout/a\">" },
	{ "<form action=\"{{#no}}/a{{/no}}{{^no}}/b{{/no}}\">", "<form action=\"/scout/b\">" },
	{ "<p {{#yes}}hx-post=\"{{url}}/x\"{{/yes}}>", "<p hx-post=\"/scout/a?b=1&amp;c/x\">" },
	{ "<img src=\"/i\"><b formaction=\"/f\">",
	    "<img src=\"/scout/i\"><b formaction=\"/scout/f\">" },
	{ "<a href=\"#x\"><a href=\"?x\"><a href=\"\"><a href=\"//h/x\"><a href=\"http://h/\">",
	    "<a href=\"#x\"><a href=\"?x\"><a href=\"\"><a href=\"//h/x\"><a href=\"http://h/\">" },
	{ "<a href=\"{{nothing}}\">/x", "<a href=\"\">/x" },
	{ "<a data-href=\"/x\" xhref=\"/x\" value=\"/x\">",
	    "<a data-href=\"/x\" xhref=\"/x\" value=\"/x\">" },
	{ "{{evil}}", "&lt;a href=&quot;/x&quot;&gt;" },
};

/* The base goes before addresses of ours, and before nothing else. */
static void test_base(void)
{
	json_t *data = json_pack("{s:s, s:b, s:s, s:s}", "url", "/a?b=1&c", "yes", 1, "nothing", "",
	    "evil", "<a href=\"/x\">");
	struct hs_error err = HS_ERROR_INIT;

	for (size_t i = 0; i < HS_COUNT(addresses); i++) {
		const char *text = addresses[i].text;
		struct hs_templates *templates = NULL;
		struct evbuffer *out = evbuffer_new();

		expect_done(text, hs_templates_new(&templates, &err) &&
		    hs_templates_set_base(templates, "/first", &err) &&
		    hs_templates_add(templates, "main", text, strlen(text), &err) &&
		    hs_templates_set_base(templates, "/scout", &err) &&
		    hs_template_render(templates, "main", data, out, &err), &err);
		evbuffer_add(out, "", 1);
		expect_text(text, (const char *)evbuffer_pullup(out, -1), addresses[i].want);
		evbuffer_free(out);
		hs_templates_free(templates);
	}
	json_decref(data);
}

static void run_module(const char *shared, const char *module)
{
	char path[4096], row[256];
	json_t *spec, *test;
	size_t i;

	snprintf(path, sizeof path, "%s/conformance/mustache/%s.json", shared, module);
	spec = json_load_file(path, 0, NULL);
	expect_true(module, json_array_size(json_object_get(spec, "tests")) > 0);
	json_array_foreach(json_object_get(spec, "tests"), i, test) {
		struct hs_error err = HS_ERROR_INIT;
		char *got = rendered(json_string_value(json_object_get(test, "template")),
		    json_object_get(test, "partials"), json_object_get(test, "data"), &err);

		snprintf(row, sizeof row, "%s: %s", module,
		    json_string_value(json_object_get(test, "name")));
		expect_code(row, &err, HS_OK);
		expect_text(row, got, json_string_value(json_object_get(test, "expected")));
		free(got);
	}
	json_decref(spec);
}

static void test_specification(void)
{
	static const char *const modules[] = { "comments", "delimiters", "interpolation",
	    "inverted",
		"partials", "sections" };
	const char *shared = hs_shared_dir();

	for (size_t i = 0; shared != NULL && i < HS_COUNT(modules); i++)
		run_module(shared, modules[i]);
}

/* Enough of the specification to stand without its files. */
static const struct {
	const char *template, *partial, *data, *want;
} renderings[] = {
	{ "Hi {{name}}, {{{name}}}, {{&name}}", NULL, "{\"name\":\"<O'Neal & \\\"co\\\">\"}",
	    "Hi &lt;O&#39;Neal &amp; &quot;co&quot;&gt;, <O'Neal & \"co\">, <O'Neal & \"co\">" },
	{ "{{#players}}\n- {{name}}\n{{/players}}\n{{^players}}nobody{{/players}}", NULL,
	    "{\"players\":[{\"name\":\"Jokić\"},{\"name\":\"Dončić\"}]}", "- Jokić\n- Dončić\n" },
	{ "{{#players}}x{{/players}}{{^players}}nobody{{/players}}", NULL, "{\"players\":[]}",
	    "nobody" },
	{ "{{#a}}x{{/a}}{{^a}}-{{/a}}", NULL, "{\"a\":\"\"}", "-" },
	{ "{{#a}}x{{/a}}{{^a}}-{{/a}}", NULL, "{\"a\":null}", "-" },
	{ "{{#a}}x{{/a}}", NULL, "{\"a\":0}", "x" },	/* zero is a figure, not nothing */
	{ "{{a.b.c}}{{#a}}{{b.d}}{{/a}}", NULL, "{\"a\":{\"b\":{\"c\":1}},\"b\":{\"d\":2}}", "1" },
	{ "  {{>p}}\nend", "a\n{{x}}\n", "{\"x\":\"1\\n2\"}", "  a\n  1\n2\nend" },
	{ "{{! a comment\n over lines }}x", NULL, "{}", "x" },
	{ "{{n}} {{r}} {{t}} {{f}}{{missing}}", NULL, "{\"n\":-3,\"r\":2.5,\"t\":true,\"f\":null}",
	    "-3 2.5 true " },
	{ "", NULL, "{}", "" },
};

static void test_rendering(void)
{
	for (size_t i = 0; i < HS_COUNT(renderings); i++) {
		struct hs_error err = HS_ERROR_INIT;
		const char *row = renderings[i].template;
		json_t *data = json_loads(renderings[i].data, 0, NULL);
		json_t *partials = renderings[i].partial == NULL ? NULL
		    : json_pack("{s:s}", "p", renderings[i].partial);
		char *got = rendered(row, partials, data, &err);

		expect_code(row, &err, HS_OK);
		expect_text(row, got, renderings[i].want);
		free(got);
		json_decref(partials);
		json_decref(data);
	}
}

static const struct {
	const char *template, *where, *message;
} mistakes[] = {
	{ "a\nb {{#open}}\nc\n", "main.mustache:2", "a section that is never ended: \"open\"" },
	{ "{{/shut}}", "main.mustache:1", "not begun: \"shut\"" },
	{ "\n\n{{#a}}{{/b}}", "main.mustache:3", "another section than the open one: \"b\"" },
	{ "x\n{{name\ny", "main.mustache:2", "never ends: \"{{name\"" },
	{ "x\n{{a}}\n{{b\n{{c}}", "main.mustache:3", "never ends: \"b\n{{c\"" },
	{ "{{full name}}", "main.mustache:1", "white space" },
	{ "{{> part pager}}", "main.mustache:1", "white space" },
	{ "{{{name}}", "main.mustache:1", "never ends" },
	{ "{{}}", "main.mustache:1", "without a name" },
	{ "{{# }}", "main.mustache:1", "without a name" },
	{ "{{=one=}}", "main.mustache:1", "delimiters" },
	{ "{{=a=b c=}}", "main.mustache:1", "delimiters" },
};

static void test_mistakes(void)
{
	for (size_t i = 0; i < HS_COUNT(mistakes); i++) {
		struct hs_error err = HS_ERROR_INIT;
		const char *row = mistakes[i].template;
		char *got = rendered(row, NULL, NULL, &err);

		expect_true(row, got == NULL);
		expect_code(row, &err, HS_BAD_TEMPLATE);
		expect_text(row, err.where, mistakes[i].where);
		expect_contains(row, err.message, mistakes[i].message);
		free(got);
	}
}

/* A partial that names itself ends at a bound, not with the stack. */
static void test_depth(void)
{
	struct hs_error err = HS_ERROR_INIT;
	json_t *partials = json_pack("{s:s}", "p", "{{>p}}");
	json_t *data = json_pack("{s:{}}", "a");
	char deep[16 * 100] = "";
	char *got = rendered("{{>p}}", partials, data, &err);

	expect_true("recursion", got == NULL);
	expect_code("recursion", &err, HS_BAD_TEMPLATE);
	for (int i = 0; i <= HS_TEMPLATE_MAX_DEPTH; i++)
		strcat(deep, "{{#a}}");
	err = (struct hs_error)HS_ERROR_INIT;
	got = rendered(deep, NULL, data, &err);
	expect_true("sections", got == NULL);
	expect_code("sections", &err, HS_BAD_TEMPLATE);
	json_decref(partials);
	json_decref(data);
}

static void write_text(const char *dir, const char *name, const char *text)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	file = fopen(path, "w");
	if (expect_true(name, file != NULL)) {
		fputs(text, file);
		fclose(file);
	}
}

static void test_folder(void)
{
	struct hs_error err = HS_ERROR_INIT;
	struct hs_templates *templates = NULL;
	struct evbuffer *out = evbuffer_new();
	const char *dir = hs_scratch_dir();
	char part[4096];

	snprintf(part, sizeof part, "%s/part", dir);
	expect_int("mkdir", mkdir(part, 0700), 0);
	write_text(dir, "search.mustache", "<{{>part/pager}}>");
	write_text(dir, "notes.txt", "{{#not a template");
	write_text(part, "pager.mustache", "{{page}}");
	if (expect_done("load", hs_templates_load(dir, &templates, &err), &err)) {
		json_t *data = json_pack("{s:i}", "page", 7);

		expect_done("render", hs_template_render(templates, "search", data, out, &err),
		    &err);
		expect_bytes("render", evbuffer_pullup(out, -1), evbuffer_get_length(out), "<7>",
		    3);
		expect_true("twice", !hs_templates_add(templates, "search", "x", 1, &err));
		expect_contains("twice", err.message, "two templates");
		expect_true("unknown", !hs_template_render(templates, "nothing", data, out, &err));
		expect_code("unknown", &err, HS_BAD_TEMPLATE);
		json_decref(data);
	}
	hs_templates_free(templates);
	write_text(dir, "broken.mustache", "a\n{{>part/missing}}\n");
	err = (struct hs_error)HS_ERROR_INIT;
	expect_true("missing partial", !hs_templates_load(dir, &templates, &err));
	expect_text("missing partial", err.where, "broken.mustache:2");
	expect_contains("missing partial", err.message, "part/missing");
	err = (struct hs_error)HS_ERROR_INIT;
	expect_true("no folder", !hs_templates_load("/nonexistent/templates", &templates, &err));
	expect_code("no folder", &err, HS_NOT_FOUND);
	evbuffer_free(out);
}

static const struct hs_case cases[] = {
	{ "base", test_base },
	{ "the specification's core", test_specification },
	{ "rendering", test_rendering },
	{ "mistakes in a template", test_mistakes },
	{ "depth", test_depth },
	{ "a folder of templates", test_folder },
};

int main(void)
{
	return hs_run_suite("template", cases, HS_COUNT(cases));
}
