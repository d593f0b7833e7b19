/*
 * What a stopper tells the otelop-run that ends the rest: how long all of it may take.
 *
 * It travels as a queued real-time signal with one whole number, which is what it is about in three bits and a value in
 * 28.  The signal's number is the kernel's, the same for programs of whatever libc.  The signal without such a number,
 * as kill(1) sends it, is no word, but one more signal that is CMD's.  A word is in its receiver's hands before any signal
 * that the stopper sends to CMD afterwards can have had an effect.
 *
 * An otelop-run that does not know the words would hand the signal on to CMD, which would die of it: words go to the
 * process alone that the metadata names as `runner`, while that is the daemon, or the daemon's parent.
 */
#ifndef STOP_TIME_H
#define STOP_TIME_H

#include <stdint.h>

#include "process/process.h"

#define STOP_TIME_GRACE_MS 10000	/* between the signal and KILL, where nobody says how long */

/* What a sweep has at least, however late it begins in a stopper's time; if that is less, so long. */
#define STOP_TIME_LEAST_MS 2000

enum stop_word {
	STOP_WORD_TIME = 1,	/* KILL nobody before so many ms are over; of several the longest counts */
	STOP_WORD_KILL = 2,	/* that is over, whoever said it: KILL what has had so many ms since it was asked to end */
	STOP_WORD_ALL = 3	/* send this signal to CMD and to all that is below it */
};

/* ms: OTELOP_FOREVER is no KILL at all.  0; -1: errno; ENOSYS: this system has no such signals. */
int stop_time_send(const struct process *run, enum stop_word word, int64_t value);

/* What the stoppers of a run have said so far; zero-filled: nothing. */
struct stop_time {
	int is_told;
	int64_t until;		/* nobody is killed before that; OTELOP_FOREVER */
	int64_t least_ms;	/* nor before he has had so long */
};

/* Is it a word?  Then it is taken in; signal_number is what CMD and all are to get, or 0.  1 or 0. */
int stop_time_take(struct stop_time *time, int signal, int value, int *signal_number);

/*
 * When may one be killed who was asked at that moment?  Where no stopper has said it, or that was over by then,
 * grace_ms later; or OTELOP_FOREVER.
 */
int64_t stop_time_kill_at(const struct stop_time *time, int64_t asked_at, int64_t grace_ms);

/*
 * Is this process the runner that the metadata names?  Then the time that it gives to its command, and again to the rest,
 * where nobody tells it another; 0: without limit.  Else -1, also where that cannot be read.
 */
int64_t stop_time_grace(const char *state_dir, pid_t pid);

#endif
