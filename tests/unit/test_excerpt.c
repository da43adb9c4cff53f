/* test_excerpt.c: what stands around a problem's place, and where the place is in it. */
#include "common/excerpt.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "tests/unit/harness.h"

static int write_file(const char *text, size_t length)
{
	struct hs_error err = HS_ERROR_INIT;
	int dir = -1, fd;

	expect_done("folder", hs_dir_open(hs_scratch_dir(), &dir, &err), &err);
	expect_done("file", hs_file_write(dir, "excerpt", text, length, 0600, &err), &err);
	fd = openat(dir, "excerpt", O_RDONLY | O_CLOEXEC);
	expect_true("open", fd >= 0);
	close(dir);
	return fd;
}

static const struct {
	const char *text;
	unsigned line, column;
	const char *want;
	unsigned want_column;
} rows[] = {
	{ "{\"a\":1}", 1, 2, "{\"a\":1}", 2 },
	{ "one\ntwo\nthree", 2, 1, "two", 1 },
	{ "one\r\ntwo\r\n", 1, 3, "one", 3 },
	{ "one\ntwo", 3, 1, "two", 4 },			/* it ends before: a file that was cut */
	{ "one\ntwo\n", 3, 1, "", 1 },
	{ "one\ntwo", 1, 90, "one", 4 },
	{ "a\n\nb", 2, 1, "", 1 },
	{ "Dončić x", 1, 8, "Dončić x", 8 },		/* columns are characters */
	{ "a\tb\x1b[1m", 1, 3, "a␉b␛[1m", 3 },
	{ "a\xff" "b", 1, 1, "a�b", 1 },
	{ "a\xc2\x85" "b", 1, 3, "a�b", 3 },
	{ "a\xe2\x80\xae" "b", 1, 3, "a�b", 3 },	/* would turn the writing's direction */
	{ "", 1, 1, "", 1 },
};

static void test_rows(void)
{
	for (size_t i = 0; i < HS_COUNT(rows); i++) {
		struct hs_problems *problems = hs_problems_new();
		int fd = write_file(rows[i].text, strlen(rows[i].text));
		const struct hs_problem *problem;

		hs_problems_add(problems, HS_BAD_JSON, "/x", rows[i].line, rows[i].column, "wrong");
		hs_excerpts_add(problems, fd);
		problem = hs_problems_at(problems, 0);
		if (expect_true(rows[i].text, problem->excerpt != NULL)) {
			expect_text(rows[i].text, problem->excerpt, rows[i].want);
			expect_int(rows[i].text, problem->excerpt_column, rows[i].want_column);
		}
		hs_problems_free(problems);
		close(fd);
	}
}

/* One line of 300,000 characters, of two bytes each: more than is read at once. */
static void test_long_line(void)
{
	enum { CHARACTERS = 300000 };
	static char text[2 * CHARACTERS + 1];
	static const unsigned columns[] = { 1, 30, 65536, 200001, CHARACTERS };
	struct hs_problems *problems = hs_problems_new();
	int fd;

	for (int i = 0; i < CHARACTERS; i++)
		memcpy(text + 2 * i, i % 10 == 0 ? "é" : "ü", 2);
	fd = write_file(text, 2 * CHARACTERS);
	for (size_t i = 0; i < HS_COUNT(columns); i++)
		hs_problems_add(problems, HS_BAD_JSON, "", 1, columns[i], "wrong");
	hs_excerpts_add(problems, fd);
	for (size_t i = 0; i < HS_COUNT(columns); i++) {
		const struct hs_problem *problem = hs_problems_at(problems, i);
		const char *excerpt = problem->excerpt;
		bool is_cut = 2 * (columns[i] - 1) > HS_EXCERPT_BEFORE;
		size_t before = is_cut ? HS_EXCERPT_BEFORE / 2 + 3 : columns[i] - 1;
		char row[32];

		snprintf(row, sizeof row, "column %u", columns[i]);
		if (!expect_true(row, excerpt != NULL))
			continue;
		expect_int(row, problem->excerpt_column, before + 1);
		expect_true(row, strncmp(excerpt, "...", 3) == 0 || !is_cut);
		expect_true(row, strlen(excerpt) <= HS_EXCERPT_BEFORE + HS_EXCERPT_AFTER + 6);
		excerpt += is_cut ? 3 + HS_EXCERPT_BEFORE : 2 * before;
		expect_true(row, memcmp(excerpt, columns[i] % 10 == 1 ? "é" : "ü", 2) == 0);
	}
	hs_problems_free(problems);
	close(fd);
}

/* A pipe cannot be read twice. */
static void test_no_file(void)
{
	struct hs_problems *problems = hs_problems_new();
	int ends[2];

	expect_int("pipe", pipe(ends), 0);
	hs_problems_add(problems, HS_BAD_JSON, "", 1, 1, "wrong");
	hs_excerpts_add(problems, ends[0]);
	expect_true("none", hs_problems_at(problems, 0)->excerpt == NULL);
	close(ends[0]);
	close(ends[1]);
	hs_problems_free(problems);
}

static const struct hs_case cases[] = {
	{ "rows", test_rows },
	{ "a long line", test_long_line },
	{ "no file", test_no_file },
};

int main(void)
{
	return hs_run_suite("excerpt", cases, HS_COUNT(cases));
}
