/* quality_commands.h: hsctl quality. */
#ifndef WEB_QUALITY_COMMANDS_H
#define WEB_QUALITY_COMMANDS_H

#include "common/child.h"

extern const struct hs_child_handler quality_handlers[];
extern const size_t quality_handler_count;

#endif
