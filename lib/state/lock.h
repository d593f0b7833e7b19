/*
 * The instance lock: flock on otelop.json itself.
 *
 * The calling sequence, of which each step may fail and leave lock to lock_release:
 *
 *	struct otelop_lock lock = LOCK_INIT;
 *
 *	lock_claim(&lock, path, &request, &message);		it is ours, whatever the file says
 *	lock_publish(&lock, &metadata, &message);		and this is who we are
 *	lock_start(&lock, path, &request, &metadata, &message);	or both at once
 *	lock_prepare_next(&lock, &message);			the next file; a child may inherit its lock
 *	lock_publish_next(&lock, &metadata, &message);		and this is what we have become
	lock_announce(&lock, &metadata);			what is to be published once a dead one's rest is ended
 *	lock_forget_replaced(&lock);				when nobody waits for us
 *	lock_remove(&lock, &message);				or lock_release, which leaves the file
 *
 * Whoever only asks needs no claim: lock_is_held, lock_wait_free.  The descriptors belong to the lock and are
 * close-on-exec; only R of a published or prepared file (6) is for copying to a command.  All that returns int is 0, or
 * -1 with errno and a message; a question is 1, 0 or -1.  lock.c claims and lets go, lock_busy.c says who has it,
 * lock_start.c, lock_publish.c and lock_remove.c make, replace and remove the file, lock_probe.c and lock_wait.c ask
 * and wait.
 *
 * Invariants, under any interleaving among these programs and a SIGKILL anywhere:
 *   1. Whoever holds the claim holds LOCK_EX on the file that the path names.  Only the holder of the
 *      claim creates otelop.json.next, renames it, or unlinks otelop.json.
 *   2. A published file is locked before it gets its name, and the old one is let go after.
 *   3. Probing takes LOCK_SH, so two probes never refuse each other.
 *   4. Between claim and publication the file has a dead daemon's words: they count only while the
 *      process that they name is still that very process.
 *   5. An answer about a file that the path no longer names is no answer: begin again.
 *   6. A file has two descriptions while it is made: W, through which it is written and which is never
 *      locked nor handed on, and R, which is locked and can only be read.  A command is handed R alone.
 *      So whoever has a copy of the lock can hold it and let go of it, and can do nothing else.
 *   7. A claim whose file names a process that lives and did not say that it has exited is given up:
 *      that daemon has lost its lock (a child let go of it), and is one all the same.
 *   8. A file that another has taken the name of has the mode 0400, unless the next one says exited:
 *      who waited for its lock thereby knows that its holder has gone on.  It is never locked again.
 *   9. A file of upstream's, whose daemon locks it only after it has its name, is not touched by a lock
 *      of ours in its first 20 ms, in which it is being locked.
 *  10. Where there is no otelop.json, one appears locked and complete, by a rename that replaces nothing, and whose it
 *      is has the claim.  Until then it is otelop.json.first, which only he renames or removes who has the lock of the
 *      file that this names, and has looked that it does.
 *  11. otelop.json.next may have words before it gets its name.  While the file names a dead process and its lock is held,
 *      they say what the claim's holder, who lives and is named there, is about to become; while it says starting, until
 *      when that is to be waited for.  Nobody else goes by them.
 *
 * The steps are named as in tests/model/lock.pml: C claim, A alive without a lock, B busy, M make the first file, P publish,
 * H hand on, Q probe, K keepers, R remove, U upstream's window.
 */
#ifndef LOCK_H
#define LOCK_H

#include "otelop.h"
#include "state/statedir.h"

#define LOCK_FD_LOWEST 10	/* where a command gets its copies of the lock: out of its way */
#define LOCK_STARTER_MS 100	/* from a claim to its publication, at most */

/* A claim; or none, while fd is -1. */
struct otelop_lock {
	struct statedir dir;		/* its own */
	int fd;				/* otelop.json, locked; once it is published: R */
	int next_fd;			/* R of otelop.json.next, locked and unpublished; or -1 */
	int next_write_fd;		/* W of it; or -1 */
	int created;			/* this claim made the file that it holds */
	int replaced_fds[2];		/* files that have lost their name to the next one, not locked; or -1 */
};
#define LOCK_INIT { STATEDIR_INIT, -1, -1, -1, 0, { -1, -1 } }

struct lock_request {
	int64_t timeout_ms;	/* as otelop_lock_metadata takes it */
	int create;		/* make an empty otelop.json where there is none; else ENOENT */
	pid_t own;		/* a process that may be named: the claimer's own daemon; 0: none */
	int any_host;		/* also take what another host left where locks may not reach it */
};

/*
 * Claim the directory.  lock is LOCK_INIT, here and below, or that with its directory open already, which is then not
 * opened again by its path.  -1, and nothing is held or open: EWOULDBLOCK, ETIMEDOUT somebody else has it; EREMOTE it is another host's
 * and its locks may not reach us; EPERM not to be trusted; those of open.
 */
int lock_claim(struct otelop_lock *lock, const char *path, const struct lock_request *request,
    struct otelop_message *message);

/*
 * Claim it and publish metadata; where there is no file (and request->create is set), nobody ever sees one that is
 * empty.  -1: as lock_claim and lock_publish_next, and nothing is held; EWOULDBLOCK and ETIMEDOUT are the claim's alone.
 */
int lock_start(struct otelop_lock *lock, const char *path, const struct lock_request *request,
    const struct otelop_metadata *metadata, struct otelop_message *message);

/* P1 to P3: create otelop.json.next and lock it; a child then inherits lock->next_fd. */
int lock_prepare_next(struct otelop_lock *lock, struct otelop_message *message);

/*
 * P4 to P6: write metadata into the prepared file and publish it.  The file that it replaces is not locked any more,
 * but is still open, for to free it may take the file system some time: lock_forget_replaced, or lock_release, does.
 */
int lock_publish_next(struct otelop_lock *lock, const struct otelop_metadata *metadata,
    struct otelop_message *message);

/* Both. */
int lock_publish(struct otelop_lock *lock, const struct otelop_metadata *metadata,
    struct otelop_message *message);

/*
 * Say in the next file what is to be published in place of a dead process's words, as soon as whatever that has left, which
 * has the lock, is ended.  Only a help for readers: what goes wrong is not told, and lock_publish makes the file anew.
 */
void lock_announce(struct otelop_lock *lock, const struct otelop_metadata *metadata);

/* Close the files that were replaced. */
void lock_forget_replaced(struct otelop_lock *lock);

/*
 * Whoever waited for this file's lock: did its holder go on, and publish the next file in its place?  1;
 * 0: that one said exited, or this one was removed, or its holder died.
 */
int lock_was_replaced(int fd);

/* Remove otelop.json (and a forgotten .next) under the claim, then let go explicitly. */
int lock_remove(struct otelop_lock *lock, struct otelop_message *message);

/* Remove what is in a directory that nobody holds, as otelop_remove_state does without a lock. */
int lock_remove_free(const char *dir, const struct lock_request *request, struct otelop_message *message);

/*
 * Let go explicitly: a copy of the descriptor in another process holds nothing any more.  A file
 * that the claim had to create and that nothing was published into is removed.
 */
void lock_release(struct otelop_lock *lock);

/*
 * Is the lock held?  1 or 0, and *fd is the file asked about, open for reading (no lock on it);
 * -1: ENOENT there is no file; anything else: cannot tell.
 */
int lock_is_held(const struct statedir *dir, int *fd, struct otelop_message *message);

#define LOCK_SETTLE_MS 60	/* for all the files that are met on the way, of which each has a third */

/*
 * U: wait until whoever may be about to lock this file of upstream's has done it.  The deadline is one
 * for all of them: a file that is replaced all the time must not hold us up.
 */
void lock_let_settle(const struct statedir *dir, int fd, int64_t deadline);

/*
 * Wait for operation (LOCK_SH or LOCK_EX) on fd until deadline, or until interrupt_fd (-1: none), which is
 * not read from, is readable.  1: got it; 0: not; -1: errno.  A lock that was waited for may stand in the kernel's
 * list as taken by a process that is dead, as a keeper's does: it is for files that are none of ours.
 */
int lock_wait(int fd, int operation, int64_t deadline, int interrupt_fd);

/* The same, but 1: it was to be had, and has been let go. */
int lock_wait_moment(int fd, int operation, int64_t deadline, int interrupt_fd);

/*
 * The latter for a file that otelop.json named; what is there must be looked at again afterwards.  1: that,
 * or the path names another file by now; 0: deadline; -1.
 */
int lock_wait_named(const struct statedir *dir, int fd, int operation, int64_t deadline);

/* Wait until nobody holds the lock.  1: free, 0: deadline, -1. */
int lock_wait_free(const struct statedir *dir, int64_t deadline, struct otelop_message *message);

/*
 * What follows is for the files of the lock alone.  lock_hold_again: whoever is about to change something takes the
 * lock again, which a child may have let go of, and sees that the path still names what it is on; 0; -1: ESTALE it is
 * another's by now.
 */
int lock_hold_again(const struct otelop_lock *lock, struct otelop_message *message);

/* As lock_claim, in the directory that lock has opened, and that is closed when this fails. */
int lock_claim_opened(struct otelop_lock *lock, const struct lock_request *request, struct otelop_message *message);

/*
 * P2 and P3: make an empty file of this name, where there is none, and lock it: next_fd and next_write_fd.  -1: one of
 * them may be open.
 */
int lock_make(struct otelop_lock *lock, const char *name, struct otelop_message *message);

/* Write metadata into what was made. */
int lock_write(const struct otelop_lock *lock, const char *name, const struct otelop_metadata *metadata,
    struct otelop_message *message);

/* What was made is otelop.json by now. */
void lock_take_made(struct otelop_lock *lock);

/* Forget the prepared file, and its name while it is ours, with errno kept. */
void lock_drop_next(struct otelop_lock *lock);

/* Does the file name, in a state other than exited, a process that lives or that we cannot judge? */
int lock_is_held_by_live_process(const struct otelop_lock *lock);

/* Is the shared lock no prober's, which is over in a moment?  1 or 0. */
int lock_is_held_for_long(const struct otelop_lock *lock);

/* Say who has it.  -1: EWOULDBLOCK, or ETIMEDOUT where it was waited for. */
int lock_say_busy(const struct otelop_lock *lock, int is_shared, int waited, struct otelop_message *message);

#endif
