/* transfer.h: one request and its answer, by libcurl's multi interface on the event base.
 *
 * Follows nothing and repeats nothing. Here every address is judged in the moment it is connected
 * to, and every answer is bounded: its headers, its time, its speed. Its body is handed on as it
 * comes; whoever takes it bounds it. */
#ifndef HS_EXTRACTOR_TRANSFER_H
#define HS_EXTRACTOR_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>
#include <event2/event.h>

#include "common/error.h"
#include "daemons/extractor/fetch_settings.h"
#include "daemons/extractor/url.h"

struct transfers;
struct transfer;

struct transfer_outcome {
	CURLcode code;			/* CURLE_OK: there was an answer, to its end */
	long status;			/* 0: there was none */
	bool is_refused;		/* all addresses of the host were */
	struct hs_error error;		/* unless code is CURLE_OK; the body's own error if it had one */
};

struct transfer_request {
	const struct url *url;
	const char *user, *password;	/* NULL: none */
	struct curl_slist *headers;	/* borrowed for the transfer's life */
	const struct fetch_settings *settings;	/* read at the start only */
	/* A part of the body, from within libcurl: start and cancel nothing in it. */
	bool (*body)(void *arg, struct transfer *transfer, const char *bytes, size_t length,
	    struct hs_error *err);
	/* The end; the transfer is gone when it returns. transfer_header still works in it. */
	void (*done)(void *arg, struct transfer *transfer, const struct transfer_outcome *outcome);
	void *arg;
};

/* Gives *ret. Error: HS_NO_MEMORY. */
bool transfers_new(struct event_base *base, struct transfers **ret, struct hs_error *err);

/* All transfers must have ended or been cancelled. Accepts NULL. */
void transfers_free(struct transfers *transfers);

/* Nothing is called back before the loop runs again. Error: HS_NO_MEMORY. */
bool transfer_start(struct transfers *transfers, const struct transfer_request *request,
    struct transfer **ret, struct hs_error *err);

/* Ends it at once; nothing is called back. Accepts NULL. */
void transfer_cancel(struct transfer *transfer);

/* The status, once the answer begins; else 0. */
long transfer_status(const struct transfer *transfer);

/* The n-th header of that name (from 0) in the answer; NULL when there is none. Borrowed until the
 * loop runs again. */
const char *transfer_header(struct transfer *transfer, const char *name, size_t n);

/* As the server announced it; 0 when it did not, or when it is packed. */
uint64_t transfer_announced_bytes(struct transfer *transfer);

#endif
