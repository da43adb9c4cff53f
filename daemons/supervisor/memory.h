/* memory.h: how much memory there is for us, and the private database's share of it. */
#ifndef SUPERVISOR_MEMORY_H
#define SUPERVISOR_MEMORY_H

/* The least limit in memory.max of a process's control group (version 2) and of those above it, in
 * bytes; LLONG_MAX when there is none, or nothing can be read. groups: its /proc/PID/cgroup; root:
 * where control groups are mounted. */
long long memory_group_limit(const char *groups, const char *root);

/* What PostgreSQL's shared_buffers should be, in MB, of so many bytes. A quarter: the system's own
 * cache needs the rest. At most what keeps two million player-seasons within a quarter of it:
 * PostgreSQL reads larger tables past its cache. */
long long memory_share_mb(long long bytes);

/* The share of this machine's memory, or of our control group's. */
long long memory_database_mb(void);

#endif
