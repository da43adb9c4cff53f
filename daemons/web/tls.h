/* tls.h: the certificate and key for HTTPS, and a TLS session for each connection.
 *
 * hsd-web reads both itself, as HOOPSCOUT_USER: so they can be read again without the supervisor's
 * rights. TLS 1.2 and 1.3 with forward secrecy; no compression, no renegotiation. */
#ifndef WEB_TLS_H
#define WEB_TLS_H

#include <stdbool.h>

#include <jansson.h>
#include <openssl/ssl.h>

#include "common/error.h"
#include "common/settings.h"

struct tls;

/* Reads HOOPSCOUT_TLS_CERTIFICATE (with its chain) and HOOPSCOUT_TLS_KEY. Gives *ret; NULL, and
 * true, when neither is set. What is expired is taken, and logged as a warning.
 * Errors: HS_NOT_FOUND, HS_NO_PERMISSION, HS_BAD_SETTING (no PEM, another certificate's key, a key
 * with a passphrase); where: the setting. */
bool tls_new(const struct hs_settings *settings, struct tls **ret, struct hs_error *err);

/* Accepts NULL. Connections keep what they have. */
void tls_free(struct tls *tls);

/* The server's side of a new connection, the caller's; NULL without memory. */
SSL *tls_session(const struct tls *tls);

/* {"certificate": NAME, "ends": "2027-01-31T00:00:00Z", "is_over": false}; NULL without memory, and
 * null of NULL. */
json_t *tls_status(const struct tls *tls);

#endif
