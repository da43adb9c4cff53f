/* problems.c: the problems of a snapshot, kept in the order of the file.
 *
 * They may be found in another order (a missing field at its record's end, a duplicate at
 * the file's): each is put at its place, and when there is no room the last one goes.
 * Trusts its callers with the format; values in it are cleaned before. */
#include "common/problems.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

enum { MESSAGE_BYTES = HS_ERROR_MESSAGE_BYTES };

struct hs_problems {
	uint64_t total;
	size_t kept, most;
	struct hs_problem rows[];
};

struct hs_problems *hs_problems_new_for(size_t most)
{
	struct hs_problems *problems =
	    calloc(1, sizeof *problems + most * sizeof problems->rows[0]);

	if (problems != NULL)
		problems->most = most;
	return problems;
}

struct hs_problems *hs_problems_new(void)
{
	return hs_problems_new_for(HS_PROBLEMS_KEPT);
}

static void problem_done(struct hs_problem *problem)
{
	free(problem->pointer);
	free(problem->message);
	free(problem->excerpt);
}

void hs_problems_free(struct hs_problems *problems)
{
	if (problems == NULL)
		return;
	for (size_t i = 0; i < problems->kept; i++)
		problem_done(&problems->rows[i]);
	free(problems);
}

static bool is_after(const struct hs_problem *problem, uint64_t line, uint64_t column)
{
	return problem->line > line || (problem->line == line && problem->column > column);
}

/* Where a problem of that place belongs: behind those of the same place. */
static size_t place_of(const struct hs_problems *problems, uint64_t line, uint64_t column)
{
	size_t place = problems->kept;

	while (place > 0 && is_after(&problems->rows[place - 1], line, column))
		place--;
	return place;
}

bool hs_problems_would_keep(const struct hs_problems *problems, uint64_t line, uint64_t column)
{
	return place_of(problems, line, column) < problems->most;
}

/* A pointer of at most HS_POINTER_BYTES, NUL included; a longer one ends in "...". */
static char *short_pointer(const char *pointer)
{
	static const char dots[] = "...";
	size_t length = strlen(pointer);
	char *copy;

	if (length < HS_POINTER_BYTES)
		return strdup(pointer);
	if ((copy = malloc(HS_POINTER_BYTES)) == NULL)
		return NULL;
	hs_utf8_clean(pointer, length, copy, HS_POINTER_BYTES - sizeof dots + 1);
	memcpy(copy + strlen(copy), dots, sizeof dots);
	return copy;
}

static bool fill(struct hs_problem *problem, const char *pointer, const char *format, va_list args)
{
	char raw[MESSAGE_BYTES], message[MESSAGE_BYTES];

	if (vsnprintf(raw, sizeof raw, format, args) < 0)
		return false;
	hs_utf8_clean(raw, strlen(raw), message, sizeof message);
	problem->pointer = short_pointer(pointer);
	problem->message = strdup(message);
	if (problem->pointer != NULL && problem->message != NULL)
		return true;
	problem_done(problem);
	return false;
}

void hs_problems_add(struct hs_problems *problems, enum hs_error_code code, const char *pointer,
    uint64_t line, uint64_t column, const char *format, ...)
{
	struct hs_problem problem = { .code = code, .line = line, .column = column };
	size_t place = place_of(problems, line, column);
	bool filled;
	va_list args;

	problems->total++;
	if (place == problems->most)
		return;
	va_start(args, format);
	filled = fill(&problem, pointer, format, args);
	va_end(args);
	if (!filled)
		return;
	if (problems->kept == problems->most)
		problem_done(&problems->rows[--problems->kept]);
	memmove(&problems->rows[place + 1], &problems->rows[place],
	    (problems->kept - place) * sizeof problem);
	problems->rows[place] = problem;
	problems->kept++;
}

uint64_t hs_problems_total(const struct hs_problems *problems)
{
	return problems->total;
}

size_t hs_problems_kept(const struct hs_problems *problems)
{
	return problems->kept;
}

const struct hs_problem *hs_problems_at(const struct hs_problems *problems, size_t n)
{
	return &problems->rows[n];
}

struct hs_problem *hs_problems_edit(struct hs_problems *problems, size_t n)
{
	return &problems->rows[n];
}

static json_t *problem_json(const struct hs_problem *problem)
{
	json_t *object = json_pack("{s:s, s:s, s:I, s:I, s:s}", "code", hs_error_name(problem->code),
	    "pointer", problem->pointer, "line", (json_int_t)problem->line, "column",
	    (json_int_t)problem->column, "message", problem->message);

	if (object != NULL && problem->excerpt != NULL &&
	    (json_object_set_new(object, "excerpt", json_string(problem->excerpt)) != 0 ||
		json_object_set_new(object, "excerpt_column",
		    json_integer((json_int_t)problem->excerpt_column)) != 0)) {
		json_decref(object);
		return NULL;
	}
	return object;
}

json_t *hs_problems_json(const struct hs_problems *problems)
{
	json_t *list = json_array();

	for (size_t i = 0; i < problems->kept && list != NULL; i++) {
		if (json_array_append_new(list, problem_json(&problems->rows[i])) != 0) {
			json_decref(list);
			list = NULL;
		}
	}
	return list;
}
