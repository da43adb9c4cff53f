/* view_user.c: accounts and the audit trail as text. Trusts the figures; texts are escaped. */
#include "ctl/views.h"

#include "ctl/table.h"

void view_user_change(struct output *output, const json_t *result)
{
	const json_t *account = json_object_get(result, "account");

	fprintf(output->screen.out, "%s: done; %s%s\n", text_of(account, "name"),
	    text_of(account, "role"), flag_of(account, "is_disabled") ? ", disabled" : "");
}

void view_user_list(struct output *output, const json_t *result)
{
	static const struct column columns[] = { { "NAME", false }, { "ROLE", false },
		{ "SESSIONS", true }, { "SIGNED IN (UTC)", false }, { "CREATED (UTC)", false },
		{ "", false } };
	const json_t *accounts = json_object_get(result, "accounts"), *account;
	struct table *table;
	size_t i;

	if (json_array_size(accounts) == 0) {
		fputs("There are no accounts: hsctl user create NAME --role admin.\n",
		    output->screen.out);
		return;
	}
	table = table_new(columns, HS_COUNT(columns));
	json_array_foreach(accounts, i, account) {
		char seen[FIGURE_BYTES], created[FIGURE_BYTES], sessions[FIGURE_BYTES];
		bool is_disabled = flag_of(account, "is_disabled");

		table_add(table, (const char *const[]){ text_of(account, "name"),
		    text_of(account, "role"), screen_count(number_of(account, "sessions"), sessions),
		    screen_time(text_of(account, "signed_in_at"), SCREEN_TO_THE_MINUTE, seen),
		    screen_time(text_of(account, "created_at"), SCREEN_TO_THE_MINUTE, created),
		    is_disabled ? "disabled" : "" });
		table_style(table, 5, STYLE_DOUBT);
	}
	table_print(table, &output->screen, 0);
}

void view_user_audit(struct output *output, const json_t *result)
{
	static const struct column columns[] = { { "WHEN (UTC)", false }, { "WHAT", false },
		{ "BY", false }, { "FROM", false }, { "ON", false }, { "", false } };
	const json_t *entries = json_object_get(result, "entries"), *entry;
	struct table *table;
	size_t i;

	if (json_array_size(entries) == 0) {
		fputs("Nothing was done yet.\n", output->screen.out);
		return;
	}
	table = table_new(columns, HS_COUNT(columns));
	json_array_foreach(entries, i, entry) {
		bool is_refusal = flag_of(entry, "is_refusal");
		const char *detail = json_string_value(json_object_get(entry, "detail"));
		char when[FIGURE_BYTES], what[64];

		snprintf(what, sizeof what, "%.40s%s", text_of(entry, "action"),
		    is_refusal ? " refused" : "");
		table_add(table, (const char *const[]){ screen_time(text_of(entry, "at"),
		    SCREEN_TO_THE_SECOND, when), what, text_of(entry, "actor"),
		    text_of(entry, "address"), text_of(entry, "subject"),
		    detail != NULL ? detail : "" });
		table_style(table, 1, is_refusal ? STYLE_DOUBT : STYLE_PLAIN);
	}
	table_print(table, &output->screen, 0);
}
