/*
 * The instance lock: flock on otelop.json itself.
 *
 * Invariants, under any interleaving and a SIGKILL anywhere:
 *   1. Whoever holds the claim holds LOCK_EX on the file that the path names.  Only the holder
 *      of the claim creates otelop.json.tmp, renames it, or unlinks otelop.json.
 *   2. A published file is locked before it gets its name, and the old one is let go after.
 *   3. Probing takes LOCK_SH, so two probes never refuse each other.
 *   4. Between claim and publication the file has a dead daemon's words: they count only while the
 *      process that they name lives and keeps the file open.
 *   5. An answer about a file that the path no longer names is no answer: begin again.
 *
 * The steps are named as in tests/model/lock.pml: C claim, B busy, P publish, Q probe, R remove.
 */
#ifndef LOCK_H
#define LOCK_H

#include "otelop.h"

#define LOCK_FD_LOWEST 10	/* where a command gets its copy of the lock: out of its way */
#define LOCK_STARTER_MS 100	/* from a claim to its publication, at most */

/*
 * Claim the directory as otelop_lock_metadata does.  create: make an empty otelop.json where there
 * is none (else: ENOENT).
 */
int lock_claim(struct otelop_lock *lock, const char *dir, int64_t timeout_ms, int create,
    struct otelop_message *message);

/* P1 to P3: create and lock otelop.json.tmp, which a child then inherits as lock->next_fd. */
int lock_prepare_next(struct otelop_lock *lock, struct otelop_message *message);

/* P4 to P6: write metadata into the prepared file and publish it. */
int lock_publish_next(struct otelop_lock *lock, const struct otelop_metadata *metadata,
    struct otelop_message *message);

/*
 * Whoever waited for this file's lock: did its holder go on, and publish the next file in its place?  1;
 * 0: that one said exited, or this one was removed, or its holder died.
 */
int lock_was_replaced(int fd);

/* Remove otelop.json (and a forgotten .tmp) under the claim, then let go explicitly. */
int lock_remove(struct otelop_lock *lock, struct otelop_message *message);

/*
 * Let go explicitly: a copy of the descriptor in another process holds nothing any more.  A file
 * that the claim had to create and that nothing was published into is removed.
 */
void lock_release(struct otelop_lock *lock);

/*
 * Is the lock held?  1 or 0, and *fd is the file asked about, open for reading (no lock on it);
 * -1: ENOENT there is no file; anything else: cannot tell.
 */
int lock_is_held(int dir_fd, const char *dir, int *fd, struct otelop_message *message);

/*
 * Wait for operation (LOCK_SH or LOCK_EX) on fd until deadline, or until interrupt_fd (-1: none), which is
 * not read from, is readable.  1: got it; 0: not; -1: errno.  A lock that was waited for may stand in the kernel's
 * list as taken by a process that is dead: who means to be known as its taker lets go and takes it anew.
 */
int lock_wait(int fd, int operation, int64_t deadline, int interrupt_fd);

/* Wait until nobody holds the lock.  1: free, 0: deadline, -1. */
int lock_wait_free(int dir_fd, const char *dir, int64_t deadline, struct otelop_message *message);

#endif
