/* What a run has come to, and what that means: two tables. */
#include "daemon/outcome.h"

/*
 * The first to end it says why: only a start that is overdue, whose end nobody has a reason for yet, can still be given
 * up or fail.
 */
static const enum outcome after[RUN_OUTCOMES][RUN_EVENTS] = {
	/*		  READY		FAILURE		TERM		HUP
			  EXPIRY	LOSS		BLINDNESS	JOINED */
	[RUN_STARTING] =  { RUN_READY,	RUN_FAILED,	RUN_GIVEN_UP,	RUN_GIVEN_UP,
			  RUN_OVERDUE,	RUN_STARTING,	RUN_FAILED,	RUN_JOINED },
	[RUN_FAILED] =	  { RUN_FAILED,	RUN_FAILED,	RUN_FAILED,	RUN_FAILED,
			  RUN_FAILED,	RUN_FAILED,	RUN_FAILED,	RUN_FAILED },
	[RUN_GIVEN_UP] =  { RUN_GIVEN_UP, RUN_GIVEN_UP,	RUN_GIVEN_UP,	RUN_GIVEN_UP,
			  RUN_GIVEN_UP,	RUN_GIVEN_UP,	RUN_GIVEN_UP,	RUN_GIVEN_UP },
	[RUN_OVERDUE] =	  { RUN_OVERDUE, RUN_FAILED,	RUN_GIVEN_UP,	RUN_GIVEN_UP,
			  RUN_OVERDUE,	RUN_OVERDUE,	RUN_FAILED,	RUN_OVERDUE },
	[RUN_READY] =	  { RUN_READY,	RUN_READY,	RUN_ASKED,	RUN_READY,
			  RUN_EXPIRED,	RUN_LOST,	RUN_BLIND,	RUN_READY },
	[RUN_ASKED] =	  { RUN_ASKED,	RUN_ASKED,	RUN_ASKED,	RUN_ASKED,
			  RUN_EXPIRED,	RUN_LOST,	RUN_BLIND,	RUN_ASKED },
	[RUN_EXPIRED] =	  { RUN_EXPIRED, RUN_EXPIRED,	RUN_EXPIRED,	RUN_EXPIRED,
			  RUN_EXPIRED,	RUN_EXPIRED,	RUN_BLIND,	RUN_EXPIRED },
	[RUN_LOST] =	  { RUN_LOST,	RUN_LOST,	RUN_LOST,	RUN_LOST,
			  RUN_LOST,	RUN_LOST,	RUN_BLIND,	RUN_LOST },
	[RUN_BLIND] =	  { RUN_BLIND,	RUN_BLIND,	RUN_BLIND,	RUN_BLIND,
			  RUN_BLIND,	RUN_BLIND,	RUN_BLIND,	RUN_BLIND },
	[RUN_JOINED] =	  { RUN_JOINED,	RUN_JOINED,	RUN_JOINED,	RUN_JOINED,
			  RUN_JOINED,	RUN_JOINED,	RUN_JOINED,	RUN_JOINED },
};

static const struct outcome_meaning meanings[RUN_OUTCOMES] = {
	/*		  was_ready  ends_command  may_fail */
	[RUN_STARTING] =  { 0, 0, 0, SAYS_HOW,		EXITS_AS_COMMAND },
	[RUN_FAILED] =	  { 0, 1, 0, SAYS_REASON,	EXITS_AS_REPORTED },
	[RUN_GIVEN_UP] =  { 0, 1, 0, SAYS_SIGNAL,	EXITS_BY_SIGNAL },
	[RUN_OVERDUE] =	  { 0, 1, 0, SAYS_OVERDUE,	EXITS_AS_COMMAND },
	[RUN_READY] =	  { 1, 0, 0, SAYS_NOTHING_NEW,	EXITS_AS_COMMAND },
	[RUN_ASKED] =	  { 1, 0, 1, SAYS_NOTHING_NEW,	EXITS_AS_COMMAND },
	[RUN_EXPIRED] =	  { 1, 1, 0, SAYS_NOTHING_NEW,	EXITS_AS_COMMAND },
	[RUN_LOST] =	  { 1, 1, 0, SAYS_REASON,	EXITS_AS_COMMAND },
	[RUN_BLIND] =	  { 1, 1, 0, SAYS_REASON,	EXITS_AS_REPORTED },
	[RUN_JOINED] =	  { 1, 0, 0, SAYS_NOTHING_NEW,	EXITS_AS_COMMAND },
};

enum outcome
outcome_after(enum outcome outcome, enum run_event event)
{
	return after[outcome][event];
}

const struct outcome_meaning *
outcome_meaning(enum outcome outcome)
{
	return &meanings[outcome];
}
