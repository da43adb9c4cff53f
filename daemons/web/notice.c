/* notice.c: the cookie is PROOF, a digit for the kind, and the text's bytes, all hexadecimal.
 *
 * Trusts none that comes in: what was not written for this very session is as good as none. */
#include "daemons/web/notice.h"

#include <stdlib.h>
#include <string.h>

#include "common/hex.h"
#include "common/text.h"
#include "daemons/web/account.h"
#include "daemons/web/reply.h"
#include "daemons/web/session.h"

enum {
	PROOF_LENGTH = TOKEN_PROOF_BYTES - 1,
	HEX_BYTES = 2 * NOTICE_TEXT_BYTES + 1,
	VALUE_BYTES = PROOF_LENGTH + 1 + HEX_BYTES
};

struct notice_found {
	bool is_problem;
	char text[NOTICE_TEXT_BYTES + 1];
};

/* What is proven: for this purpose, of this kind, with these words. */
static bool prove(const struct exchange *exchange, const char *kind_and_hex,
    char ret[TOKEN_PROOF_BYTES])
{
	char purpose[VALUE_BYTES + 32];
	struct hs_error ignored = HS_ERROR_INIT;

	return hs_format(purpose, sizeof purpose, &ignored, "HoopScout: a notice: %s",
	    kind_and_hex) && token_prove(exchange->account->token, purpose, ret);
}

/* ---- leaving one ---- */

static bool leave(struct exchange *exchange, enum notice kind, const char *text)
{
	size_t length = strlen(text) <= NOTICE_TEXT_BYTES ? strlen(text) :
	    (size_t)hs_utf8_cut(text, NOTICE_TEXT_BYTES);
	char value[VALUE_BYTES], proof[TOKEN_PROOF_BYTES];

	value[PROOF_LENGTH] = kind == NOTICE_PROBLEM ? '1' : '0';
	hs_hex_text((const unsigned char *)text, length, value + PROOF_LENGTH + 1);
	if (!prove(exchange, value + PROOF_LENGTH, proof))
		return false;
	memcpy(value, proof, PROOF_LENGTH);
	return session_set_cookie(exchange, COOKIE_NOTICE, value);
}

void notice_reply(struct exchange *exchange, const char *path, enum notice kind, const char *text)
{
	struct reply *reply = &exchange->reply;

	if (exchange->account == NULL)
		hs_panic("a notice for nobody: %s", text);
	if (!leave(exchange, kind, text)) {
		reply_see_other(exchange, NULL);
	} else if (exchange->form != FORM_FRAGMENT) {
		reply_see_other(exchange, path);
	} else if ((reply->leave_to = strdup(path)) == NULL) {
		reply_see_other(exchange, NULL);
	} else {
		reply->status = HTTP_OK;
		reply->type = "text/html; charset=utf-8";
		exchange_answer(exchange);
	}
}

/* ---- finding one ---- */

static bool is_value(const char *text, size_t length)
{
	return length > PROOF_LENGTH + 1 && length < VALUE_BYTES &&
	    (length - PROOF_LENGTH) % 2 == 1 && strspn(text, "0123456789abcdef") >= length;
}

static bool find(const struct exchange *exchange, struct notice_found *ret)
{
	char value[VALUE_BYTES], proof[TOKEN_PROOF_BYTES];
	size_t length;

	if (exchange->account == NULL || exchange->form != FORM_PAGE ||
	    exchange->method != EVHTTP_REQ_GET)
		return false;
	session_cookie_value(exchange, COOKIE_NOTICE, is_value, value, sizeof value);
	if (value[0] == '\0' || !prove(exchange, value + PROOF_LENGTH, proof))
		return false;
	ret->is_problem = value[PROOF_LENGTH] == '1';
	length = (strlen(value) - PROOF_LENGTH - 1) / 2;
	hs_hex_bytes(value + PROOF_LENGTH + 1, length, (unsigned char *)ret->text);
	ret->text[length] = '\0';
	value[PROOF_LENGTH] = '\0';
	return token_is_same(value, proof);
}

bool notice_waits(const struct exchange *exchange)
{
	struct notice_found ignored;

	return find(exchange, &ignored);
}

json_t *notice_take(struct exchange *exchange)
{
	struct notice_found found;

	if (!find(exchange, &found))
		return json_null();
	exchange->reply.is_secret = true;
	if (!session_set_cookie(exchange, COOKIE_NOTICE, NULL))
		return NULL;
	return json_pack("{s:s, s:b}", "text", found.text, "is_problem", found.is_problem);
}
