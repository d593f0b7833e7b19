/* Text for a terminal: what it would take for a command is shown instead of done. */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>

#define TEXT_SHOWN_MAX 4	/* bytes of what stands for one, or of one character */

/*
 * The next piece of text, length bytes of which are left (one at least), as a terminal may get it: a
 * character of UTF-8 as it is; a control character (C0, DEL, C1) or a byte that is no character byte by
 * byte as \xNN.  shown gets the piece, taken how much of text it stands for.  Returns its length.
 */
size_t text_next(const char *text, size_t length, char shown[TEXT_SHOWN_MAX], size_t *taken);

/* All of text, or as many whole pieces as there is room for, with a NUL.  Returns how much of text. */
size_t text_clean(const char *text, size_t length, char *clean, size_t size);

#endif
