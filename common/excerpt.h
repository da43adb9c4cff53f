/* excerpt.h: the offending line of each problem, as far as it stands around the place.
 *
 * Made by a second reading of the file, and only of one that has problems: the validator streams
 * and keeps nothing of what is right. */
#ifndef HS_EXCERPT_H
#define HS_EXCERPT_H

#include "common/problems.h"

/* Of the line, so many bytes before and from the place; "..." stands where more was. */
enum { HS_EXCERPT_BEFORE = 80, HS_EXCERPT_AFTER = 120 };

/* Gives every kept problem its excerpt, from fd, a regular file at any position. Bytes that are
 * not UTF-8 are U+FFFD, as are characters that turn the writing's direction; control characters are shown as
 * their pictures. What cannot be read, or is no regular file, leaves problems without one. */
void hs_excerpts_add(struct hs_problems *problems, int fd);

#endif
