/* view_backup.c: backups made, checked and restored.
 *
 * Trusts the figures; texts are escaped. */
#include "ctl/views.h"

#include "common/number.h"

static void print_files(FILE *out, const json_t *result)
{
	fprintf(out,
	    "  snapshots: %lld in incoming, %lld in archive, %lld in failed (reports too)\n",
	    number_of(result, "incoming"), number_of(result, "archive"),
	    number_of(result, "failed"));
}

void view_backup(struct output *output, const json_t *result)
{
	FILE *out = output->screen.out;
	char size[FIGURE_BYTES];
	const json_t *one;
	size_t i;

	fprintf(out, "backup made: %s, %lld members, in %.1f s\n",
	    hs_size_text(number_of(result, "bytes"), size, sizeof size),
	    number_of(result, "members"), real_of(result, "seconds"));
	print_files(out, result);
	json_array_foreach(json_object_get(result, "left_out"), i, one)
	    fprintf(out, "  left out: %s: %s\n", text_of(one, "file"), text_of(one, "message"));
}

void view_backup_verify(struct output *output, const json_t *result)
{
	FILE *out = output->screen.out;
	char size[FIGURE_BYTES], made[FIGURE_BYTES];

	fprintf(out, "%s is whole: %s, %lld members, every checksum is right\n",
	    text_of(result, "file"), hs_size_text(number_of(result, "bytes"), size, sizeof size),
	    number_of(result, "members"));
	fprintf(out, "  made %s by HoopScout %s on PostgreSQL %s, %lld players\n",
	    screen_time(text_of(result, "made_at"), SCREEN_TO_THE_SECOND, made),
	    text_of(result, "hoopscout"), text_of(result, "postgresql"),
	    number_of(result, "players"));
	print_files(out, result);
}

void view_restore(struct output *output, const json_t *result)
{
	FILE *out = output->screen.out;
	char made[FIGURE_BYTES];

	fprintf(out,
	    "restored: the backup of %s, made by HoopScout %s, in %.1f s; the daemons start\n",
	    screen_time(text_of(result, "made_at"), SCREEN_TO_THE_SECOND, made),
	    text_of(result, "hoopscout"), real_of(result, "seconds"));
	fputs("  nobody is signed in; accounts and tokens are those of the backup\n", out);
	if (!json_is_string(json_object_get(result, "before_database")))
		return;
	fprintf(out,
	    "  kept of before: the database %s, and %s in each of the three folders;\n"
	    "  hsctl(1), under restore, says how to remove them\n",
	    text_of(result, "before_database"), text_of(result, "before_folder"));
}
