/* screen.h: what hsctl writes to: widths, colours, and words for figures.
 *
 * Colours are used on a terminal only, and not when NO_COLOR is set or TERM is "dumb".
 * What comes from outside passes screen_escape before it is shown: a file's name must not
 * steer the terminal. */
#ifndef CTL_SCREEN_H
#define CTL_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <jansson.h>

enum style { STYLE_PLAIN, STYLE_TITLE, STYLE_DIM, STYLE_GOOD, STYLE_DOUBT, STYLE_BAD };

struct screen {
	FILE *out;
	bool has_colour;
	size_t width;	/* columns; at least SCREEN_MIN_WIDTH, also where it is no terminal */
};

enum { SCREEN_MIN_WIDTH = 80, SCREEN_MAX_WIDTH = 160, FIGURE_BYTES = 32 };

/* For out, after a look at what it is and at the environment. */
void screen_init(struct screen *screen, FILE *out);

/* Whether fd is a terminal that takes escape codes and wants colours. */
bool screen_takes_colour(int fd);

/* Columns of the terminal fd; 0 when it is none or does not say. */
size_t screen_columns(int fd);

/* printf in a style; the style ends with the text. */
void screen_print(const struct screen *screen, enum style style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Text as a terminal may have it: control characters, invisible ones that turn the
 * writing's direction, line separators and bytes that are not UTF-8 become \n, \t,
 * \u001b, \xff ... Gives the text; ends the program when there is no memory. */
char *screen_escape(const char *text, size_t length);

/* A copy with every string escaped, at any depth; a new reference. Ends the program
 * without memory. */
json_t *screen_escape_json(const json_t *value);

/* Columns that valid UTF-8 takes on a terminal. */
size_t screen_width(const char *text);

/* Cuts text in buf to so many columns, its end as "..." where there is room for that. */
void screen_cut(const char *text, size_t columns, char *buf, size_t size);

/* "1,234,567". Returns buf. */
const char *screen_count(long long number, char buf[FIGURE_BYTES]);

/* "0.4 s", "45 s", "3 min 12 s", "3 h 12 min", "5 d 3 h". Returns buf. */
const char *screen_span(double seconds, char buf[FIGURE_BYTES]);

/* In tables to the minute, since they are to fit 80 columns; in sentences to the second. */
enum screen_precision { SCREEN_TO_THE_MINUTE = 16, SCREEN_TO_THE_SECOND = 19 };

/* "2026-11-25T02:43:20.123Z" as "2026-11-25 02:43"; others as they are, cut. Returns buf. */
const char *screen_time(const char *text, enum screen_precision precision, char buf[FIGURE_BYTES]);

/* Whether a message is to have its place in front: there is one, and it does not begin with it. */
bool screen_needs_place(const char *place, const char *message);

/* "1 file", "2 files"; plural is the word for all but one. Returns buf. */
const char *screen_some(long long number, const char *one, const char *many,
    char *buf, size_t size);

/* Members of what a daemon sent, for show: a missing or null text is "-", number 0, flag false. */
const char *text_of(const json_t *object, const char *key);
long long number_of(const json_t *object, const char *key);
double real_of(const json_t *object, const char *key);
bool flag_of(const json_t *object, const char *key);

/* There is no memory left: says so and ends the program with status 1. */
void out_of_memory(void) __attribute__((noreturn));

#endif
