/* settings.c: the effective settings of a program: defaults, then hoopscout.conf, then the
 * environment.
 *
 * Trusts the table. Every value is checked before any is used; the first that is not
 * allowed ends it, with its name, where it stands and what is allowed. What a program may
 * ask is fixed by the table: asking a text for its number is a broken promise. */
#include "common/settings.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/home.h"
#include "common/log.h"
#include "common/settings_check.h"
#include "common/settings_file.h"

enum { MAX_SOCKET_PATH = 107 };

static const char conf_name[] = "HOOPSCOUT_CONF";
static const char our_prefix[] = "HOOPSCOUT_";

/* In a child's environment: every value stands there already, and was checked. */
static const char no_conf[] = "/dev/null";

extern char **environ;

struct setting {
	struct hs_setting_value value;
	enum hs_setting_origin origin;
};

struct hs_settings {
	struct setting all[HS_SETTING_COUNT];
	char conf_path[PATH_MAX];	/* "" when there is no file */
	char clone[PATH_MAX];		/* "" when installed */
};

/* The environment as it was before hs_settings_export changed it, for reloads. The
 * environment belongs to the process, and so does this. */
static struct {
	bool is_kept;
	char *values[HS_SETTING_COUNT];
	char *conf;
} before_export;

static const char *given_value(enum hs_setting id)
{
	const char *value = before_export.is_kept ? before_export.values[id] :
	    getenv(hs_setting_rows[id].name);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

static const char *given_conf(void)
{
	const char *path = before_export.is_kept ? before_export.conf : getenv(conf_name);

	return path != NULL && path[0] != '\0' ? path : NULL;
}

/* Whether a name in the environment is meant for somebody else, or for our tests. */
static bool is_known_elsewhere(const char *name)
{
	static const char *const names[] = {
		"HOOPSCOUT_CONF", "HOOPSCOUT_PUBLISH", "HOOPSCOUT_BUILD_DIR", "HOOPSCOUT_SHARED_DIR",
		"HOOPSCOUT_KEEP_TEST_DIRS", "HOOPSCOUT_NO_BROWSER",
		"HOOPSCOUT_TESTS", "HOOPSCOUT_UPDATE_DOCS",
	};

	for (size_t i = 0; i < HS_COUNT(names); i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

static void warn_of_unknown_names(void)
{
	for (char **at = environ; *at != NULL; at++) {
		size_t length = strcspn(*at, "=");
		enum hs_setting id;
		char name[128];

		if (strncmp(*at, our_prefix, strlen(our_prefix)) != 0 || length >= sizeof name)
			continue;
		memcpy(name, *at, length);
		name[length] = '\0';
		if (!hs_setting_find(name, &id) && !is_known_elsewhere(name))
			hs_log(HS_LOG_WARNING,
			    "this name in the environment is no setting and is ignored",
			    HS_STR("name", name), HS_STR("nearest", hs_setting_nearest(name)));
	}
}

/* Where a relative path begins for the state folder itself, and for hoopscout.conf. */
static bool working_folder(char *buf, size_t size, struct hs_error *err)
{
	if (getcwd(buf, size) == NULL)
		return hs_error_errno(err, "", "cannot tell the working folder");
	return true;
}

static bool set_conf_path(struct hs_settings *settings, const char *path, struct hs_error *err)
{
	char here[PATH_MAX] = "";
	int length;

	if (path[0] != '/' && !working_folder(here, sizeof here, err))
		return false;
	length = snprintf(settings->conf_path, sizeof settings->conf_path, "%s%s%s", here,
	    path[0] != '/' ? "/" : "", path);
	if (length < 0 || (size_t)length >= sizeof settings->conf_path)
		return hs_error_set(err, HS_BAD_SETTING, conf_name, "the file's path is too long");
	return true;
}

/* Settles which file is read; conf_path stays "" when there is none. */
static bool find_conf(struct hs_settings *settings, const char *path, struct hs_error *err)
{
	int length;

	if (path == NULL)
		path = given_conf();
	if (path != NULL)
		return set_conf_path(settings, path, err);
	if (settings->clone[0] != '\0') {
		length = snprintf(settings->conf_path, sizeof settings->conf_path,
		    "%s/etc/hoopscout.conf", settings->clone);
		if (length > 0 && (size_t)length < sizeof settings->conf_path &&
		    access(settings->conf_path, F_OK) == 0)
			return true;
	}
	snprintf(settings->conf_path, sizeof settings->conf_path, "%s",
	    HS_CONF_DIR "/hoopscout/hoopscout.conf");
	if (access(settings->conf_path, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR))
		settings->conf_path[0] = '\0';
	return true;
}

/* The built-in default; what depends on where we run is written to buf. */
static const char *default_of(const struct hs_settings *settings, enum hs_setting id,
    char buf[PATH_MAX + 20])
{
	bool in_clone = settings->clone[0] != '\0';

	switch (id) {
	case HS_SET_STATE_DIR:
		if (!in_clone || geteuid() == 0)
			return HS_STATE_DIR;
		snprintf(buf, PATH_MAX + 20, "%s/var", settings->clone);
		return buf;
	case HS_SET_DATA_DIR:
		return in_clone ? settings->clone : HS_DATA_DIR;
	case HS_SET_EXTRACTOR_MAPPINGS_DIR:
		if (!in_clone)
			return HS_CONF_DIR "/hoopscout/extractors";
		snprintf(buf, PATH_MAX + 20, "%s/etc/extractors", settings->clone);
		return buf;
	default:
		return hs_setting_rows[id].fallback;
	}
}

/* Says where a value that is not allowed stands. */
static bool add_origin(const struct hs_settings *settings, enum hs_setting_origin origin,
    unsigned line, struct hs_error *err)
{
	char name[HS_ERROR_WHERE_BYTES];

	if (err->code != HS_BAD_SETTING || origin == HS_FROM_DEFAULT)
		return false;
	snprintf(name, sizeof name, "%s", err->where);
	if (origin == HS_FROM_ENVIRONMENT)
		return hs_error_set(err, HS_BAD_SETTING, name, "%s (in the environment)",
		    err->message);
	return hs_error_set(err, HS_BAD_SETTING, name, "%s (in %s, line %u)", err->message,
	    settings->conf_path, line);
}

static bool set_value(struct hs_settings *settings, enum hs_setting id, const char *text,
    struct hs_error *err)
{
	struct hs_setting_value value = { .text = NULL };
	const char *base = settings->all[HS_SET_STATE_DIR].value.text;
	char here[PATH_MAX];

	if (id == HS_SET_STATE_DIR) {
		if (!working_folder(here, sizeof here, err))
			return false;
		base = here;
	}
	if (text[0] == '\0') {
		value.text = strdup("");
		if (value.text == NULL)
			return hs_error_set(err, HS_NO_MEMORY, "", "no memory for the settings");
	} else if (!hs_setting_check(&hs_setting_rows[id], text, base, &value, err)) {
		return false;
	}
	free(settings->all[id].value.text);
	settings->all[id].value = value;
	return true;
}

static bool settle(struct hs_settings *settings, enum hs_setting id,
    const struct hs_settings_line *line, struct hs_error *err)
{
	enum hs_setting_origin origin = HS_FROM_ENVIRONMENT;
	const char *text = given_value(id);
	char computed[PATH_MAX + 20];

	if (text == NULL && line->value != NULL && line->value[0] != '\0') {
		text = line->value;
		origin = HS_FROM_FILE;
	}
	if (text == NULL) {
		text = default_of(settings, id, computed);
		origin = HS_FROM_DEFAULT;
	}
	if (!set_value(settings, id, text, err))
		return add_origin(settings, origin, line->number, err);
	settings->all[id].origin = origin;
	return true;
}

static size_t count_items(const char *list)
{
	size_t n = 0, length;
	const char *item;

	while (hs_list_item(list, n, &item, &length))
		n++;
	return n;
}

static bool check_tls(const struct hs_settings *settings, struct hs_error *err)
{
	static const char prefix[] = "tls:";
	const char *listen = hs_setting_text(settings, HS_SET_LISTEN);
	bool has_certificate = hs_setting_text(settings, HS_SET_TLS_CERTIFICATE)[0] != '\0';
	bool has_key = hs_setting_text(settings, HS_SET_TLS_KEY)[0] != '\0', is_used = false;
	const char *item;
	size_t length;

	for (size_t n = 0; hs_list_item(listen, n, &item, &length); n++)
		is_used = is_used || strncmp(item, prefix, strlen(prefix)) == 0;
	if (has_certificate != has_key)
		return hs_error_set(err, HS_BAD_SETTING, hs_setting_rows[has_key ?
		    HS_SET_TLS_CERTIFICATE : HS_SET_TLS_KEY].name, "HOOPSCOUT_TLS_CERTIFICATE and "
		    "HOOPSCOUT_TLS_KEY must both be set, or neither; %s is missing",
		    has_key ? "the certificate" : "the key");
	return has_key || !is_used || hs_error_set(err, HS_BAD_SETTING,
	    hs_setting_rows[HS_SET_LISTEN].name, "HOOPSCOUT_LISTEN has an address for HTTPS "
	    "(tls:), which needs HOOPSCOUT_TLS_CERTIFICATE and HOOPSCOUT_TLS_KEY");
}

/* What no single value can tell. */
static bool check_together(const struct hs_settings *settings, struct hs_error *err)
{
	size_t hosts = count_items(hs_setting_text(settings, HS_SET_POSTGRES_HOST));
	size_t ports = count_items(hs_setting_text(settings, HS_SET_POSTGRES_PORT));

	if (ports == 1 || ports == hosts)
		return check_tls(settings, err);
	return hs_error_set(err, HS_BAD_SETTING, hs_setting_rows[HS_SET_POSTGRES_PORT].name,
	    "POSTGRES_PORT must be one port, or one for each of the %zu hosts in POSTGRES_HOST; "
	    "it names %zu", hosts, ports);
}

static bool fill(struct hs_settings *settings, const char *conf_path, struct hs_error *err)
{
	struct hs_settings_line lines[HS_SETTING_COUNT] = { { .value = NULL } };
	bool done;

	if (!hs_home_clone(settings->clone, sizeof settings->clone))
		settings->clone[0] = '\0';
	done = find_conf(settings, conf_path, err) && (settings->conf_path[0] == '\0' ||
	    hs_settings_file_read(settings->conf_path, lines, err));
	/* the state folder is the first row: the others stand in it */
	for (int id = 0; done && id < HS_SETTING_COUNT; id++)
		done = settle(settings, (enum hs_setting)id, &lines[id], err);
	hs_settings_file_free(lines);
	return done && check_together(settings, err);
}

bool hs_settings_load(const char *conf_path, struct hs_settings **ret, struct hs_error *err)
{
	struct hs_settings *settings = calloc(1, sizeof *settings);

	if (settings == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for the settings");
	if (!fill(settings, conf_path, err)) {
		hs_settings_free(settings);
		return false;
	}
	if (strcmp(settings->conf_path, no_conf) != 0)
		warn_of_unknown_names();
	*ret = settings;
	return true;
}

void hs_settings_free(struct hs_settings *settings)
{
	if (settings == NULL)
		return;
	for (size_t id = 0; id < HS_SETTING_COUNT; id++)
		free(settings->all[id].value.text);
	free(settings);
}

void hs_settings_swap(struct hs_settings *a, struct hs_settings *b)
{
	struct hs_settings before = *a;

	*a = *b;
	*b = before;
}

const char *hs_setting_text(const struct hs_settings *settings, enum hs_setting id)
{
	return settings->all[id].value.text;
}

long long hs_setting_int(const struct hs_settings *settings, enum hs_setting id)
{
	const struct hs_setting_row *row = &hs_setting_rows[id];

	if (row->type != HS_TYPE_INT && row->type != HS_TYPE_SECONDS &&
	    row->type != HS_TYPE_BYTES &&
	    !(row->type == HS_TYPE_LIST && row->max > 0))
		hs_panic("setting %s is no number", row->name);
	return settings->all[id].value.number;
}

bool hs_setting_bool(const struct hs_settings *settings, enum hs_setting id)
{
	if (hs_setting_rows[id].type != HS_TYPE_BOOL)
		hs_panic("setting %s is not yes or no", hs_setting_rows[id].name);
	return settings->all[id].value.is_yes;
}

bool hs_setting_has(const struct hs_settings *settings, enum hs_setting id, const char *word)
{
	size_t length;
	const char *item;

	for (size_t n = 0; hs_list_item(hs_setting_text(settings, id), n, &item, &length); n++) {
		if (strlen(word) == length && memcmp(item, word, length) == 0)
			return true;
	}
	return false;
}

bool hs_setting_item(const struct hs_settings *settings, enum hs_setting id, size_t n,
    char *buf, size_t size)
{
	size_t length;
	const char *item;

	if (!hs_list_item(hs_setting_text(settings, id), n, &item, &length))
		return false;
	if (length >= size)
		hs_panic("an item of %s does not fit %zu bytes", hs_setting_rows[id].name, size);
	memcpy(buf, item, length);
	buf[length] = '\0';
	return true;
}

enum hs_setting_origin hs_setting_origin(const struct hs_settings *settings, enum hs_setting id)
{
	return settings->all[id].origin;
}

const char *hs_setting_origin_text(const struct hs_settings *settings, enum hs_setting id)
{
	switch (settings->all[id].origin) {
	case HS_FROM_DEFAULT:
		return "default";
	case HS_FROM_FILE:
		return settings->conf_path;
	case HS_FROM_ENVIRONMENT:
		return "environment";
	}
	hs_panic("setting %s comes from nowhere", hs_setting_rows[id].name);
}

static bool keep_one(const char *name, char **ret)
{
	const char *value = getenv(name);

	*ret = value != NULL ? strdup(value) : NULL;
	return value == NULL || *ret != NULL;
}

/* Keeps what users gave before our own values take its place. */
static bool keep_environment(struct hs_error *err)
{
	bool done;

	if (before_export.is_kept)
		return true;
	done = keep_one(conf_name, &before_export.conf);
	for (size_t id = 0; done && id < HS_SETTING_COUNT; id++)
		done = keep_one(hs_setting_rows[id].name, &before_export.values[id]);
	if (!done)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to keep the environment");
	before_export.is_kept = true;
	return true;
}

bool hs_settings_export(const struct hs_settings *settings, struct hs_error *err)
{
	if (!keep_environment(err))
		return false;
	for (size_t id = 0; id < HS_SETTING_COUNT; id++) {
		const char *name = hs_setting_rows[id].name;
		const char *value = settings->all[id].value.text;

		if (value[0] != '\0' ? setenv(name, value, 1) != 0 : unsetenv(name) != 0)
			return hs_error_errno(err, name,
			    "cannot put the setting into the environment");
	}
	if (setenv(conf_name, no_conf, 1) != 0)
		return hs_error_errno(err, conf_name,
		    "cannot put the setting into the environment");
	return true;
}

bool hs_settings_override(struct hs_settings *settings, enum hs_setting id, const char *value,
    struct hs_error *err)
{
	char computed[PATH_MAX + 20];

	return set_value(settings, id,
	    value[0] != '\0' ? value : default_of(settings, id, computed), err);
}

bool hs_settings_private_postgres(const struct hs_settings *settings)
{
	return hs_setting_text(settings, HS_SET_POSTGRES_HOST)[0] == '\0';
}

static bool in_state_folder(const struct hs_settings *settings, const char *name, char *buf,
    size_t size, struct hs_error *err)
{
	const char *state = hs_setting_text(settings, HS_SET_STATE_DIR);
	int length = snprintf(buf, size, "%s%s%s", state, strcmp(state, "/") == 0 ? "" : "/", name);

	if (length >= 0 && (size_t)length < size)
		return true;
	return hs_error_set(err, HS_BAD_SETTING, hs_setting_rows[HS_SET_STATE_DIR].name,
	    "HOOPSCOUT_STATE_DIR must be a shorter path than \"%.200s\"", state);
}

bool hs_settings_postgres_data(const struct hs_settings *settings, char *buf, size_t size,
    struct hs_error *err)
{
	return in_state_folder(settings, "postgres", buf, size, err);
}

bool hs_settings_postgres_socket_dir(const struct hs_settings *settings, char *buf, size_t size,
    struct hs_error *err)
{
	long long port = hs_setting_int(settings, HS_SET_POSTGRES_PORT);
	char socket_name[64];
	size_t socket_length;

	if (!in_state_folder(settings, "run", buf, size, err))
		return false;
	socket_length = (size_t)snprintf(socket_name, sizeof socket_name, "/.s.PGSQL.%lld", port);
	if (strlen(buf) + socket_length <= MAX_SOCKET_PATH)
		return true;
	return hs_error_set(err, HS_BAD_SETTING, hs_setting_rows[HS_SET_STATE_DIR].name,
	    "HOOPSCOUT_STATE_DIR must be a shorter path than \"%.200s\": the database's socket "
	    "in it would have %zu bytes, and %d are allowed",
	    hs_setting_text(settings, HS_SET_STATE_DIR), strlen(buf) + socket_length, MAX_SOCKET_PATH);
}
