/* offload.c: a thread for each task, and an eventfd that wakes the loop when one has ended.
 *
 * Trusts its callers to keep their hands off a task that is under way. Threads may outlive
 * the offload: each holds a share of it, and the last one to leave frees it. */
#include "common/offload.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <openssl/crypto.h>

struct hs_offload {
	struct event *wake;		/* the loop's alone */
	pthread_mutex_t lock;		/* guards all below */
	size_t shares;			/* one for each thread, one for the owner */
	bool closed;			/* the owner is gone */
	int fd;
	struct hs_task *ended;		/* in no order */
};

/* Called with the lock held, which it gives up. */
static void leave(struct hs_offload *offload)
{
	bool last = --offload->shares == 0;

	pthread_mutex_unlock(&offload->lock);
	if (!last)
		return;
	pthread_mutex_destroy(&offload->lock);
	free(offload);
}

static void *run_task(void *arg)
{
	struct hs_task *task = arg;
	struct hs_offload *offload = task->home;
	const uint64_t one = 1;
	bool unwanted;

	task->work(task);
	pthread_mutex_lock(&offload->lock);
	unwanted = offload->closed;
	if (!unwanted) {
		task->next = offload->ended;
		offload->ended = task;
		/* can only fail when the counter is full, and then the loop is awake */
		if (write(offload->fd, &one, sizeof one) != (ssize_t)sizeof one && errno != EAGAIN)
			hs_panic("cannot wake the event loop");
	}
	leave(offload);
	if (unwanted)
		task->drop(task);
	return NULL;
}

/* One task for each turn: its done may free the offload, and with it the others. */
static void on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct hs_offload *offload = arg;
	struct hs_task *task;
	uint64_t count;

	(void)what;
	pthread_mutex_lock(&offload->lock);
	task = offload->ended;
	if (task != NULL)
		offload->ended = task->next;
	if (offload->ended == NULL && read(fd, &count, sizeof count) < 0 && errno != EAGAIN)
		hs_panic("cannot read the event loop's waker");
	pthread_mutex_unlock(&offload->lock);
	if (task != NULL)
		task->done(task);
}

bool hs_offload_new(struct event_base *base, struct hs_offload **ret, struct hs_error *err)
{
	struct hs_offload *offload = calloc(1, sizeof *offload);

	if (offload == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for threads");
	/* main may return while a thread is still in OpenSSL, which must not be taken down then */
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL) != 1)
		hs_panic("OpenSSL cannot begin");
	offload->shares = 1;
	if ((offload->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0) {
		hs_error_errno(err, "", "cannot make a waker for the event loop");
		free(offload);
		return false;
	}
	offload->wake = event_new(base, offload->fd, EV_READ | EV_PERSIST, on_wake, offload);
	if (offload->wake == NULL || event_add(offload->wake, NULL) != 0 ||
	    pthread_mutex_init(&offload->lock, NULL) != 0)
		hs_panic("no event or mutex for threads");
	*ret = offload;
	return true;
}

void hs_offload_free(struct hs_offload *offload)
{
	struct hs_task *ended, *next;

	if (offload == NULL)
		return;
	event_free(offload->wake);
	pthread_mutex_lock(&offload->lock);
	offload->closed = true;
	close(offload->fd);
	ended = offload->ended;
	leave(offload);
	for (; ended != NULL; ended = next) {
		next = ended->next;
		ended->drop(ended);
	}
}

bool hs_offload_start(struct hs_offload *offload, struct hs_task *task, struct hs_error *err)
{
	pthread_attr_t detached;
	sigset_t all, before;
	pthread_t thread;
	int failed;

	task->home = offload;
	task->next = NULL;
	pthread_mutex_lock(&offload->lock);
	offload->shares++;
	pthread_mutex_unlock(&offload->lock);
	if (pthread_attr_init(&detached) != 0 ||
	    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED) != 0)
		hs_panic("no attributes for a thread");
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);	/* the thread inherits it */
	failed = pthread_create(&thread, &detached, run_task, task);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&detached);
	if (failed == 0)
		return true;
	pthread_mutex_lock(&offload->lock);
	leave(offload);
	return hs_error_set(err, HS_LIMIT, "", "cannot start a thread (error %d): raise the limit "
	    "of processes and threads (ulimit -u, TasksMax)", failed);
}
