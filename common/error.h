/* error.h: how a function says what went wrong, where, and what to do about it.
 *
 * Every function that can fail returns bool and takes a struct hs_error last:
 * true is done; false has filled *err and left its ret_ arguments untouched.
 * Whoever handles an error logs it, once; whoever passes it on stays silent.
 * The memory is the caller's; nothing here allocates or logs. */
#ifndef HS_ERROR_H
#define HS_ERROR_H

#include <stdbool.h>
#include <stddef.h>

/* One row a code: the constant, its stable name (as hsctl, the API and
 * FILE.errors.json show it), and whether it is temporary: not the input's
 * fault, keep the work and try again. */
#define HS_ERROR_CODES(X) \
	X(HS_OK, "ok", false) \
	/* the machine */ \
	X(HS_NO_MEMORY, "no_memory", true) \
	X(HS_IO, "io_error", true) \
	X(HS_DISK_FULL, "disk_full", true) \
	X(HS_NO_PERMISSION, "no_permission", true) \
	X(HS_NOT_FOUND, "not_found", false) \
	X(HS_EXISTS, "exists", false) \
	X(HS_LIMIT, "limit_reached", true) \
	X(HS_TIMEOUT, "timeout", true) \
	X(HS_CANCELLED, "cancelled", true) \
	X(HS_BUSY, "busy", true) \
	/* settings and commands */ \
	X(HS_BAD_SETTING, "bad_setting", false) \
	X(HS_BAD_ARGUMENT, "bad_argument", false) \
	X(HS_UNKNOWN_COMMAND, "unknown_command", false) \
	X(HS_NOT_ALLOWED, "not_allowed", false) \
	X(HS_LAST_ADMIN, "last_admin", false) \
	X(HS_NOT_RUNNING, "not_running", true) \
	X(HS_PROTOCOL, "protocol_error", false) \
	/* the database */ \
	X(HS_DB_AWAY, "database_away", true) \
	X(HS_DB_REFUSED, "database_refused", false) \
	X(HS_DB_CONFLICT, "database_conflict", true) \
	X(HS_DB_ERROR, "database_error", false) \
	X(HS_MIGRATION, "migration_error", false) \
	/* values */ \
	X(HS_BAD_NUMBER, "bad_number", false) \
	X(HS_BAD_DATE, "bad_date", false) \
	X(HS_OUT_OF_RANGE, "out_of_range", false) \
	X(HS_TOO_LONG, "too_long", false) \
	X(HS_BAD_UTF8, "bad_utf8", false) \
	/* the content of a snapshot; see snapshot.h for each */ \
	X(HS_EMPTY_FILE, "empty_file", false) \
	X(HS_BAD_ENCODING, "bad_encoding", false) \
	X(HS_BAD_JSON, "bad_json", false) \
	X(HS_TRUNCATED, "truncated", false) \
	X(HS_TRAILING_BYTES, "trailing_bytes", false) \
	X(HS_NUL, "nul_character", false) \
	X(HS_TOO_DEEP, "too_deep", false) \
	X(HS_RECORD_TOO_BIG, "record_too_big", false) \
	X(HS_REPEATED_KEY, "repeated_key", false) \
	X(HS_UNKNOWN_FIELD, "unknown_field", false) \
	X(HS_MISSING_FIELD, "missing_field", false) \
	X(HS_WRONG_TYPE, "wrong_type", false) \
	X(HS_BLANK, "blank", false) \
	X(HS_BAD_CHARACTER, "bad_character", false) \
	X(HS_NOT_INTEGER, "not_integer", false) \
	X(HS_DUPLICATE_RECORD, "duplicate_record", false) \
	X(HS_TOO_MANY_RECORDS, "too_many_records", false) \
	X(HS_TOO_MANY_NAMES, "too_many_names", false) \
	X(HS_FILE_CHANGED, "file_changed", true) \
	/* fetching; see fetch.h */ \
	X(HS_BAD_URL, "bad_url", false) \
	X(HS_ADDRESS_REFUSED, "address_refused", false) \
	X(HS_ROBOTS_REFUSED, "robots_refused", false) \
	X(HS_HTTP_STATUS, "http_status", false) \
	X(HS_BAD_REDIRECT, "bad_redirect", false) \
	X(HS_TLS, "tls_error", false) \
	X(HS_FETCH_FAILED, "fetch_failed", true) \
	X(HS_TOO_BIG, "too_big", false) \
	X(HS_BAD_MAPPING, "bad_mapping", false) \
	/* backups; see backup_file.h */ \
	X(HS_BAD_BACKUP, "bad_backup", false) \
	/* templates */ \
	X(HS_BAD_TEMPLATE, "bad_template", false)

enum hs_error_code {
#define HS_ERROR_ENUM(code, name, temporary) code,
	HS_ERROR_CODES(HS_ERROR_ENUM)
#undef HS_ERROR_ENUM
	HS_ERROR_CODE_COUNT
};

enum { HS_ERROR_MESSAGE_BYTES = 768, HS_ERROR_WHERE_BYTES = 256 };

struct hs_error {
	enum hs_error_code code;
	bool temporary;		/* not the input's fault: keep it and try again */
	int sys_errno;		/* errno, or 0 */
	char where[HS_ERROR_WHERE_BYTES];	/* the file, pointer or setting; may be "" */
	char message[HS_ERROR_MESSAGE_BYTES];	/* a sentence: the offending value, and what to do */
};

#define HS_ERROR_INIT { .code = HS_OK }

/* The stable name of a code ("disk_full"); never NULL. */
const char *hs_error_name(enum hs_error_code code);

/* Fills *err. A message that is too long is cut at a character's end; where and message are
 * always valid UTF-8, whatever bytes a file's name has (a bad byte becomes U+FFFD).
 * Always returns false, so that a refusal is one line: return hs_error_set(...). */
bool hs_error_set(struct hs_error *err, enum hs_error_code code, const char *where,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same from errno, whose text is appended; ENOSPC and EDQUOT become
 * HS_DISK_FULL, EACCES, EPERM and EROFS HS_NO_PERMISSION, ENOENT HS_NOT_FOUND,
 * EMFILE and ENFILE HS_LIMIT, ENOMEM HS_NO_MEMORY, all else HS_IO. errno is preserved. */
bool hs_error_errno(struct hs_error *err, const char *where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts a place in front of an error that has none yet. */
void hs_error_at(struct hs_error *err, const char *where);

/* A broken promise inside the program: logs it and aborts; the supervisor starts us anew. */
void hs_panic(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* Elements in an array. */
#define HS_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
