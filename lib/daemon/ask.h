/*
 * Ask once, from outside, whether a daemon is ready.  A child asks, since a name may take long to be
 * found, a peer to answer, and a command to end: whoever watches the daemon must not wait for that.
 *
 * Only the daemon's own answer counts: where the kernel tells whose the socket is that was reached, it must be our
 * user's, root's or of one that a process of the daemon's runs as.
 */
#ifndef ASK_H
#define ASK_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "daemon/modes.h"

/* The child leads a process group of its own. */
struct ask {
	pid_t pid;		/* runs now; 0: none */
	int64_t deadline;	/* of that one */
	int status;		/* of the last one, as waitpid has it */
};

/* How its child exits.  ASK_REFUSED and more: a URL's answer is 400 and as much more. */
enum { ASK_YES = 0, ASK_NO = 1, ASK_STRANGER = 3, ASK_REFUSED = 40 };

/* Whom it is about. */
struct ask_subject {
	const char *state_dir;
	const pid_t *pids;	/* the daemon's */
	size_t count;
};

/* Begin to ask what mode, a connect, check or URL, says.  It has until deadline. */
void ask_begin(struct ask *ask, const struct mode *mode, const struct ask_subject *subject, int64_t deadline);

/* A child was reaped: was it this one?  1 or 0. */
int ask_reaped(struct ask *ask, pid_t pid, int status);

/* Of a URL: the status that refused it, if that was the last answer; 0. */
int ask_refusal(const struct ask *ask);

/* End it, with all in its group, and reap it. */
void ask_end(struct ask *ask);

/*
 * Does anybody answer a connect or a URL, before there is a daemon?  1: and who it is, in words; 0: nobody, until
 * the deadline.
 */
int ask_before(const struct mode *mode, int64_t deadline, char *who, size_t size);

#endif
