/* What a file needs to be run: a script its interpreter, a program its loader. */
#ifndef INTERPRETER_H
#define INTERPRETER_H

#define INTERPRETER_MAX 255	/* so much of a file the kernel looks at for #! */
#define INTERPRETERS_MAX 5	/* a script's, whose interpreter is a script, and so on */

/*
 * The path of what runs the file, as the file has it, into name; or none: the kernel runs it by itself, it cannot
 * be read, or it is nothing that could be run.  It may be called between a fork and an exec.
 */
enum interpreter { INTERPRETER_NONE, INTERPRETER_OF_SCRIPT, INTERPRETER_OF_PROGRAM };
enum interpreter interpreter_of(const char *path, char name[INTERPRETER_MAX + 1]);

#endif
