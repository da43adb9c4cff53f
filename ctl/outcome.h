/* outcome.h: hsctl's exit status, and what to do about an error. */
#ifndef CTL_OUTCOME_H
#define CTL_OUTCOME_H

#include <jansson.h>

#include "common/commands.h"
#include "common/error.h"

enum outcome {
	OUTCOME_DONE = 0,
	OUTCOME_FAILED = 1,
	OUTCOME_USAGE = 2,
	OUTCOME_NOT_REACHABLE = 69,	/* sysexits.h has the last three */
	OUTCOME_NOT_ALLOWED = 77,
	OUTCOME_BAD_SETTING = 78
};

/* Who said the error: hsctl on its way to the supervisor, or a daemon in answer. */
enum outcome_stage { STAGE_CONNECTING, STAGE_ANSWER };

enum outcome outcome_of_error(const struct hs_error *error, enum outcome_stage stage);

/* A result may say that the work has failed: a failed file, a daemon that is not up. */
enum outcome outcome_of_result(enum hs_command_id command, const json_t *result);

/* What the operator can do, one or several lines; NULL when there is nothing to add. */
const char *outcome_advice(const struct hs_error *error, enum outcome_stage stage);

#endif
