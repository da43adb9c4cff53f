/* test_password.c: what a password may be, and what its hash keeps. */
#include "common/password.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/harness.h"

static const struct { const char *text, *says; } refused[] = {
	{ "", "has 0 characters: at least 12" },
	{ "eleven char", "has 11 characters" },
	{ "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9",
	    "has 11" },
	{ "a line\nand another", "control character" },
	{ "rubbed out \x7f again", "control character" },
	{ "not \xff UTF-8 at all", "not valid UTF-8" },
};

static void test_rules(void)
{
	char longest[HS_PASSWORD_MAX_BYTES + 2];
	struct hs_error err = HS_ERROR_INIT;

	for (size_t i = 0; i < HS_COUNT(refused); i++) {
		const char *text = refused[i].text;

		err = (struct hs_error)HS_ERROR_INIT;
		expect_true(text, !hs_password_check(text, strlen(text), &err));
		expect_code(text, &err, HS_BAD_ARGUMENT);
		expect_contains(text, err.message, refused[i].says);
	}
	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	expect_true("a byte too long", !hs_password_check(longest, strlen(longest), &err));
	expect_contains("a byte too long", err.message, "longer than 1024 bytes");
	expect_done("1024 bytes", hs_password_check(longest, HS_PASSWORD_MAX_BYTES, &err), &err);
	expect_done("twelve", hs_password_check("twelve chars", 12, &err), &err);
}

static bool verify(const char *row, const char *password, const char *hash, bool *ret_weak)
{
	struct hs_error err = HS_ERROR_INIT;
	bool is_right = false;

	expect_done(row, hs_password_verify(password, strlen(password), hash, &is_right, ret_weak,
	    &err), &err);
	return is_right;
}

static void test_hash(void)
{
	static const char password[] = "a right good password";
	char hash[HS_PASSWORD_HASH_BYTES], other[HS_PASSWORD_HASH_BYTES];
	struct hs_error err = HS_ERROR_INIT;
	bool is_weak = true;

	expect_done("hash", hs_password_hash(password, strlen(password), hash, &err), &err);
	expect_done("again", hs_password_hash(password, strlen(password), other, &err), &err);
	expect_true("its parameters", strncmp(hash, "$scrypt$ln=15,r=8,p=3$", 22) == 0);
	expect_true("salted", strcmp(hash, other) != 0);
	expect_true("is one", hs_password_is_hash(hash));
	expect_true("no password in it", strstr(hash, "right") == NULL);
	expect_true("right", verify("right", password, hash, &is_weak));
	expect_true("not weak", !is_weak);
	expect_true("wrong", !verify("wrong", "a right good passworD", hash, &is_weak));
	expect_true("no account", !verify("no account", password, NULL, &is_weak));
	expect_true("bad UTF-8 is wrong", !verify("bad UTF-8", "\xff\xff", hash, &is_weak));
	expect_true("nothing is wrong", !verify("nothing", "", hash, &is_weak));
	expect_true("short", !hs_password_hash("short", 5, hash, &err));
}

/* Made by Python's hashlib.scrypt from "pleaseletmein" and the salt "0123456789abcdef". */
static const char known[] = "$scrypt$ln=14,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg==$"
    "wOBlTLx2kTvDnlM7GeRqLPJSaL8dgO6Mbiarn6WFHEI=";

static void test_known(void)
{
	bool is_weak = false;

	expect_true("another implementation's", verify("known", "pleaseletmein", known, &is_weak));
	expect_true("weaker than today's", is_weak);
}

static void test_one_form(void)
{
	char hash[HS_PASSWORD_HASH_BYTES];
	struct hs_error err = HS_ERROR_INIT;
	bool is_weak;

	expect_done("composed", hs_password_hash("caf\xc3\xa9 caf\xc3\xa9 caf\xc3\xa9", 17, hash,
	    &err), &err);
	expect_true("decomposed", verify("decomposed",
	    "cafe\xcc\x81 cafe\xcc\x81 cafe\xcc\x81", hash, &is_weak));
}

#define SALT "MDEyMzQ1Njc4OWFiY2RlZg=="
#define KEY "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static const char *const no_hashes[] = {
	"", "secret", "$", "$scrypt$", "$bcrypt$ln=15,r=8,p=3$" SALT "$" KEY,
	"$scrypt$ln=15,r=8,p=3$" SALT, "$scrypt$ln=15,r=8,p=3$" SALT "$",
	"$scrypt$ln=15,r=8,p=3$" SALT "$" KEY "A", "$scrypt$ln=15,r=8,p=3$" SALT "$" SALT,
	"$scrypt$ln=15,r=8,p=3$" KEY "$" KEY, "$scrypt$ln=15,r=8,p=3$$" KEY,
	"$scrypt$ln=0,r=8,p=3$" SALT "$" KEY, "$scrypt$ln=21,r=8,p=3$" SALT "$" KEY,
	"$scrypt$ln=20,r=16,p=1$" SALT "$" KEY,	/* 2 GB */
	"$scrypt$ln=15,r=8,p=17$" SALT "$" KEY, "$scrypt$ln=-1,r=8,p=3$" SALT "$" KEY,
	"$scrypt$ln=15,r=,p=3$" SALT "$" KEY, "$scrypt$r=8,ln=15,p=3$" SALT "$" KEY,
	"$scrypt$ln=15,r=8,p=3 $" SALT "$" KEY, "$scrypt$ln=99999999999,r=8,p=3$" SALT "$" KEY,
	"$scrypt$ln=15,r=8,p=3$!!EyMzQ1Njc4OWFiY2RlZg==$" KEY,
};

static void test_no_hashes(void)
{
	struct hs_error err = HS_ERROR_INIT;
	bool is_right, is_weak;

	expect_true("a good one", hs_password_is_hash("$scrypt$ln=15,r=8,p=3$" SALT "$" KEY));
	for (size_t i = 0; i < HS_COUNT(no_hashes); i++) {
		expect_true(no_hashes[i], !hs_password_is_hash(no_hashes[i]));
		err = (struct hs_error)HS_ERROR_INIT;
		expect_true(no_hashes[i], !hs_password_verify("x", 1, no_hashes[i], &is_right,
		    &is_weak, &err));
		expect_code(no_hashes[i], &err, HS_BAD_ARGUMENT);
	}
}

static const struct hs_case cases[] = {
	{ "rules", test_rules },
	{ "hash and verify", test_hash },
	{ "a known hash", test_known },
	{ "one form of accents", test_one_form },
	{ "what is no hash", test_no_hashes },
};

int main(void)
{
	return hs_run_suite("password", cases, HS_COUNT(cases));
}
