/* account_tokens.h: an account's tokens on its own page. */
#ifndef WEB_ACCOUNT_TOKENS_H
#define WEB_ACCOUNT_TOKENS_H

#include <jansson.h>
#include <libpq-fe.h>

#include "daemons/web/exchange.h"

/* Rows of api_token_own_sql as the template has them. A new reference; NULL without memory. */
json_t *account_tokens_view(const PGresult *tokens);

/* Revokes one of the asker's own, {id}; of others' there is none of that number. */
void account_token_revoke_post(struct exchange *exchange);

#endif
