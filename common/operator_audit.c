/* operator_audit.c: trusts the supervisor for whose command it is, and 007_accounts.sql. */
#include "common/operator_audit.h"

#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "common/text.h"
#include "common/user.h"

enum { WRITE_MS = 15000, NUMBER_BYTES = 24, USER_BYTES = 96, DETAIL_BYTES = 160 };

/* Of what is no refusal the latest 10000 stay, as in hsd-web. */
static const char write_sql[] =
    "with logged as (insert into audit_trail (action, is_refusal, actor, subject, detail)"
    " values ($1::text, false, 'hsctl', $2::text, $3::text))"
    " delete from audit_trail where not is_refusal and audit_id <= (select audit_id"
    " from audit_trail where not is_refusal order by audit_id desc offset 10000 limit 1)";

static void on_written(void *arg, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	(void)arg, (void)results, (void)count;
	if (err != NULL)
		hs_log_error(HS_LOG_WARNING, "a command was not written into the audit trail", err);
}

static const char *user_of(const struct hs_call *call, char buf[USER_BYTES])
{
	long long uid = hs_call_uid(call);

	if (!hs_user_name(uid, buf, USER_BYTES))
		snprintf(buf, USER_BYTES, "%lld", uid);
	return buf;
}

static const char *subject_of(const struct hs_command *row, const json_t *args,
    char buf[NUMBER_BYTES])
{
	const json_t *first =
	    row->args[0].name != NULL ? json_object_get(args, row->args[0].name) : NULL;

	if (!json_is_integer(first))
		return json_string_value(first);
	snprintf(buf, NUMBER_BYTES, "%lld", (long long)json_integer_value(first));
	return buf;
}

void hs_operator_audit(struct hs_db_pool *pool, const struct hs_call *call,
    enum hs_command_id command, const json_t *args)
{
	const struct hs_command *row = &hs_commands[command];
	char user[USER_BYTES], number[NUMBER_BYTES], detail[DETAIL_BYTES];
	const char *const values[] = { row->id, subject_of(row, args, number), detail };
	const struct hs_db_statement statement = { .sql = write_sql, .values = values,
		.count = HS_COUNT(values) };
	struct hs_error err = HS_ERROR_INIT;

	if (hs_call_is_by_web(call))
		return;
	snprintf(detail, sizeof detail, "user %s%s", user_of(call, user),
	    json_is_true(json_object_get(args, "dry-run")) ? ", dry run" :
	    json_is_true(json_object_get(args, "preview")) ? ", preview" : "");
	if (!hs_db_pool_submit(pool, &statement, 1, WRITE_MS, on_written, NULL, NULL, &err))
		on_written(NULL, NULL, 0, &err);
}
