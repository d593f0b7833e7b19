/* Text for a terminal. */
#include "text.h"
#include "json.h"

#include <string.h>

static int
is_control(const char *text)
{
	unsigned char c = (unsigned char)text[0];

	/* In UTF-8, C1 is U+0080 to U+009F. */
	return c < 0x20 || c == 0x7f || (c == 0xc2 && (unsigned char)text[1] < 0xa0);
}

size_t
text_next(const char *text, size_t length, char shown[TEXT_SHOWN_MAX], size_t *taken)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char c = (unsigned char)*text;
	size_t n = json_utf8_length(text, length);

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
