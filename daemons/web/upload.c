/* upload.c: trusts guard.c for the role; what the body needs to be believed is checked here and in
 * upload_task.c. What has come in stays in, whatever happens to the rest. */
#include "daemons/web/upload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/log.h"
#include "common/number.h"
#include "common/offload.h"
#include "daemons/web/account.h"
#include "daemons/web/asker.h"
#include "daemons/web/audit.h"
#include "daemons/web/base_path.h"
#include "daemons/web/connections.h"
#include "daemons/web/csrf.h"
#include "daemons/web/query_string.h"
#include "daemons/web/reply.h"
#include "daemons/web/upload_fates.h"
#include "daemons/web/upload_task.h"
#include "daemons/web/web.h"

enum {
	STATUS_FORBIDDEN = 403, STATUS_TOO_LARGE = 413, STATUS_OTHER_TYPE = 415,
	STATUS_REFUSED = 422,
	DETAIL_BYTES = HS_ERROR_MESSAGE_BYTES + 128
};

#define API_FATES "/api/v1/imports/files?q="

struct uploads {
	struct hs_offload *offload;
	struct upload_room *room;
	size_t under_way;
};

struct upload {
	struct uploads *all;
	struct exchange *exchange;
	struct upload_task *task;	/* NULL: it has ended */
	char *address; /* of the page that the browser goes to; NULL: none came in */
	size_t count;
	struct hs_error err;		/* why not all came in; HS_OK */
	struct upload_result first;	/* of those that did */
};

static void upload_free(void *work)
{
	struct upload *upload = work;

	if (upload->task != NULL)
		upload_task_cancel(upload->task);
	upload->all->under_way--;
	free(upload->address);
	free(upload);
}

/* ---- the answer ---- */

static int status_of(const struct hs_error *err)
{
	switch (err->code) {
	case HS_NOT_ALLOWED:
		return STATUS_FORBIDDEN;
	case HS_BAD_ARGUMENT:
		return STATUS_REFUSED;
	default:
		return HTTP_SERVUNAVAIL;
	}
}

static void explain(const struct upload *upload, char detail[DETAIL_BYTES])
{
	const struct hs_error *err = &upload->err;

	if (upload->count > 0)
		snprintf(detail, DETAIL_BYTES,
		    "%.500s. %zu file%s before that came in; the rest did not.", err->message,
		    upload->count, upload->count == 1 ? "" : "s");
	else
		snprintf(detail, DETAIL_BYTES, "%s%s", err->message,
		    strchr(".!", err->message[strlen(err->message) - 1]) != NULL ? "" : ".");
}

/* What became of it is told by the files that have its checksum. */
static void answer_program(struct exchange *exchange)
{
	const struct upload_result *file = &((struct upload *)exchange->work)->first;
	char address[sizeof API_FATES + UPLOAD_DIGEST_BYTES], *url;

	snprintf(address, sizeof address, API_FATES "%s", file->sha256);
	if (!reply_push_url(exchange, address)) {
		reply_problem(exchange, HTTP_SERVUNAVAIL, "Not enough memory to say so, but the file "
		    "came in.", NULL);
		return;
	}
	url = base_path_add(exchange, address);
	reply_json(exchange, REPLY_ACCEPTED, url == NULL ? NULL : json_pack("{s:s, s:s, s:I, s:s}",
	    "name", file->name, "sha256", file->sha256, "size_bytes", (json_int_t)file->bytes,
	    "url", url));
	free(url);
}

static void answer(struct exchange *exchange)
{
	struct upload *upload = exchange->work;
	char detail[DETAIL_BYTES];

	if (upload->err.code == HS_OK && upload->count > 0 && exchange->form == FORM_JSON) {
		answer_program(exchange);
		return;
	}
	if (upload->err.code == HS_OK && upload->count > 0) {
		reply_see_other(exchange, upload->address);
		return;
	}
	if (upload->err.code == HS_OK)
		hs_error_set(&upload->err, HS_BAD_ARGUMENT, "file", "No file was chosen.");
	else if (status_of(&upload->err) == HTTP_SERVUNAVAIL)
		hs_log_error(HS_LOG_WARNING, "an upload ended early", &upload->err);
	explain(upload, detail);
	if (upload->address != NULL) {
		exchange->reply.way_on = upload->address;
		exchange->reply.way_on_says = "What becomes of the files that came in";
		upload->address = NULL;
	}
	reply_problem(exchange, status_of(&upload->err), detail, NULL);
}

static void on_noted(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	(void)results;
	(void)count;
	if (err != NULL)
		hs_log_error(HS_LOG_WARNING, "an upload is not in the audit trail", err);
	answer(exchange);
}

/* The files lie in incoming already: whether or not the trail can be written, they are imported. */
static void note(struct exchange *exchange, const struct upload_outcome *outcome)
{
	static const char sql[] =
	    "with logged as (" AUDIT_INSERT "values ('import.upload', false,"
	    " $1::text, $2::text, $3::text, $4::text) returning 1), pruned as (" AUDIT_PRUNE(
		"false") ")"
			 " select 1";
	struct asker asker;
	const char *token = exchange->account->by_token;
	char detail[DETAIL_BYTES];
	const char *const values[] = { exchange->account->name, asker.address,
		outcome->files[0].name, detail };
	const struct hs_db_statement statement = { .sql = sql, .values = values,
		.count = HS_COUNT(values) };
	struct hs_error err = HS_ERROR_INIT;

	asker_of(exchange, &asker);
	snprintf(detail, sizeof detail, "%zu file%s%s%s", outcome->count,
	    outcome->count == 1 ? "" : "s", token[0] != '\0' ? ", by token " : "", token);
	for (size_t i = 0; i < outcome->count; i++)
		hs_log(HS_LOG_INFO, "a snapshot was uploaded",
		    HS_STR("file", outcome->files[i].name),
		    HS_INT("bytes", outcome->files[i].bytes),
		    HS_STR("account", exchange->account->name));
	if (!exchange_ask_primary(exchange, &statement, 1, on_noted, &err))
		on_noted(exchange, NULL, 0, &err);
}

static void on_done(void *arg, const struct upload_outcome *outcome)
{
	struct upload *upload = arg;
	struct exchange *exchange = upload->exchange;

	upload->task = NULL;
	upload->err = outcome->err;
	upload->count = outcome->count;
	upload->first = outcome->files[0];
	if (outcome->count == 0) {
		answer(exchange);
		return;
	}
	if (exchange->form != FORM_JSON &&
	    (upload->address = upload_fates_url(outcome->files, outcome->count)) == NULL &&
	    upload->err.code == HS_OK)
		hs_error_set(&upload->err, HS_NO_MEMORY, "", "no memory for an answer");
	note(exchange, outcome);
}

/* ---- the request ---- */

static bool check_size(const struct exchange *exchange, int64_t bytes, struct hs_error *err)
{
	long long most = hs_setting_int(hs_child_settings(exchange->web->child),
	    HS_SET_UPLOAD_MAX_BYTES);
	char size[32];

	return bytes <= most || hs_error_set(err, HS_TOO_BIG, "",
		"An upload may have at most %s: send fewer files at once, or copy large ones into "
		"the incoming folder (HOOPSCOUT_UPLOAD_MAX_BYTES).",
		hs_size_text(most, size, sizeof size));
}

static void start(struct exchange *exchange, const struct upload_order *order)
{
	struct uploads *uploads = exchange->web->uploads;
	struct upload *upload = calloc(1, sizeof *upload);
	struct hs_error err = HS_ERROR_INIT;

	if (upload == NULL) {
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory for an upload");
		reply_error(exchange, &err);
		return;
	}
	upload->all = uploads;
	upload->exchange = exchange;
	uploads->under_way++;
	exchange->work = upload;
	exchange->work_free = upload_free;
	if (!upload_task_start(uploads->offload, order, on_done, upload, &upload->task, &err))
		reply_error(exchange, &err);
}

static void refuse(struct exchange *exchange, const struct hs_error *err)
{
	if (err->code == HS_TOO_BIG)
		reply_problem(exchange, STATUS_TOO_LARGE, err->message, NULL);
	else if (err->code == HS_NOT_ALLOWED)
		reply_problem(exchange, STATUS_FORBIDDEN, err->message, NULL);
	else
		reply_error(exchange, err);
}

/* What both kinds have in common is filled in; then it begins, unless too many have. */
static void take(struct exchange *exchange, struct upload_order *order)
{
	const char *expect = exchange_header(exchange, "Expect");
	struct hs_error err = HS_ERROR_INIT;

	if (exchange->web->uploads->under_way >= UPLOADS_MOST) {
		reply_problem(exchange, HTTP_SERVUNAVAIL,
		    "Too many uploads are under way; please try again in a moment.", NULL);
		return;
	}
	order->client_waits = expect != NULL && strcasecmp(expect, "100-continue") == 0;
	order->room = exchange->web->uploads->room;
	order->folder = hs_setting_text(hs_child_settings(exchange->web->child),
	    HS_SET_INCOMING_DIR);
	if (connection_body_fd(exchange->connection, &order->client_waits, &order->fd, &err))
		start(exchange, order);
	else
		reply_error(exchange, &err);
}

static bool find_body(struct exchange *exchange, struct upload_order *ret, struct hs_error *err)
{
	int64_t bytes = exchange->connection != NULL ?
	    connection_body(exchange->connection, &ret->begun) : -1;

	if (bytes < 0)
		return hs_error_set(err, HS_BAD_ARGUMENT, "", exchange->form == FORM_JSON ?
		    "The snapshot is the body, in one piece: it needs one plain Content-Length." :
		    "The upload did not come as a request of its own.");
	ret->bytes = bytes;
	return true;
}

static bool check_form(const struct exchange *exchange, char boundary[MULTIPART_BOUNDARY_BYTES],
    struct hs_error *err)
{
	if (!csrf_is_own_origin(exchange_header(exchange, "Sec-Fetch-Site"),
		exchange_header(exchange, "Origin"), asker_host(exchange)))
		return hs_error_set(err, HS_NOT_ALLOWED, "",
		    "The form was not sent by a page of ours.");
	return query_string_refuse(exchange->query, err) &&
	    multipart_boundary(exchange_header(exchange, "Content-Type"), boundary, err);
}

void upload_post(struct exchange *exchange)
{
	char boundary[MULTIPART_BOUNDARY_BYTES], proof[TOKEN_PROOF_BYTES];
	struct upload_order order = { .boundary = boundary, .proof = proof };
	struct hs_error err = HS_ERROR_INIT;

	if (find_body(exchange, &order, &err) && check_form(exchange, boundary, &err) &&
	    check_size(exchange, order.bytes, &err) && !csrf_expect(exchange, proof))
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory for an upload");
	if (err.code != HS_OK)
		refuse(exchange, &err);
	else
		take(exchange, &order);
}

/* *arg: the snapshot's name, "" until it is given. */
static bool on_name(void *arg, const char *name, const char *value, struct hs_error *err)
{
	struct hs_error why = HS_ERROR_INIT;
	char *ret = arg;

	if (strcmp(name, "name") != 0)
		return hs_error_set(err, HS_BAD_ARGUMENT, name,
		    "there is no parameter '%.60s'. There is: name", name);
	if (ret[0] != '\0')
		return hs_error_set(err, HS_BAD_ARGUMENT, name, "name is given twice");
	return upload_file_name(value, ret, &why) ||
	    hs_error_set(err, HS_BAD_ARGUMENT, name, "%s", why.message);
}

static bool is_json(const char *type)
{
	static const char json[] = "application/json";
	size_t length = strlen(json);

	return type != NULL && strncasecmp(type, json, length) == 0 &&
	    strchr("; \t", type[length]) != NULL;
}

void upload_api_post(struct exchange *exchange)
{
	char name[UPLOAD_NAME_MAX + 1] = "";
	struct upload_order order = { .name = name };
	struct hs_error err = HS_ERROR_INIT;

	if (query_string_read(exchange->query, on_name, name, &err) && name[0] == '\0')
		hs_error_set(&err, HS_BAD_ARGUMENT, "name", "name is needed: that of the file in the "
		    "incoming folder, which ends in .json");
	if (err.code == HS_OK && find_body(exchange, &order, &err))
		check_size(exchange, order.bytes, &err);
	if (err.code != HS_OK)
		refuse(exchange, &err);
	else if (!is_json(exchange_header(exchange, "Content-Type")))
		reply_problem(exchange, STATUS_OTHER_TYPE,
		    "The body is a snapshot as it is: Content-Type: application/json.", NULL);
	else
		take(exchange, &order);
}

bool uploads_new(struct event_base *base, struct uploads **ret, struct hs_error *err)
{
	struct uploads *uploads = calloc(1, sizeof *uploads);

	if (uploads == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for uploads");
	if ((uploads->room = upload_room_new()) == NULL)
		hs_error_set(err, HS_NO_MEMORY, "", "no memory for uploads");
	if (uploads->room == NULL || !hs_offload_new(base, &uploads->offload, err)) {
		upload_room_release(uploads->room);
		free(uploads);
		return false;
	}
	*ret = uploads;
	return true;
}

void uploads_stop(struct uploads *uploads)
{
	upload_room_stop(uploads->room);
}

void uploads_free(struct uploads *uploads)
{
	if (uploads == NULL)
		return;
	hs_offload_free(uploads->offload);
	upload_room_release(uploads->room);
	free(uploads);
}
