/* cluster.h: the private PostgreSQL cluster: made once, and turned into the running server.
 *
 * Runs in a process of its own (`hsd-supervisor --task postgres`), as the user who owns the
 * cluster, so everything here may wait. The same process becomes postgres at the end: its
 * parent sees one process from making the cluster to its stop. */
#ifndef SUPERVISOR_CLUSTER_H
#define SUPERVISOR_CLUSTER_H

#include <stdbool.h>

#include "common/error.h"
#include "common/settings.h"

/* Whether PostgreSQL's programs are there, of the cluster's version when there is a cluster.
 * Errors: HS_NOT_FOUND, HS_BAD_SETTING. */
bool cluster_check(const struct hs_settings *settings, struct hs_error *err);

/* Whether its postgres says, in its pid file, that it takes connections: asking one that does
 * not yet costs a FATAL line in its log. One that crashed may have said so, too. */
bool cluster_is_ready(const struct hs_settings *settings);

/* Ends a postgres of this cluster that outlived its supervisor, makes the cluster when there
 * is none, writes who may enter, and executes postgres. Returns only on failure (false).
 * admin is the name of a further operating system user who may enter (the supervisor's).
 * Errors: HS_NOT_FOUND (no PostgreSQL programs), HS_BAD_SETTING, HS_IO, HS_BUSY. */
bool cluster_run(const struct hs_settings *settings, const char *admin, struct hs_error *err);

#endif
