/* test_log.c: lines as a person and as journald get them; nothing in a value breaks a line. */
#include "common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/text.h"
#include "tests/unit/harness.h"

static char captured[1 << 20];

/* Runs with standard error in a file, and leaves what was written in captured. */
static void capture(void (*run)(void *), void *argument, bool as_journal)
{
	int saved = dup(STDERR_FILENO), fd;
	char path[4096], stream[64];
	struct stat info;
	ssize_t length;

	snprintf(path, sizeof path, "%s/log", hs_scratch_dir());
	fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	expect_true("capture", saved >= 0 && fd >= 0 && fstat(fd, &info) == 0 &&
	    dup2(fd, STDERR_FILENO) >= 0);
	snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)info.st_dev,
	    (unsigned long long)info.st_ino + !as_journal);
	setenv("JOURNAL_STREAM", stream, 1);
	hs_log_open("hsd-test", HS_LOG_INFO);
	run(argument);
	dup2(saved, STDERR_FILENO);
	length = pread(fd, captured, sizeof captured - 1, 0);
	captured[length > 0 ? length : 0] = '\0';
	close(fd);
	close(saved);
}

static void write_plain(void *unused)
{
	(void)unused;
	hs_log(HS_LOG_INFO, "imported a file", HS_STR("file", "nba.json"), HS_INT("records", 605),
	    HS_SECS("took", 1.25));
}

static void test_plain(void)
{
	regex_t want;

	capture(write_plain, NULL, false);
	expect_int("regcomp", regcomp(&want,
	    "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"
	    "\\.[0-9]{3}Z hsd-test\\[[0-9]+\\] info: imported a file file=nba.json records=605 "
	    "took=1.250\n$", REG_EXTENDED | REG_NOSUB), 0);
	if (regexec(&want, captured, 0, NULL, 0) != 0)
		expect_text("the whole line", captured, "a line of the form that log.h shows");
	regfree(&want);
}

static void test_journal(void)
{
	capture(write_plain, NULL, true);
	expect_text("journald", captured,
	    "<6>imported a file file=nba.json records=605 took=1.250\n");
}

static const struct {
	const char *row, *value, *want;
} values[] = {
	{ "plain", "a-b_c/d.json", "a-b_c/d.json" },
	{ "null", NULL, "-" },
	{ "empty", "", "\"\"" },
	{ "blank", "a b", "\"a b\"" },
	{ "equals", "a=b", "\"a=b\"" },
	{ "quote", "a\"b", "\"a\\\"b\"" },
	{ "backslash", "a\\b", "\"a\\\\b\"" },
	{ "newline", "a\nb", "\"a\\nb\"" },
	{ "tab and return", "\t\r", "\"\\t\\r\"" },
	{ "escape sequence", "\033[2J", "\"\\x1b[2J\"" },
	{ "delete", "\177", "\"\\x7f\"" },
	{ "letters beyond ASCII", "Dončić", "Dončić" },
	{ "C1 control", "\xc2\x9b" "2J", "\"\\xc2\\x9b2J\"" },
	{ "invalid UTF-8", "a\xff" "b", "\"a\\xffb\"" },
	{ "cut character", "a\xe2\x82", "\"a\\xe2\\x82\"" },
	{ "four bytes", "🏀", "🏀" },
};

static void write_value(void *argument)
{
	hs_log(HS_LOG_WARNING, "see", HS_STR("v", argument));
}

static void test_values(void)
{
	for (size_t i = 0; i < HS_COUNT(values); i++) {
		char want[256];

		snprintf(want, sizeof want, "<4>see v=%s\n", values[i].want);
		capture(write_value, (void *)values[i].value, true);
		expect_text(values[i].row, captured, want);
	}
}

static void write_long(void *argument)
{
	errno = ERANGE;
	hs_log(HS_LOG_ERROR, "long", HS_STR("v", argument), HS_STR("after", "x"));
}

static void test_long(void)
{
	static const char *const letters[] = { "a", "é", "€", "\n" };

	for (size_t i = 0; i < HS_COUNT(letters); i++) {
		char text[9000] = "";
		size_t length = 0;

		for (; length + 4 < sizeof text; length += strlen(letters[i]))
			memcpy(text + length, letters[i], strlen(letters[i]));
		text[length] = '\0';
		capture(write_long, text, true);
		length = strlen(captured);
		expect_true(letters[i], length <= 4096 && length > 4080);
		expect_int(letters[i], hs_utf8_valid_prefix(captured, length), length);
		expect_text(letters[i], captured + length - 4, "...\n");
		expect_int("errno is preserved", errno, ERANGE);
	}
}

static void write_levels(void *unused)
{
	(void)unused;
	hs_log(HS_LOG_DEBUG, "hidden");
	hs_log_set_level(HS_LOG_DEBUG);
	hs_log(HS_LOG_DEBUG, "shown");
	hs_log_set_level(HS_LOG_ERROR);
	hs_log(HS_LOG_WARNING, "hidden");
	hs_log(HS_LOG_ERROR, "bad\nnews");
}

static void test_levels(void)
{
	enum hs_log_level level = HS_LOG_INFO;

	capture(write_levels, NULL, true);
	expect_text("levels", captured, "<7>shown\n<3>bad\\nnews\n");
	expect_true("warning", hs_log_level_parse("warning", &level) && level == HS_LOG_WARNING);
	expect_true("loud", !hs_log_level_parse("loud", &level) && level == HS_LOG_WARNING);
	expect_true("empty", !hs_log_level_parse("", &level));
}

static void write_error(void *argument)
{
	hs_log_error(HS_LOG_ERROR, "cannot move", argument);
}

static void write_error_of(void *argument)
{
	hs_log_error_of(HS_LOG_ERROR, "a run failed", argument, HS_STR("source", "nba"),
	    HS_INT("run", 7));
}

static void test_error(void)
{
	struct hs_error err = HS_ERROR_INIT;

	hs_error_set(&err, HS_DISK_FULL, "a b.json", "no space: free some");
	capture(write_error, &err, true);
	expect_text("placed", captured,
	    "<3>cannot move code=disk_full where=\"a b.json\" error=\"no space: free some\"\n");
	capture(write_error_of, &err, true);
	expect_text("of what", captured, "<3>a run failed source=nba run=7 code=disk_full"
	    " where=\"a b.json\" error=\"no space: free some\"\n");
	hs_error_set(&err, HS_IO, "", "bad");
	capture(write_error, &err, true);
	expect_text("no place", captured, "<3>cannot move code=io_error error=bad\n");
}

enum { THREADS = 4, LINES = 200 };

static void *write_many(void *argument)
{
	for (int i = 0; i < LINES; i++)
		hs_log(HS_LOG_INFO, "many", HS_STR("who", argument), HS_INT("n", i));
	return NULL;
}

static void write_from_threads(void *unused)
{
	pthread_t threads[THREADS];

	(void)unused;
	for (size_t i = 0; i < THREADS; i++)
		expect_int("thread", pthread_create(&threads[i], NULL, write_many, "guard"), 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

static void test_threads(void)
{
	int lines = 0;
	char *rest = captured;

	capture(write_from_threads, NULL, true);
	for (char *line; (line = strsep(&rest, "\n")) != NULL && *line != '\0'; lines++)
		expect_true(line, strncmp(line, "<6>many who=guard n=", 20) == 0);
	expect_int("whole lines", lines, THREADS * LINES);
}

int main(void)
{
	static const struct hs_case cases[] = {
		{ "a line for people", test_plain },
		{ "a line for journald", test_journal },
		{ "values are quoted", test_values },
		{ "a long line is cut", test_long },
		{ "levels", test_levels },
		{ "errors", test_error },
		{ "threads do not mix", test_threads },
	};

	return hs_run_suite("log", cases, HS_COUNT(cases));
}
