/* Text: its characters, and as a terminal may get it, where what would be a command is shown instead of done. */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>
#include <stdint.h>

#define TEXT_SHOWN_MAX 4	/* bytes of what stands for one, or of one character */

/* Is text UTF-8 (RFC 3629: no surrogates, nothing overlong)?  length bytes, NUL allowed. */
int text_is_utf8(const char *text, size_t length);

/* The bytes of the UTF-8 character at text (1 to 4), or 0 when there is none. */
size_t text_utf8_length(const char *text, size_t length);

/* The length of a text that was cut somewhere, without a character of which only the beginning is left. */
size_t text_utf8_whole(const char *text, size_t length);

/* Is all of text a decimal number from low (0 or more) to high?  1, and that; or 0. */
int text_number(const char *text, int64_t low, int64_t high, int64_t *number);

/*
 * Reading what the kernel prints, from *at on, which is behind what was read afterwards.  1; 0: something else is
 * there.  A word is this very text; a number has digits of the base, which may be 8, 10 or 16, behind blanks (NULL: it
 * is not wanted, ULLONG_MAX: it is larger); fields have blanks in front and none in them.
 */
int text_take_word(const char **at, const char *word);
int text_take_number(const char **at, unsigned base, unsigned long long *number);
int text_skip_fields(const char **at, int count);

/* Can it be shown as it is: UTF-8 without a control character? */
int text_is_plain(const char *text);

/*
 * The next piece of text, length bytes of which are left (one at least), as a terminal may get it: a
 * character of UTF-8 as it is; a control character (C0, DEL, C1) or a byte that is no character byte by
 * byte as \xNN.  shown gets the piece, taken how much of text it stands for.  Returns its length.
 */
size_t text_next(const char *text, size_t length, char shown[TEXT_SHOWN_MAX], size_t *taken);

/* All of text, or as many whole pieces as there is room for, with a NUL.  Returns how much of text. */
size_t text_clean(const char *text, size_t length, char *clean, size_t size);

#endif
