/*
 * Who has a lock whose file names no living process.
 *
 * The lock belongs to an open description, which the kernel shows for each process that has it, with
 * the one that took the lock.  While the taker lives and has it, it is a starter that has claimed what
 * a dead daemon left and has not published yet, or an otelop-run that sweeps.  Once it is dead, only
 * children that outlived their daemon can have it: keepers.
 */
#ifndef HOLDER_H
#define HOLDER_H

#include <sys/stat.h>

#include "otelop.h"

enum holder_kind {
	HOLDER_UNSEEN,	/* none is seen: it has just let go, or it is hidden from us */
	HOLDER_TAKER,	/* who took the lock lives */
	HOLDER_KEEPER
};

struct holder {
	enum holder_kind kind;
	pid_t pid;	/* of one of them */
	char name[64];	/* its command's name as the system has it: to be cleaned before it is shown */
	int hidden;	/* there are processes that we may not look into */
};

/* 0; -1: errno; ENOSYS: the system shows nobody's descriptors. */
int holder_find(const struct stat *file, struct holder *holder);

/*
 * Signal the keepers of this lock that are the daemon's for certain: of the file's owner or of the users
 * that root's daemon became, and in a session that the taker or named led, or with dir as OTELOP_STATE_DIR
 * in their first environment.  asked is those that had the signal already and gets those that have it now;
 * KILL is sent again.  How many keepers are left; *foreign is one that was not signalled, or is 0.  -1: errno.
 */
struct holder_asked {
	pid_t *pids;
	size_t count;
	size_t room;
};
int holder_signal_keepers(const struct stat *file, pid_t named, const char *dir, int number,
    struct holder_asked *asked, struct holder *foreign);

#endif
