/* harness.c: runs a table of unit tests under CUnit and prints what failed, row by row.
 *
 * Trusts the test program. A check that fails is recorded and printed, and the case goes
 * on; a broken harness (no memory, no scratch folder) ends the program with status 2. */
#include "tests/unit/harness.h"

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CUnit/CUnit.h>
#include <CUnit/TestDB.h>
#include <CUnit/TestRun.h>

enum { MAX_SCRATCH = 64, SHOWN_BYTES = 400 };

static const char *case_name = "?";
static char scratch[MAX_SCRATCH][PATH_MAX];
static size_t scratch_count;
static pid_t scratch_owner;	/* a forked child that exits must not remove them */

static void broken(const char *what)
{
	fprintf(stderr, "the test harness is broken: %s\n", what);
	exit(2);
}

static void record(const char *file, unsigned line, const char *row, bool held)
{
	CU_assertImplementation(held ? CU_TRUE : CU_FALSE, line, row, file, case_name, CU_FALSE);
}

static void print_place(const char *file, unsigned line, const char *row)
{
	printf("%s:%u: %s: %s: ", file, line, case_name, row != NULL ? row : "(null)");
}

/* Text as it can be read in a log: quoted, control characters escaped, cut when long. */
static void print_quoted(const void *bytes, size_t length)
{
	const unsigned char *text = bytes;

	if (text == NULL) {
		fputs("NULL", stdout);
		return;
	}
	putchar('"');
	for (size_t i = 0; i < length && i < SHOWN_BYTES; i++) {
		if (text[i] == '\n')
			fputs("\\n", stdout);
		else if (text[i] == '"' || text[i] == '\\')
			printf("\\%c", text[i]);
		else if (text[i] < 0x20 || text[i] == 0x7f)
			printf("\\x%02x", text[i]);
		else
			putchar(text[i]);
	}
	printf("\"%s", length > SHOWN_BYTES ? "..." : "");
}

static void print_pair(const void *got, size_t got_length, const void *want, size_t want_length)
{
	fputs("got ", stdout);
	print_quoted(got, got_length);
	fputs(", want ", stdout);
	print_quoted(want, want_length);
	putchar('\n');
}

bool hs_expect_true(const char *file, unsigned line, const char *row, bool held, const char *what)
{
	if (!held) {
		print_place(file, line, row);
		printf("not so: %s\n", what);
	}
	record(file, line, row, held);
	return held;
}

bool hs_expect_int(const char *file, unsigned line, const char *row, long long got, long long want)
{
	if (got != want) {
		print_place(file, line, row);
		printf("got %lld, want %lld\n", got, want);
	}
	record(file, line, row, got == want);
	return got == want;
}

bool hs_expect_bytes(const char *file, unsigned line, const char *row, const void *got,
    size_t got_length, const void *want, size_t want_length)
{
	bool held = got_length == want_length &&
	    (got_length == 0 || memcmp(got, want, got_length) == 0);

	if (!held) {
		print_place(file, line, row);
		print_pair(got, got_length, want, want_length);
	}
	record(file, line, row, held);
	return held;
}

bool hs_expect_text(const char *file, unsigned line, const char *row, const char *got,
    const char *want)
{
	bool held = got == want || (got != NULL && want != NULL && strcmp(got, want) == 0);

	if (!held) {
		print_place(file, line, row);
		print_pair(got, got != NULL ? strlen(got) : 0, want,
		    want != NULL ? strlen(want) : 0);
	}
	record(file, line, row, held);
	return held;
}

bool hs_expect_contains(const char *file, unsigned line, const char *row, const char *got,
    const char *part)
{
	bool held = got != NULL && strstr(got, part) != NULL;

	if (!held) {
		print_place(file, line, row);
		fputs("want it to contain: ", stdout);
		print_pair(got, got != NULL ? strlen(got) : 0, part, strlen(part));
	}
	record(file, line, row, held);
	return held;
}

bool hs_expect_code(const char *file, unsigned line, const char *row, const struct hs_error *err,
    enum hs_error_code want)
{
	if (err->code != want) {
		print_place(file, line, row);
		printf("got %s (%s: %s), want %s\n", hs_error_name(err->code), err->where,
		    err->message, hs_error_name(want));
	}
	record(file, line, row, err->code == want);
	return err->code == want;
}

bool hs_expect_done(const char *file, unsigned line, const char *row, bool done,
    const struct hs_error *err)
{
	if (!done) {
		print_place(file, line, row);
		printf("failed: %s: %s: %s\n", hs_error_name(err->code), err->where, err->message);
	}
	record(file, line, row, done);
	return done;
}

void hs_skip(const char *why)
{
	printf("%s: skipped: %s\n", case_name, why);
}

static bool is_there(const char *path)
{
	return access(path, R_OK) == 0;
}

const char *hs_source_dir(void)
{
	static char found[PATH_MAX];
	const char *candidates[] = { getenv("srcdir"), "..", "." };

	for (size_t i = 0; i < HS_COUNT(candidates); i++) {
		char mark[PATH_MAX];

		if (candidates[i] == NULL)
			continue;
		if (snprintf(mark, sizeof mark, "%s/common/error.h", candidates[i]) <
			(int)sizeof mark &&
		    is_there(mark) && realpath(candidates[i], found) != NULL)
			return found;
	}
	broken("cannot find the source tree: set srcdir");
	return NULL;
}

const char *hs_shared_dir(void)
{
	static char found[PATH_MAX];
	const char *given = getenv("HOOPSCOUT_SHARED_DIR");
	int length;

	if (given != NULL && given[0] != '\0')
		length = snprintf(found, sizeof found, "%s", given);
	else
		length = snprintf(found, sizeof found, "%s/../shared", hs_source_dir());
	if (length < 0 || (size_t)length >= sizeof found || !is_there(found)) {
		hs_skip("no ../shared (HOOPSCOUT_SHARED_DIR names it elsewhere)");
		return NULL;
	}
	return found;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
	(void)info;
	(void)kind;
	(void)walk;
	if (remove(path) != 0)
		fprintf(stderr, "cannot remove %s\n", path);
	return 0;
}

static void remove_scratch(void)
{
	if (getpid() != scratch_owner)
		return;
	for (size_t i = 0; i < scratch_count; i++)
		nftw(scratch[i], remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *hs_scratch_dir_in(const char *parent)
{
	char *path;

	if (scratch_count == MAX_SCRATCH)
		broken("too many scratch folders");
	if (scratch_count == 0 && atexit(remove_scratch) != 0)
		broken("atexit");
	scratch_owner = getpid();
	path = scratch[scratch_count];
	if (snprintf(path, PATH_MAX, "%s/hs-test-XXXXXX", parent) >= PATH_MAX)
		broken("the scratch folder's path is too long");
	if (mkdtemp(path) == NULL)
		return NULL;
	scratch_count++;
	return path;
}

const char *hs_scratch_dir(void)
{
	const char *parent = getenv("TMPDIR");
	const char *path = hs_scratch_dir_in(parent != NULL && parent[0] != '\0' ? parent : "/tmp");

	if (path == NULL)
		broken("cannot make a scratch folder");
	return path;
}

int hs_run_suite(const char *name, const struct hs_case *cases, size_t count)
{
	size_t passed = 0, failed = 0;
	CU_pSuite suite;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (CU_initialize_registry() != CUE_SUCCESS)
		broken("CUnit does not start");
	CU_set_error_action(CUEA_IGNORE);
	if ((suite = CU_add_suite(name, NULL, NULL)) == NULL)
		broken("CUnit takes no suite");
	for (size_t i = 0; i < count; i++) {
		CU_pTest test = CU_add_test(suite, cases[i].name, cases[i].run);

		if (test == NULL)
			broken("CUnit takes no test: is its name there already?");
		case_name = cases[i].name;
		if (CU_run_test(suite, test) == CUE_SUCCESS && CU_get_number_of_failures() == 0) {
			passed++;
		} else {
			printf("%s: FAILED\n", cases[i].name);
			failed++;
		}
	}
	CU_cleanup_registry();
	printf("%s: %zu passed, %zu failed\n", name, passed, failed);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
