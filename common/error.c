/* error.c: fills struct hs_error; the codes and their names are one table in error.h.
 *
 * Trusts its callers with the format, not the arguments, which may be any bytes. It cannot
 * fail: what does not fit is cut at a character's end, what is not UTF-8 is replaced. */
#include "common/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/text.h"

static const struct {
	const char *name;
	bool temporary;
} codes[HS_ERROR_CODE_COUNT] = {
#define ROW(code, text, is_temporary) [code] = { .name = (text), .temporary = (is_temporary) },
	HS_ERROR_CODES(ROW)
#undef ROW
};

static const struct {
	int number;
	enum hs_error_code code;
} errnos[] = {
	{ ENOSPC, HS_DISK_FULL },
	{ EDQUOT, HS_DISK_FULL },
	{ EACCES, HS_NO_PERMISSION },
	{ EPERM, HS_NO_PERMISSION },
	{ EROFS, HS_NO_PERMISSION },
	{ ENOENT, HS_NOT_FOUND },
	{ EMFILE, HS_LIMIT },
	{ ENFILE, HS_LIMIT },
	{ ENOMEM, HS_NO_MEMORY },
};

const char *hs_error_name(enum hs_error_code code)
{
	if ((size_t)code >= HS_COUNT(codes))
		return "unknown";
	return codes[code].name;
}

/* Takes back the first bytes of a character whose last ones were cut off. */
static void end_at_character(char *text, size_t length)
{
	size_t lead = length, want;

	while (lead > 0 && length - lead < 4 && ((unsigned char)text[lead - 1] & 0xc0) == 0x80)
		lead--;
	if (lead == 0 || (unsigned char)text[lead - 1] < 0xc0)
		return;
	lead--;
	want = (unsigned char)text[lead] >= 0xf0 ? 4 : (unsigned char)text[lead] >= 0xe0 ? 3 : 2;
	if (length - lead < want)
		text[lead] = '\0';
}

/* snprintf whose result, when it was cut, ends with a whole character. */
static void print_cut(char *buf, size_t size, const char *format, va_list args)
{
	int length = vsnprintf(buf, size, format, args);

	if (length < 0)
		buf[0] = '\0';
	else if ((size_t)length >= size)
		end_at_character(buf, size - 1);
}

/* where may be err's own. */
static void set_where(struct hs_error *err, const char *where)
{
	char clean[HS_ERROR_WHERE_BYTES];

	hs_utf8_clean(where, strlen(where), clean, sizeof clean);
	memcpy(err->where, clean, strlen(clean) + 1);
}

static void fill(struct hs_error *err, enum hs_error_code code, int sys_errno, const char *where,
    const char *message)
{
	err->code = code;
	err->temporary = (size_t)code < HS_COUNT(codes) && codes[code].temporary;
	err->sys_errno = sys_errno;
	set_where(err, where != NULL ? where : "");
	hs_utf8_clean(message, strlen(message), err->message, sizeof err->message);
}

bool hs_error_set(struct hs_error *err, enum hs_error_code code, const char *where,
    const char *format, ...)
{
	char message[HS_ERROR_MESSAGE_BYTES];	/* apart: an argument may be err's own message */
	va_list args;

	va_start(args, format);
	print_cut(message, sizeof message, format, args);
	va_end(args);
	fill(err, code, 0, where, message);
	return false;
}

bool hs_error_errno(struct hs_error *err, const char *where, const char *format, ...)
{
	char message[HS_ERROR_MESSAGE_BYTES], reason[128];
	enum hs_error_code code = HS_IO;
	int number = errno;
	size_t length;
	va_list args;

	va_start(args, format);
	print_cut(message, sizeof message, format, args);
	va_end(args);
	for (size_t i = 0; i < HS_COUNT(errnos); i++) {
		if (errnos[i].number == number)
			code = errnos[i].code;
	}
	length = strlen(message);
	snprintf(message + length, sizeof message - length, ": %s",
	    strerror_r(number, reason, sizeof reason));
	fill(err, code, number, where, message);
	errno = number;
	return false;
}

void hs_error_at(struct hs_error *err, const char *where)
{
	if (err->where[0] == '\0')
		set_where(err, where);
}

void hs_panic(const char *format, ...)
{
	char message[HS_ERROR_MESSAGE_BYTES];
	va_list args;

	va_start(args, format);
	print_cut(message, sizeof message, format, args);
	va_end(args);
	hs_log(HS_LOG_ERROR, "a promise inside the program is broken, it stops here",
	    HS_STR("panic", message));
	abort();
}
