/* log.h: one line an event: a sentence, then key=value.
 *
 *   2026-11-25T02:43:20.123Z hsd-importer[812] info: imported a file file=nba.json records=605
 *
 * Goes to standard error. Under journald (JOURNAL_STREAM names our stderr) the
 * time and program are left to it and the line begins with "<6>". Values with
 * blanks, quotes or control characters are quoted and escaped; a line is one
 * write of at most 4096 bytes. Safe from several threads. Preserves errno. */
#ifndef HS_LOG_H
#define HS_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

enum hs_log_level { HS_LOG_ERROR, HS_LOG_WARNING, HS_LOG_INFO, HS_LOG_DEBUG };

enum hs_log_type { HS_LOG_TEXT, HS_LOG_INTEGER, HS_LOG_SECONDS };

struct hs_log_field {
	const char *key;	/* NULL ends the list */
	enum hs_log_type type;
	union {
		const char *text;	/* NULL is shown as - */
		long long integer;
		double seconds;		/* three decimals */
	} value;
};

/* A line as it goes to the supervisor: this, then its text, without time, program and newline. */
enum { HS_LOG_LINE_BYTES = 4096, HS_LOG_PROGRAM_BYTES = 24 };
struct hs_log_head {
	int64_t at_ms;		/* of the wall clock */
	int32_t pid;
	int32_t level;		/* enum hs_log_level */
	uint32_t lost;		/* lines before this one that found no room */
	char program[HS_LOG_PROGRAM_BYTES];
};

/* Lines go to the supervisor too, by the descriptor that HS_LOG_FD names, which no child of ours
 * gets; nothing happens without it. What finds no room there is counted, never waited for. */
void hs_log_join(void);

/* Each line goes to copy too, which may log nothing itself; text is borrowed. For the supervisor. */
void hs_log_copy_to(void (*copy)(void *arg, const struct hs_log_head *head, const char *text,
    size_t length), void *arg);

/* Its name, "info"; NULL when it is no level. */
const char *hs_log_level_name(int level);

/* Keeps program (borrowed for the life of the process). Before this call, lines
 * go out under "hoopscout" at HS_LOG_INFO. */
void hs_log_open(const char *program, enum hs_log_level level);

/* Changes the level, as a reload does. */
void hs_log_set_level(enum hs_log_level level);

/* "error", "warning", "info" or "debug"; false when it is none of these. */
bool hs_log_level_parse(const char *text, enum hs_log_level *ret);

#define HS_STR(name, str) { .key = (name), .type = HS_LOG_TEXT, .value.text = (str) }
#define HS_INT(name, num) { .key = (name), .type = HS_LOG_INTEGER, .value.integer = (long long)(num) }
#define HS_SECS(name, num) { .key = (name), .type = HS_LOG_SECONDS, .value.seconds = (num) }

/* hs_log(HS_LOG_INFO, "imported a file", HS_STR("file", name), HS_INT("records", n)); */
#define hs_log(level, sentence, ...) \
	hs_log_fields((level), (sentence), \
	    (const struct hs_log_field[]){ __VA_ARGS__ __VA_OPT__(,) { .key = NULL } })

void hs_log_fields(enum hs_log_level level, const char *sentence, const struct hs_log_field *fields);

/* The sentence, then code=, where=, error= from *err. */
void hs_log_error(enum hs_log_level level, const char *sentence, const struct hs_error *err);

/* The same with up to HS_LOG_MORE fields in front of them:
 * hs_log_error_of(HS_LOG_ERROR, "a run failed", err, HS_STR("source", name), HS_INT("run", n)); */
enum { HS_LOG_MORE = 8 };
#define hs_log_error_of(level, sentence, err, ...) \
	hs_log_error_fields((level), (sentence), (err), \
	    (const struct hs_log_field[]){ __VA_ARGS__, { .key = NULL } })

void hs_log_error_fields(enum hs_log_level level, const char *sentence, const struct hs_error *err,
    const struct hs_log_field *more);

#endif
