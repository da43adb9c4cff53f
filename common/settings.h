/* settings.h: every setting, declared once, in settings_table.c.
 *
 * Parsing, range checks, .env.example, the man page's list and `hsctl config`
 * all follow from the table. Order, later wins: built-in default,
 * hoopscout.conf (KEY=VALUE lines), environment. An empty value is not given. */
#ifndef HS_SETTINGS_H
#define HS_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

/* The rows of the table, in its order. */
enum hs_setting {
	HS_SET_STATE_DIR,		/* HOOPSCOUT_STATE_DIR */
	HS_SET_LISTEN,			/* HOOPSCOUT_LISTEN */
	HS_SET_TLS_CERTIFICATE,		/* HOOPSCOUT_TLS_CERTIFICATE: with its chain; empty is none */
	HS_SET_TLS_KEY,			/* HOOPSCOUT_TLS_KEY */
	HS_SET_BASE_PATH,		/* HOOPSCOUT_BASE_PATH: "/scout", or empty */
	HS_SET_CONTROL_SOCKET,		/* HOOPSCOUT_CONTROL_SOCKET */
	HS_SET_DAEMONS,			/* HOOPSCOUT_DAEMONS */
	HS_SET_USER,			/* HOOPSCOUT_USER */
	HS_SET_DATA_DIR,		/* HOOPSCOUT_DATA_DIR: templates, htdocs, sql */
	HS_SET_LOG_LEVEL,		/* HOOPSCOUT_LOG_LEVEL */
	HS_SET_LOG_BUFFER_BYTES,	/* HOOPSCOUT_LOG_BUFFER_BYTES */
	HS_SET_START_SECONDS,		/* HOOPSCOUT_START_SECONDS */
	HS_SET_STOP_SECONDS,		/* HOOPSCOUT_STOP_SECONDS */
	HS_SET_AUTO_MIGRATE,		/* HOOPSCOUT_AUTO_MIGRATE */
	HS_SET_POSTGRES_BIN_DIR,	/* HOOPSCOUT_POSTGRES_BIN_DIR: empty is "the newest found" */
	HS_SET_POSTGRES_HOST,		/* POSTGRES_HOST: empty is a private cluster */
	HS_SET_POSTGRES_PORT,		/* POSTGRES_PORT: one, or as many as hosts (text, for libpq) */
	HS_SET_POSTGRES_DB,		/* POSTGRES_DB */
	HS_SET_POSTGRES_USER,		/* POSTGRES_USER */
	HS_SET_POSTGRES_PASSWORD,	/* POSTGRES_PASSWORD, secret */
	HS_SET_REPLICA_LAG_SECONDS,	/* HOOPSCOUT_REPLICA_LAG_SECONDS: 0 is the primary alone */
	HS_SET_INCOMING_DIR,		/* STATIC_DATASET_INCOMING_DIR */
	HS_SET_ARCHIVE_DIR,		/* STATIC_DATASET_ARCHIVE_DIR */
	HS_SET_FAILED_DIR,		/* STATIC_DATASET_FAILED_DIR */
	HS_SET_RESCAN_SECONDS,		/* HOOPSCOUT_RESCAN_SECONDS */
	HS_SET_EMPTY_FILE_SECONDS,	/* HOOPSCOUT_EMPTY_FILE_SECONDS */
	HS_SET_MAX_RECORD_BYTES,	/* HOOPSCOUT_MAX_RECORD_BYTES */
	HS_SET_WEB_MAX_CONNECTIONS,	/* HOOPSCOUT_WEB_MAX_CONNECTIONS */
	HS_SET_WEB_DB_CONNECTIONS,	/* HOOPSCOUT_WEB_DB_CONNECTIONS */
	HS_SET_WEB_CACHE_BYTES,		/* HOOPSCOUT_WEB_CACHE_BYTES */
	HS_SET_SEARCH_SECONDS,		/* HOOPSCOUT_SEARCH_SECONDS: a query may take so long */
	HS_SET_SEARCH_LOOK_UPS,		/* HOOPSCOUT_SEARCH_LOOK_UPS */
	HS_SET_UPLOAD_MAX_BYTES,	/* HOOPSCOUT_UPLOAD_MAX_BYTES: of one request */
	HS_SET_PUBLIC_SEARCH,		/* HOOPSCOUT_PUBLIC_SEARCH: whoever is not signed in may look */
	HS_SET_SESSION_IDLE_SECONDS,	/* HOOPSCOUT_SESSION_IDLE_SECONDS */
	HS_SET_SESSION_SECONDS,		/* HOOPSCOUT_SESSION_SECONDS */
	HS_SET_TRUSTED_PROXIES,		/* HOOPSCOUT_TRUSTED_PROXIES */
	HS_SET_HSTS_SECONDS,		/* HOOPSCOUT_HSTS_SECONDS: 0 for none */
	HS_SET_METRICS_FROM,		/* HOOPSCOUT_METRICS_FROM */
	HS_SET_EXTRACTOR_MAPPINGS_DIR,		/* EXTRACTOR_MAPPINGS_DIR: of the mappings, NAME.json */
	HS_SET_EXTRACTOR_PUBLIC_JSON_URL,	/* EXTRACTOR_PUBLIC_JSON_URL, secret: may hold a key */
	HS_SET_EXTRACTOR_PUBLIC_SOURCE_NAME,	/* EXTRACTOR_PUBLIC_SOURCE_NAME */
	HS_SET_EXTRACTOR_PUBLIC_JSON_SCHEDULE,	/* EXTRACTOR_PUBLIC_JSON_SCHEDULE: empty is none */
	HS_SET_EXTRACTOR_INCLUDE_RAW_PAYLOAD,	/* EXTRACTOR_INCLUDE_RAW_PAYLOAD */
	HS_SET_EXTRACTOR_USER_AGENT,		/* EXTRACTOR_USER_AGENT */
	HS_SET_EXTRACTOR_HTTP_TIMEOUT_SECONDS,	/* EXTRACTOR_HTTP_TIMEOUT_SECONDS: of silence */
	HS_SET_EXTRACTOR_HTTP_TOTAL_SECONDS,	/* EXTRACTOR_HTTP_TOTAL_SECONDS: of one request */
	HS_SET_EXTRACTOR_HTTP_RETRIES,		/* EXTRACTOR_HTTP_RETRIES */
	HS_SET_EXTRACTOR_RETRY_SLEEP_SECONDS,	/* EXTRACTOR_RETRY_SLEEP_SECONDS: the first pause */
	HS_SET_EXTRACTOR_RETRY_MAX_SECONDS,	/* EXTRACTOR_RETRY_MAX_SECONDS: the longest */
	HS_SET_EXTRACTOR_REQUEST_DELAY_SECONDS,	/* EXTRACTOR_REQUEST_DELAY_SECONDS */
	HS_SET_EXTRACTOR_MIN_BYTES_PER_SECOND,	/* EXTRACTOR_MIN_BYTES_PER_SECOND */
	HS_SET_EXTRACTOR_MAX_BYTES,		/* EXTRACTOR_MAX_BYTES: of one body, inflated */
	HS_SET_EXTRACTOR_ALLOW_PRIVATE_HOSTS,	/* EXTRACTOR_ALLOW_PRIVATE_HOSTS */
	HS_SET_EXTRACTOR_IGNORE_ROBOTS_HOSTS,	/* EXTRACTOR_IGNORE_ROBOTS_HOSTS */
	HS_SET_EXTRACTOR_CA_FILE,		/* EXTRACTOR_CA_FILE: empty is the system's */
	HS_SET_EXTRACTOR_PROXY,			/* EXTRACTOR_PROXY, secret; empty is none */
	HS_SET_SCHEDULER_ENABLED,		/* SCHEDULER_ENABLED */
	HS_SET_SCHEDULER_TIMEZONE,		/* SCHEDULER_TIMEZONE: of schedules without their own */
	HS_SET_SCHEDULER_JITTER_SECONDS,	/* SCHEDULER_JITTER_SECONDS: the most */
	HS_SETTING_COUNT
};

enum hs_setting_type {
	HS_TYPE_TEXT,
	HS_TYPE_PATH,		/* made absolute; a relative one stands in the state folder (the state
				 * folder itself: in the working folder) */
	HS_TYPE_INT,
	HS_TYPE_SECONDS,
	HS_TYPE_BYTES,		/* K, M, G allowed */
	HS_TYPE_BOOL,		/* yes/no, true/false, on/off, 1/0 */
	HS_TYPE_CHOICE,		/* one of choices */
	HS_TYPE_LIST		/* comma separated; each of choices, or a number, when there are bounds */
};

struct hs_setting_row {
	const char *name;
	enum hs_setting_type type;
	const char *fallback;		/* the built-in default, as text; "" is none */
	const char *fallback_words;	/* how docs say a computed default; NULL: as fallback */
	const char *choices;		/* comma separated, or NULL */
	long long min, max;		/* of INT, SECONDS and BYTES, and of each item of a LIST */
	bool secret;
	bool needs_restart;		/* a reload does not change it */
	bool hosts;			/* of LIST: names and addresses, as URLs have them */
	bool base_path;			/* of TEXT: "/a/b" */
	bool networks;			/* of LIST: addresses, networks (ADDRESS/BITS), "unix" */
	const char *help;		/* one line */
};

extern const struct hs_setting_row hs_setting_rows[HS_SETTING_COUNT];

enum hs_setting_origin { HS_FROM_DEFAULT, HS_FROM_FILE, HS_FROM_ENVIRONMENT };

struct hs_settings;

/* Reads and checks all of it. conf_path NULL: HOOPSCOUT_CONF from the
 * environment, else hoopscout.conf in the clone's etc/ (when run from one and it is
 * there), else in sysconfdir/hoopscout when it is there. A path that is given and
 * missing is an error. Unknown keys in the file are errors that name the nearest known
 * one; unknown HOOPSCOUT_ names in the environment are only warned of in the log, since an
 * environment is shared by more than us. Names of other parts (SCHEDULER_*, *_IMAGE_TAG), old ones
 * among them, may stand in the file. Gives *ret.
 * Errors: HS_BAD_SETTING (where: the setting, or FILE:LINE; message: the setting, the value, what
 * is allowed, where it stands); HS_NOT_FOUND, HS_NO_PERMISSION, ... (where: the file). */
bool hs_settings_load(const char *conf_path, struct hs_settings **ret, struct hs_error *err);

void hs_settings_free(struct hs_settings *settings);

/* Each gets what the other had: whoever borrows one sees the other's values from now on. */
void hs_settings_swap(struct hs_settings *a, struct hs_settings *b);

/* Borrowed as long as the settings live; "" when not set. Lists and paths are text too. */
const char *hs_setting_text(const struct hs_settings *settings, enum hs_setting id);

/* INT, SECONDS and BYTES; of a LIST of numbers the first. */
long long hs_setting_int(const struct hs_settings *settings, enum hs_setting id);

bool hs_setting_bool(const struct hs_settings *settings, enum hs_setting id);

/* Whether a LIST holds word. */
bool hs_setting_has(const struct hs_settings *settings, enum hs_setting id, const char *word);

/* The n-th item of a LIST (from 0) into buf, trimmed; false beyond the last. */
bool hs_setting_item(const struct hs_settings *settings, enum hs_setting id, size_t n,
    char *buf, size_t size);

enum hs_setting_origin hs_setting_origin(const struct hs_settings *settings, enum hs_setting id);

/* "default", "hoopscout.conf" (its path) or "environment". */
const char *hs_setting_origin_text(const struct hs_settings *settings, enum hs_setting id);

/* Puts every effective value into this process's environment, for a child to inherit, and
 * HOOPSCOUT_CONF=/dev/null: a child reads no file, which it may not be allowed to. A later
 * hs_settings_load in this process still sees the environment as it was before the first
 * export, so that a reload takes up a changed file. */
bool hs_settings_export(const struct hs_settings *settings, struct hs_error *err);

/* Replaces one value, as the supervisor does with POSTGRES_HOST of its private
 * cluster; checked like any other. An empty one is the default again. */
bool hs_settings_override(struct hs_settings *settings, enum hs_setting id, const char *value,
    struct hs_error *err);

/* No POSTGRES_HOST: the supervisor keeps a cluster of its own, and everyone reaches it
 * through the socket folder below. */
bool hs_settings_private_postgres(const struct hs_settings *settings);

/* The private cluster's data folder and socket folder: STATE_DIR/postgres and
 * STATE_DIR/run. Errors: HS_BAD_SETTING when the socket's path would exceed 107 bytes. */
bool hs_settings_postgres_data(const struct hs_settings *settings, char *buf, size_t size,
    struct hs_error *err);
bool hs_settings_postgres_socket_dir(const struct hs_settings *settings, char *buf, size_t size,
    struct hs_error *err);

/* The table as .env.example, whose text is the caller's to free; NULL without memory. */
char *hs_settings_env_example(void);

#endif
