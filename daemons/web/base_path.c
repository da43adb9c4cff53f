/* base_path.c: trusts the settings to be of the right form. */
#include "daemons/web/base_path.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "daemons/web/asker.h"
#include "daemons/web/exchange.h"

const char *base_path_within(const char *base, const char *path)
{
	size_t length = strlen(base);

	if (strncmp(path, base, length) != 0 || strchr("/?#", path[length]) == NULL)
		return NULL;
	return path + length;
}

const char *base_path_of_url(const struct exchange *exchange, const char *url)
{
	const char *host = asker_host(exchange);
	size_t length = host != NULL ? strlen(host) : 0;
	const char *at = url != NULL ? strstr(url, "://") : NULL;

	if (at == NULL || host == NULL || strncasecmp(at + 3, host, length) != 0 ||
	    at[3 + length] != '/')
		return NULL;
	return base_path_within(exchange->base, at + 3 + length);
}

char *base_path_add(const struct exchange *exchange, const char *path)
{
	char *ret;

	return asprintf(&ret, "%s%s", exchange->base, path) < 0 ? NULL : ret;
}
