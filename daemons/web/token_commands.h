/* token_commands.h: hsctl token ...; rows of account_commands.c's table. */
#ifndef WEB_TOKEN_COMMANDS_H
#define WEB_TOKEN_COMMANDS_H

#include "common/child.h"

void token_run_create(void *app, struct hs_call *call, const json_t *args);
void token_run_list(void *app, struct hs_call *call, const json_t *args);
void token_run_revoke(void *app, struct hs_call *call, const json_t *args);

#endif
