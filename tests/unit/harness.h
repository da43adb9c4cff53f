/* harness.h: tables of unit tests, run by CUnit; a failure names the row it came from.
 *
 *	static const struct hs_case cases[] = {
 *		{ "birth dates", test_birth_date },
 *	};
 *
 *	int main(void)
 *	{
 *		return hs_run_suite("date", cases, HS_COUNT(cases));
 *	}
 *
 * Every failing check prints one line (FILE:LINE: case: row: got, want) and the test goes
 * on. The last line is "NAME: N passed, M failed", counted in cases. */
#ifndef HS_HARNESS_H
#define HS_HARNESS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

struct hs_case {
	const char *name;
	void (*run)(void);
};

/* Runs all cases. Returns main's exit status: 1 when any failed. */
int hs_run_suite(const char *name, const struct hs_case *cases, size_t count);

/* Each returns whether it held, so that a test can stop where going on makes no sense.
 * row is any text that tells which row of a table was tried. */
#define expect_true(row, condition) \
	hs_expect_true(__FILE__, __LINE__, (row), (condition), #condition)
#define expect_int(row, got, want) \
	hs_expect_int(__FILE__, __LINE__, (row), (long long)(got), (long long)(want))
#define expect_text(row, got, want) hs_expect_text(__FILE__, __LINE__, (row), (got), (want))
#define expect_bytes(row, got, got_length, want, want_length) \
	hs_expect_bytes(__FILE__, __LINE__, (row), (got), (got_length), (want), (want_length))
/* The text holds a part: for messages. */
#define expect_contains(row, got, part) hs_expect_contains(__FILE__, __LINE__, (row), (got), (part))
/* An error's code; on failure its sentence is shown too. */
#define expect_code(row, err, want) hs_expect_code(__FILE__, __LINE__, (row), (err), (want))
/* A call with &err that must be done: shows the error when it is not. */
#define expect_done(row, done, err) hs_expect_done(__FILE__, __LINE__, (row), (done), (err))

bool hs_expect_true(const char *file, unsigned line, const char *row, bool held, const char *what);
bool hs_expect_int(const char *file, unsigned line, const char *row, long long got, long long want);
bool hs_expect_text(const char *file, unsigned line, const char *row, const char *got,
    const char *want);
bool hs_expect_bytes(const char *file, unsigned line, const char *row, const void *got,
    size_t got_length, const void *want, size_t want_length);
bool hs_expect_contains(const char *file, unsigned line, const char *row, const char *got,
    const char *part);
bool hs_expect_code(const char *file, unsigned line, const char *row, const struct hs_error *err,
    enum hs_error_code want);
bool hs_expect_done(const char *file, unsigned line, const char *row, bool done,
    const struct hs_error *err);

/* Says that a case could not be tried here, and why; it counts as passed. */
void hs_skip(const char *why);

/* The source tree's top (from automake's srcdir, else "..", else "."). Returns a static buffer. */
const char *hs_source_dir(void);

/* The folder of shared test data (HOOPSCOUT_SHARED_DIR, else ../shared beside the source
 * tree), or NULL after hs_skip when there is none. Returns a static buffer. */
const char *hs_shared_dir(void);

/* A fresh empty folder, removed with all that is in it when the program ends. */
const char *hs_scratch_dir(void);

/* The same under a given parent ("/dev/shm"); NULL when it cannot be made there. */
const char *hs_scratch_dir_in(const char *parent);

#endif
