/* user.c: asks for a password.
 *
 * Trusts the terminal. A signal while it is silent makes it speak again before we end; nothing of
 * the password is left in our memory. */
#include "ctl/user.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "common/account.h"
#include "common/password.h"

/* One byte more than is allowed shows that there is too much; two for the line's end. */
enum { LINE_BYTES = HS_PASSWORD_MAX_BYTES + 4 };

static volatile sig_atomic_t stopped_by;

static void on_signal(int number)
{
	stopped_by = number;
}

static bool refuse_read(struct hs_error *err)
{
	if (stopped_by != 0)
		return hs_error_set(err, HS_CANCELLED, "", "interrupted; nothing was changed");
	return hs_error_errno(err, "", "cannot read the password");
}

/* Reads up to a line's end, byte by byte, since what follows is not ours. Its length goes to
 * *ret_length, without that end. */
static bool read_line(char line[LINE_BYTES], size_t *ret_length, struct hs_error *err)
{
	size_t length = 0;

	while (length < LINE_BYTES) {
		ssize_t got = read(STDIN_FILENO, line + length, 1);

		if (got < 0 && errno == EINTR && stopped_by == 0)
			continue;
		if (got < 0)
			return refuse_read(err);
		if (got == 0 && length == 0)
			return hs_error_set(err, HS_BAD_ARGUMENT, "",
			    "no password was given: write it to standard input, as one line");
		if (got == 0 || line[length] == '\n')
			break;
		length++;
	}
	if (length > 0 && length < LINE_BYTES && line[length - 1] == '\r')
		length--;
	*ret_length = length;
	return true;
}

static bool ask_once(const char *what, const char *name, char line[LINE_BYTES],
    size_t *ret_length, struct hs_error *err)
{
	bool done;

	fprintf(stderr, "%s for %s: ", what, name);
	fflush(stderr);
	done = read_line(line, ret_length, err);
	fputc('\n', stderr);
	return done;
}

static bool ask_twice(const char *name, char line[LINE_BYTES], size_t *ret_length,
    struct hs_error *err)
{
	char again[LINE_BYTES];
	size_t again_length = 0;
	bool done = ask_once("Password", name, line, ret_length, err) &&
	    hs_password_check(line, *ret_length, err) &&
	    ask_once("The same again,", name, again, &again_length, err);

	if (done && (again_length != *ret_length || CRYPTO_memcmp(line, again, again_length) != 0))
		done = hs_error_set(err, HS_BAD_ARGUMENT, "",
		    "the two were not the same; nothing was changed");
	OPENSSL_cleanse(again, sizeof again);
	return done;
}

/* While the terminal is silent, a signal only ends the reading. */
static bool ask_silently(const char *name, char line[LINE_BYTES], size_t *ret_length,
    struct hs_error *err)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };
	struct sigaction before[HS_COUNT(signals)], ours = { .sa_handler = on_signal };
	struct termios loud, silent;
	bool done;

	if (tcgetattr(STDIN_FILENO, &loud) != 0)
		return hs_error_errno(err, "", "cannot make the terminal silent");
	for (size_t i = 0; i < HS_COUNT(signals); i++)
		sigaction(signals[i], &ours, &before[i]);
	silent = loud;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) != 0)
		done = hs_error_errno(err, "", "cannot make the terminal silent");
	else
		done = ask_twice(name, line, ret_length, err);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &loud);
	for (size_t i = 0; i < HS_COUNT(signals); i++)
		sigaction(signals[i], &before[i], NULL);
	return done;
}

bool user_add_password(struct request *request, struct hs_error *err)
{
	const char *name = json_string_value(json_object_get(request->args, "name"));
	char line[LINE_BYTES], hash[HS_PASSWORD_HASH_BYTES];
	size_t length = 0;
	bool done;

	done = hs_account_check_name(name, err) &&
	    (isatty(STDIN_FILENO) ? ask_silently(name, line, &length, err) :
	    read_line(line, &length, err)) && hs_password_hash(line, length, hash, err);
	OPENSSL_cleanse(line, sizeof line);
	if (!done) {
		err->where[0] = '\0';	/* the sentence says it */
		return false;
	}
	return json_object_set_new(request->args, "password_hash", json_string(hash)) == 0 ||
	    hs_error_set(err, HS_NO_MEMORY, "", "no memory for the arguments");
}
