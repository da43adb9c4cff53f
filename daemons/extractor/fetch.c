/* fetch.c: a request (request.h) whose body goes into a file, and robots.txt asked before each hop.
 *
 * All of it hangs on the fetcher: what is under way when that goes is cancelled. */
#include "daemons/extractor/fetch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "common/file.h"
#include "daemons/extractor/charset.h"
#include "daemons/extractor/fetch_rules.h"
#include "daemons/extractor/fetch_settings.h"
#include "daemons/extractor/link_header.h"
#include "daemons/extractor/request.h"
#include "daemons/extractor/robots_cache.h"
#include "daemons/extractor/transfer.h"
#include "daemons/extractor/turns.h"

enum { WATCH_MS = 250, MAX_LINK_HEADERS = 16 };

LIST_HEAD(fetches, fetch);

struct fetcher {
	struct request_home home;
	struct robots_cache *robots;
	struct fetches fetches;
};

struct fetch {
	struct fetcher *fetcher;
	struct request *request;
	struct robots_question *question;	/* under way, or NULL */
	struct fetch_settings *settings;	/* a share */
	fetch_done *done;
	fetch_watch *watch;
	void *arg;
	struct event *tick;
	struct fetch_progress told;
	struct charset charset;
	int fd;				/* -1: no body yet */
	uint64_t received;		/* inflated, before it is made UTF-8 */
	uint64_t written;
	LIST_ENTRY(fetch) links;
};

static void fetch_free(struct fetch *fetch)
{
	LIST_REMOVE(fetch, links);
	robots_cache_forget(fetch->question);
	if (fetch->tick != NULL)
		event_free(fetch->tick);
	if (fetch->fd >= 0)
		close(fetch->fd);
	fetch_settings_drop(fetch->settings);
	free(fetch);
}

static void take_answer(void *arg, const struct hs_error *error)
{
	struct fetch *fetch = arg;

	fetch->question = NULL;
	if (error != NULL)
		request_refuse(fetch->request, error);
	else
		request_go(fetch->request);
}

static void ask_robots(void *arg, struct request *request, const struct url *url)
{
	struct fetch *fetch = arg;

	if (fetch_rules_host_is_listed(fetch->settings->ignored_robots_hosts, url->host))
		request_go(request);
	else
		robots_cache_ask(fetch->fetcher->robots, url, take_answer, fetch, &fetch->question);
}

static bool begin_body(void *arg, const char *content_type, struct hs_error *err)
{
	struct fetch *fetch = arg;

	fetch->received = fetch->written = 0;
	if (!charset_begin(&fetch->charset, content_type, err))
		return false;
	if (fetch->fd < 0)
		return hs_file_temporary("holds what is fetched", &fetch->fd, err);
	if (ftruncate(fetch->fd, 0) != 0 || lseek(fetch->fd, 0, SEEK_SET) != 0)
		return hs_error_errno(err, "", "cannot empty the file that holds what is fetched");
	return true;
}

static bool write_text(void *arg, const char *bytes, size_t length, struct hs_error *err)
{
	struct fetch *fetch = arg;

	fetch->written += length;
	return hs_file_write_all(fetch->fd, bytes, length, err);
}

static bool take_body(void *arg, const char *bytes, size_t length, struct hs_error *err)
{
	struct fetch *fetch = arg;
	uint64_t max_bytes = fetch->settings->max_bytes;

	fetch->received += length;
	if (fetch->received > max_bytes)
		return hs_error_set(err, HS_TOO_BIG, "",
		    "the answer has more than the %llu bytes that EXTRACTOR_MAX_BYTES allows",
		    (unsigned long long)max_bytes);
	return charset_push(&fetch->charset, bytes, length, write_text, fetch, err);
}

/* The body is whole: its last bytes, and back to its start. */
static bool end_body(struct fetch *fetch, struct hs_error *err)
{
	if (!charset_end(&fetch->charset, write_text, fetch, err))
		return false;
	if (lseek(fetch->fd, 0, SEEK_SET) != 0)
		return hs_error_errno(err, "", "cannot go back in the file that holds what is fetched");
	return true;
}

/* The next page, when a header names one that can be asked for. */
static bool find_next(const struct request_answer *answer, struct url *ret)
{
	struct hs_error ignored;
	const char *value, *target;
	size_t length;

	for (size_t n = 0; n < MAX_LINK_HEADERS &&
	    (value = transfer_header(answer->transfer, "Link", n)) != NULL; n++) {
		char text[FETCH_MAX_URL_BYTES + 1];

		if (!link_header_next(value, &target, &length) || length >= sizeof text)
			continue;
		memcpy(text, target, length);
		text[length] = '\0';
		return url_parse(text, answer->url, ret, &ignored);
	}
	return false;
}

static void tell_result(struct fetch *fetch, const struct request_answer *answer)
{
	bool is_unchanged = answer->status == 304;
	struct url next = { .text = NULL };
	struct fetch_result result = {
		.is_unchanged = is_unchanged, .fd = is_unchanged ? -1 : fetch->fd,
		.bytes = is_unchanged ? 0 : fetch->written,
		.attempts = answer->attempts, .redirects = answer->redirects,
		.url = answer->url->text,
		.etag = transfer_header(answer->transfer, "ETag", 0),
		.last_modified = transfer_header(answer->transfer, "Last-Modified", 0),
		.content_type = transfer_header(answer->transfer, "Content-Type", 0),
	};

	if (find_next(answer, &next))
		result.next_url = next.text;
	if (!is_unchanged)
		fetch->fd = -1;		/* given */
	fetch->done(fetch->arg, &result, NULL);
	url_done(&next);
}

static void end_request(void *arg, const struct request_answer *answer, const struct hs_error *error)
{
	struct fetch *fetch = arg;
	struct hs_error err = HS_ERROR_INIT;
	char shown[URL_SHOWN_BYTES];

	fetch->request = NULL;		/* it goes by itself */
	if (error != NULL) {
		fetch->done(fetch->arg, NULL, error);
	} else if (answer->status != 304 && !end_body(fetch, &err)) {
		hs_error_at(&err, url_mask(answer->url->text, shown, sizeof shown));
		fetch->done(fetch->arg, NULL, &err);
	} else {
		tell_result(fetch, answer);
	}
	fetch_free(fetch);
}

static bool is_same(const struct fetch_progress *a, const struct fetch_progress *b)
{
	return a->phase == b->phase && a->attempt == b->attempt && a->wait_ms == b->wait_ms &&
	    a->bytes == b->bytes && a->total_bytes == b->total_bytes && strcmp(a->why, b->why) == 0;
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct fetch *fetch = arg;
	struct fetch_progress progress;

	(void)fd;
	(void)what;
	request_look(fetch->request, &progress);
	if (progress.phase == FETCH_RECEIVING)
		progress.bytes = fetch->received;
	else if (progress.phase == FETCH_ROBOTS)
		robots_cache_look(fetch->question, &progress);
	if (is_same(&progress, &fetch->told))
		return;
	fetch->told = progress;
	fetch->watch(fetch->arg, &progress);
}

bool fetcher_new(struct event_base *base, const struct hs_settings *settings, struct fetcher **ret,
    struct hs_error *err)
{
	struct fetcher *fetcher = calloc(1, sizeof *fetcher);

	if (fetcher == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to fetch anything");
	LIST_INIT(&fetcher->fetches);
	fetcher->home.base = base;
	fetcher->home.turns = turns_new();
	if (fetcher->home.turns == NULL)
		hs_error_set(err, HS_NO_MEMORY, "", "no memory to fetch anything");
	if (fetcher->home.turns == NULL ||
	    !fetch_settings_read(settings, &fetcher->home.settings, err) ||
	    !transfers_new(base, &fetcher->home.transfers, err) ||
	    !robots_cache_new(&fetcher->home, &fetcher->robots, err)) {
		fetcher_free(fetcher);
		return false;
	}
	*ret = fetcher;
	return true;
}

bool fetcher_configure(struct fetcher *fetcher, const struct hs_settings *settings,
    struct hs_error *err)
{
	struct fetch_settings *fresh;

	if (!fetch_settings_read(settings, &fresh, err))
		return false;
	if (strcmp(fresh->agent, fetcher->home.settings->agent) != 0)
		robots_cache_clear(fetcher->robots);
	fetch_settings_drop(fetcher->home.settings);
	fetcher->home.settings = fresh;
	return true;
}

struct fetch_settings *fetcher_settings(struct fetcher *fetcher)
{
	return fetch_settings_share(fetcher->home.settings);
}

void fetcher_free(struct fetcher *fetcher)
{
	struct fetch *fetch;

	if (fetcher == NULL)
		return;
	while ((fetch = LIST_FIRST(&fetcher->fetches)) != NULL)
		fetch_cancel(fetch);
	robots_cache_free(fetcher->robots);
	transfers_free(fetcher->home.transfers);
	turns_free(fetcher->home.turns);
	fetch_settings_drop(fetcher->home.settings);
	free(fetcher);
}

bool fetch_start(struct fetcher *fetcher, const struct fetch_request *request, fetch_done *done,
    fetch_watch *watch, void *arg, struct fetch **ret, struct hs_error *err)
{
	static const struct request_hooks hooks = {
		.ask = ask_robots, .begin = begin_body, .body = take_body, .done = end_request,
	};
	static const struct timeval pause = { .tv_usec = WATCH_MS * 1000 };
	struct fetch *fetch = calloc(1, sizeof *fetch);

	if (fetch == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a fetch");
	fetch->fetcher = fetcher;
	fetch->settings = fetch_settings_share(request->settings != NULL ? request->settings :
	    fetcher->home.settings);
	fetch->done = done;
	fetch->watch = watch;
	fetch->arg = arg;
	fetch->fd = -1;
	LIST_INSERT_HEAD(&fetcher->fetches, fetch, links);
	if (watch != NULL) {
		fetch->tick = event_new(fetcher->home.base, -1, EV_PERSIST, on_tick, fetch);
		if (fetch->tick == NULL || event_add(fetch->tick, &pause) != 0) {
			fetch_free(fetch);
			return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a fetch");
		}
	}
	if (!request_start(&fetcher->home, request, &hooks, fetch, &fetch->request, err)) {
		fetch_free(fetch);
		return false;
	}
	*ret = fetch;
	return true;
}

uint64_t fetch_received(const struct fetch *fetch)
{
	return fetch->received;
}

void fetch_cancel(struct fetch *fetch)
{
	if (fetch == NULL)
		return;
	request_cancel(fetch->request);
	fetch_free(fetch);
}
