/* following.c: trusts guard.c to have let nobody in who may not look. */
#include "daemons/web/following.h"

#include "daemons/web/account.h"
#include "daemons/web/csrf.h"
#include "daemons/web/reply.h"
#include "daemons/web/values.h"

struct following following_of(const struct exchange *exchange, const char *self,
    PGresult *const *results, size_t moving, bool has_request)
{
	return (struct following){ .self = self, .moving = results[moving],
		.request = has_request ? results[moving + 1] : NULL,
		.may_act = exchange->account->role >= HS_ROLE_ADMIN };
}

bool following_put(json_t *view, const struct following *following, const char *title,
    json_t *request, bool is_at_work, json_t *moving_text)
{
	bool is_open = json_is_object(request) && !json_is_true(json_object_get(request, "is_over"));
	bool has_request = view_put(view, "request", request);
	bool has_text = view_put(view, "moving_text", moving_text);

	return has_request && has_text && view_put(view, "title", json_string(title)) &&
	    view_put(view, "self", json_string(following->self)) &&
	    view_put(view, "may_act", json_boolean(following->may_act)) &&
	    view_put(view, "is_moving", json_boolean(is_open || is_at_work));
}

void following_show(struct exchange *exchange, const char *template, const char *fragment,
    json_t *view)
{
	exchange->reply.is_secret = true;
	if (exchange->account->role >= HS_ROLE_ADMIN)
		view = view_or_nothing(view, view != NULL && csrf_put(exchange, view));
	reply_page(exchange, HTTP_OK, exchange->form == FORM_FRAGMENT ? fragment : template, view);
}
