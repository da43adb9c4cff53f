/* test_db_connect.c: servers that are too old, silent or talk nonsense, and poolers in each mode.
 *
 * A thread plays the server: it speaks just as much of the protocol as connecting needs. */
#include "common/db_connect.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/harness.h"

enum { MAX_CLIENTS = 8, MESSAGE_BYTES = 4096, PLAIN_PID = 1000, MADE_UP_PID = 7777 };

enum mode {
	DIRECT,			/* PostgreSQL itself */
	SESSION,		/* a pooler: each client has a process of its own */
	SESSION_FULL,		/* the same, and there is only one process */
	TRANSACTION,		/* all clients share one process */
	TRANSACTION_FULL,	/* the same, but it is one client's while its transaction lasts */
	ROUND_ROBIN,		/* each statement comes to another process */
	STATEMENT,		/* no transactions */
	SILENT,			/* takes connections and says nothing */
	NONSENSE,		/* answers in another protocol */
	FULL			/* has no connection left */
};

struct client {
	int fd;
	bool started, in_transaction, served;
};

struct fake {
	enum mode mode;
	const char *version;
	int listener;
	pthread_t thread;
	atomic_bool over;
	struct client clients[MAX_CLIENTS];
	int next_pid;
};

/* A message under way: type, length, body. */
struct message {
	unsigned char bytes[MESSAGE_BYTES];
	size_t length;
};

static void add(struct message *message, const void *bytes, size_t length)
{
	if (message->length + length > sizeof message->bytes)
		abort();
	memcpy(message->bytes + message->length, bytes, length);
	message->length += length;
}

static void add_number(struct message *message, uint32_t number, int size)
{
	for (int shift = (size - 1) * 8; shift >= 0; shift -= 8) {
		unsigned char byte = (unsigned char)(number >> shift);

		add(message, &byte, 1);
	}
}

/* Adds a whole message. */
static void say(struct message *all, char type, const void *body, size_t length)
{
	add(all, &type, 1);
	add_number(all, (uint32_t)length + 4, 4);
	add(all, body, length);
}

static void say_parameter(struct message *all, const char *name, const char *value)
{
	struct message body = { .length = 0 };

	add(&body, name, strlen(name) + 1);
	add(&body, value, strlen(value) + 1);
	say(all, 'S', body.bytes, body.length);
}

static void say_error(struct message *all, const char *state, const char *sentence)
{
	struct message body = { .length = 0 };

	add(&body, "SFATAL", 7);
	add(&body, "C", 1);
	add(&body, state, strlen(state) + 1);
	add(&body, "M", 1);
	add(&body, sentence, strlen(sentence) + 1);
	add(&body, "", 1);
	say(all, 'E', body.bytes, body.length);
}

static void deliver(const struct client *client, const struct message *all)
{
	if (send(client->fd, all->bytes, all->length, MSG_NOSIGNAL) < 0)
		return;		/* the client has gone: it will be seen */
}

static void hang_up(struct client *client)
{
	close(client->fd);
	*client = (struct client){ .fd = -1 };
}

static void welcome(struct fake *fake, struct client *client)
{
	struct message all = { .length = 0 }, key = { .length = 0 };
	size_t number = (size_t)(client - fake->clients);

	client->started = true;
	if (fake->mode == SILENT)
		return;
	if (fake->mode == NONSENSE) {
		add(&all, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
		deliver(client, &all);
		hang_up(client);
		return;
	}
	if (fake->mode == FULL) {
		say_error(&all, "53300", "sorry, too many clients already");
		deliver(client, &all);
		hang_up(client);
		return;
	}
	say(&all, 'R', "\0\0\0\0", 4);
	say_parameter(&all, "server_version", fake->version);
	say_parameter(&all, "client_encoding", "UTF8");
	say_parameter(&all, "default_transaction_read_only", "off");
	say_parameter(&all, "in_hot_standby", "off");
	add_number(&key, fake->mode == DIRECT ? PLAIN_PID + (uint32_t)number : MADE_UP_PID, 4);
	add_number(&key, 42, 4);
	say(&all, 'K', key.bytes, key.length);
	say(&all, 'Z', "I", 1);
	deliver(client, &all);
}

static int choose_pid(struct fake *fake, const struct client *client)
{
	switch (fake->mode) {
	case TRANSACTION:
	case TRANSACTION_FULL:
		return PLAIN_PID;
	case ROUND_ROBIN:
		return client->in_transaction ? fake->next_pid : ++fake->next_pid;
	default:
		return PLAIN_PID + (int)(client - fake->clients);
	}
}

/* Another client holds the only process. */
static bool must_wait(const struct fake *fake, const struct client *client)
{
	for (size_t i = 0; i < MAX_CLIENTS; i++) {
		const struct client *other = &fake->clients[i];

		if (other == client || other->fd < 0)
			continue;
		if ((fake->mode == SESSION_FULL && other->served) ||
		    (fake->mode == TRANSACTION_FULL && other->in_transaction))
			return true;
	}
	return false;
}

static void say_pid(struct message *all, int pid)
{
	struct message row = { .length = 0 };
	char text[16];

	add_number(&row, 1, 2);
	add(&row, "pg_backend_pid", 15);
	add_number(&row, 0, 4);
	add_number(&row, 0, 2);
	add_number(&row, 23, 4);
	add_number(&row, 4, 2);
	add_number(&row, 0xffffffff, 4);
	add_number(&row, 0, 2);
	say(all, 'T', row.bytes, row.length);
	snprintf(text, sizeof text, "%d", pid);
	row.length = 0;
	add_number(&row, 1, 2);
	add_number(&row, (uint32_t)strlen(text), 4);
	add(&row, text, strlen(text));
	say(all, 'D', row.bytes, row.length);
	say(all, 'C', "SELECT 1", 9);
}

static void answer(struct fake *fake, struct client *client, const char *sql)
{
	struct message all = { .length = 0 };

	if (must_wait(fake, client))
		return;
	client->served = true;
	if (strncmp(sql, "begin", 5) == 0) {
		if (fake->mode == STATEMENT) {
			say_error(&all, "08P01", "no transactions in statement pooling mode");
			deliver(client, &all);
			hang_up(client);
			return;
		}
		fake->next_pid++;
		client->in_transaction = true;
		say(&all, 'C', "BEGIN", 6);
	} else if (strncmp(sql, "rollback", 8) == 0) {
		client->in_transaction = false;
		say(&all, 'C', "ROLLBACK", 9);
	}
	say_pid(&all, choose_pid(fake, client));
	say(&all, 'Z', client->in_transaction ? "T" : "I", 1);
	deliver(client, &all);
}

static void hear(struct fake *fake, struct client *client)
{
	char bytes[MESSAGE_BYTES];
	ssize_t length = recv(client->fd, bytes, sizeof bytes - 1, 0);

	if (length <= 0 || (client->started && bytes[0] == 'X')) {
		hang_up(client);
		return;
	}
	bytes[length] = '\0';
	if (!client->started)
		welcome(fake, client);
	else if (bytes[0] == 'Q')
		answer(fake, client, bytes + 5);
}

static void take(struct fake *fake)
{
	int fd = accept(fake->listener, NULL, NULL);

	for (size_t i = 0; i < MAX_CLIENTS && fd >= 0; i++) {
		if (fake->clients[i].fd >= 0)
			continue;
		fake->clients[i].fd = fd;
		return;
	}
	abort();
}

static void *serve(void *arg)
{
	struct fake *fake = arg;

	while (!atomic_load(&fake->over)) {
		struct pollfd fds[MAX_CLIENTS + 1] = { { .fd = fake->listener, .events = POLLIN } };

		for (size_t i = 0; i < MAX_CLIENTS; i++)
			fds[i + 1] = (struct pollfd){ .fd = fake->clients[i].fd, .events = POLLIN };
		if (poll(fds, MAX_CLIENTS + 1, 20) <= 0)
			continue;
		for (size_t i = 0; i < MAX_CLIENTS; i++) {
			if (fds[i + 1].fd >= 0 && fds[i + 1].revents != 0)
				hear(fake, &fake->clients[i]);
		}
		if (fds[0].revents != 0)
			take(fake);
	}
	return NULL;
}

static void start(struct fake *fake, const char *folder)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof address.sun_path, "%s/.s.PGSQL.5432", folder);
	unlink(address.sun_path);
	for (size_t i = 0; i < MAX_CLIENTS; i++)
		fake->clients[i].fd = -1;
	fake->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fake->listener < 0 ||
	    bind(fake->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
	    listen(fake->listener, MAX_CLIENTS) != 0 ||
	    pthread_create(&fake->thread, NULL, serve, fake) != 0) {
		perror("a fake server");
		exit(99);
	}
}

static void stop(struct fake *fake)
{
	atomic_store(&fake->over, true);
	pthread_join(fake->thread, NULL);
	close(fake->listener);
	for (size_t i = 0; i < MAX_CLIENTS; i++) {
		if (fake->clients[i].fd >= 0)
			close(fake->clients[i].fd);
	}
}

static struct hs_settings *make_settings(const char *host)
{
	struct hs_error err = HS_ERROR_INIT;
	struct hs_settings *settings = NULL;

	if (!hs_settings_load(NULL, &settings, &err) ||
	    !hs_settings_override(settings, HS_SET_POSTGRES_HOST, host, &err) ||
	    !hs_settings_override(settings, HS_SET_POSTGRES_PORT, "5432", &err)) {
		fprintf(stderr, "cannot test: %s\n", err.message);
		exit(99);
	}
	return settings;
}

static const struct {
	const char *row;
	enum mode mode;
	const char *version;
	enum hs_error_code want;
	const char *part;
} servers[] = {
	{ "direct", DIRECT, "15.20 (Debian 15.20-0+deb12u1)", HS_OK, "" },
	{ "a newer one", DIRECT, "19beta1", HS_OK, "" },
	{ "the oldest", DIRECT, "14.0", HS_OK, "" },
	{ "too old", DIRECT, "13.22", HS_DB_REFUSED, "14 or newer is needed, and this is 13.22" },
	{ "session", SESSION, "15.20", HS_OK, "" },
	{ "session, full", SESSION_FULL, "15.20", HS_OK, "" },
	{ "transaction", TRANSACTION, "15.20", HS_DB_REFUSED, "pool_mode = session" },
	{ "transaction, full", TRANSACTION_FULL, "15.20", HS_DB_REFUSED, "pool_mode = session" },
	{ "round robin", ROUND_ROBIN, "15.20", HS_DB_REFUSED, "pool_mode = session" },
	{ "statement", STATEMENT, "15.20", HS_DB_REFUSED, "pool_mode = session" },
	{ "nonsense", NONSENSE, "15.20", HS_DB_AWAY, "H" },
	{ "full", FULL, "15.20", HS_DB_AWAY, "53300" },
};

static void test_servers(void)
{
	for (size_t i = 0; i < HS_COUNT(servers); i++) {
		struct fake fake = { .mode = servers[i].mode, .version = servers[i].version };
		const char *folder = hs_scratch_dir();
		struct hs_settings *settings = make_settings(folder);
		struct hs_error err = HS_ERROR_INIT;
		struct hs_db_target *target = NULL;
		PGconn *connection = NULL;

		start(&fake, folder);
		expect_done("target",
		    hs_db_target_new(settings, HS_DB_WRITER, "test", &target, &err), &err);
		expect_int(servers[i].row, hs_db_open(target, &connection, &err),
		    servers[i].want == HS_OK);
		expect_code(servers[i].row, &err, servers[i].want);
		expect_contains(servers[i].row, err.message, servers[i].part);
		PQfinish(connection);
		hs_db_target_free(target);
		hs_settings_free(settings);
		stop(&fake);
	}
}

/* Ten seconds in all, however long the server stays silent. */
static void test_silent(void)
{
	struct fake fake = { .mode = SILENT, .version = "15.20" };
	const char *folder = hs_scratch_dir();
	struct hs_settings *settings = make_settings(folder);
	struct hs_error err = HS_ERROR_INIT;
	struct hs_db *db = NULL;
	time_t started = time(NULL);

	start(&fake, folder);
	expect_true("silent", !hs_db_connect(settings, HS_DB_READER, "test", &db, &err));
	expect_code("silent", &err, HS_DB_AWAY);
	expect_contains("silent", err.message, "did not answer");
	expect_contains("silent", err.where, folder);
	expect_true("ten seconds", time(NULL) - started >= 9 && time(NULL) - started <= 13);
	hs_settings_free(settings);
	stop(&fake);
}

static const struct {
	const char *hosts, *ports, *where;
	enum hs_error_code want;
} lists[] = {
	{ "/a", "5432", "", HS_OK },
	{ "/a,/b , db.example", "5432", "", HS_OK },
	{ "/a,/b", "5432,5433", "", HS_OK },
	{ "/a,/b,/c", "5432,5433", "POSTGRES_PORT", HS_BAD_SETTING },
	{ "/1,/2,/3,/4,/5,/6,/7,/8,/9,/10,/11,/12,/13,/14,/15,/16,/17", "5432", "POSTGRES_HOST",
	    HS_BAD_SETTING },
};

static void test_lists(void)
{
	for (size_t i = 0; i < HS_COUNT(lists); i++) {
		struct hs_settings *settings = make_settings(lists[i].hosts);
		struct hs_error err = HS_ERROR_INIT;
		struct hs_db_target *target = NULL;

		expect_done("ports",
		    hs_settings_override(settings, HS_SET_POSTGRES_PORT, lists[i].ports, &err),
		    &err);
		expect_int(lists[i].hosts,
		    hs_db_target_new(settings, HS_DB_READER, "test", &target, &err),
		    lists[i].want == HS_OK);
		expect_code(lists[i].hosts, &err, lists[i].want);
		expect_text(lists[i].hosts, err.where, lists[i].where);
		hs_db_target_free(target);
		hs_settings_free(settings);
	}
}

static const struct hs_case cases[] = {
	{ "servers", test_servers },
	{ "silent", test_silent },
	{ "lists", test_lists },
};

int main(void)
{
	return hs_run_suite("db_connect", cases, HS_COUNT(cases));
}
