/* The exit statuses, one table for every program; otelop(7) has it for people. */
#ifndef STATUS_H
#define STATUS_H

enum status {
	STATUS_DONE = 0,		/* done; yes */
	STATUS_NO = 1,			/* an honest no; dead, with stale metadata left */
	STATUS_USAGE = 2,
	STATUS_NOT_RUNNING = 3,		/* not running; not held */
	STATUS_UNKNOWN = 4,		/* cannot tell */
	STATUS_BUSY = 75,		/* somebody else holds the lock */
	STATUS_TIMEOUT = 124,
	STATUS_FAILED = 125,		/* our own failure before the command ran */
	STATUS_NOT_EXECUTABLE = 126,
	STATUS_NOT_FOUND = 127,
	STATUS_SIGNAL = 128		/* plus the number of the signal that ended the command */
};

/* Statuses that otelop-spawn passes on when its child ends with them: 75, 125, 126, 127. */
int status_is_passed_on(int status);

/* Statuses that a child may say on its ready pipe, as set:exitCode=, in front of err: 2 and 4 too. */
int status_may_be_said(int status);

/* What tells that a command could not be run, by the errno of its exec: 127 or 126. */
int status_of_exec(int error);

#endif
