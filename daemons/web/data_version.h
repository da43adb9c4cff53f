/* data_version.h: which state of the data is the newest, known without asking at each request.
 *
 * Every import that changes something raises the version in its own transaction and tells of
 * it at commit (NOTIFY hoopscout_data). Whoever listens knows the version a moment after that
 * commit; whoever may have missed one says that it is not known. */
#ifndef WEB_DATA_VERSION_H
#define WEB_DATA_VERSION_H

#include <stdbool.h>
#include <stdint.h>

#include <event2/event.h>

#include "common/error.h"
#include "common/settings.h"

struct data_version;

/* on_change is called whenever what data_version_known says has changed. Connects in the
 * background to the primary: a standby hears nothing. Gives *ret. Borrows base and settings. */
bool data_version_new(struct event_base *base, const struct hs_settings *settings,
    void (*on_change)(void *arg), void *arg, struct data_version **ret, struct hs_error *err);

/* Accepts NULL. */
void data_version_free(struct data_version *watch);

/* False while nobody can tell: the connection is being made, or does not answer. */
bool data_version_known(const struct data_version *watch, int64_t *ret);

/* The statement that reads it, to be put into the transaction of a search: one row, one column. */
extern const char data_version_sql[];

#endif
