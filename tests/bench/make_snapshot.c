/* make_snapshot.c: a snapshot of any size, the same for the same words on the command line.
 *
 *	make_snapshot [-n RECORDS] [-s SEED] [-d DATE] [-c PERCENT] [-p BYTES] [-w] > snapshot.json
 *
 * A fifth as many players as records, five seasons each, in the order of seasons, as sources
 * write them: the records of one player lie far apart. -c changes the figures of so many per cent
 * of the records, -p gives each record a raw_payload of about so many bytes, -w adds a blank, so
 * that the content differs and nothing else does. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SEASONS_EACH = 5, SEASONS = 40 };

struct options {
	uint64_t records, seed, payload_bytes;
	unsigned changed_percent;
	bool blank;
	const char *date;
};

static const char *const nations[] = { "USA", "Serbia", "Türkiye", "España", "Côte d'Ivoire",
	"Lietuva" };
static const char *const positions[] = { "Guard", "Forward", "Center", "Guard-Forward" };
static const char *const roles[] = { "starter", "sixth man", "bench" };
static const char *const first_names[] = { "Luka", "Nikola", "Breanna", "Théo", "Mia", "Kārlis",
	"Ana", "John" };
static const char *const last_names[] = { "Dončić", "O'Neal", "Jokić", "Stewart", "Smith",
	"Fernández", "Bertāns" };

/* SplitMix64's finish: each number has its own, well mixed. */
static uint64_t mix(uint64_t a, uint64_t b)
{
	uint64_t x = a * 0x9e3779b97f4a7c15U + b + 0x9e3779b97f4a7c15U;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9U;
	x = (x ^ x >> 27) * 0x94d049bb133111ebU;
	return x ^ x >> 31;
}

#define PICK(list, number) (list)[(number) % (sizeof(list) / sizeof((list)[0]))]

static void write_figures(uint64_t random)
{
	static const struct { const char *name; unsigned most; } figures[] = {
		{ "minutes_per_game", 400 }, { "points_per_game", 300 },
		{ "rebounds_per_game", 140 }, { "assists_per_game", 110 },
		{ "steals_per_game", 30 }, { "blocks_per_game", 30 },
		{ "turnovers_per_game", 50 }, { "fg_pct", 700 },
		{ "three_pt_pct", 500 }, { "ft_pct", 1000 },
	};

	printf(",\"games_played\":%u", (unsigned)(random % 82) + 1);
	for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
		unsigned tenths = (unsigned)(mix(random, i) % figures[i].most);

		printf(",\"%s\":%u.%u", figures[i].name, tenths / 10, tenths % 10);
	}
}

static void write_player(uint64_t player, uint64_t seed)
{
	uint64_t random = mix(seed, player);
	const char *first = PICK(first_names, random), *last = PICK(last_names, random >> 8);

	printf("\"player_external_id\":\"p-%08" PRIu64 "\",\"full_name\":\"%s %s %" PRIu64 "\","
	       "\"first_name\":\"%s\",\"last_name\":\"%s\",\"birth_date\":\"%u-%02u-%02u\","
	       "\"nationality\":\"%s\",\"height_cm\":%u,\"weight_kg\":%u.%u,\"position\":\"%s\","
	       "\"role\":\"%s\"",
	    player, first, last, player % 1000, first, last, (unsigned)(random >> 16) % 40 + 1965,
	    (unsigned)(random >> 24) % 12 + 1, (unsigned)(random >> 28) % 28 + 1,
	    PICK(nations, random >> 33), (unsigned)(random >> 36) % 50 + 170,
	    (unsigned)(random >> 40) % 60 + 65, (unsigned)(random >> 46) % 10,
	    PICK(positions, random >> 50), PICK(roles, random >> 54));
}

static void write_payload(uint64_t bytes)
{
	printf(",\"raw_payload\":{\"row\":\"");
	for (uint64_t i = 0; i < bytes; i++)
		putchar('a' + (int)(i % 26));
	printf("\"}");
}

static void write_record(const struct options *options, uint64_t number, uint64_t players)
{
	uint64_t player = number % players, nth = number / players,
		 random = mix(options->seed, player);
	uint64_t competitions = players / 800 + 1, teams = players / 50 + 2;
	uint64_t season = 1980 + (random % (SEASONS - SEASONS_EACH + 1)) + nth;
	uint64_t competition = mix(random, 1) % competitions, team = mix(random, 2 + nth) % teams;
	uint64_t figures = mix(random, 1000 + nth);

	if (mix(figures, options->seed) % 100 < options->changed_percent)
		figures = mix(figures, 1);
	printf("%s\n{\"competition_external_id\":\"league-%" PRIu64
	       "\",\"competition_name\":\"League number %" PRIu64 "\",\"season\":\"%" PRIu64
	       "-%02u\",\"team_external_id\":\"team-%" PRIu64
	       "\",\"team_name\":\"Athletic club %" PRIu64 "\",",
	    number > 0 ? "," : "", competition, competition, season, (unsigned)(season + 1) % 100,
	    team, team);
	write_player(player, options->seed);
	write_figures(figures);
	if (options->payload_bytes > 0)
		write_payload(options->payload_bytes);
	putchar('}');
}

static bool read_options(int argc, char **argv, struct options *options)
{
	int letter;

	while ((letter = getopt(argc, argv, "n:s:d:c:p:w")) != -1) {
		switch (letter) {
		case 'n':
			options->records = strtoull(optarg, NULL, 10);
			break;
		case 's':
			options->seed = strtoull(optarg, NULL, 10);
			break;
		case 'd':
			options->date = optarg;
			break;
		case 'c':
			options->changed_percent = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'p':
			options->payload_bytes = strtoull(optarg, NULL, 10);
			break;
		case 'w':
			options->blank = true;
			break;
		default:
			return false;
		}
	}
	return optind == argc;
}

int main(int argc, char **argv)
{
	struct options options = { .records = 200000, .seed = 1, .date = "2026-01-31" };
	uint64_t players;

	if (!read_options(argc, argv, &options)) {
		fprintf(stderr, "usage: %s [-n records] [-s seed] [-d date] [-c percent changed] "
				"[-p payload bytes] [-w]\n", argv[0]);
		return 2;
	}
	players = (options.records + SEASONS_EACH - 1) / SEASONS_EACH;
	printf("{%s\"source_name\":\"bench-%" PRIu64 "\",\"snapshot_date\":\"%s\",\"records\":[",
	    options.blank ? " " : "", options.seed, options.date);
	for (uint64_t i = 0; i < options.records; i++)
		write_record(&options, i, players);
	printf("]}\n");
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
