/* identity.c: trusts 011_identity.sql. */
#include "common/identity.h"

#include <string.h>

#include "common/db.h"

enum { OUTCOME, PERSON, WHICH };

/* Who does it, $1, after his token, $2 or '', is told to identity_audit: for this statement. */
#define DO(function, arguments) \
	"select outcome, person, which from (select set_config('hoopscout.by_token', $2::text," \
	" true) as token) t, " function "(" arguments "$1::text || left(t.token, 0), $3::text"

/* Each checks and does what it says under the merge's lock. */
static const char *const statements[] = {
	[HS_IDENTITY_LINK] = DO("identity_link", "$4::text, $5::text, ") ", $6::text)",
	[HS_IDENTITY_UNLINK] = DO("identity_unlink", "$4::text, ") ")",
	[HS_IDENTITY_UNLIKE] = DO("identity_unlike", "$4::text, $5::text, ") ")",
};

const char hs_identity_list_sql[] =
    "select jsonb_build_object('id', x.person_id, 'full_name', g.full_name, 'identities',"
    " (select jsonb_agg(identity_side(k.player_id) order by k.player_id) from player_link k"
    " where k.person_id = x.person_id)), x.total"
    " from (select person_id, max(linked_at) as latest, count(*) over () as total"
    " from player_link where person_id = coalesce($1::integer, person_id) group by person_id"
    " order by latest desc, person_id limit $2::integer offset $3::integer) x"
    " join person g on g.player_id = x.person_id order by x.latest desc, x.person_id";

const char hs_identity_suggest_sql[] =
    "select jsonb_build_object('score', s.score, 'reasons', s.reasons,"
    " 'a', identity_side(s.player_a), 'b', identity_side(s.player_b)), s.total"
    " from (select *, count(*) over () as total from identity_suggestions()"
    " limit $1::integer offset $2::integer) s"
    " order by s.score desc, s.player_a, s.player_b";

const char hs_identity_looked_sql[] =
    "select jsonb_build_object('looked_at', to_char(looked_at at time zone 'UTC',"
    " 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), 'seconds', round(seconds::numeric, 1),"
    " 'players', players, 'pairs', pairs, 'is_behind', exists(select from import_file f"
    " where f.status <> 'failed' and f.created + f.updated > 0"
    " and greatest(f.finished_at, f.undone_at) > looked_at)) from identity_look";

const char hs_identity_look_sql[] = "select identity_look_now()";
const char hs_identity_step_sql[] = "select identity_look_at()";

const char *hs_identity_step(int64_t step)
{
	static const char *const names[HS_IDENTITY_STEPS + 1] = {
		"waiting", "reading names", "looking for names alike", "comparing pairs",
		"reading their seasons", "weighing pairs",
	};

	return names[step < 0 || step > HS_IDENTITY_STEPS ? 0 : step];
}

static bool is_identity(const char *text)
{
	const char *colon = strchr(text, ':');

	return colon != NULL && colon > text && colon[1] != '\0';
}

static bool check_identity(const char *name, const char *text, struct hs_error *err)
{
	return is_identity(text) || hs_error_set(err, HS_BAD_ARGUMENT, name,
	    "'%.200s' names no player: write SOURCE:EXTERNAL_ID, as the player's page shows it", text);
}

bool hs_identity_statement(const struct hs_identity_change *change, const char **ret_sql,
    const char *values[HS_IDENTITY_VALUES], size_t *ret_count, struct hs_error *err)
{
	bool has_other = change->verb != HS_IDENTITY_UNLINK;
	size_t count = 0;

	if (!check_identity("player", change->player, err) ||
	    (has_other && !check_identity("other", change->other, err)))
		return false;
	if (change->reason != NULL && strlen(change->reason) > HS_IDENTITY_REASON_BYTES)
		return hs_error_set(err, HS_BAD_ARGUMENT, "reason",
		    "a reason has at most %d bytes, not %zu", (int)HS_IDENTITY_REASON_BYTES,
		    strlen(change->reason));
	values[count++] = change->actor;
	values[count++] = change->by_token != NULL ? change->by_token : "";
	values[count++] = change->address;
	values[count++] = change->player;
	if (has_other)
		values[count++] = change->other;
	if (change->verb == HS_IDENTITY_LINK)
		values[count++] = change->reason;
	*ret_sql = statements[change->verb];
	*ret_count = count;
	return true;
}

bool hs_identity_outcome(const struct hs_identity_change *change, const PGresult *result,
    int64_t *ret_person, struct hs_error *err)
{
	const char *outcome = hs_db_text(result, 0, OUTCOME);
	const char *which = hs_db_text(result, 0, WHICH);

	if (which == NULL)
		which = change->player;
	if (strcmp(outcome, "unknown") == 0)
		return hs_error_set(err, HS_NOT_FOUND, "",
		    "there is no player %.200s: the player's page shows source and id", which);
	if (strcmp(outcome, "single") == 0)
		return hs_error_set(err, HS_NOT_FOUND, "", "%.200s is linked to nobody", which);
	if (strcmp(outcome, "seasons") == 0)
		return hs_error_set(err, HS_BAD_ARGUMENT, "",
		    "%.200s has no seasons now: there is nothing to link", which);
	if (strcmp(outcome, "many") == 0)
		return hs_error_set(err, HS_LIMIT, "",
		    "one person would be more than 50 players: unlink some first");
	if (strcmp(outcome, "same") == 0)
		return hs_error_set(err, HS_EXISTS, "", change->verb == HS_IDENTITY_LINK ?
		    "%.200s and %.200s are linked already" :
		    "%.200s and %.200s are linked: unlink one of them first", change->player,
		    change->other);
	*ret_person = PQgetisnull(result, 0, PERSON) ? 0 : hs_db_int(result, 0, PERSON);
	return true;
}
