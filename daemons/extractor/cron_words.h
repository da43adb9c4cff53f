/* cron_words.h: a schedule as people say it: "every day at 04:30", "every 15 minutes, Monday to
 * Friday". */
#ifndef HS_EXTRACTOR_CRON_WORDS_H
#define HS_EXTRACTOR_CRON_WORDS_H

#include "daemons/extractor/cron.h"

enum { CRON_WORDS_BYTES = 512 };

/* Returns buf. What would not fit (no schedule is that long in words) is cut. */
const char *cron_words(const struct cron *cron, char buf[CRON_WORDS_BYTES]);

#endif
