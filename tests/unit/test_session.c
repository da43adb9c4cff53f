/* test_session.c: tokens, cookies, proofs of forms, and paths that one may be led to. */
#include "daemons/web/session.h"

#include <stdlib.h>
#include <string.h>

#include "daemons/web/csrf.h"
#include "daemons/web/guard.h"
#include "daemons/web/token.h"
#include "tests/unit/harness.h"

#define T "abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123-_x"	/* a token's 43 characters */
#define U "Abcdefghijklmnopqrstuvwxyz_________________"

static void test_tokens(void)
{
	char one[TOKEN_TEXT_BYTES], other[TOKEN_TEXT_BYTES], digest[TOKEN_DIGEST_BYTES];
	char proof[TOKEN_PROOF_BYTES], second[TOKEN_PROOF_BYTES];

	expect_true("new", token_new(one) && token_new(other));
	expect_true("two differ", strcmp(one, other) != 0);
	expect_true("their form", token_is_one(one, strlen(one)) && token_is_one(other, 43));
	expect_true("a digest", token_digest("abc", digest));
	expect_text("SHA-256 of abc", digest, "\\x"
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	/* RFC 4231, test case 2 */
	expect_true("a proof", token_prove("Jefe", "what do ya want for nothing?", proof));
	expect_text("HMAC-SHA256", proof,
	    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	expect_true("another purpose", token_prove("Jefe", "another", second) &&
	    !token_is_same(proof, second));
	expect_true("the same", token_is_same(proof, proof) && token_is_same("", ""));
	expect_true("longer", !token_is_same("a", "ab") && !token_is_same("ab", "a") &&
	    !token_is_same("", "a"));
}

static const struct { const char *header, *want; } headers[] = {
	{ NULL, "" }, { "", "" }, { ";;; ;", "" },
	{ "hoopscout=" T, T },
	{ "a=1; hoopscout=" T "; b=2", T },
	{ "a=1;hoopscout=" T ";b=2", T },
	{ "hoopscout=" T "; hoopscout=" T, T },
	{ "hoopscout=" T "; hoopscout=" U, "" },
	{ "hoopscout=" T "; hoopscout=x", "" },
	{ "hoopscout=x; hoopscout=" T, "" },
	{ "hoopscout=\"" T "\"", "" },
	{ "hoopscout=" T "x", "" },
	{ "hoopscout= " T, "" },
	{ "hoopscout", "" }, { "hoopscout=", "" },
	{ "xhoopscout=" T, "" }, { "hoopscout-form=" T, "" }, { "__Host-hoopscout=" T, "" },
	{ "a=hoopscout=" T, "" }, { "HOOPSCOUT=" T, "" },
};

static void test_cookies(void)
{
	char token[TOKEN_TEXT_BYTES], small[8], line[200];

	for (size_t i = 0; i < HS_COUNT(headers); i++) {
		strcpy(token, "before");
		session_find_cookie(headers[i].header, "hoopscout", token_is_one, token,
		    sizeof token);
		expect_text(headers[i].header, token, headers[i].want);
	}
	session_find_cookie("hoopscout=" T, "hoopscout", token_is_one, small, sizeof small);
	expect_text("longer than there is room", small, "");
	expect_text("http", session_cookie_line(COOKIE_SESSION, T, false, "", line, sizeof line),
	    "hoopscout=" T "; Path=/; HttpOnly; SameSite=Lax");
	expect_text("https", session_cookie_line(COOKIE_SESSION, T, true, "", line, sizeof line),
	    "__Host-hoopscout=" T "; Path=/; HttpOnly; SameSite=Lax; Secure");
	expect_text("a notice", session_cookie_line(COOKIE_NOTICE, "00", false, "", line, sizeof line),
	    "hoopscout-notice=00; Path=/; HttpOnly; SameSite=Lax; Max-Age=60");
	expect_text("below a path", session_cookie_line(COOKIE_SESSION, T, false, "/scout", line,
	    sizeof line), "hoopscout=" T "; Path=/scout; HttpOnly; SameSite=Lax");
	expect_text("that and https", session_cookie_line(COOKIE_SESSION, T, true, "/a/b", line,
	    sizeof line), "__Secure-hoopscout=" T "; Path=/a/b; HttpOnly; SameSite=Lax; Secure");
	expect_text("away", session_cookie_line(COOKIE_BEFORE, NULL, true, "", line, sizeof line),
	    "__Host-hoopscout-form=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0");
}

static const struct { const char *site, *origin, *host; bool is_own; } origins[] = {
	{ "same-origin", NULL, "x", true }, { "none", NULL, "x", true },
	{ "same-site", NULL, "x", false }, { "cross-site", NULL, "x", false }, { "", NULL, "x", false },
	{ "cross-site", "http://x", "x", false },
	{ "same-origin", "http://inside", "outside", true },
	{ NULL, NULL, "x", true },
	{ NULL, "http://x", "x", true }, { NULL, "https://X:8000", "x:8000", true },
	{ NULL, "http://x:8000", "x", false }, { NULL, "http://y", "x", false },
	{ NULL, "null", "x", false },
	{ NULL, "", "x", false }, { NULL, "http://x.evil.example", "x", false },
	{ NULL, "http://x", NULL, false },
};

static void test_origins(void)
{
	for (size_t i = 0; i < HS_COUNT(origins); i++)
		expect_int(origins[i].origin, csrf_is_own_origin(origins[i].site,
		    origins[i].origin, origins[i].host), origins[i].is_own);
}

static const struct { const char *path, *query; bool is_own; } paths[] = {
	{ "/", "", true },
	{ "/compare?player=1&player=2", "next=%2Fcompare%3Fplayer%3D1%26player%3D2", true },
	{ "/sign-in", "", true }, { "/sign-in?next=/", "", true },
	{ "", "", false }, { "x", "", false }, { "//evil.example", "", false },
	{ "/\\evil.example", "", false },
	{ "/a\\b", "", false }, { "http://evil.example", "", false }, { "/a b", "", false },
	{ "/a\tb", "", false },
	{ "/a\r\nb", "", false }, { "/\xc5\xa1", "", false }, { "/\x7f", "", false },
};

static void test_paths(void)
{
	for (size_t i = 0; i < HS_COUNT(paths); i++) {
		char *query = NULL;

		expect_int(paths[i].path, guard_is_own_path(paths[i].path), paths[i].is_own);
		expect_true(paths[i].path, guard_way_back(paths[i].path, &query));
		expect_text(paths[i].path, query, paths[i].query);
		free(query);
	}
}

static const struct { enum may may; bool viewer, scout, admin; } guards[] = {
	{ MAY_SIGNED_IN, true, true, true },
	{ MAY_BY_SETTING, true, true, true },
	{ MAY_SCOUT, false, true, true },
	{ MAY_ADMIN, false, false, true },
};

static void test_roles(void)
{
	for (size_t i = 0; i < HS_COUNT(guards); i++) {
		expect_int("viewer", guard_has_role(guards[i].may, HS_ROLE_VIEWER), guards[i].viewer);
		expect_int("scout", guard_has_role(guards[i].may, HS_ROLE_SCOUT), guards[i].scout);
		expect_int("admin", guard_has_role(guards[i].may, HS_ROLE_ADMIN), guards[i].admin);
	}
}

static const struct hs_case cases[] = {
	{ "tokens", test_tokens },
	{ "cookies", test_cookies },
	{ "origins of forms", test_origins },
	{ "own paths", test_paths },
	{ "roles", test_roles },
};

int main(void)
{
	return hs_run_suite("session", cases, HS_COUNT(cases));
}
