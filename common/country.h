/* country.h: which country a text names, however a source writes it.
 *
 * "USA", "us", "U.S.A." and "United States of America" are one country. Its spellings are the
 * English names and the codes of ISO 3166 (two and three letters), from the package iso-codes,
 * and those of countries.txt: the codes of the IOC and of FIBA, common variants, countries of
 * the past, and what plays as a nation without being in ISO 3166-1. Case, accents, dots,
 * apostrophes, hyphens, commas, "and", "the" and "of" make no difference.
 *
 * A text that is no country's, or could be two countries', names none: "Congo", "USA/Italy".
 * Whoever groups or filters by nationality takes the text itself then. */
#ifndef HS_COUNTRY_H
#define HS_COUNTRY_H

#include <stdbool.h>
#include <stddef.h>

struct hs_country {
	const char *code;	/* ISO 3166: "RS", "GB-ENG", of the past "YUCS"; Kosovo's is "XK" */
	const char *name;	/* as we show it: "Serbia"; hs_country_find finds it again */
};

/* The country, or NULL. Any bytes may be asked for. */
const struct hs_country *hs_country_find(const char *text, size_t length);

/* The name of the country that a text names; the text itself when it names none. */
const char *hs_country_shown(const char *text);

/* For country.c and the program that makes its table: the text without all that makes no
 * difference, or false when nothing is left, or more than fits: then it is no country's. */
enum { HS_COUNTRY_KEY_BYTES = 96 };
bool hs_country_key(const char *text, size_t length, char buf[HS_COUNTRY_KEY_BYTES]);

/* The table, made by make_countries.c: spellings sorted by key. */
struct hs_country_spelling {
	const char *key;
	unsigned short country;		/* in hs_countries */
};
extern const struct hs_country hs_countries[];
extern const size_t hs_country_count;
extern const struct hs_country_spelling hs_country_spellings[];
extern const size_t hs_country_spelling_count;

#endif
