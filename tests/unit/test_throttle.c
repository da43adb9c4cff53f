/* test_throttle.c: how waits grow, and where askers come from. */
#include "daemons/web/throttle.h"

#include <stdlib.h>
#include <string.h>

#include "daemons/web/asker.h"
#include "tests/unit/harness.h"

static const struct { enum throttle throttle; int failures, want; } delays[] = {
	{ THROTTLE_ACCOUNT, 1, 0 }, { THROTTLE_ACCOUNT, 2147483647, 0 }, { THROTTLE_CLEARED, 9, 0 },
	{ THROTTLE_NETWORK, 1, 0 }, { THROTTLE_NETWORK, 5, 0 }, { THROTTLE_NETWORK, 6, 1 },
	{ THROTTLE_NETWORK, 7, 2 }, { THROTTLE_NETWORK, 14, 256 }, { THROTTLE_NETWORK, 15, 300 },
	{ THROTTLE_NETWORK, 16, 300 }, { THROTTLE_NETWORK, 2147483647, 300 },
	{ THROTTLE_DEVICE, 8, 0 }, { THROTTLE_DEVICE, 9, 1 }, { THROTTLE_DEVICE, 99, 60 },
	{ THROTTLE_ADDRESS, 20, 0 }, { THROTTLE_ADDRESS, 21, 1 }, { THROTTLE_ADDRESS, 30, 512 },
	{ THROTTLE_ADDRESS, 31, 900 }, { THROTTLE_ADDRESS, 1000, 900 },
	{ THROTTLE_PAIR, 8, 0 }, { THROTTLE_PAIR, 9, 1 }, { THROTTLE_PAIR, 15, 60 },
	{ THROTTLE_PAIR, 99, 60 },
};

static void test_delays(void)
{
	char list[THROTTLE_LIST_BYTES];

	for (size_t i = 0; i < HS_COUNT(delays); i++)
		expect_int("delay", throttle_delay(delays[i].throttle, delays[i].failures),
		    delays[i].want);
	for (int throttle = 0; throttle < THROTTLE_COUNT; throttle++) {
		int before = 0;

		for (int failures = 1; failures < 100; failures++) {
			int delay = throttle_delay((enum throttle)throttle, failures);

			expect_true("never shorter", delay >= before);
			before = delay;
		}
		/* what stands last in the list is the longest there is */
		throttle_list((enum throttle)throttle, list);
		expect_int("the last", strtol(strrchr(list, ',') + 1, NULL, 10), before);
		expect_true("whole", list[0] == '{' && list[strlen(list) - 1] == '}');
	}
	throttle_list(THROTTLE_NETWORK, list);
	expect_true("the list", strncmp(list, "{0,0,0,0,0,1,2,4,8,16,32,64,128,256,300,300,", 43) == 0);
}

static void test_keys(void)
{
	char keys[6][TOKEN_DIGEST_BYTES], long_name[400];

	expect_true("keys", throttle_key(THROTTLE_ACCOUNT, "ana", "::1", keys[0]) &&
	    throttle_key(THROTTLE_ACCOUNT, "ana", "::2", keys[1]) &&
	    throttle_key(THROTTLE_ADDRESS, "ana", "::1", keys[2]) &&
	    throttle_key(THROTTLE_ADDRESS, "ben", "::1", keys[3]) &&
	    throttle_key(THROTTLE_PAIR, "ana", "::1", keys[4]) &&
	    throttle_key(THROTTLE_PAIR, "ana", "::2", keys[5]));
	expect_text("an account anywhere", keys[0], keys[1]);
	expect_text("an address for anybody", keys[2], keys[3]);
	expect_true("all others differ", strcmp(keys[0], keys[2]) != 0 &&
	    strcmp(keys[0], keys[4]) != 0 && strcmp(keys[4], keys[5]) != 0 &&
	    strcmp(keys[2], keys[4]) != 0);
	memset(long_name, 'x', sizeof long_name - 1);
	long_name[sizeof long_name - 1] = '\0';
	expect_true("a long name", throttle_key(THROTTLE_PAIR, long_name, "::1", keys[0]));
}

static const struct {
	const char *peer, *forwarded_for, *proto, *want;
	bool is_https, is_tls;
} askers[] = {
	{ "203.0.113.9", NULL, NULL, "203.0.113.9", true, true },
	{ "203.0.113.9", "192.0.2.1", "http", "203.0.113.9", true, true },
	{ "127.0.0.1", "192.0.2.1", "http", "192.0.2.1", false, true },
	{ "127.0.0.1", "192.0.2.1", NULL, "192.0.2.1", true, true },
	{ "203.0.113.9", NULL, NULL, "203.0.113.9", false, false },
	{ "203.0.113.9", "192.0.2.1", "https", "203.0.113.9", false, false },	/* whoever that is */
	{ "127.0.0.1", NULL, NULL, "127.0.0.1", false, false },
	{ "127.0.0.1", "192.0.2.1", NULL, "192.0.2.1", false, false },
	{ "127.0.0.1", "192.0.2.1", "HTTPS", "192.0.2.1", true, false },
	{ "127.0.0.1", "192.0.2.1", "http", "192.0.2.1", false, false },
	{ "127.0.0.1", "192.0.2.1", "https, http", "192.0.2.1", false, false },
	{ "127.0.0.1", "192.0.2.66, 192.0.2.1", "https", "192.0.2.1", true, false },
	{ "127.0.0.1", "192.0.2.66 , 192.0.2.1 ,10.9.9.9,", "https", "192.0.2.1", true, false },
	{ "127.0.0.1", "10.0.0.1, 10.0.0.2", NULL, "10.0.0.1", false, false },
	{ "127.0.0.1", "nobody", NULL, "127.0.0.1", false, false },
	{ "127.0.0.1", "", NULL, "127.0.0.1", false, false },
	{ "127.0.0.1", ", ,", NULL, "127.0.0.1", false, false },
	{ "unix", "2001:DB8::1", "https", "2001:db8::1", true, false },
	{ "unknown", "192.0.2.1", "https", "unknown", false, false },
};

static void test_askers(void)
{
	struct hs_error err = HS_ERROR_INIT;
	struct hs_settings *settings = NULL;
	struct asker asker;
	char place[HS_ADDRESS_BYTES];

	setenv("HOOPSCOUT_CONF", "/dev/null", 1);
	if (!expect_done("settings", hs_settings_load(NULL, &settings, &err), &err))
		return;
	expect_done("proxies", hs_settings_override(settings, HS_SET_TRUSTED_PROXIES,
	    "127.0.0.1, 10.0.0.0/8, unix", &err), &err);
	for (size_t i = 0; i < HS_COUNT(askers); i++) {
		asker_decide(settings, askers[i].peer, askers[i].is_tls, askers[i].forwarded_for,
		    askers[i].proto, &asker);
		expect_text(askers[i].forwarded_for, asker.address, askers[i].want);
		expect_int(askers[i].forwarded_for, asker.is_https, askers[i].is_https);
	}
	expect_true("a bad one", !hs_settings_override(settings, HS_SET_TRUSTED_PROXIES,
	    "proxy.example", &err));
	expect_contains("a bad one", err.message, "addresses, networks");
	asker_decide(settings, "2001:db8:1:2:3:4:5:6", false, NULL, NULL, &asker);
	asker_place(&asker, place);
	expect_text("an IPv6 network", place, "2001:db8:1:2::");
	asker_network(&asker, place);
	expect_text("a larger one", place, "2001:db8:1::");
	asker_decide(settings, "203.0.113.9", false, NULL, NULL, &asker);
	asker_place(&asker, place);
	expect_text("an IPv4 address", place, "203.0.113.9");
	asker_network(&asker, place);
	expect_text("an IPv4 address", place, "203.0.113.9");
	hs_settings_free(settings);
}

static const struct hs_case cases[] = {
	{ "delays", test_delays },
	{ "keys", test_keys },
	{ "askers", test_askers },
};

int main(void)
{
	return hs_run_suite("throttle", cases, HS_COUNT(cases));
}
