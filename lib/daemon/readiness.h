/* When is a command that knows nothing of otelop ready?  Its modes, watched together; the first that says so wins. */
#ifndef READINESS_H
#define READINESS_H

#include <poll.h>

#include "daemon/ask.h"
#include "daemon/modes.h"
#include "daemon/notify.h"
#include "daemon/verdict.h"
#include "otelop.h"
#include "process/addresses.h"
#include "process/environment.h"
#include "process/tree.h"

struct readiness {
	const struct modes *modes;
	const char *state_dir;
	int ready_pipe[2];	/* the command has the other end as descriptor 3 */
	struct notify notify;
	struct verdict_reader reader;
	struct addresses addresses;
	int64_t addresses_since;
	pid_t hidden;		/* whose sockets may not be seen; 0: nobody's */
	int64_t next_look;	/* for the modes that look from time to time */
	int64_t began;		/* when the command did */
	struct ask connect;
	struct ask check;
	int probe_succeeded;
};

/* Make what the command needs.  set: what its set: lines say.  -1: errno. */
int readiness_open(struct readiness *readiness, const struct modes *modes,
    const char *state_dir, int (*set)(void *, const char *, struct otelop_message *),
    void *argument, struct otelop_message *message);
void readiness_close(struct readiness *readiness);

/*
 * The verdict is there: let go all but the ready pipe and the notify socket, which a daemon may still
 * write to (another mode was first, and SIGPIPE would end it); what arrives is to be thrown away
 * with readiness_drain.
 */
void readiness_settle(struct readiness *readiness);
void readiness_drain(struct readiness *readiness);

/* For the command's environment: NOTIFY_SOCKET, OTELOP_DAEMONIZED.  -1: errno. */
int readiness_name_channels(const struct readiness *readiness, struct environment *environment);

/* In its child: descriptor 3.  -1: errno. */
int readiness_prepare_child(const struct readiness *readiness);

/* The command has begun, and has its end of the pipe: ours would hide its end of file. */
void readiness_started(struct readiness *readiness);

#define READINESS_POLL_MAX 2

/* What to poll for; how long at most; and until there is a verdict, also no longer than to the next look. */
size_t readiness_poll(const struct readiness *readiness, struct pollfd fds[READINESS_POLL_MAX]);
int64_t readiness_due_ms(const struct readiness *readiness);
int64_t readiness_next_look_ms(const struct readiness *readiness);

/* What the command has said by itself (fd, notify), without waiting. */
enum verdict readiness_hear(struct readiness *readiness, const struct tree *tree,
    struct otelop_message *reason);

/* What can be seen of the command's tree (the other modes), without waiting. */
enum verdict readiness_look(struct readiness *readiness, const struct tree *tree);

/* Find the tree's addresses now.  is_last: none keeps those that were seen before. */
void readiness_find_addresses(struct readiness *readiness, const struct tree *tree,
    int is_last);

/* A child was reaped: was it one of ours?  1 or 0; what a probe found is known to readiness_look. */
int readiness_reaped(struct readiness *readiness, pid_t pid, int status);

#define READINESS_HELPERS (3 + NOTIFY_STUCK_MAX)

/* Our children, which are none of the command's; where there is none, the number is 0. */
void readiness_helpers(const struct readiness *readiness, pid_t pids[READINESS_HELPERS]);

#endif
