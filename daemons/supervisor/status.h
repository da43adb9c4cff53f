/* status.h: how all of it is, as `hsctl status` shows it. */
#ifndef SUPERVISOR_STATUS_H
#define SUPERVISOR_STATUS_H

struct call;
struct service;
struct supervisor;

/* Asks each daemon that is up for its own part (a second at most), then answers. Takes call. */
void status_answer(struct supervisor *supervisor, struct call *call);

/* The same for a daemon that asks (hs_child_ask_house): without its own part. */
void status_tell(struct supervisor *supervisor, struct service *asker);

#endif
