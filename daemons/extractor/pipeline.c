/* pipeline.c: bodies -> their digest -> parse.c -> normalize.c by way of collect.c -> emit.c.
 *
 * Trusts nothing of the feed. A failure or a cancelled run leaves no file. What is unchanged is not
 * made again: for one body that is known before the work, for several after the last. */
#include "daemons/extractor/pipeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "common/decimal.h"
#include "common/file.h"
#include "common/text.h"
#include "daemons/extractor/collect.h"
#include "daemons/extractor/emit.h"
#include "daemons/extractor/join.h"
#include "daemons/extractor/markup.h"
#include "daemons/extractor/origins.h"
#include "daemons/extractor/parse.h"
#include "daemons/extractor/parse_snapshot.h"
#include "daemons/extractor/refusals.h"

enum { PAGE_BYTES = 4 << 20 };

struct pipeline {
	const struct pipeline_options *options;
	const struct mapping *mapping;
	struct pipeline_progress *progress;
	EVP_MD_CTX *digest;
	bool is_unchanged;
	struct emit *emit;		/* from the first page on */
	struct origins *origins;
	uint64_t pages;			/* so far */
	struct parse_options parse;
	char source_name[PIPELINE_NAME_BYTES];
	char snapshot_date[HS_DATE_TEXT_BYTES];

	/* with a mapping */
	struct joins *joins;
	struct collect *collect;
	struct arena *arena;		/* of what the page says around its records */
	const char *document[EXPRESSION_MAX_SLOTS];
	struct expression_scope scope;
};

static bool is_stopped(void *arg)
{
	const struct pipeline *pipeline = arg;

	return atomic_load(&pipeline->progress->is_cancelled);
}

/* ---- the digest ---- */

static bool digest_piece(void *arg, const char *piece, size_t length, struct hs_error *err)
{
	struct pipeline *pipeline = arg;

	return EVP_DigestUpdate(pipeline->digest, piece, length) == 1 ||
	    hs_error_set(err, HS_IO, "", "cannot make the feed's digest");
}

static bool digest_body(struct pipeline *pipeline, int fd, struct hs_error *err)
{
	return parse_pieces(fd, &pipeline->parse, digest_piece, pipeline, err);
}

static bool start_digest(struct pipeline *pipeline, struct hs_error *err)
{
	pipeline->digest = EVP_MD_CTX_new();
	if (pipeline->digest == NULL ||
	    EVP_DigestInit_ex(pipeline->digest, EVP_sha256(), NULL) != 1)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a digest");
	/* another mapping makes another snapshot of the same feed */
	return pipeline->mapping == NULL || EVP_DigestUpdate(pipeline->digest,
	    pipeline->mapping->digest, sizeof pipeline->mapping->digest) == 1 ||
	    hs_error_set(err, HS_IO, "", "cannot make the feed's digest");
}

/* Of all that was read so far. */
static bool get_digest(const struct pipeline *pipeline, unsigned char *ret, struct hs_error *err)
{
	EVP_MD_CTX *copy = EVP_MD_CTX_new();
	bool done = copy != NULL && EVP_MD_CTX_copy_ex(copy, pipeline->digest) == 1 &&
	    EVP_DigestFinal_ex(copy, ret, NULL) == 1;

	EVP_MD_CTX_free(copy);
	return done || hs_error_set(err, HS_NO_MEMORY, "", "no memory for a digest");
}

static bool settle_unchanged(struct pipeline *pipeline, struct hs_error *err)
{
	unsigned char digest[PIPELINE_DIGEST_BYTES];

	if (pipeline->options->known_digest == NULL)
		return true;
	if (!get_digest(pipeline, digest, err))
		return false;
	pipeline->is_unchanged =
	    memcmp(digest, pipeline->options->known_digest, sizeof digest) == 0;
	return true;
}

static bool has_one_page(const struct pipeline *pipeline)
{
	const struct mapping *mapping = pipeline->mapping;

	return mapping == NULL || (mapping->paging.kind == PAGING_NONE && mapping->url_count <= 1);
}

/* ---- from start to end ---- */

static bool start_collect(struct pipeline *pipeline, bool with_payload, struct hs_error *err)
{
	const struct collect_options options = { .mapping = pipeline->mapping,
		.today = pipeline->options->today, .with_payload = with_payload,
		.max_record_bytes = pipeline->options->max_record_bytes,
		.origins = pipeline->origins };

	return collect_new(&options, &pipeline->collect, err);
}

bool pipeline_new(const struct pipeline_options *options, const struct mapping *mapping,
    struct pipeline_progress *progress, struct pipeline **ret, struct hs_error *err)
{
	struct pipeline *pipeline = calloc(1, sizeof *pipeline);
	bool with_payload = options->with_payload, done;

	if (pipeline == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a run");
	pipeline->options = options;
	pipeline->mapping = mapping;
	pipeline->progress = progress;
	pipeline->parse = (struct parse_options){ .max_record_bytes = options->max_record_bytes,
		.stop = is_stopped, .arg = pipeline };
	pipeline->origins = origins_new();
	done = pipeline->origins != NULL ? start_digest(pipeline, err) :
	    hs_error_set(err, HS_NO_MEMORY, "", "no memory for a run");
	if (done && mapping != NULL) {
		if (mapping->raw_payload != MAPPING_UNSAID)
			with_payload = mapping->raw_payload == MAPPING_YES;
		pipeline->arena = arena_new(PAGE_BYTES);
		pipeline->joins = joins_new(mapping);
		done = (pipeline->arena != NULL && pipeline->joins != NULL) ||
		    hs_error_set(err, HS_NO_MEMORY, "", "no memory for a run");
		done = done && start_collect(pipeline, with_payload, err);
		pipeline->scope = (struct expression_scope){ .document = pipeline->document,
			.joins = pipeline->joins };
	}
	if (done)
		*ret = pipeline;
	else
		pipeline_free(pipeline);
	return done;
}

void pipeline_free(struct pipeline *pipeline)
{
	if (pipeline == NULL)
		return;
	EVP_MD_CTX_free(pipeline->digest);
	emit_free(pipeline->emit);
	collect_free(pipeline->collect);
	joins_free(pipeline->joins);
	origins_free(pipeline->origins);
	arena_free(pipeline->arena);
	free(pipeline);
}

/* The snapshot's first lines; head has what the feed says. */
static bool start_emit(struct pipeline *pipeline, const struct emit_options *head,
    struct hs_error *err)
{
	struct emit_options options = *head;

	options.folder = pipeline->options->folder;
	options.file_name = pipeline->options->file_name;
	options.max_record_bytes = pipeline->options->max_record_bytes;
	if (pipeline->options->source_name != NULL)
		options.source_name = pipeline->options->source_name;
	else if (options.source_name == NULL || options.source_name[0] == '\0')
		options.source_name = pipeline->options->fallback_source_name;
	hs_date_text(options.snapshot_date, pipeline->snapshot_date);
	return hs_format(pipeline->source_name, sizeof pipeline->source_name, err, "%s",
	    options.source_name) && emit_new(&options, &pipeline->emit, err);
}

static bool date_of(const char *text, struct hs_date *ret, struct hs_error *err)
{
	if (hs_date_parse(text, strlen(text), ret, err))
		return true;
	hs_error_at(err, "/snapshot_date");
	return false;
}

/* ---- a feed of the snapshot's shape ---- */

static bool on_written(void *arg, const struct parse_written *record, struct hs_error *err)
{
	struct pipeline *pipeline = arg;
	const struct feed_place place = { .pointer = record->pointer,
		.record = record->number + 1, .line = record->line, .column = record->column };

	if (!origins_add(pipeline->origins, &place, err) ||
	    !emit_written(pipeline->emit, record->text, record->length,
		pipeline->options->with_payload, err))
		return false;
	atomic_store(&pipeline->progress->records, emit_records(pipeline->emit));
	return true;
}

static bool read_snapshot(struct pipeline *pipeline, int fd, struct pipeline_page *ret,
    struct hs_error *err)
{
	struct emit_options options = { .snapshot_date = pipeline->options->today };
	struct parse_head head;
	bool done = parse_snapshot_head(fd, &pipeline->parse, &head, err) &&
	    (head.snapshot_date == NULL ||
		date_of(head.snapshot_date, &options.snapshot_date, err));

	if (done) {
		options.source_name = head.source_name;
		options.source_metadata = head.source_metadata;
		options.raw_payload = head.raw_payload;
		done = start_emit(pipeline, &options, err) &&
		    parse_snapshot_records(fd, &pipeline->parse, on_written, err);
	}
	if (done)
		ret->records = emit_records(pipeline->emit);
	parse_head_done(&head);
	return done;
}

/* ---- a feed and its mapping ---- */

static bool find_date(struct pipeline *pipeline, struct hs_date *ret, struct hs_error *err)
{
	const struct mapping *mapping = pipeline->mapping;
	const char *text;

	if (mapping->date == MAPPING_TODAY)
		*ret = pipeline->options->today;
	if (mapping->date == MAPPING_ON)
		*ret = mapping->snapshot_date;
	if (mapping->date != MAPPING_FOUND)
		return true;
	if (!expression_evaluate(mapping->date_found, &pipeline->scope, &text, err))
		return false;
	if (text == NULL)
		return hs_error_set(err, HS_MISSING_FIELD, "/snapshot_date",
		    "the feed does not say its date where the mapping looks for it");
	return date_of(text, ret, err);
}

/* With the first page, which may say the date. */
static bool start_snapshot(struct pipeline *pipeline, struct hs_error *err)
{
	struct emit_options options = { .source_name = pipeline->mapping->source_name };

	return pipeline->emit != NULL || (find_date(pipeline, &options.snapshot_date, err) &&
	    start_emit(pipeline, &options, err));
}

static bool read_own_joins(struct pipeline *pipeline, int fd, struct hs_error *err)
{
	const struct mapping *mapping = pipeline->mapping;

	for (size_t i = 0; i < mapping->join_count; i++) {
		if (mapping->joins[i].url == NULL &&
		    !joins_read(pipeline->joins, i, fd, &pipeline->parse, err))
			return false;
	}
	return true;
}

static bool on_record(void *arg, const struct parse_record *record, struct hs_error *err)
{
	struct pipeline *pipeline = arg;

	if (!collect_record(pipeline->collect, record, &pipeline->scope, pipeline->emit, err))
		return false;
	atomic_store(&pipeline->progress->records, emit_records(pipeline->emit));
	return true;
}

/* What the page says for paging. */
static bool take_paging(const struct pipeline *pipeline, struct pipeline_page *ret,
    struct hs_error *err)
{
	const struct mapping_paging *paging = &pipeline->mapping->paging;
	const char *next = paging->next_slot == SIZE_MAX ? NULL :
	    pipeline->document[paging->next_slot];
	const char *total = paging->total_slot == SIZE_MAX ? NULL :
	    pipeline->document[paging->total_slot];
	struct hs_decimal number;

	if (total != NULL && (!hs_decimal_parse(total, strlen(total), &number) ||
		!hs_decimal_is_whole(&number) || !hs_decimal_round(&number, 0, &ret->total) ||
		ret->total < 0))
		return hs_error_set(err, HS_BAD_NUMBER,
		    pipeline->mapping->slots.document[paging->total_slot].text,
		    "the number of all records is there, and %.40s is none", total);
	if (next == NULL || hs_text_is_blank(next, strlen(next)))
		return true;
	if (strlen(next) >= PIPELINE_CURSOR_BYTES)
		return hs_error_set(err, HS_TOO_LONG,
		    pipeline->mapping->slots.document[paging->next_slot].text,
		    "what leads to the next page is longer than %d bytes", PIPELINE_CURSOR_BYTES);
	ret->next = strdup(next);
	return ret->next != NULL || hs_error_set(err, HS_NO_MEMORY, "", "no memory for a page");
}

static bool has_failed(const struct pipeline *pipeline)
{
	return pipeline->mapping != NULL && !pipeline->mapping->skips_problems &&
	    collect_left_out(pipeline->collect) > 0;
}

/* All that could have been a record was left out: at the end only. */
static bool is_lost(const struct pipeline *pipeline)
{
	return pipeline->mapping != NULL && emit_records(pipeline->emit) == 0 &&
	    collect_left_out(pipeline->collect) > 0;
}

static bool read_mapped(struct pipeline *pipeline, size_t url, int fd, struct pipeline_page *ret,
    struct hs_error *err)
{
	const struct mapping *mapping = pipeline->mapping;

	pipeline->pages++;
	collect_page(pipeline->collect, has_one_page(pipeline) ? 0 : pipeline->pages);
	arena_reset(pipeline->arena);
	pipeline->scope.arena = pipeline->arena;
	pipeline->scope.with =
	    url < mapping->url_count ? mapping->urls[url].with : NULL;
	if (!parse_facts(fd, mapping->slots.document, mapping->slots.document_count,
		&pipeline->parse, pipeline->arena, pipeline->document, err) ||
	    !start_snapshot(pipeline, err) || !read_own_joins(pipeline, fd, err) ||
	    !parse_trees(fd, &mapping->records, &pipeline->parse, on_record, &ret->records, err) ||
	    !take_paging(pipeline, ret, err))
		return false;
	ret->is_enough = has_failed(pipeline);
	return true;
}

/* ---- what a run calls ---- */

bool pipeline_join(struct pipeline *pipeline, size_t n, int fd, struct hs_error *err)
{
	return digest_body(pipeline, fd, err) && markup_refuse(fd, err) &&
	    joins_read(pipeline->joins, n, fd, &pipeline->parse, err);
}

bool pipeline_page(struct pipeline *pipeline, size_t url, int fd, struct pipeline_page *ret,
    struct hs_error *err)
{
	struct pipeline_page page = { .total = -1 };
	bool done = digest_body(pipeline, fd, err) &&
	    (!has_one_page(pipeline) || settle_unchanged(pipeline, err));

	if (done && pipeline->is_unchanged)
		page.is_enough = true;
	else if (done && (done = markup_refuse(fd, err)))
		done = pipeline->mapping == NULL ? read_snapshot(pipeline, fd, &page, err) :
		    read_mapped(pipeline, url, fd, &page, err);
	if (done)
		*ret = page;
	else
		pipeline_page_done(&page);
	return done;
}

void pipeline_page_done(struct pipeline_page *page)
{
	free(page->next);
	page->next = NULL;
}

static bool list_faults(const struct faults *faults, json_t **ret, struct hs_error *err)
{
	return faults_total(faults) == 0 || (*ret = faults_json(faults)) != NULL ||
	    hs_error_set(err, HS_NO_MEMORY, "", "no memory for the problems");
}

static bool add_warning(json_t **list, const char *sentence)
{
	if (*list == NULL && (*list = json_array()) == NULL)
		return false;
	return json_array_append_new(*list, json_string(sentence)) == 0;
}

static bool warn_of_none(const struct pipeline *pipeline, json_t **list)
{
	if (pipeline->mapping == NULL)
		return add_warning(list, "the feed has no records, and so the snapshot has none");
	return add_warning(list, collect_skipped(pipeline->collect) > 0 ?
	    "the snapshot has no records: the mapping skips all that the feed has" :
	    "the feed has no records, and so the snapshot has none: if it should have some, see"
	    " where the mapping looks for them; \"min_records\": 1 makes such a run fail");
}

/* Too few are likelier a fault of the source than its news. */
static bool is_short(const struct pipeline *pipeline, struct pipeline_result *ret)
{
	uint64_t records = emit_records(pipeline->emit);

	if (pipeline->mapping == NULL || records >= (uint64_t)pipeline->mapping->min_records)
		return false;
	hs_error_set(&ret->why, HS_OUT_OF_RANGE, "/min_records", "the snapshot would have %llu"
	    " record%s, and the mapping wants %lld at least: nothing was written",
	    (unsigned long long)records, records == 1 ? "" : "s",
	    (long long)pipeline->mapping->min_records);
	return true;
}

/* Which fields there are. */
static bool tell_usage(const struct pipeline *pipeline, struct pipeline_result *ret)
{
	const struct usage *usage = collect_usage(pipeline->collect);
	bool is_dry = pipeline->options->folder == NULL;

	ret->mapped = usage->records;
	ret->empty_fields = usage_empty(usage, pipeline->mapping);
	if (is_dry)
		ret->fields = usage_table(usage, pipeline->mapping);
	return ret->empty_fields != NULL && (!is_dry || ret->fields != NULL);
}

static bool tell_collected(const struct pipeline *pipeline, struct pipeline_result *ret,
    struct hs_error *err)
{
	struct collect *collect = pipeline->collect;
	uint64_t left_out = collect_left_out(collect);

	ret->skipped = collect_skipped(collect);
	ret->repeated = collect_repeated(collect);
	ret->repeated_first = collect_repeated_first(collect);
	if (!collect_warnings(collect, &ret->warnings, err))
		return false;
	if (!tell_usage(pipeline, ret) ||
	    (emit_records(pipeline->emit) == 0 && left_out == 0 &&
		!warn_of_none(pipeline, &ret->warnings)))
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a run's report");
	if (!has_failed(pipeline) && !is_lost(pipeline)) {
		ret->left_out = left_out;
		return list_faults(collect_faults(collect), &ret->left_out_problems, err);
	}
	ret->problem_total = left_out;
	if (!has_failed(pipeline))
		hs_error_set(&ret->why, HS_MISSING_FIELD, "", "not one record could be used: all"
		    " %llu that the mapping lets pass were left out for what is wrong with them",
		    (unsigned long long)left_out);
	return list_faults(collect_faults(collect), &ret->problems, err);
}

/* What the importer would refuse. */
static bool tell_refusals(const struct pipeline *pipeline, struct pipeline_result *ret,
    struct hs_error *err)
{
	const struct hs_problems *problems = emit_problems(pipeline->emit);
	struct faults *faults;
	bool done;

	ret->problem_total = hs_problems_total(problems);
	if (ret->problem_total == 0)
		return true;
	if ((faults = faults_new()) == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for the problems");
	done = refusals_tell(problems, pipeline->origins, pipeline->mapping != NULL, faults, err) &&
	    list_faults(faults, &ret->problems, err);
	faults_free(faults);
	return done;
}

/* Puts the file in its place, unless the importer would refuse it or the run was cancelled. */
static bool finish_emit(struct pipeline *pipeline, struct pipeline_result *ret,
    struct hs_error *err)
{
	const char *name;

	if (!emit_finish(pipeline->emit, err))
		return false;
	/* the last word: what is placed now is emitted, whatever is said afterwards */
	if (is_stopped(pipeline))
		return hs_error_set(err, HS_CANCELLED, "", "the run was cancelled");
	if (!emit_place(pipeline->emit, err) || !tell_refusals(pipeline, ret, err))
		return false;
	name = emit_file_name(pipeline->emit);
	return name == NULL ||
	    hs_format(ret->path, sizeof ret->path, err, "%s/%s", pipeline->options->folder, name);
}

bool pipeline_finish(struct pipeline *pipeline, struct pipeline_result *ret, struct hs_error *err)
{
	memset(ret, 0, sizeof *ret);
	if (!get_digest(pipeline, ret->digest, err) ||
	    (!has_one_page(pipeline) && !settle_unchanged(pipeline, err)))
		return false;
	ret->is_unchanged = pipeline->is_unchanged;
	if (pipeline->is_unchanged)
		return true;
	if (pipeline->emit == NULL)
		return hs_error_set(err, HS_BAD_ARGUMENT, "", "no page of the feed was read");
	memcpy(ret->source_name, pipeline->source_name, sizeof ret->source_name);
	memcpy(ret->snapshot_date, pipeline->snapshot_date, sizeof ret->snapshot_date);
	if (pipeline->mapping != NULL &&
	    (!collect_finish(pipeline->collect, pipeline->joins, pipeline->emit, err) ||
		!tell_collected(pipeline, ret, err)))
		return false;
	ret->records = emit_records(pipeline->emit);
	if (pipeline->mapping == NULL && ret->records == 0 &&
	    !warn_of_none(pipeline, &ret->warnings))
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a run's report");
	return has_failed(pipeline) || is_lost(pipeline) || is_short(pipeline, ret) ||
	    finish_emit(pipeline, ret, err);
}

void pipeline_result_done(struct pipeline_result *result)
{
	json_t **const lists[] = { &result->problems, &result->left_out_problems,
		&result->repeated_first, &result->warnings, &result->empty_fields,
		&result->fields };

	for (size_t i = 0; i < HS_COUNT(lists); i++) {
		json_decref(*lists[i]);
		*lists[i] = NULL;
	}
}
