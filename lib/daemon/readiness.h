/*
 * When is a command that knows nothing of otelop ready?  Its modes, watched together.
 *
 * A mode that has held once has held: it is looked at no longer, nor are the others of its group.  When every group has
 * one, the command is ready.  What its own words say is a failure is one, whatever else has held.
 */
#ifndef READINESS_H
#define READINESS_H

#include <poll.h>

#include "daemon/ask.h"
#include "daemon/listening.h"
#include "daemon/log_lines.h"
#include "daemon/modes.h"
#include "daemon/notify.h"
#include "daemon/run_options.h"
#include "daemon/verdict.h"
#include "otelop.h"
#include "process/tree.h"

struct readiness {
	const struct run_options *options;
	const struct modes *modes;	/* of these */
	int ready_pipe[2];	/* the command has the other end as descriptor 3 */
	int has_spoken;		/* on that one: what comes behind the verdict is thrown away */
	struct notify notify;
	struct verdict_reader reader;
	struct listening listening;
	struct log_lines lines;
	int64_t next_look;	/* for the modes that look from time to time */
	int64_t began;		/* when the command did */
	struct ask asks[MODES_MAX];	/* of each mode that asks */
	uint32_t held;		/* a bit for each group */
	uint32_t strangers;	/* and one for each mode that somebody else has answered */
};

#define READINESS_FIRST_SOCKETS_MS 10	/* until then a command that says by itself that it is ready has mostly said so */
#define READINESS_INIT { .ready_pipe = { -1, -1 }, .notify = NOTIFY_INIT, .lines = LOG_LINES_INIT }

/*
 * Make what the command needs.  copies: a pipe that gets all that the log does, which is read from now on until
 * readiness_close; or -1.  set: what the command's set: lines say.  -1: errno.
 */
int readiness_open(struct readiness *readiness, const struct run_options *options, int copies,
    int (*set)(void *, const char *, struct otelop_message *),
    void *argument, struct otelop_message *message);
void readiness_close(struct readiness *readiness);

/* Before there is a command: does anybody answer where it is to answer?  1: and the message says who; 0. */
int readiness_is_taken(const struct readiness *readiness, struct otelop_message *message);

/*
 * The verdict is there: let go all but the ready pipe and the notify socket, which a daemon may still
 * write to (another mode was first, and SIGPIPE would end it); what arrives is to be thrown away
 * with readiness_drain.
 */
void readiness_settle(struct readiness *readiness);
void readiness_drain(struct readiness *readiness);

/* In the command's child: NOTIFY_SOCKET, OTELOP_DAEMONIZED, descriptor 3.  -1: errno. */
int readiness_prepare_child(const struct readiness *readiness);

/* The command has begun, and has its end of the pipe: ours would hide its end of file. */
void readiness_started(struct readiness *readiness);

#define READINESS_POLL_MAX 3

/* What to poll for; how long at most; and until there is a verdict, also no longer than to the next look. */
size_t readiness_poll(const struct readiness *readiness, struct pollfd fds[READINESS_POLL_MAX]);
int64_t readiness_due_ms(const struct readiness *readiness);
int64_t readiness_next_look_ms(const struct readiness *readiness);

/* What the command has said by itself (fd, notify), without waiting. */
enum verdict readiness_hear(struct readiness *readiness, const struct tree *tree,
    struct otelop_message *reason);

/* What can be seen of the command's tree (the other modes), without waiting. */
enum verdict readiness_look(struct readiness *readiness, const struct tree *tree);

/* A child was reaped: was it one of ours?  1 or 0; what it found out is known to readiness_look. */
int readiness_reaped(struct readiness *readiness, pid_t pid, int status);

#define READINESS_HELPERS (MODES_MAX + 1 + NOTIFY_STUCK_MAX)

/* Our children, which are none of the command's.  How many. */
size_t readiness_helpers(const struct readiness *readiness, pid_t pids[READINESS_HELPERS]);

/*
 * What there is to say of a start that was not ready in time, behind its reason: of several groups which have not held,
 * who else has answered, and whom we cannot see into.  Is there any?
 */
int readiness_has_more_to_say(const struct readiness *readiness);
void readiness_explain(const struct readiness *readiness, struct otelop_message *reason);

/*
 * For its rooms: readiness has what the command finds and says, readiness_look what is seen of it.  Is one of these kinds
 * (a bit for each) still to be waited for?  What modes of this kind wait for has come.  VERDICT_OK where every group has
 * a mode that has held, or VERDICT_UNKNOWN.
 */
#define READINESS_ASKED (1u << MODE_CONNECT | 1u << MODE_URL | 1u << MODE_CHECK)
int readiness_awaits(const struct readiness *readiness, unsigned kinds);
void readiness_hold(struct readiness *readiness, enum mode_kind kind);
enum verdict readiness_judge(const struct readiness *readiness);

#endif
