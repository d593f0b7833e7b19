/* Find a command by PATH, and become it. */
#ifndef EXEC_H
#define EXEC_H

#include "otelop.h"
#include "process/interpreter.h"

/*
 * Become argv, found by PATH as execvp(3) does; a script without #! is run by sh, as shells do.
 * Returns only when that failed, with errno.
 */
void exec_command(char *const argv[]);

/*
 * Would exec_command become name?  The same search, and a #! line's interpreter is looked for too.
 * 0; -1: errno, as exec_command has it.
 */
int exec_find(const char *name);

/*
 * The same in two steps, for what is between a fork and an exec can have no memory of its own: argv behind the
 * words that have sh run it, which the caller frees; NULL: ENOMEM.  Then exec_command from these words.
 */
char **exec_words(char *const argv[]);
void exec_become(char **words);

/*
 * What is missing where exec_command has failed with ENOENT although the file is there: its interpreter or loader; or an
 * empty text.  It may be called between a fork and an exec.
 */
#define EXEC_MISSING_SIZE (INTERPRETER_MAX + 1)
void exec_missing(const char *name, int error, char missing[EXEC_MISSING_SIZE]);

/* "cannot run: …", in words for people.  errno is error. */
void exec_reason(int error, const char *missing, struct otelop_message *reason);

/* All three in one, "NAME: cannot run: …", for who is not held by a file server that is away.  errno is kept. */
void exec_failed(const char *name, struct otelop_message *message);

#endif
