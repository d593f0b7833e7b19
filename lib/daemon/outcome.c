/* What a run has come to, and what that means: two tables. */
#include "daemon/outcome.h"

#include <stddef.h>

/*
 * What leads from one to another; whatever is not here changes nothing.  The first to end it says why: only a start
 * that is overdue, whose end nobody has a reason for yet, can still be given up or fail.
 */
static const struct {
	enum outcome from;
	enum run_event event;
	enum outcome to;
} steps[] = {
	{ RUN_STARTING, EVENT_READY,	  RUN_READY },
	{ RUN_STARTING, EVENT_FAILURE,	  RUN_FAILED },
	{ RUN_STARTING, EVENT_TERM,	  RUN_GIVEN_UP },
	{ RUN_STARTING, EVENT_HUP,	  RUN_GIVEN_UP },
	{ RUN_STARTING, EVENT_EXPIRY,	  RUN_OVERDUE },
	{ RUN_STARTING, EVENT_BLINDNESS,  RUN_FAILED },
	{ RUN_STARTING, EVENT_JOINED,	  RUN_JOINED },
	{ RUN_OVERDUE,	EVENT_FAILURE,	  RUN_FAILED },
	{ RUN_OVERDUE,	EVENT_TERM,	  RUN_GIVEN_UP },
	{ RUN_OVERDUE,	EVENT_HUP,	  RUN_GIVEN_UP },
	{ RUN_OVERDUE,	EVENT_BLINDNESS,  RUN_FAILED },
	{ RUN_READY,	EVENT_TERM,	  RUN_ASKED },
	{ RUN_READY,	EVENT_EXPIRY,	  RUN_EXPIRED },
	{ RUN_READY,	EVENT_LOSS,	  RUN_LOST },
	{ RUN_READY,	EVENT_BLINDNESS,  RUN_BLIND },
	{ RUN_READY,	EVENT_CRASH,	  RUN_PAUSED },
	{ RUN_READY,	EVENT_EXHAUSTION, RUN_SPENT },
	{ RUN_ASKED,	EVENT_EXPIRY,	  RUN_EXPIRED },
	{ RUN_ASKED,	EVENT_LOSS,	  RUN_LOST },
	{ RUN_ASKED,	EVENT_BLINDNESS,  RUN_BLIND },
	{ RUN_EXPIRED,	EVENT_BLINDNESS,  RUN_BLIND },
	{ RUN_LOST,	EVENT_BLINDNESS,  RUN_BLIND },
	{ RUN_PAUSED,	EVENT_AGAIN,	  RUN_AGAIN },
	{ RUN_PAUSED,	EVENT_TERM,	  RUN_CALLED_OFF },
	{ RUN_PAUSED,	EVENT_EXPIRY,	  RUN_EXPIRED },
	{ RUN_PAUSED,	EVENT_LOSS,	  RUN_LOST },
	{ RUN_PAUSED,	EVENT_BLINDNESS,  RUN_BLIND },
	{ RUN_PAUSED,	EVENT_EXHAUSTION, RUN_SPENT },
	{ RUN_AGAIN,	EVENT_READY,	  RUN_READY },
	{ RUN_AGAIN,	EVENT_FAILURE,	  RUN_RELAPSED },
	{ RUN_AGAIN,	EVENT_TERM,	  RUN_ASKED },
	{ RUN_AGAIN,	EVENT_EXPIRY,	  RUN_EXPIRED },
	{ RUN_AGAIN,	EVENT_BLINDNESS,  RUN_BLIND },
	{ RUN_AGAIN,	EVENT_CRASH,	  RUN_PAUSED },
	{ RUN_AGAIN,	EVENT_EXHAUSTION, RUN_SPENT },
	{ RUN_RELAPSED, EVENT_TERM,	  RUN_ASKED },
	{ RUN_RELAPSED, EVENT_BLINDNESS,  RUN_BLIND },
	{ RUN_RELAPSED, EVENT_CRASH,	  RUN_PAUSED },
	{ RUN_RELAPSED, EVENT_EXHAUSTION, RUN_SPENT },
};

static const struct outcome_meaning meanings[RUN_OUTCOMES] = {
	/*		    was_ready  is_awaited  ends_command  may_fail */
	[RUN_STARTING] =   { 0, 1, 0, 0, CRASHES_BY_STATUS, SAYS_HOW,		EXITS_AS_COMMAND },
	[RUN_FAILED] =	   { 0, 0, 1, 0, CRASHES_BY_STATUS, SAYS_REASON,	EXITS_AS_REPORTED },
	[RUN_GIVEN_UP] =   { 0, 0, 1, 0, CRASHES_BY_STATUS, SAYS_SIGNAL,	EXITS_BY_SIGNAL },
	[RUN_OVERDUE] =	   { 0, 0, 1, 0, CRASHES_BY_STATUS, SAYS_OVERDUE,	EXITS_AS_COMMAND },
	[RUN_READY] =	   { 1, 0, 0, 0, CRASHES_BY_STATUS, SAYS_NOTHING_NEW,	EXITS_AS_COMMAND },
	[RUN_ASKED] =	   { 1, 0, 0, 1, CRASHES_BY_STATUS, SAYS_NOTHING_NEW,	EXITS_AS_COMMAND },
	[RUN_EXPIRED] =	   { 1, 0, 1, 0, CRASHES_BY_STATUS, SAYS_NOTHING_NEW,	EXITS_AS_COMMAND },
	[RUN_LOST] =	   { 1, 0, 1, 0, CRASHES_BY_STATUS, SAYS_REASON,	EXITS_AS_COMMAND },
	[RUN_BLIND] =	   { 1, 0, 1, 0, CRASHES_BY_STATUS, SAYS_REASON,	EXITS_AS_REPORTED },
	[RUN_JOINED] =	   { 1, 0, 0, 0, CRASHES_BY_STATUS, SAYS_NOTHING_NEW,	EXITS_AS_COMMAND },
	[RUN_PAUSED] =	   { 1, 0, 0, 0, CRASHES_ANYHOW,    SAYS_NOTHING_NEW,	EXITS_AS_COMMAND },
	[RUN_AGAIN] =	   { 1, 1, 0, 0, CRASHES_BY_ENDING, SAYS_NOTHING_NEW,	EXITS_AS_COMMAND },
	[RUN_RELAPSED] =   { 1, 0, 1, 0, CRASHES_ANYHOW,    SAYS_REASON,	EXITS_AS_COMMAND },
	[RUN_SPENT] =	   { 1, 0, 0, 0, CRASHES_ANYHOW,    SAYS_REASON,	EXITS_AS_COMMAND },
	[RUN_CALLED_OFF] = { 1, 0, 1, 0, CRASHES_BY_STATUS, SAYS_NOTHING_NEW,	EXITS_BY_SIGNAL },
};

enum outcome
outcome_after(enum outcome outcome, enum run_event event)
{
	size_t i;

	for (i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		if (steps[i].from == outcome && steps[i].event == event)
			return steps[i].to;
	return outcome;
}

const struct outcome_meaning *
outcome_meaning(enum outcome outcome)
{
	return &meanings[outcome];
}
