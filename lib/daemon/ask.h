/*
 * Ask once, from outside, whether a daemon is ready.  A child asks, since a name may take long to be
 * found, a peer to answer, and a command to end: whoever watches the daemon must not wait for that.
 */
#ifndef ASK_H
#define ASK_H

#include <sys/types.h>

/* The child exits with 0 if the daemon is ready; it leads a process group of its own. */
struct ask {
	pid_t pid;		/* runs now; 0: none */
	int status;		/* of the last one, as waitpid has it */
};

/* Does somebody answer at HOST:target, or at the Unix socket target where host is ""? */
void ask_connect(struct ask *ask, const char *host, const char *target);

/* Does the command exit with 0, as the daemon's with this state directory? */
void ask_check(struct ask *ask, const char *command, const char *state_dir);

/* A child was reaped: was it this one?  1 or 0. */
int ask_reaped(struct ask *ask, pid_t pid, int status);

/* End it, with all in its group, and reap it. */
void ask_end(struct ask *ask);

#endif
