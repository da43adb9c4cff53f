/* extractor.h: the one state that all of hsd-extractor's files share. */
#ifndef HS_EXTRACTOR_EXTRACTOR_H
#define HS_EXTRACTOR_EXTRACTOR_H

#include <stdbool.h>

#include <event2/event.h>

#include "common/child.h"
#include "common/command_queue.h"
#include "common/db_pool.h"
#include "common/offload.h"
#include "daemons/extractor/fetch.h"
#include "daemons/extractor/known.h"
#include "daemons/extractor/run.h"
#include "daemons/extractor/schedule.h"
#include "daemons/extractor/source.h"
#include "daemons/extractor/store.h"

struct extractor {
	struct hs_child *child;
	struct event_base *base;
	struct hs_db_pool *pool;
	struct fetcher *fetcher;
	struct hs_offload *offload;
	struct store_forgetting forgetting;
	char host[HS_HOST_BYTES];		/* machine and state folder: whose runs these are */
	struct sources *sources;
	struct schedule *schedule;
	struct known *known;
	struct run *runs;		/* those under way */
	json_t *ended;			/* {SOURCE:{STATUS:COUNT}} of those since the start */
	bool is_stopping;
};

/* commands.c: the handlers. */
extern const struct hs_child_handler extractor_handlers[];
extern const size_t extractor_handler_count;

#endif
