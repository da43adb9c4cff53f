/* fields.c: trusts query_string.c to decode; a field that is sent twice is refused, so that no two
 * readers can take different ones. */
#include "daemons/web/fields.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>

#include "daemons/web/exchange.h"
#include "daemons/web/query_string.h"

struct fields {
	size_t count;
	struct { char *name, *value; } list[FIELDS_MOST];
};

static const char form_type[] = "application/x-www-form-urlencoded";

static const char *find(const struct fields *fields, const char *name)
{
	for (size_t i = 0; fields != NULL && i < fields->count; i++) {
		if (strcmp(fields->list[i].name, name) == 0)
			return fields->list[i].value;
	}
	return NULL;
}

static bool on_field(void *arg, const char *name, const char *value, struct hs_error *err)
{
	struct fields *fields = arg;
	size_t at = fields->count;

	if (find(fields, name) != NULL)
		return hs_error_set(err, HS_BAD_ARGUMENT, name, "%.60s was sent twice", name);
	if (at == FIELDS_MOST)
		return hs_error_set(err, HS_BAD_ARGUMENT, "", "the form has more than %d fields",
		    (int)FIELDS_MOST);
	fields->list[at].name = strdup(name);
	fields->list[at].value = strdup(value);
	fields->count++;
	return (fields->list[at].name != NULL && fields->list[at].value != NULL) ||
	    hs_error_set(err, HS_NO_MEMORY, "", "no memory to read the form");
}

static bool is_form(const struct exchange *exchange)
{
	const char *type = exchange_header(exchange, "Content-Type");

	return type != NULL && strncasecmp(type, form_type, strlen(form_type)) == 0 &&
	    strchr("; \t", type[strlen(form_type)]) != NULL;
}

/* Gives *ret. */
static bool copy_body(const struct exchange *exchange, char **ret, struct hs_error *err)
{
	struct evbuffer *body = evhttp_request_get_input_buffer(exchange->request);
	size_t length = evbuffer_get_length(body);
	char *text;

	if (length > QUERY_MAX_BYTES)
		return hs_error_set(err, HS_BAD_ARGUMENT, "", "the form is longer than %d bytes",
		    (int)QUERY_MAX_BYTES);
	if ((text = calloc(1, length + 1)) == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to read the form");
	if (evbuffer_copyout(body, text, length) != (ev_ssize_t)length ||
	    strlen(text) != length) {
		free(text);
		return hs_error_set(err, HS_BAD_ARGUMENT, "", "the form holds a NUL byte");
	}
	*ret = text;
	return true;
}

bool fields_read(struct exchange *exchange, struct hs_error *err)
{
	char *text = NULL;
	bool done;

	if (exchange->fields != NULL)
		return true;
	if (!is_form(exchange))
		return hs_error_set(err, HS_BAD_ARGUMENT, "", "a form is sent as %s", form_type);
	if (!copy_body(exchange, &text, err))
		return false;
	if ((exchange->fields = calloc(1, sizeof *exchange->fields)) == NULL)
		done = hs_error_set(err, HS_NO_MEMORY, "", "no memory to read the form");
	else
		done = query_string_read(text, on_field, exchange->fields, err);
	OPENSSL_cleanse(text, strlen(text));
	free(text);
	return done;
}

const char *field_of(const struct exchange *exchange, const char *name)
{
	const char *value = find(exchange->fields, name);

	return value != NULL ? value : "";
}

void fields_free(struct fields *fields)
{
	if (fields == NULL)
		return;
	for (size_t i = 0; i < fields->count; i++) {
		if (fields->list[i].value != NULL)
			OPENSSL_cleanse(fields->list[i].value, strlen(fields->list[i].value));
		free(fields->list[i].name);
		free(fields->list[i].value);
	}
	free(fields);
}
