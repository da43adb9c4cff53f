/* hex.h: bytes as hexadecimal digits, and back. */
#ifndef HS_HEX_H
#define HS_HEX_H

#include <stdbool.h>
#include <stddef.h>

/* What a digit stands for, 0 to 15, small or capital; -1: it is none. */
int hs_hex_digit(char c);

/* Writes count bytes as small digits, two each, and a NUL: buf has 2 * count + 1 bytes, and is
 * returned. */
const char *hs_hex_text(const unsigned char *bytes, size_t count, char *buf);

/* Reads count bytes of two digits each; what follows is not looked at. false: something is no
 * digit. Reads no farther than that, so that a text which ends in NUL may be shorter. */
bool hs_hex_bytes(const char *text, size_t count, unsigned char *ret);

#endif
