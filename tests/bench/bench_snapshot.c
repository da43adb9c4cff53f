/* bench_snapshot.c: how fast snapshots are checked, measured against jansson's parser.
 *
 *	bench_snapshot FILE [ROUNDS]	both in turn on the file in memory: medians and ratio
 *	bench_snapshot -s FILE		the check alone, from disk: speed and most memory
 *
 * make_snapshot writes such a file. Exit status 1 when the file is not a right snapshot. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "common/number.h"
#include "common/snapshot.h"

enum { PIECE_BYTES = 64 * 1024, MAX_RECORD_BYTES = 16 << 20, ROUNDS = 9, MAX_ROUNDS = 99 };

struct text {
	char *bytes;
	size_t length;
};

static double now_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool complain(const char *file, const char *why)
{
	fprintf(stderr, "bench_snapshot: %s: %s\n", file, why);
	return false;
}

/* What the importer does with a record costs nothing here, but it is handed on. */
static bool count_record(void *arg, const struct hs_record *record, struct hs_error *err)
{
	uint64_t *games = arg;

	(void)err;
	*games += (uint64_t)(record->values[HS_FIELD_GAMES_PLAYED].hundredths + 1);
	return true;
}

static bool is_right(const char *file, const struct hs_snapshot *snapshot)
{
	const struct hs_problems *problems = hs_snapshot_problems(snapshot);

	if (hs_problems_total(problems) == 0)
		return true;
	return complain(file, hs_problems_kept(problems) > 0 ?
	    hs_problems_at(problems, 0)->message : "it has problems");
}

static bool check(const char *file, const struct text *text, double *ret_seconds)
{
	uint64_t games = 0;
	struct hs_snapshot_options options = { .max_record_bytes = MAX_RECORD_BYTES,
		.on_record = count_record, .arg = &games };
	struct hs_error err = HS_ERROR_INIT;
	struct hs_snapshot *snapshot = NULL;
	double start = now_seconds();
	bool done = hs_snapshot_new(&options, &snapshot, &err);

	for (size_t at = 0; at < text->length && done; at += PIECE_BYTES) {
		size_t left = text->length - at;

		done = hs_snapshot_push(snapshot, text->bytes + at,
		    left < PIECE_BYTES ? left : PIECE_BYTES, &err);
	}
	done = done && hs_snapshot_finish(snapshot, &err);
	*ret_seconds = now_seconds() - start;
	if (!done)
		complain(file, err.message);
	else
		done = is_right(file, snapshot);
	hs_snapshot_free(snapshot);
	return done;
}

static bool load(const char *file, const struct text *text, double *ret_seconds)
{
	double start = now_seconds();
	json_error_t error;
	json_t *json = json_loadb(text->bytes, text->length, 0, &error);

	*ret_seconds = now_seconds() - start;	/* without the freeing */
	if (json == NULL)
		return complain(file, error.text);
	json_decref(json);
	return true;
}

static bool read_all(const char *file, struct text *ret)
{
	FILE *in = fopen(file, "rbe");
	struct stat about;
	struct text text;

	if (in == NULL || fstat(fileno(in), &about) != 0 || about.st_size <= 0) {
		if (in != NULL)
			fclose(in);
		return complain(file, "cannot be read, or is empty");
	}
	text.length = (size_t)about.st_size;
	text.bytes = malloc(text.length);
	if (text.bytes == NULL || fread(text.bytes, 1, text.length, in) != text.length) {
		free(text.bytes);
		fclose(in);
		return complain(file, "cannot be read into memory");
	}
	fclose(in);
	*ret = text;
	return true;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(double *values, size_t count)
{
	qsort(values, count, sizeof *values, compare);
	return values[count / 2];
}

/* In turn, so that a slow spell of the machine meets both. */
static bool compare_speeds(const char *file, size_t rounds)
{
	double checks[MAX_ROUNDS], loads[MAX_ROUNDS], ratios[MAX_ROUNDS], megabytes;
	struct text text = { .bytes = NULL };
	bool done = read_all(file, &text);

	for (size_t i = 0; i < rounds && done; i++) {
		done = check(file, &text, &checks[i]) && load(file, &text, &loads[i]);
		ratios[i] = done ? loads[i] / checks[i] : 0;
	}
	free(text.bytes);
	if (!done)
		return false;
	megabytes = (double)text.length / 1e6;
	printf("check %.0f MB/s, json_loadb %.0f MB/s, ratio %.2f (medians of %zu rounds, "
	       "%.1f MB)\n",
	    megabytes / median(checks, rounds), megabytes / median(loads, rounds),
	    median(ratios, rounds), rounds, megabytes);
	return true;
}

static bool push_file(int fd, struct hs_snapshot *snapshot, uint64_t *ret_bytes,
    struct hs_error *err)
{
	static char piece[PIECE_BYTES];
	uint64_t bytes = 0;
	ssize_t length;

	while ((length = read(fd, piece, sizeof piece)) > 0 && !hs_snapshot_is_over(snapshot)) {
		if (!hs_snapshot_push(snapshot, piece, (size_t)length, err))
			return false;
		bytes += (uint64_t)length;
	}
	if (length < 0)
		return hs_error_errno(err, "", "cannot read");
	*ret_bytes = bytes;
	return hs_snapshot_finish(snapshot, err);
}

static bool stream(const char *file)
{
	struct hs_snapshot_options options = { .max_record_bytes = MAX_RECORD_BYTES };
	struct hs_error err = HS_ERROR_INIT;
	struct hs_snapshot *snapshot = NULL;
	double start = now_seconds(), seconds;
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	uint64_t bytes = 0, records;
	struct rusage usage;
	bool done = false;

	if (fd < 0)
		return complain(file, "cannot be opened");
	if (!hs_snapshot_new(&options, &snapshot, &err) ||
	    !push_file(fd, snapshot, &bytes, &err)) {
		complain(file, err.message);
		goto out;
	}
	seconds = now_seconds() - start;
	records = hs_snapshot_head(snapshot)->records;
	getrusage(RUSAGE_SELF, &usage);
	printf("%.1f MB, %" PRIu64 " records: %.0f MB/s, %.0f records/s, at most %ld KiB\n",
	    (double)bytes / 1e6, records, (double)bytes / 1e6 / seconds,
	    (double)records / seconds, usage.ru_maxrss);
	done = is_right(file, snapshot);
out:
	hs_snapshot_free(snapshot);
	close(fd);
	return done;
}

int main(int argc, char **argv)
{
	struct hs_error err = HS_ERROR_INIT;
	long long rounds = ROUNDS;

	if (argc == 3 && strcmp(argv[1], "-s") == 0)
		return stream(argv[2]) ? 0 : 1;
	if (argc < 2 || argc > 3 ||
	    (argc == 3 && !hs_parse_int(argv[2], 1, MAX_ROUNDS, "ROUNDS", &rounds, &err))) {
		fprintf(stderr, "usage: bench_snapshot FILE [ROUNDS], bench_snapshot -s FILE\n");
		return 2;
	}
	return compare_speeds(argv[1], (size_t)rounds) ? 0 : 1;
}
