/* season.h: the year of a season, as far as its name tells. */
#ifndef WEB_SEASON_H
#define WEB_SEASON_H

/* The first four digits of "2024-25" or "E2024"; nothing else tells how a source writes seasons.
 * 0 when there are none. */
int season_year(const char *name);

#endif
