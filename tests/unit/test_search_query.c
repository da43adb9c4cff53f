/* test_search_query.c: every parameter read, refused and written; the canonical URL. */
#include "daemons/web/search_query.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/harness.h"

static const struct hs_date today = { 2026, 11, 25 };

/* The canonical form of text, or "PARAMETER: ERROR" when it is refused. Returns a static buffer. */
static const char *canonical(const char *text)
{
	static char written[8192];
	struct hs_error err = HS_ERROR_INIT;
	struct search_query *query;
	struct evbuffer *out;

	if (!search_query_parse(text, today, NULL, &query, &err)) {
		snprintf(written, sizeof written, "%s: %s", err.where, hs_error_name(err.code));
		return written;
	}
	out = evbuffer_new();
	expect_true(text, search_query_write(query, out));
	evbuffer_add(out, "", 1);
	snprintf(written, sizeof written, "%s", (const char *)evbuffer_pullup(out, -1));
	evbuffer_free(out);
	search_query_free(query);
	return written;
}

static const struct { const char *text, *want; } canonicals[] = {
	{ "", "" },
	{ "ppg_min=", "" },				/* as forms send it */
	{ "ppg_min=&ppg_min=", "" },
	{ "name=&position=&sort=&page=&per_page=&age_on=", "" },
	{ "fbclid=x&ppg_min=20&utm_source=chat&utm_medium=", "ppg_min=20" },
	{ "sort=-ppg", "" }, { "page=1", "" }, { "per_page=25", "" },
	{ "sort=ppg", "sort=ppg" }, { "sort=-name", "sort=-name" }, { "page=2", "page=2" },
	{ "per_page=100", "per_page=100" }, { "per_page=10", "per_page=10" },
	{ "ppg_min=20.0", "ppg_min=20" }, { "ppg_min=2e1", "ppg_min=20" },
	{ "ppg_min=12,5&height_min=+190,75%C2%A0", "height_min=190.75&ppg_min=12.5" },
	{ "ppg_min=+5&age_min=%0919+&page=+2+", "age_min=19&ppg_min=5&page=2" },
	{ "age_on=+2026-12-31+&ppg_min=+&age_max=++", "age_on=2026-12-31" },
	{ "ppg_min=0", "ppg_min=0" },			/* known figures only */
	{ "ppg_min=19.996", "ppg_min=20" },		/* figures are hundredths: rounded up */
	{ "tov_max=2.999", "tov_max=2.99" },		/* and a ceiling down */
	{ "height_min=190.5&height_max=200", "height_min=190.5&height_max=200" },
	{ "age_min=18&age_max=21", "age_min=18&age_max=21" },
	{ "age_on=2026-12-31", "age_on=2026-12-31" },
	{ "age_on=2026-11-25", "age_on=2026-11-25" },	/* tomorrow it says more */
	{ "per_page=50&sort=apg&ppg_min=3&name=x", "name=x&ppg_min=3&sort=apg&per_page=50" },
	{ "name=+Doncic++Luka+", "name=Doncic++Luka" },
	{ "name=%C2%A0x%C2%A0", "name=x" }, { "name=+%C2%A0", "" },
	{ "season=2018&season=2016&season=2018", "season=2016&season=2018" },
	{ "position=C&position=&position=PF", "position=C&position=PF" },
	{ "team=nba:LAL", "team=nba:LAL" }, { "team=nba:A:B", "team=nba:A:B" },
	{ "role=+Guard", "role=+Guard" },		/* the whole string, as it is */
	{ "nationality=+france", "nationality=France" },
	{ "nationality=USA&nationality=us&nationality=United+States+of+America",
	    "nationality=United+States" },
	{ "nationality=SRB&nationality=Turkiye&nationality=Serbia",
	    "nationality=Serbia&nationality=T%C3%BCrkiye" },
	{ "nationality=USA/Italy", "nationality=USA%2FItaly" },	/* no country's: itself */
	{ "nationality=+Congo", "nationality=+Congo" },
	{ "position=US", "position=US" },
};

static const struct { const char *text, *where; } refusals[] = {
	{ "ppg=20", "ppg" }, { "PPG_MIN=20", "PPG_MIN" }, { "=1", "" },
	{ "ppg_min%20=1", "ppg_min " },
	{ "unknown=", "unknown" }, { "utm=1", "utm" },
	{ "name=a&name=b", "name" }, { "ppg_min=1&ppg_min=1", "ppg_min" },
	{ "sort=ppg&sort=apg", "sort" },
	{ "page=1&page=2", "page" },
	{ "ppg_min=x", "ppg_min" }, { "ppg_min=-1", "ppg_min" }, { "ppg_min=5+5", "ppg_min" },
	{ "ppg_min=5,5,5", "ppg_min" }, { "ppg_min=5,5.5", "ppg_min" }, { "ppg_min=,5", "ppg_min" },
	{ "ppg_min=.5", "ppg_min" }, { "ppg_min=5.", "ppg_min" }, { "ppg_min=5,", "ppg_min" },
	{ "ppg_min=1e999", "ppg_min" }, { "ppg_min=150.01", "ppg_min" },
	{ "ppg_min=%2B5", "ppg_min" },
	{ "ppg_min=NaN", "ppg_min" }, { "ppg_min=0x10", "ppg_min" },
	{ "fg_pct_min=101", "fg_pct_min" }, { "tov_max=-0.1", "tov_max" },
	{ "age_min=19.5", "age_min" }, { "age_min=19,5", "age_min" },
	{ "age_min=+&age_min=x", "age_min" }, { "age_min=-1", "age_min" },
	{ "age_max=999", "age_max" },
	{ "age_on=2026-02-29", "age_on" }, { "age_on=25.11.2026", "age_on" },
	{ "age_on=1600-01-01", "age_on" },
	{ "sort=points", "sort" }, { "sort=--ppg", "sort" }, { "sort=-", "sort" },
	{ "sort=PPG", "sort" },
	{ "page=0", "page" }, { "page=-1", "page" }, { "page=1.0", "page" }, { "page=01", "page" },
	{ "page=1000001", "page" }, { "page=99999999999999999999", "page" },
	{ "per_page=9", "per_page" }, { "per_page=101", "per_page" },
	{ "per_page=all", "per_page" },
	{ "team=LAL", "team" }, { "team=:LAL", "team" }, { "team=nba:", "team" },
	{ "competition=NBA", "competition" },
	{ "name=%ff", "name" }, { "season=%00", "season" },
	{ "name=a+b+c+d+e+f+g+h+i+j+k+l+m+n+o+p+q+r+s+t+u", "name" },
};

static void test_canonical(void)
{
	for (size_t i = 0; i < HS_COUNT(canonicals); i++) {
		expect_text(canonicals[i].text, canonical(canonicals[i].text), canonicals[i].want);
		expect_text("once more", canonical(canonicals[i].want), canonicals[i].want);
	}
}

static void test_refusals(void)
{
	for (size_t i = 0; i < HS_COUNT(refusals); i++) {
		struct hs_error err = HS_ERROR_INIT;
		struct search_query *query = NULL;

		expect_true(refusals[i].text,
		    !search_query_parse(refusals[i].text, today, NULL, &query, &err));
		expect_code(refusals[i].text, &err, HS_BAD_ARGUMENT);
		expect_text(refusals[i].text, err.where, refusals[i].where);
		if (refusals[i].where[0] != '\0')
			expect_contains(refusals[i].text, err.message, refusals[i].where);
		search_query_free(query);
	}
}

/* Each message says what is allowed. */
static const struct { const char *text, *part; } hints[] = {
	{ "ppg_min=abc",
	    "PPG at least (ppg_min) must be a number from 0 to 150, like 12.5, not 'abc'" },
	{ "tov_max=-1", "TOV at most (tov_max) must" },
	{ "age_min=x", "Age at least (age_min) must be a whole number from 0 to 150, like 21, not 'x'" },
	{ "fg_pct_min=x", "like 45.5," }, { "height_max=x", "like 198," },
	{ "per_page=7", "from 10 to 100, like 50," },
	{ "sort=x", "three_pt_pct" },
	{ "team=x", "SOURCE:EXTERNAL_ID (like nba-stats:LAL), not 'x'" },
	{ "competition=x", "SOURCE:EXTERNAL_ID (like nba-stats:NBA), not 'x'" },
	{ "age_on=1900-02-29", "February 1900 has 28 days" },
	{ "x=1", "fg_pct_min" },
	{ "page=1&page=1", "twice" },
};

static void test_hints(void)
{
	for (size_t i = 0; i < HS_COUNT(hints); i++) {
		struct hs_error err = HS_ERROR_INIT;
		struct search_query *query;

		if (expect_true(hints[i].text,
		    !search_query_parse(hints[i].text, today, NULL, &query, &err)))
			expect_contains(hints[i].text, err.message, hints[i].part);
	}
}

/* Each example is one that the parameter takes. */
static void test_examples(void)
{
	for (size_t i = 0; i < SEARCH_PARAM_COUNT; i++) {
		struct hs_error err = HS_ERROR_INIT;
		struct search_query *query;
		char text[64];

		snprintf(text, sizeof text, "%s=%s", search_params[i].name, search_params[i].example);
		if (expect_done(text, search_query_parse(text, today, NULL, &query, &err), &err))
			search_query_free(query);
	}
}

/* All that is wrong, in the query's order, each once, with what is left of the search. */
static void test_all_refusals(void)
{
	static const char *const wheres[] = { "ppg_min", "wing_span", "team", "name", "age_on" };
	struct refusals all = { 0 };
	struct hs_error err = HS_ERROR_INIT;
	struct search_query *query;
	static const char text[] = "season=1&ppg_min=abc&wing_span=1&team=x&team=a:b&wing_span=1"
				   "&name=%ff&age_on=never&sort=apg";

	if (!expect_done("query", search_query_parse(text, today, &all, &query, &err), &err))
		return;
	expect_int("count", (long long)all.count, HS_COUNT(wheres));
	expect_int("total", (long long)all.total, HS_COUNT(wheres));
	for (size_t i = 0; i < all.count && i < HS_COUNT(wheres); i++)
		expect_text(wheres[i], all.list[i]->where, wheres[i]);
	expect_contains("of one", refusals_of(&all, "team"), "not 'x'");
	expect_true("of none", refusals_of(&all, "season") == NULL);
	expect_text("as it was typed", query->refused[SEARCH_PPG_MIN], "abc");
	expect_true("not given", !query->values[SEARCH_PPG_MIN].given);
	expect_text("what is left", query->values[SEARCH_TEAM].items[0], "a:b");
	expect_true("the order", query->sort == SEARCH_BY_APG);
	search_query_free(query);
	refusals_done(&all);
	expect_int("emptied", (long long)all.count, 0);
}

/* So many are named; the rest is counted. */
static void test_many_refusals(void)
{
	struct refusals all = { 0 };
	struct hs_error err = HS_ERROR_INIT;
	struct search_query *query;
	char text[1024];
	size_t used = 0;

	for (int i = 0; i < REFUSALS_MOST + 5; i++)
		used += (size_t)sprintf(text + used, "x%d=1&", i);
	if (!expect_done("query", search_query_parse(text, today, &all, &query, &err), &err))
		return;
	expect_int("count", (long long)all.count, REFUSALS_MOST);
	expect_int("total", (long long)all.total, REFUSALS_MOST + 5);
	search_query_free(query);
	refusals_done(&all);
}

static void test_words(void)
{
	struct hs_error err = HS_ERROR_INIT;
	struct search_query *query;
	static const char text[] = "name=O%E2%80%99Neal+Karl-Anthony+%C4%90or%C4%91e";

	if (!expect_done("name", search_query_parse(text, today, NULL, &query, &err), &err))
		return;
	expect_int("words", query->word_count, 4);
	expect_text("first", query->words[0], "oneal");
	expect_text("second", query->words[1], "karl");
	expect_text("third", query->words[2], "anthony");
	expect_text("fourth", query->words[3], "dorde");
	search_query_free(query);
}

static void test_level(void)
{
	static const struct { const char *text; bool of_season; } rows[] = {
		{ "", false },
		{ "name=a&position=C&role=x&nationality=y&age_min=1&height_min=1", false },
		{ "age_on=2026-01-01&sort=apg&page=3&per_page=10", false }, { "season=2018", true },
		{ "competition=a:b", true }, { "team=a:b", true }, { "games_min=1", true },
		{ "tov_max=1", true }, { "ft_pct_min=0", true }, { "ft_pct_min=", false },
	};

	for (size_t i = 0; i < HS_COUNT(rows); i++) {
		struct hs_error err = HS_ERROR_INIT;
		struct search_query *query;

		if (!expect_done(rows[i].text,
		    search_query_parse(rows[i].text, today, NULL, &query, &err), &err))
			continue;
		expect_int(rows[i].text, search_query_of_season(query), rows[i].of_season);
		search_query_free(query);
	}
}

static void test_without(void)
{
	static const struct { enum search_param param; size_t item; const char *want; } rows[] = {
		{ SEARCH_PPG_MIN, SIZE_MAX, "name=x&season=1&season=2&sort=apg" },
		{ SEARCH_SEASON, 0, "name=x&season=2&ppg_min=20&sort=apg" },
		{ SEARCH_SEASON, SIZE_MAX, "name=x&ppg_min=20&sort=apg" },
		{ SEARCH_NAME, SIZE_MAX, "season=1&season=2&ppg_min=20&sort=apg" },
	};
	struct hs_error err = HS_ERROR_INIT;
	struct search_query *query;
	static const char text[] = "name=x&season=2&season=1&ppg_min=20&sort=apg&page=7";

	if (!expect_done("query", search_query_parse(text, today, NULL, &query, &err), &err))
		return;
	for (size_t i = 0; i < HS_COUNT(rows); i++) {
		struct evbuffer *out = evbuffer_new();

		expect_true(rows[i].want,
		    search_query_write_without(query, rows[i].param, rows[i].item, out));
		expect_bytes(rows[i].want, evbuffer_pullup(out, -1), evbuffer_get_length(out),
		    rows[i].want, strlen(rows[i].want));
		evbuffer_free(out);
	}
	search_query_free(query);
}

/* What is left without the refused. */
static void test_way_on(void)
{
	static const struct { const char *text, *want; } rows[] = {
		{ "name=x&ppg_min=abc&season=2&season=1&sort=apg&page=3",
		    "/?name=x&season=1&season=2&sort=apg" },
		{ "ppg_min=abc", NULL }, { "wing_span=1&page=2", NULL },
		{ "name=a&name=b&position=C", "/?name=a&position=C" },
		{ "name=a+b+c+d+e+f+g+h+i+j+k+l+m+n+o+p+q+r+s+t+u&name=b&role=x", "/?role=x" },
		{ "team=LAL&team=nba:LAL&age_on=1&name=%ff&%zz=1&tov_max=2",
		    "/?team=nba:LAL&tov_max=2" },
	};

	for (size_t i = 0; i < HS_COUNT(rows); i++) {
		char *address = search_query_way_on(rows[i].text, false);

		expect_text(rows[i].text, address != NULL ? address : "none",
		    rows[i].want != NULL ? rows[i].want : "none");
		free(address);
	}
}

static void test_many_items(void)
{
	char *text = malloc(16 * SEARCH_MAX_ITEMS + 64);
	struct hs_error err = HS_ERROR_INIT;
	struct search_query *query;
	size_t used = 0;

	for (int i = 0; i < SEARCH_MAX_ITEMS; i++)
		used += (size_t)sprintf(text + used, "season=%d&", i);
	if (expect_done("as many as may be", search_query_parse(text, today, NULL, &query, &err), &err)) {
		expect_int("items", query->values[SEARCH_SEASON].count, SEARCH_MAX_ITEMS);
		search_query_free(query);
	}
	sprintf(text + used, "season=x");
	expect_true("one more", !search_query_parse(text, today, NULL, &query, &err));
	expect_contains("one more", err.message, "at most 400 times");
	free(text);
}

/* A table without holes, whose names are all different. */
static void test_tables(void)
{
	for (size_t i = 0; i < SEARCH_PARAM_COUNT; i++) {
		expect_true("a name", search_params[i].name != NULL);
		for (size_t k = 0; k < i; k++)
			expect_true(search_params[i].name,
			    strcmp(search_params[i].name, search_params[k].name) != 0);
	}
	for (size_t i = 0; i < SEARCH_KEY_COUNT; i++)
		expect_true("a key", search_keys[i].key != NULL && search_keys[i].head != NULL);
}

static const struct hs_case cases[] = {
	{ "canonical form", test_canonical },
	{ "refusals name the parameter", test_refusals },
	{ "refusals say what is allowed", test_hints },
	{ "examples are taken", test_examples },
	{ "all refusals", test_all_refusals },
	{ "many refusals", test_many_refusals },
	{ "words of a name", test_words },
	{ "season level", test_level },
	{ "without one filter", test_without },
	{ "what is left without the refused", test_way_on },
	{ "many items", test_many_items },
	{ "tables", test_tables },
};

int main(void)
{
	return hs_run_suite("search_query", cases, HS_COUNT(cases));
}
