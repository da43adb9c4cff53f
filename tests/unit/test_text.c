/* test_text.c: UTF-8, trimming, and names folded so that people find them. */
#include "common/text.h"

#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/harness.h"

static void test_format(void)
{
	struct hs_error err = HS_ERROR_INIT;
	char buf[8];

	expect_true("fits", hs_format(buf, sizeof buf, &err, "%s-%d", "abcde", 7));
	expect_text("fits", buf, "abcde-7");
	expect_true("one too many", !hs_format(buf, sizeof buf, &err, "%s-%d", "abcdef", 7));
	expect_code("one too many", &err, HS_TOO_LONG);
	expect_contains("one too many", err.message, "at most 7 bytes");
}

static void test_copy(void)
{
	char text[] = "text", *copy = NULL;

	expect_true("a missing one", hs_text_copy(NULL, &copy) && copy == NULL);
	expect_true("a text", hs_text_copy(text, &copy) && copy != text);
	expect_text("the same", copy, "text");
	free(copy);
}

static const struct {
	const char *row, *text;
	size_t valid;
} utf8[] = {
	{ "empty", "", 0 },
	{ "ASCII, longer than a word", "abcdefghijklmnop", 16 },
	{ "two bytes", "\xc4\x8d", 2 },
	{ "three bytes", "\xe2\x82\xac", 3 },
	{ "four bytes", "\xf0\x9f\x8f\x80", 4 },
	{ "last code point", "\xf4\x8f\xbf\xbf", 4 },
	{ "beyond the last", "\xf4\x90\x80\x80", 0 },
	{ "overlong slash", "ab\xc0\xaf", 2 },
	{ "overlong two", "\xc1\xbf", 0 },
	{ "overlong three", "\xe0\x9f\xbf", 0 },
	{ "shortest three", "\xe0\xa0\x80", 3 },
	{ "overlong four", "\xf0\x8f\xbf\xbf", 0 },
	{ "shortest four", "\xf0\x90\x80\x80", 4 },
	{ "before the surrogates", "\xed\x9f\xbf", 3 },
	{ "a surrogate", "\xed\xa0\x80", 0 },
	{ "the last surrogate", "\xed\xbf\xbf", 0 },
	{ "after the surrogates", "\xee\x80\x80", 3 },
	{ "cut off", "abcdefghi\xe2\x82", 9 },
	{ "cut off by ASCII", "\xe2\x82" "a", 0 },
	{ "tail without lead", "abc\x80", 3 },
	{ "five bytes", "\xf8\x88\x80\x80\x80", 0 },
	{ "0xff", "abcdefgh\xff", 8 },
};

static void test_utf8(void)
{
	for (size_t i = 0; i < HS_COUNT(utf8); i++)
		expect_int(utf8[i].row, hs_utf8_valid_prefix(utf8[i].text, strlen(utf8[i].text)),
		    utf8[i].valid);
	expect_int("count", hs_utf8_count("Dončić 🏀", strlen("Dončić 🏀")), 8);
	expect_int("count nothing", hs_utf8_count("", 0), 0);
	expect_int("cut between characters", hs_utf8_cut("aБВ", 3), 3);
	expect_int("cut within a character", hs_utf8_cut("aБВ", 4), 3);
	expect_int("cut nothing", hs_utf8_cut("aБВ", 60), 5);
}

static void test_clean(void)
{
	char buf[16];

	expect_text("valid", hs_utf8_clean("Đoko", 5, buf, sizeof buf), "Đoko");
	expect_text("bad bytes", hs_utf8_clean("a\xff\xfe" "b", 4, buf, sizeof buf),
	    "a\ufffd\ufffdb");
	expect_text("NUL", hs_utf8_clean("a\0b", 3, buf, sizeof buf), "a\ufffdb");
	expect_text("cut at a character's end", hs_utf8_clean("€€€€€€", 18, buf, sizeof buf),
	    "€€€€€");
	expect_text("cut", hs_utf8_clean("abc", 3, buf, 3), "ab");
	expect_text("no room at all", hs_utf8_clean("abc", 3, buf, 1), "");
}

static const struct {
	const char *row, *text, *want;
} trims[] = {
	{ "nothing to do", "Luka Dončić", "Luka Dončić" },
	{ "blanks", "  Luka\t\n", "Luka" },
	{ "no-break spaces", "\u00a0Luka\u00a0\u202f\u2007", "Luka" },
	{ "wide and line separators", "\u3000\u2028Luka\u2029\u1680\u205f\xc2\x85", "Luka" },
	{ "inside stays", " a\u00a0b ", "a\u00a0b" },
	{ "all white", " \u00a0 ", "" },
	{ "empty", "", "" },
	{ "a zero-width space is not white space", "\u200bLuka", "\u200bLuka" },
	{ "a tail alone is no space", "a\xa0", "a\xa0" },
	{ "one letter", "é", "é" },
};

static void test_trim(void)
{
	for (size_t i = 0; i < HS_COUNT(trims); i++) {
		const char *text = trims[i].text;
		size_t length = strlen(text);

		hs_text_trim(&text, &length);
		expect_bytes(trims[i].row, text, length, trims[i].want, strlen(trims[i].want));
	}
}

static const struct {
	const char *text;
	bool want;
} blanks[] = {
	{ "", true }, { " ", true }, { "\u00a0\u2003\t", true },
	{ "\u200b\ufeff\u200e\u2060", true },
	{ "\u00ad", true }, { "\u3164", true }, { "\ufe0f", true }, { "\u2800", true },
	{ "a", false }, { "\u200b.", false }, { "-", false }, { "\u0301", false },
	{ "\xff", false },
};

static void test_blank(void)
{
	for (size_t i = 0; i < HS_COUNT(blanks); i++)
		expect_int(blanks[i].text, hs_text_is_blank(blanks[i].text, strlen(blanks[i].text)),
		    blanks[i].want);
}

static const struct {
	const char *text, *want;
} names[] = {
	{ "", "" },
	{ "LeBron James", "lebron james" },
	{ "Luka Dončić", "luka doncic" },
	{ "Luka Donc\u030cic\u0301", "luka doncic" },	/* decomposed */
	{ "Nikola Jokić", "nikola jokic" },
	{ "Shaquille O’Neal", "shaquille oneal" },
	{ "O'NEAL", "oneal" },
	{ "O\u2018Neal O\u02bcNeal O\u02bbNeal O`Neal O\u00b4Neal O\u2032Neal O\uff07Neal",
	    "oneal oneal oneal oneal oneal oneal oneal" },
	{ "O\u0384Neal O\u1ffdNeal O\u1fbfNeal O\u2019\u2019Neal O\u201bNeal",
	    "oneal oneal oneal oneal oneal" },
	{ "J.J. Redick", "jj redick" },
	{ "J. J. Redick", "j j redick" },
	{ "Karl-Anthony Towns", "karl anthony towns" },
	{ "Karl\u2010Anthony \u2013 Towns\u2014Jr\u2212x\u30fby\uff0dz",
	    "karl anthony towns jr x y z" },
	{ "-- a --", "a" },
	{ "  Bogdan\u00a0\u2007\u202f\u3000Bogdanović\t", "bogdan bogdanovic" },
	{ "\ufeffBog\u200bdan\u200e Bog\u00addanović\u2060", "bogdan bogdanovic" },
	{ "Đorđe Đoković", "dorde dokovic" },
	{ "Łukasz Kołtuń", "lukasz koltun" },
	{ "Søren Øre Ǿre", "soren ore ore" },
	{ "Işık İlkan ILKAN", "isik ilkan ilkan" },
	{ "Ħal Għajn Ŧ ŋ ĸ", "hal ghajn t n k" },
	{ "Æsir Œuvre Þór Ðóra Ǽ", "aesir oeuvre thor dora ae" },
	{ "Weiß STRASSE ẞ", "weiss strasse ss" },
	{ "Əliyev", "eliyev" },
	{ "Nguyễn Đức Ơ Ư", "nguyen duc o u" },
	{ "Col·lectiu Para\u0140lel", "collectiu parallel" },
	{ "ﬁsher Ⅳ ＡＢＣ ½", "fisher iv abc 1⁄2" },
	{ "Αντετοκούνμπο ΓΙΆΝΝΗΣ γιάννης", "αντετοκουνμπο γιαννησ γιαννησ" },
	{ "Андрей КИРИЛЕНКО Ёж", "андреи кириленко еж" },
	{ "姚明", "姚明" },
	{ "マイケル・ジョーダン", "マイケル ショータン" },
	{ "Earvin \"Magic\" Johnson, Jr.", "earvin \"magic\" johnson, jr" },
	{ "'", "" },
	{ "a\001b\177c", "abc" },
};

static void test_fold(void)
{
	for (size_t i = 0; i < HS_COUNT(names); i++) {
		struct hs_error err = HS_ERROR_INIT;
		char buf[HS_FOLDED_NAME_BYTES];

		if (expect_done(names[i].text, hs_name_fold(names[i].text, strlen(names[i].text),
		    buf,
			sizeof buf, &err), &err))
			expect_text(names[i].text, buf, names[i].want);
	}
}

static void test_fold_wanted(void)
{
	static const struct { const char *text, *want; } rows[] = {
		{ "Dončić, Luka", "doncic luka" }, { "DONČIĆ,LUKA", "doncic luka" },
		{ " , Smith ,, Jr. ,", "smith jr" }, { "，a，", "a" }, { ", ,", "" },
		{ "a b", "a b" },
	};

	for (size_t i = 0; i < HS_COUNT(rows); i++) {
		struct hs_error err = HS_ERROR_INIT;
		char buf[HS_FOLDED_NAME_BYTES];

		if (expect_done(rows[i].text, hs_name_fold_wanted(rows[i].text,
			strlen(rows[i].text), buf, sizeof buf, &err), &err))
			expect_text(rows[i].text, buf, rows[i].want);
	}
}

static void test_fold_refusals(void)
{
	struct hs_error err = HS_ERROR_INIT;
	char buf[4] = "";

	expect_true("bad UTF-8", !hs_name_fold("ab\xff", 3, buf, sizeof buf, &err));
	expect_code("bad UTF-8", &err, HS_BAD_UTF8);
	expect_contains("bad UTF-8", err.message, "byte 3");
	expect_true("just fits", hs_name_fold("Abc", 3, buf, sizeof buf, &err));
	expect_text("just fits", buf, "abc");
	expect_true("too long", !hs_name_fold("Abcd", 4, buf, sizeof buf, &err));
	expect_code("too long", &err, HS_TOO_LONG);
	expect_true("a blank that nothing follows takes no room",
	    hs_name_fold("Abc  ", 5, buf, sizeof buf, &err));
}

static size_t encode(uint32_t point, char *bytes)
{
	if (point < 0x80) {
		bytes[0] = (char)point;
		return 1;
	}
	if (point < 0x800) {
		bytes[0] = (char)(0xc0 | point >> 6);
		bytes[1] = (char)(0x80 | (point & 0x3f));
		return 2;
	}
	if (point < 0x10000) {
		bytes[0] = (char)(0xe0 | point >> 12);
		bytes[1] = (char)(0x80 | (point >> 6 & 0x3f));
		bytes[2] = (char)(0x80 | (point & 0x3f));
		return 3;
	}
	bytes[0] = (char)(0xf0 | point >> 18);
	bytes[1] = (char)(0x80 | (point >> 12 & 0x3f));
	bytes[2] = (char)(0x80 | (point >> 6 & 0x3f));
	bytes[3] = (char)(0x80 | (point & 0x3f));
	return 4;
}

/* For every character there is: folding twice is folding once, the promised bound holds, and
 * the result is valid. */
static void test_fold_everything(void)
{
	for (uint32_t point = 1; point <= 0x10ffff; point++) {
		struct hs_error err = HS_ERROR_INIT;
		char text[4], once[64], twice[64], row[32];
		size_t length;

		if (point >= 0xd800 && point <= 0xdfff)
			continue;
		length = encode(point, text);
		snprintf(row, sizeof row, "U+%04X", point);
		if (hs_utf8_valid_prefix(text, length) != length ||
		    !hs_name_fold(text, length, once, sizeof once, &err) ||
		    !hs_name_fold(once, strlen(once), twice, sizeof twice, &err)) {
			expect_true(row, !"it folds");
			continue;
		}
		if (strcmp(once, twice) != 0)
			expect_text(row, twice, once);
		if (strlen(once) > 3 * length)
			expect_int(row, strlen(once), 3 * length);
		if (hs_utf8_valid_prefix(once, strlen(once)) != strlen(once))
			expect_true(row, !"the result is valid");
	}
	expect_true("done", true);
}

int main(void)
{
	static const struct hs_case cases[] = {
		{ "copies of what may be missing", test_copy },
		{ "bounded printing", test_format },
		{ "valid UTF-8", test_utf8 },
		{ "cleaned UTF-8", test_clean },
		{ "trimming", test_trim },
		{ "blank text", test_blank },
		{ "folded names", test_fold },
		{ "folding what is looked for", test_fold_wanted },
		{ "names that cannot be folded", test_fold_refusals },
		{ "every character folds once", test_fold_everything },
	};

	return hs_run_suite("text", cases, HS_COUNT(cases));
}
