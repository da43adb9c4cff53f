/* convert_text.c: conversions of texts, and of countries' names; what the other conversions
 * need to go over a text by its characters. */
#include "daemons/extractor/convert_private.h"

#include <string.h>

#include <utf8proc.h>

#include "common/country.h"
#include "common/text.h"

bool convert_is_space(int32_t point)
{
	return (point >= '\t' && point <= '\r') || point == 0x85 || point == 0x2028 ||
	    point == 0x2029 || utf8proc_category(point) == UTF8PROC_CATEGORY_ZS;
}

int32_t convert_character(const char *text, size_t *ret_bytes)
{
	utf8proc_int32_t point;
	utf8proc_ssize_t bytes = utf8proc_iterate((const utf8proc_uint8_t *)text, -1, &point);

	if (bytes <= 0)
		hs_panic("convert: a text that was UTF-8 is not");
	*ret_bytes = (size_t)bytes;
	return point;
}

bool convert_put(struct convert_writer *writer, int32_t point, struct hs_error *err)
{
	utf8proc_uint8_t bytes[4];
	utf8proc_ssize_t length = utf8proc_encode_char(point, bytes);

	return convert_put_text(writer, (const char *)bytes, length < 0 ? 0 : (size_t)length, err);
}

bool convert_put_text(struct convert_writer *writer, const char *text, size_t length,
    struct hs_error *err)
{
	if (length >= writer->call->size - writer->length) {
		return hs_error_set(err, HS_TOO_LONG, "", "%s: the result is too long, room is for %zu "
		    "bytes", writer->call->row->name, writer->call->size - 1);
	}
	memcpy(writer->call->out + writer->length, text, length);
	writer->length += length;
	writer->call->out[writer->length] = '\0';
	return true;
}

bool convert_trim(struct convert_call *call, struct hs_error *err)
{
	return convert_give(call, call->in, call->length, err);
}

bool convert_single_spaces(struct convert_call *call, struct hs_error *err)
{
	struct convert_writer writer = { .call = call };
	bool was_space = false;
	size_t bytes;

	for (size_t at = 0; at < call->length; at += bytes) {
		int32_t point = convert_character(call->in + at, &bytes);
		bool is_space = convert_is_space(point);

		if (!(is_space && was_space) && !convert_put(&writer, is_space ? ' ' : point, err))
			return false;
		was_space = is_space;
	}
	return true;
}

static bool give_cased(const struct convert_call *call, utf8proc_int32_t (*to_case)(utf8proc_int32_t),
    struct hs_error *err)
{
	struct convert_writer writer = { .call = call };
	size_t bytes;

	for (size_t at = 0; at < call->length; at += bytes) {
		if (!convert_put(&writer, to_case(convert_character(call->in + at, &bytes)), err))
			return false;
	}
	return true;
}

bool convert_lower(struct convert_call *call, struct hs_error *err)
{
	return give_cased(call, utf8proc_tolower, err);
}

bool convert_upper(struct convert_call *call, struct hs_error *err)
{
	return give_cased(call, utf8proc_toupper, err);
}

static bool give_trimmed(struct convert_call *call, const char *text, size_t length,
    struct hs_error *err)
{
	if (hs_text_is_blank(text, length)) {
		call->is_null = true;
		return true;
	}
	hs_text_trim(&text, &length);
	return convert_give(call, text, length, err);
}

bool convert_before(struct convert_call *call, struct hs_error *err)
{
	const char *found = memmem(call->in, call->length, call->parameter, strlen(call->parameter));

	return give_trimmed(call, call->in, found == NULL ? call->length : (size_t)(found - call->in),
	    err);
}

bool convert_after(struct convert_call *call, struct hs_error *err)
{
	size_t length = strlen(call->parameter);
	const char *found = memmem(call->in, call->length, call->parameter, length);

	if (found == NULL) {
		call->is_null = true;
		return true;
	}
	found += length;
	return give_trimmed(call, found, call->length - (size_t)(found - call->in), err);
}

bool convert_country(struct convert_call *call, struct hs_error *err)
{
	const struct hs_country *country = hs_country_find(call->in, call->length);

	if (country != NULL)
		return convert_give(call, country->name, strlen(country->name), err);
	if (call->parameter != NULL)
		return convert_give(call, call->in, call->length, err);
	return convert_refuse(call, HS_BAD_ARGUMENT,
	    "no country is called so; put it into the mapping's table, or let it stay with \"keep\"",
	    err);
}
