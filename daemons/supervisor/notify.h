/* notify.h: telling systemd (or whoever set NOTIFY_SOCKET) how we are: one datagram a word. */
#ifndef SUPERVISOR_NOTIFY_H
#define SUPERVISOR_NOTIFY_H

/* Remembers NOTIFY_SOCKET and WATCHDOG_USEC, and takes them out of the environment that our
 * children inherit. */
void notify_begin(void);

/* "READY=1", "STOPPING=1", "STATUS=...", several lines at once too. Without a socket nothing
 * happens; a message that cannot be sent is logged. */
void notify_send(const char *words);

/* "RELOADING=1" with its time; READY=1 is to follow. */
void notify_reloading(void);

/* How often WATCHDOG=1 is due, in milliseconds: half of what was asked for; 0: never. */
int notify_watchdog_ms(void);

#endif
