/*
 * Notice that the state of a daemon has vanished under its resident parent: that otelop.json was removed,
 * replaced or written in place by somebody who does not keep to the lock, or its directory removed.
 *
 *	the directory is gone, or another has its path		lost
 *	it is there, and somebody else has claimed it		lost
 *	it is there						claimed like by anybody, and published again
 *
 * Whoever does such things does several of them, as rm -rf and mv do: what has come of it is looked at a
 * moment later.  A file that has lost its name cannot get it back, so that the command's own copy of the
 * lock holds nothing from then on, and only its parent's holds the new file's.
 */
#ifndef VANISH_H
#define VANISH_H

#include "otelop.h"

struct vanish {
	int watch_fd;		/* to poll for reading; -1: nothing tells us */
	int64_t look_at;	/* a deadline, or OTELOP_FOREVER */
};
#define VANISH_INIT { -1, OTELOP_FOREVER }

/* Watch the file that lock has published, from now on. */
void vanish_watch(struct vanish *vanish, const struct otelop_lock *lock);

void vanish_close(struct vanish *vanish);

/*
 * Take what the watch has to tell, and look if it is time.  0: all is well, or metadata is published again
 * under lock; -1: the state is lost, and the message says how.  own: the process that metadata names.
 */
int vanish_look(struct vanish *vanish, struct otelop_lock *lock, const struct otelop_metadata *metadata,
    pid_t own, struct otelop_message *message);

/*
 * Publish what metadata says by now, wherever the state is: as lock_publish where nothing has happened to it, else by
 * claiming it like anybody.  0; -1: it is lost, or cannot be written; the message says why.  own: as above.
 */
int vanish_publish(struct otelop_lock *lock, const struct otelop_metadata *metadata, pid_t own,
    struct otelop_message *message);

#endif
