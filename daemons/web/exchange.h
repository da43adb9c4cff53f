/* exchange.h: one request and the answer to it.
 *
 * A handler reads the request, fills exchange->reply (reply.h) now or when its query has
 * come back, and calls exchange_answer once; the socket is the server's. When the client
 * leaves before that, the query is cancelled and the handler hears nothing more. */
#ifndef WEB_EXCHANGE_H
#define WEB_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <event2/buffer.h>
#include <event2/http.h>
#include <libpq-fe.h>

#include "common/date.h"
#include "common/db_pool.h"
#include "common/error.h"
#include "daemons/web/data_version.h"

enum { EXCHANGE_URL_BYTES = 16640, EXCHANGE_NAME_BYTES = 65 };

struct web;
struct server;
struct account;
struct fields;
struct connection;
struct exchange;

/* What an asker can read. */
enum exchange_form {
	FORM_PAGE,		/* a whole page */
	FORM_FRAGMENT,		/* htmx puts it into the page that is there */
	FORM_JSON
};

struct reply {
	int status;
	const char *type;	/* a constant */
	struct evbuffer *body;
	const char *encoding;	/* of body, a constant; NULL: as it is */
	bool varies_by_encoding;
	const char *cache;	/* Cache-Control; NULL: no-store */
	char etag[48];		/* with its quotes; "" for none */
	char *push_url;		/* for htmx; of a 303 or 202 where it leads; NULL: none */
	const char *allow;	/* of a 405 */
	const char *authenticate;	/* of a 401, a constant; NULL: "Session" */
	char *way_on;		/* of a problem: where one may go on instead; NULL: nowhere */
	const char *way_on_says;
	const char *file_name;	/* to be saved as; NULL: to be shown */
	int64_t body_bytes;	/* of an answer in pieces, where it is known; 0: it is not */
	bool is_secret;		/* of this asker alone, as a form's proof is: nowhere kept */
	char *cookies[4];	/* lines of Set-Cookie, by enum cookie of session.h; NULL: none */
	char *leave_to;		/* htmx opens this page instead; NULL: it does not */
	int retry_after;	/* seconds; 0 for none */
	bool close;		/* the connection, after this answer */
};

typedef void exchange_done_fn(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err);

typedef void exchange_asked_fn(struct exchange *exchange, int64_t request,
    const struct hs_error *err);

struct exchange {
	TAILQ_ENTRY(exchange) next;
	struct web *web;
	struct server *server;
	struct evhttp_request *request;
	struct connection *connection;
	enum evhttp_cmd_type method;
	const char *base;	/* base_path.h */
	char *path;		/* without base; all of it when it is outside */
	bool is_outside;	/* of base */
	const char *query;	/* after '?', "" when none */
	enum exchange_form form;
	int64_t id;		/* {id} of the path */
	char name[EXCHANGE_NAME_BYTES];	/* {name} of the path */
	int may;		/* enum may of the route, guard.h */
	void (*handle)(struct exchange *exchange);	/* the route's */
	struct account *account; /* account.h: who is signed in; NULL: nobody, or nobody asked */
	void (*on_account)(struct exchange *exchange, const struct hs_error *err);
	struct fields *fields;	/* fields.h: of a POST, when its handler is called; else NULL */
	struct hs_date today;	/* when it came: all of an answer is of one day */
	int64_t came_us;	/* the same by the monotonic clock */
	int route;		/* traffic.h: whose it is counted as; TRAFFIC_NO_ROUTE */
	bool has_left;		/* the client, before its answer */
	struct reply reply;
	void *work;		/* the handler's */
	void (*work_free)(void *work);
	int patience_ms;	/* for exchange_ask; 0: HOOPSCOUT_SEARCH_SECONDS */
	struct hs_db_job *job, *beside;
	exchange_done_fn *done, *beside_done;
	exchange_asked_fn *asked;	/* asking.h */
	/* While an answer of unknown length is being sent: */
	bool streaming;
	void (*on_sent)(struct exchange *exchange);	/* the last piece is on its way */
	struct data_version_wait newest;
	void (*otherwise)(struct exchange *exchange);	/* no answer is kept that can be given */
	char *keep_key;		/* answers.h; NULL: the answer is not kept */
	int64_t keep_version;	/* -1: not kept */
	unsigned long long epoch;	/* of answers.h, when they were asked */
};

/* A request's header; NULL when it is not there. */
const char *exchange_header(const struct exchange *exchange, const char *name);

/* Runs a handler's statements; done is called when they have come back, with results or
 * with why not, unless the client left. On failure the error has been answered. */
void exchange_ask(struct exchange *exchange, const struct hs_db_statement *statements,
    size_t count, exchange_done_fn *done);

/* The same at the primary, where a single statement may write: whatever a form changes is changed
 * there. On failure nothing has been answered, and done is never called.
 * Errors: hs_db_pool_submit's. */
bool exchange_ask_primary(struct exchange *exchange, const struct hs_db_statement *statements,
    size_t count, exchange_done_fn *done, struct hs_error *err);
/* The same on connections that are kept for it: who somebody is, and signing in. Nothing slow. */
bool exchange_ask_account(struct exchange *exchange, const struct hs_db_statement *statements,
    size_t count, exchange_done_fn *done, struct hs_error *err);
/* The same for what may wait for a file that is being imported: one at a time. */
bool exchange_ask_patient(struct exchange *exchange, const struct hs_db_statement *statements,
    size_t count, exchange_done_fn *done, struct hs_error *err);

/* The same at the same time as exchange_ask's, in a transaction of its own; one at a time. On
 * failure nothing has been answered, and done is never called. Errors: hs_db_pool_submit's. */
bool exchange_ask_beside(struct exchange *exchange, const struct hs_db_statement *statements,
    size_t count, exchange_done_fn *done, struct hs_error *err);
/* Its answer is not wanted any more, if there was a question. */
void exchange_drop_beside(struct exchange *exchange);

/* Sends the reply. Takes exchange. */
void exchange_answer(struct exchange *exchange);

/* An answer in pieces: begin sends the head, without a length unless
 * reply.body_bytes says it (then all of it must be sent, or the answer cut); each piece (drained)
 * is followed by on_sent when the client can take more, and never from within send. When the client
 * leaves, exchange->work is freed and nothing more is called. */
void exchange_begin(struct exchange *exchange);
void exchange_send(struct exchange *exchange, struct evbuffer *piece,
    void (*on_sent)(struct exchange *exchange));
/* The answer is whole. Takes exchange. */
void exchange_end(struct exchange *exchange);
/* It is not, and never will be: the connection is cut, so that the client knows. Takes exchange. */
void exchange_cut(struct exchange *exchange);

#endif
