/* convert_name.c: people's names: their order, their parts, and capitals.
 *
 * How a name is written is its bearer's, and no rule knows them all: what is done here is a
 * convention, and the mapping decides whether it is wanted. Words that are not all in capitals
 * are never changed. */
#include "daemons/extractor/convert_private.h"

#include <string.h>

#include <utf8proc.h>

#include "common/text.h"

enum { MOST_PARTS = 3, MOST_PART_CHARACTERS = 64 };

struct span {
	const char *text;
	size_t length;
};

static bool equals(struct span span, const char *word)
{
	return span.length == strlen(word) && strncasecmp(span.text, word, span.length) == 0;
}

static bool is_one_of(struct span span, const char *const *words)
{
	for (; *words != NULL; words++) {
		if (equals(span, *words))
			return true;
	}
	return false;
}

/* What stands behind a name to tell a son from his father. */
static bool is_suffix(struct span span)
{
	static const char *const suffixes[] = {
		"Jr", "Jr.", "Sr", "Sr.", "II", "III", "IV", "V", NULL
	};

	return is_one_of(span, suffixes);
}

static struct span trimmed(const char *text, size_t length)
{
	struct span span = { text, length };

	hs_text_trim(&span.text, &span.length);
	return span;
}

/* A name's parts as they are written; each may be empty. */
struct name {
	struct span first, last, suffix;
};

/* "First Last": the first word, and all the others. */
static struct name split_words(struct span whole)
{
	struct name name = { .last = { whole.text, 0 }, .suffix = { whole.text, 0 } };
	size_t at = 0, bytes = 0;

	while (at < whole.length &&
	    !convert_is_space(convert_character(whole.text + at, &bytes)))
		at += bytes;
	name.first = (struct span){ whole.text, at };
	name.last = trimmed(whole.text + at, whole.length - at);
	return name;
}

/* Splits "LAST, FIRST", "LAST, FIRST, JR." and "LAST, JR., FIRST". *ret_ordered: it is not of
 * that kind, but in the order of speech: "Walt Frazier", "Walt Frazier, Jr.". */
static bool split_commas(const struct convert_call *call, struct name *ret, bool *ret_ordered,
    struct hs_error *err)
{
	const struct span none = { call->in, 0 };
	struct span parts[MOST_PARTS] = { none, none, none };
	size_t count = 0, start = 0;

	for (size_t at = 0; at <= call->length; at++) {
		if (at < call->length && call->in[at] != ',')
			continue;
		if (count == MOST_PARTS)
			return convert_refuse(call, HS_BAD_ARGUMENT, "\"LAST, FIRST\" is expected", err);
		parts[count++] = trimmed(call->in + start, at - start);
		start = at + 1;
	}
	*ret_ordered = count == 1 || (count == 2 && is_suffix(parts[1]));
	if (count == MOST_PARTS && !is_suffix(parts[1]) && !is_suffix(parts[2]))
		return convert_refuse(call, HS_BAD_ARGUMENT, "\"LAST, FIRST\" is expected", err);
	*ret = (struct name){ .last = parts[0], .first = parts[1], .suffix = parts[2] };
	if (count == MOST_PARTS && is_suffix(parts[1])) {
		ret->first = parts[2];
		ret->suffix = parts[1];
	}
	return true;
}

static bool give_joined(struct convert_call *call, const struct span *spans, size_t count,
    struct hs_error *err)
{
	struct convert_writer writer = { .call = call };

	for (size_t i = 0; i < count; i++) {
		if (spans[i].length == 0)
			continue;
		if ((writer.length > 0 && !convert_put(&writer, ' ', err)) ||
		    !convert_put_text(&writer, spans[i].text, spans[i].length, err))
			return false;
	}
	call->is_null = writer.length == 0;
	return true;
}

bool convert_name_order(struct convert_call *call, struct hs_error *err)
{
	struct name name;
	bool is_ordered;

	if (!split_commas(call, &name, &is_ordered, err))
		return false;
	if (is_ordered)
		return convert_give(call, call->in, call->length, err);
	return give_joined(call, (const struct span[]){ name.first, name.last, name.suffix }, 3, err);
}

bool convert_first_name(struct convert_call *call, struct hs_error *err)
{
	struct name name;
	bool is_ordered;

	if (!split_commas(call, &name, &is_ordered, err))
		return false;
	if (is_ordered) {
		name = split_words((struct span){ call->in, call->length });
		call->is_null = name.last.length == 0;
	}
	return call->is_null || give_joined(call, &name.first, 1, err);
}

bool convert_last_name(struct convert_call *call, struct hs_error *err)
{
	struct name name;
	bool is_ordered;

	if (!split_commas(call, &name, &is_ordered, err))
		return false;
	if (is_ordered)
		name = split_words((struct span){ call->in, call->length });
	return give_joined(call, (const struct span[]){ name.last, name.suffix }, 2, err);
}

static bool is_letter(int32_t point)
{
	switch (utf8proc_category(point)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
	case UTF8PROC_CATEGORY_MN:
		return true;
	default:
		return false;
	}
}

static bool is_apostrophe(int32_t point)
{
	return point == '\'' || point == 0x2019 || point == 0x2bc;
}

/* A word, or a part of one with hyphens, by its characters. */
struct part {
	int32_t points[MOST_PART_CHARACTERS];
	size_t count;
};

/* All in capitals, and so unlike the word as it is spoken. */
static bool is_in_capitals(const struct part *part)
{
	bool has_capital = false;

	for (size_t i = 0; i < part->count; i++) {
		if (utf8proc_category(part->points[i]) == UTF8PROC_CATEGORY_LL)
			return false;
		if (utf8proc_category(part->points[i]) == UTF8PROC_CATEGORY_LU)
			has_capital = true;
	}
	return has_capital;
}

/* "TJ", "AJ", "CJ": two first letters that are said one by one. */
static bool is_initials(const struct part *part, struct span word)
{
	static const char *const spoken[] = { "JR", "SR", "ST", NULL };

	if (part->count != 2 || is_one_of(word, spoken) ||
	    part->points[0] > 'Z' || part->points[1] > 'Z')
		return false;
	return part->points[1] == 'J' || (strchr("AEIOUY", (int)part->points[0]) == NULL &&
	    strchr("AEIOUY", (int)part->points[1]) == NULL);
}

/* How many letters stand at and behind a place. */
static size_t letters_from(const struct part *part, size_t at)
{
	size_t count = 0;

	while (at + count < part->count && is_letter(part->points[at + count]))
		count++;
	return count;
}

/* Whether a letter stays a capital: the first one, after a dot ("J.R."), after an apostrophe
 * with three letters or more ("O'NEAL", not "A'JA"), after "Mc". */
static bool stays_capital(const struct part *part, size_t at)
{
	if (at == 0)
		return true;
	if (is_apostrophe(part->points[at - 1]))
		return letters_from(part, at) >= 3;
	if (!is_letter(part->points[at - 1]))
		return true;
	return at == 2 && part->points[0] == 'M' && part->points[1] == 'C' &&
	    letters_from(part, at) >= 2;
}

/* Writes a word without hyphens, or one of the parts between them. */
static bool put_part(struct convert_writer *writer, struct span word, struct hs_error *err)
{
	static const char *const numerals[] = { "II", "III", "IV", "VI", "VII", "VIII", NULL };
	struct part part = { .count = 0 };
	size_t bytes;

	for (size_t at = 0; at < word.length; at += bytes) {
		if (part.count == MOST_PART_CHARACTERS)
			return convert_put_text(writer, word.text, word.length, err);
		part.points[part.count++] = convert_character(word.text + at, &bytes);
	}
	if (!is_in_capitals(&part) || is_one_of(word, numerals) || is_initials(&part, word))
		return convert_put_text(writer, word.text, word.length, err);
	for (size_t i = 0; i < part.count; i++) {
		int32_t point = stays_capital(&part, i) ? utf8proc_totitle(part.points[i]) :
		    utf8proc_tolower(part.points[i]);

		if (!convert_put(writer, point, err))
			return false;
	}
	return true;
}

static bool put_word(struct convert_writer *writer, struct span word, struct hs_error *err)
{
	size_t start = 0;

	for (size_t at = 0; at <= word.length; at++) {
		if (at < word.length && word.text[at] != '-')
			continue;
		if (!put_part(writer, (struct span){ word.text + start, at - start }, err) ||
		    (at < word.length && !convert_put(writer, '-', err)))
			return false;
		start = at + 1;
	}
	return true;
}

/* A small word inside a name: "JUAN DE LA CRUZ". One that is first or last is a name itself. */
static bool is_particle(struct span word, bool is_first, bool is_last)
{
	static const char *const particles[] = {
		"DA", "DAS", "DE", "DEL", "DELLA", "DEN", "DER", "DI", "DO", "DOS", "DU", "LA", "LAS",
		"LOS", "VAN", "VON", "Y", "ZU", NULL
	};

	if (is_first || is_last)
		return false;
	for (const char *const *at = particles; *at != NULL; at++) {
		if (word.length == strlen(*at) && memcmp(word.text, *at, word.length) == 0)
			return true;
	}
	return false;
}

static bool put_lower(struct convert_writer *writer, struct span word, struct hs_error *err)
{
	for (size_t i = 0; i < word.length; i++) {
		if (!convert_put(writer, utf8proc_tolower(word.text[i]), err))
			return false;
	}
	return true;
}

bool convert_title_case(struct convert_call *call, struct hs_error *err)
{
	struct convert_writer writer = { .call = call };
	size_t at = 0, bytes = 0, end;

	while (at < call->length) {
		struct span word = { call->in + at, 0 };

		for (end = at; end < call->length &&
		    !convert_is_space(convert_character(call->in + end, &bytes)); end += bytes)
			;
		word.length = end - at;
		if (is_particle(word, at == 0, end == call->length)) {
			if (!put_lower(&writer, word, err))
				return false;
		} else if (!put_word(&writer, word, err)) {
			return false;
		}
		/* the white space behind the word stays as it is */
		for (at = end; at < call->length; at += bytes) {
			int32_t point = convert_character(call->in + at, &bytes);

			if (!convert_is_space(point))
				break;
			if (!convert_put(&writer, point, err))
				return false;
		}
	}
	return true;
}
