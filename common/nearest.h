/* nearest.h: what somebody may have meant who mistyped a name. */
#ifndef HS_NEAREST_H
#define HS_NEAREST_H

#include <stddef.h>

enum { HS_NEAREST_BYTES = 128 };	/* more of a name is not looked at */

/* How many letters must be put in, taken out, changed, or swapped with their neighbour, to make
 * one text the other. Neither need end in NUL. */
size_t hs_edit_distance(const char *a, size_t a_length, const char *b, size_t b_length);

/* The same of texts that end in NUL. */
size_t hs_text_distance(const char *a, const char *b);

/* How many letters of a name may be wrong for it to be taken for another: a third of them, from 1
 * to 4. */
size_t hs_nearest_allowance(const char *typed);

/* The nearest of names, of which the last is NULL, and the first of those that are equally near;
 * NULL when none is near. Borrows both, and returns one of names. */
const char *hs_nearest(const char *typed, const char *const *names);

#endif
