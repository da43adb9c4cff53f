/* db_prepared.c: which statements a connection knows by name.
 *
 * A name is the statement's number in the table. Trusts db_pool.c to hand over the results in
 * their order, also those that nobody waits for any more. A statement that could not be
 * prepared gives its number back: its job fails with the reason, and the next one tries again. */
#include "common/db_prepared.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = 24 };

static void write_name(char name[NAME_BYTES], size_t number)
{
	snprintf(name, NAME_BYTES, "often_%zu", number);
}

/* HS_DB_PREPARED_MOST: there is none; sql NULL asks for a free one. */
static size_t find(const struct hs_db_prepared *prepared, const char *sql)
{
	size_t number = 0;

	while (number < HS_DB_PREPARED_MOST) {
		const char *known = prepared->all[number];

		if (sql == NULL ? known == NULL : known != NULL && strcmp(known, sql) == 0)
			break;
		number++;
	}
	return number;
}

static void give_back(struct hs_db_prepared *prepared, size_t number)
{
	free(prepared->all[number]);
	prepared->all[number] = NULL;
}

static bool prepare(struct hs_db_prepared *prepared, PGconn *pg, const char *sql)
{
	size_t number = find(prepared, NULL);
	char name[NAME_BYTES];

	if (number == HS_DB_PREPARED_MOST || (prepared->all[number] = strdup(sql)) == NULL)
		return true;	/* planned each time, then */
	prepared->under_way[prepared->count++] = number;
	write_name(name, number);
	return PQsendPrepare(pg, name, sql, 0, NULL) == 1;
}

bool hs_db_prepared_send(struct hs_db_prepared *prepared, PGconn *pg,
    const struct hs_db_job *job)
{
	prepared->count = prepared->taken = 0;
	for (size_t i = 0; i < job->count; i++) {
		const struct hs_db_job_statement *one = &job->statements[i];

		if (one->often && find(prepared, one->sql) == HS_DB_PREPARED_MOST &&
		    !prepare(prepared, pg, one->sql))
			return false;
	}
	return true;
}

void hs_db_prepared_take(struct hs_db_prepared *prepared, const PGresult *result)
{
	size_t number = prepared->under_way[prepared->taken++];

	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		give_back(prepared, number);
}

bool hs_db_prepared_ask(const struct hs_db_prepared *prepared, PGconn *pg,
    const struct hs_db_job_statement *statement)
{
	size_t number = statement->often ? find(prepared, statement->sql) : HS_DB_PREPARED_MOST;
	char name[NAME_BYTES];

	if (number == HS_DB_PREPARED_MOST)
		return PQsendQueryParams(pg, statement->sql, (int)statement->count, NULL,
			   statement->values, NULL, NULL, 0) == 1;
	write_name(name, number);
	return PQsendQueryPrepared(pg, name, (int)statement->count, statement->values, NULL, NULL,
		   0) == 1;
}

void hs_db_prepared_forget(struct hs_db_prepared *prepared)
{
	for (size_t i = 0; i < HS_DB_PREPARED_MOST; i++)
		give_back(prepared, i);
	prepared->count = prepared->taken = 0;
}
