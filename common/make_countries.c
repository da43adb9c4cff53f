/* make_countries.c: makes country_table.c for country.c, while HoopScout is being built.
 *
 *	make_countries FOLDER_OF_ISO_CODES COUNTRIES_TXT >country_table.c
 *
 * Trusts its two sources to be what they say they are, not to agree: what gives one spelling
 * to two countries is an error, and the build stops with a line that names both. Where ISO
 * gives a spelling that countries.txt gives to none, it is left out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "common/country.h"
#include "common/error.h"

enum { COUNTRIES_MAX = 1000, SPELLINGS_MAX = 10000, LINE_BYTES = 4096, PATH_BYTES = 4096 };

/* Whose word a spelling is; that of the lower number counts. */
enum voice { VOICE_OURS, VOICE_ISO, VOICE_PAST };

enum { NOBODY = -1 };		/* the country of a spelling that names none */

struct spelling {
	char key[HS_COUNTRY_KEY_BYTES];
	int country;
	enum voice voice;
	int order;
};

struct table {
	struct { char *code, *name; } countries[COUNTRIES_MAX];
	int country_count;
	struct spelling spellings[SPELLINGS_MAX];
	int spelling_count;
	json_t *current, *past, *parts;		/* the lists of ISO 3166-1, -3 and -2 */
};

static void die(const char *what, const char *where) __attribute__((noreturn));

static void die(const char *what, const char *where)
{
	fprintf(stderr, "make_countries: %s: %s\n", where, what);
	exit(EXIT_FAILURE);
}

static char *copy(const char *text)
{
	char *copied = strdup(text);

	if (copied == NULL)
		die("no memory", text);
	return copied;
}

static json_t *load_list(const char *folder, const char *part)
{
	char path[PATH_BYTES];
	json_error_t why;
	json_t *whole, *list;

	if (snprintf(path, sizeof path, "%s/iso_%s.json", folder, part) >= (int)sizeof path)
		die("the path is too long", folder);
	if ((whole = json_load_file(path, 0, &why)) == NULL)
		die(why.text, path);
	if (!json_is_array(list = json_object_get(whole, part)))
		die("the list is not where it should be; is this iso-codes 4 or newer?", path);
	json_incref(list);
	json_decref(whole);
	return list;
}

static const char *text_of(const json_t *row, const char *key)
{
	return json_string_value(json_object_get(row, key));
}

/* The row that has that value under that key, or NULL. */
static const json_t *find_row(const json_t *list, const char *key, const char *value)
{
	size_t i;
	const json_t *row;

	json_array_foreach(list, i, row) {
		const char *text = text_of(row, key);

		if (text != NULL && strcmp(text, value) == 0)
			return row;
	}
	return NULL;
}

static void add_spelling(struct table *table, const char *text, int country, enum voice voice)
{
	struct spelling *spelling = &table->spellings[table->spelling_count];

	if (text == NULL)
		return;
	if (table->spelling_count == SPELLINGS_MAX)
		die("too many spellings: raise SPELLINGS_MAX", text);
	if (!hs_country_key(text, strlen(text), spelling->key))
		die("nothing is left of this spelling, or it is too long", text);
	spelling->country = country;
	spelling->voice = voice;
	spelling->order = table->spelling_count++;
}

static int find_country(const struct table *table, const char *code)
{
	for (int i = 0; i < table->country_count; i++) {
		if (strcmp(table->countries[i].code, code) == 0)
			return i;
	}
	return NOBODY;
}

static int add_country(struct table *table, const char *code, const char *name)
{
	if (table->country_count == COUNTRIES_MAX)
		die("too many countries: raise COUNTRIES_MAX", code);
	table->countries[table->country_count].code = copy(code);
	table->countries[table->country_count].name = name != NULL ? copy(name) : NULL;
	return table->country_count++;
}

static void add_iso_spellings(struct table *table, const json_t *row, int country, enum voice voice)
{
	static const char *const keys[] = {
		"alpha_2", "alpha_3", "name", "common_name", "official_name",
	};

	for (size_t i = 0; i < HS_COUNT(keys); i++)
		add_spelling(table, text_of(row, keys[i]), country, voice);
}

static void add_current(struct table *table)
{
	size_t i;
	const json_t *row;

	json_array_foreach(table->current, i, row) {
		const char *common = text_of(row, "common_name");
		int country = add_country(table, text_of(row, "alpha_2"),
		    common != NULL ? common : text_of(row, "name"));

		add_iso_spellings(table, row, country, VOICE_ISO);
	}
}

/* A country that ISO 3166-1 does not have: of the past, or a part that plays as a nation. */
static int add_other(struct table *table, const char *code)
{
	bool is_past = strlen(code) == 4, is_part = strchr(code, '-') != NULL;
	const json_t *row = is_past ? find_row(table->past, "alpha_4", code) :
	    is_part ? find_row(table->parts, "code", code) : NULL;
	int country;

	if (row == NULL && strcmp(code, "XK") != 0)
		die("ISO 3166 has no such code", code);
	country = add_country(table, code, text_of(row, "name"));
	if (is_past)
		add_iso_spellings(table, row, country, VOICE_PAST);
	if (is_part)
		add_spelling(table, text_of(row, "name"), country, VOICE_ISO);
	add_spelling(table, code, country, VOICE_OURS);
	return country;
}

static char *trim(char *text)
{
	text += strspn(text, " \t\n");
	for (size_t length = strlen(text); length > 0 && strchr(" \t\n", text[length - 1]) != NULL;)
		text[--length] = '\0';
	return text;
}

/* CODE NAME : SPELLING; SPELLING */
static void add_line(struct table *table, char *line)
{
	char *spellings = strstr(line, " :"), *rest = NULL, *code, *name;
	int country = NOBODY;

	if (spellings != NULL) {
		*spellings = '\0';
		spellings += 2;
	}
	code = strtok_r(trim(line), " ", &rest);
	if (code == NULL)
		die("a line without a code", "countries.txt");
	name = trim(rest);
	if (strcmp(code, "-") != 0 && (country = find_country(table, code)) == NOBODY)
		country = add_other(table, code);
	if (name[0] != '\0') {
		if (country == NOBODY)
			die("what names no country has no name", "countries.txt");
		free(table->countries[country].name);
		table->countries[country].name = copy(name);
		add_spelling(table, name, country, VOICE_OURS);
	}
	for (char *one; spellings != NULL && (one = strsep(&spellings, ";")) != NULL;)
		add_spelling(table, trim(one), country, VOICE_OURS);
}

static void add_ours(struct table *table, const char *path)
{
	FILE *file = fopen(path, "r");
	char line[LINE_BYTES];

	if (file == NULL)
		die("cannot open it", path);
	while (fgets(line, sizeof line, file) != NULL) {
		if (strchr(line, '\n') == NULL)
			die("a line is too long, or the last one does not end", path);
		if (line[0] != '#' && trim(line)[0] != '\0')
			add_line(table, line);
	}
	if (ferror(file))
		die("cannot read it", path);
	fclose(file);
}

static int compare(const void *a, const void *b)
{
	const struct spelling *one = a, *other = b;
	int by_key = strcmp(one->key, other->key);

	if (by_key != 0)
		return by_key;
	return one->voice != other->voice ? (int)one->voice - (int)other->voice :
					    one->order - other->order;
}

static const char *code_of(const struct table *table, int country)
{
	return country == NOBODY ? "nobody" : table->countries[country].code;
}

/* Whether the later of two equal spellings may be dropped. */
static bool gives_way(const struct spelling *first, const struct spelling *later)
{
	if (first->country == later->country)
		return true;
	if (first->country == NOBODY)
		return later->voice != VOICE_OURS;
	return later->voice == VOICE_PAST && first->voice != VOICE_PAST;
}

/* Leaves each spelling once. */
static void settle(struct table *table)
{
	int kept = 0;

	qsort(table->spellings, (size_t)table->spelling_count, sizeof *table->spellings, compare);
	for (int i = 0; i < table->spelling_count; i++) {
		const struct spelling *one = &table->spellings[i];
		const struct spelling *last = kept > 0 ? &table->spellings[kept - 1] : NULL;

		if (last == NULL || strcmp(last->key, one->key) != 0) {
			table->spellings[kept++] = *one;
		} else if (!gives_way(last, one)) {
			fprintf(stderr, "make_countries: \"%s\" is given to %s and to %s: give it to one"
			    " of them, or to none (the first line of countries.txt)\n", one->key,
			    code_of(table, last->country), code_of(table, one->country));
			exit(EXIT_FAILURE);
		}
	}
	table->spelling_count = kept;
}

/* What we show is what we read back. */
static void check_names(const struct table *table)
{
	for (int i = 0; i < table->country_count; i++) {
		const char *name = table->countries[i].name;
		char key[HS_COUNTRY_KEY_BYTES];
		bool found = false;

		if (name == NULL || !hs_country_key(name, strlen(name), key))
			die("this country has no name", table->countries[i].code);
		for (int k = 0; !found && k < table->spelling_count; k++)
			found = table->spellings[k].country == i &&
			    strcmp(table->spellings[k].key, key) == 0;
		if (!found)
			die("its name is not its own: name it in countries.txt", name);
	}
}

static void write_string(const char *text)
{
	putchar('"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
	putchar('"');
}

static void write_table(const struct table *table)
{
	int written = 0;

	puts("/* country_table.c: made by make_countries.c from iso-codes and countries.txt. */");
	puts("#include \"common/country.h\"\n\nconst struct hs_country hs_countries[] = {");
	for (int i = 0; i < table->country_count; i++) {
		printf("\t{ ");
		write_string(table->countries[i].code);
		printf(", ");
		write_string(table->countries[i].name);
		printf(" },\n");
	}
	printf("};\nconst size_t hs_country_count = %d;\n\n", table->country_count);
	puts("const struct hs_country_spelling hs_country_spellings[] = {");
	for (int i = 0; i < table->spelling_count; i++) {
		if (table->spellings[i].country == NOBODY)
			continue;
		printf("\t{ ");
		write_string(table->spellings[i].key);
		printf(", %d },\n", table->spellings[i].country);
		written++;
	}
	printf("};\nconst size_t hs_country_spelling_count = %d;\n", written);
}

static void table_done(struct table *table)
{
	for (int i = 0; i < table->country_count; i++) {
		free(table->countries[i].code);
		free(table->countries[i].name);
	}
	json_decref(table->current);
	json_decref(table->past);
	json_decref(table->parts);
}

int main(int argc, char **argv)
{
	static struct table table;

	if (argc != 3) {
		fprintf(stderr, "usage: make_countries FOLDER_OF_ISO_CODES COUNTRIES_TXT\n");
		return 2;
	}
	table.current = load_list(argv[1], "3166-1");
	table.parts = load_list(argv[1], "3166-2");
	table.past = load_list(argv[1], "3166-3");
	add_current(&table);
	add_ours(&table, argv[2]);
	settle(&table);
	check_names(&table);
	write_table(&table);
	table_done(&table);
	if (fflush(stdout) != 0 || ferror(stdout))
		die("cannot write it", "country_table.c");
	return 0;
}
