/* robots.c: lines to rules, and rules against a path.
 *
 * Rules and paths are compared in one form: escapes that need not be are undone, all else that is
 * not plain is escaped, so that "/%7Ejoe" and "/~joe" are the same and "/a%2Fb" and "/a/b" are
 * not. In a rule, '*' and a last '$' keep their meaning; in a path they become escapes. */
#include "daemons/extractor/robots.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/hex.h"

enum { MAX_PATTERN_BYTES = 2048 };

struct rule {
	char *pattern;		/* normal form, without the last '$' */
	size_t length;		/* as priority: all of it */
	bool is_allow;
	bool is_anchored;	/* had a '$' at its end */
};

struct robots {
	struct rule *rules;
	size_t count, room;
	int64_t delay_ms;
};

/* Where we are in the text. */
struct reader {
	const char *agent;
	bool agent_is_named;	/* somewhere in the text, so "*" does not count */
	bool in_agents;		/* the last line named an agent: the next one joins the same group */
	bool applies;		/* the group is ours */
};

struct line {
	const char *key, *value;
	size_t key_length, value_length;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void trim(const char **text, size_t *length)
{
	while (*length > 0 && is_blank(**text)) {
		*text += 1;
		*length -= 1;
	}
	while (*length > 0 && is_blank((*text)[*length - 1]))
		*length -= 1;
}

/* Takes the next line off the text; false at its end. A line without a colon has no key. */
static bool next_line(const char **text, size_t *length, struct line *ret)
{
	const char *line = *text, *colon, *comment;
	size_t whole = 0, used;

	if (*length == 0)
		return false;
	while (whole < *length && line[whole] != '\n' && line[whole] != '\r')
		whole++;
	*text += whole < *length ? whole + 1 : whole;
	*length -= whole < *length ? whole + 1 : whole;
	*ret = (struct line){ .key = "" };
	comment = memchr(line, '#', whole);
	used = comment != NULL ? (size_t)(comment - line) : whole;
	colon = memchr(line, ':', used);
	if (colon == NULL)
		return true;
	ret->key = line;
	ret->key_length = (size_t)(colon - line);
	ret->value = colon + 1;
	ret->value_length = used - ret->key_length - 1;
	trim(&ret->key, &ret->key_length);
	trim(&ret->value, &ret->value_length);
	return true;
}

static bool is_key(const struct line *line, const char *key)
{
	return line->key_length == strlen(key) &&
	    strncasecmp(line->key, key, line->key_length) == 0;
}

static bool is_token_character(char c)
{
	return isalpha((unsigned char)c) || c == '-' || c == '_';
}

static bool names_agent(const struct line *line, const char *agent)
{
	size_t length = 0;

	while (length < line->value_length && is_token_character(line->value[length]))
		length++;
	return length > 0 && length == strlen(agent) &&
	    strncasecmp(line->value, agent, length) == 0;
}

static bool is_anybody(const struct line *line)
{
	return line->value_length > 0 && line->value[0] == '*';
}

static bool is_unreserved(unsigned char c)
{
	return c < 0x80 && (isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~');
}

static size_t put_escape(char *out, unsigned char c)
{
	static const char digits[] = "0123456789ABCDEF";

	out[0] = '%';
	out[1] = digits[c >> 4];
	out[2] = digits[c & 15];
	return 3;
}

/* The normal form, which is at most three times as long; NULL without memory. */
static char *normal_form(const char *text, size_t length, bool is_pattern, size_t *ret_length)
{
	char *out = malloc(3 * length + 1);
	size_t used = 0;

	if (out == NULL)
		return NULL;
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '%' && i + 2 < length && hs_hex_bytes(text + i + 1, 1, &c)) {
			i += 2;
			if (is_unreserved(c))
				out[used++] = (char)c;
			else
				used += put_escape(out + used, c);
		} else if (c <= 0x20 || c >= 0x7f || c == '$' || (c == '*' && !is_pattern)) {
			used += put_escape(out + used, c);
		} else {
			out[used++] = (char)c;
		}
	}
	out[used] = '\0';
	*ret_length = used;
	return out;
}

static bool add_rule(struct robots *robots, const struct line *line, bool is_allow)
{
	struct rule rule = { .is_allow = is_allow };
	size_t length = line->value_length;

	/* an empty rule says nothing; one that no path begins like never fits */
	if (length == 0 || length > MAX_PATTERN_BYTES ||
	    (line->value[0] != '/' && line->value[0] != '*'))
		return true;
	rule.is_anchored = line->value[length - 1] == '$';
	rule.pattern = normal_form(line->value, length - rule.is_anchored, true, &rule.length);
	if (rule.pattern == NULL)
		return false;
	rule.length += rule.is_anchored;
	if (robots->count == robots->room) {
		size_t room = robots->room == 0 ? 16 : robots->room * 2;
		struct rule *rules = reallocarray(robots->rules, room, sizeof *rules);

		if (rules == NULL) {
			free(rule.pattern);
			return false;
		}
		robots->rules = rules;
		robots->room = room;
	}
	robots->rules[robots->count++] = rule;
	return true;
}

/* Seconds with or without a fraction, of which three digits count. */
static void set_delay(struct robots *robots, const struct line *line)
{
	int64_t ms = 0, scale = 1000;
	size_t i = 0;

	for (; i < line->value_length && isdigit((unsigned char)line->value[i]); i++) {
		if (ms < ROBOTS_MAX_DELAY_MS)
			ms = ms * 10 + (line->value[i] - '0') * 1000;
	}
	if (i == 0)
		return;
	if (i < line->value_length && line->value[i] == '.') {
		for (i++; i < line->value_length && isdigit((unsigned char)line->value[i]); i++) {
			scale /= 10;
			ms += (line->value[i] - '0') * scale;
		}
	}
	if (i != line->value_length)
		return;
	robots->delay_ms = ms < ROBOTS_MAX_DELAY_MS ? ms : ROBOTS_MAX_DELAY_MS;
}

static bool take_line(struct robots *robots, struct reader *reader, const struct line *line)
{
	if (is_key(line, "user-agent")) {
		if (!reader->in_agents)
			reader->applies = false;
		reader->in_agents = true;
		if (reader->agent_is_named ? names_agent(line, reader->agent) : is_anybody(line))
			reader->applies = true;
		return true;
	}
	if (is_key(line, "allow") || is_key(line, "disallow")) {
		reader->in_agents = false;
		return !reader->applies || add_rule(robots, line, is_key(line, "allow"));
	}
	if (is_key(line, "crawl-delay")) {
		reader->in_agents = false;
		if (reader->applies)
			set_delay(robots, line);
	}
	return true;		/* sitemaps and the like stand outside of groups */
}

static bool is_named(const char *text, size_t length, const char *agent)
{
	struct line line;

	while (next_line(&text, &length, &line)) {
		if (is_key(&line, "user-agent") && names_agent(&line, agent))
			return true;
	}
	return false;
}

void robots_agent(const char *user_agent, char ret_agent[ROBOTS_AGENT_BYTES])
{
	size_t length = 0;

	while (length < ROBOTS_AGENT_BYTES - 1 && is_token_character(user_agent[length])) {
		ret_agent[length] = user_agent[length];
		length++;
	}
	ret_agent[length] = '\0';
}

bool robots_parse(const char *text, size_t length, const char *agent, struct robots **ret,
    struct hs_error *err)
{
	struct reader reader = { .agent = agent };
	struct robots *robots = calloc(1, sizeof *robots);
	struct line line;

	if (robots == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for robots.txt");
	if (length > ROBOTS_MAX_BYTES)
		length = ROBOTS_MAX_BYTES;
	if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		length -= 3;
	}
	reader.agent_is_named = is_named(text, length, agent);
	while (next_line(&text, &length, &line)) {
		if (!take_line(robots, &reader, &line)) {
			robots_free(robots);
			return hs_error_set(err, HS_NO_MEMORY, "", "no memory for robots.txt");
		}
	}
	*ret = robots;
	return true;
}

void robots_free(struct robots *robots)
{
	if (robots == NULL)
		return;
	for (size_t i = 0; i < robots->count; i++)
		free(robots->rules[i].pattern);
	free(robots->rules);
	free(robots);
}

/* Between stars, each piece is looked for where the last one ended: the first place is as good as
 * any. The last piece of an anchored rule must end the path. */
static bool fits(const struct rule *rule, const char *path, size_t length)
{
	const char *pattern = rule->pattern, *at = path, *end = path + length;
	bool is_first = true;

	for (;;) {
		size_t piece = strcspn(pattern, "*");
		bool is_last = pattern[piece] == '\0';

		if (piece > (size_t)(end - at))
			return false;
		if (is_first) {
			if (memcmp(at, pattern, piece) != 0)
				return false;
			at += piece;
			if (is_last)
				return !rule->is_anchored || at == end;
		} else if (is_last && rule->is_anchored) {
			return memcmp(end - piece, pattern, piece) == 0;
		} else {
			at = memmem(at, (size_t)(end - at), pattern, piece);
			if (at == NULL)
				return false;
			at += piece;
			if (is_last)
				return true;
		}
		is_first = false;
		pattern += piece + 1;
	}
}

bool robots_allow(const struct robots *robots, const char *path)
{
	const struct rule *best = NULL;
	size_t length;
	char *normal;

	if (robots == NULL || robots->count == 0 || strcmp(path, "/robots.txt") == 0)
		return true;
	normal = normal_form(path, strlen(path), false, &length);
	if (normal == NULL)
		return false;	/* without memory nothing is sure */
	for (size_t i = 0; i < robots->count; i++) {
		const struct rule *rule = &robots->rules[i];

		if (best != NULL && (rule->length < best->length ||
			(rule->length == best->length && best->is_allow)))
			continue;
		if (fits(rule, normal, length))
			best = rule;
	}
	free(normal);
	return best == NULL || best->is_allow;
}

int64_t robots_delay_ms(const struct robots *robots)
{
	return robots == NULL ? 0 : robots->delay_ms;
}
