/* catalog.c: six sorted lists, made anew for each version of the data.
 *
 * Trusts the database's texts to be valid and bounded. Fails only for want of memory, and
 * then what was held stays. */
#include "daemons/web/catalog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/country.h"
#include "common/db.h"
#include "common/log.h"
#include "common/text.h"

enum { KIND, ID, VALUE, TEXT, NOTE, ALSO };

#define FIRST_OF_ALL " order by value, id limit 200000 + 1)"

/* Not those of which an undone import had told alone. */
#define STATED " where i.name_on > '-infinity'"

#define LABELS(kind) \
	"(select '" kind "' as kind, label_id as id, coalesce(country, name) as value," \
	" coalesce(country, name), ''," \
	" left(string_agg(name, ' ') over (partition by coalesce(country, name)), 600)" \
	" from label where kind = '" kind "'" FIRST_OF_ALL

/* "also" is what an entry is found by beside its name: its source, or the spellings of a country.
 * Each list has its own bound, CATALOG_MOST, and one row more: it tells that there are others. */
const char catalog_sql[] =
    "select * from ((select 'competition' as kind, competition_id as id,"
    " s.name || ':' || external_id as value, i.name, s.name as note, s.name as also"
    " from competition i join source s using (source_id)" STATED FIRST_OF_ALL
    " union all (select 'team', team_id as id, s.name || ':' || external_id as value, i.name,"
    " s.name, s.name from team i join source s using (source_id)" STATED FIRST_OF_ALL
    " union all (select 'season', season_id as id, name as value, name, '', '' from season"
    FIRST_OF_ALL " union all " LABELS("nationality") " union all " LABELS("position")
    " union all " LABELS("role") ") c order by kind, value, id";

static const enum search_param lists[] = {
	SEARCH_COMPETITION, SEARCH_SEASON, SEARCH_TEAM, SEARCH_NATIONALITY, SEARCH_POSITION,
	SEARCH_ROLE,
};

enum { LIST_COUNT = sizeof lists / sizeof *lists };

struct entry {
	struct catalog_entry shown;
	char *folded;		/* to be found and sorted by; then the other texts */
};

struct numbered {
	int32_t id;
	size_t entry;
};

struct list {
	enum search_param param;
	struct entry *entries;	/* in the order that is shown */
	size_t count;
	size_t *by_value;	/* sorted by value */
	struct numbered *by_id;	/* sorted by id */
	int32_t *ids;		/* of all entries, each entry's together */
	size_t id_count;
	bool notes;		/* several sources: they are told apart */
};

struct catalog {
	int64_t version;
	struct list lists[LIST_COUNT];
};

/* Making. */

static void list_done(struct list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->entries[i].folded);
	free(list->entries);
	free(list->by_value);
	free(list->by_id);
	free(list->ids);
}

static char *append(char *to, const char *text, const char **ret)
{
	size_t bytes = strlen(text) + 1;

	*ret = memcpy(to, text, bytes);
	return to + bytes;
}

/* Appends all spellings of a country that are known; those that do not fit are left out. */
static void add_spellings(const char *name, char *buf, size_t size)
{
	const struct hs_country *country = hs_country_find(name, strlen(name));
	size_t used = strlen(buf);

	for (size_t i = 0; country != NULL && i < hs_country_spelling_count; i++) {
		const struct hs_country_spelling *spelling = &hs_country_spellings[i];

		if (&hs_countries[spelling->country] == country &&
		    used + strlen(spelling->key) + 2 <= size)
			used += (size_t)snprintf(buf + used, size - used, "%s%s", used > 0 ? " " : "",
			    spelling->key);
	}
}

/* All it is found by is folded together, so that "real acb" finds one of its teams. */
static bool entry_fill(struct entry *entry, enum search_param param, const PGresult *rows, int row)
{
	const char *value = hs_db_text(rows, row, VALUE), *text = hs_db_text(rows, row, TEXT);
	const char *note = hs_db_text(rows, row, NOTE);
	const char *also = hs_db_text(rows, row, ALSO);
	char name[HS_FOLDED_NAME_BYTES] = "", more[HS_FOLDED_NAME_BYTES] = "", *end;
	struct hs_error ignored = HS_ERROR_INIT;	/* what cannot be folded is not found */
	size_t name_length, more_length;

	hs_name_fold(text, strlen(text), name, sizeof name, &ignored);
	hs_name_fold(also, strlen(also), more, sizeof more, &ignored);
	if (param == SEARCH_NATIONALITY)
		add_spellings(value, more, sizeof more);
	name_length = strlen(name);
	more_length = strlen(more);
	entry->folded = malloc(name_length + more_length + strlen(value) + strlen(text) +
	    strlen(note) + 5);
	if (entry->folded == NULL)
		return false;
	memcpy(entry->folded, name, name_length);
	entry->folded[name_length] = ' ';
	memcpy(entry->folded + name_length + 1, more, more_length + 1);
	entry->shown.also = param == SEARCH_NATIONALITY ? entry->folded + name_length + 1 : "";
	end = append(entry->folded + name_length + more_length + 2, value, &entry->shown.value);
	end = append(end, text, &entry->shown.text);
	append(end, note, &entry->shown.note);
	return true;
}

/* Rows come by kind and value: those of one value are one entry. */
static bool list_fill(struct list *list, const PGresult *rows, int from, int to)
{
	size_t room = (size_t)(to - from);

	if (room == 0)
		return true;
	list->entries = calloc(room, sizeof *list->entries);
	list->by_value = calloc(room, sizeof *list->by_value);
	list->by_id = calloc(room, sizeof *list->by_id);
	list->ids = calloc(room, sizeof *list->ids);
	if (list->entries == NULL || list->by_value == NULL || list->by_id == NULL ||
	    list->ids == NULL)
		return false;
	for (int row = from; row < to; row++) {
		struct entry *entry = &list->entries[list->count];

		if (list->count == 0 ||
		    strcmp(entry[-1].shown.value, hs_db_text(rows, row, VALUE)) != 0) {
			if (!entry_fill(entry, list->param, rows, row))
				return false;
			entry->shown.ids = &list->ids[list->id_count];
			list->notes = list->notes || (list->count > 0 &&
			    strcmp(entry->shown.note, entry[-1].shown.note) != 0);
			list->count++;
		}
		list->entries[list->count - 1].shown.id_count++;
		list->ids[list->id_count++] = (int32_t)hs_db_int(rows, row, ID);
	}
	return true;
}

static int compare_names(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	int order = strcmp(a->folded, b->folded);

	return order != 0 ? order : strcmp(a->shown.value, b->shown.value);
}

/* The first four digits of "2024-25" or "E2024"; nothing else tells how a source writes seasons.
 * 0 when there are none. */
static int year_of(const char *season)
{
	for (; *season != '\0'; season++) {
		size_t digits = strspn(season, "0123456789");

		if (digits >= 4)
			return (season[0] - '0') * 1000 + (season[1] - '0') * 100 +
			    (season[2] - '0') * 10 + (season[3] - '0');
		if (digits > 0)
			season += digits - 1;
	}
	return 0;
}

static int compare_newest(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	int years = year_of(b->shown.text) - year_of(a->shown.text);

	return years != 0 ? years : compare_names(right, left);
}

static int compare_values(const void *left, const void *right, void *list)
{
	const struct entry *entries = ((const struct list *)list)->entries;

	return strcmp(entries[*(const size_t *)left].shown.value,
	    entries[*(const size_t *)right].shown.value);
}

static int compare_ids(const void *left, const void *right)
{
	const struct numbered *a = left, *b = right;

	return (a->id > b->id) - (a->id < b->id);
}

static void list_sort(struct list *list)
{
	struct numbered *numbered = list->by_id;

	if (list->count == 0)
		return;
	qsort(list->entries, list->count, sizeof *list->entries,
	    list->param == SEARCH_SEASON ? compare_newest : compare_names);
	for (size_t i = 0; i < list->count; i++) {
		const struct catalog_entry *shown = &list->entries[i].shown;

		if (!list->notes)
			list->entries[i].shown.note = "";
		list->by_value[i] = i;
		for (size_t k = 0; k < shown->id_count; k++)
			*numbered++ = (struct numbered){ shown->ids[k], i };
	}
	qsort_r(list->by_value, list->count, sizeof *list->by_value, compare_values, list);
	qsort(list->by_id, list->id_count, sizeof *list->by_id, compare_ids);
}

/* The rows of a kind, which stand together. */
static void span_of(const PGresult *rows, const char *kind, int *ret_from, int *ret_to)
{
	int from = 0, to;

	while (from < PQntuples(rows) && strcmp(hs_db_text(rows, from, KIND), kind) != 0)
		from++;
	to = from;
	while (to < PQntuples(rows) && strcmp(hs_db_text(rows, to, KIND), kind) == 0)
		to++;
	if (to - from > CATALOG_MOST) {
		to = from + CATALOG_MOST;
		hs_log(HS_LOG_WARNING, "a list of the form is too long to be held whole",
		    HS_STR("list", kind), HS_INT("held", CATALOG_MOST));
	}
	*ret_from = from;
	*ret_to = to;
}

bool catalog_take(struct catalog *catalog, const PGresult *rows, int64_t version,
    struct hs_error *err)
{
	struct list made[LIST_COUNT] = { 0 };

	for (size_t i = 0; i < LIST_COUNT; i++) {
		int from, to;

		made[i].param = lists[i];
		span_of(rows, search_params[lists[i]].name, &from, &to);
		if (!list_fill(&made[i], rows, from, to)) {
			for (size_t k = 0; k <= i; k++)
				list_done(&made[k]);
			return hs_error_set(err, HS_NO_MEMORY, "", "no memory for the form's lists");
		}
		list_sort(&made[i]);
	}
	for (size_t i = 0; i < LIST_COUNT; i++) {
		list_done(&catalog->lists[i]);
		catalog->lists[i] = made[i];
	}
	catalog->version = version;
	return true;
}

/* Life. */

struct catalog *catalog_new(void)
{
	struct catalog *catalog = calloc(1, sizeof *catalog);

	if (catalog == NULL)
		return NULL;
	catalog->version = -1;
	for (size_t i = 0; i < LIST_COUNT; i++)
		catalog->lists[i].param = lists[i];
	return catalog;
}

void catalog_free(struct catalog *catalog)
{
	if (catalog == NULL)
		return;
	for (size_t i = 0; i < LIST_COUNT; i++)
		list_done(&catalog->lists[i]);
	free(catalog);
}

int64_t catalog_version(const struct catalog *catalog)
{
	return catalog->version;
}

void catalog_forget(struct catalog *catalog)
{
	catalog->version = -1;
}

/* Looking. */

bool catalog_has(enum search_param param)
{
	for (size_t i = 0; i < LIST_COUNT; i++) {
		if (lists[i] == param)
			return true;
	}
	return false;
}

static const struct list *list_of(const struct catalog *catalog, enum search_param param)
{
	for (size_t i = 0; i < LIST_COUNT; i++) {
		if (lists[i] == param)
			return &catalog->lists[i];
	}
	hs_panic("search parameter %d has no list", (int)param);
}

size_t catalog_count(const struct catalog *catalog, enum search_param param)
{
	return list_of(catalog, param)->count;
}

const struct catalog_entry *catalog_at(const struct catalog *catalog, enum search_param param,
    size_t n)
{
	return &list_of(catalog, param)->entries[n].shown;
}

size_t catalog_by_value(const struct catalog *catalog, enum search_param param,
    const char *value)
{
	const struct list *list = list_of(catalog, param);
	size_t low = 0, high = list->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2, entry = list->by_value[middle];
		int order = strcmp(value, list->entries[entry].shown.value);

		if (order == 0)
			return entry;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return SIZE_MAX;
}

size_t catalog_by_id(const struct catalog *catalog, enum search_param param, int32_t id)
{
	const struct list *list = list_of(catalog, param);
	const struct numbered wanted = { .id = id };
	const struct numbered *found = list->id_count == 0 ? NULL :
	    bsearch(&wanted, list->by_id, list->id_count, sizeof wanted, compare_ids);

	return found != NULL ? found->entry : SIZE_MAX;
}

bool catalog_matches(const struct catalog *catalog, enum search_param param, size_t n,
    const char *folded)
{
	const char *name = list_of(catalog, param)->entries[n].folded;

	while (*folded != '\0') {
		size_t length = strcspn(folded, " ");

		if (memmem(name, strlen(name), folded, length) == NULL)
			return false;
		folded += length;
		folded += strspn(folded, " ");
	}
	return true;
}
