/* tls.c: trusts OpenSSL, and neither file to be what its setting says. */
#include "common/tls.h"

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

enum { FILE_BYTES_MOST = 1 << 20, WARN_DAYS = 14 };

struct hs_tls {
	SSL_CTX *context;
	char name[HS_TLS_NAME_BYTES];
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

static void describe(struct hs_tls *tls, X509 *certificate)
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

static bool use_chain(struct hs_tls *tls, BIO *file)
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

static bool take_certificate(struct hs_tls *tls, const struct hs_settings *settings,
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

static bool take_key(struct hs_tls *tls, const struct hs_settings *settings, struct hs_error *err)
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

static void time_text(time_t when, char buf[HS_TLS_TIME_BYTES])
{
	struct tm parts;

	if (gmtime_r(&when, &parts) == NULL ||
	    strftime(buf, HS_TLS_TIME_BYTES, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
		snprintf(buf, HS_TLS_TIME_BYTES, "?");
}

enum hs_tls_term hs_tls_judge(const struct hs_tls *tls, char name[HS_TLS_NAME_BYTES],
    char date[HS_TLS_TIME_BYTES])
{
	time_t now = time(NULL);

	memcpy(name, tls->name, HS_TLS_NAME_BYTES);
	time_text(now < tls->begins ? tls->begins : tls->ends, date);
	if (now < tls->begins)
		return HS_TLS_NOT_YET;
	if (now > tls->ends)
		return HS_TLS_OVER;
	return tls->ends - now < (time_t)WARN_DAYS * 86400 ? HS_TLS_SOON : HS_TLS_GOOD;
}

static void warn_of_time(const struct hs_tls *tls)
{
	char name[HS_TLS_NAME_BYTES], date[HS_TLS_TIME_BYTES];
	enum hs_tls_term term = hs_tls_judge(tls, name, date);

	if (term == HS_TLS_NOT_YET)
		hs_log(HS_LOG_WARNING, "the certificate is not valid yet; browsers will refuse it",
		    HS_STR("name", name), HS_STR("begins", date));
	else if (term == HS_TLS_OVER)
		hs_log(HS_LOG_WARNING, "the certificate has expired; browsers refuse it",
		    HS_STR("name", name), HS_STR("ended", date));
	else if (term == HS_TLS_SOON)
		hs_log(HS_LOG_WARNING, "the certificate expires soon", HS_STR("name", name),
		    HS_STR("ends", date));
	else
		hs_log(HS_LOG_INFO, "HTTPS has its certificate", HS_STR("name", name),
		    HS_STR("ends", date));
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

bool hs_tls_new(const struct hs_settings *settings, struct hs_tls **ret, struct hs_error *err)
{
	struct hs_tls *tls;

	if (hs_setting_text(settings, HS_SET_TLS_CERTIFICATE)[0] == '\0') {
		*ret = NULL;
		return true;
	}
	ERR_clear_error();
	if ((tls = calloc(1, sizeof *tls)) == NULL ||
	    (tls->context = SSL_CTX_new(TLS_server_method())) == NULL || !set_up(tls->context)) {
		hs_tls_free(tls);
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for HTTPS");
	}
	if (!take_certificate(tls, settings, err) || !take_key(tls, settings, err)) {
		hs_tls_free(tls);
		return false;
	}
	warn_of_time(tls);
	*ret = tls;
	return true;
}

void hs_tls_free(struct hs_tls *tls)
{
	if (tls == NULL)
		return;
	SSL_CTX_free(tls->context);
	free(tls);
}

SSL *hs_tls_session(const struct hs_tls *tls)
{
	return SSL_new(tls->context);
}

json_t *hs_tls_status(const struct hs_tls *tls)
{
	char ends[HS_TLS_TIME_BYTES];

	if (tls == NULL)
		return json_null();
	time_text(tls->ends, ends);
	return json_pack("{s:s, s:s, s:b}", "certificate", tls->name, "ends", ends, "is_over",
	    time(NULL) > tls->ends);
}
