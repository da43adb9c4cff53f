/* test_country.c: how sources write countries, and what is none. */
#include "common/country.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "tests/unit/harness.h"

static const struct { const char *text, *code; } spellings[] = {
	{ "US", "US" }, { "us", "US" }, { "USA", "US" }, { "U.S.", "US" }, { "U.S.A.", "US" },
	{ "U. S. A.", NULL },
	{ "United States", "US" }, { "United States of America", "US" },
	{ "the united states of america", "US" }, { " UNITED-STATES ", "US" },
	{ "United\u00a0States", "US" }, { "ＵＳＡ", "US" }, { "America", "US" }, { "American", "US" },
	{ "Turkey", "TR" }, { "Turkiye", "TR" }, { "Türkiye", "TR" }, { "TÜRKİYE", "TR" },
	{ "TUR", "TR" }, { "tr", "TR" }, { "Republic of Türkiye", "TR" },
	{ "SRB", "RS" }, { "Serbia", "RS" }, { "RS", "RS" }, { "Republic of Serbia", "RS" },
	{ "GRE", "GR" }, { "GRC", "GR" }, { "EL", "GR" }, { "Hellenic Republic", "GR" },
	/* the IOC and ISO differ */
	{ "GER", "DE" }, { "DEU", "DE" }, { "CRO", "HR" }, { "HRV", "HR" }, { "SLO", "SI" },
	{ "SVN", "SI" }, { "SVK", "SK" }, { "LAT", "LV" }, { "LVA", "LV" }, { "BUL", "BG" },
	{ "SUI", "CH" }, { "DEN", "DK" }, { "NED", "NL" }, { "POR", "PT" }, { "PUR", "PR" },
	{ "PRI", "PR" }, { "PHI", "PH" }, { "RSA", "ZA" }, { "ANG", "AO" }, { "ALG", "DZ" },
	{ "NGR", "NG" }, { "NIG", "NE" }, { "NER", "NE" }, { "NGA", "NG" }, { "IRI", "IR" },
	{ "TPE", "TW" }, { "KSA", "SA" }, { "UAE", "AE" }, { "VIE", "VN" }, { "VIN", "VC" },
	{ "GUI", "GN" }, { "GBS", "GW" }, { "GEQ", "GQ" }, { "BAH", "BS" }, { "BHR", "BH" },
	{ "ISV", "VI" }, { "IVB", "VG" }, { "MGL", "MN" }, { "MON", "MC" }, { "MAD", "MG" },
	{ "MAR", "MA" }, { "MRI", "MU" }, { "MTN", "MR" }, { "TAN", "TZ" }, { "TGA", "TO" },
	{ "TOG", "TG" }, { "COD", "CD" }, { "CGO", "CG" }, { "COG", "CG" }, { "DOM", "DO" },
	{ "DMA", "DM" }, { "BUR", "BF" }, { "BRU", "BN" }, { "AND", "AD" }, { "ST", "ST" },
	{ "SRI", "LK" }, { "LKA", "LK" }, { "CTA", "CF" }, { "FPO", "PF" }, { "LBN", "LB" },
	{ "LIB", "LB" }, { "LBA", "LY" }, { "LBR", "LR" }, { "CHI", "CL" }, { "CHA", "TD" },
	{ "CHN", "CN" }, { "SAM", "WS" }, { "ASA", "AS" }, { "URU", "UY" }, { "UKR", "UA" },
	/* variants */
	{ "Bosnia & Herzegovina", "BA" }, { "Bosnia-Herzegovina", "BA" }, { "Bosnia", "BA" },
	{ "Ivory Coast", "CI" }, { "Cote d'Ivoire", "CI" }, { "Côte d’Ivoire", "CI" },
	{ "Cape Verde", "CV" }, { "Cabo Verde", "CV" }, { "Czech Republic", "CZ" },
	{ "Czechia", "CZ" }, { "The Bahamas", "BS" }, { "Bahamas, The", "BS" },
	{ "Russian Federation", "RU" }, { "Russia", "RU" }, { "Macedonia", "MK" },
	{ "FYR Macedonia", "MK" }, { "Moldova, Republic of", "MD" }, { "Viet Nam", "VN" },
	{ "Vietnam", "VN" }, { "St. Lucia", "LC" }, { "St Vincent & the Grenadines", "VC" },
	{ "Dominican Rep.", "DO" }, { "Dominica", "DM" }, { "Swaziland", "SZ" },
	{ "Burma", "MM" }, { "U.S. Virgin Islands", "VI" }, { "Virgin Islands, U.S.", "VI" },
	{ "Virgin Islands", "VI" }, { "British Virgin Islands", "VG" }, { "Holland", "NL" },
	{ "Palestine, State of", "PS" }, { "Chinese Taipei", "TW" }, { "Hong Kong, China", "HK" },
	{ "Curacao", "CW" }, { "Reunion", "RE" }, { "São Tomé & Príncipe", "ST" },
	{ "UK", "GB" }, { "Great Britain", "GB" }, { "GBR", "GB" }, { "England", "GB-ENG" },
	{ "Scotland", "GB-SCT" }, { "WAL", "GB-WLS" }, { "Northern Ireland", "GB-NIR" },
	{ "Ireland", "IE" }, { "Kosovo", "XK" }, { "KOS", "XK" }, { "Guam", "GU" },
	/* several could be meant: settled as the IOC and FIBA have it */
	{ "Korea", "KR" }, { "Korea, Republic of", "KR" }, { "South Korea", "KR" },
	{ "Democratic People's Republic of Korea", "KP" }, { "Guinea", "GN" },
	{ "Guinea Bissau", "GW" }, { "Papua New Guinea", "PG" }, { "Samoa", "WS" },
	{ "American Samoa", "AS" }, { "Georgia", "GE" }, { "Sudan", "SD" }, { "South Sudan", "SS" },
	{ "Republic of the Congo", "CG" }, { "Congo-Brazzaville", "CG" },
	{ "Democratic Republic of the Congo", "CD" }, { "DR Congo", "CD" }, { "DRC", "CD" },
	{ "Congo, The Democratic Republic of the", "CD" }, { "Zaire", "CD" },
	/* two letters are ISO's, not a state's of the USA */
	{ "CA", "CA" }, { "GA", "GA" }, { "DE", "DE" }, { "IL", "IL" },
	/* of the past */
	{ "Yugoslavia", "YUCS" }, { "YUG", "YUCS" }, { "USSR", "SUHH" }, { "U.S.S.R.", "SUHH" },
	{ "Soviet Union", "SUHH" }, { "Czechoslovakia", "CSHH" }, { "TCH", "CSHH" },
	{ "Serbia and Montenegro", "CSXX" }, { "SCG", "CSXX" }, { "East Germany", "DDDE" },
	{ "West Germany", "DE" }, { "Netherlands Antilles", "ANHH" },
	/* two countries', or none's */
	{ "Congo", NULL }, { "BRN", NULL }, { "ANT", NULL }, { "CS", NULL }, { "NA", NULL },
	{ "N/A", NULL }, { "MI", NULL }, { "TX", NULL }, { "Texas", NULL }, { "", NULL },
	{ " ", NULL }, { "and", "AD" }, { "the", NULL }, { ",", NULL }, { "USA/Italy", NULL },
	{ "USA, Italy", NULL }, { "Usain", NULL }, { "Serbi", NULL }, { "\xff", NULL },
	{ "United States\xc3", NULL }, { "Unknown", NULL }, { "-", NULL }, { "'", NULL },
};

static const char *code_of(const char *text)
{
	const struct hs_country *country = hs_country_find(text, strlen(text));

	return country != NULL ? country->code : NULL;
}

static void expect_country(const char *text, const char *want)
{
	const char *got = code_of(text);

	expect_text(text, got != NULL ? got : "none", want != NULL ? want : "none");
}

static void test_spellings(void)
{
	for (size_t i = 0; i < HS_COUNT(spellings); i++)
		expect_country(spellings[i].text, spellings[i].code);
}

static const struct { const char *text, *shown; } names[] = {
	{ "USA", "United States" }, { "Turkey", "Türkiye" }, { "GRE", "Greece" },
	{ "Congo, The Democratic Republic of the", "DR Congo" }, { "COG", "Republic of the Congo" },
	{ "Korea, Republic of", "South Korea" }, { "Iran, Islamic Republic of", "Iran" },
	{ "YUG", "Yugoslavia" }, { "GB-ENG", "England" }, { "Wales", "Wales" },
	{ "Virgin Islands, U.S.", "U.S. Virgin Islands" }, { "RUS", "Russia" },
	{ "cote d'ivoire", "Côte d'Ivoire" }, { "Macao", "Macau" }, { "KOS", "Kosovo" },
	{ "Congo", "Congo" }, { " usa / italy", " usa / italy" }, { "", "" },
};

static void test_names(void)
{
	for (size_t i = 0; i < HS_COUNT(names); i++)
		expect_text(names[i].text, hs_country_shown(names[i].text), names[i].shown);
}

/* What is shown is found again, by name and by code, and stays itself. */
static void test_fixed_points(void)
{
	expect_true("many", hs_country_count > 240);
	for (size_t i = 0; i < hs_country_count; i++) {
		const struct hs_country *country = &hs_countries[i];

		expect_text(country->name, hs_country_shown(country->name), country->name);
		if (strcmp(country->code, "NA") != 0)
			expect_country(country->code, country->code);
		expect_true(country->name, strpbrk(country->name, "[];:") == NULL);
	}
}

static void test_order(void)
{
	for (size_t i = 1; i < hs_country_spelling_count; i++)
		expect_true(hs_country_spellings[i].key, strcmp(hs_country_spellings[i - 1].key,
		    hs_country_spellings[i].key) < 0);
}

static void test_lengths(void)
{
	char text[8192];

	memset(text, 'x', sizeof text);
	expect_true("long", hs_country_find(text, sizeof text) == NULL);
	for (size_t i = 0; i < sizeof text; i += 2)
		memcpy(text + i, "a ", 2);
	expect_true("many words", hs_country_find(text, sizeof text) == NULL);
	expect_true("a part", hs_country_find("USAx", 3) != NULL);
	expect_true("a NUL", hs_country_find("US\0A", 4) == NULL ||
	    hs_country_find("US\0A", 4) == hs_country_find("USA", 3));
}

/* Every country that a real source of the shared data writes is known. */
static void test_real_sources(void)
{
	static const char *const files[] = {
		"euroleague-2024-25", "euroleague-us-2024-12-31", "euroleague-us-2025-05-26",
		"wnba-rosters-2026",
	};
	const char *shared = hs_shared_dir();
	char path[4096];
	size_t seen = 0;

	for (size_t i = 0; shared != NULL && i < HS_COUNT(files); i++) {
		json_t *whole, *record;
		size_t at;

		snprintf(path, sizeof path, "%s/data/snapshots/%s.json", shared, files[i]);
		whole = json_load_file(path, 0, NULL);
		if (!expect_true(path, whole != NULL))
			return;
		json_array_foreach(json_object_get(whole, "records"), at, record) {
			const char *text = json_string_value(json_object_get(record, "nationality"));

			if (text != NULL)
				expect_true(text, code_of(text) != NULL);
			seen += text != NULL;
		}
		json_decref(whole);
	}
	expect_true("some were there", shared == NULL || seen > 300);
}

static const struct hs_case cases[] = {
	{ "spellings", test_spellings },
	{ "names", test_names },
	{ "fixed points", test_fixed_points },
	{ "order", test_order },
	{ "lengths", test_lengths },
	{ "real sources", test_real_sources },
};

int main(void)
{
	return hs_run_suite("country", cases, HS_COUNT(cases));
}
