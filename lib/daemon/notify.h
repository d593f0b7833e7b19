/*
 * The socket at which a daemon says sd_notify's words.
 *
 * Its name is open to every user of the host where it is an abstract one.  A datagram may carry
 * descriptors, and to let go of the last one of a file may last as long as its owner likes (a TCP socket that
 * lingers), whether it is received, cut off or closed unread.  So these are the invariants:
 *
 * - This process takes out only what its own user or root sent.  It sees who sent the next datagram, and
 *   what, by a look that takes nothing.
 * - What anybody else sent is taken out by a child, one at a time, that can be killed and has nothing of ours
 *   but the socket and a pipe for the texts.  Nobody waits for its end; but until it has ended this process
 *   does not touch the socket, for a look at what the child lets go of meanwhile could be the last to hold it.
 * - The socket stays bound as long as the daemon lives: a stranger could take a name that is let go.
 * - Whoever floods it costs a child from time to time and no more.  Where nobody sends, nothing wakes.
 */
#ifndef NOTIFY_H
#define NOTIFY_H

#include <sys/types.h>

#include <stdint.h>

#include "otelop.h"

#define NOTIFY_STUCK_MAX 8

struct notify {
	int fd;					/* -1: there is no socket */
	char name[OTELOP_PATH_SIZE];		/* for $NOTIFY_SOCKET */
	char path[OTELOP_PATH_SIZE];		/* where the system needs a file */
	pid_t helper;				/* 0: there is none */
	int reports;				/* from the helper; -1: it has said all */
	int64_t helped;				/* when it began */
	int64_t helper_due;			/* when to kill it, or to wait for it no longer */
	int64_t next_help;			/* not before may another one begin */
	int is_blocked;				/* a stranger's datagram is next, and nobody may take it yet */
	pid_t stuck[NOTIFY_STUCK_MAX];		/* helpers that were killed and do not end */
};

#define NOTIFY_INIT { .fd = -1, .reports = -1 }

/* Bind it, for the daemon of this state directory.  -1: errno. */
int notify_open(struct notify *notify, const char *state_dir);

/* Let go, with what is still unread, without waiting for anybody. */
void notify_close(struct notify *notify);

/*
 * The next text that is there, without waiting: its length, or -1.  *stranger is 0 when our user or root
 * sent it; else the sender's pid, who may be one of the daemon's own or anybody, and it may come twice.
 */
ssize_t notify_next(struct notify *notify, char *text, size_t size, pid_t *stranger);

/* What to poll for reading, or -1; and how long at most until notify_next is to be asked again. */
int notify_poll_fd(const struct notify *notify);
int64_t notify_due_ms(const struct notify *notify);

/* A child was reaped: was it a helper?  1 or 0. */
int notify_reaped(struct notify *notify, pid_t pid);

#endif
