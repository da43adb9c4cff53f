/* fields.c: the snapshot's field table, and looking a key up in it.
 *
 * Trusts nothing in a key, which may be any text of any length. Nothing here can fail. */
#include "common/fields.h"

#include <string.h>

#include "common/error.h"
#include "common/nearest.h"

enum { MAX_TEXT = 200 };

#define REQUIRED_TEXT(field, key, says) \
	[HS_FIELD_##field] = { .name = (key), .type = HS_FIELD_TEXT, .required = true, \
		.min = 1, .max = MAX_TEXT, .help = (says) }
#define OPTIONAL_TEXT(field, key, says) \
	[HS_FIELD_##field] = { .name = (key), .type = HS_FIELD_TEXT, .max = MAX_TEXT, .help = (says) }
#define NUMBER(field, key, low, high, says) \
	[HS_FIELD_##field] = { .name = (key), .type = HS_FIELD_NUMBER, .min = (low), \
		.max = (high), .help = (says) }
#define METRIC(field, key, kind, high, in_table, says) \
	[HS_FIELD_##field] = { .name = (key), .type = (kind), .max = (high), \
		.column = (in_table), .help = (says) }

const struct hs_field_row hs_field_rows[HS_FIELD_COUNT] = {
	REQUIRED_TEXT(COMPETITION_EXTERNAL_ID, "competition_external_id",
	    "the source's own id of the competition"),
	REQUIRED_TEXT(COMPETITION_NAME, "competition_name", "the competition's name"),
	REQUIRED_TEXT(SEASON, "season", "the season, as the source writes it"),
	REQUIRED_TEXT(TEAM_EXTERNAL_ID, "team_external_id", "the source's own id of the team"),
	REQUIRED_TEXT(TEAM_NAME, "team_name", "the team's name"),
	REQUIRED_TEXT(PLAYER_EXTERNAL_ID, "player_external_id",
	    "the source's own id of the player"),
	REQUIRED_TEXT(FULL_NAME, "full_name", "the player's name, as it is shown"),
	OPTIONAL_TEXT(FIRST_NAME, "first_name", "given name"),
	OPTIONAL_TEXT(LAST_NAME, "last_name", "family name"),
	[HS_FIELD_BIRTH_DATE] = { .name = "birth_date", .type = HS_FIELD_DATE,
		.help = "day of birth, from 1850-01-01 to today" },
	OPTIONAL_TEXT(NATIONALITY, "nationality", "country or countries, as the source writes them"),
	NUMBER(HEIGHT_CM, "height_cm", 100, 272, "height in centimetres"),
	NUMBER(WEIGHT_KG, "weight_kg", 30, 250, "weight in kilograms"),
	OPTIONAL_TEXT(POSITION, "position", "position on the court, as the source writes it"),
	OPTIONAL_TEXT(ROLE, "role", "role in the team, as the source writes it"),
	METRIC(GAMES_PLAYED, "games_played", HS_FIELD_INTEGER, 200, "games", "games played"),
	METRIC(MINUTES_PER_GAME, "minutes_per_game", HS_FIELD_NUMBER, 70, "mpg",
	    "minutes per game"),
	METRIC(POINTS_PER_GAME, "points_per_game", HS_FIELD_NUMBER, 150, "ppg", "points per game"),
	METRIC(REBOUNDS_PER_GAME, "rebounds_per_game", HS_FIELD_NUMBER, 150, "rpg",
	    "rebounds per game"),
	METRIC(ASSISTS_PER_GAME, "assists_per_game", HS_FIELD_NUMBER, 150, "apg",
	    "assists per game"),
	METRIC(STEALS_PER_GAME, "steals_per_game", HS_FIELD_NUMBER, 150, "spg", "steals per game"),
	METRIC(BLOCKS_PER_GAME, "blocks_per_game", HS_FIELD_NUMBER, 150, "bpg", "blocks per game"),
	METRIC(TURNOVERS_PER_GAME, "turnovers_per_game", HS_FIELD_NUMBER, 150, "tov",
	    "turnovers per game"),
	METRIC(FG_PCT, "fg_pct", HS_FIELD_NUMBER, 100, "fg_pct", "field goals made, in percent"),
	METRIC(THREE_PT_PCT, "three_pt_pct", HS_FIELD_NUMBER, 100, "three_pt_pct",
	    "three-pointers made, in percent"),
	METRIC(FT_PCT, "ft_pct", HS_FIELD_NUMBER, 100, "ft_pct", "free throws made, in percent"),
	[HS_FIELD_SOURCE_METADATA] = { .name = "source_metadata", .type = HS_FIELD_OBJECT,
		.help = "what the source says about the record; kept as written" },
	[HS_FIELD_RAW_PAYLOAD] = { .name = "raw_payload", .type = HS_FIELD_OBJECT,
		.help = "the record as the source gave it; kept as written" },
};

const struct hs_field_row hs_head_rows[HS_HEAD_COUNT] = {
	[HS_HEAD_SOURCE_NAME] = { .name = "source_name", .type = HS_FIELD_TEXT, .required = true,
		.min = 1, .max = 100, .help = "the source's name, without a colon" },
	[HS_HEAD_SNAPSHOT_DATE] = { .name = "snapshot_date", .type = HS_FIELD_DATE,
		.required = true, .help = "the day of which the figures are, at the latest tomorrow" },
	[HS_HEAD_RECORDS] = { .name = "records", .type = HS_FIELD_RECORDS, .required = true,
		.help = "one object for each player, team and season" },
	[HS_HEAD_SOURCE_METADATA] = { .name = "source_metadata", .type = HS_FIELD_OBJECT,
		.help = "what the source says about the snapshot; kept as written" },
	[HS_HEAD_RAW_PAYLOAD] = { .name = "raw_payload", .type = HS_FIELD_OBJECT,
		.help = "the snapshot as the source gave it; kept as written" },
};

/* The fields by the length of their names, those of one length in a row: at most five
 * are compared with a key. A test holds it against the table. */
enum { SHORTEST = 4, LONGEST = 23 };

#define F(field) HS_FIELD_##field
static const unsigned char by_length[] = {
	F(ROLE), F(SEASON), F(FG_PCT), F(FT_PCT), F(POSITION), F(TEAM_NAME), F(FULL_NAME),
	F(LAST_NAME), F(HEIGHT_CM), F(WEIGHT_KG), F(FIRST_NAME), F(BIRTH_DATE), F(NATIONALITY),
	F(RAW_PAYLOAD), F(GAMES_PLAYED), F(THREE_PT_PCT), F(POINTS_PER_GAME), F(STEALS_PER_GAME),
	F(BLOCKS_PER_GAME), F(SOURCE_METADATA), F(TEAM_EXTERNAL_ID), F(COMPETITION_NAME),
	F(MINUTES_PER_GAME), F(ASSISTS_PER_GAME), F(REBOUNDS_PER_GAME), F(PLAYER_EXTERNAL_ID),
	F(TURNOVERS_PER_GAME), F(COMPETITION_EXTERNAL_ID),
};
#undef F

/* Where in by_length the names of so many bytes begin. */
static const unsigned char starts[LONGEST - SHORTEST + 2] = {
	0, 1, 1, 4, 4, 5, 10, 12, 14, 16, 16, 16, 20, 24, 25, 27, 27, 27, 27, 27, 28,
};

bool hs_field_find(const char *key, size_t length, enum hs_field *ret)
{
	if (length < SHORTEST || length > LONGEST)
		return false;
	for (size_t i = starts[length - SHORTEST]; i < starts[length - SHORTEST + 1]; i++) {
		enum hs_field field = (enum hs_field)by_length[i];

		if (memcmp(hs_field_rows[field].name, key, length) == 0) {
			*ret = field;
			return true;
		}
	}
	return false;
}

enum { MAX_COMPARED = 40, NO_DISTANCE = 99 };

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c == '-' || c == ' ' ? '_' : c;
}

/* The key as names are written. */
static unsigned distance(const char *name, const char *key, size_t length)
{
	char folded[MAX_COMPARED];

	for (size_t i = 0; i < length; i++)
		folded[i] = lower(key[i]);
	return (unsigned)hs_edit_distance(name, strlen(name), folded, length);
}

/* "height" of height_cm, "name" of full_name: a whole word at one of its ends. */
static bool is_part(const char *name, const char *key, size_t length)
{
	size_t name_length = strlen(name);
	bool at_start = true, at_end = true;

	if (length < 4 || length >= name_length)
		return false;
	for (size_t i = 0; i < length; i++) {
		at_start = at_start && name[i] == lower(key[i]);
		at_end = at_end && name[name_length - length + i] == lower(key[i]);
	}
	return (at_start && name[length] == '_') ||
	    (at_end && name[name_length - length - 1] == '_');
}

const char *hs_field_nearest(const struct hs_field_row *rows, size_t count, const char *key,
    size_t length)
{
	const char *nearest = NULL, *whole = NULL;
	unsigned parts = 0;
	unsigned best = NO_DISTANCE;

	if (length == 0 || length > MAX_COMPARED)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		unsigned far = distance(rows[i].name, key, length);

		/* two letters wrong, and the first of them: that is another word */
		if (far > 1 && rows[i].name[0] != lower(key[0]))
			far = NO_DISTANCE;
		if (far < best) {
			best = far;
			nearest = rows[i].name;
		}
		if (is_part(rows[i].name, key, length)) {
			whole = rows[i].name;
			parts++;
		}
	}
	if (best <= 2 && best * 3 <= length)
		return nearest;
	return parts == 1 ? whole : NULL;	/* "name" is a part of many */
}
