/* task_channel.h: a task's words with the supervisor, line by line, over its descriptor. */
#ifndef SUPERVISOR_TASK_CHANNEL_H
#define SUPERVISOR_TASK_CHANNEL_H

#include <stdbool.h>

#include <jansson.h>

#include "common/error.h"

/* Says one message; takes it. What cannot be said is logged: the supervisor sees our end all the
 * same. */
void channel_say(int fd, json_t *message);

/* {"event":"progress",...}: how far a file, or a stage without one, has come. file may be any
 * bytes. */
void channel_progress(
    int fd, const char *stage, const char *file, long long bytes, long long total);

/* Waits for the supervisor to say word ({"event":word}). Errors: HS_TIMEOUT, HS_CANCELLED (it said
 * another, or left). */
bool channel_wait(int fd, const char *word, int seconds, struct hs_error *err);

#endif
