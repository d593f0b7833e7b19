/* Find a command by PATH, and become it. */
#ifndef EXEC_H
#define EXEC_H

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
 * words that have sh run it, which the caller frees; NULL: ENOMEM.  Then exec_command from these words, with this
 * environment, whose PATH it is that counts.
 */
char **exec_words(char *const argv[]);
void exec_become(char **words, char *const environment[]);

#endif
