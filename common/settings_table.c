/* settings_table.c: every setting there is, one row each, and .env.example made of them.
 *
 * A new setting is a row here and its constant in settings.h, at the same place. */
#include "common/settings.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_PORT = 65535 };

const struct hs_setting_row hs_setting_rows[HS_SETTING_COUNT] = {
	[HS_SET_STATE_DIR] = {
		.name = "HOOPSCOUT_STATE_DIR", .type = HS_TYPE_PATH, .fallback = "",
		.fallback_words =
		    "/var/lib/hoopscout as root or installed, var in the clone for a user",
		.needs_restart = true,
		.help =
		    "The state folder: the database, the snapshot folders and the control socket.",
	},
	[HS_SET_LISTEN] = {
		.name = "HOOPSCOUT_LISTEN", .type = HS_TYPE_LIST, .fallback = "127.0.0.1:8000",
		.needs_restart = true,
		.help =
		    "Where HTTP is served: ADDRESS:PORT, [ADDRESS]:PORT, unix:PATH; by HTTPS: "
		    "tls:ADDRESS:PORT.",
	},
	[HS_SET_TLS_CERTIFICATE] = {
		.name = "HOOPSCOUT_TLS_CERTIFICATE", .type = HS_TYPE_PATH, .fallback = "",
		.fallback_words = "none: no HTTPS",
		.help = "The certificate for tls: addresses, PEM, followed by those of its chain.",
	},
	[HS_SET_TLS_KEY] = {
		.name = "HOOPSCOUT_TLS_KEY", .type = HS_TYPE_PATH, .fallback = "",
		.fallback_words = "none",
		.help =
		    "That certificate's private key, PEM without a passphrase, for HOOPSCOUT_USER "
		    "to read.",
	},
	[HS_SET_BASE_PATH] = {
		.name = "HOOPSCOUT_BASE_PATH", .type = HS_TYPE_TEXT, .fallback = "",
		.fallback_words = "none: the host's root", .base_path = true, .needs_restart = true,
		.help =
		    "The path below which all pages stand, as /scout, where a proxy serves more.",
	},
	[HS_SET_CONTROL_SOCKET] = {
		.name = "HOOPSCOUT_CONTROL_SOCKET", .type = HS_TYPE_PATH,
		.fallback = "control.sock",
		.fallback_words = "control.sock in the state folder", .needs_restart = true,
		.help = "The socket on which the supervisor answers hsctl.",
	},
	[HS_SET_DAEMONS] = {
		.name = "HOOPSCOUT_DAEMONS", .type = HS_TYPE_LIST, .fallback = "web,importer,extractor",
		.choices = "web,importer,extractor", .needs_restart = true,
		.help = "The daemons that run on this machine, comma separated: web, importer, extractor.",
	},
	[HS_SET_USER] = {
		.name = "HOOPSCOUT_USER", .type = HS_TYPE_TEXT, .fallback = "hoopscout",
		.needs_restart = true,
		.help =
		    "The user as whom everything but the supervisor runs when it is started as "
		    "root.",
	},
	[HS_SET_DATA_DIR] = {
		.name = "HOOPSCOUT_DATA_DIR", .type = HS_TYPE_PATH, .fallback = "",
		.fallback_words = "the clone, or where it was installed", .needs_restart = true,
		.help = "The folder of templates/, htdocs/ and sql/.",
	},
	[HS_SET_LOG_LEVEL] = {
		.name = "HOOPSCOUT_LOG_LEVEL", .type = HS_TYPE_CHOICE, .fallback = "info",
		.choices = "error,warning,info,debug",
		.help = "How much is logged: error, warning, info or debug.",
	},
	[HS_SET_LOG_BUFFER_BYTES] = {
		.name = "HOOPSCOUT_LOG_BUFFER_BYTES", .type = HS_TYPE_BYTES, .fallback = "4M",
		.min = 1LL << 16, .max = 1LL << 30, .needs_restart = true,
		.help = "Memory for the latest lines, which `hsctl logs` shows: bytes, or K, M, G.",
	},
	[HS_SET_START_SECONDS] = {
		.name = "HOOPSCOUT_START_SECONDS", .type = HS_TYPE_SECONDS, .fallback = "60",
		.min = 1, .max = 3600,
		.help = "How long a daemon may take to be ready before it is started anew.",
	},
	[HS_SET_STOP_SECONDS] = {
		.name = "HOOPSCOUT_STOP_SECONDS", .type = HS_TYPE_SECONDS, .fallback = "20",
		.min = 1, .max = 3600,
		.help =
		    "How long a daemon may finish what it has in hand when it is asked to stop.",
	},
	[HS_SET_AUTO_MIGRATE] = {
		.name = "HOOPSCOUT_AUTO_MIGRATE", .type = HS_TYPE_BOOL, .fallback = "yes",
		.needs_restart = true,
		.help = "Whether the database is migrated at start; if not, run `hsctl migrate`.",
	},
	[HS_SET_POSTGRES_BIN_DIR] = {
		.name = "HOOPSCOUT_POSTGRES_BIN_DIR", .type = HS_TYPE_PATH, .fallback = "",
		.fallback_words = "the newest found", .needs_restart = true,
		.help = "The folder of initdb and postgres, for the private database.",
	},
	[HS_SET_POSTGRES_HOST] = {
		.name = "POSTGRES_HOST", .type = HS_TYPE_TEXT, .fallback = "",
		.fallback_words = "none: a private database in the state folder",
		.needs_restart = true,
		.help =
		    "The database's host, or several, comma separated: a primary and its standbys.",
	},
	[HS_SET_POSTGRES_PORT] = {
		.name = "POSTGRES_PORT", .type = HS_TYPE_LIST, .fallback = "5432", .min = 1,
		.max = MAX_PORT, .needs_restart = true,
		.help =
		    "The database's port; for several hosts one for all, or one each, comma "
		    "separated.",
	},
	[HS_SET_POSTGRES_DB] = {
		.name = "POSTGRES_DB", .type = HS_TYPE_TEXT, .fallback = "hoopscout",
		.needs_restart = true,
		.help = "The database's name.",
	},
	[HS_SET_POSTGRES_USER] = {
		.name = "POSTGRES_USER", .type = HS_TYPE_TEXT, .fallback = "hoopscout",
		.needs_restart = true,
		.help = "The database's user.",
	},
	[HS_SET_POSTGRES_PASSWORD] = {
		.name = "POSTGRES_PASSWORD", .type = HS_TYPE_TEXT, .fallback = "",
		.fallback_words = "none", .secret = true, .needs_restart = true,
		.help = "That user's password.",
	},
	[HS_SET_REPLICA_LAG_SECONDS] = {
		.name = "HOOPSCOUT_REPLICA_LAG_SECONDS", .type = HS_TYPE_SECONDS, .fallback = "5",
		.min = 0, .max = 300, .needs_restart = true,
		.help =
		    "How far a standby that is searched may be behind; 0: only the primary is searched.",
	},
	[HS_SET_INCOMING_DIR] = {
		.name = "STATIC_DATASET_INCOMING_DIR", .type = HS_TYPE_PATH,
		.fallback = "snapshots/incoming",
		.fallback_words = "snapshots/incoming in the state folder", .needs_restart = true,
		.help = "The folder into which snapshots are dropped.",
	},
	[HS_SET_ARCHIVE_DIR] = {
		.name = "STATIC_DATASET_ARCHIVE_DIR", .type = HS_TYPE_PATH,
		.fallback = "snapshots/archive",
		.fallback_words = "snapshots/archive in the state folder", .needs_restart = true,
		.help = "The folder to which imported snapshots are moved.",
	},
	[HS_SET_FAILED_DIR] = {
		.name = "STATIC_DATASET_FAILED_DIR", .type = HS_TYPE_PATH,
		.fallback = "snapshots/failed",
		.fallback_words = "snapshots/failed in the state folder", .needs_restart = true,
		.help =
		    "The folder to which invalid snapshots are moved, each with its "
		    "FILE.errors.json.",
	},
	[HS_SET_RESCAN_SECONDS] = {
		.name = "HOOPSCOUT_RESCAN_SECONDS", .type = HS_TYPE_SECONDS, .fallback = "5",
		.min = 1, .max = 86400,
		.help =
		    "How often the incoming folder is searched for files that no event told of.",
	},
	[HS_SET_EMPTY_FILE_SECONDS] = {
		.name = "HOOPSCOUT_EMPTY_FILE_SECONDS", .type = HS_TYPE_SECONDS, .fallback = "20",
		.min = 0, .max = 86400,
		.help = "How long an empty file may wait for its content before it fails.",
	},
	[HS_SET_MAX_RECORD_BYTES] = {
		.name = "HOOPSCOUT_MAX_RECORD_BYTES", .type = HS_TYPE_BYTES, .fallback = "16M",
		.min = 1LL << 10, .max = 128LL << 20,	/* jsonb holds twice that */
		.help =
		    "The largest record of a snapshot: bytes, or with K, M or G after the number.",
	},
	[HS_SET_WEB_MAX_CONNECTIONS] = {
		.name = "HOOPSCOUT_WEB_MAX_CONNECTIONS", .type = HS_TYPE_INT, .fallback = "1000",
		.min = 1, .max = 100000,
		.help = "The HTTP connections that are open at a time.",
	},
	[HS_SET_WEB_DB_CONNECTIONS] = {
		.name = "HOOPSCOUT_WEB_DB_CONNECTIONS", .type = HS_TYPE_INT, .fallback = "4",
		.min = 1, .max = 100, .needs_restart = true,
		.help = "Connections to the database for searches; hsd-web(8) has the others.",
	},
	[HS_SET_WEB_CACHE_BYTES] = {
		.name = "HOOPSCOUT_WEB_CACHE_BYTES", .type = HS_TYPE_BYTES, .fallback = "64M",
		.min = 0, .max = 1LL << 40,
		.help =
		    "Memory for answers to give again while the data is the same: bytes, or K, M, G; "
		    "0 for none.",
	},
	[HS_SET_SEARCH_SECONDS] = {
		.name = "HOOPSCOUT_SEARCH_SECONDS", .type = HS_TYPE_SECONDS, .fallback = "10",
		.min = 1, .max = 600,
		.help = "How long the database may work on one search.",
	},
	[HS_SET_SEARCH_LOOK_UPS] = {
		.name = "HOOPSCOUT_SEARCH_LOOK_UPS", .type = HS_TYPE_INT, .fallback = "60000",
		.min = 0, .max = 10000000,
		.help =
		    "The players whose seasons a search may read one by one; for more it reads all.",
	},
	[HS_SET_UPLOAD_MAX_BYTES] = {
		.name = "HOOPSCOUT_UPLOAD_MAX_BYTES", .type = HS_TYPE_BYTES, .fallback = "4G",
		.min = 1 << 20, .max = 1LL << 40,
		.help = "The largest upload that the import pages take at once: bytes, or K, M, G.",
	},
	[HS_SET_PUBLIC_SEARCH] = {
		.name = "HOOPSCOUT_PUBLIC_SEARCH", .type = HS_TYPE_BOOL, .fallback = "yes",
		.help = "Whether searches, players, exports and the API are open to who has no account.",
	},
	[HS_SET_SESSION_IDLE_SECONDS] = {
		.name = "HOOPSCOUT_SESSION_IDLE_SECONDS", .type = HS_TYPE_SECONDS,
		.fallback = "43200", .min = 120, .max = 31536000,
		.help = "A session that is not used for so long ends: its owner signs in again.",
	},
	[HS_SET_SESSION_SECONDS] = {
		.name = "HOOPSCOUT_SESSION_SECONDS", .type = HS_TYPE_SECONDS, .fallback = "604800",
		.min = 300, .max = 31536000,
		.help = "How long a session lasts at most, however much it is used.",
	},
	[HS_SET_TRUSTED_PROXIES] = {
		.name = "HOOPSCOUT_TRUSTED_PROXIES", .type = HS_TYPE_LIST, .fallback = "",
		.fallback_words = "none", .networks = true,
		.help =
		    "Proxies whose X-Forwarded-For, -Proto, -Host hold: addresses, networks "
		    "(A/BITS), unix.",
	},
	[HS_SET_HSTS_SECONDS] = {
		.name = "HOOPSCOUT_HSTS_SECONDS", .type = HS_TYPE_SECONDS, .fallback = "31536000",
		.min = 0, .max = 63072000,
		.help =
		    "How long a browser that came by HTTPS shall come by nothing else; 0: no matter.",
	},
	[HS_SET_METRICS_FROM] = {
		.name = "HOOPSCOUT_METRICS_FROM", .type = HS_TYPE_LIST,
		.fallback = "127.0.0.1,::1", .networks = true,
		.help = "Who gets /metrics without an account or token: addresses, networks (A/BITS), unix.",
	},
	[HS_SET_EXTRACTOR_MAPPINGS_DIR] = {
		.name = "EXTRACTOR_MAPPINGS_DIR", .type = HS_TYPE_PATH, .fallback = "",
		.fallback_words = "extractors beside hoopscout.conf",
		.help = "The folder of the mappings: NAME.json describes the source NAME.",
	},
	[HS_SET_EXTRACTOR_PUBLIC_JSON_URL] = {
		.name = "EXTRACTOR_PUBLIC_JSON_URL", .type = HS_TYPE_TEXT, .fallback = "",
		.fallback_words = "none", .secret = true,
		.help = "The feed that the source public_json_snapshot reads: an http or https URL.",
	},
	[HS_SET_EXTRACTOR_PUBLIC_SOURCE_NAME] = {
		.name = "EXTRACTOR_PUBLIC_SOURCE_NAME", .type = HS_TYPE_TEXT,
		.fallback = "public_json_snapshot",
		.help = "The source's name in its snapshots, unless the feed gives one itself.",
	},
	[HS_SET_EXTRACTOR_PUBLIC_JSON_SCHEDULE] = {
		.name = "EXTRACTOR_PUBLIC_JSON_SCHEDULE", .type = HS_TYPE_TEXT, .fallback = "",
		.fallback_words = "none",
		.help = "When public_json_snapshot runs by itself: five fields of cron, @daily, @every 6h.",
	},
	[HS_SET_EXTRACTOR_INCLUDE_RAW_PAYLOAD] = {
		.name = "EXTRACTOR_INCLUDE_RAW_PAYLOAD", .type = HS_TYPE_BOOL, .fallback = "no",
		.help = "Whether each record of a snapshot keeps what the source wrote.",
	},
	[HS_SET_EXTRACTOR_USER_AGENT] = {
		.name = "EXTRACTOR_USER_AGENT", .type = HS_TYPE_TEXT,
		.fallback = "HoopScout/0.1 (self-hosted basketball scouting)",
		.help = "Who we say we are; the first word is what robots.txt is searched for.",
	},
	[HS_SET_EXTRACTOR_HTTP_TIMEOUT_SECONDS] = {
		.name = "EXTRACTOR_HTTP_TIMEOUT_SECONDS", .type = HS_TYPE_SECONDS, .fallback = "30",
		.min = 1, .max = 3600,
		.help = "How long a server may take to connect, or be silent or too slow.",
	},
	[HS_SET_EXTRACTOR_HTTP_TOTAL_SECONDS] = {
		.name = "EXTRACTOR_HTTP_TOTAL_SECONDS", .type = HS_TYPE_SECONDS, .fallback = "3600",
		.min = 1, .max = 86400,
		.help = "How long one request may take in all.",
	},
	[HS_SET_EXTRACTOR_HTTP_RETRIES] = {
		.name = "EXTRACTOR_HTTP_RETRIES", .type = HS_TYPE_INT, .fallback = "3",
		.min = 0, .max = 20,
		.help = "How often a request is tried again when that may help.",
	},
	[HS_SET_EXTRACTOR_RETRY_SLEEP_SECONDS] = {
		.name = "EXTRACTOR_RETRY_SLEEP_SECONDS", .type = HS_TYPE_SECONDS, .fallback = "2",
		.min = 0, .max = 3600,
		.help = "The pause before a request is tried again; it doubles each time.",
	},
	[HS_SET_EXTRACTOR_RETRY_MAX_SECONDS] = {
		.name = "EXTRACTOR_RETRY_MAX_SECONDS", .type = HS_TYPE_SECONDS, .fallback = "300",
		.min = 1, .max = 86400,
		.help = "The longest pause; a server that asks for a longer one is left alone.",
	},
	[HS_SET_EXTRACTOR_REQUEST_DELAY_SECONDS] = {
		.name = "EXTRACTOR_REQUEST_DELAY_SECONDS", .type = HS_TYPE_SECONDS, .fallback = "1",
		.min = 0, .max = 3600,
		.help = "The pause between two requests to one host.",
	},
	[HS_SET_EXTRACTOR_MIN_BYTES_PER_SECOND] = {
		.name = "EXTRACTOR_MIN_BYTES_PER_SECOND", .type = HS_TYPE_INT, .fallback = "100",
		.min = 1, .max = 1000000000,
		.help = "A server that sends less for the time of a timeout is given up.",
	},
	[HS_SET_EXTRACTOR_MAX_BYTES] = {
		.name = "EXTRACTOR_MAX_BYTES", .type = HS_TYPE_BYTES, .fallback = "2G",
		.min = 1LL << 10, .max = 1LL << 40,
		.help = "The largest answer that is taken, unpacked: bytes, or with K, M or G.",
	},
	[HS_SET_EXTRACTOR_ALLOW_PRIVATE_HOSTS] = {
		.name = "EXTRACTOR_ALLOW_PRIVATE_HOSTS", .type = HS_TYPE_LIST, .fallback = "",
		.fallback_words = "none", .hosts = true,
		.help = "Hosts, as URLs name them but without port, that may be at private or loopback addresses.",
	},
	[HS_SET_EXTRACTOR_IGNORE_ROBOTS_HOSTS] = {
		.name = "EXTRACTOR_IGNORE_ROBOTS_HOSTS", .type = HS_TYPE_LIST, .fallback = "",
		.fallback_words = "none", .hosts = true,
		.help = "Hosts, named in that way, whose owners let you fetch what their robots.txt forbids.",
	},
	[HS_SET_EXTRACTOR_CA_FILE] = {
		.name = "EXTRACTOR_CA_FILE", .type = HS_TYPE_PATH, .fallback = "",
		.fallback_words = "the system's",
		.help = "A file of the certificate authorities that are trusted, in PEM.",
	},
	[HS_SET_EXTRACTOR_PROXY] = {
		.name = "EXTRACTOR_PROXY", .type = HS_TYPE_TEXT, .fallback = "",
		.fallback_words = "none", .secret = true,
		.help = "A proxy through which feeds are fetched: a URL.",
	},
	[HS_SET_SCHEDULER_ENABLED] = {
		.name = "SCHEDULER_ENABLED", .type = HS_TYPE_BOOL, .fallback = "no",
		.help = "Whether sources with a schedule are fetched by themselves when they are due.",
	},
	[HS_SET_SCHEDULER_TIMEZONE] = {
		.name = "SCHEDULER_TIMEZONE", .type = HS_TYPE_TEXT, .fallback = "UTC",
		.help = "The time zone of schedules that name none, as in Europe/Berlin.",
	},
	[HS_SET_SCHEDULER_JITTER_SECONDS] = {
		.name = "SCHEDULER_JITTER_SECONDS", .type = HS_TYPE_SECONDS, .fallback = "30",
		.min = 0, .max = 86400,
		.help = "A source begins up to so much later than its schedule says, always the same.",
	},
};

static void print_example(FILE *out)
{
	fputs("# The settings of HoopScout, with their defaults. To change one, take the '#' off\n"
	    "# and put it into hoopscout.conf, an env file or the environment, which wins. An\n"
	    "# empty value is not given; a relative path stands in the state folder.\n", out);
	for (size_t i = 0; i < HS_SETTING_COUNT; i++) {
		const struct hs_setting_row *row = &hs_setting_rows[i];

		fprintf(out, "\n# %s\n# Default: %s\n#%s=%s\n", row->help,
		    row->fallback_words != NULL ? row->fallback_words : row->fallback, row->name,
		    row->fallback);
	}
	fputs("\n# The rest is for docker compose, and needs POSTGRES_PASSWORD above.\n"
	    "\n# Which images are run: the tags of web and scheduler, and that of nginx.\n"
	    "# Default: latest\n#APP_IMAGE_TAG=latest\n#NGINX_IMAGE_TAG=latest\n"
	    "\n# Where nginx is reached: PORT, or ADDRESS:PORT.\n# Default: 127.0.0.1:8080\n"
	    "#HOOPSCOUT_PUBLISH=127.0.0.1:8080\n", out);
}

char *hs_settings_env_example(void)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	bool is_whole;

	if (out == NULL)
		return NULL;
	print_example(out);
	is_whole = ferror(out) == 0;
	if (fclose(out) != 0 || !is_whole) {
		free(text);
		return NULL;
	}
	return text;
}
