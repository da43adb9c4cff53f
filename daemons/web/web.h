/* web.h: the web daemon's state, made in main.c and passed down. */
#ifndef WEB_WEB_H
#define WEB_WEB_H

#include <stdbool.h>
#include <stddef.h>

#include <event2/event.h>
#include <jansson.h>

#include "common/child.h"
#include "common/db_pool.h"
#include "common/template.h"

struct accounts;
struct answers;
struct catalog;
struct exports;
struct quality;
struct replicas;
struct server;
struct scrapes;
struct statics;
struct hs_tls;
struct traffic;
struct uploads;

struct web {
	struct hs_child *child;
	struct event_base *base;
	char *base_path;	/* base_path.h */
	struct hs_settings *settings;	/* as at start, for the pool */
	struct hs_db_pool *pool;
	struct accounts *accounts;
	struct answers *answers;
	struct catalog *catalog;
	struct exports *exports;
	struct uploads *uploads;
	struct quality *quality;
	struct replicas *replicas;	/* NULL: there is one PostgreSQL */
	struct hs_templates *templates;
	struct statics *statics;
	size_t migrations;	/* that this version of HoopScout has */
	struct hs_tls *tls;	/* tls.h; NULL: no HTTPS */
	struct server *server;
	struct traffic *traffic;
	struct scrapes *scrapes;
	size_t downloads;	/* of imported files, under way */
	char reload_problem[HS_ERROR_MESSAGE_BYTES];	/* the latest reload's; "" */
};

#endif
