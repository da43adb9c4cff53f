/* check.h: `hsctl snapshot check`: the importer's own validator, on any file, with nothing else. */
#ifndef CTL_CHECK_H
#define CTL_CHECK_H

#include "ctl/output.h"

/* Reads the file at path ("-": standard input), shows progress, then the result:
 *   {"file","valid","source_name","snapshot_date","records","bytes","seconds",
 *    "problem_total","problems"}
 * Returns hsctl's exit status. */
int check_run(const char *path, struct output *output);

#endif
