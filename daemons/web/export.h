/* export.h: the whole of a search as a file: GET /export.csv, /export.json, /export.jsonl.
 *
 * Parameters are those of the page but page and per_page, which are refused: an export has all
 * rows, in the page's order and with its figures. It is sent as it comes from the database, from
 * one state of the data; a failure midway cuts the connection. At most EXPORT_MOST at once, each
 * on a database connection of its own, so that searches never wait for them. */
#ifndef WEB_EXPORT_H
#define WEB_EXPORT_H

#include <event2/event.h>

#include "common/error.h"

struct exchange;
struct exports;

/* EXPORT_PATIENCE: times HOOPSCOUT_SEARCH_SECONDS until the first row. */
enum { EXPORT_MOST = 4, EXPORT_PIECE_BYTES = 65536, EXPORT_PATIENCE = 3 };

/* Gives *ret. Borrows base for its life. */
bool exports_new(struct event_base *base, struct exports **ret, struct hs_error *err);

/* After the exchanges. Accepts NULL. */
void exports_free(struct exports *exports);

/* Handler. */
void export_answer(struct exchange *exchange);

#endif
