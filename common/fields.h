/* fields.h: the snapshot's fields, one row each. The validator, the COPY columns, the
 * published JSON Schema, the extractor's emitter and the docs all follow from the table. */
#ifndef HS_FIELDS_H
#define HS_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

/* The record's fields, in the table's order. */
enum hs_field {
	HS_FIELD_COMPETITION_EXTERNAL_ID,
	HS_FIELD_COMPETITION_NAME,
	HS_FIELD_SEASON,
	HS_FIELD_TEAM_EXTERNAL_ID,
	HS_FIELD_TEAM_NAME,
	HS_FIELD_PLAYER_EXTERNAL_ID,
	HS_FIELD_FULL_NAME,
	HS_FIELD_FIRST_NAME,
	HS_FIELD_LAST_NAME,
	HS_FIELD_BIRTH_DATE,
	HS_FIELD_NATIONALITY,
	HS_FIELD_HEIGHT_CM,
	HS_FIELD_WEIGHT_KG,
	HS_FIELD_POSITION,
	HS_FIELD_ROLE,
	HS_FIELD_GAMES_PLAYED,
	HS_FIELD_MINUTES_PER_GAME,
	HS_FIELD_POINTS_PER_GAME,
	HS_FIELD_REBOUNDS_PER_GAME,
	HS_FIELD_ASSISTS_PER_GAME,
	HS_FIELD_STEALS_PER_GAME,
	HS_FIELD_BLOCKS_PER_GAME,
	HS_FIELD_TURNOVERS_PER_GAME,
	HS_FIELD_FG_PCT,
	HS_FIELD_THREE_PT_PCT,
	HS_FIELD_FT_PCT,
	HS_FIELD_SOURCE_METADATA,
	HS_FIELD_RAW_PAYLOAD,
	HS_FIELD_COUNT
};

enum { HS_FIRST_METRIC = HS_FIELD_GAMES_PLAYED, HS_METRIC_COUNT = 11 };

enum hs_field_type {
	HS_FIELD_TEXT,		/* trimmed; min..max characters */
	HS_FIELD_DATE,		/* YYYY-MM-DD, from 1850 to today */
	HS_FIELD_INTEGER,	/* min..max; 23.0 is one */
	HS_FIELD_NUMBER,	/* min..max, kept to hundredths */
	HS_FIELD_OBJECT,	/* handed on as written */
	HS_FIELD_RECORDS	/* the array of records: of the head only */
};

struct hs_field_row {
	const char *name;	/* the key in the snapshot */
	enum hs_field_type type;
	bool required;		/* otherwise it may be absent or null */
	int min, max;		/* characters of a TEXT, bounds of a number */
	const char *column;	/* of player_season_stats, for the metrics; else NULL */
	const char *help;	/* one line, for the schema and the docs */
};

extern const struct hs_field_row hs_field_rows[HS_FIELD_COUNT];

/* What stands around the records: the snapshot's own fields. */
enum hs_head_field {
	HS_HEAD_SOURCE_NAME,
	HS_HEAD_SNAPSHOT_DATE,		/* from 1850 to tomorrow: somewhere it is that day already */
	HS_HEAD_RECORDS,
	HS_HEAD_SOURCE_METADATA,
	HS_HEAD_RAW_PAYLOAD,
	HS_HEAD_COUNT
};

extern const struct hs_field_row hs_head_rows[HS_HEAD_COUNT];

enum { HS_FIRST_YEAR = 1850 };		/* of every date */

/* The field of that key; false when there is none. key need not end in NUL. */
bool hs_field_find(const char *key, size_t length, enum hs_field *ret);

/* The field's name that a wrong key was probably meant to be; NULL when none is near. */
const char *hs_field_nearest(const struct hs_field_row *rows, size_t count, const char *key,
    size_t length);

#endif
