/* snapshot_opaque.c: looks into the objects that are handed on as written: no key may
 * repeat, at any depth, and every number must fit jsonb.
 *
 * Trusts json_stream.c with the rest. The caller bounds the object, and so the keys. */
#include "common/snapshot_private.h"

bool opaque_begin(struct hs_snapshot *snapshot, const struct hs_json_event *event,
    struct hs_error *err)
{
	(void)err;
	hs_json_capture(snapshot->stream);
	snapshot->opaque = event->depth + 1;
	snapshot->object_at[event->depth + 1] = ++snapshot->objects;
	return true;
}

static bool check_key(struct hs_snapshot *snapshot, const struct hs_json_event *event,
    struct hs_error *err)
{
	char shown[HS_SHOWN_BYTES];
	bool is_repeated;

	if (!hs_name_set_add(snapshot->names, snapshot->object_at[event->depth], event->text,
		event->length, &is_repeated, err))
		return false;
	if (is_repeated)
		snapshot_problem(snapshot, HS_REPEATED_KEY, event,
		    "the key %s stands in its object twice: take one of them out",
		    hs_shown_text(event->text, event->length, shown));
	return true;
}

bool opaque_member(struct hs_snapshot *snapshot, const struct hs_json_event *event,
    struct hs_error *err)
{
	char shown[HS_SHOWN_BYTES];

	if (event->kind == HS_JSON_OBJECT_BEGIN)
		snapshot->object_at[event->depth + 1] = ++snapshot->objects;
	if (event->kind == HS_JSON_KEY)
		return check_key(snapshot, event, err);
	if (event->kind == HS_JSON_NUMBER && !hs_number_fits_numeric(event->text, event->length))
		snapshot_problem(snapshot, HS_OUT_OF_RANGE, event,
		    "the number %s is beyond what the database keeps (131072 digits before the point, "
		    "16383 behind it): write it as a text, or take it out",
		    hs_shown_value(event, shown));
	return true;
}

void opaque_end(struct hs_snapshot *snapshot)
{
	snapshot->opaque = 0;
	hs_name_set_clear(snapshot->names);
}
