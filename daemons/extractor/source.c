/* source.c: the sources that there are. So far one is built in: a feed that has the snapshot's
 * own shape. Trusts the settings, which have been checked. */
#include "daemons/extractor/source.h"

#include <string.h>

bool source_at(const struct hs_settings *settings, size_t n, struct source *ret)
{
	if (n > 0)
		return false;
	*ret = (struct source){
		.name = "public_json_snapshot",
		.url = hs_setting_text(settings, HS_SET_EXTRACTOR_PUBLIC_JSON_URL),
		.source_name = hs_setting_text(settings, HS_SET_EXTRACTOR_PUBLIC_SOURCE_NAME),
		.schedule = hs_setting_text(settings, HS_SET_EXTRACTOR_PUBLIC_JSON_SCHEDULE),
		.help = "a feed that has the snapshot's shape, or an array of its records",
	};
	return true;
}

bool source_find(const struct hs_settings *settings, const char *name, struct source *ret,
    struct hs_error *err)
{
	struct source source;

	for (size_t n = 0; source_at(settings, n, &source); n++) {
		if (strcmp(source.name, name) == 0) {
			*ret = source;
			return true;
		}
	}
	return hs_error_set(err, HS_NOT_FOUND, "name",
	    "there is no source %.64s: hsctl extractor list shows them all", name);
}
