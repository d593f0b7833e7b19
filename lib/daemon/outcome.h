/*
 * What a run has come to.  It is one of these at any time, and one table says what leads from one to another; what
 * each of them means, for CMD, for the file, for who waits and for our own status, is the other table.
 */
#ifndef OUTCOME_H
#define OUTCOME_H

enum outcome {
	RUN_STARTING,	/* there is no verdict yet */
	RUN_FAILED,	/* the start has, for the reason in the report */
	RUN_GIVEN_UP,	/* the start was, by a signal */
	RUN_OVERDUE,	/* before it was ready its parent was gone or its lifetime over */
	RUN_READY,
	RUN_ASKED,	/* it was ready, and somebody has told CMD to end, through us */
	RUN_EXPIRED,	/* it was ready, and its parent was gone or its lifetime over */
	RUN_LOST,	/* it was ready, and its state has vanished, as the report says */
	RUN_BLIND,	/* it was ready, and how CMD ends is nothing that we are told, as the report says */
	RUN_JOINED,	/* it is somebody else's daemon, which is ready */
	RUN_PAUSED,	/* it was ready and has crashed; it is started again in a moment */
	RUN_AGAIN,	/* it is being started again */
	RUN_RELAPSED,	/* that has failed, as the report says: its end is one more crash */
	RUN_SPENT,	/* it has crashed, and is not started again, as the report says */
	RUN_FORSAKEN,	/* it was ready, CMD ended with 0 at once, and what it left has its address, as the report says */
	RUN_CALLED_OFF,	/* it was told to end, by a signal, when nothing of it ran */
	RUN_OUTCOMES
};

enum run_event {
	EVENT_READY,		/* and that is published */
	EVENT_FAILURE,		/* of the start */
	EVENT_TERM,		/* or INT */
	EVENT_HUP,
	EVENT_EXPIRY,		/* of the parent or the lifetime */
	EVENT_LOSS,		/* of the state */
	EVENT_BLINDNESS,	/* children cannot be waited for */
	EVENT_JOINED,		/* what somebody else starts is ready */
	EVENT_CRASH,		/* of CMD, which is to be started again */
	EVENT_EXHAUSTION,	/* it has crashed once more than that is done */
	EVENT_AGAIN,		/* CMD runs again */
	EVENT_BACKGROUND,	/* it has put itself into the background */
	RUN_EVENTS
};

enum outcome outcome_after(enum outcome outcome, enum run_event event);

struct outcome_meaning {
	int was_ready;		/* that was published and said: what comes now goes into the log */
	int is_awaited;		/* CMD runs, and whether it is ready is what we want to know */
	int ends_command;	/* we do; so however it ends, that is no crash, and the file goes */
	int may_fail;		/* CMD's own status, whatever it is, is no crash either */
	enum {
		CRASHES_BY_STATUS,	/* if it is none of those, and not 0 */
		CRASHES_BY_ENDING,	/* with 0, too: it was not ready yet */
		CRASHES_ANYHOW
	} crashes;
	enum {
		SAYS_NOTHING_NEW,	/* only a crash, or what it has left, is worth a word */
		SAYS_HOW,		/* how CMD has ended, though nobody told it to */
		SAYS_REASON,		/* what the report has already */
		SAYS_SIGNAL,		/* which one it was */
		SAYS_OVERDUE
	} says;
	enum {
		EXITS_AS_COMMAND,
		EXITS_AS_REPORTED,	/* with CMD's set:exitCode=, or 1 */
		EXITS_BY_SIGNAL		/* as if it had ended us */
	} exits;
};

const struct outcome_meaning *outcome_meaning(enum outcome outcome);

#endif
