/* test_tls.c: which certificates and keys are taken, and what is said of those that are not. */
#include "common/tls.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "common/file.h"
#include "common/log.h"
#include "tests/unit/harness.h"

enum { DAY = 86400, PATH_ROOM = 512 };

static char folder[256];	/* of the files; "" until they are made */

static void path_of(const char *name, char buf[PATH_ROOM])
{
	snprintf(buf, PATH_ROOM, "%s/%s", folder, name);
}

/* Writes what a callback puts into a BIO. */
static void write_pem(const char *name, EVP_PKEY *key, X509 *certificate, const char *passphrase)
{
	char path[PATH_ROOM];
	BIO *file;

	path_of(name, path);
	if ((file = BIO_new_file(path, "w")) == NULL)
		hs_panic("cannot write %s", path);
	if (certificate != NULL)
		PEM_write_bio_X509(file, certificate);
	else
		PEM_write_bio_PrivateKey(file, key, passphrase != NULL ? EVP_aes_128_cbc() : NULL,
		    (const unsigned char *)passphrase,
		    passphrase != NULL ? (int)strlen(passphrase) : 0, NULL, NULL);
	BIO_free(file);
}

static X509 *certificate_new(EVP_PKEY *key, const char *name, long begins, long ends)
{
	X509 *certificate = X509_new();
	X509_NAME *subject = X509_get_subject_name(certificate);

	X509_set_version(certificate, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 7);
	X509_gmtime_adj(X509_getm_notBefore(certificate), begins);
	X509_gmtime_adj(X509_getm_notAfter(certificate), ends);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1,
	    0);
	X509_set_issuer_name(certificate, subject);
	X509_set_pubkey(certificate, key);
	X509_sign(certificate, key, EVP_sha256());
	return certificate;
}

/* NAME.pem and NAME.key. */
static void make_pair(const char *name, long begins, long ends, const char *passphrase)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = certificate_new(key, name, begins, ends);
	char file[64];

	snprintf(file, sizeof file, "%s.pem", name);
	write_pem(file, key, certificate, NULL);
	snprintf(file, sizeof file, "%s.key", name);
	write_pem(file, key, NULL, passphrase);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

static void write_text(const char *name, const char *text)
{
	struct hs_error err = HS_ERROR_INIT;
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	expect_done(name, hs_file_write(dir, name, text, strlen(text), 0600, &err), &err);
	close(dir);
}

static void make_files(void)
{
	if (folder[0] != '\0')
		return;
	snprintf(folder, sizeof folder, "%s", hs_scratch_dir());
	make_pair("good", -DAY, 100L * DAY, NULL);
	make_pair("other", -DAY, 100L * DAY, NULL);
	make_pair("over", -2 * DAY, -DAY, NULL);
	make_pair("early", DAY, 100L * DAY, NULL);
	make_pair("closed", -DAY, 100L * DAY, "secret");
	write_text("text", "nonsense");
	write_text("empty", "");
}

static const struct {
	const char *certificate, *key;
	enum hs_error_code want;
	const char *where, *says;
} pairs[] = {
	{ "good.pem", "good.key", HS_OK, "", "" },
	{ "over.pem", "over.key", HS_OK, "", "" },
	{ "early.pem", "early.key", HS_OK, "", "" },
	{ "good.pem", "other.key", HS_BAD_SETTING, "HOOPSCOUT_TLS_KEY", "is not the key of" },
	{ "good.pem", "closed.key", HS_BAD_SETTING, "HOOPSCOUT_TLS_KEY", "has a passphrase" },
	{ "good.pem", "good.pem", HS_BAD_SETTING, "HOOPSCOUT_TLS_KEY", "is no private key" },
	{ "good.pem", "text", HS_BAD_SETTING, "HOOPSCOUT_TLS_KEY", "is no private key" },
	{ "good.pem", "empty", HS_BAD_SETTING, "HOOPSCOUT_TLS_KEY", "is no private key" },
	{ "good.pem", "nothing", HS_NOT_FOUND, "HOOPSCOUT_TLS_KEY", "nothing: " },
	{ "good.key", "good.key", HS_BAD_SETTING, "HOOPSCOUT_TLS_CERTIFICATE", "is no certificate" },
	{ "text", "good.key", HS_BAD_SETTING, "HOOPSCOUT_TLS_CERTIFICATE", "must be PEM text" },
	{ "empty", "good.key", HS_BAD_SETTING, "HOOPSCOUT_TLS_CERTIFICATE", "is no certificate" },
	{ "nothing", "good.key", HS_NOT_FOUND, "HOOPSCOUT_TLS_CERTIFICATE", "nothing: " },
	{ ".", "good.key", HS_IO, "HOOPSCOUT_TLS_CERTIFICATE", "" },
};

static struct hs_settings *settings_with(const char *certificate, const char *key)
{
	struct hs_settings *settings = NULL;
	struct hs_error err = HS_ERROR_INIT;
	char path[PATH_ROOM];

	setenv("HOOPSCOUT_CONF", "/dev/null", 1);
	path_of(certificate, path);
	setenv("HOOPSCOUT_TLS_CERTIFICATE", path, 1);
	path_of(key, path);
	setenv("HOOPSCOUT_TLS_KEY", path, 1);
	if (!hs_settings_load(NULL, &settings, &err))
		hs_panic("settings: %s", err.message);
	return settings;
}

static void test_pairs(void)
{
	make_files();
	for (size_t i = 0; i < HS_COUNT(pairs); i++) {
		struct hs_settings *settings = settings_with(pairs[i].certificate, pairs[i].key);
		struct hs_error err = HS_ERROR_INIT;
		struct hs_tls *tls = NULL;
		char row[64];

		snprintf(row, sizeof row, "%s, %s", pairs[i].certificate, pairs[i].key);
		expect_int(row, hs_tls_new(settings, &tls, &err), pairs[i].want == HS_OK);
		expect_int(row, err.code == HS_OK, pairs[i].want == HS_OK);
		if (pairs[i].want != HS_OK && pairs[i].want != HS_IO)
			expect_code(row, &err, pairs[i].want);
		expect_text(row, err.where, pairs[i].where);
		expect_contains(row, err.message, pairs[i].says);
		expect_int("OpenSSL's errors are taken away", (long long)ERR_peek_error(), 0);
		hs_tls_free(tls);
		hs_settings_free(settings);
	}
}

static void test_status(void)
{
	static const struct { const char *name; bool is_over; } rows[] = {
		{ "good", false }, { "over", true }, { "early", false },
	};

	make_files();
	for (size_t i = 0; i < HS_COUNT(rows); i++) {
		char certificate[32], key[32];
		struct hs_settings *settings;
		struct hs_error err = HS_ERROR_INIT;
		struct hs_tls *tls = NULL;
		json_t *status;
		SSL *session;

		snprintf(certificate, sizeof certificate, "%s.pem", rows[i].name);
		snprintf(key, sizeof key, "%s.key", rows[i].name);
		settings = settings_with(certificate, key);
		if (expect_done(rows[i].name, hs_tls_new(settings, &tls, &err), &err)) {
			status = hs_tls_status(tls);
			expect_text(rows[i].name,
			    json_string_value(json_object_get(status, "certificate")), rows[i].name);
			expect_int(rows[i].name, json_is_true(json_object_get(status, "is_over")),
			    rows[i].is_over);
			json_decref(status);
			session = hs_tls_session(tls);
			expect_true(rows[i].name, session != NULL);
			SSL_free(session);
		}
		hs_tls_free(tls);
		hs_settings_free(settings);
	}
}

static void test_none(void)
{
	struct hs_settings *settings = NULL;
	struct hs_error err = HS_ERROR_INIT;
	struct hs_tls *tls = NULL;
	json_t *status = hs_tls_status(NULL);

	setenv("HOOPSCOUT_CONF", "/dev/null", 1);
	unsetenv("HOOPSCOUT_TLS_CERTIFICATE");
	unsetenv("HOOPSCOUT_TLS_KEY");
	if (expect_done("settings", hs_settings_load(NULL, &settings, &err), &err))
		expect_done("none", hs_tls_new(settings, &tls, &err), &err);
	expect_true("none", tls == NULL && json_is_null(status));
	json_decref(status);
	hs_settings_free(settings);
}

static const struct hs_case cases[] = {
	{ "certificate and key", test_pairs },
	{ "what the operator is told", test_status },
	{ "no HTTPS", test_none },
};

int main(void)
{
	hs_log_set_level(HS_LOG_ERROR);
	return hs_run_suite("tls", cases, HS_COUNT(cases));
}
