/* Colour for people: only on a terminal that knows it, and not where NO_COLOR is set (no-color.org). */
#ifndef COLOUR_H
#define COLOUR_H

#include "state/state.h"

/* WORDS on stdout, in the colour of STATE: green runs, yellow starts, red is dead. */
void colour_put(enum state state, const char *words);

#endif
