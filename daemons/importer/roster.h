/* roster.h: the players of one file, each with a number and what the file says of him.
 *
 * Many records speak of one player. Here they become one: for each of his columns the last
 * record that gives a value wins, absent and null say nothing. So the database gets each
 * player once, and rows of figures carry a number instead of his texts.
 * The roster is bounded: when it is full, its owner sends it off and clears it, and a player
 * who comes again gets a second number; the database puts the two together. */
#ifndef IMPORTER_ROSTER_H
#define IMPORTER_ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/date.h"
#include "common/error.h"
#include "common/snapshot.h"

enum {
	ROSTER_MAX = 65536,		/* players */
	ROSTER_TEXT_BYTES = 8 << 20	/* their texts together */
};

enum roster_text {
	ROSTER_EXTERNAL_ID,
	ROSTER_FULL_NAME,
	ROSTER_FIRST_NAME,
	ROSTER_LAST_NAME,
	ROSTER_NATIONALITY,
	ROSTER_POSITION,
	ROSTER_ROLE,
	ROSTER_TEXT_COUNT
};

struct roster_player {
	struct {
		uint32_t offset;	/* in the roster's texts */
		uint16_t length;	/* 0: not given */
	} texts[ROSTER_TEXT_COUNT];
	uint32_t hash;
	struct hs_date birth_date;
	int16_t height, weight;		/* hundredths; -1: not given */
};

struct roster;

/* NULL without memory. */
struct roster *roster_new(void);
void roster_free(struct roster *roster);

/* Notes what a record says of its player; *ret_number is his. False when the roster is full:
 * send it off, clear it, and note the record again. */
bool roster_note(struct roster *roster, const struct hs_record *record, int *ret_number);

size_t roster_count(const struct roster *roster);
/* The number of the n-th player (from 0). */
int roster_number(const struct roster *roster, size_t n);
const struct roster_player *roster_at(const struct roster *roster, size_t n);
/* One of his texts, NULL when not given; borrowed until the next note. */
const char *roster_text(const struct roster *roster, const struct roster_player *player,
    enum roster_text text, size_t *ret_length);

/* Forgets all players; numbers go on. */
void roster_clear(struct roster *roster);
/* How often it was cleared with players in it. */
int roster_cleared(const struct roster *roster);

#endif
