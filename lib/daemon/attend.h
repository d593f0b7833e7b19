/*
 * Stay above a command in the foreground, so that nothing below it is left.
 *
 * The command has what a program that a shell runs has: the terminal, the process group, every descriptor, the
 * environment, and HUP, INT and QUIT as the caller was given them.  Nothing is claimed or published, and whatever the
 * command says of being ready is none of our business.  A key reaches it as it reaches us; what somebody sends to us
 * alone is handed on to it, and we wait.  Job control stops all of us.
 *
 * Orphans below come to the caller, where the system has that, unless the caller had children of its own before: theirs
 * would come as well.
 */
#ifndef ATTEND_H
#define ATTEND_H

#include <sys/types.h>

#include <stdint.h>

#include "otelop.h"

struct attend {
	pid_t with_parent;	/* when this process is gone, the command and all that is below us end; 0: none */
	int64_t grace_ms;	/* between TERM and KILL for all that we end */
	int hands_over;		/* the command has ended by itself: leave to the caller what is below */
};

struct attend_result {
	int status;			/* the command's, 128+n, 1, 125, 126, 127 */
	int is_over;			/* nothing was left to the caller */
	struct otelop_message reason;	/* empty: nothing to say */
};

void attend_command(const struct attend *options, char *const argv[], struct attend_result *result);

/* From here on no key and no signal but KILL ends this process or what it becomes: it is cleaning up. */
void attend_ignore_signals(void);

#endif
