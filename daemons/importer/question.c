/* question.c: nothing waits here: the answer comes back on the event loop. */
#include "daemons/importer/question.h"

#include <stdlib.h>

#include "daemons/importer/importer.h"

enum { QUERY_MS = 30000 };

void question_refuse(
    struct hs_call *call, enum hs_error_code code, const char *where, const char *message)
{
	struct hs_error err = HS_ERROR_INIT;

	hs_error_set(&err, code, where, "%s", message);
	hs_call_error(call, &err);
}

struct question *question_new(struct importer *importer, struct hs_call *call)
{
	struct question *question = calloc(1, sizeof *question);

	if (question == NULL) {
		question_refuse(call, HS_NO_MEMORY, "", "no memory for a question");
		return NULL;
	}
	question->importer = importer;
	question->call = call;
	return question;
}

void question_ask(struct question *question, const struct hs_db_statement *statements, size_t count,
    hs_db_done_fn *done)
{
	struct hs_error err = HS_ERROR_INIT;

	if (hs_db_pool_submit(question->importer->pool, statements, count, QUERY_MS, done, question,
		NULL, &err))
		return;
	hs_call_error(question->call, &err);
	free(question);
}
