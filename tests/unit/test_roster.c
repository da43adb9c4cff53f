/* test_roster.c: many records become one player; a full roster starts again. */
#include "daemons/importer/roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/harness.h"

static void set_text(struct hs_record *record, enum hs_field field, const char *text)
{
	record->values[field].text = text;
	record->values[field].length = text != NULL ? strlen(text) : 0;
}

/* A record of that player with nothing but the two texts that must be there. */
static struct hs_record record_of(const char *id, const char *name)
{
	struct hs_record record;

	memset(&record, 0, sizeof record);
	record.values[HS_FIELD_HEIGHT_CM].hundredths = -1;
	record.values[HS_FIELD_WEIGHT_KG].hundredths = -1;
	set_text(&record, HS_FIELD_PLAYER_EXTERNAL_ID, id);
	set_text(&record, HS_FIELD_FULL_NAME, name);
	return record;
}

static int note(struct roster *roster, const struct hs_record *record)
{
	int number = -1;

	expect_true("note", roster_note(roster, record, &number));
	return number;
}

static void expect_roster_text(const char *row, const struct roster *roster, int number,
    enum roster_text text, const char *want)
{
	size_t n = (size_t)(number - roster_number(roster, 0)), length;
	const char *got = roster_text(roster, roster_at(roster, n), text, &length);

	if (want == NULL)
		expect_true(row, got == NULL);
	else
		expect_bytes(row, got, length, want, strlen(want));
}

static void test_last_given(void)
{
	struct roster *roster = roster_new();
	struct hs_record first = record_of("7", "Luka Dončić"),
			 second = record_of("7", "L. Dončić");
	struct hs_record third = record_of("77", "Another");
	int luka, other;

	first.values[HS_FIELD_HEIGHT_CM].hundredths = 20100;
	first.values[HS_FIELD_BIRTH_DATE].date = (struct hs_date){ 1999, 2, 28 };
	set_text(&first, HS_FIELD_NATIONALITY, "Slovenia");
	set_text(&first, HS_FIELD_POSITION, "Guard");
	set_text(&second, HS_FIELD_POSITION, "Guard-Forward");
	set_text(&second, HS_FIELD_ROLE, "starter");
	second.values[HS_FIELD_WEIGHT_KG].hundredths = 10400;
	luka = note(roster, &first);
	other = note(roster, &third);
	expect_true("two players", luka != other);
	expect_int("the same player", note(roster, &second), luka);
	expect_int("count", roster_count(roster), 2);
	expect_roster_text("last name wins", roster, luka, ROSTER_FULL_NAME, "L. Dončić");
	expect_roster_text("null says nothing", roster, luka, ROSTER_NATIONALITY, "Slovenia");
	expect_roster_text("a longer text", roster, luka, ROSTER_POSITION, "Guard-Forward");
	expect_roster_text("a new text", roster, luka, ROSTER_ROLE, "starter");
	expect_roster_text("never given", roster, luka, ROSTER_FIRST_NAME, NULL);
	expect_roster_text("the other", roster, other, ROSTER_FULL_NAME, "Another");
	expect_roster_text("the other", roster, other, ROSTER_POSITION, NULL);
	expect_int("height stays", roster_at(roster, 0)->height, 20100);
	expect_int("weight comes", roster_at(roster, 0)->weight, 10400);
	expect_int("birth stays", roster_at(roster, 0)->birth_date.year, 1999);
	expect_int("the other's height", roster_at(roster, 1)->height, -1);
	roster_free(roster);
}

/* Notes players p0, p1, ... until the roster is full; returns how many fitted. */
static int fill(struct roster *roster, const char *name)
{
	char id[16];
	int number, count = 0;

	for (;; count++) {
		struct hs_record record;

		snprintf(id, sizeof id, "p%d", count);
		record = record_of(id, name);
		if (!roster_note(roster, &record, &number) || count > ROSTER_MAX)
			return count;
	}
}

static void test_full(void)
{
	struct roster *roster = roster_new();
	struct hs_record record = record_of("p0", "New name");
	static char long_name[801];

	expect_int("players", fill(roster, "N"), ROSTER_MAX);
	roster_clear(roster);
	expect_int("cleared", roster_count(roster), 0);
	expect_int("numbers go on", note(roster, &record), ROSTER_MAX);
	expect_roster_text("a new part", roster, ROSTER_MAX, ROSTER_FULL_NAME, "New name");
	roster_clear(roster);
	memset(long_name, 'x', 800);
	expect_true("texts fill it too", fill(roster, long_name) < ROSTER_TEXT_BYTES / 800 + 1);
	roster_free(roster);
}

static const struct hs_case cases[] = {
	{ "last given", test_last_given },
	{ "full", test_full },
};

int main(void)
{
	return hs_run_suite("roster", cases, HS_COUNT(cases));
}
