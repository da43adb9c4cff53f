/* transfer.c: three structs as libcurl wants it: all transfers, one of them, and a socket that is
 * watched for them.
 *
 * libcurl says which sockets and which moment it waits for, libevent tells when they come. Ends
 * are only looked for when libcurl has returned, so that whoever hears of one may start and cancel. */
#include "daemons/extractor/transfer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "daemons/extractor/fetch_rules.h"

enum {
	MAX_HEADERS_BYTES = 256 << 10,	/* of all headers of one answer */
	MAX_IDLE_CONNECTIONS = 16
};

struct transfers {
	struct event_base *base;
	CURLM *multi;
	struct event *timer;
};

struct transfer {
	struct transfers *home;
	CURL *easy;
	const char *host;		/* as shown in errors: of the request's URL, which outlives us */
	struct transfer_request request;
	bool may_be_private;
	bool has_proxy;
	bool tried_address;		/* one that was not refused */
	char refused[FETCH_ADDRESS_BYTES];
	const char *refused_kind;	/* NULL: none was */
	size_t header_bytes;
	struct hs_error body_error;
	char curl_error[CURL_ERROR_SIZE];
};

struct socket_watch {
	struct event *event;
};

static void look_for_ends(struct transfers *transfers);

static void on_socket(evutil_socket_t fd, short what, void *arg)
{
	struct transfers *transfers = arg;
	int running, action = (what & EV_READ ? CURL_CSELECT_IN : 0) |
	    (what & EV_WRITE ? CURL_CSELECT_OUT : 0);

	curl_multi_socket_action(transfers->multi, fd, action, &running);
	look_for_ends(transfers);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct transfers *transfers = arg;
	int running;

	(void)fd;
	(void)what;
	curl_multi_socket_action(transfers->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	look_for_ends(transfers);
}

/* libcurl says when it wants to be called: -1 never. */
static int set_timer(CURLM *multi, long timeout_ms, void *arg)
{
	struct transfers *transfers = arg;
	struct timeval wait = { .tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000 };

	(void)multi;
	if (timeout_ms < 0)
		return evtimer_del(transfers->timer) == 0 ? 0 : -1;
	return evtimer_add(transfers->timer, &wait) == 0 ? 0 : -1;
}

static void socket_watch_free(struct socket_watch *watch)
{
	if (watch == NULL)
		return;
	if (watch->event != NULL)
		event_free(watch->event);
	free(watch);
}

/* libcurl says what it waits for on a socket. A failure here ends the transfers that wait. */
static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	struct transfers *transfers = arg;
	struct socket_watch *watch = socket_arg;
	short events = (short)(EV_PERSIST | (what & CURL_POLL_IN ? EV_READ : 0) |
	    (what & CURL_POLL_OUT ? EV_WRITE : 0));

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		curl_multi_assign(transfers->multi, fd, NULL);
		socket_watch_free(watch);
		return 0;
	}
	if (watch == NULL) {
		watch = calloc(1, sizeof *watch);
		if (watch == NULL)
			return -1;
		if (curl_multi_assign(transfers->multi, fd, watch) != CURLM_OK) {
			free(watch);
			return -1;
		}
	}
	if (watch->event != NULL)
		event_free(watch->event);
	watch->event = event_new(transfers->base, fd, events, on_socket, transfers);
	return watch->event != NULL && event_add(watch->event, NULL) == 0 ? 0 : -1;
}

/* The one place where a connection begins, whatever name, redirect or number led to it. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct transfer *transfer = arg;
	const char *kind = fetch_rules_address(&address->addr, (socklen_t)address->addrlen);

	if (purpose != CURLSOCKTYPE_IPCXN)
		return CURL_SOCKET_BAD;
	if (kind != NULL && !transfer->may_be_private && !transfer->has_proxy) {
		transfer->refused_kind = kind;
		fetch_rules_address_text(&address->addr, (socklen_t)address->addrlen,
		    transfer->refused);
		return CURL_SOCKET_BAD;
	}
	transfer->tried_address = true;
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t stop_writing(size_t length)
{
	return length == 0 ? 1 : 0;	/* anything but what was offered */
}

static size_t take_header(char *bytes, size_t size, size_t count, void *arg)
{
	struct transfer *transfer = arg;

	(void)bytes;
	transfer->header_bytes += size * count;
	if (transfer->header_bytes <= MAX_HEADERS_BYTES)
		return size * count;
	hs_error_set(&transfer->body_error, HS_TOO_BIG, "",
	    "%s sends more than %d bytes of headers", transfer->host, MAX_HEADERS_BYTES);
	return stop_writing(size * count);
}

static size_t take_body(char *bytes, size_t size, size_t count, void *arg)
{
	struct transfer *transfer = arg;
	size_t length = size * count;

	if (length == 0 || transfer->request.body(transfer->request.arg, transfer, bytes, length,
	    &transfer->body_error))
		return length;
	return stop_writing(length);
}

static bool set_all(struct transfer *transfer, const struct fetch_settings *settings)
{
	const struct transfer_request *request = &transfer->request;
	CURL *easy = transfer->easy;

#define SET(option, value) (curl_easy_setopt(easy, (option), (value)) == CURLE_OK)
	return SET(CURLOPT_URL, request->url->text) &&
	    SET(CURLOPT_PROTOCOLS_STR, "http,https") &&
	    SET(CURLOPT_FOLLOWLOCATION, 0L) &&
	    SET(CURLOPT_NOSIGNAL, 1L) &&
	    SET(CURLOPT_USERAGENT, settings->user_agent) &&
	    SET(CURLOPT_HTTPHEADER, request->headers) &&
	    SET(CURLOPT_ACCEPT_ENCODING, "") &&		/* all that libcurl can unpack */
	    (request->user == NULL || (SET(CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC) &&
		SET(CURLOPT_USERNAME, request->user))) &&
	    (request->password == NULL || SET(CURLOPT_PASSWORD, request->password)) &&
	    /* "" turns off what the environment says */
	    SET(CURLOPT_PROXY, settings->proxy) &&
	    (settings->proxy[0] == '\0' || SET(CURLOPT_NOPROXY, "")) &&
	    (settings->ca_file[0] == '\0' || (SET(CURLOPT_CAINFO, settings->ca_file) &&
		SET(CURLOPT_CAPATH, NULL))) &&
	    SET(CURLOPT_SSL_VERIFYPEER, 1L) && SET(CURLOPT_SSL_VERIFYHOST, 2L) &&
	    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) &&
	    SET(CURLOPT_CONNECTTIMEOUT, settings->timeout_seconds) &&
	    SET(CURLOPT_LOW_SPEED_TIME, settings->timeout_seconds) &&
	    SET(CURLOPT_LOW_SPEED_LIMIT, settings->min_bytes_per_second) &&
	    SET(CURLOPT_TIMEOUT, settings->total_seconds) &&
	    SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)settings->max_bytes) &&
	    SET(CURLOPT_OPENSOCKETFUNCTION, open_socket) && SET(CURLOPT_OPENSOCKETDATA, transfer) &&
	    SET(CURLOPT_HEADERFUNCTION, take_header) && SET(CURLOPT_HEADERDATA, transfer) &&
	    SET(CURLOPT_WRITEFUNCTION, take_body) && SET(CURLOPT_WRITEDATA, transfer) &&
	    SET(CURLOPT_ERRORBUFFER, transfer->curl_error) &&
#if LIBCURL_VERSION_NUM >= 0x075700
	    /* a name that is being looked up does not hold up whoever cancels */
	    SET(CURLOPT_QUICK_EXIT, 1L) &&
#endif
	    SET(CURLOPT_PRIVATE, transfer);
#undef SET
}

static void transfer_free(struct transfer *transfer)
{
	if (transfer->easy != NULL) {
		curl_multi_remove_handle(transfer->home->multi, transfer->easy);
		curl_easy_cleanup(transfer->easy);
	}
	free(transfer);
}

static const struct {
	CURLcode curl;
	enum hs_error_code code;
	const char *sentence;		/* behind "HOST "; "" has none */
} failures[] = {
	{ CURLE_COULDNT_RESOLVE_HOST, HS_FETCH_FAILED, "cannot be found: is its name right, and does DNS work?" },
	{ CURLE_COULDNT_RESOLVE_PROXY, HS_FETCH_FAILED, "cannot be reached: EXTRACTOR_PROXY names a host that cannot be found" },
	{ CURLE_COULDNT_CONNECT, HS_FETCH_FAILED, "cannot be connected to" },
	{ CURLE_OPERATION_TIMEDOUT, HS_TIMEOUT, "is too slow" },
	{ CURLE_PARTIAL_FILE, HS_FETCH_FAILED, "ended its answer too early" },
	{ CURLE_GOT_NOTHING, HS_FETCH_FAILED, "closed the connection without an answer" },
	{ CURLE_SEND_ERROR, HS_FETCH_FAILED, "closed the connection" },
	{ CURLE_RECV_ERROR, HS_FETCH_FAILED, "broke the connection off" },
	{ CURLE_HTTP2, HS_FETCH_FAILED, "broke the connection off" },
	{ CURLE_HTTP2_STREAM, HS_FETCH_FAILED, "broke its answer off" },
	{ CURLE_SSL_CONNECT_ERROR, HS_TLS, "failed to set up an encrypted connection" },
	{ CURLE_PEER_FAILED_VERIFICATION, HS_TLS, "has a certificate that is not trusted" },
	{ CURLE_SSL_ISSUER_ERROR, HS_TLS, "has a certificate that is not trusted" },
	{ CURLE_SSL_CACERT_BADFILE, HS_BAD_SETTING, "was not asked: EXTRACTOR_CA_FILE holds no certificates that can be read" },
	{ CURLE_BAD_CONTENT_ENCODING, HS_PROTOCOL, "packs its answer in a way that cannot be unpacked" },
	/* nobody refused the body: what is behind the end of what was packed did */
	{ CURLE_WRITE_ERROR, HS_PROTOCOL,
	    "packs its answer in a way that cannot be unpacked: more follows its end" },
	{ CURLE_WEIRD_SERVER_REPLY, HS_PROTOCOL, "does not answer as HTTP has it" },
	{ CURLE_UNSUPPORTED_PROTOCOL, HS_PROTOCOL, "does not answer as HTTP has it" },
	{ CURLE_FILESIZE_EXCEEDED, HS_TOO_BIG, "announces more bytes than EXTRACTOR_MAX_BYTES allows" },
	{ CURLE_OUT_OF_MEMORY, HS_NO_MEMORY, "was not asked: no memory" },
};

static void tell_failure(const struct transfer *transfer, CURLcode code,
    struct transfer_outcome *outcome)
{
	const char *host = transfer->host, *sentence = "could not be fetched from";
	enum hs_error_code found = HS_PROTOCOL;

	if (transfer->body_error.code != HS_OK) {
		outcome->error = transfer->body_error;
		return;
	}
	if (code == CURLE_COULDNT_CONNECT && transfer->refused_kind != NULL &&
	    !transfer->tried_address) {
		outcome->is_refused = true;
		hs_error_set(&outcome->error, HS_ADDRESS_REFUSED, "",
		    "%s is at %s, which is %s: not asked. If that is meant to be, name the host in "
		    "EXTRACTOR_ALLOW_PRIVATE_HOSTS", host, transfer->refused,
		    transfer->refused_kind);
		return;
	}
	for (size_t i = 0; i < HS_COUNT(failures); i++) {
		if (failures[i].curl == code) {
			found = failures[i].code;
			sentence = failures[i].sentence;
		}
	}
	hs_error_set(&outcome->error, found, "", "%s %s (%s)", host, sentence,
	    transfer->curl_error[0] != '\0' ? transfer->curl_error : curl_easy_strerror(code));
}

static void end(struct transfer *transfer, CURLcode code)
{
	struct transfer_outcome outcome = { .code = code, .error = HS_ERROR_INIT };

	outcome.status = transfer_status(transfer);
	if (code != CURLE_OK)
		tell_failure(transfer, code, &outcome);
	curl_multi_remove_handle(transfer->home->multi, transfer->easy);
	transfer->request.done(transfer->request.arg, transfer, &outcome);
	curl_easy_cleanup(transfer->easy);
	free(transfer);
}

static void look_for_ends(struct transfers *transfers)
{
	const CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(transfers->multi, &left)) != NULL) {
		CURLcode code = message->data.result;	/* message goes with the handle */
		char *found = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		if (curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &found) != CURLE_OK ||
		    found == NULL)
			hs_panic("libcurl ended a transfer that nobody started");
		end((struct transfer *)(void *)found, code);
	}
}

bool transfers_new(struct event_base *base, struct transfers **ret, struct hs_error *err)
{
	struct transfers *transfers = calloc(1, sizeof *transfers);

	if (transfers == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(transfers);
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to fetch anything");
	}
	transfers->base = base;
	transfers->multi = curl_multi_init();
	transfers->timer = evtimer_new(base, on_timer, transfers);
	if (transfers->multi == NULL || transfers->timer == NULL ||
	    curl_multi_setopt(transfers->multi, CURLMOPT_SOCKETFUNCTION, watch_socket) != CURLM_OK ||
	    curl_multi_setopt(transfers->multi, CURLMOPT_SOCKETDATA, transfers) != CURLM_OK ||
	    curl_multi_setopt(transfers->multi, CURLMOPT_TIMERFUNCTION, set_timer) != CURLM_OK ||
	    curl_multi_setopt(transfers->multi, CURLMOPT_TIMERDATA, transfers) != CURLM_OK ||
	    curl_multi_setopt(transfers->multi, CURLMOPT_MAXCONNECTS,
		(long)MAX_IDLE_CONNECTIONS) != CURLM_OK) {
		transfers_free(transfers);
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to fetch anything");
	}
	*ret = transfers;
	return true;
}

void transfers_free(struct transfers *transfers)
{
	if (transfers == NULL)
		return;
	if (transfers->multi != NULL)
		curl_multi_cleanup(transfers->multi);
	if (transfers->timer != NULL)
		event_free(transfers->timer);
	free(transfers);
	curl_global_cleanup();
}

bool transfer_start(struct transfers *transfers, const struct transfer_request *request,
    struct transfer **ret, struct hs_error *err)
{
	const struct fetch_settings *settings = request->settings;
	struct transfer *transfer = calloc(1, sizeof *transfer);

	if (transfer == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a request");
	transfer->home = transfers;
	transfer->request = *request;
	transfer->host = request->url->host;
	transfer->has_proxy = settings->proxy[0] != '\0';
	transfer->may_be_private =
	    fetch_rules_host_is_listed(settings->private_hosts, request->url->host);
	transfer->easy = curl_easy_init();
	if (transfer->easy == NULL || !set_all(transfer, settings) ||
	    curl_multi_add_handle(transfers->multi, transfer->easy) != CURLM_OK) {
		transfer_free(transfer);
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a request");
	}
	*ret = transfer;
	return true;
}

void transfer_cancel(struct transfer *transfer)
{
	if (transfer != NULL)
		transfer_free(transfer);
}

long transfer_status(const struct transfer *transfer)
{
	long status = 0;

	if (curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK)
		return 0;
	return status;
}

const char *transfer_header(struct transfer *transfer, const char *name, size_t n)
{
	struct curl_header *header;

	if (curl_easy_header(transfer->easy, name, n, CURLH_HEADER, -1, &header) != CURLHE_OK)
		return NULL;
	return header->value;
}

uint64_t transfer_announced_bytes(struct transfer *transfer)
{
	curl_off_t length = -1;

	if (transfer_header(transfer, "Content-Encoding", 0) != NULL ||
	    curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length) != CURLE_OK ||
	    length < 0)
		return 0;
	return (uint64_t)length;
}
