/* hex.c: two digits a byte, whatever the locale. Trusts no text. */
#include "common/hex.h"

int hs_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

const char *hs_hex_text(const unsigned char *bytes, size_t count, char *buf)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < count; i++) {
		buf[2 * i] = digits[bytes[i] >> 4];
		buf[2 * i + 1] = digits[bytes[i] & 15];
	}
	buf[2 * count] = '\0';
	return buf;
}

bool hs_hex_bytes(const char *text, size_t count, unsigned char *ret)
{
	for (size_t i = 0; i < count; i++) {
		int high = hs_hex_digit(text[2 * i]);
		int low = high < 0 ? -1 : hs_hex_digit(text[2 * i + 1]);

		if (low < 0)
			return false;
		ret[i] = (unsigned char)(high * 16 + low);
	}
	return true;
}
