/* settings_json.h: the settings as `hsctl config` shows them: from the supervisor that
 * runs with them, or from hsctl itself when none runs. */
#ifndef HS_SETTINGS_JSON_H
#define HS_SETTINGS_JSON_H

#include <jansson.h>

#include "common/settings.h"

/* {"settings":[{"name":"HOOPSCOUT_LISTEN","value":"[::]:80","origin":"default","help":"..."}]};
 * a secret's value is "********" when it is set. A new reference; NULL without memory. */
json_t *hs_settings_json(const struct hs_settings *settings);

#endif
