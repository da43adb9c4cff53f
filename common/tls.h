/* tls.h: the certificate and key for HTTPS, and a TLS session for each connection.
 *
 * hsd-web reads both itself, as HOOPSCOUT_USER: so they can be read again without the supervisor's
 * rights; hsctl reads them to check them. TLS 1.2 and 1.3 with forward secrecy; no compression, no
 * renegotiation. */
#ifndef HS_TLS_H
#define HS_TLS_H

#include <stdbool.h>

#include <jansson.h>
#include <openssl/ssl.h>

#include "common/error.h"
#include "common/settings.h"

struct hs_tls;

enum { HS_TLS_NAME_BYTES = 256, HS_TLS_TIME_BYTES = 32 };

/* What browsers say of a certificate today; SOON: it ends within two weeks. */
enum hs_tls_term { HS_TLS_GOOD, HS_TLS_SOON, HS_TLS_NOT_YET, HS_TLS_OVER };

/* Reads HOOPSCOUT_TLS_CERTIFICATE (with its chain) and HOOPSCOUT_TLS_KEY. Gives *ret; NULL, and
 * true, when neither is set. What is expired is taken, and logged as a warning.
 * Errors: HS_NOT_FOUND, HS_NO_PERMISSION, HS_BAD_SETTING (no PEM, another certificate's key, a key
 * with a passphrase); where: the setting. */
bool hs_tls_new(const struct hs_settings *settings, struct hs_tls **ret, struct hs_error *err);

/* Accepts NULL. Connections keep what they have. */
void hs_tls_free(struct hs_tls *tls);

/* name: for whom it is. date: when it begins (HS_TLS_NOT_YET) or ends, 2027-01-31T00:00:00Z. */
enum hs_tls_term hs_tls_judge(const struct hs_tls *tls, char name[HS_TLS_NAME_BYTES],
    char date[HS_TLS_TIME_BYTES]);

/* The server's side of a new connection, the caller's; NULL without memory. */
SSL *hs_tls_session(const struct hs_tls *tls);

/* {"certificate": NAME, "ends": "2027-01-31T00:00:00Z", "is_over": false}; NULL without memory, and
 * null of NULL. */
json_t *hs_tls_status(const struct hs_tls *tls);

#endif
