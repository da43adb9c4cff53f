/* vacuum.c: after a large import the tables want a vacuum: index-only scans need the visibility
 * map, and plans need statistics.
 *
 * Runs on the pool, so that no file waits for it; one at a time. A failure is told and
 * forgotten: the server's own autovacuum comes later. */
#include "common/log.h"
#include "daemons/importer/importer.h"
#include "daemons/importer/merge_sql.h"

enum { VACUUM_MS = 60 * 60 * 1000 };

static void on_done(void *arg, PGresult *const *results, size_t count, const struct hs_error *err)
{
	struct importer *importer = arg;

	(void)results;
	(void)count;
	importer->is_vacuuming = false;
	if (err != NULL)
		hs_log_error(HS_LOG_WARNING, "cannot vacuum after a large import", err);
	else
		hs_log(HS_LOG_DEBUG, "vacuumed after a large import");
	if (importer->wants_vacuum)
		vacuum_tables(importer);
}

void vacuum_tables(struct importer *importer)
{
	const struct hs_db_statement statement = { .sql = merge_vacuum };
	struct hs_error err = HS_ERROR_INIT;

	importer->wants_vacuum = importer->is_vacuuming;
	if (importer->is_vacuuming || importer->is_stopping)
		return;
	importer->is_vacuuming = hs_db_pool_submit(
	    importer->pool, &statement, 1, VACUUM_MS, on_done, importer, NULL, &err);
	if (!importer->is_vacuuming)
		hs_log_error(HS_LOG_WARNING, "cannot vacuum after a large import", &err);
}
