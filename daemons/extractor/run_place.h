/* run_place.h: where a run's snapshot goes. */
#ifndef HS_EXTRACTOR_RUN_PLACE_H
#define HS_EXTRACTOR_RUN_PLACE_H

#include <stdbool.h>

#include "common/error.h"

/* output_path is a folder that is there, or a file in one that ends in .json; NULL: incoming, which
 * is not looked at. A file's name is made of the source's and of the time. Gives *ret_folder and
 * *ret_file. Errors: HS_BAD_ARGUMENT (where: output-path), HS_IO (no clock), HS_NO_MEMORY. */
bool run_place_find(const char *output_path, const char *incoming, const char *source,
    char **ret_folder, char **ret_file, struct hs_error *err);

#endif
