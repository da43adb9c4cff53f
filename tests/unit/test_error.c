/* test_error.c: codes and their names, errno's meaning, messages that are too long. */
#include "common/error.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/text.h"
#include "tests/unit/harness.h"

static const struct {
	int number;
	enum hs_error_code want;
	bool temporary;
} errnos[] = {
	{ ENOSPC, HS_DISK_FULL, true },
	{ EDQUOT, HS_DISK_FULL, true },
	{ EACCES, HS_NO_PERMISSION, true },
	{ EPERM, HS_NO_PERMISSION, true },
	{ EROFS, HS_NO_PERMISSION, true },
	{ ENOENT, HS_NOT_FOUND, false },
	{ EMFILE, HS_LIMIT, true },
	{ ENFILE, HS_LIMIT, true },
	{ ENOMEM, HS_NO_MEMORY, true },
	{ EIO, HS_IO, true },
	{ ELOOP, HS_IO, true },
};

static void test_errno(void)
{
	for (size_t i = 0; i < HS_COUNT(errnos); i++) {
		struct hs_error err = HS_ERROR_INIT;
		const char *row = strerror(errnos[i].number);

		errno = errnos[i].number;
		expect_true(row, !hs_error_errno(&err, "a.json", "cannot open %s", "it"));
		expect_int(row, errno, errnos[i].number);
		expect_code(row, &err, errnos[i].want);
		expect_int(row, err.temporary, errnos[i].temporary);
		expect_int(row, err.sys_errno, errnos[i].number);
		expect_text(row, err.where, "a.json");
		expect_contains(row, err.message, "cannot open it: ");
		expect_contains(row, err.message, row);
	}
}

static void test_names(void)
{
	for (int a = 0; a < HS_ERROR_CODE_COUNT; a++) {
		const char *name = hs_error_name((enum hs_error_code)a);

		expect_int(name, strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_"),
		    strlen(name));
		for (int b = 0; b < a; b++)
			expect_true(name, strcmp(name, hs_error_name((enum hs_error_code)b)) != 0);
	}
	expect_text("disk_full", hs_error_name(HS_DISK_FULL), "disk_full");
	expect_text("beyond the table", hs_error_name((enum hs_error_code)9999), "unknown");
}

static void test_set(void)
{
	struct hs_error err = HS_ERROR_INIT;

	expect_true("returns false", !hs_error_set(&err, HS_BUSY, NULL, "try %d", 7));
	expect_code("code", &err, HS_BUSY);
	expect_true("temporary", err.temporary);
	expect_text("message", err.message, "try 7");
	expect_text("no place", err.where, "");
	hs_error_at(&err, "first");
	hs_error_at(&err, "second");
	expect_text("the first place stays", err.where, "first");

	hs_error_set(&err, HS_BAD_DATE, err.where, "again: %s", err.message);
	expect_text("own message as argument", err.message, "again: try 7");
	expect_text("own place as argument", err.where, "first");
	expect_true("not temporary", !err.temporary);
}

/* Whatever the length, what is kept is whole characters. */
static void test_cut(void)
{
	static const char *const letters[] = { "a", "é", "€", "🏀" };

	for (size_t i = 0; i < HS_COUNT(letters); i++) {
		for (size_t shift = 0; shift < 4; shift++) {
			char text[2 * HS_ERROR_MESSAGE_BYTES] = "xyz";
			struct hs_error err = HS_ERROR_INIT;
			size_t length = shift;

			while (length + 4 < sizeof text - 1) {
				memcpy(text + length, letters[i], strlen(letters[i]) + 1);
				length += strlen(letters[i]);
			}
			hs_error_set(&err, HS_IO, text, "%s", text);
			length = strlen(err.message);
			expect_true(letters[i], length >= sizeof err.message - 4);
			expect_int(letters[i], hs_utf8_valid_prefix(err.message, length), length);
			length = strlen(err.where);
			expect_true(letters[i], length >= sizeof err.where - 4);
			expect_int(letters[i], hs_utf8_valid_prefix(err.where, length), length);
		}
	}
}

/* A file's name may be any bytes; what is said of it goes into JSON, logs and the database. */
static void test_any_bytes(void)
{
	struct hs_error err = HS_ERROR_INIT;
	const char *name = "a\xff\xc3.json";

	hs_error_set(&err, HS_IO, name, "cannot read %s: %.3s", name, "ab\xe2\x82\xac");
	expect_text("where", err.where, "a\ufffd\ufffd.json");
	expect_text("message", err.message, "cannot read a\ufffd\ufffd.json: ab\ufffd");
}

static void test_panic(void)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		close(STDERR_FILENO);
		hs_panic("the ball is %s", "flat");
	}
	expect_true("fork", child > 0 && waitpid(child, &status, 0) == child);
	expect_true("aborted", WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

int main(void)
{
	static const struct hs_case cases[] = {
		{ "errno becomes a code", test_errno },
		{ "stable names", test_names },
		{ "set and place", test_set },
		{ "cut at a character's end", test_cut },
		{ "any bytes become valid UTF-8", test_any_bytes },
		{ "panic aborts", test_panic },
	};

	return hs_run_suite("error", cases, HS_COUNT(cases));
}
