#include "colour.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
is_wanted(void)
{
	const char *refused = getenv("NO_COLOR"), *terminal = getenv("TERM");

	return isatty(STDOUT_FILENO) && (refused == NULL || *refused == '\0') &&
	    terminal != NULL && *terminal != '\0' && strcmp(terminal, "dumb") != 0;
}

/* The number of the ANSI colour, or 0: none. */
static int
colour_of(enum state state)
{
	switch (state) {
	case STATE_RUNNING:
		return 32;
	case STATE_STARTING:
		return 33;
	case STATE_STALE:
		return 31;
	default:
		return 0;
	}
}

void
colour_put(enum state state, const char *words)
{
	int colour = colour_of(state);

	if (colour != 0 && is_wanted())
		printf("\033[%dm%s\033[m", colour, words);
	else
		fputs(words, stdout);
}
