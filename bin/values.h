/* Values of the metadata on stdout: for a script, for a shell, for people. */
#ifndef VALUES_H
#define VALUES_H

#include "json/json.h"

enum values_form {
	VALUES_RAW,	/* as it is; where stdout is a terminal, without what it would take for a command */
	VALUES_SHELL,	/* the same, each string quoted for sh */
	VALUES_CLEAN	/* never with what a terminal would take for a command */
};

/* A string's characters, an array's strings with spaces between, anything else as JSON has it. */
void values_put(const struct json_value *value, enum values_form form);

/* Words, each quoted for sh, on one line. */
void values_put_words(const char *const words[]);

/* The beginning of an aligned line; a whole one, clean. */
void values_label(const char *label);
void values_row(const char *label, const struct json_value *value);

/* Half an answer is none: 125. */
void values_no_memory(void) __attribute__((noreturn));

#endif
