/* view_token.c: the API's tokens as text. Trusts the figures; texts are escaped. */
#include "ctl/views.h"

#include <string.h>

#include "ctl/table.h"

/* The secret stands on a line of its own, so that it can be copied, or cut by a script. */
void view_token_create(struct output *output, const json_t *result)
{
	const json_t *token = json_object_get(result, "token");
	char until[FIGURE_BYTES];

	fprintf(output->screen.out,
	    "%s\n%s: %s of %s until %s UTC. It is shown this once: keep it.\n",
	    text_of(result, "secret"), text_of(token, "name"), text_of(token, "role"),
	    text_of(token, "account"),
	    screen_time(text_of(token, "expires_at"), SCREEN_TO_THE_MINUTE, until));
}

void view_token_list(struct output *output, const json_t *result)
{
	static const struct column columns[] = { { "ID", true }, { "NAME", false },
		{ "ACCOUNT", false }, { "ROLE", false }, { "USED (UTC)", false },
		{ "EXPIRES (UTC)", false }, { "", false } };
	const json_t *tokens = json_object_get(result, "tokens"), *token;
	struct table *table;
	size_t i;

	if (json_array_size(tokens) == 0) {
		fputs("There are no tokens: hsctl token create NAME --account ACCOUNT.\n",
		    output->screen.out);
		return;
	}
	table = table_new(columns, HS_COUNT(columns));
	json_array_foreach(tokens, i, token) {
		char id[FIGURE_BYTES], used[FIGURE_BYTES], until[FIGURE_BYTES];
		const char *state = text_of(token, "state");

		snprintf(id, sizeof id, "%lld", number_of(token, "id"));
		table_add(table, (const char *const[]){ id, text_of(token, "name"),
		    text_of(token, "account"), text_of(token, "allows"),
		    screen_time(text_of(token, "last_used_at"), SCREEN_TO_THE_MINUTE, used),
		    screen_time(text_of(token, "expires_at"), SCREEN_TO_THE_MINUTE, until),
		    strcmp(state, "active") == 0 ? "" :
		    strcmp(state, "disabled") == 0 ? "account disabled" : state });
		table_style(table, 6, STYLE_DOUBT);
	}
	table_print(table, &output->screen, 0);
}

void view_token_revoke(struct output *output, const json_t *result)
{
	fprintf(output->screen.out, "%s: revoked\n",
	    text_of(json_object_get(result, "token"), "name"));
}
