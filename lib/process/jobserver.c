/* The words of MAKEFLAGS by which make hands its job server on. */
#include "process/jobserver.h"

#include <string.h>

/* The length of the word at s; a blank behind a backslash is part of it. */
static size_t
word_length(const char *s)
{
	size_t n = 0;

	while (s[n] != '\0' && s[n] != ' ')
		n += s[n] == '\\' && s[n + 1] != '\0' ? 2 : 1;
	return n;
}

static int
begins(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

static int
is_jobservers(const char *word)
{
	return begins(word, "--jobserver") || begins(word, "-j") || begins(word, "-J");
}

void
jobserver_strip(const char *flags, char *text)
{
	size_t used = 0;
	int variables = 0;	/* behind "--" stand make's variables, whatever they look like */

	while (*flags != '\0') {
		const char *word = flags + strspn(flags, " ");
		const char *end = word + word_length(word);
		const char *next = end + strspn(end, " ");

		if (end - word == 2 && begins(word, "--"))
			variables = 1;
		if (variables || !is_jobservers(word)) {
			memmove(text + used, flags, (size_t)(end - flags));
			used += (size_t)(end - flags);
		} else if (end - word == 2 && *next >= '0' && *next <= '9') {
			/* BSD make: its number and its descriptors are words of their own. */
			end = next + word_length(next);
		}
		flags = end;
	}
	text[used] = '\0';
}
