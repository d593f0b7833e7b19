/*
 * What a state directory holds: a question about its lock, its metadata and the process together.
 */
#ifndef STATE_H
#define STATE_H

#include "otelop.h"

/* What a state directory holds.  Kept is a kind of stale: a dead daemon's child keeps its lock. */
enum state { STATE_STOPPED, STATE_STALE, STATE_KEPT, STATE_STARTING, STATE_RUNNING };

/* In the word that the programs print. */
const char *state_name(enum state state);

/*
 * What the directory holds.  0 and *state; metadata (may be NULL) has length 0 where nothing is
 * readable (no directory: stopped); warning has a text when the file is corrupt but free.  -1: cannot tell.
 */
int state_look(const char *dir, enum state *state, struct otelop_metadata *metadata,
    struct otelop_message *warning);

/* Who says, of a start that otelop.json tells of so, until when it is to be waited for. */
struct state_more {
	int64_t (*put_off)(void *argument, const char *dir, const struct otelop_metadata *metadata, int64_t deadline);
	void *argument;
};

/*
 * While the lock is held but no ready daemon lives (and while there is none, when appear is set), wait
 * for what comes of it.  1: decided, 0: deadline, -1: cannot tell.  *began: a start was under way.
 * more: NULL, the deadline is that.
 */
int state_wait(const char *dir, int appear, int64_t deadline, const struct state_more *more, int *began,
    enum state *state, struct otelop_metadata *metadata, struct otelop_message *warning);

#endif
