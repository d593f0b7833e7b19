/*
 * Who has a lock whose file names no living process.
 *
 * The lock belongs to an open description, which the kernel shows for each process that has it, with the
 * one that took the lock:
 *
 *	exclusive, and the taker has it		a starter, or a writer of metadata
 *	the taker is the daemon's parent	an otelop-run that sweeps
 *	shared, and the taker has it		a probe, for a moment
 *	else					a keeper: a child that outlived its daemon
 *
 * A keeper may have taken the lock anew, as exclusive or as shared, to pass for one of the others.  But what is
 * in the daemon's own session is a keeper whatever it did to the lock; and so is what was given this lock by
 * its environment, unless its description can write, as a claim's can and no command's.
 */
#ifndef HOLDER_H
#define HOLDER_H

#include <sys/stat.h>

#include "base/pids.h"
#include "otelop.h"
#include "process/process.h"
#include "state/statedir.h"

/* The dead daemon. */
struct holder_daemon {
	const struct statedir *dir;	/* the caller's */
	struct stat file;	/* its otelop.json */
	pid_t pid;
	pid_t session;		/* 0: not known */
};

enum holder_kind {
	HOLDER_UNSEEN,	/* none is seen but probes: it has just let go, or it is hidden from us */
	HOLDER_TAKER,	/* one that took the lock and lives */
	HOLDER_KEEPER
};

struct holder {
	enum holder_kind kind;
	pid_t pid;	/* of one of them */
	char name[64];	/* its command's name as the system has it: to be cleaned before it is shown */
	int hidden;	/* there are processes that we may not look into */
};

/* What the file at fd, and its words, say of the daemon.  -1: errno. */
int holder_describe(struct holder_daemon *daemon, const struct statedir *dir, int fd, const struct otelop_metadata *metadata);

/* 0; -1: errno; ENOSYS: the system shows nobody's descriptors. */
int holder_find(const struct holder_daemon *daemon, struct holder *holder);

/* Was it given this directory and a lock, as what a command starts is?  And is it of the file's owner?  1 or 0. */
int holder_was_given(const struct holder_daemon *daemon, pid_t pid);

/* Why is none of a held lock's holders seen?  holder: what was found; NULL: the system shows nobody's descriptors. */
const char *holder_why_unseen(const struct holder *holder);

/*
 * Signal the keepers that are the daemon's for certain: of the file's owner (any user's, where that is
 * root), and in the daemon's session or with the state directory in their first environment, with a lock too
 * where it was taken anew: that may be some stranger's flock(1).  Each has the signal once, but KILL; asked are
 * those that had it.  told, unless it is NULL, hears of each that has had it, with the name from before, for
 * whom it ends may be gone, and the daemon's directory.  How many keepers were seen; *foreign is one that was not signalled, or a probe, or has
 * pid 0.  -1: errno, as above.
 */
int holder_signal_keepers(const struct holder_daemon *daemon, int number, struct pids *asked, struct holder *foreign,
    void (*told)(const struct statedir *, const struct process_name *));

#endif
