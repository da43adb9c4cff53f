/* csrf.c: trusts the browser's own headers, which no page can set, and OpenSSL. */
#include "daemons/web/csrf.h"

#include <string.h>
#include <strings.h>

#include "daemons/web/account.h"
#include "daemons/web/asker.h"
#include "daemons/web/fields.h"
#include "daemons/web/session.h"
#include "daemons/web/values.h"

static const char purpose[] = "HoopScout: a form of ours";

bool csrf_expect(struct exchange *exchange, char ret[TOKEN_PROOF_BYTES])
{
	char token[TOKEN_TEXT_BYTES];

	if (exchange->account != NULL)
		return token_prove(exchange->account->token, purpose, ret);
	session_cookie(exchange, COOKIE_BEFORE, token);
	return (token[0] != '\0' || (token_new(token) &&
	    session_set_cookie(exchange, COOKIE_BEFORE, token))) &&
	    token_prove(token, purpose, ret);
}

bool csrf_put(struct exchange *exchange, json_t *data)
{
	char proof[TOKEN_PROOF_BYTES];

	exchange->reply.is_secret = true;
	return csrf_expect(exchange, proof) && view_put(data, CSRF_FIELD, json_string(proof));
}

bool csrf_is_own_origin(const char *fetch_site, const char *origin, const char *host)
{
	const char *name;

	if (fetch_site != NULL)
		return strcmp(fetch_site, "same-origin") == 0 || strcmp(fetch_site, "none") == 0;
	if (origin == NULL)
		return true;
	name = strstr(origin, "://");
	return name != NULL && host != NULL && strcasecmp(name + 3, host) == 0;
}

bool csrf_believes(const struct exchange *exchange, const char *given)
{
	char token[TOKEN_TEXT_BYTES], proof[TOKEN_PROOF_BYTES];

	if (!csrf_is_own_origin(exchange_header(exchange, "Sec-Fetch-Site"),
		exchange_header(exchange, "Origin"), asker_host(exchange)))
		return false;
	if (exchange->account != NULL)
		memcpy(token, exchange->account->token, sizeof token);
	else
		session_cookie(exchange, COOKIE_BEFORE, token);
	return token[0] != '\0' && token_prove(token, purpose, proof) &&
	    token_is_same(proof, given);
}

bool csrf_check(const struct exchange *exchange)
{
	return csrf_believes(exchange, field_of(exchange, CSRF_FIELD));
}
