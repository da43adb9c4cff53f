/* fetch_settings.c: copies, since hs_settings are replaced by a reload. What the table cannot check
 * is checked here, so that a bad value is told at the start and not at the first fetch. */
#include "daemons/extractor/fetch_settings.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <curl/curl.h>

static bool copy_text(const struct hs_settings *settings, enum hs_setting id, char **ret,
    struct hs_error *err)
{
	*ret = strdup(hs_setting_text(settings, id));
	return *ret != NULL ||
	    hs_error_set(err, HS_NO_MEMORY, "", "no memory for the settings of fetching");
}

/* Its value stays out of messages: a password may be in it. */
static bool check_proxy(const char *proxy, struct hs_error *err)
{
	static const char *const schemes[] = { "http", "https", "socks4", "socks4a", "socks5",
		"socks5h" };
	const char *name = hs_setting_rows[HS_SET_EXTRACTOR_PROXY].name;
	CURLU *url;
	char *scheme = NULL;
	bool is_known = false;

	if (proxy[0] == '\0')
		return true;
	url = curl_url();
	if (url == NULL)
		return hs_error_set(err, HS_NO_MEMORY, name, "no memory for a URL");
	if (curl_url_set(url, CURLUPART_URL, proxy, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
	    curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK) {
		for (size_t i = 0; i < HS_COUNT(schemes); i++)
			is_known = is_known || strcasecmp(scheme, schemes[i]) == 0;
	}
	curl_free(scheme);
	curl_url_cleanup(url);
	return is_known || hs_error_set(err, HS_BAD_SETTING, name,
	    "%s must be a URL as http://proxy.example:3128; http, https, socks4, socks4a, socks5 "
	    "and socks5h are known; its value is not shown", name);
}

static bool check_ca_file(const char *path, struct hs_error *err)
{
	const char *name = hs_setting_rows[HS_SET_EXTRACTOR_CA_FILE].name;
	struct hs_error why;

	if (path[0] == '\0' || access(path, R_OK) == 0)
		return true;
	hs_error_errno(&why, name, "%s names the file \"%.300s\", which cannot be read", name, path);
	return hs_error_set(err, HS_BAD_SETTING, name, "%s", why.message);
}

bool fetch_settings_read(const struct hs_settings *settings, struct fetch_settings **ret,
    struct hs_error *err)
{
	struct fetch_settings *read = malloc(sizeof *read);

	if (read == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for the settings of fetching");
	*read = (struct fetch_settings){
		.shares = 1,
		.retry = {
			.retries = (unsigned)hs_setting_int(settings,
			    HS_SET_EXTRACTOR_HTTP_RETRIES),
			.pause_ms = 1000 * hs_setting_int(settings,
			    HS_SET_EXTRACTOR_RETRY_SLEEP_SECONDS),
			.max_pause_ms = 1000 * hs_setting_int(settings,
			    HS_SET_EXTRACTOR_RETRY_MAX_SECONDS),
		},
		.delay_ms = 1000 * hs_setting_int(settings, HS_SET_EXTRACTOR_REQUEST_DELAY_SECONDS),
		.timeout_seconds = (long)hs_setting_int(settings,
		    HS_SET_EXTRACTOR_HTTP_TIMEOUT_SECONDS),
		.total_seconds = (long)hs_setting_int(settings, HS_SET_EXTRACTOR_HTTP_TOTAL_SECONDS),
		.min_bytes_per_second = (long)hs_setting_int(settings,
		    HS_SET_EXTRACTOR_MIN_BYTES_PER_SECOND),
		.max_bytes = (uint64_t)hs_setting_int(settings, HS_SET_EXTRACTOR_MAX_BYTES),
	};

	if (!copy_text(settings, HS_SET_EXTRACTOR_USER_AGENT, &read->user_agent, err) ||
	    !copy_text(settings, HS_SET_EXTRACTOR_ALLOW_PRIVATE_HOSTS, &read->private_hosts, err) ||
	    !copy_text(settings, HS_SET_EXTRACTOR_IGNORE_ROBOTS_HOSTS,
		&read->ignored_robots_hosts, err) ||
	    !copy_text(settings, HS_SET_EXTRACTOR_CA_FILE, &read->ca_file, err) ||
	    !copy_text(settings, HS_SET_EXTRACTOR_PROXY, &read->proxy, err) ||
	    !check_proxy(read->proxy, err) || !check_ca_file(read->ca_file, err)) {
		fetch_settings_drop(read);
		return false;
	}
	robots_agent(read->user_agent, read->agent);
	*ret = read;
	return true;
}

struct fetch_settings *fetch_settings_share(struct fetch_settings *settings)
{
	settings->shares++;
	return settings;
}

void fetch_settings_drop(struct fetch_settings *settings)
{
	if (settings == NULL || --settings->shares > 0)
		return;
	free(settings->user_agent);
	free(settings->private_hosts);
	free(settings->ignored_robots_hosts);
	free(settings->ca_file);
	free(settings->proxy);
	free(settings);
}
