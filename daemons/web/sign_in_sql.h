/* sign_in_sql.h: the statements of signing in and out; each is one transaction.
 *
 * An attempt is counted as a failure before the password is looked at, and taken back when it was
 * right: so no number of attempts at a time gets around the waits. */
#ifndef WEB_SIGN_IN_SQL_H
#define WEB_SIGN_IN_SQL_H

/* $1 name, $2 place, $3 device, $4 to $9 keys and $10 to $14 lists in the order of enum throttle.
 * One row: seconds to wait (then nothing was counted), account_id (null: no such account),
 * password_hash, is_disabled, whether the device is known. Places and devices are rows of
 * account_address; a device is "device " and the digest of its cookie. */
extern const char sign_in_begin_sql[];

/* $1 account_id, $2 the hash that was judged, $3 a new one or null, $4 the new session's token,
 * $5 the old one's or null (hashes), $6 address, $7 place, $8 seconds to its end, $9 $10 $11 keys of
 * account, address and pair, $12 device, $13 $14 keys of network and device.
 * A row: account_id, name, role; none when the account was changed meanwhile. */
extern const char sign_in_end_sql[];

/* $1 account_id or null, $2 address, $3 why. */
extern const char sign_in_fail_sql[];

/* $1 account_id, $2 token, $3 whether all of the account's sessions end, $4 address. */
extern const char sign_out_sql[];

/* A token that is of no use. $1 key, $2 list, $3 its SHA-256, $4 address. A row: seconds to wait
 * (then nothing was counted). The trail says which one it was, when it was one. */
extern const char token_fail_sql[];

/* Of the account's page: $1 account_id, $2 token, $3 idle seconds. Rows: created_at, seen_at,
 * address, whether it is this session. */
extern const char sign_in_sessions_sql[];

/* Changing one's own password: $1 account_id, $2 key, $3 list. A row: seconds to wait, hash. */
extern const char own_password_begin_sql[];

/* $1 account_id, $2 the hash that was judged, $3 the new one, $4 the new session's token, $5
 * address, $6 seconds to its end, $7 key. A row when it was done: account_id, name, role. */
extern const char own_password_end_sql[];

#endif
