/* The text of JSON's numbers and strings: escapes, comparing. */
#include "json/json.h"

#include <string.h>

int64_t
json_whole_number(const struct json_value *value, int64_t low, int64_t high)
{
	int64_t number = 0;
	size_t i;

	if (value->type != JSON_NUMBER || value->length > 18)
		return -1;
	for (i = 0; i < value->length; i++) {
		if (value->text[i] < '0' || value->text[i] > '9')
			return -1;
		number = number * 10 + (value->text[i] - '0');
	}
	return number < low || number > high ? -1 : number;
}

static int
hex_value(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static unsigned long
four_hex(const char *s)
{
	unsigned long code = 0;
	int i;

	for (i = 0; i < 4; i++)
		code = code << 4 | (unsigned long)hex_value((unsigned char)s[i]);
	return code;
}

/* The code point of the \u escape at s (behind the backslash); how many bytes of text it took. */
static size_t
decode_unicode_escape(const char *s, const char *end, unsigned long *code)
{
	*code = four_hex(s + 1);
	if (*code < 0xd800 || *code > 0xdfff)
		return 5;
	if (*code < 0xdc00 && end - s >= 11 && s[5] == '\\' && s[6] == 'u') {
		unsigned long low = four_hex(s + 7);

		if (low >= 0xdc00 && low <= 0xdfff) {
			*code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
			return 11;
		}
	}
	*code = 0xfffd;
	return 5;
}

static size_t
put_utf8(unsigned long code, char out[4])
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xe0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3f));
		out[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 0x3f));
	out[2] = (char)(0x80 | (code >> 6 & 0x3f));
	out[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

/* The next character of a string's inside, as UTF-8 bytes. */
static size_t
next_character(const char **s, const char *end, char out[4])
{
	static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	unsigned long code;

	out[0] = *(*s)++;
	if (out[0] != '\\')
		return 1;
	if (**s == 'u') {
		*s += decode_unicode_escape(*s, end, &code);
		return put_utf8(code, out);
	}
	out[0] = meant[strchr(letters, *(*s)++) - letters];
	return 1;
}

size_t
json_decode(const struct json_value *string, char *buffer, size_t size)
{
	const char *s = string->text + 1, *end = string->text + string->length - 1;
	size_t used = 0, n, i;
	char out[4];

	while (s < end) {
		for (; s < end && *s != '\\'; s++, used++)
			if (used < size)
				buffer[used] = *s;
		if (s == end)
			break;
		n = next_character(&s, end, out);
		for (i = 0; i < n; i++, used++)
			if (used < size)
				buffer[used] = out[i];
	}
	return used;
}

int
json_string_compare(const struct json_value *a, const struct json_value *b)
{
	const char *s = a->text + 1, *s_end = a->text + a->length - 1;
	const char *t = b->text + 1, *t_end = b->text + b->length - 1;
	char x[4], y[4];

	/* What both have as it is, most often all of it, needs no decoding. */
	for (; s < s_end && t < t_end && *s == *t && *s != '\\'; s++)
		t++;
	while (s < s_end && t < t_end) {
		size_t n = next_character(&s, s_end, x), m = next_character(&t, t_end, y);
		/* A raw character comes byte by byte, an escaped one as a whole. */
		while (n < m && s < s_end)
			x[n++] = *s++;
		while (m < n && t < t_end)
			y[m++] = *t++;
		if (n != m || memcmp(x, y, n) != 0)
			return memcmp(x, y, n < m ? n : m) < 0 || n < m ? -1 : 1;
	}
	return (s < s_end) - (t < t_end);
}

int
json_string_is(const struct json_value *string, const char *s)
{
	const char *t = string->text + 1, *end = string->text + string->length - 1;
	char out[4];

	while (t < end) {
		size_t n, i;

		if (*t != '\\') {
			if (*t++ != *s++)
				return 0;
			continue;
		}
		n = next_character(&t, end, out);
		for (i = 0; i < n; i++, s++)
			if (*s == '\0' || *s != out[i])
				return 0;
	}
	return *s == '\0';
}

/* What stands for the byte or bytes at s in a string; *taken is how many of them. */
static size_t
escape(const char *s, size_t left, char out[6], size_t *taken)
{
	static const char hex[] = "0123456789abcdef";
	static const char plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
	unsigned char c = (unsigned char)*s;
	const char *found;

	*taken = 1;
	out[0] = *s;
	if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\')
		return 1;
	if (c != '\0' && (found = strchr(plain, c)) != NULL) {
		out[0] = '\\';
		out[1] = letters[found - plain];
		return 2;
	}
	/* C1 controls are two bytes, U+0080 to U+009F: to a terminal they are commands as well. */
	if (c == 0xc2 && left > 1 && (unsigned char)s[1] < 0xa0) {
		c = (unsigned char)s[1];
		*taken = 2;
	} else if (c >= 0x20 && c != 0x7f) {
		return 1;
	}
	memcpy(out, "\\u00", 4);
	out[4] = hex[c >> 4];
	out[5] = hex[c & 15];
	return 6;
}

size_t
json_encode(const char *text, size_t length, char *buffer, size_t size)
{
	size_t used = 1, at = 0, taken, n, i;
	char out[6];

	if (size > 0)
		buffer[0] = '"';
	for (; at < length; at += taken) {
		n = escape(text + at, length - at, out, &taken);
		for (i = 0; i < n; i++, used++)
			if (used < size)
				buffer[used] = out[i];
	}
	if (used < size)
		buffer[used] = '"';
	return used + 1;
}
