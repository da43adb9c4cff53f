/* home.h: where the files that belong to the programs are: in a clone, or installed.
 *
 * A program that runs from a build in its clone (build/hsctl) finds templates/,
 * htdocs/, sql/ and etc/ in the clone, by walking up from its own file; an
 * installed one finds them where configure put them. */
#ifndef HS_HOME_H
#define HS_HOME_H

#include <stdbool.h>
#include <stddef.h>

/* Fills buf with the clone's root, when we run from one. */
bool hs_home_clone(char *buf, size_t size);

/* Fills buf with the folder of this very program, where the others are too
 * (/proc/self/exe). */
bool hs_home_programs(char *buf, size_t size);

#endif
