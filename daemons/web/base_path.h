/* base_path.h: HOOPSCOUT_BASE_PATH, "/scout" or "": where HoopScout stands on its host.
 *
 * Within hsd-web every path is as the routes' table has it. What comes in loses the base here; it
 * is put before what goes out where that leaves us: by the templates (hs_templates_set_base), by
 * server.c for headers, by session.c for cookies, and by base_path_add for URLs in JSON. */
#ifndef WEB_BASE_PATH_H
#define WEB_BASE_PATH_H

struct exchange;

/* path without the base: "/scout/players/7" is "/players/7", "/scout" is ""; NULL when it is
 * outside. Points into path. */
const char *base_path_within(const char *base, const char *path);

/* The same of a whole URL of our own host, as Referer has it; NULL when it is none of ours. */
const char *base_path_of_url(const struct exchange *exchange, const char *url);

/* path with the base before it. Gives; NULL without memory. */
char *base_path_add(const struct exchange *exchange, const char *path);

#endif
