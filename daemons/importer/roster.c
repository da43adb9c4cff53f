/* roster.c: the players of one file, each with a number and what the file says of him.
 *
 * Trusts the validator's bounds: no text of a record is longer than 200 characters. Texts
 * lie one after another in one block; a longer value for a known player goes to its end, and
 * the old one stays as waste until the roster is cleared. */
#include "daemons/importer/roster.h"

#include <stdlib.h>
#include <string.h>

#include "daemons/importer/hash.h"

enum { SLOTS = 2 * ROSTER_MAX };	/* a power of two, never more than half full */

static const enum hs_field text_fields[ROSTER_TEXT_COUNT] = {
	[ROSTER_EXTERNAL_ID] = HS_FIELD_PLAYER_EXTERNAL_ID,
	[ROSTER_FULL_NAME] = HS_FIELD_FULL_NAME,
	[ROSTER_FIRST_NAME] = HS_FIELD_FIRST_NAME,
	[ROSTER_LAST_NAME] = HS_FIELD_LAST_NAME,
	[ROSTER_NATIONALITY] = HS_FIELD_NATIONALITY,
	[ROSTER_POSITION] = HS_FIELD_POSITION,
	[ROSTER_ROLE] = HS_FIELD_ROLE,
};

struct roster {
	struct hash_key key;
	size_t count, room;
	size_t used, text_room;		/* of texts */
	int first_number, cleared;
	struct roster_player *players;
	char *texts;
	int32_t slots[SLOTS];		/* player + 1; 0 is free */
};

struct roster *roster_new(void)
{
	struct roster *roster = calloc(1, sizeof *roster);

	if (roster != NULL)
		hash_key_new(&roster->key);
	return roster;
}

void roster_free(struct roster *roster)
{
	if (roster == NULL)
		return;
	free(roster->players);
	free(roster->texts);
	free(roster);
}

/* Grows a block up to its bound; without memory the roster counts as full, and works on
 * with what it has. */
static bool reserve(void **block, size_t *room, size_t need, size_t first, size_t most, size_t size)
{
	size_t more = *room == 0 ? first : *room;
	void *grown;

	if (need <= *room)
		return true;
	if (need > most)
		return false;
	while (more < need)
		more *= 2;
	if (more > most)
		more = most;
	if ((grown = realloc(*block, more * size)) == NULL)
		return false;
	*block = grown;
	*room = more;
	return true;
}

/* Room for all texts of one record, so that it is noted wholly or not at all. */
static bool reserve_record(struct roster *roster, const struct hs_record *record)
{
	size_t bytes = 0;
	void *players = roster->players, *texts = roster->texts;
	bool fits;

	for (int i = 0; i < ROSTER_TEXT_COUNT; i++)
		bytes += record->values[text_fields[i]].length;
	fits = reserve(&players, &roster->room, roster->count + 1, 1024, ROSTER_MAX,
	    sizeof *roster->players);
	roster->players = players;
	fits = fits && reserve(&texts, &roster->text_room, roster->used + bytes, 65536,
	    ROSTER_TEXT_BYTES, 1);
	roster->texts = texts;
	return fits;
}

static void note_text(struct roster *roster, struct roster_player *player, enum roster_text text,
    const struct hs_value *value)
{
	uint32_t offset = player->texts[text].offset;

	if (value->text == NULL || value->length == 0)
		return;
	if (player->texts[text].length == value->length &&
	    memcmp(roster->texts + offset, value->text, value->length) == 0)
		return;
	if (player->texts[text].length < value->length) {
		offset = (uint32_t)roster->used;
		roster->used += value->length;
	}
	memcpy(roster->texts + offset, value->text, value->length);
	player->texts[text].offset = offset;
	player->texts[text].length = (uint16_t)value->length;
}

static void note_record(struct roster *roster, struct roster_player *player,
    const struct hs_record *record)
{
	const struct hs_value *values = record->values;

	for (int i = 0; i < ROSTER_TEXT_COUNT; i++)
		note_text(roster, player, i, &values[text_fields[i]]);
	if (hs_date_is_set(values[HS_FIELD_BIRTH_DATE].date))
		player->birth_date = values[HS_FIELD_BIRTH_DATE].date;
	if (values[HS_FIELD_HEIGHT_CM].hundredths >= 0)
		player->height = (int16_t)values[HS_FIELD_HEIGHT_CM].hundredths;
	if (values[HS_FIELD_WEIGHT_KG].hundredths >= 0)
		player->weight = (int16_t)values[HS_FIELD_WEIGHT_KG].hundredths;
}

static bool is_player(const struct roster *roster, const struct roster_player *player,
    uint32_t hash, const struct hs_value *id)
{
	return player->hash == hash && player->texts[ROSTER_EXTERNAL_ID].length == id->length &&
	    memcmp(roster->texts + player->texts[ROSTER_EXTERNAL_ID].offset, id->text,
		id->length) == 0;
}

bool roster_note(struct roster *roster, const struct hs_record *record, int *ret_number)
{
	const struct hs_value *id = &record->values[HS_FIELD_PLAYER_EXTERNAL_ID];
	uint32_t hash = (uint32_t)hash_text(&roster->key, id->text, id->length);
	size_t at = hash % SLOTS;
	struct roster_player *player;

	if (!reserve_record(roster, record))
		return false;
	while (roster->slots[at] != 0 &&
	    !is_player(roster, &roster->players[roster->slots[at] - 1], hash, id))
		at = (at + 1) % SLOTS;
	if (roster->slots[at] == 0) {
		player = &roster->players[roster->count];
		memset(player, 0, sizeof *player);
		player->hash = hash;
		player->height = player->weight = -1;
		roster->slots[at] = (int32_t)++roster->count;
	}
	player = &roster->players[roster->slots[at] - 1];
	note_record(roster, player, record);
	*ret_number = roster->first_number + roster->slots[at] - 1;
	return true;
}

size_t roster_count(const struct roster *roster)
{
	return roster->count;
}

int roster_number(const struct roster *roster, size_t n)
{
	return roster->first_number + (int)n;
}

const struct roster_player *roster_at(const struct roster *roster, size_t n)
{
	return &roster->players[n];
}

const char *roster_text(const struct roster *roster, const struct roster_player *player,
    enum roster_text text, size_t *ret_length)
{
	*ret_length = player->texts[text].length;
	return *ret_length == 0 ? NULL : roster->texts + player->texts[text].offset;
}

void roster_clear(struct roster *roster)
{
	roster->cleared += roster->count > 0;
	roster->first_number += (int)roster->count;
	roster->count = 0;
	roster->used = 0;
	memset(roster->slots, 0, sizeof roster->slots);
}

int roster_cleared(const struct roster *roster)
{
	return roster->cleared;
}
