/* answers.c: a search tree by key, and a list by last use.
 *
 * Trusts data_version.c to say what is newest, and handlers to put into the key whatever
 * their answer depends on. Nothing here fails: what cannot be kept is not kept. */
#include "daemons/web/answers.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <event2/buffer.h>

#include "common/log.h"
#include "daemons/web/account.h"
#include "daemons/web/catalog.h"
#include "daemons/web/data_version.h"
#include "daemons/web/exchange.h"
#include "daemons/web/notice.h"
#include "daemons/web/replicas.h"
#include "daemons/web/reply.h"
#include "daemons/web/web.h"

enum { LARGEST_SHARE = 8, NODE_BYTES = 64 };	/* an answer is at most this part of all */

struct answer {
	TAILQ_ENTRY(answer) link;
	const char *key;
	size_t size;		/* of all of it, as far as we know */
	int users;		/* the store, and each body that is being sent */
	const char *type, *cache;
	char etag[sizeof((struct reply *)0)->etag];
	int64_t number;		/* of a total, which has no body */
	size_t length;
	char text[];		/* the body, then the key */
};

TAILQ_HEAD(answer_list, answer);

struct answers {
	struct data_version *newest;
	struct catalog *catalog;
	int64_t version;		/* of all that is kept; -1: nothing is */
	unsigned long long epoch;
	void *tree;			/* of struct answer, for tsearch */
	struct answer_list by_use;	/* the last used first */
	size_t count, bytes, most_bytes;
	unsigned long long hits, misses;
};

/* One answer. */

static int compare(const void *left, const void *right)
{
	const struct answer *a = left, *b = right;

	return strcmp(a->key, b->key);
}

static void release(struct answer *answer)
{
	if (--answer->users == 0)
		free(answer);
}

static void on_sent(const void *data, size_t length, void *arg)
{
	(void)data;
	(void)length;
	release(arg);
}

static struct answer *answer_new(const char *key, size_t length)
{
	size_t key_bytes = strlen(key) + 1;
	size_t size = sizeof(struct answer) + length + key_bytes;
	struct answer *answer = calloc(1, size);

	if (answer == NULL)
		return NULL;
	answer->users = 1;
	answer->size = size + NODE_BYTES;
	answer->length = length;
	memcpy(answer->text + length, key, key_bytes);
	answer->key = answer->text + length;
	return answer;
}

/* The store. */

static void drop(struct answers *answers, struct answer *answer)
{
	tdelete(answer, &answers->tree, compare);
	TAILQ_REMOVE(&answers->by_use, answer, link);
	answers->count--;
	answers->bytes -= answer->size;
	release(answer);
}

static void drop_all(struct answers *answers)
{
	struct answer *answer;

	while ((answer = TAILQ_FIRST(&answers->by_use)) != NULL)
		drop(answers, answer);
}

/* What was read before says nothing of what is read from now on. */
static void begin_epoch(void *arg)
{
	struct answers *answers = arg;

	drop_all(answers);
	answers->version = -1;
	answers->epoch++;
	catalog_forget(answers->catalog);
}

/* Whether the version that an exchange reads is one of those that we ask about. */
static bool is_of_epoch(const struct exchange *exchange)
{
	return exchange->epoch == exchange->web->answers->epoch && !replicas_apart(exchange);
}

/* What is kept is of one version: the newest that anybody has read. */
static void learn(struct answers *answers, int64_t version)
{
	if (version == answers->version)
		return;
	drop_all(answers);
	answers->version = version;
}

static struct answer *find(const struct answers *answers, const char *key)
{
	const struct answer wanted = { .key = key };
	struct answer *const *found = tfind(&wanted, &answers->tree, compare);

	return found != NULL ? *found : NULL;
}

static void touch(struct answers *answers, struct answer *answer)
{
	TAILQ_REMOVE(&answers->by_use, answer, link);
	TAILQ_INSERT_HEAD(&answers->by_use, answer, link);
}

/* Takes answer. One of the same key makes room for it. */
static void insert(struct answers *answers, struct answer *answer)
{
	struct answer *const *before = tfind(answer, &answers->tree, compare);

	if (before != NULL)
		drop(answers, *before);
	if (tsearch(answer, &answers->tree, compare) == NULL) {
		release(answer);
		return;
	}
	TAILQ_INSERT_HEAD(&answers->by_use, answer, link);
	answers->count++;
	answers->bytes += answer->size;
	while (answers->bytes > answers->most_bytes)
		drop(answers, TAILQ_LAST(&answers->by_use, answer_list));
}

static void insert_at(struct answers *answers, struct answer *answer, int64_t version)
{
	learn(answers, version);
	insert(answers, answer);
}

static bool has_room(const struct answers *answers, size_t length)
{
	return length + sizeof(struct answer) + NODE_BYTES < answers->most_bytes / LARGEST_SHARE;
}

/* Answers. */

static bool send_again(struct exchange *exchange, struct answer *answer)
{
	struct reply *reply = &exchange->reply;

	if (evbuffer_add_reference(reply->body, answer->text, answer->length, on_sent,
		answer) != 0)
		return false;
	answer->users++;
	reply->status = HTTP_OK;
	reply->type = answer->type;
	reply->cache = answer->cache;
	memcpy(reply->etag, answer->etag, sizeof reply->etag);
	reply_if_changed(exchange);
	exchange_answer(exchange);
	return true;
}

/* The answer that is made now will be kept. */
static void miss(struct exchange *exchange)
{
	exchange->web->answers->misses++;
	exchange->otherwise(exchange);
}

static void on_newest(void *arg, bool known, int64_t version)
{
	struct exchange *exchange = arg;
	struct answers *answers = exchange->web->answers;
	struct answer *answer;

	if (known)
		learn(answers, version);
	answer = known ? find(answers, exchange->keep_key) : NULL;
	if (answer == NULL) {
		miss(exchange);
		return;
	}
	touch(answers, answer);
	answers->hits++;
	free(exchange->keep_key);
	exchange->keep_key = NULL;
	if (!send_again(exchange, answer))
		reply_problem(exchange, HTTP_SERVUNAVAIL, "Not enough memory; please try again.",
		    NULL);
}

/* What is made of templates may name who is signed in, since some pages have no fragment and are
 * given whole to a script, too; JSON is the same for all who may have it. */
static char *key_for(const struct exchange *exchange, const char *key)
{
	const struct account *account = exchange->account;
	char *ret = NULL;

	if (account == NULL || exchange->form == FORM_JSON)
		return strdup(key);
	if (asprintf(&ret, "@%s %s\n%s", account->name, hs_role_name(account->role), key) < 0)
		return NULL;
	return ret;
}

void answers_reply(struct exchange *exchange, const char *key,
    void (*otherwise)(struct exchange *exchange))
{
	struct answers *answers = exchange->web->answers;

	exchange->otherwise = otherwise;
	/* NULL: it is not kept */
	exchange->keep_key = notice_waits(exchange) || replicas_apart(exchange) ? NULL
	    : key_for(exchange, key);
	exchange->epoch = answers->epoch;
	if (exchange->keep_key == NULL || find(answers, exchange->keep_key) == NULL) {
		miss(exchange);
		return;
	}
	exchange->newest = (struct data_version_wait){ .told = on_newest, .arg = exchange };
	data_version_ask(answers->newest, &exchange->newest);
}

void answers_forget(struct exchange *exchange)
{
	data_version_forget(exchange->web->answers->newest, &exchange->newest);
}

void answers_read_at(struct exchange *exchange, int64_t version)
{
	exchange->keep_version = version;
}

void answers_keep(struct exchange *exchange)
{
	struct answers *answers = exchange->web->answers;
	const struct reply *reply = &exchange->reply;
	size_t length = evbuffer_get_length(reply->body);
	struct answer *answer;

	if (exchange->keep_key == NULL || reply->etag[0] == '\0' || !is_of_epoch(exchange) ||
	    exchange->keep_version < 0 || exchange->keep_version < answers->version ||
	    !has_room(answers, length + strlen(exchange->keep_key)) ||
	    (answer = answer_new(exchange->keep_key, length)) == NULL)
		return;
	answer->type = reply->type;
	answer->cache = reply->cache;
	memcpy(answer->etag, reply->etag, sizeof answer->etag);
	if (evbuffer_copyout(reply->body, answer->text, length) != (ev_ssize_t)length)
		release(answer);
	else
		insert_at(answers, answer, exchange->keep_version);
}

/* Numbers. */

bool answers_number(const struct answers *answers, const char *key, int64_t *ret,
    int64_t *ret_version)
{
	const struct answer *answer = find(answers, key);

	if (answer == NULL)
		return false;
	*ret = answer->number;
	*ret_version = answers->version;
	return true;
}

void answers_keep_number(const struct exchange *exchange, const char *key, int64_t number,
    int64_t version)
{
	struct answers *answers = exchange->web->answers;
	struct answer *answer;

	if (!is_of_epoch(exchange) || version < answers->version || !has_room(answers, strlen(key)) ||
	    (answer = answer_new(key, 0)) == NULL)
		return;
	answer->number = number;
	insert_at(answers, answer, version);
}

/* Life. */

bool answers_new(struct event_base *base, const struct hs_settings *settings,
    struct catalog *catalog, struct answers **ret, struct hs_error *err)
{
	struct answers *answers = calloc(1, sizeof *answers);

	if (answers == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to keep answers");
	TAILQ_INIT(&answers->by_use);
	answers->catalog = catalog;
	answers->version = -1;
	answers_reload(answers, settings);
	if (!data_version_new(base, settings, begin_epoch, answers, &answers->newest, err)) {
		answers_free(answers);
		return false;
	}
	*ret = answers;
	return true;
}

void answers_free(struct answers *answers)
{
	if (answers == NULL)
		return;
	drop_all(answers);
	data_version_free(answers->newest);
	free(answers);
}

void answers_reload(struct answers *answers, const struct hs_settings *settings)
{
	drop_all(answers);
	answers->most_bytes = (size_t)hs_setting_int(settings, HS_SET_WEB_CACHE_BYTES);
}

void answers_use(struct answers *answers, uint32_t hosts, uint32_t gone)
{
	data_version_use(answers->newest, hosts, gone);
}

void answers_look(const struct answers *answers, struct answers_state *ret)
{
	ret->version = answers->version;
	ret->count = answers->count;
	ret->bytes = answers->bytes;
	ret->hits = answers->hits;
	ret->misses = answers->misses;
}
