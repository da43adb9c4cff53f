/* command_queue_sql.h: the statements of command_queue.c. */
#ifndef HS_COMMAND_QUEUE_SQL_H
#define HS_COMMAND_QUEUE_SQL_H

extern const char hs_queue_listen_sql[];

/* $1: the owner; $2: its host; $3: the requests that run here, a JSON array of numbers; $4: how many
 * may be taken. Marks ours as seen, what died as lost, what waited too long as cancelled, what all
 * have declined as failed; takes what waits; counts what waits all the same.
 * Rows: kind, number, text, more, who:
 *   taken: the request, its command, its args, who asked
 *   lost: the request, its command, its host, who asked
 *   waiting: how many, their owner, the oldest's seconds, null */
extern const char hs_queue_look_sql[];

/* $1: the request; $2: its host, which has not what it is about; $3: why, an error as JSON. It waits
 * for another host; when none has taken it after some seconds, a look ends it with what all said. */
extern const char hs_queue_decline_sql[];

/* $1: the request; $2: its latest event. */
extern const char hs_queue_progress_sql[];

/* $1: the request; $2: its host; $3: its status ("waiting": it is given back); $4: result, $5:
 * error, $6: the latest event, JSON or null. One that was taken for lost gets its end all the same. */
extern const char hs_queue_end_sql[];

#endif
