/* Text: characters, and what a terminal may get. */
#include "base/text.h"

#include <limits.h>
#include <string.h>

size_t
text_utf8_length(const char *text, size_t length)
{
	const unsigned char *s = (const unsigned char *)text;
	unsigned low = 0x80, high = 0xbf;
	size_t n, i;

	if (length == 0)
		return 0;
	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		n = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		n = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		n = 4;
	else
		return 0;
	/* The second byte's bounds shut out overlong forms, surrogates and what is over U+10FFFF. */
	switch (s[0]) {
	case 0xe0: low = 0xa0; break;
	case 0xed: high = 0x9f; break;
	case 0xf0: low = 0x90; break;
	case 0xf4: high = 0x8f; break;
	}
	if (n > length || s[1] < low || s[1] > high)
		return 0;
	for (i = 2; i < n; i++)
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	return n;
}

int
text_is_utf8(const char *text, size_t length)
{
	size_t at = 0, n;

	for (; at < length; at += n)
		if ((n = text_utf8_length(text + at, length - at)) == 0)
			return 0;
	return 1;
}

size_t
text_utf8_whole(const char *text, size_t length)
{
	size_t from = length;

	while (from > 0 && length - from < 3 && ((unsigned char)text[from - 1] & 0xc0) == 0x80)
		from--;
	if (from > 0 && ((unsigned char)text[from - 1] & 0xc0) == 0xc0 &&
	    text_utf8_length(text + from - 1, length - from + 1) == 0)
		return from - 1;
	return length;
}

static int
is_control(const char *text)
{
	unsigned char c = (unsigned char)text[0];

	/* In UTF-8, C1 is U+0080 to U+009F. */
	return c < 0x20 || c == 0x7f || (c == 0xc2 && (unsigned char)text[1] < 0xa0);
}

int
text_is_plain(const char *text)
{
	const char *s;

	for (s = text; *s != '\0'; s++)
		if (is_control(s))
			return 0;
	return text_is_utf8(text, strlen(text));
}

size_t
text_next(const char *text, size_t length, char shown[TEXT_SHOWN_MAX], size_t *taken)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char c = (unsigned char)*text;
	size_t n = text_utf8_length(text, length);

	if (n > 0 && !is_control(text)) {
		memcpy(shown, text, n);
		*taken = n;
		return n;
	}
	shown[0] = '\\';
	shown[1] = 'x';
	shown[2] = digits[c >> 4];
	shown[3] = digits[c & 15];
	*taken = 1;
	return 4;
}

size_t
text_clean(const char *text, size_t length, char *clean, size_t size)
{
	size_t at = 0, used = 0, taken, n;
	char shown[TEXT_SHOWN_MAX];

	for (; at < length; at += taken, used += n) {
		n = text_next(text + at, length - at, shown, &taken);
		if (used + n >= size)
			break;
		memcpy(clean + used, shown, n);
	}
	clean[used] = '\0';
	return at;
}

int
text_take_word(const char **at, const char *word)
{
	size_t length = strlen(word);

	if (strncmp(*at, word, length) != 0)
		return 0;
	*at += length;
	return 1;
}

static unsigned
digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A') + 10;
	return 16;
}

int
text_take_number(const char **at, unsigned base, unsigned long long *number)
{
	const char *s = *at + strspn(*at, " \t"), *first = s;
	unsigned long long read = 0;

	for (; digit_value(*s) < base; s++)
		read = read > (ULLONG_MAX - 15) / base ? ULLONG_MAX : read * base + digit_value(*s);
	if (s == first)
		return 0;
	*at = s;
	if (number != NULL)
		*number = read;
	return 1;
}

int
text_number(const char *text, int64_t low, int64_t high, int64_t *number)
{
	unsigned long long read;

	if (digit_value(*text) >= 10 || !text_take_number(&text, 10, &read) || *text != '\0' ||
	    read > INT64_MAX || (int64_t)read < low || (int64_t)read > high)
		return 0;
	*number = (int64_t)read;
	return 1;
}

int
text_skip_fields(const char **at, int count)
{
	const char *s = *at;
	size_t length;

	for (; count > 0; count--, s += length) {
		s += strspn(s, " \t");
		if ((length = strcspn(s, " \t\n")) == 0)
			return 0;
	}
	*at = s;
	return 1;
}
