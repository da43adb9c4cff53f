/* test_network.c: addresses and networks as text; names and roles of accounts. */
#include "common/network.h"

#include <string.h>

#include "common/account.h"
#include "tests/unit/harness.h"

static const struct { const char *text, *want; } addresses[] = {
	{ "192.0.2.7", "192.0.2.7" },
	{ "::ffff:192.0.2.7", "192.0.2.7" },
	{ "2001:DB8:0:0::7", "2001:db8::7" },
	{ "::1", "::1" },
	{ "::", "::" },
	{ "", NULL }, { "unix", NULL }, { "192.0.2", NULL }, { "192.0.2.256", NULL }, { " ::1", NULL },
	{ "192.0.2.7:80", NULL }, { "[::1]", NULL }, { "fe80::1%eth0", NULL }, { "010.0.0.1", NULL },
	{ "::ffff:192.0.2.7:192.0.2.7:192.0.2.7:192.0.2.7:192.0.2.7", NULL },
};

static void test_addresses(void)
{
	for (size_t i = 0; i < HS_COUNT(addresses); i++) {
		const char *text = addresses[i].text;
		struct hs_address address;
		char buf[HS_ADDRESS_BYTES];
		bool done = hs_address_parse(text, strlen(text), &address);

		expect_true(text, done == (addresses[i].want != NULL));
		if (done && addresses[i].want != NULL)
			expect_text(text, hs_address_text(&address, buf), addresses[i].want);
	}
}

static const struct { const char *network, *address; bool holds; } networks[] = {
	{ "10.0.0.0/8", "10.255.0.1", true },
	{ "10.0.0.0/8", "11.0.0.0", false },
	{ "10.0.0.0/8", "::ffff:10.1.2.3", true },
	{ "192.0.2.7", "192.0.2.7", true },
	{ "192.0.2.7", "192.0.2.6", false },
	{ "192.0.2.6/31", "192.0.2.7", true },
	{ "0.0.0.0/0", "203.0.113.9", true },
	{ "0.0.0.0/0", "2001:db8::1", false },
	{ "::/0", "203.0.113.9", false },
	{ "2001:db8::/33", "2001:db8:7fff::1", true },
	{ "2001:db8::/33", "2001:db8:8000::1", false },
};

static const char *const no_networks[] = {
	"10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8", "/8", "2001:db8::1/64",
	"::/129",
	"10.0.0.0/08", "10.0.0.0/1000", "host.example", "",
};

static void test_networks(void)
{
	struct hs_network network;
	struct hs_address address;

	for (size_t i = 0; i < HS_COUNT(networks); i++) {
		expect_true(networks[i].network, hs_network_parse(networks[i].network,
		    strlen(networks[i].network), &network));
		expect_true(networks[i].address, hs_address_parse(networks[i].address,
		    strlen(networks[i].address), &address));
		expect_int(networks[i].network, hs_network_holds(&network, &address),
		    networks[i].holds);
	}
	for (size_t i = 0; i < HS_COUNT(no_networks); i++)
		expect_true(no_networks[i], !hs_network_parse(no_networks[i],
		    strlen(no_networks[i]), &network));
}

static const struct { const char *name; bool good; } names[] = {
	{ "a", true }, { "ana", true }, { "7", true }, { "ana.b_c-d@example.org", true },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", true },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
	{ "", false }, { "Ana", false }, { ".ana", false }, { "-x", false }, { "@x", false },
	{ "a b", false },
	{ "a\n", false }, { "\xc5\xa1", false }, { "a'", false },
};

static void test_names(void)
{
	enum hs_role role;

	for (size_t i = 0; i < HS_COUNT(names); i++) {
		struct hs_error err = HS_ERROR_INIT;

		expect_int(names[i].name, hs_account_check_name(names[i].name, &err), names[i].good);
	}
	for (int i = 0; i < HS_ROLE_COUNT; i++) {
		expect_true("role", hs_role_parse(hs_role_name((enum hs_role)i), &role));
		expect_int("role", role, i);
	}
	expect_true("no role", !hs_role_parse("king", &role) && !hs_role_parse("", &role) &&
	    !hs_role_parse("Admin", &role));
}

static const struct hs_case cases[] = {
	{ "addresses", test_addresses },
	{ "networks", test_networks },
	{ "accounts' names and roles", test_names },
};

int main(void)
{
	return hs_run_suite("network", cases, HS_COUNT(cases));
}
