/* test_settings.c: the table, what may stand in hoopscout.conf and the environment, which of
 * them wins, and what is said of a bad value. */
#include "common/settings.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/home.h"
#include "common/settings_check.h"
#include "common/text.h"
#include "tests/unit/harness.h"

/* Nothing set, and an empty hoopscout.conf. */
static void clear(void)
{
	for (size_t id = 0; id < HS_SETTING_COUNT; id++)
		unsetenv(hs_setting_rows[id].name);
	setenv("HOOPSCOUT_CONF", "/dev/null", 1);
}

/* A file with that text, named for the life of the test. */
static const char *conf_with(const char *text)
{
	static char path[PATH_MAX];
	struct hs_error err = HS_ERROR_INIT;
	const char *folder = hs_scratch_dir();
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	expect_done("conf", hs_file_write(dir, "hoopscout.conf", text, strlen(text), 0600, &err),
	    &err);
	close(dir);
	snprintf(path, sizeof path, "%s/hoopscout.conf", folder);
	return path;
}

static struct hs_settings *load(const char *row, const char *conf)
{
	struct hs_error err = HS_ERROR_INIT;
	struct hs_settings *settings = NULL;

	expect_done(row, hs_settings_load(conf, &settings, &err), &err);
	return settings;
}

static const struct {
	enum hs_setting id;
	const char *value, *want;
	const char *says;		/* NULL: it is allowed */
} values[] = {
	{ HS_SET_STATE_DIR, "/srv//hoop/./x/", "/srv/hoop/x", NULL },
	{ HS_SET_STATE_DIR, "/", "/", NULL },
	{ HS_SET_STATE_DIR, "/a/../b", "/a/../b", NULL },
	{ HS_SET_STATE_DIR, "/a\nb", NULL, "without control characters, not \"/a\nb\"" },
	{ HS_SET_INCOMING_DIR, "./in", "/state/in", NULL },
	{ HS_SET_INCOMING_DIR, "/in", "/in", NULL },
	{ HS_SET_INCOMING_DIR, "in\xff", "/state/in\xff", NULL },
	{ HS_SET_BASE_PATH, "/scout", "/scout", NULL },
	{ HS_SET_BASE_PATH, "/a-b/c_d/e.f", "/a-b/c_d/e.f", NULL },
	{ HS_SET_BASE_PATH, "scout", NULL, "begins with / and does not end with it" },
	{ HS_SET_BASE_PATH, "/", NULL, "as /scout), not \"/\"" },
	{ HS_SET_BASE_PATH, "/scout/", NULL, "does not end" },
	{ HS_SET_BASE_PATH, "//scout", NULL, "HOOPSCOUT_BASE_PATH must be" },
	{ HS_SET_BASE_PATH, "/a/../b", NULL, "HOOPSCOUT_BASE_PATH must be" },
	{ HS_SET_BASE_PATH, "/a b", NULL, "HOOPSCOUT_BASE_PATH must be" },
	{ HS_SET_BASE_PATH, "/a?b", NULL, "HOOPSCOUT_BASE_PATH must be" },
	{ HS_SET_BASE_PATH, "/a%20b", NULL, "HOOPSCOUT_BASE_PATH must be" },
	{ HS_SET_BASE_PATH, "/a;b", NULL, "HOOPSCOUT_BASE_PATH must be" },
	{ HS_SET_LISTEN, "127.0.0.1:80", "127.0.0.1:80", NULL },
	{ HS_SET_LISTEN, "[::]:8000, unix:/run/x.sock", "[::]:8000, unix:/run/x.sock", NULL },
	{ HS_SET_LISTEN, "tls:127.0.0.1:8443", NULL, "needs HOOPSCOUT_TLS_CERTIFICATE and" },
	{ HS_SET_LISTEN, "tls:unix:/run/x.sock", NULL, "tls:ADDRESS:PORT for HTTPS" },
	{ HS_SET_LISTEN, "tls:8443", NULL, "not \"tls:8443\"" },
	{ HS_SET_LISTEN, "https://127.0.0.1:8443", NULL, "tls:ADDRESS:PORT for HTTPS" },
	{ HS_SET_LISTEN, "localhost:8000", "localhost:8000", NULL },
	{ HS_SET_LISTEN, "8000", NULL, "must be ADDRESS:PORT, [IPV6-ADDRESS]:PORT or unix:/PATH" },
	{ HS_SET_LISTEN, ":8000", NULL, "ADDRESS:PORT" },
	{ HS_SET_LISTEN, "::1:8000", NULL, "ADDRESS:PORT" },
	{ HS_SET_LISTEN, "[]:8000", NULL, "ADDRESS:PORT" },
	{ HS_SET_LISTEN, "127.0.0.1:0", NULL, "ADDRESS:PORT" },
	{ HS_SET_LISTEN, "127.0.0.1:65536", NULL, "not \"127.0.0.1:65536\"" },
	{ HS_SET_LISTEN, "127.0.0.1:80,127.0.0.1:x", NULL, "not \"127.0.0.1:x\"" },
	{ HS_SET_LISTEN, "unix:x", NULL, "unix:/PATH" },
	{ HS_SET_LISTEN, "a:1,a:1", NULL, "nothing stands twice" },
	{ HS_SET_LISTEN, " , ,", NULL, "comma separated" },
	{ HS_SET_DAEMONS, "importer", "importer", NULL },
	{ HS_SET_DAEMONS, "web, importer", "web, importer", NULL },
	{ HS_SET_DAEMONS, "web,wbe", NULL, "words from web,importer,extractor, not \"wbe\"" },
	{ HS_SET_DAEMONS, "web,web", NULL, "nothing stands twice" },
	{ HS_SET_EXTRACTOR_ALLOW_PRIVATE_HOSTS, "a.example.org, 10.0.0.7, [fd00::7], ::1, localhost, "
	    "_x.y-z., b\xc3\xbc" "cher.example", "a.example.org, 10.0.0.7, [fd00::7], ::1, localhost, "
	    "_x.y-z., b\xc3\xbc" "cher.example", NULL },
	{ HS_SET_EXTRACTOR_ALLOW_PRIVATE_HOSTS, "http://a.example", NULL,
	    "without scheme, port and path (as feeds.example.org, 10.0.0.7 or [fd00::7]), not "
	    "\"http://a.example\"" },
	{ HS_SET_EXTRACTOR_ALLOW_PRIVATE_HOSTS, "a.example,b.example:80", NULL, "\"b.example:80\"" },
	{ HS_SET_EXTRACTOR_ALLOW_PRIVATE_HOSTS, "10.0.0.7:99999", NULL, "hosts" },
	{ HS_SET_EXTRACTOR_ALLOW_PRIVATE_HOSTS, "[fd00::7]:80", NULL, "hosts" },
	{ HS_SET_EXTRACTOR_ALLOW_PRIVATE_HOSTS, "[fd00::7", NULL, "hosts" },
	{ HS_SET_EXTRACTOR_ALLOW_PRIVATE_HOSTS, "fd00:0::7", NULL, "hosts" },	/* is fd00::7 */
	{ HS_SET_EXTRACTOR_ALLOW_PRIVATE_HOSTS, "127.1", NULL, "hosts" },	/* is 127.0.0.1 */
	{ HS_SET_EXTRACTOR_ALLOW_PRIVATE_HOSTS, "a.example/x", NULL, "hosts" },
	{ HS_SET_EXTRACTOR_ALLOW_PRIVATE_HOSTS, "a example", NULL, "hosts" },
	{ HS_SET_EXTRACTOR_ALLOW_PRIVATE_HOSTS, "a..example", NULL, "hosts" },
	{ HS_SET_EXTRACTOR_ALLOW_PRIVATE_HOSTS, ".", NULL, "hosts" },
	{ HS_SET_EXTRACTOR_IGNORE_ROBOTS_HOSTS, "*.example", NULL, "\"*.example\"" },
	{ HS_SET_EXTRACTOR_IGNORE_ROBOTS_HOSTS, "a.example", "a.example", NULL },
	{ HS_SET_LOG_LEVEL, "debug", "debug", NULL },
	{ HS_SET_LOG_LEVEL, "loud", NULL, "one of error,warning,info,debug, not \"loud\"" },
	{ HS_SET_STOP_SECONDS, "1", "1", NULL },
	{ HS_SET_STOP_SECONDS, "0", NULL, "a whole number from 1 to 3600, not \"0\" (seconds)" },
	{ HS_SET_STOP_SECONDS, "3601", NULL, "from 1 to 3600" },
	{ HS_SET_STOP_SECONDS, "20s", NULL, "not \"20s\"" },
	{ HS_SET_AUTO_MIGRATE, "No", "No", NULL },
	{ HS_SET_AUTO_MIGRATE, "TRUE", "TRUE", NULL },
	{ HS_SET_AUTO_MIGRATE, "maybe", NULL, "must be yes or no" },
	{ HS_SET_POSTGRES_PORT, "5433", "5433", NULL },
	{ HS_SET_POSTGRES_PORT, "70000", NULL, "from 1 to 65535" },
	{ HS_SET_POSTGRES_PORT, "5432,5433", NULL, "one for each of the 0 hosts in POSTGRES_HOST; "
	    "it names 2" },
	{ HS_SET_POSTGRES_USER, "se\xff", NULL, "valid UTF-8" },
	{ HS_SET_POSTGRES_USER, "jürgen", "jürgen", NULL },
	{ HS_SET_POSTGRES_PASSWORD, "a b'\"#=", "a b'\"#=", NULL },
	{ HS_SET_POSTGRES_PASSWORD, "se\tcret", NULL, "its value is not shown" },
	{ HS_SET_MAX_RECORD_BYTES, "1K", "1K", NULL },
	{ HS_SET_MAX_RECORD_BYTES, "128M", "128M", NULL },
	{ HS_SET_MAX_RECORD_BYTES, "2G", NULL, "a size from 1K to 128M" },
	{ HS_SET_MAX_RECORD_BYTES, "16MB", NULL, "not \"16MB\"" },
	{ HS_SET_EMPTY_FILE_SECONDS, "0", "0", NULL },
	{ HS_SET_EMPTY_FILE_SECONDS, "86401", NULL, "from 0 to 86400" },
};

static void test_values(void)
{
	for (size_t i = 0; i < HS_COUNT(values); i++) {
		const struct hs_setting_row *row = &hs_setting_rows[values[i].id];
		struct hs_error err = HS_ERROR_INIT;
		struct hs_settings *settings = NULL;
		char name[256];

		snprintf(name, sizeof name, "%s=%s", row->name, values[i].value);
		clear();
		setenv("HOOPSCOUT_STATE_DIR", "/state", 1);
		setenv(row->name, values[i].value, 1);
		if (values[i].says == NULL) {
			if ((settings = load(name, NULL)) != NULL)
				expect_text(name, hs_setting_text(settings, values[i].id),
				    values[i].want);
			hs_settings_free(settings);
			continue;
		}
		expect_true(name, !hs_settings_load(NULL, &settings, &err) && settings == NULL);
		expect_code(name, &err, HS_BAD_SETTING);
		expect_text(name, err.where, row->name);
		expect_contains(name, err.message, row->name);
		expect_contains(name, err.message, values[i].says);
		if (row->secret)
			expect_true(name, strstr(err.message, values[i].value) == NULL);
	}
}

/* Certificate and key come together, and not only where nothing needs them. */
static void test_tls(void)
{
	static const struct { const char *listen, *certificate, *key, *says; } rows[] = {
		{ "tls:127.0.0.1:8443, a:1,tls:[::]:8443", "/c.pem", "k.pem", NULL },
		{ "127.0.0.1:80", "/c.pem", "/k.pem", NULL },
		{ "127.0.0.1:80", "/c.pem", NULL, "or neither; the key is missing" },
		{ "127.0.0.1:80", NULL, "/k.pem", "or neither; the certificate is missing" },
		{ "a:1, tls:a:2", NULL, NULL, "which needs HOOPSCOUT_TLS_CERTIFICATE and" },
	};

	for (size_t i = 0; i < HS_COUNT(rows); i++) {
		struct hs_error err = HS_ERROR_INIT;
		struct hs_settings *settings = NULL;

		clear();
		setenv("HOOPSCOUT_STATE_DIR", "/state", 1);
		setenv("HOOPSCOUT_LISTEN", rows[i].listen, 1);
		if (rows[i].certificate != NULL)
			setenv("HOOPSCOUT_TLS_CERTIFICATE", rows[i].certificate, 1);
		if (rows[i].key != NULL)
			setenv("HOOPSCOUT_TLS_KEY", rows[i].key, 1);
		expect_int(rows[i].listen, hs_settings_load(NULL, &settings, &err),
		    rows[i].says == NULL);
		expect_code(rows[i].listen, &err, rows[i].says == NULL ? HS_OK : HS_BAD_SETTING);
		if (rows[i].says != NULL)
			expect_contains(rows[i].listen, err.message, rows[i].says);
		hs_settings_free(settings);
	}
}

static void test_numbers(void)
{
	struct hs_settings *settings;

	clear();
	if ((settings = load("defaults", NULL)) != NULL) {
		expect_int("size", hs_setting_int(settings, HS_SET_MAX_RECORD_BYTES), 16 << 20);
		expect_int("seconds", hs_setting_int(settings, HS_SET_STOP_SECONDS), 20);
		expect_int("port", hs_setting_int(settings, HS_SET_POSTGRES_PORT), 5432);
		expect_true("yes", hs_setting_bool(settings, HS_SET_AUTO_MIGRATE));
	}
	hs_settings_free(settings);
	setenv("HOOPSCOUT_AUTO_MIGRATE", "Off", 1);
	setenv("POSTGRES_HOST", "a,b", 1);
	setenv("POSTGRES_PORT", "5433, 5434", 1);
	if ((settings = load("given", NULL)) != NULL) {
		expect_true("off", !hs_setting_bool(settings, HS_SET_AUTO_MIGRATE));
		expect_int("first port", hs_setting_int(settings, HS_SET_POSTGRES_PORT), 5433);
		expect_true("external", !hs_settings_private_postgres(settings));
	}
	hs_settings_free(settings);
}

static void test_defaults(void)
{
	char want[2 * PATH_MAX], state[PATH_MAX + 32], clone[PATH_MAX], buf[128];
	bool in_clone = hs_home_clone(clone, sizeof clone);	/* not so when built elsewhere */
	struct hs_settings *settings;

	clear();
	if ((settings = load("defaults", NULL)) == NULL)
		return;
	/* a user in a clone; root, or an installed program */
	if (in_clone && geteuid() != 0)
		snprintf(state, sizeof state, "%s/var", clone);
	else
		snprintf(state, sizeof state, "%s", HS_STATE_DIR);
	expect_text("state", hs_setting_text(settings, HS_SET_STATE_DIR), state);
	snprintf(want, sizeof want, "%s/control.sock", state);
	expect_text("control", hs_setting_text(settings, HS_SET_CONTROL_SOCKET), want);
	snprintf(want, sizeof want, "%s/snapshots/incoming", state);
	expect_text("incoming", hs_setting_text(settings, HS_SET_INCOMING_DIR), want);
	expect_text("data", hs_setting_text(settings, HS_SET_DATA_DIR),
	    in_clone ? clone : HS_DATA_DIR);
	expect_text("bin", hs_setting_text(settings, HS_SET_POSTGRES_BIN_DIR), "");
	expect_text("listen", hs_setting_text(settings, HS_SET_LISTEN), "127.0.0.1:8000");
	expect_true("private", hs_settings_private_postgres(settings));
	expect_text("origin", hs_setting_origin_text(settings, HS_SET_LISTEN), "default");
	expect_true("has web", hs_setting_has(settings, HS_SET_DAEMONS, "web"));
	expect_true("has no we", !hs_setting_has(settings, HS_SET_DAEMONS, "we"));
	expect_true("second", hs_setting_item(settings, HS_SET_DAEMONS, 1, buf, sizeof buf));
	expect_text("second", buf, "importer");
	expect_true("third", hs_setting_item(settings, HS_SET_DAEMONS, 2, buf, sizeof buf));
	expect_text("third", buf, "extractor");
	expect_true("no fourth", !hs_setting_item(settings, HS_SET_DAEMONS, 3, buf, sizeof buf));
	hs_settings_free(settings);
}

static void test_order(void)
{
	const char *conf = conf_with("\xef\xbb\xbf# a comment\r\n"
	    "HOOPSCOUT_STATE_DIR = /from/file\r\n"
	    "\n"
	    "  POSTGRES_PASSWORD=\"a # b=c\"\n"
	    "POSTGRES_USER='scout'\n"
	    "POSTGRES_DB=\n"
	    "HOOPSCOUT_LISTEN=127.0.0.1:1\n"
	    "EXTRACTOR_USER_AGENT=mine\n"
	    "SCHEDULER_ENABLED=1\n"
	    "APP_IMAGE_TAG=latest\nNGINX_IMAGE_TAG=latest\n"
	    "HOOPSCOUT_SEARCH_SECONDS=7");
	struct hs_settings *settings;

	clear();
	setenv("HOOPSCOUT_LISTEN", "127.0.0.1:2", 1);
	setenv("POSTGRES_USER", "", 1);
	if ((settings = load("order", conf)) == NULL)
		return;
	expect_text("file", hs_setting_text(settings, HS_SET_STATE_DIR), "/from/file");
	expect_text("below it", hs_setting_text(settings, HS_SET_FAILED_DIR),
	    "/from/file/snapshots/failed");
	expect_int("origin", hs_setting_origin(settings, HS_SET_STATE_DIR), HS_FROM_FILE);
	expect_text("origin", hs_setting_origin_text(settings, HS_SET_STATE_DIR), conf);
	expect_text("quoted", hs_setting_text(settings, HS_SET_POSTGRES_PASSWORD), "a # b=c");
	expect_text("an empty one in the environment is not given",
	    hs_setting_text(settings, HS_SET_POSTGRES_USER), "scout");
	expect_text("an empty one in the file is not given",
	    hs_setting_text(settings, HS_SET_POSTGRES_DB), "hoopscout");
	expect_text("the environment wins", hs_setting_text(settings, HS_SET_LISTEN),
	    "127.0.0.1:2");
	expect_text("origin", hs_setting_origin_text(settings, HS_SET_LISTEN), "environment");
	expect_int("last line without newline", hs_setting_int(settings, HS_SET_SEARCH_SECONDS), 7);
	hs_settings_free(settings);

	setenv("HOOPSCOUT_CONF", conf, 1);
	if ((settings = load("HOOPSCOUT_CONF", NULL)) != NULL)
		expect_text("HOOPSCOUT_CONF", hs_setting_text(settings, HS_SET_STATE_DIR),
		    "/from/file");
	hs_settings_free(settings);
}

static const struct {
	const char *row, *text, *where, *says;	/* where: the setting, or what follows the path */
} bad_files[] = {
	{ "unknown", "# x\nHOOPSCOUT_LISTN=1\n", ":2", "\"HOOPSCOUT_LISTN\" is not a setting: did "
	    "you mean HOOPSCOUT_LISTEN?" },
	{ "far from all", "COLOUR=red", ":1", "hoopscout.conf(5) has them all" },
	{ "lower case", "postgres_db=x", ":1", "did you mean POSTGRES_DB?" },
	{ "near a later part's", "APP_IMAGE_TAGS=x", ":1", "is not a setting" },
	{ "no equals", "HOOPSCOUT_LISTEN 1", ":1", "no '='" },
	{ "twice", "POSTGRES_DB=a\nPOSTGRES_DB=b\n", ":2", "already in line 1" },
	{ "export", "export POSTGRES_DB=a", ":1", "\"export POSTGRES_DB\" is not a setting" },
	{ "bad value", "\n\nHOOPSCOUT_STOP_SECONDS=x\n", "HOOPSCOUT_STOP_SECONDS", ", line 3)" },
	{ "any bytes", "\xff\xfe=1", ":1", "\xef\xbf\xbd" },
	{ "a secret under a wrong name", "POSTGRES_PASWORD=hush", ":1", "POSTGRES_PASSWORD" },
};

static void test_bad_files(void)
{
	for (size_t i = 0; i < HS_COUNT(bad_files); i++) {
		const char *row = bad_files[i].row, *conf = conf_with(bad_files[i].text);
		struct hs_error err = HS_ERROR_INIT;
		struct hs_settings *settings = NULL;

		clear();
		expect_true(row, !hs_settings_load(conf, &settings, &err));
		expect_code(row, &err, HS_BAD_SETTING);
		expect_contains(row, err.where, bad_files[i].where);
		if (bad_files[i].where[0] == ':')
			expect_contains(row, err.where, conf);
		expect_contains(row, err.message, bad_files[i].says);
		expect_true(row, strstr(err.message, "hush") == NULL);
	}
}

static void test_no_file(void)
{
	struct hs_error err = HS_ERROR_INIT;
	struct hs_settings *settings = NULL;

	clear();
	expect_true("missing", !hs_settings_load("/nowhere/hoopscout.conf", &settings, &err));
	expect_code("missing", &err, HS_NOT_FOUND);
	expect_text("missing", err.where, "/nowhere/hoopscout.conf");
	expect_true("a folder", !hs_settings_load("/", &settings, &err));
	setenv("HOOPSCOUT_CONF", "nowhere.conf", 1);
	expect_true("missing", !hs_settings_load(NULL, &settings, &err));
	expect_code("missing", &err, HS_NOT_FOUND);
	expect_contains("made absolute", err.where, "/nowhere.conf");
}

static void test_relative(void)
{
	char here[PATH_MAX], want[PATH_MAX + 8];
	struct hs_settings *settings;

	clear();
	setenv("HOOPSCOUT_STATE_DIR", "./var", 1);
	expect_true("getcwd", getcwd(here, sizeof here) != NULL);
	if ((settings = load("relative", NULL)) == NULL)
		return;
	snprintf(want, sizeof want, "%s/var", here);
	expect_text("state folder", hs_setting_text(settings, HS_SET_STATE_DIR), want);
	hs_settings_free(settings);
}

static void test_postgres_folders(void)
{
	struct hs_error err = HS_ERROR_INIT;
	struct hs_settings *settings;
	char buf[256], deep[128];

	clear();
	setenv("HOOPSCOUT_STATE_DIR", "/s", 1);
	if ((settings = load("short", NULL)) == NULL)
		return;
	expect_done("data", hs_settings_postgres_data(settings, buf, sizeof buf, &err), &err);
	expect_text("data", buf, "/s/postgres");
	expect_done("run", hs_settings_postgres_socket_dir(settings, buf, sizeof buf, &err), &err);
	expect_text("run", buf, "/s/run");
	for (size_t length = 80; length < 100; length++) {
		/* LENGTH + "/run" + "/.s.PGSQL.5432" */
		bool fits = length + 4 + 14 <= 107;

		memset(deep, 'd', length);
		deep[0] = '/';
		deep[length] = '\0';
		expect_done(deep, hs_settings_override(settings, HS_SET_STATE_DIR, deep, &err),
		    &err);
		expect_int(deep, hs_settings_postgres_socket_dir(settings, buf, sizeof buf, &err),
		    fits);
		if (!fits)
			expect_code(deep, &err, HS_BAD_SETTING);
	}
	hs_settings_free(settings);
}

static void test_override(void)
{
	struct hs_error err = HS_ERROR_INIT;
	struct hs_settings *settings;

	clear();
	if ((settings = load("override", NULL)) == NULL)
		return;
	expect_done("host", hs_settings_override(settings, HS_SET_POSTGRES_HOST, "/s/run", &err),
	    &err);
	expect_text("host", hs_setting_text(settings, HS_SET_POSTGRES_HOST), "/s/run");
	expect_true("bad", !hs_settings_override(settings, HS_SET_STOP_SECONDS, "x", &err));
	expect_int("stays", hs_setting_int(settings, HS_SET_STOP_SECONDS), 20);
	expect_done("set", hs_settings_override(settings, HS_SET_STOP_SECONDS, "30", &err), &err);
	expect_int("set", hs_setting_int(settings, HS_SET_STOP_SECONDS), 30);
	expect_done("default", hs_settings_override(settings, HS_SET_STOP_SECONDS, "", &err), &err);
	expect_int("default", hs_setting_int(settings, HS_SET_STOP_SECONDS), 20);
	hs_settings_free(settings);
}

/* Every row can be printed, found and given its own default. */
static void test_table(void)
{
	for (size_t id = 0; id < HS_SETTING_COUNT; id++) {
		const struct hs_setting_row *row = &hs_setting_rows[id];
		struct hs_error err = HS_ERROR_INIT;
		struct hs_setting_value value = { .text = NULL };
		enum hs_setting found;

		if (!expect_true("a row for every constant", row->name != NULL &&
		    row->help != NULL &&
			row->fallback != NULL))
			continue;
		expect_true(row->name, hs_setting_find(row->name, &found) && found == id);
		expect_text(row->name, hs_setting_nearest(row->name), row->name);
		expect_true(row->name, strlen(row->help) < 98 &&
		    row->help[strlen(row->help) - 1] == '.');
		expect_true(row->name, row->fallback[0] != '\0' || row->fallback_words != NULL);
		if (row->fallback[0] != '\0')
			expect_done(row->name, hs_setting_check(row, row->fallback, "/s", &value,
			    &err), &err);
		free(value.text);
	}
}

/* The committed .env.example is what the table says; this program's
 * --env-example prints it. */
static void test_env_example(void)
{
	struct hs_error err = HS_ERROR_INIT;
	char path[PATH_MAX], *committed = NULL, *text = hs_settings_env_example();
	size_t length;

	snprintf(path, sizeof path, "%s/.env.example", hs_source_dir());
	if (expect_true("made", text != NULL) &&
	    expect_done("read", hs_file_slurp(AT_FDCWD, path, 1 << 20, &committed, &length, &err),
	    &err))
		expect_text(".env.example", committed, text);
	free(committed);
	free(text);
}

/* .env.example with every '#' taken off is a valid hoopscout.conf that changes nothing. */
static void test_example_is_valid(void)
{
	struct hs_settings *with, *without;
	char *text = hs_settings_env_example();

	if (!expect_true("made", text != NULL))
		return;
	for (char *at = strstr(text, "\n#"); at != NULL; at = strstr(at + 1, "\n#")) {
		if (at[2] != ' ')
			at[1] = ' ';
	}
	clear();
	with = load("with", conf_with(text));
	without = load("without", NULL);
	for (int id = 0; with != NULL && without != NULL && id < HS_SETTING_COUNT; id++)
		expect_text(hs_setting_rows[id].name, hs_setting_text(with, (enum hs_setting)id),
		    hs_setting_text(without, (enum hs_setting)id));
	hs_settings_free(with);
	hs_settings_free(without);
	free(text);
}

/* Last: what an export has put into the environment stays for the life of the process. */
static void test_export(void)
{
	const char *conf = conf_with("HOOPSCOUT_STOP_SECONDS=30\nPOSTGRES_DB=scouts\n");
	struct hs_error err = HS_ERROR_INIT;
	struct hs_settings *settings;
	int dir;
	char folder[PATH_MAX];

	clear();
	setenv("HOOPSCOUT_CONF", conf, 1);
	setenv("HOOPSCOUT_LISTEN", "127.0.0.1:9", 1);
	if ((settings = load("first", NULL)) == NULL)
		return;
	expect_done("export", hs_settings_export(settings, &err), &err);
	hs_settings_free(settings);
	expect_text("from the file", getenv("HOOPSCOUT_STOP_SECONDS"), "30");
	expect_text("a default", getenv("HOOPSCOUT_DAEMONS"), "web,importer,extractor");
	expect_true("nothing", getenv("POSTGRES_HOST") == NULL);
	expect_text("no file for a child", getenv("HOOPSCOUT_CONF"), "/dev/null");

	/* a reload takes up what has changed in the file */
	snprintf(folder, sizeof folder, "%s", conf);
	*strrchr(folder, '/') = '\0';
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	expect_done("change", hs_file_write(dir, "hoopscout.conf", "HOOPSCOUT_STOP_SECONDS=40\n",
	    26, 0600,
	    &err), &err);
	close(dir);
	if ((settings = load("reload", NULL)) == NULL)
		return;
	expect_int("changed", hs_setting_int(settings, HS_SET_STOP_SECONDS), 40);
	expect_text("gone", hs_setting_text(settings, HS_SET_POSTGRES_DB), "hoopscout");
	expect_text("environment", hs_setting_text(settings, HS_SET_LISTEN), "127.0.0.1:9");
	expect_text("origin", hs_setting_origin_text(settings, HS_SET_LISTEN), "environment");
	expect_text("origin", hs_setting_origin_text(settings, HS_SET_DAEMONS), "default");
	hs_settings_free(settings);
}

int main(int argc, char **argv)
{
	static const struct hs_case cases[] = {
		{ "the table", test_table },
		{ "values", test_values },
		{ "certificate and key", test_tls },
		{ "numbers and yes or no", test_numbers },
		{ "defaults", test_defaults },
		{ "file and environment", test_order },
		{ "bad files", test_bad_files },
		{ "no file", test_no_file },
		{ "a relative state folder", test_relative },
		{ "folders of the private database", test_postgres_folders },
		{ "override", test_override },
		{ ".env.example is the table's", test_env_example },
		{ ".env.example changes nothing", test_example_is_valid },
		{ "export and reload", test_export },
	};

	if (argc == 2 && strcmp(argv[1], "--env-example") == 0) {
		char *text = hs_settings_env_example();
		bool is_printed = text != NULL && fputs(text, stdout) != EOF;

		free(text);
		return is_printed ? 0 : 1;
	}
	return hs_run_suite("settings", cases, HS_COUNT(cases));
}
