/* search_where.c: the conditions of a search, each after " and ".
 *
 * Column names come from search_params, values travel apart: nothing that a visitor wrote
 * stands in the text. Fails only as sql.c does. */
#include "daemons/web/search_where.h"

#include <string.h>

#include "common/date.h"
#include "common/text.h"

static void put_column(struct sql *sql, enum subject subject, const char *column)
{
	sql_put(sql, " and ");
	sql_put(sql, subject == OF_PLAYER_ROW ? "b." : "l.");
	sql_put(sql, column);
}

/* Every word occurs somewhere in the folded name. */
static void put_words(struct sql *sql, const struct search_query *query)
{
	for (size_t i = 0; i < query->word_count; i++) {
		char pattern[2 * HS_FOLDED_NAME_BYTES + 3], *end = pattern;

		*end++ = '%';
		for (const char *from = query->words[i]; *from != '\0'; from++) {
			if (strchr("\\%_", *from) != NULL)
				*end++ = '\\';
			*end++ = *from;
		}
		*end++ = '%';
		*end = '\0';
		sql_put(sql, " and b.name_folded like ");
		sql_text(sql, pattern);
	}
}

static void put_name(struct sql *sql, enum subject subject, const struct search_query *query)
{
	/* nothing of it is left, as of "'": it is in nobody's name */
	if (query->word_count == 0) {
		sql_put(sql, " and false");
		return;
	}
	if (subject == OF_PLAYER_ROW) {
		put_words(sql, query);
		return;
	}
	sql_put(sql, " and l.player_id in (select b.player_id from player_best b where true");
	put_words(sql, query);
	sql_put(sql, ")");
}

/* A nationality is the country that it means, or itself when it means none. */
static void put_label(struct sql *sql, enum subject subject, const struct search_param_row *row,
    const struct search_value *value)
{
	put_column(sql, subject, row->column);
	sql_put(sql, "_id = any(array(select label_id from label where kind = '");
	sql_put(sql, row->column);
	sql_put(sql, row == &search_params[SEARCH_NATIONALITY] ?
		"' and coalesce(country, name) = any(" : "' and name = any(");
	sql_texts(sql, value->items, value->count);
	sql_put(sql, ")))");
}

static void put_season(struct sql *sql, const struct search_value *value)
{
	sql_put(sql, " and l.season_id = any(array(select season_id from season where name = any(");
	sql_texts(sql, value->items, value->count);
	sql_put(sql, ")))");
}

/* A source's name holds no ':', so the first one ends it. */
static void put_identity(struct sql *sql, const struct search_param_row *row,
    const struct search_value *value)
{
	put_column(sql, OF_SEASON_ROW, row->column);
	sql_put(sql, "_id = any(array(select i.");
	sql_put(sql, row->column);
	sql_put(sql, "_id from ");
	sql_put(sql, row->column);
	sql_put(sql, " i join source s using (source_id) join unnest(");
	sql_texts(sql, value->items, value->count);
	sql_put(sql, ") w on s.name = split_part(w, ':', 1)"
	    " and i.external_id = substr(w, strpos(w, ':') + 1)))");
}

void search_where_date(struct sql *sql, struct hs_date date)
{
	char text[HS_DATE_TEXT_BYTES];

	sql_date(sql, hs_date_text(date, text));
}

/* One who is not born yet on that day has no age. */
static void put_age(struct sql *sql, enum subject subject, enum search_param param,
    const struct search_query *query)
{
	int years = query->values[param].number;

	put_column(sql, subject, "born_on > '-infinity'");
	put_column(sql, subject, "born_on <= ");
	if (param == SEARCH_AGE_MIN) {
		search_where_date(sql, hs_date_years_before(query->age_on, years));
		return;
	}
	search_where_date(sql, query->age_on);
	put_column(sql, subject, "born_on > ");
	search_where_date(sql, hs_date_years_before(query->age_on, years + 1));
}

/* Of a player who reaches it in no season, his best (for a ceiling his least) says so. */
static void put_bound(struct sql *sql, enum subject subject, const struct search_param_row *row,
    const struct search_value *value)
{
	put_column(sql, subject, row->column);
	if (row->type == SEARCH_IS_FLOOR) {
		sql_put(sql, " >= ");
		sql_number(sql, value->number);
		return;
	}
	if (row->of_season && subject == OF_PLAYER_ROW)
		sql_put(sql, "_min");
	sql_put(sql, " between 0 and ");
	sql_number(sql, value->number);
}

static bool says_nothing_of_player(const struct search_param_row *row)
{
	return row->of_season && row->type != SEARCH_IS_FLOOR && row->type != SEARCH_IS_CEILING;
}

static void put_filter(struct sql *sql, enum subject subject, enum search_param param,
    const struct search_query *query)
{
	const struct search_param_row *row = &search_params[param];
	const struct search_value *value = &query->values[param];

	if (!value->given || (subject == OF_PLAYER_ROW && says_nothing_of_player(row)))
		return;
	switch (row->type) {
	case SEARCH_IS_NAME:
		put_name(sql, subject, query);
		break;
	case SEARCH_IS_LABEL:
		put_label(sql, subject, row, value);
		break;
	case SEARCH_IS_SEASON:
		put_season(sql, value);
		break;
	case SEARCH_IS_IDENTITY:
		put_identity(sql, row, value);
		break;
	case SEARCH_IS_FLOOR:
	case SEARCH_IS_CEILING:
		put_bound(sql, subject, row, value);
		break;
	case SEARCH_IS_WHOLE:
		if (param == SEARCH_AGE_MIN || param == SEARCH_AGE_MAX)
			put_age(sql, subject, param, query);
		break;
	case SEARCH_IS_DATE:
	case SEARCH_IS_SORT:
		break;
	}
}

/* What about half of all player-seasons reach, in hundredths. */
static const int typical[SEARCH_PARAM_COUNT] = {
	[SEARCH_GAMES_MIN] = 3000, [SEARCH_MPG_MIN] = 1900, [SEARCH_PPG_MIN] = 700,
	[SEARCH_RPG_MIN] = 320, [SEARCH_APG_MIN] = 150, [SEARCH_SPG_MIN] = 60,
	[SEARCH_BPG_MIN] = 30, [SEARCH_FG_PCT_MIN] = 4500, [SEARCH_THREE_PT_PCT_MIN] = 3300,
	[SEARCH_FT_PCT_MIN] = 7200,
};

/* How rare it is to reach the threshold: 0 for what is none. */
static double rarity(const struct search_query *query, enum search_param param)
{
	return typical[param] == 0 || !query->values[param].given ? 0 :
	    (double)query->values[param].number / typical[param];
}

void search_where(struct sql *sql, enum subject subject, const struct search_query *query)
{
	enum search_param order[SEARCH_PARAM_COUNT];

	/* the rarest threshold stands first: the others are looked at only where it is reached */
	for (size_t i = 0; i < SEARCH_PARAM_COUNT; i++) {
		size_t at = i;

		for (; at > 0 && rarity(query, (enum search_param)i) > rarity(query, order[at - 1]);
		     at--)
			order[at] = order[at - 1];
		order[at] = (enum search_param)i;
	}
	for (size_t i = 0; i < SEARCH_PARAM_COUNT; i++)
		put_filter(sql, subject, order[i], query);
}
