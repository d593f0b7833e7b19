/*
 * MAKEFLAGS without the jobserver: never longer, words left out but none changed, none of the
 * jobserver's before "--", everything behind it, and nothing more to do the second time.
 */
#include "fuzz.h"
#include "process/jobserver.h"

/* The length of the word at s, in which a backslash takes the next character along. */
static size_t
word(const char *s)
{
	size_t n;

	for (n = 0; s[n] != '\0' && s[n] != ' '; n++)
		if (s[n] == '\\' && s[n + 1] != '\0')
			n++;
	return n;
}

static const char *
next_word(const char *s)
{
	return s + strspn(s, " ");
}

/* Where make's variables begin: the first word that is "--", or the end. */
static const char *
variables(const char *flags)
{
	const char *s;

	for (s = next_word(flags); *s != '\0'; s = next_word(s + word(s)))
		if (word(s) == 2 && strncmp(s, "--", 2) == 0)
			return s;
	return s;
}

/* Every word of part stands in whole, in that order. */
static int
is_left_of(const char *part, const char *whole)
{
	for (part = next_word(part); *part != '\0'; part = next_word(part + word(part))) {
		for (whole = next_word(whole); *whole != '\0'; whole = next_word(whole + word(whole)))
			if (word(whole) == word(part) && strncmp(whole, part, word(part)) == 0)
				break;
		if (*whole == '\0')
			return 0;
		whole += word(whole);
	}
	return 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *flags = fuzz_string(bytes, length), *text, *again;
	const char *s, *end;

	must((text = malloc(strlen(flags) + 1)) != NULL);
	jobserver_strip(flags, text);
	must(strlen(text) <= strlen(flags) && is_left_of(text, flags));
	end = variables(text);
	for (s = next_word(text); s < end; s = next_word(s + word(s)))
		must(strncmp(s, "--jobserver", 11) != 0 && strncmp(s, "-j", 2) != 0 &&
		    strncmp(s, "-J", 2) != 0);
	must(strcmp(end, variables(flags)) == 0);

	must((again = malloc(strlen(text) + 1)) != NULL);
	jobserver_strip(text, again);
	must(strcmp(again, text) == 0);
	free(again);
	free(text);
	free(flags);
	return 0;
}
