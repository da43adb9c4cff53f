/* countries.c: gives each nationality in the database the country that it means.
 *
 * Trusts the names of labels with nothing: one that cannot be read as a country's is none.
 * Any failure is the database's. Labels are read by a cursor, however many there are. */
#include "daemons/importer/countries.h"

#include <stdio.h>
#include <string.h>

#include "common/country.h"
#include "common/log.h"
#include "daemons/importer/merge.h"
#include "daemons/importer/merge_sql.h"

#define PAGE_ROWS "2000"

enum { ID, NAME, COUNTRY, NUMBER_BYTES = 24 };

static const char *country_of(const char *name)
{
	const struct hs_country *country = hs_country_find(name, strlen(name));

	return country != NULL ? country->name : NULL;
}

static bool is_same(const char *one, const char *other)
{
	return one == NULL || other == NULL ? one == other : strcmp(one, other) == 0;
}

static bool write_country(struct hs_db *db, const char *label, const char *country,
    struct hs_error *err)
{
	return hs_db_exec(db, "update label set country = $2::text where label_id = $1::integer",
	    NULL, err, label, country);
}

/* One page of the cursor. */
static bool settle_page(struct hs_db *db, bool writes, int64_t *changes, bool *ret_last,
    struct hs_error *err)
{
	PGresult *labels = NULL;
	bool done = true;
	int count;

	if (!hs_db_exec(db, "fetch " PAGE_ROWS " from labels", &labels, err))
		return false;
	count = PQntuples(labels);
	for (int i = 0; done && i < count; i++) {
		const char *country = country_of(hs_db_text(labels, i, NAME));

		if (is_same(country, hs_db_text(labels, i, COUNTRY)))
			continue;
		(*changes)++;
		done = !writes || write_country(db, hs_db_text(labels, i, ID), country, err);
	}
	PQclear(labels);
	*ret_last = count == 0;
	return done;
}

/* In a transaction. */
static bool settle(struct hs_db *db, bool writes, int64_t first, int64_t *ret_changes,
    struct hs_error *err)
{
	char number[NUMBER_BYTES];
	int64_t changes = 0;
	bool last = false;

	snprintf(number, sizeof number, "%lld", (long long)first);
	if (!hs_db_exec(db,
		"declare labels no scroll cursor for select label_id, name, country from label"
		" where kind = 'nationality' and label_id >= $1::integer",
		NULL, err, number))
		return false;
	while (!last) {
		if (!settle_page(db, writes, &changes, &last, err))
			return false;
	}
	if (!hs_db_exec(db, "close labels", NULL, err))
		return false;
	*ret_changes = changes;
	return true;
}

bool countries_settle(struct hs_db *db, int64_t first_label, struct hs_error *err)
{
	int64_t ignored;

	return settle(db, true, first_label, &ignored, err);
}

/* That all is as it should be is the rule, and needs no lock. */
static bool refresh(struct hs_db *db, int64_t *ret_changes, struct hs_error *err)
{
	if (!settle(db, false, 0, ret_changes, err))
		return false;
	return *ret_changes == 0 || (hs_db_exec(db, MERGE_LOCK, NULL, err) &&
	    settle(db, true, 0, ret_changes, err) && merge_raise_version(db, 0, err));
}

bool countries_refresh(struct hs_db *db, struct hs_error *err)
{
	int64_t changes;

	if (!hs_db_begin(db, err))
		return false;
	if (!refresh(db, &changes, err) || !hs_db_commit(db, err)) {
		hs_db_rollback(db);
		return false;
	}
	if (changes > 0)
		hs_log(HS_LOG_INFO, "gave nationalities the countries that they mean",
		    HS_INT("nationalities", changes));
	return true;
}
