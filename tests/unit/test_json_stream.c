/* test_json_stream.c: what is JSON and what is not, where, and the same however it is cut. */
#include "common/json_stream.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/harness.h"

enum { USUAL_TOKEN = 1000, TRACE_BYTES = 4096 };

/* What a reading told, as text: an event is KIND@LINE:COLUMN/DEPTH=TEXT. */
struct trace {
	struct hs_json_stream *stream;
	char text[TRACE_BYTES];
	size_t length;
	int captured_depth;	/* -1: none */
	int bounded_depth;
	size_t max_bytes;
	unsigned refuse_after;	/* events; 0: never */
	unsigned events;
};

struct reading {
	size_t max_token;
	int captured_depth, bounded_depth;
	size_t max_bytes;
	unsigned refuse_after;
};

static const struct reading usual = { USUAL_TOKEN, -1, -1, 0, 0 };

static void __attribute__((format(printf, 2, 3))) tell(struct trace *trace, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(trace->text + trace->length, TRACE_BYTES - trace->length, format, args);
	va_end(args);
	if (length > 0)
		trace->length += (size_t)length;
	if (trace->length >= TRACE_BYTES)
		trace->length = TRACE_BYTES - 1;
}

static bool on_event(void *arg, const struct hs_json_event *event, struct hs_error *err)
{
	static const char *const kinds[] = { "{", "}", "[", "]", "key", "string", "number", "true",
		"false", "null", "big" };
	struct trace *trace = arg;
	bool is_begin = event->kind == HS_JSON_OBJECT_BEGIN || event->kind == HS_JSON_ARRAY_BEGIN;

	tell(trace, "%s@%llu:%llu/%u", kinds[event->kind], (unsigned long long)event->line,
	    (unsigned long long)event->column, event->depth);
	if (event->text != NULL)
		tell(trace, "%s%.*s", event->is_cut ? "~" : "=", (int)event->length, event->text);
	tell(trace, " ");
	if (is_begin && (int)event->depth == trace->bounded_depth)
		hs_json_bound(trace->stream, trace->max_bytes);
	if (is_begin && (int)event->depth == trace->captured_depth)
		hs_json_capture(trace->stream);
	if (++trace->events == trace->refuse_after)
		return hs_error_set(err, HS_DB_AWAY, "", "the handler says no");
	return true;
}

/* Pieces lie in memory of their own, which is gone at once: the sanitizers see any use after. */
static bool push(struct hs_json_stream *stream, const char *text, size_t length,
    struct hs_error *err)
{
	char *copy = malloc(length > 0 ? length : 1);
	bool done;

	if (copy == NULL)
		hs_panic("no memory");
	memcpy(copy, text, length);
	done = hs_json_push(stream, copy, length, err);
	free(copy);
	return done;
}

/* Reads in pieces of `first` bytes and then of `rest`, and adds how it ended. */
static void read_text(const struct reading *how, const char *text, size_t length, size_t first,
    size_t rest, struct trace *trace)
{
	struct hs_error err = HS_ERROR_INIT;
	const struct hs_json_fault *fault;
	bool done = true;

	*trace = (struct trace){ .captured_depth = how->captured_depth,
		.bounded_depth = how->bounded_depth, .max_bytes = how->max_bytes,
		.refuse_after = how->refuse_after };
	trace->stream = hs_json_stream_new(how->max_token, on_event, trace);
	if (trace->stream == NULL)
		hs_panic("no memory");
	for (size_t at = 0, size = first; at < length && done; at += size, size = rest) {
		if (at > 0 && at == first)
			size = rest;
		if (size > length - at)
			size = length - at;
		done = push(trace->stream, text + at, size, &err);
	}
	done = done && hs_json_finish(trace->stream, &err);
	fault = hs_json_stream_fault(trace->stream);
	if (done)
		tell(trace, "ok");
	else if (fault == NULL)
		tell(trace, "stopped: %s", err.message);
	else
		tell(trace, "%s@%llu:%llu: %s", hs_error_name(fault->code),
		    (unsigned long long)fault->line, (unsigned long long)fault->column,
		    fault->message);
	hs_json_stream_free(trace->stream);
}

/* The trace, after every way to cut the text in two, and bytes alone, gave the same. */
static void read_all_ways(const char *row, const struct reading *how, const char *text,
    size_t length, struct trace *ret)
{
	static struct trace other;

	read_text(how, text, length, length, 1, ret);
	for (size_t first = 1; first < length; first++) {
		read_text(how, text, length, first, length, &other);
		if (!expect_text(row, other.text, ret->text))
			return;
	}
	for (size_t size = 1; size < 4; size++) {
		read_text(how, text, length, size, size, &other);
		expect_text(row, other.text, ret->text);
	}
}

static const struct { const char *text, *want; } events[] = {
	{ "{}", "{@1:1/0 }@1:2/0 ok" },
	{ " [ ] ", "[@1:2/0 ]@1:4/0 ok" },
	{ "[1,-2.50e+3, 0]",
	    "[@1:1/0 number@1:2/1=1 number@1:4/1=-2.50e+3 number@1:14/1=0 ]@1:15/0 ok" },
	{ "{\"a\":true,\"b\":[false,null]}",
	    "{@1:1/0 key@1:2/1=a true@1:6/1 key@1:11/1=b [@1:15/1 false@1:16/2 null@1:22/2 "
	    "]@1:26/1 }@1:27/0 ok" },
	{ "\n\t{\r\n \"k\"\n:\n\"v\"}\n", "{@2:2/0 key@3:2/1=k string@5:1/1=v }@5:4/0 ok" },
	{ "\"Don\xc4\x8di\xc4\x87\"", "string@1:1/0=Don\xc4\x8di\xc4\x87 ok" },
	{ "[\"\xc4\x8d\xf0\x9f\x8f\x80\",1]",	/* columns count characters */
	    "[@1:1/0 string@1:2/1=\xc4\x8d\xf0\x9f\x8f\x80 number@1:7/1=1 ]@1:8/0 ok" },
	{ "\"\\u010d\\u0107 \\ud83c\\udFC0 \\\" \\\\ \\/ \\b\\f\\n\\r\\t\"",
	    "string@1:1/0=\xc4\x8d\xc4\x87 \xf0\x9f\x8f\x80 \" \\ / \b\f\n\r\t ok" },
	{ "{\"\\u0061\":{\"\":\"\"}}", "{@1:1/0 key@1:2/1=a {@1:11/1 key@1:12/2= string@1:15/2= "
				       "}@1:17/1 }@1:18/0 ok" },
	{ "0", "number@1:1/0=0 ok" },
	{ "-12.5E-7", "number@1:1/0=-12.5E-7 ok" },
	{ "\"\x7f\xc2\x80\"", "string@1:1/0=\x7f\xc2\x80 ok" },
	{ "\"\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf\"",
	    "string@1:1/0=\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf ok" },
};

static void test_events(void)
{
	static struct trace trace;

	for (size_t i = 0; i < HS_COUNT(events); i++) {
		read_all_ways(events[i].text, &usual, events[i].text,
		    strlen(events[i].text), &trace);
		expect_text(events[i].text, trace.text, events[i].want);
	}
}

/* A text with its NULs, and how its reading ends. */
#define ROW(text, want) { (text), sizeof(text) - 1, (want) }

static const struct { const char *text; size_t length; const char *want; } faults[] = {
	/* nothing, or half of it */
	ROW("", "empty_file@1:1: the file is empty"),
	ROW(" \n ", "truncated@2:2: the file holds nothing but white space"),
	ROW("{", "truncated@1:2: the file ends where a key in double quotes or } must stand: "
		 "is it whole?"),
	ROW("[1,", "truncated@1:4: the file ends where a value must stand: is it whole?"),
	ROW("[1", "truncated@1:3: the file ends inside a value: is it whole?"),
	ROW("{\"a\"", "truncated@1:5: the file ends where a colon must stand: is it whole?"),
	ROW("{\"a\":1 ",
	    "truncated@1:8: the file ends where a comma or } must stand: is it whole?"),
	ROW("[\n\"abc", "truncated@2:5: the file ends inside a string that began at line 2, "
			"column 1: is it whole?"),
	ROW("\"\\", "truncated@1:3: the file ends inside a string that began at line 1, "
		    "column 1: is it whole?"),
	ROW("nul", "truncated@1:4: the file ends inside a value: is it whole?"),
	ROW("-", "truncated@1:2: the file ends inside a value: is it whole?"),
	ROW("1.", "truncated@1:3: the file ends inside a value: is it whole?"),
	ROW("1e+", "truncated@1:4: the file ends inside a value: is it whole?"),
	/* too much */
	ROW("{} {}", "trailing_bytes@1:4: the JSON has ended, but \"{\" follows: a snapshot is "
		     "one object, and nothing stands behind it"),
	ROW("{}\n\xc3\xa9", "trailing_bytes@2:1: the JSON has ended, but \"\xc3\xa9\" follows: "
			    "a snapshot is one object, and nothing stands behind it"),
	ROW("1 ]", "trailing_bytes@1:3: the JSON has ended, but \"]\" follows: a snapshot is "
		   "one object, and nothing stands behind it"),
	/* structure */
	ROW("[1,]", "bad_json@1:4: found \"]\" where a value must stand; take away the comma "
		    "before it"),
	ROW("{\"a\":1,}", "bad_json@1:8: found \"}\" where a key in double quotes must stand; "
			  "take away the comma before it"),
	ROW("{a:1}", "bad_json@1:2: found \"a\" where a key in double quotes or } must stand"),
	ROW("{'a':1}", "bad_json@1:2: found \"'\" where a key in double quotes or } must stand; "
		       "JSON has double quotes only"),
	ROW("{\"a\" 1}", "bad_json@1:6: found \"1\" where a colon must stand"),
	ROW("[1 2]", "bad_json@1:4: found \"2\" where a comma or ] must stand"),
	ROW("[1}", "bad_json@1:3: found \"}\" where a comma or ] must stand"),
	ROW("{\"a\":1]", "bad_json@1:7: found \"]\" where a comma or } must stand"),
	ROW("[ // all\n]", "bad_json@1:3: found \"/\" where a value or ] must stand; JSON has no "
			   "comments"),
	ROW("[\xc2\xa0]", "bad_json@1:2: found \"\xc2\xa0\" where a value or ] must stand"),
	ROW("[\f]", "bad_json@1:2: found byte 0x0c where a value or ] must stand"),
	/* values */
	ROW("[01]", "bad_json@1:2: a number does not begin with a 0 and another digit: take away "
		    "the 0"),
	ROW("[1.e5]", "bad_json@1:4: a digit of the number must stand here"),
	ROW("[-]", "bad_json@1:3: a digit of the number must stand here"),
	ROW("[+1]", "bad_json@1:2: found \"+\" where a value or ] must stand; a number begins with "
		    "a digit or -"),
	ROW("[.5]", "bad_json@1:2: found \".\" where a value or ] must stand; a number begins with "
		    "a digit or -"),
	ROW("[NaN]", "bad_json@1:2: found \"N\" where a value or ] must stand; JSON has no NaN, "
		     "Infinity or None: write null"),
	ROW("[True]", "bad_json@1:2: found \"T\" where a value or ] must stand; true and false are "
		      "written in small letters"),
	ROW("[nil]", "bad_json@1:2: found a word where a value or ] must stand; JSON knows true, "
		     "false and null, all other text is in double quotes"),
	ROW("[truex]", "bad_json@1:6: found \"x\" where a comma or ] must stand"),
	/* strings */
	ROW("\"a\tb\"", "bad_json@1:3: a control character (0x09) inside a string: write it as "
			"\\u0009"),
	ROW("\"a\nb\"", "bad_json@1:3: a line ends inside a string: close the string, or write the "
			"line's end as \\n"),
	ROW("\"\\x41\"", "bad_json@1:2: no such escape: a \\ stands before one of \" \\ / b f n r "
			 "t u only"),
	ROW("\"\\u00g0\"", "bad_json@1:6: \\u needs four hexadecimal digits, as in \\u00e9"),
	ROW("\"a\\ud83c\"", "bad_character@1:3: \\ud83c is one half of a character (a surrogate) "
			    "without its other half: write the character itself"),
	ROW("\"\\udfc0\\ud83c\"", "bad_character@1:2: \\udfc0 is one half of a character (a "
				  "surrogate) without its other half: write the character itself"),
	ROW("\"\\ud83c\\n\"", "bad_character@1:2: \\ud83c is one half of a character (a surrogate) "
			      "without its other half: write the character itself"),
	ROW("\"\\ud83c\\u0041\"", "bad_character@1:2: \\ud83c is one half of a character (a "
				  "surrogate) without its other half: write the character itself"),
	ROW("\"a\\u0000\"", "nul_character@1:3: \\u0000: the database keeps no text with a NUL in "
			    "it; take it out"),
	ROW("\"abc\0\"", "nul_character@1:5: a NUL byte: a snapshot is text, and holds none"),
	ROW("[1,\0]", "nul_character@1:4: a NUL byte: a snapshot is text, and holds none"),
	ROW("{}  \0", "nul_character@1:5: a NUL byte: a snapshot is text, and holds none"),
	/* bytes */
	ROW("\"Nicol\xf2 \"", "bad_utf8@1:7: not UTF-8 here (byte 0xf2): write the file in UTF-8"),
	ROW("\"\xc0\xaf\"", "bad_utf8@1:2: not UTF-8 here (byte 0xc0): write the file in UTF-8"),
	ROW("\"\xe0\x80\xaf\"",
	    "bad_utf8@1:2: not UTF-8 here (byte 0xe0): write the file in UTF-8"),
	ROW("\"\xed\xa0\x80\"",
	    "bad_utf8@1:2: not UTF-8 here (byte 0xed): write the file in UTF-8"),
	ROW("\"\xf4\x90\x80\x80\"", "bad_utf8@1:2: not UTF-8 here (byte 0xf4): write the file in "
				    "UTF-8"),
	ROW("\"\xff\"", "bad_utf8@1:2: not UTF-8 here (byte 0xff): write the file in UTF-8"),
	ROW("\"\x80\"", "bad_utf8@1:2: not UTF-8 here (byte 0x80): write the file in UTF-8"),
	ROW("[\xc3]", "bad_utf8@1:2: not UTF-8 here (byte 0xc3): write the file in UTF-8"),
	ROW("[1, \xc3", "bad_utf8@1:5: not UTF-8 here (byte 0xc3): write the file in UTF-8"),
	/* encodings, by name */
	ROW("\xef\xbb\xbf{}",
	    "bad_encoding@1:1: the file is UTF-8 with a byte order mark: write it "
			      "as UTF-8 without a byte order mark"),
	ROW("\xff\xfe{\0}\0", "bad_encoding@1:1: the file is UTF-16 (little-endian): write it as "
			      "UTF-8 without a byte order mark"),
	ROW("\xfe\xff\0{\0}",
	    "bad_encoding@1:1: the file is UTF-16 (big-endian): write it as UTF-8 "
			      "without a byte order mark"),
	ROW("{\0}\0", "bad_encoding@1:1: the file is UTF-16 (little-endian): write it as UTF-8 "
		      "without a byte order mark"),
	ROW("\0{\0}",
	    "bad_encoding@1:1: the file is UTF-16 (big-endian): write it as UTF-8 without "
		      "a byte order mark"),
	ROW("\xff\xfe\0\0{\0\0\0", "bad_encoding@1:1: the file is UTF-32 (little-endian): write it "
				   "as UTF-8 without a byte order mark"),
	ROW("\0\0\xfe\xff\0\0\0{", "bad_encoding@1:1: the file is UTF-32 (big-endian): write it as "
				   "UTF-8 without a byte order mark"),
	ROW("{\0\0\0}\0\0\0", "bad_encoding@1:1: the file is UTF-32 (little-endian): write it as "
			      "UTF-8 without a byte order mark"),
	ROW("\0\0\0{\0\0\0}",
	    "bad_encoding@1:1: the file is UTF-32 (big-endian): write it as UTF-8 "
			      "without a byte order mark"),
};

/* What was told before the fault is another test's; here only the end counts. */
static const char *ending(const char *trace)
{
	const char *end = strstr(trace, ": ");

	while (end != NULL && end > trace && end[-1] != ' ')
		end--;
	return end != NULL ? end : trace;
}

static void test_faults(void)
{
	static struct trace trace;
	char row[40];

	for (size_t i = 0; i < HS_COUNT(faults); i++) {
		snprintf(row, sizeof row, "fault %zu", i);
		read_all_ways(row, &usual, faults[i].text, faults[i].length, &trace);
		expect_text(faults[i].text, ending(trace.text), faults[i].want);
	}
}

/* In the manner of the well known suites: y must be read, n must be refused. */
static const struct { char want; const char *text; } verdicts[] = {
	{ 'y', "[]" }, { 'y', "[[]   ]" }, { 'y', "[\"\"]" }, { 'y', "{\"\":0}" },
	{ 'y', "[123e65]" }, { 'y', "[0e+1]" }, { 'y', "[0e1]" }, { 'y', "[ 4]" }, { 'y', "[-0]" },
	{ 'y', "[-0.000000000000000000000000000000000000000000000000000000000000000000000001]" },
	{ 'y', "[20e1]" }, { 'y', "[1E22]" }, { 'y', "[1E-2]" }, { 'y', "[1E+2]" },
	{ 'y', "[123.456e78]" }, { 'y', "[1e400]" }, { 'y', "[100000000000000000000000000000]" },
	{ 'y', "{\"a\":\"b\",\"a\":\"c\"}" },	/* repeated keys are the handler's matter */
	{ 'y', "[\"\\u0060\\u012a\\u12AB\"]" }, { 'y', "[\"\\uD801\\udc37\"]" },
	{ 'y', "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]" }, { 'y', "[\"a/*b*/c/*d//e\"]" },
	{ 'y', "[\"\xef\xbf\xbf\"]" }, { 'y', "[\"\xe2\x80\xa8\"]" }, { 'y', "[\"\x7f\"]" },
	{ 'y', "[\"\\uFFFF\"]" }, { 'y', "[\"\xef\xbb\xbf\"]" }, { 'y', "[\"\\uFEFF\"]" },
	{ 'y', "false" }, { 'y', "42" }, { 'y', "-0.1" }, { 'y', "null" }, { 'y', "\"asd\"" },
	{ 'y', " []" }, { 'y', "[]\n" }, { 'y', "\t\r\n []" }, { 'y', "[null, 1, \"1\", {}]" },
	{ 'n', "[1 true]" }, { 'n', "[a\xe5]" }, { 'n', "[\"\": 1]" }, { 'n', "[\"\"]," },
	{ 'n', "[,1]" }, { 'n', "[1,,2]" }, { 'n', "[\"x\"]]" }, { 'n', "[\"\",]" },
	{ 'n', "[\"x\"" }, { 'n', "[x" }, { 'n', "[3[4]]" }, { 'n', "[,]" }, { 'n', "[-]" },
	{ 'n', "[   , \"\"]" }, { 'n', "[1,\n1\n,1" }, { 'n', "[*]" }, { 'n', "[fals]" },
	{ 'n', "[nul]" }, { 'n', "[tru]" }, { 'n', "[++1234]" }, { 'n', "[+Inf]" },
	{ 'n', "[-01]" }, { 'n', "[-1.0.]" }, { 'n', "[-2.]" }, { 'n', "[-NaN]" }, { 'n', "[.-1]" },
	{ 'n', "[.2e-3]" }, { 'n', "[0.1.2]" }, { 'n', "[0.3e+]" }, { 'n', "[0.3e]" },
	{ 'n', "[0.e1]" }, { 'n', "[0E+]" }, { 'n', "[0E]" }, { 'n', "[1.0e+]" },
	{ 'n', "[1 000.0]" },
	{ 'n', "[1eE2]" }, { 'n', "[2.e+3]" }, { 'n', "[9.e+]" }, { 'n', "[Inf]" },
	{ 'n', "[NaN]" },
	{ 'n', "[1+2]" }, { 'n', "[0x1]" }, { 'n', "[0x42]" }, { 'n', "[Infinity]" },
	{ 'n', "[0e+-1]" }, { 'n', "[-123.123foo]" }, { 'n', "[-Infinity]" }, { 'n', "[- 1]" },
	{ 'n', "[-012]" }, { 'n', "[-.123]" }, { 'n', "[-1x]" }, { 'n', "[1ea]" },
	{ 'n', "[1.2a-3]" },
	{ 'n', "[012]" }, { 'n', "[\"x\", truth]" }, { 'n', "{[: \"x\"}" },
	{ 'n', "{\"x\", null}" },
	{ 'n', "{\"x\"::\"b\"}" }, { 'n', "{\"a\":\"a\" 123}" }, { 'n', "{key: 'value'}" },
	{ 'n', "{\"a\" b}" }, { 'n', "{:\"b\"}" }, { 'n', "{1:1}" }, { 'n', "{null:null}" },
	{ 'n', "{\"id\":0,,,,,}" }, { 'n', "{\"id\":0,}" }, { 'n', "{\"a\":\"b\"}/**/" },
	{ 'n', "{\"a\":\"b\",,\"c\":\"d\"}" }, { 'n', "{\"a\":/*comment*/\"b\"}" },
	{ 'n', "{\"a\":\"b\"}#" }, { 'n', "{true: false}" }, { 'n', "{\"a\":\"a" },
	{ 'n', "[\"\\uD800\\\"]" }, { 'n', "[\"\\uD800\\u\"]" }, { 'n', "[\"\\uD800\\u1\"]" },
	{ 'n', "[\"\\uD800\\u1x\"]" }, { 'n', "[\"\\\xf0\x9f\x8c\x80\"]" }, { 'n', "[\"\\a\"]" },
	{ 'n', "[\"\\\\\\\"]" }, { 'n', "[\"\\u00A\"]" }, { 'n', "[\"\\u\xe5\"]" },
	{ 'n', "[\\u0020\"a\"]" },
	{ 'n', "[\"new\nline\"]" }, { 'n', "[\"\t\"]" }, { 'n', "\"\\UA66D\"" }, { 'n', "abc" },
	{ 'n', "<null>" }, { 'n', "[\xe2\x81\xa0]" }, { 'n', "[1]x" }, { 'n', "[1]]" },
	{ 'n', "][" },
	{ 'n', "[][]" }, { 'n', "{\"\":" }, { 'n', "[<null>]" }, { 'n', "[\x0b]" }, { 'n', "'" },
	{ 'n', "{\"a\": true} \"x\"" }, { 'n', "2@" }, { 'n', "{}}" }, { 'n', "{\"asd\":\"asd\"" },
	{ 'n', "\xe2\x81\xa0" }, { 'n', "\xe5" }, { 'n', "*" }, { 'n', "[True]" }, { 'n', "1]" },
};

static void test_verdicts(void)
{
	static struct trace trace;

	for (size_t i = 0; i < HS_COUNT(verdicts); i++) {
		const char *text = verdicts[i].text;
		bool is_ok;

		read_all_ways(text, &usual, text, strlen(text), &trace);
		is_ok = trace.length >= 2 && strcmp(trace.text + trace.length - 2, "ok") == 0;
		expect_int(text, is_ok ? 'y' : 'n', verdicts[i].want);
	}
}

/* Depth: 256 are read, 257 refused, objects and arrays alike. */
static void test_depth(void)
{
	static char text[8 * (HS_JSON_MAX_DEPTH + 1)];
	static struct trace trace;

	for (size_t depth = HS_JSON_MAX_DEPTH; depth <= HS_JSON_MAX_DEPTH + 1; depth++) {
		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		read_text(&usual, text, 2 * depth, 7, 7, &trace);
		if (depth == HS_JSON_MAX_DEPTH)
			expect_true("256 deep", strstr(trace.text, "too_deep") == NULL);
		else
			expect_true("257 deep", strstr(trace.text, "too_deep@1:257") != NULL ||
			    trace.length == TRACE_BYTES - 1);
	}
}

/* A container is handed on as it was written, whatever piece it lies in. */
static void test_capture(void)
{
	static const char text[] =
	    "{\"a\": { \"x\" : [1.50, \"\\u0061\\n\xc4\x8d\"],\n\"y\":{} } , "
	    "\"b\":[ 1 ],\"c\":{}}";
	static const struct reading how = { USUAL_TOKEN, 1, -1, 0, 0 };
	static struct trace trace;

	read_all_ways("capture", &how, text, sizeof text - 1, &trace);
	expect_contains("an object", trace.text,
	    "}@2:8/1={ \"x\" : [1.50, \"\\u0061\\n\xc4\x8d\"],\n\"y\":{} } ");
	expect_contains("an array", trace.text, "]@2:20/1=[ 1 ] ");
	expect_contains("an empty one", trace.text, "}@2:27/1={} ");
}

/* A container beyond its bound falls silent at once; the next is told again. */
static void test_bound(void)
{
	static const char text[] = "[{\"k\":12345},{\"k\":123456},{\"k\":1}]";
	static const struct reading how = { USUAL_TOKEN, 1, 1, 11, 0 };
	static struct trace trace;

	read_all_ways("bound", &how, text, sizeof text - 1, &trace);
	expect_text("bound", trace.text,
	    "[@1:1/0 {@1:2/1 key@1:3/2=k number@1:7/2=12345 }@1:12/1={\"k\":12345} "
	    "{@1:14/1 key@1:15/2=k number@1:19/2=123456 big@1:14/1 "
	    "{@1:27/1 key@1:28/2=k number@1:32/2=1 }@1:33/1={\"k\":1} ]@1:34/0 ok");
}

static void test_bound_of_a_long_string(void)
{
	static const struct reading how = { USUAL_TOKEN, 1, 1, 12, 0 };
	static const char text[] = "[{\"k\":\"abcdefghijklmnopqrst\",\"l\":{}},2]";
	static struct trace trace;

	read_all_ways("long string", &how, text, sizeof text - 1, &trace);
	expect_text("long string", trace.text,
	    "[@1:1/0 {@1:2/1 key@1:3/2=k big@1:2/1 number@1:38/1=2 ]@1:39/0 ok");
}

/* A long text is cut at its bound, at a character's end, the same in all pieces. */
static const struct { const char *text, *want; } cuts[] = {
	{ "\"12345678\"", "string@1:1/0=12345678 ok" },
	{ "\"123456789\"", "string@1:1/0~12345678 ok" },
	{ "\"123456\xc4\x8d\"", "string@1:1/0=123456\xc4\x8d ok" },
	{ "\"1234567\xc4\x8d\"", "string@1:1/0~1234567 ok" },
	{ "\"12345\xf0\x9f\x8f\x80 and so on\"", "string@1:1/0~12345 ok" },
	{ "\"1234567\\u010d0\"", "string@1:1/0~1234567 ok" },
	{ "\"\\u010d\\u010d\\u010d\\u010d\\u010d\"",
	    "string@1:1/0~\xc4\x8d\xc4\x8d\xc4\x8d\xc4\x8d ok" },
	{ "123456789012", "number@1:1/0~12345678 ok" },
	{ "{\"123456789\":1}", "{@1:1/0 key@1:2/1~12345678 number@1:14/1=1 }@1:15/0 ok" },
	{ "[\"123456789\",\"1\"]",
	    "[@1:1/0 string@1:2/1~12345678 string@1:14/1=1 ]@1:17/0 ok" },
};

static void test_cut(void)
{
	static const struct reading how = { 8, -1, -1, 0, 0 };
	static struct trace trace;

	for (size_t i = 0; i < HS_COUNT(cuts); i++) {
		read_all_ways(cuts[i].text, &how, cuts[i].text, strlen(cuts[i].text), &trace);
		expect_text(cuts[i].text, trace.text, cuts[i].want);
	}
}

/* The handler's refusal ends the reading, and is not a fault of the text. */
static void test_refusal(void)
{
	static const struct reading how = { USUAL_TOKEN, -1, -1, 0, 3 };
	static const char text[] = "[1,2,3,4]";
	static struct trace trace;

	read_all_ways("refusal", &how, text, sizeof text - 1, &trace);
	expect_text("refusal", trace.text,
	    "[@1:1/0 number@1:2/1=1 number@1:4/1=2 stopped: the handler says no");
}

int main(void)
{
	static const struct hs_case suite[] = {
		{ "events", test_events },
		{ "faults", test_faults },
		{ "verdicts", test_verdicts },
		{ "depth", test_depth },
		{ "capture", test_capture },
		{ "bound", test_bound },
		{ "bound of a long string", test_bound_of_a_long_string },
		{ "cut", test_cut },
		{ "refusal", test_refusal },
	};

	hs_json_stream_free(NULL);
	return hs_run_suite("json_stream", suite, HS_COUNT(suite));
}
