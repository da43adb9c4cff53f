/* question.h: a command that is answered by a look into the database, through the importer's pool. */
#ifndef IMPORTER_QUESTION_H
#define IMPORTER_QUESTION_H

#include <stddef.h>

#include "common/child.h"
#include "common/db_pool.h"
#include "common/error.h"

struct importer;

struct question {
	struct importer *importer;
	struct hs_call *call;
	long long number;		/* of the run or file that is asked for */
	long long page, limit;		/* of a list */
};

/* NULL without memory, which has been answered then. The caller frees it with free(). */
struct question *question_new(struct importer *importer, struct hs_call *call);

/* Asks; done is given the question, answers its call and frees it. Takes question: when it cannot be
 * asked, that has been answered. */
void question_ask(struct question *question, const struct hs_db_statement *statements, size_t count,
    hs_db_done_fn *done);

/* Ends a call with an error of these words. Takes call. */
void question_refuse(
    struct hs_call *call, enum hs_error_code code, const char *where, const char *message);

#endif
