/* db_error.c: what PostgreSQL's errors mean to us, by SQLSTATE, never by their words.
 *
 * Trusts libpq. The words may be in the server's language; the five characters are not.
 * An error without SQLSTATE comes from libpq itself: the connection is lost. */
#include <string.h>

#include "common/db.h"
#include "common/text.h"

enum { SENTENCE_BYTES = 400, SQLSTATE_LENGTH = 5 };

/* The first row whose state begins the error's SQLSTATE counts. hint may be NULL. */
static const struct meaning {
	const char *state;
	enum hs_error_code code;
	const char *hint;
} meanings[] = {
	{ "08", HS_DB_AWAY, NULL },
	{ "25006", HS_DB_AWAY, "this server takes no writes: it is no primary, or none any more" },
	{ "25P03", HS_DB_AWAY, NULL },	/* idle in a transaction for too long: cut off */
	{ "25P04", HS_DB_AWAY, NULL },	/* a transaction that took too long: cut off */
	{ "28P01", HS_DB_REFUSED, "check POSTGRES_USER and POSTGRES_PASSWORD" },
	{ "28", HS_DB_REFUSED, "check POSTGRES_USER, and pg_hba.conf and pg_ident.conf there" },
	{ "3D000", HS_DB_REFUSED, "create it (createdb), or set POSTGRES_DB" },
	{ "40001", HS_DB_CONFLICT, NULL },
	{ "40P01", HS_DB_CONFLICT, NULL },
	{ "42501", HS_DB_ERROR, "let the database's owner grant POSTGRES_USER that right" },
	{ "42P01", HS_DB_ERROR, "if migrations are missing, run: hsctl migrate" },
	{ "53100", HS_DISK_FULL, "make room on the database's disk" },
	{ "53200", HS_NO_MEMORY, NULL },
	{ "53300", HS_DB_AWAY, "raise max_connections, or let fewer programs connect" },
	{ "53", HS_LIMIT, NULL },
	{ "55P03", HS_DB_CONFLICT, NULL },
	{ "57014", HS_CANCELLED, NULL },
	{ "57P04", HS_DB_REFUSED, "the database was dropped" },
	{ "57P", HS_DB_AWAY, NULL },	/* shutting down, starting up, crashed, idle for too long */
	{ "58", HS_IO, "see the server's log" },
	{ "", HS_DB_ERROR, NULL },
};

static const struct meaning *find_meaning(const char *state)
{
	const struct meaning *row = meanings;

	while (strncmp(state, row->state, strlen(row->state)) != 0)
		row++;		/* the last row fits all */
	return row;
}

/* The first line, since the rest is libpq's guesses and the server's source lines. */
static void first_line(const char *text, char *buf, size_t size)
{
	hs_utf8_clean(text, strcspn(text, "\r\n"), buf, size);
}

/* With PQERRORS_VERBOSE a server's refusal reads "...: FATAL:  28P01: sentence". */
static bool find_sqlstate(const char *text, char state[SQLSTATE_LENGTH + 1])
{
	static const char allowed[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	for (const char *at = text; (at = strstr(at, ":  ")) != NULL; at++) {
		const char *word = at + 3;

		if (strspn(word, allowed) == SQLSTATE_LENGTH && word[SQLSTATE_LENGTH] == ':') {
			memcpy(state, word, SQLSTATE_LENGTH);
			state[SQLSTATE_LENGTH] = '\0';
			return true;
		}
	}
	return false;
}

static bool fill(struct hs_error *err, const struct meaning *meaning, const char *sentence)
{
	return hs_error_set(err, meaning->code, "", "%s%s%s", sentence,
	    meaning->hint != NULL ? "; " : "", meaning->hint != NULL ? meaning->hint : "");
}

bool hs_db_error_of_result(const PGresult *result, struct hs_error *err)
{
	const char *state, *primary, *detail;
	char line[SENTENCE_BYTES], more[SENTENCE_BYTES] = "", sentence[2 * SENTENCE_BYTES + 64];

	if (result == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for the database's answer");
	state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	if (state == NULL || primary == NULL) {
		first_line(PQresultErrorMessage(result), line, sizeof line);
		return hs_error_set(err, HS_DB_AWAY, "", "the connection to PostgreSQL is lost: %s",
		    line[0] != '\0' ? line : PQresStatus(PQresultStatus(result)));
	}
	first_line(primary, line, sizeof line);
	if ((detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL)) != NULL) {
		more[0] = ':';
		more[1] = ' ';
		first_line(detail, more + 2, sizeof more - 2);
	}
	if (!hs_format(sentence, sizeof sentence, err, "PostgreSQL: %s%s (SQLSTATE %s)", line,
		more, state))
		return false;
	return fill(err, find_meaning(state), sentence);
}

bool hs_db_error_of_connection(PGconn *connection, struct hs_error *err)
{
	const char *text = connection != NULL ? PQerrorMessage(connection) : "";
	char state[SQLSTATE_LENGTH + 1], line[SENTENCE_BYTES];

	first_line(text, line, sizeof line);
	if (find_sqlstate(text, state))
		return fill(err, find_meaning(state), line);
	if (connection != NULL && PQconnectionNeedsPassword(connection))
		return hs_error_set(err, HS_DB_REFUSED, "",
		    "PostgreSQL asks for a password: set POSTGRES_PASSWORD");
	return hs_error_set(err, HS_DB_AWAY, "", "%s",
	    line[0] != '\0' ? line : "not connected to PostgreSQL");
}
