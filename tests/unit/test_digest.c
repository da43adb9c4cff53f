/* test_digest.c: SHA-256 against known values, and the hash of the dictionaries against
 * SipHash's. */
#include "daemons/importer/digest.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "daemons/importer/hash.h"
#include "tests/unit/harness.h"

static bool stops;

static void tell(void *arg, enum progress_stage stage, int64_t bytes, int64_t records)
{
	(void)arg, (void)stage, (void)records;
	expect_true("never back", bytes >= 0);
}

static bool must_stop(void *arg)
{
	(void)arg;
	return stops;
}

static const struct progress progress = { .tell = tell, .must_stop = must_stop };

static int file_of(const char *text, size_t length, size_t times)
{
	static int number;
	struct hs_error err = HS_ERROR_INIT;
	char name[32];
	int dir, fd = -1;

	if (!expect_done("folder", hs_dir_open(hs_scratch_dir(), &dir, &err), &err))
		return -1;
	snprintf(name, sizeof name, "%d", number++);
	fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	close(dir);
	for (size_t i = 0; i < times; i++)
		expect_done("fill", hs_file_write_all(fd, text, length, &err), &err);
	return fd;
}

static const struct { const char *text; size_t times; const char *want; } digests[] = {
	{ "", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 20000,
	    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0" },
};

static void test_digest(void)
{
	for (size_t i = 0; i < HS_COUNT(digests); i++) {
		struct hs_error err = HS_ERROR_INIT;
		char text[DIGEST_TEXT_BYTES];
		struct digest digest;
		int fd = file_of(digests[i].text, strlen(digests[i].text), digests[i].times);

		/* from its beginning, wherever it stands now */
		if (expect_done(digests[i].text, digest_file(fd, &progress, &digest, &err), &err))
			expect_text(digests[i].text, digest_text(&digest, text), digests[i].want);
		close(fd);
	}
}

static void test_stop(void)
{
	struct hs_error err = HS_ERROR_INIT;
	struct digest digest;
	int fd = file_of("abc", 3, 1);

	stops = true;
	expect_true("stopped", !digest_file(fd, &progress, &digest, &err));
	expect_code("stopped", &err, HS_CANCELLED);
	expect_true("stopped", err.temporary);
	stops = false;
	close(fd);
}

/* SipHash-1-3 of 0, 1, 2 ... under the key 0, 1, ... 15. */
static void test_hash(void)
{
	static const struct { size_t length; uint64_t want;
	} rows[] = {
		{ 0, 0xabac0158050fc4dcU },
		{ 1, 0xc9f49bf37d57ca93U },
		{ 7, 0xd3927d989bb11140U },
		{ 8, 0x369095118d299a8eU },
		{ 15, 0xd320d86d2a519956U },
		{ 63, 0x9d199062b7bbb3a8U },
	};
	struct hash_key key, other;
	unsigned char bytes[64];

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)i;
	memcpy(&key, bytes, sizeof key);
	for (size_t i = 0; i < HS_COUNT(rows); i++)
		expect_true("SipHash-1-3", hash_text(&key, bytes, rows[i].length) == rows[i].want);
	hash_key_new(&key);
	hash_key_new(&other);
	expect_true("keys differ", memcmp(&key, &other, sizeof key) != 0);
}

static const struct hs_case cases[] = {
	{ "digest", test_digest },
	{ "stop", test_stop },
	{ "hash", test_hash },
};

int main(void)
{
	return hs_run_suite("digest", cases, HS_COUNT(cases));
}
