/* figures.c: asks once for many. */
#include "daemons/supervisor/figures.h"

#include <stdlib.h>

#include "common/clock.h"
#include "common/error.h"
#include "daemons/supervisor/supervisor.h"

struct figures_wait {
	struct figures_wait *next;
	figures_told_fn *told;
	void *arg;
};

/* ---- asking ---- */

/* Takes answer. */
static void tell_all(struct figures *figures, json_t *answer)
{
	figures->is_asking = false;
	event_del(figures->deadline);
	if (figures->latest != answer)
		json_decref(figures->latest);
	figures->latest = answer;
	while (figures->waits != NULL) {
		struct figures_wait *wait = figures->waits;

		figures->waits = wait->next;
		wait->told(wait->arg, figures->latest);
		free(wait);
	}
}

static void on_done(void *arg, const json_t *result, const struct hs_error *why)
{
	struct supervisor *supervisor = arg;

	supervisor->figures.latest_ms = hs_clock_ms();
	tell_all(&supervisor->figures, why != NULL ? json_pack("{s:s}", "problem", why->message) :
	    json_copy((json_t *)(uintptr_t)result));
}

static const struct errand_events events = { .on_done = on_done, .work = "asking the database" };

/* The deadline of a question, and the moment to answer what is known already. */
static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct supervisor *supervisor = arg;
	struct figures *figures = &supervisor->figures;

	(void)fd;
	(void)what;
	if (!figures->is_asking) {
		tell_all(figures, figures->latest);
		return;
	}
	errand_cancel(&figures->errand);
	tell_all(figures, json_pack("{s:s}", "problem", "the database did not answer in time"));
}

/* Whether there is an answer of a moment ago. */
static bool is_fresh(const struct figures *figures)
{
	return figures->latest != NULL && hs_clock_ms() - figures->latest_ms < FIGURES_FRESH_MS &&
	    json_object_get(figures->latest, "problem") == NULL;
}

static void begin(struct supervisor *supervisor)
{
	const struct timeval at_once = { 0 };
	const struct timeval patience = { .tv_sec = FIGURES_MS / 1000,
		.tv_usec = FIGURES_MS % 1000 * 1000 };
	struct figures *figures = &supervisor->figures;
	struct hs_error err = HS_ERROR_INIT;

	if (!is_fresh(figures)) {
		/* a restore renames the database, which nobody may have open then */
		bool may_ask = supervisor->database_ready && !keeping_holds(supervisor);

		figures->is_asking = may_ask && errand_start(&figures->errand,
		    supervisor, TASK_FIGURES, "now", &events, supervisor, &err);
		if (!figures->is_asking) {
			json_decref(figures->latest);
			figures->latest = json_pack("{s:s}", "problem", err.code != HS_OK ?
			    err.message : "the database is not ready");
		}
	}
	if (event_add(figures->deadline, figures->is_asking ? &patience : &at_once) != 0)
		hs_panic("no timer for the database's figures");
}

void figures_ask(struct supervisor *supervisor, figures_told_fn *told, void *arg)
{
	struct figures *figures = &supervisor->figures;
	struct figures_wait *wait = malloc(sizeof *wait);
	bool is_first = figures->waits == NULL;

	if (figures->deadline == NULL)
		figures->deadline = evtimer_new(supervisor->base, on_deadline, supervisor);
	if (wait == NULL || figures->deadline == NULL)
		hs_panic("no memory to ask the database for figures");
	*wait = (struct figures_wait){ figures->waits, told, arg };
	figures->waits = wait;
	if (is_first)
		begin(supervisor);
}

void figures_end(struct supervisor *supervisor)
{
	struct figures *figures = &supervisor->figures;

	errand_cancel(&figures->errand);
	while (figures->waits != NULL) {
		struct figures_wait *wait = figures->waits;

		figures->waits = wait->next;
		free(wait);
	}
	if (figures->deadline != NULL)
		event_free(figures->deadline);
	json_decref(figures->latest);
}
