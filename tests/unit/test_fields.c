/* test_fields.c: the field table is design's, and every key finds its row. */
#include "common/fields.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/harness.h"

static const struct {
	const char *name;
	enum hs_field_type type;
	bool required;
	int min, max;
} wanted[] = {
	{ "competition_external_id", HS_FIELD_TEXT, true, 1, 200 },
	{ "competition_name", HS_FIELD_TEXT, true, 1, 200 },
	{ "season", HS_FIELD_TEXT, true, 1, 200 },
	{ "team_external_id", HS_FIELD_TEXT, true, 1, 200 },
	{ "team_name", HS_FIELD_TEXT, true, 1, 200 },
	{ "player_external_id", HS_FIELD_TEXT, true, 1, 200 },
	{ "full_name", HS_FIELD_TEXT, true, 1, 200 },
	{ "first_name", HS_FIELD_TEXT, false, 0, 200 },
	{ "last_name", HS_FIELD_TEXT, false, 0, 200 },
	{ "birth_date", HS_FIELD_DATE, false, 0, 0 },
	{ "nationality", HS_FIELD_TEXT, false, 0, 200 },
	{ "height_cm", HS_FIELD_NUMBER, false, 100, 272 },
	{ "weight_kg", HS_FIELD_NUMBER, false, 30, 250 },
	{ "position", HS_FIELD_TEXT, false, 0, 200 },
	{ "role", HS_FIELD_TEXT, false, 0, 200 },
	{ "games_played", HS_FIELD_INTEGER, false, 0, 200 },
	{ "minutes_per_game", HS_FIELD_NUMBER, false, 0, 70 },
	{ "points_per_game", HS_FIELD_NUMBER, false, 0, 150 },
	{ "rebounds_per_game", HS_FIELD_NUMBER, false, 0, 150 },
	{ "assists_per_game", HS_FIELD_NUMBER, false, 0, 150 },
	{ "steals_per_game", HS_FIELD_NUMBER, false, 0, 150 },
	{ "blocks_per_game", HS_FIELD_NUMBER, false, 0, 150 },
	{ "turnovers_per_game", HS_FIELD_NUMBER, false, 0, 150 },
	{ "fg_pct", HS_FIELD_NUMBER, false, 0, 100 },
	{ "three_pt_pct", HS_FIELD_NUMBER, false, 0, 100 },
	{ "ft_pct", HS_FIELD_NUMBER, false, 0, 100 },
	{ "source_metadata", HS_FIELD_OBJECT, false, 0, 0 },
	{ "raw_payload", HS_FIELD_OBJECT, false, 0, 0 },
};

static void test_table(void)
{
	if (!expect_int("rows", HS_COUNT(wanted), HS_FIELD_COUNT))
		return;
	for (size_t i = 0; i < HS_COUNT(wanted); i++) {
		const struct hs_field_row *row = &hs_field_rows[i];

		expect_text(wanted[i].name, row->name, wanted[i].name);
		expect_int(row->name, row->type, wanted[i].type);
		expect_int(row->name, row->required, wanted[i].required);
		expect_int(row->name, row->min, wanted[i].min);
		expect_int(row->name, row->max, wanted[i].max);
		expect_true(row->name, row->help != NULL && row->help[0] != '\0');
	}
}

/* Eleven figures in a row have a column of their own, and nothing else has. */
static void test_metrics(void)
{
	for (size_t i = 0; i < HS_FIELD_COUNT; i++) {
		bool is_metric = i >= HS_FIRST_METRIC && i < HS_FIRST_METRIC + HS_METRIC_COUNT;

		expect_int(hs_field_rows[i].name, hs_field_rows[i].column != NULL, is_metric);
	}
}

static void test_find(void)
{
	enum hs_field found;

	for (size_t i = 0; i < HS_FIELD_COUNT; i++) {
		char key[64];
		size_t length = strlen(hs_field_rows[i].name);

		found = HS_FIELD_COUNT;
		expect_true(hs_field_rows[i].name,
		    hs_field_find(hs_field_rows[i].name, length, &found));
		expect_int(hs_field_rows[i].name, found, i);
		snprintf(key, sizeof key, "%sx", hs_field_rows[i].name);
		found = HS_FIELD_COUNT;
		expect_true("a part of the text is the key", hs_field_find(key, length, &found));
		expect_int(key, found, i);
		expect_true("longer", !hs_field_find(key, length + 1, &found));
		expect_true("shorter", !hs_field_find(key, length - 1, &found));
		key[0] = (char)(key[0] - 'a' + 'A');
		expect_true("capitals", !hs_field_find(key, length, &found));
	}
	expect_true("empty", !hs_field_find("", 0, &found));
	expect_true("of the head", !hs_field_find("source_name", 11, &found));
	expect_true("very long", !hs_field_find(hs_field_rows[0].name, 4000, &found));
}

static const struct { const char *key, *want; } nearest[] = {
	{ "heigth_cm", "height_cm" }, { "height", "height_cm" }, { "Height_CM", "height_cm" },
	{ "weight", "weight_kg" }, { "point_per_game", "points_per_game" },
	{ "full name", "full_name" }, { "full-name", "full_name" }, { "fulname", "full_name" },
	{ "birthdate", "birth_date" }, { "three_pct", NULL }, { "3pt_pct", NULL },
	{ "fg", NULL }, { "fg_pc", "fg_pct" }, { "postion", "position" }, { "roles", "role" },
	{ "rol", "role" }, { "seasons", "season" }, { "nationalty", "nationality" },
	{ "colour", NULL }, { "", NULL }, { "x", NULL }, { "salary", NULL },
	{ "a key that is much too long to be compared with any of the fields", NULL },
	{ "\xc3\xa9", NULL },
};

static void test_nearest(void)
{
	for (size_t i = 0; i < HS_COUNT(nearest); i++) {
		const char *key = nearest[i].key;
		const char *got = hs_field_nearest(hs_field_rows, HS_FIELD_COUNT, key, strlen(key));

		expect_text(key, got != NULL ? got : "none",
		    nearest[i].want != NULL ? nearest[i].want : "none");
	}
	expect_text("of the head", hs_field_nearest(hs_head_rows, HS_HEAD_COUNT, "record", 6),
	    "records");
}

static void test_head(void)
{
	static const char *const names[] = { "source_name", "snapshot_date", "records",
		"source_metadata", "raw_payload" };

	if (!expect_int("rows", HS_COUNT(names), HS_HEAD_COUNT))
		return;
	for (size_t i = 0; i < HS_COUNT(names); i++) {
		expect_text(names[i], hs_head_rows[i].name, names[i]);
		expect_int(names[i], hs_head_rows[i].required, i < 3);
	}
	expect_int("source_name", hs_head_rows[HS_HEAD_SOURCE_NAME].max, 100);
}

int main(void)
{
	static const struct hs_case suite[] = {
		{ "table", test_table },
		{ "metrics", test_metrics },
		{ "find", test_find },
		{ "nearest", test_nearest },
		{ "head", test_head },
	};

	return hs_run_suite("fields", suite, HS_COUNT(suite));
}
