/* hashing.c: a queue in front of offload.h, of whose threads one runs at a time.
 *
 * Trusts password.h to bound what a hash asks for. A job that was cancelled while it runs is freed
 * when it ends. */
#include "daemons/web/hashing.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <openssl/crypto.h>

#include "common/offload.h"

struct hashing_job {
	struct hs_task task;		/* first */
	TAILQ_ENTRY(hashing_job) link;
	struct hashing *hashing;
	hashing_done_fn *done;		/* NULL: nobody waits any more */
	void *arg;
	char *password, *hash, *renew;
	struct hashing_result result;
};

TAILQ_HEAD(jobs, hashing_job);

struct hashing {
	struct hs_offload *offload;
	struct jobs waiting;
	struct hashing_job *running;
	size_t count;			/* waiting and running */
};

static void free_secret(char *text)
{
	if (text != NULL)
		OPENSSL_cleanse(text, strlen(text));
	free(text);
}

static void job_free(struct hashing_job *job)
{
	free_secret(job->password);
	free_secret(job->renew);
	free(job->hash);
	free(job);
}

/* On the thread. */
static void work(struct hs_task *task)
{
	struct hashing_job *job = (struct hashing_job *)task;
	struct hashing_result *result = &job->result;
	const char *next = job->renew;
	bool is_weak = false;

	if (!hs_password_verify(job->password, strlen(job->password), job->hash,
		&result->is_right, &is_weak, &result->err) || !result->is_right)
		return;
	if (next == NULL && is_weak)
		next = job->password;
	if (next != NULL)
		hs_password_hash(next, strlen(next), result->new_hash, &result->err);
}

static void drop(struct hs_task *task)
{
	job_free((struct hashing_job *)task);
}

static void start_next(struct hashing *hashing);

static void done(struct hs_task *task)
{
	struct hashing_job *job = (struct hashing_job *)task;
	struct hashing *hashing = job->hashing;

	hashing->running = NULL;
	hashing->count--;
	start_next(hashing);
	if (job->done != NULL)
		job->done(job->arg, &job->result);
	job_free(job);
}

static bool run(struct hashing_job *job, struct hs_error *err)
{
	struct hashing *hashing = job->hashing;

	job->task.work = work;
	job->task.done = done;
	job->task.drop = drop;
	if (!hs_offload_start(hashing->offload, &job->task, err))
		return false;
	hashing->running = job;
	return true;
}

/* One that finds no thread is told so; the next one may find one. */
static void start_next(struct hashing *hashing)
{
	struct hashing_job *job;

	while (hashing->running == NULL && (job = TAILQ_FIRST(&hashing->waiting)) != NULL) {
		TAILQ_REMOVE(&hashing->waiting, job, link);
		if (run(job, &job->result.err))
			return;
		hashing->count--;
		job->done(job->arg, &job->result);
		job_free(job);
	}
}

static bool copy_text(const char *text, char **ret)
{
	return text == NULL || (*ret = strdup(text)) != NULL;
}

bool hashing_has_room(const struct hashing *hashing)
{
	return hashing->count < HASHING_MOST;
}

bool hashing_start(struct hashing *hashing, const struct hashing_order *order,
    hashing_done_fn *on_done, void *arg, struct hashing_job **ret, struct hs_error *err)
{
	struct hashing_job *job;

	if (!hashing_has_room(hashing))
		return hs_error_set(err, HS_BUSY, "", "%d passwords are being checked already",
		    (int)HASHING_MOST);
	if ((job = calloc(1, sizeof *job)) == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to check a password");
	job->hashing = hashing;
	job->done = on_done;
	job->arg = arg;
	if (!copy_text(order->password, &job->password) || !copy_text(order->hash, &job->hash) ||
	    !copy_text(order->renew, &job->renew)) {
		job_free(job);
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to check a password");
	}
	if (hashing->running != NULL) {
		TAILQ_INSERT_TAIL(&hashing->waiting, job, link);
	} else if (!run(job, err)) {
		job_free(job);
		return false;
	}
	hashing->count++;
	*ret = job;
	return true;
}

void hashing_cancel(struct hashing_job *job)
{
	struct hashing *hashing = job->hashing;

	job->done = NULL;
	if (hashing->running == job)
		return;
	TAILQ_REMOVE(&hashing->waiting, job, link);
	hashing->count--;
	job_free(job);
}

bool hashing_new(struct event_base *base, struct hashing **ret, struct hs_error *err)
{
	struct hashing *hashing = calloc(1, sizeof *hashing);

	if (hashing == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to check passwords");
	TAILQ_INIT(&hashing->waiting);
	if (!hs_offload_new(base, &hashing->offload, err)) {
		free(hashing);
		return false;
	}
	*ret = hashing;
	return true;
}

/* The running one ends alone, and is dropped. */
void hashing_free(struct hashing *hashing)
{
	struct hashing_job *job;

	if (hashing == NULL)
		return;
	while ((job = TAILQ_FIRST(&hashing->waiting)) != NULL) {
		TAILQ_REMOVE(&hashing->waiting, job, link);
		job_free(job);
	}
	hs_offload_free(hashing->offload);
	free(hashing);
}
