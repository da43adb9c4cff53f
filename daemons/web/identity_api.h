/* identity_api.h: links and pairs for programs: GET /api/v1/identities and
 * /api/v1/identities/suggestions and .../apart, with page and per_page. What changes them: identity_actions.h. */
#ifndef WEB_IDENTITY_API_H
#define WEB_IDENTITY_API_H

struct exchange;

/* {"total","page","per_page","people":[{"id","full_name","identities":[SIDE]}]} */
void identity_api_list(struct exchange *exchange);

/* {"total","page","per_page","look","is_looking","step","pairs":[{"score","reasons","a":SIDE,
 * "b":SIDE}]}: of the last look, null before the first one. */
void identity_api_apart(struct exchange *exchange);
void identity_api_suggestions(struct exchange *exchange);

#endif
