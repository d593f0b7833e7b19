/*
 * What a start is to answer that was not the first: somebody else has the state directory.  He may be
 * starting the same command, and then his verdict is ours too.
 */
#ifndef JOIN_H
#define JOIN_H

#include "daemon/same.h"
#include "otelop.h"
#include "state/state.h"

enum join_answer {
	JOIN_RUNS,	/* the same command is ready; *pid is the daemon's; the words are what differs, or empty */
	JOIN_LEFT,	/* it runs without its lock, or is dead and its lock is kept; the words say so */
	JOIN_OTHER,	/* another command runs, or one that may be another; the words say which */
	JOIN_FAILED,	/* the start that was under way has failed */
	JOIN_GONE,	/* nobody is there any more: the claim may be tried again */
	JOIN_TIMEOUT,	/* the start that is under way was not decided by then */
	JOIN_UNKNOWN	/* cannot tell; the words say why */
};

/*
 * Answer for somebody with this want, by what runs; words has what looking at it said, or is empty.
 * takes_foreign: a daemon of upstream's is the right one, as for a start that is to bring up such a daemon.
 */
enum join_answer join_judge(const char *dir, enum state state, int began,
    const struct otelop_metadata *metadata, const struct same_want *want, int takes_foreign,
    struct otelop_message *words);

/* Who is to hear that the start has more_ms from now, as its command has asked for. */
struct join_extend {
	void (*hear)(void *argument, int64_t more_ms);
	void *argument;
};

/* Wait for what comes of it, until deadline or as long as its command asks for, and answer.  extend: NULL, nobody else waits. */
enum join_answer join_wait(const char *dir, int64_t deadline, const struct same_want *want, int takes_foreign,
    const struct join_extend *extend, pid_t *pid, struct otelop_message *words);

#endif
