/*
 * How often and when a command that has crashed is started again: after a second, then after twice as long each time,
 * and a minute at most.  So many crashes in a row are enough; a run that lasted for a minute begins a new row.
 */
#ifndef RESPAWN_H
#define RESPAWN_H

#include <stdint.h>

#define RESPAWN_USUAL 10	/* crashes in a row, where no number is given */
#define RESPAWN_USUAL_TEXT "10"
#define RESPAWN_MAX 1000000
#define RESPAWN_READY_MS 60000	/* until then a command that was started again is ready, or has crashed */

struct respawn {
	int row;		/* how often it was started again since it last ran for long */
	long total;		/* and altogether */
	int64_t due;		/* a deadline: of the pause, or by which it must be ready; or OTELOP_FOREVER */
};

/* The command has crashed, having run for ran_ms: is it started again, at most limit times in a row?  1, counted; or 0. */
int respawn_is_due(struct respawn *respawn, int limit, int64_t ran_ms);

/* How long it rests before the start that was counted last. */
int64_t respawn_pause_ms(const struct respawn *respawn);

#endif
