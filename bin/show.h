/* The metadata as otelop-meta prints it: for people, for programs, for a shell. */
#ifndef SHOW_H
#define SHOW_H

#include "json/json.h"
#include "otelop.h"
#include "state/state.h"

/* "STATE PID", or "STATE" where no pid is known, and a newline. */
void show_state(enum state state, const struct otelop_metadata *metadata);

/* A value raw, but on a terminal: a string's characters, an array's strings with spaces between; or each for sh. */
void show_value(const struct json_value *value, int shell);

/* The file as it is; where stdout is a terminal, with what it would take for a command escaped. */
void show_file(const struct otelop_metadata *metadata);

/* Aligned lines, without what a terminal would take for a command; or one JSON object. */
void show_people(enum state state, const struct otelop_metadata *metadata);
void show_json(enum state state, const struct otelop_metadata *metadata);

/* Words, each quoted for sh, on one line. */
void show_words(const char *const words[]);

#endif
