/* account_commands.h: hsctl user ...: accounts without a browser. */
#ifndef WEB_ACCOUNT_COMMANDS_H
#define WEB_ACCOUNT_COMMANDS_H

#include "common/child.h"

extern const struct hs_child_handler account_handlers[];
extern const size_t account_handler_count;

#endif
