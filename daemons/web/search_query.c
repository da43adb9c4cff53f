/* search_query.c: the query string of a search, read strictly, and written canonically.
 *
 * Trusts nothing of what it reads: an unknown parameter, one given twice that may stand
 * once, and a bad value are refused by name. What it writes, it would read as the same. */
#include "daemons/web/search_query.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/country.h"
#include "common/decimal.h"
#include "common/number.h"
#include "common/text.h"
#include "daemons/web/query_string.h"

const struct search_key_row search_keys[SEARCH_KEY_COUNT] = {
	[SEARCH_BY_NAME] = { "name", "Player", "Name", false },
	[SEARCH_BY_AGE] = { "age", "Age", "Age in years", true },
	[SEARCH_BY_HEIGHT] = { "height", "cm", "Height in centimetres", true },
	[SEARCH_BY_WEIGHT] = { "weight", "kg", "Weight in kilograms", true },
	[SEARCH_BY_GAMES] = { "games", "GP", "Games played", true },
	[SEARCH_BY_MPG] = { "mpg", "MPG", "Minutes per game", false },
	[SEARCH_BY_PPG] = { "ppg", "PPG", "Points per game", false },
	[SEARCH_BY_RPG] = { "rpg", "RPG", "Rebounds per game", false },
	[SEARCH_BY_APG] = { "apg", "APG", "Assists per game", false },
	[SEARCH_BY_SPG] = { "spg", "SPG", "Steals per game", false },
	[SEARCH_BY_BPG] = { "bpg", "BPG", "Blocks per game", false },
	[SEARCH_BY_TOV] = { "tov", "TOV max", "Turnovers per game (the most)", false },
	[SEARCH_BY_FG_PCT] = { "fg_pct", "FG%", "Field goal percentage", false },
	[SEARCH_BY_THREE_PT_PCT] = { "three_pt_pct", "3P%", "Three-point percentage", false },
	[SEARCH_BY_FT_PCT] = { "ft_pct", "FT%", "Free throw percentage", false },
};

#define LEAST(param, most, column, label, example) \
	{ param, SEARCH_IS_FLOOR, 0, most, true, column, label, "", example }
#define LABEL(param, label) { param, SEARCH_IS_LABEL, 0, 0, false, param, label, "", "" }
#define AGE(param) { param, SEARCH_IS_WHOLE, 0, 150, false, "born_on", "Age", "", "21" }
#define BODY(param, type, column, label, unit, example) \
	{ param, type, 0, 300, false, column, label, unit, example }

const struct search_param_row search_params[SEARCH_PARAM_COUNT] = {
	[SEARCH_NAME] = { "name", SEARCH_IS_NAME, 0, 0, false, "name_folded", "Name", "", "" },
	[SEARCH_POSITION] = LABEL("position", "Position"),
	[SEARCH_ROLE] = LABEL("role", "Role"),
	[SEARCH_COMPETITION] = { "competition", SEARCH_IS_IDENTITY, 0, 0, true, "competition",
	    "Competition", "", "nba-stats:NBA" },
	[SEARCH_SEASON] = { "season", SEARCH_IS_SEASON, 0, 0, true, "season", "Season", "", "" },
	[SEARCH_TEAM] = { "team", SEARCH_IS_IDENTITY, 0, 0, true, "team", "Team", "",
	    "nba-stats:LAL" },
	[SEARCH_NATIONALITY] = LABEL("nationality", "Nationality"),
	[SEARCH_AGE_MIN] = AGE("age_min"),
	[SEARCH_AGE_MAX] = AGE("age_max"),
	[SEARCH_AGE_ON] = { "age_on", SEARCH_IS_DATE, 1900, 2199, false, "born_on", "Age on", "",
	    "2026-12-31" },
	[SEARCH_HEIGHT_MIN] = BODY("height_min", SEARCH_IS_FLOOR, "height", "Height", "cm", "198"),
	[SEARCH_HEIGHT_MAX] = BODY("height_max", SEARCH_IS_CEILING, "height", "Height", "cm", "198"),
	[SEARCH_WEIGHT_MIN] = BODY("weight_min", SEARCH_IS_FLOOR, "weight", "Weight", "kg", "95.5"),
	[SEARCH_WEIGHT_MAX] = BODY("weight_max", SEARCH_IS_CEILING, "weight", "Weight", "kg", "95.5"),
	[SEARCH_GAMES_MIN] = LEAST("games_min", 200, "games", "GP", "20"),
	[SEARCH_MPG_MIN] = LEAST("mpg_min", 70, "mpg", "MPG", "22.5"),
	[SEARCH_PPG_MIN] = LEAST("ppg_min", 150, "ppg", "PPG", "12.5"),
	[SEARCH_RPG_MIN] = LEAST("rpg_min", 150, "rpg", "RPG", "7.5"),
	[SEARCH_APG_MIN] = LEAST("apg_min", 150, "apg", "APG", "4.5"),
	[SEARCH_SPG_MIN] = LEAST("spg_min", 150, "spg", "SPG", "1.2"),
	[SEARCH_BPG_MIN] = LEAST("bpg_min", 150, "bpg", "BPG", "0.8"),
	[SEARCH_TOV_MAX] = { "tov_max", SEARCH_IS_CEILING, 0, 150, true, "tov", "TOV", "", "2.5" },
	[SEARCH_FG_PCT_MIN] = LEAST("fg_pct_min", 100, "fg_pct", "FG%", "45.5"),
	[SEARCH_THREE_PT_PCT_MIN] = LEAST("three_pt_pct_min", 100, "three_pt_pct", "3P%", "36.5"),
	[SEARCH_FT_PCT_MIN] = LEAST("ft_pct_min", 100, "ft_pct", "FT%", "80"),
	[SEARCH_SORT] = { "sort", SEARCH_IS_SORT, 0, 0, false, NULL, "Sort", "", "-ppg" },
	[SEARCH_PAGE] = { "page", SEARCH_IS_WHOLE, 1, SEARCH_MAX_PAGE, false, NULL, "Page", "", "2" },
	[SEARCH_PER_PAGE] = { "per_page", SEARCH_IS_WHOLE, SEARCH_LEAST_PER_PAGE,
	    SEARCH_MOST_PER_PAGE, false, NULL, "Players a page", "", "50" },
};

enum { NUMBER_BYTES = 256 };	/* of one as it is typed */

static bool may_be_repeated(enum search_type type)
{
	return type == SEARCH_IS_LABEL || type == SEARCH_IS_SEASON || type == SEARCH_IS_IDENTITY;
}

enum { SHOWN_BYTES = 64 };

/* "PPG at least (ppg_min)": the field as the page has it, and the parameter. Returns buf. */
static const char *name_of(const struct search_param_row *row, char buf[SHOWN_BYTES])
{
	size_t length = strlen(row->name);
	const char *end = length > 4 ? row->name + length - 4 : "";

	snprintf(buf, SHOWN_BYTES, "%s%s (%s)", row->label, strcmp(end, "_min") == 0 ? " at least" :
	    strcmp(end, "_max") == 0 ? " at most" : "", row->name);
	return buf;
}

static bool no_memory(struct hs_error *err)
{
	return hs_error_set(err, HS_NO_MEMORY, "", "no memory to read the search");
}

static bool refuse_unknown(const char *name, struct hs_error *err)
{
	char known[512] = "";
	size_t used = 0;

	for (size_t i = 0; i < SEARCH_PARAM_COUNT; i++) {
		int more = snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "",
		    search_params[i].name);

		if (more < 0 || (size_t)more >= sizeof known - used)
			break;
		used += (size_t)more;
	}
	return hs_error_set(err, HS_BAD_ARGUMENT, name,
	    "There is no search parameter '%.60s'. There are: %s.", name, known);
}

static bool too_many_characters(const struct search_param_row *row, const char *text,
    struct hs_error *err)
{
	char shown[SHOWN_BYTES];

	if (hs_utf8_count(text, strlen(text)) <= SEARCH_MAX_CHARACTERS)
		return false;
	hs_error_set(err, HS_BAD_ARGUMENT, row->name, "%s may have at most %d characters",
	    name_of(row, shown), SEARCH_MAX_CHARACTERS);
	return true;
}

/* Splits a folded name, which has single blanks, into query->words. */
static bool take_words(struct search_query *query, const char *folded, struct hs_error *err)
{
	while (*folded != '\0') {
		size_t length = strcspn(folded, " ");

		if (query->word_count == SEARCH_MAX_WORDS)
			return hs_error_set(err, HS_BAD_ARGUMENT, "name",
			    "Name (name) may have at most %d words", SEARCH_MAX_WORDS);
		if ((query->words[query->word_count] = strndup(folded, length)) == NULL)
			return no_memory(err);
		query->word_count++;
		folded += length;
		folded += strspn(folded, " ");
	}
	return true;
}

static bool read_name(struct search_query *query, const char *text, struct hs_error *err)
{
	char folded[HS_FOLDED_NAME_BYTES];
	size_t length = strlen(text);

	hs_text_trim(&text, &length);
	if (length == 0)
		return true;
	if ((query->name = strndup(text, length)) == NULL)
		return no_memory(err);
	if (too_many_characters(&search_params[SEARCH_NAME], query->name, err))
		return false;
	if (!hs_name_fold_wanted(query->name, length, folded, sizeof folded, err)) {
		hs_error_at(err, "name");
		return false;
	}
	query->values[SEARCH_NAME].given = take_words(query, folded, err);
	return query->values[SEARCH_NAME].given;
}

static bool read_item(struct search_query *query, enum search_param param, const char *text,
    struct hs_error *err)
{
	const struct search_param_row *row = &search_params[param];
	struct search_value *value = &query->values[param];
	const char *colon = strchr(text, ':');
	char shown[SHOWN_BYTES];

	if (row->type == SEARCH_IS_IDENTITY && (colon == NULL || colon == text || colon[1] == '\0'))
		return hs_error_set(err, HS_BAD_ARGUMENT, row->name,
		    "%s is written SOURCE:EXTERNAL_ID (like %s), not '%.100s'",
		    name_of(row, shown), row->example, text);
	if (row->type != SEARCH_IS_IDENTITY && too_many_characters(row, text, err))
		return false;
	if (value->count == SEARCH_MAX_ITEMS)
		return hs_error_set(err, HS_BAD_ARGUMENT, row->name,
		    "%s may be given at most %d times", name_of(row, shown), SEARCH_MAX_ITEMS);
	if (value->items == NULL &&
	    (value->items = calloc(SEARCH_MAX_ITEMS, sizeof *value->items)) == NULL)
		return no_memory(err);
	if (param == SEARCH_NATIONALITY)
		text = hs_country_shown(text);
	if ((value->items[value->count] = strdup(text)) == NULL)
		return no_memory(err);
	value->count++;
	value->given = true;
	return true;
}

/* Blanks around a number or a day mean nothing: of text, what lies between them. False when it is
 * too long for buf; *ret is text itself then. */
static bool between_blanks(const char *text, char buf[NUMBER_BYTES], const char **ret)
{
	const char *from = text;
	size_t length = strlen(text);

	hs_text_trim(&from, &length);
	*ret = text;
	if (length >= NUMBER_BYTES)
		return false;
	memcpy(buf, from, length);
	buf[length] = '\0';
	*ret = buf;
	return true;
}

static bool read_whole(struct search_query *query, enum search_param param, const char *text,
    struct hs_error *err)
{
	const struct search_param_row *row = &search_params[param];
	char buf[NUMBER_BYTES], shown[SHOWN_BYTES];
	long long number;

	if (!between_blanks(text, buf, &text) ||
	    !hs_parse_int(text, row->min, row->max, row->name, &number, err))
		return hs_error_set(err, HS_BAD_ARGUMENT, row->name,
		    "%s must be a whole number from %d to %d, like %s, not '%.60s'",
		    name_of(row, shown), row->min, row->max, row->example, text);
	query->values[param].number = (int)number;
	query->values[param].given = true;
	return true;
}

static bool read_decimal(struct search_query *query, enum search_param param, const char *text,
    struct hs_error *err)
{
	const struct search_param_row *row = &search_params[param];
	const char *typed = text;
	char buf[NUMBER_BYTES], shown[SHOWN_BYTES], *comma;
	struct hs_decimal number;
	int64_t hundredths;
	bool fits = between_blanks(text, buf, &text);

	if (fits && (comma = strchr(buf, ',')) != NULL)
		*comma = '.';
	if (!fits || !hs_decimal_parse(text, strlen(text), &number) ||
	    hs_decimal_compare(&number, row->min) < 0 ||
	    hs_decimal_compare(&number, row->max) > 0 ||
	    !(row->type == SEARCH_IS_FLOOR ? hs_decimal_ceil(&number, 2, &hundredths) :
					     hs_decimal_floor(&number, 2, &hundredths)))
		return hs_error_set(err, HS_BAD_ARGUMENT, row->name,
		    "%s must be a number from %d to %d, like %s, not '%.60s'",
		    name_of(row, shown), row->min, row->max, row->example, typed);
	query->values[param].number = (int)hundredths;
	query->values[param].given = true;
	return true;
}

static bool read_date(struct search_query *query, enum search_param param, const char *text,
    struct hs_error *err)
{
	const struct search_param_row *row = &search_params[param];
	char buf[NUMBER_BYTES], shown[SHOWN_BYTES];
	struct hs_date date;

	between_blanks(text, buf, &text);
	if (!hs_date_parse(text, strlen(text), &date, err)) {
		char why[200];

		snprintf(why, sizeof why, "%.199s", err->message);
		return hs_error_set(err, HS_BAD_ARGUMENT, row->name,
		    "%s must be a date like %s: %s", name_of(row, shown), row->example, why);
	}
	if (date.year < row->min || date.year > row->max)
		return hs_error_set(err, HS_BAD_ARGUMENT, row->name,
		    "%s must lie in the years %d to %d, not '%s'", name_of(row, shown), row->min,
		    row->max, text);
	query->age_on = date;
	query->values[param].given = true;
	return true;
}

static bool read_sort(struct search_query *query, const char *text, struct hs_error *err)
{
	bool descending = text[0] == '-';

	for (size_t i = 0; i < SEARCH_KEY_COUNT; i++) {
		if (strcmp(text + descending, search_keys[i].key) == 0) {
			query->sort = (enum search_key)i;
			query->descending = descending;
			query->values[SEARCH_SORT].given = true;
			return true;
		}
	}
	return hs_error_set(err, HS_BAD_ARGUMENT, "sort",
	    "Sort (sort) must be one of name, age, height, weight, games, mpg, ppg, rpg, apg, spg, "
	    "bpg, tov, fg_pct, three_pt_pct, ft_pct, with '-' before it for descending, not "
	    "'%.60s'",
	    text);
}

static bool read_value(struct search_query *query, enum search_param param, const char *text,
    struct hs_error *err)
{
	switch (search_params[param].type) {
	case SEARCH_IS_NAME:
		return read_name(query, text, err);
	case SEARCH_IS_LABEL:
	case SEARCH_IS_SEASON:
	case SEARCH_IS_IDENTITY:
		return read_item(query, param, text, err);
	case SEARCH_IS_WHOLE:
		return read_whole(query, param, text, err);
	case SEARCH_IS_FLOOR:
	case SEARCH_IS_CEILING:
		return read_decimal(query, param, text, err);
	case SEARCH_IS_DATE:
		return read_date(query, param, text, err);
	case SEARCH_IS_SORT:
		return read_sort(query, text, err);
	}
	hs_panic("search parameter %d has no type", (int)param);
}

struct reading {
	struct search_query *query;
	bool seen[SEARCH_PARAM_COUNT];
};

/* A label may be a blank, and is the whole string as it stands. */
static bool is_empty(enum search_type type, const char *text)
{
	size_t length = strlen(text);

	if (type == SEARCH_IS_WHOLE || type == SEARCH_IS_FLOOR || type == SEARCH_IS_CEILING ||
	    type == SEARCH_IS_DATE)
		hs_text_trim(&text, &length);
	return length == 0;
}

/* A form shows it once more, beside what is wrong with it. */
static bool keep_refused(struct search_query *query, enum search_param param, const char *text,
    struct hs_error *err)
{
	if (may_be_repeated(search_params[param].type) || query->refused[param] != NULL ||
	    err->code == HS_NO_MEMORY)
		return false;
	query->refused[param] = strdup(text);
	return query->refused[param] != NULL ? false : no_memory(err);
}

static bool read_pair(void *arg, const char *name, const char *text, struct hs_error *err)
{
	struct reading *reading = arg;
	char shown[SHOWN_BYTES];
	size_t param = 0;

	while (param < SEARCH_PARAM_COUNT && strcmp(search_params[param].name, name) != 0)
		param++;
	if (param == SEARCH_PARAM_COUNT)
		return refuse_unknown(name, err);
	if (is_empty(search_params[param].type, text))
		return true;
	if (reading->seen[param] && !may_be_repeated(search_params[param].type))
		return hs_error_set(err, HS_BAD_ARGUMENT, name, "%s is given twice; give it once",
		    name_of(&search_params[param], shown));
	reading->seen[param] = true;
	return read_value(reading->query, (enum search_param)param, text, err) ||
	    keep_refused(reading->query, (enum search_param)param, text, err);
}

static int compare_items(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorts a list and leaves each item once: any order means the same search. */
static void settle_items(struct search_value *value)
{
	size_t kept = 0;

	if (value->count < 2)
		return;
	qsort(value->items, value->count, sizeof *value->items, compare_items);
	for (size_t i = 0; i < value->count; i++) {
		if (kept > 0 && strcmp(value->items[kept - 1], value->items[i]) == 0)
			free(value->items[i]);
		else
			value->items[kept++] = value->items[i];
	}
	value->count = kept;
}

static bool read_all(struct reading *reading, const char *text, struct refusals *refusals,
    bool strictly, struct hs_error *err)
{
	return strictly ? query_string_read(text, read_pair, reading, err) :
			  query_string_read_all(text, read_pair, reading, refusals, err);
}

static bool parse(const char *text, struct hs_date today, struct refusals *refusals, bool strictly,
    struct search_query **ret, struct hs_error *err)
{
	struct search_query *query = calloc(1, sizeof *query);
	struct reading reading = { .query = query };

	if (query == NULL)
		return no_memory(err);
	query->age_on = today;
	query->sort = SEARCH_BY_PPG;
	query->descending = true;
	if (!read_all(&reading, text, refusals, strictly, err)) {
		search_query_free(query);
		return false;
	}
	for (size_t i = 0; i < SEARCH_PARAM_COUNT; i++)
		settle_items(&query->values[i]);
	query->page = query->values[SEARCH_PAGE].given ? query->values[SEARCH_PAGE].number : 1;
	query->per_page = query->values[SEARCH_PER_PAGE].given ?
	    query->values[SEARCH_PER_PAGE].number : SEARCH_USUAL_PER_PAGE;
	*ret = query;
	return true;
}

bool search_query_parse(const char *text, struct hs_date today, struct refusals *refusals,
    struct search_query **ret, struct hs_error *err)
{
	return parse(text, today, refusals, refusals == NULL, ret, err);
}

char *search_query_way_on(const char *text, bool same_page)
{
	struct hs_error ignored = HS_ERROR_INIT;
	struct evbuffer *out = evbuffer_new();
	struct search_query *query = NULL;
	const char *written;
	char *address = NULL;

	if (out != NULL &&
	    parse(text, hs_date_today(), NULL, false, &query, &ignored) &&
	    (same_page ? search_query_write(query, out) :
			 search_query_write_without(query, SEARCH_PARAM_COUNT, SIZE_MAX, out)) &&
	    evbuffer_get_length(out) > 0 && evbuffer_add(out, "", 1) == 0 &&
	    (written = (const char *)evbuffer_pullup(out, -1)) != NULL &&
	    asprintf(&address, "/?%s", written) < 0)
		address = NULL;
	search_query_free(query);
	if (out != NULL)
		evbuffer_free(out);
	return address;
}

void search_query_free(struct search_query *query)
{
	if (query == NULL)
		return;
	for (size_t i = 0; i < SEARCH_PARAM_COUNT; i++) {
		for (size_t k = 0; k < query->values[i].count; k++)
			free(query->values[i].items[k]);
		free(query->values[i].items);
		free(query->refused[i]);
	}
	for (size_t i = 0; i < query->word_count; i++)
		free(query->words[i]);
	free(query->name);
	free(query);
}

bool search_query_of_season(const struct search_query *query)
{
	for (size_t i = 0; i < SEARCH_PARAM_COUNT; i++) {
		if (search_params[i].of_season && query->values[i].given)
			return true;
	}
	return false;
}

const char *search_query_text(const struct search_query *query, enum search_param param,
    char buf[SEARCH_TEXT_BYTES])
{
	const size_t size = SEARCH_TEXT_BYTES;
	const struct search_value *value = &query->values[param];

	switch (search_params[param].type) {
	case SEARCH_IS_NAME:
		return value->given ? query->name : NULL;
	case SEARCH_IS_FLOOR:
	case SEARCH_IS_CEILING:
		return value->given ? hs_hundredths_text(value->number, buf, size) : NULL;
	case SEARCH_IS_DATE:
		return value->given ? hs_date_text(query->age_on, buf) : NULL;
	case SEARCH_IS_SORT:
		if (query->sort == SEARCH_BY_PPG && query->descending)
			return NULL;
		snprintf(buf, size, "%s%s", query->descending ? "-" : "",
		    search_keys[query->sort].key);
		return buf;
	default:
		break;
	}
	if ((param == SEARCH_PAGE && query->page == 1) ||
	    (param == SEARCH_PER_PAGE && query->per_page == SEARCH_USUAL_PER_PAGE) ||
	    (param != SEARCH_PAGE && param != SEARCH_PER_PAGE && !value->given))
		return NULL;
	snprintf(buf, size, "%d", param == SEARCH_PAGE ? query->page :
	    param == SEARCH_PER_PAGE ? query->per_page : value->number);
	return buf;
}

static bool write_all_but(const struct search_query *query, size_t left_out, size_t item,
    struct evbuffer *out)
{
	size_t start = evbuffer_get_length(out);

	for (size_t i = 0; i < SEARCH_PARAM_COUNT; i++) {
		const struct search_value *value = &query->values[i];
		char buf[SEARCH_TEXT_BYTES];
		const char *text;

		for (size_t k = 0; k < value->count; k++) {
			if (i == left_out && (item == SIZE_MAX || item == k))
				continue;
			if (!query_string_add(out, start, search_params[i].name, value->items[k]))
				return false;
		}
		if (i == left_out || may_be_repeated(search_params[i].type))
			continue;
		text = search_query_text(query, (enum search_param)i, buf);
		if (text != NULL && !query_string_add(out, start, search_params[i].name, text))
			return false;
	}
	return true;
}

bool search_query_write(const struct search_query *query, struct evbuffer *out)
{
	return write_all_but(query, SEARCH_PARAM_COUNT, SIZE_MAX, out);
}

bool search_query_write_without(const struct search_query *query, enum search_param param,
    size_t item, struct evbuffer *out)
{
	struct search_query first_page = *query;	/* borrows the lists */

	first_page.page = 1;
	return write_all_but(&first_page, param, item, out);
}
