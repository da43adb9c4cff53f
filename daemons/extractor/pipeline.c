/* normalize.c: the body's digest -> parse.c (head, records) -> emit.c.
 *
 * Trusts nothing of the feed; what is wrong with a record is the validator's to say. A failure
 * or a cancelled run leaves no file. */
#include "daemons/extractor/normalize.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "common/file.h"
#include "common/text.h"
#include "daemons/extractor/emit.h"
#include "daemons/extractor/parse_snapshot.h"

enum { PIECE_BYTES = 64 << 10 };

struct work {
	const struct normalize_options *options;
	struct normalize_progress *progress;
	struct emit *emit;
};

static bool is_stopped(void *arg)
{
	struct work *work = arg;

	return atomic_load(&work->progress->is_cancelled);
}

static bool digest_pieces(struct work *work, int fd, EVP_MD_CTX *context, unsigned char *ret,
    struct hs_error *err)
{
	char *piece = malloc(PIECE_BYTES);
	size_t length = 1;
	bool done = piece != NULL || hs_error_set(err, HS_NO_MEMORY, "", "no memory for a digest");

	while (done && length > 0) {
		if (is_stopped(work))
			done = hs_error_set(err, HS_CANCELLED, "", "the run was cancelled");
		else
			done = hs_file_read(fd, piece, PIECE_BYTES, &length, err) &&
			    (EVP_DigestUpdate(context, piece, length) == 1 ||
				hs_error_set(err, HS_IO, "", "cannot make the feed's digest"));
	}
	free(piece);
	return done && (EVP_DigestFinal_ex(context, ret, NULL) == 1 ||
	    hs_error_set(err, HS_IO, "", "cannot make the feed's digest"));
}

static bool make_digest(struct work *work, int fd, unsigned char *ret, struct hs_error *err)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool done;

	if (context == NULL || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1)
		done = hs_error_set(err, HS_NO_MEMORY, "", "no memory for a digest");
	else
		done = digest_pieces(work, fd, context, ret, err);
	EVP_MD_CTX_free(context);
	return done;
}

static bool on_record(void *arg, const char *record, size_t length, struct hs_error *err)
{
	struct work *work = arg;

	if (!emit_written(work->emit, record, length, work->options->with_payload, err))
		return false;
	atomic_store(&work->progress->records, emit_records(work->emit));
	return true;
}

/* The snapshot's own words, from the run, the feed, or else the settings. */
static bool settle_head(const struct work *work, const struct parse_head *head,
    struct emit_options *ret, struct hs_error *err)
{
	const struct normalize_options *options = work->options;
	bool has_name = head->source_name != NULL && head->source_name[0] != '\0';

	*ret = (struct emit_options){
		.folder = options->folder, .file_name = options->file_name,
		.source_name = options->source_name != NULL ? options->source_name :
		    has_name ? head->source_name : options->fallback_source_name,
		.snapshot_date = options->today,
		.source_metadata = head->source_metadata, .raw_payload = head->raw_payload,
		.max_record_bytes = options->max_record_bytes,
	};
	if (head->snapshot_date == NULL)
		return true;
	if (hs_date_parse(head->snapshot_date, strlen(head->snapshot_date), &ret->snapshot_date, err))
		return true;
	hs_error_at(err, "/snapshot_date");
	return false;
}

static bool write_records(struct work *work, int fd, struct normalize_result *ret,
    struct hs_error *err)
{
	const struct hs_problems *problems;
	const char *name;

	if (!parse_snapshot_records(fd, work->options->max_record_bytes, is_stopped, on_record, work, err) ||
	    !emit_finish(work->emit, err))
		return false;
	problems = emit_problems(work->emit);
	ret->records = emit_records(work->emit);
	ret->problem_total = hs_problems_total(problems);
	if (ret->problem_total > 0 && (ret->problems = hs_problems_json(problems)) == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for the problems");
	name = emit_file_name(work->emit);
	return name == NULL ||
	    hs_format(ret->path, sizeof ret->path, err, "%s/%s", work->options->folder, name);
}

static bool make_snapshot(struct work *work, int fd, struct normalize_result *ret,
    struct hs_error *err)
{
	struct emit_options options;
	struct parse_head head;
	bool done = parse_snapshot_head(fd, work->options->max_record_bytes, is_stopped, work, &head, err) &&
	    settle_head(work, &head, &options, err) &&
	    hs_format(ret->source_name, sizeof ret->source_name, err, "%s", options.source_name);

	if (done) {
		hs_date_text(options.snapshot_date, ret->snapshot_date);
		done = emit_new(&options, &work->emit, err) && write_records(work, fd, ret, err);
	}
	emit_free(work->emit);
	parse_head_done(&head);
	return done;
}

bool normalize_feed(int fd, const struct normalize_options *options,
    struct normalize_progress *progress, struct normalize_result *ret, struct hs_error *err)
{
	struct work work = { .options = options, .progress = progress };

	memset(ret, 0, sizeof *ret);
	if (lseek(fd, 0, SEEK_SET) != 0)
		return hs_error_errno(err, "", "cannot read the feed");
	if (!make_digest(&work, fd, ret->digest, err))
		return false;
	if (options->known_digest != NULL &&
	    memcmp(options->known_digest, ret->digest, sizeof ret->digest) == 0) {
		ret->is_unchanged = true;
		return true;
	}
	return make_snapshot(&work, fd, ret, err);
}

void normalize_done(struct normalize_result *result)
{
	json_decref(result->problems);
	result->problems = NULL;
}
