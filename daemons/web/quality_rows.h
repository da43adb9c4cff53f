/* quality_rows.h: the rows behind what the data quality page counts, a page of them at a time: for
 * scouts and admins. As they are now, which may be newer than the report.
 *
 * A row's count is not told, for that would read all of them; there is a next page or none. */
#ifndef WEB_QUALITY_ROWS_H
#define WEB_QUALITY_ROWS_H

struct exchange;

enum { QUALITY_ROWS_PER_PAGE = 50, QUALITY_ROWS_MOST_PAGE = 10000 };

/* GET /admin/quality/missing?competition=SOURCE:ID&season=NAME&field=NAME: the player-seasons of a
 * competition's season of which a field (quality_fields) is not known. */
void quality_rows_missing(struct exchange *exchange);

/* GET /admin/quality/shares/{id}: the rows of an imported file with a percentage of 1 or less, and
 * above 0. */
void quality_rows_shares(struct exchange *exchange);

/* GET /admin/quality/players/{id}: what each file said of a player, and of those he is linked to, the
 * newest snapshot first. */
void quality_rows_said(struct exchange *exchange);

#endif
