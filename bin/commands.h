/* The commands of otelop, as its help shows them. */
#ifndef COMMANDS_H
#define COMMANDS_H

#define COMMANDS_USAGE "otelop [-hV] [-C DIR] [-n NAME] COMMAND ..."

/* The usage, a line for each command that says what it does, and examples to paste; on stdout. */
void commands_print(void);

/* How one of them is called, and what it does; on stdout.  1; 0: there is none of this name. */
int commands_print_one(const char *name);

#endif
