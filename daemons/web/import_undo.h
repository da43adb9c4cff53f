/* import_undo.h: what undoing an import changes, as the importer's preview has it (undo.h there).
 */
#ifndef WEB_IMPORT_UNDO_H
#define WEB_IMPORT_UNDO_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

/* Puts "preview" into a file's view (imports_view.h), from its "request": null unless that is a
 * preview of this file which has ended well. Its "version" is that of the data it looked at, ""
 * when it does not say. False without memory. */
bool import_undo_put(json_t *view, int64_t file);

#endif
