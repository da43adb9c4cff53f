/* map_feed.c: a mapping and feeds, as files, to the snapshot that they make, on standard output.
 *
 *	map_feed [--source-name S] [--date YYYY-MM-DD] [--join NAME=FILE]... [--output FILE.json]
 *	    MAPPING FEED...
 *
 * Each FEED is a page. For tests of mappings without a server: the real code does the work. What
 * else a run would report goes to standard error, as JSON. Exit status: 0 done; 1 no snapshot;
 * 2 usage. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "common/file.h"
#include "daemons/extractor/pipeline.h"

enum { RECORD_BYTES = 16 << 20, SNAPSHOT_BYTES = 64 << 20 };

struct order {
	const char *source_name, *output;
	struct hs_date date;
	const char *joins[MAPPING_MAX_JOINS];
	size_t join_count;
};

static bool fail(const char *what, const struct hs_error *err)
{
	fprintf(stderr, "map_feed: %s: %s: %s (%s)\n", what, err->where, err->message,
	    hs_error_name(err->code));
	return false;
}

static bool open_feed(const char *path, int *ret)
{
	*ret = open(path, O_RDONLY | O_CLOEXEC);
	if (*ret < 0)
		fprintf(stderr, "map_feed: %s: %s\n", path, strerror(errno));
	return *ret >= 0;
}

static struct mapping *load(const char *path)
{
	struct hs_problems *mistakes = hs_problems_new();
	struct hs_error err = HS_ERROR_INIT;
	struct mapping *mapping = NULL;

	if (mistakes == NULL)
		return NULL;
	if (!mapping_load(path, mistakes, &mapping, &err)) {
		fail(path, &err);
		for (size_t i = 0; i < hs_problems_kept(mistakes); i++) {
			const struct hs_problem *problem = hs_problems_at(mistakes, i);

			fprintf(stderr, "%s: %s: %s\n", hs_error_name(problem->code),
			    problem->pointer, problem->message);
		}
	}
	hs_problems_free(mistakes);
	return mapping;
}

static bool read_join(struct pipeline *pipeline, const struct mapping *mapping, const char *join)
{
	const char *file = strchr(join, '=');
	struct hs_error err = HS_ERROR_INIT;
	bool done;
	int fd;

	for (size_t i = 0; file != NULL && i < mapping->join_count; i++) {
		const char *name = mapping->joins[i].name;

		if (strlen(name) != (size_t)(file - join) || strncmp(name, join, strlen(name)) != 0)
			continue;
		if (!open_feed(file + 1, &fd))
			return false;
		done = pipeline_join(pipeline, i, fd, &err) || fail(join, &err);
		close(fd);
		return done;
	}
	fprintf(stderr, "map_feed: the mapping has no join %s\n", join);
	return false;
}

static bool read_feeds(struct pipeline *pipeline, const struct mapping *mapping,
    const struct order *order, char *const *feeds)
{
	struct hs_error err = HS_ERROR_INIT;

	for (size_t i = 0; i < order->join_count; i++) {
		if (!read_join(pipeline, mapping, order->joins[i]))
			return false;
	}
	for (size_t i = 0; feeds[i] != NULL; i++) {
		struct pipeline_page page = { .total = -1 };
		size_t url = mapping != NULL && i < mapping->url_count ? i : 0;
		bool done;
		int fd;

		if (!open_feed(feeds[i], &fd))
			return false;
		done = pipeline_page(pipeline, url, fd, &page, &err) || fail(feeds[i], &err);
		close(fd);
		if (!done)
			return false;
		fprintf(stderr, "{\"page\": %zu, \"records\": %llu, \"next\": \"%s\", \"total\": %lld}\n",
		    i, (unsigned long long)page.records, page.next != NULL ? page.next : "",
		    (long long)page.total);
		pipeline_page_done(&page);
	}
	return true;
}

static bool report(const struct pipeline_result *result)
{
	json_t *json = json_pack("{s:I, s:I, s:I, s:I, s:I, s:O?, s:O?, s:O?, s:O?, s:O?}", "records",
	    (json_int_t)result->records, "skipped", (json_int_t)result->skipped, "left_out",
	    (json_int_t)result->left_out, "repeated", (json_int_t)result->repeated, "problem_total",
	    (json_int_t)result->problem_total, "problems", result->problems, "left_out_problems",
	    result->left_out_problems, "repeated_first", result->repeated_first, "warnings",
	    result->warnings, "empty_fields", result->empty_fields);
	bool done = json != NULL && json_dumpf(json, stderr, JSON_INDENT(1)) == 0;

	fputc('\n', stderr);
	json_decref(json);
	return done && result->problem_total == 0;
}

static bool show(const char *path)
{
	struct hs_error err = HS_ERROR_INIT;
	char *text;
	size_t length;
	bool done;

	if (!hs_file_slurp(AT_FDCWD, path, SNAPSHOT_BYTES, &text, &length, &err))
		return fail(path, &err);
	done = fwrite(text, 1, length, stdout) == length && fflush(stdout) == 0;
	free(text);
	return done;
}

static bool run(const struct order *order, const struct mapping *mapping, const char *folder,
    char *const *feeds)
{
	const struct pipeline_options options = { .folder = folder, .file_name = "snapshot.json",
		.source_name = order->source_name, .fallback_source_name = "map_feed",
		.today = order->date, .max_record_bytes = RECORD_BYTES };
	struct pipeline_progress progress = { .records = 0 };
	struct pipeline_result result = { .path = "" };
	struct hs_error err = HS_ERROR_INIT;
	struct pipeline *pipeline;
	bool done;

	if (!pipeline_new(&options, mapping, &progress, &pipeline, &err))
		return fail("pipeline", &err);
	done = read_feeds(pipeline, mapping, order, feeds) &&
	    (pipeline_finish(pipeline, &result, &err) || fail("finish", &err)) &&
	    report(&result) && (order->output != NULL || show(result.path));
	if (order->output != NULL && done)
		done = rename(result.path, order->output) == 0;
	else if (result.path[0] != '\0')
		unlink(result.path);
	pipeline_result_done(&result);
	pipeline_free(pipeline);
	return done;
}

static bool parse_order(int argc, char **argv, struct order *ret)
{
	static const struct option options[] = {
		{ "source-name", required_argument, NULL, 's' },
		{ "date", required_argument, NULL, 'd' },
		{ "join", required_argument, NULL, 'j' },
		{ "output", required_argument, NULL, 'o' },
		{ NULL, 0, NULL, 0 },
	};
	struct hs_error err = HS_ERROR_INIT;
	int option;

	*ret = (struct order){ .date = hs_date_today() };
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 's')
			ret->source_name = optarg;
		else if (option == 'o')
			ret->output = optarg;
		else if (option == 'd' && !hs_date_parse(optarg, strlen(optarg), &ret->date, &err))
			return fail(optarg, &err);
		else if (option == 'j' && ret->join_count < MAPPING_MAX_JOINS)
			ret->joins[ret->join_count++] = optarg;
		else if (option != 'd')
			return false;
	}
	return argc - optind >= 2;
}

int main(int argc, char **argv)
{
	char folder[] = "/tmp/map_feed.XXXXXX";
	struct mapping *mapping;
	struct order order;
	bool done = false;

	if (!parse_order(argc, argv, &order)) {
		fprintf(stderr, "usage: map_feed [--source-name S] [--date YYYY-MM-DD]"
		    " [--join NAME=FILE]... [--output FILE.json] MAPPING FEED...\n");
		return 2;
	}
	if ((mapping = load(argv[optind])) == NULL)
		return 1;
	if (mkdtemp(folder) != NULL) {
		done = run(&order, mapping, folder, argv + optind + 1);
		rmdir(folder);
	}
	mapping_free(mapping);
	return done ? 0 : 1;
}
