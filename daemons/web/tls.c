/* tls.c: trusts OpenSSL, and neither file to be what its setting says. */
#include "daemons/web/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "common/file.h"
#include "common/log.h"

enum { FILE_BYTES_MOST = 1 << 20, NAME_BYTES = 256, TIME_BYTES = 32, WARN_DAYS = 14 };

struct tls {
	SSL_CTX *context;
	char name[NAME_BYTES];
	time_t begins, ends;
};

static const char *setting_name(enum hs_setting id)
{
	return hs_setting_rows[id].name;
}

/* ---- files ---- */

static bool read_file(const struct hs_settings *settings, enum hs_setting id, BIO **ret,
    struct hs_error *err)
{
	const char *path = hs_setting_text(settings, id);
	const struct passwd *user = getpwuid(geteuid());
	struct hs_error why = HS_ERROR_INIT;
	char *text = NULL;
	size_t length = 0;
	bool done;

	if (!hs_file_slurp(AT_FDCWD, path, FILE_BYTES_MOST, &text, &length, &why)) {
		if (why.code == HS_NO_PERMISSION)
			return hs_error_set(err, HS_NO_PERMISSION, setting_name(id),
			    "%s cannot be read by the user %s, as whom hsd-web runs: give the file, "
			    "and the way to it, to a group of his (chgrp, chmod 640)", path,
			    user != NULL ? user->pw_name : "of hsd-web");
		return hs_error_set(err, why.code, setting_name(id), "%s: %s", path, why.message);
	}
	*ret = BIO_new(BIO_s_mem());
	done = *ret != NULL && BIO_write(*ret, text, (int)length) == (int)length;
	OPENSSL_cleanse(text, length);
	free(text);
	return done || hs_error_set(err, HS_NO_MEMORY, setting_name(id), "no memory for HTTPS");
}

static bool refuse(const struct hs_settings *settings, enum hs_setting id, const char *what,
    struct hs_error *err)
{
	char why[160] = "";

	ERR_error_string_n(ERR_peek_last_error(), why, sizeof why);
	hs_log(HS_LOG_DEBUG, "OpenSSL says why", HS_STR("error", why));
	ERR_clear_error();
	return hs_error_set(err, HS_BAD_SETTING, setting_name(id), "%s %s",
	    hs_setting_text(settings, id), what);
}

/* Nobody is there to be asked for a passphrase. */
static int on_passphrase(char *buf, int size, int writes, void *arg)
{
	bool *was_asked = arg;

	(void)buf;
	(void)size;
	(void)writes;
	*was_asked = true;
	return -1;
}

static time_t time_of(const ASN1_TIME *when)
{
	struct tm parts;

	return ASN1_TIME_to_tm(when, &parts) == 1 ? timegm(&parts) : 0;
}

static void describe(struct tls *tls, X509 *certificate)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);

	X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, tls->name,
	    sizeof tls->name);
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type != GEN_DNS)
			continue;
		snprintf(tls->name, sizeof tls->name, "%.*s", ASN1_STRING_length(name->d.dNSName),
		    (const char *)ASN1_STRING_get0_data(name->d.dNSName));
		break;
	}
	GENERAL_NAMES_free(names);
	tls->begins = time_of(X509_get0_notBefore(certificate));
	tls->ends = time_of(X509_get0_notAfter(certificate));
}

static bool use_chain(struct tls *tls, BIO *file)
{
	X509 *certificate = PEM_read_bio_X509_AUX(file, NULL, NULL, NULL), *next;
	bool done = certificate != NULL && SSL_CTX_use_certificate(tls->context, certificate) == 1;

	if (done)
		describe(tls, certificate);
	X509_free(certificate);
	while (done && (next = PEM_read_bio_X509(file, NULL, NULL, NULL)) != NULL) {
		if (SSL_CTX_add0_chain_cert(tls->context, next) != 1) {
			X509_free(next);
			done = false;
		}
	}
	if (done && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE)
		ERR_clear_error();	/* that is the file's end */
	return done && ERR_peek_error() == 0;
}

static bool take_certificate(struct tls *tls, const struct hs_settings *settings,
    struct hs_error *err)
{
	BIO *file = NULL;
	bool done = read_file(settings, HS_SET_TLS_CERTIFICATE, &file, err) &&
	    (use_chain(tls, file) || refuse(settings, HS_SET_TLS_CERTIFICATE,
		"is no certificate: it must be PEM text, -----BEGIN CERTIFICATE-----, the server's "
		"own first, then those between it and its authority", err));

	BIO_free(file);
	return done;
}

static bool take_key(struct tls *tls, const struct hs_settings *settings, struct hs_error *err)
{
	bool was_asked = false, done = false;
	BIO *file = NULL;
	EVP_PKEY *key = NULL;

	if (!read_file(settings, HS_SET_TLS_KEY, &file, err))
		goto out;
	if ((key = PEM_read_bio_PrivateKey(file, NULL, on_passphrase, &was_asked)) == NULL)
		refuse(settings, HS_SET_TLS_KEY, was_asked ? "has a passphrase, which nobody can "
		    "be asked for: write it without one (openssl pkey -in FILE -out FILE2)" :
		    "is no private key: it must be PEM text, -----BEGIN PRIVATE KEY-----", err);
	else if (SSL_CTX_use_PrivateKey(tls->context, key) != 1 ||
	    SSL_CTX_check_private_key(tls->context) != 1)
		refuse(settings, HS_SET_TLS_KEY, "is not the key of the certificate in "
		    "HOOPSCOUT_TLS_CERTIFICATE: name the two that were made together", err);
	else
		done = true;
out:
	EVP_PKEY_free(key);
	BIO_free(file);
	return done;
}

static void time_text(time_t when, char buf[TIME_BYTES])
{
	struct tm parts;

	if (gmtime_r(&when, &parts) == NULL ||
	    strftime(buf, TIME_BYTES, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
		snprintf(buf, TIME_BYTES, "?");
}

static void warn_of_time(const struct tls *tls)
{
	time_t now = time(NULL);
	char begins[TIME_BYTES], ends[TIME_BYTES];

	time_text(tls->begins, begins);
	time_text(tls->ends, ends);
	if (now < tls->begins)
		hs_log(HS_LOG_WARNING, "the certificate is not valid yet; browsers will refuse it",
		    HS_STR("name", tls->name), HS_STR("begins", begins));
	else if (now > tls->ends)
		hs_log(HS_LOG_WARNING, "the certificate has expired; browsers refuse it",
		    HS_STR("name", tls->name), HS_STR("ended", ends));
	else if (tls->ends - now < (time_t)WARN_DAYS * 86400)
		hs_log(HS_LOG_WARNING, "the certificate expires soon", HS_STR("name", tls->name),
		    HS_STR("ends", ends));
	else
		hs_log(HS_LOG_INFO, "HTTPS has its certificate", HS_STR("name", tls->name),
		    HS_STR("ends", ends));
}

/* ---- what is spoken ---- */

/* Who offers other protocols too is told the only one that we speak. */
static int on_protocols(SSL *ssl, const unsigned char **ret, unsigned char *ret_length,
    const unsigned char *offered, unsigned length, void *arg)
{
	static const unsigned char ours[] = "\x08http/1.1";
	unsigned char *chosen;

	(void)ssl;
	(void)arg;
	if (SSL_select_next_proto(&chosen, ret_length, ours, sizeof ours - 1, offered, length) !=
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_NOACK;
	*ret = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static bool set_up(SSL_CTX *context)
{
	static const unsigned char purpose[] = "hoopscout";

	SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
	    SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
	    SSL_OP_IGNORE_UNEXPECTED_EOF);
	/* idle connections keep no buffers; sessions live in tickets, with the client */
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_alpn_select_cb(context, on_protocols, NULL);
	return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
	    SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 &&
	    SSL_CTX_set_session_id_context(context, purpose, sizeof purpose - 1) == 1;
}

bool tls_new(const struct hs_settings *settings, struct tls **ret, struct hs_error *err)
{
	struct tls *tls;

	if (hs_setting_text(settings, HS_SET_TLS_CERTIFICATE)[0] == '\0') {
		*ret = NULL;
		return true;
	}
	ERR_clear_error();
	if ((tls = calloc(1, sizeof *tls)) == NULL ||
	    (tls->context = SSL_CTX_new(TLS_server_method())) == NULL || !set_up(tls->context)) {
		tls_free(tls);
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for HTTPS");
	}
	if (!take_certificate(tls, settings, err) || !take_key(tls, settings, err)) {
		tls_free(tls);
		return false;
	}
	warn_of_time(tls);
	*ret = tls;
	return true;
}

void tls_free(struct tls *tls)
{
	if (tls == NULL)
		return;
	SSL_CTX_free(tls->context);
	free(tls);
}

SSL *tls_session(const struct tls *tls)
{
	return SSL_new(tls->context);
}

json_t *tls_status(const struct tls *tls)
{
	char ends[TIME_BYTES];

	if (tls == NULL)
		return json_null();
	time_text(tls->ends, ends);
	return json_pack("{s:s, s:s, s:b}", "certificate", tls->name, "ends", ends, "is_over",
	    time(NULL) > tls->ends);
}
