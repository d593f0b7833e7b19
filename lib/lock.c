/* The instance lock, for who takes it; lock.h has the invariants, lock_probe.c asks and waits. */
#include "lock.h"
#include "clock.h"
#include "io.h"
#include "meta.h"
#include "process.h"
#include "statedir.h"

#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PROBER_PATIENCE_MS 10000	/* for shared locks that come and go, or stay */
#define REPLACED_MODE 0400	/* of a file that has lost its name to the next one */

/* C1: the file that the path names now, made if there is none. */
static int
open_claim(struct otelop_lock *lock, int create, struct otelop_message *message)
{
	for (;;) {
		lock->created = 0;
		lock->fd = statedir_open_file(lock->dir_fd, lock->dir, STATEDIR_METADATA, O_RDWR,
		    message);
		if (lock->fd >= 0 || errno != ENOENT || !create)
			return lock->fd < 0 ? -1 : 0;
		lock->created = 1;
		lock->fd = statedir_open_file(lock->dir_fd, lock->dir, STATEDIR_METADATA,
		    O_RDWR | O_CREAT | O_EXCL, message);
		if (lock->fd >= 0 || errno != EEXIST)
			return lock->fd < 0 ? -1 : 0;
	}
}

/* B: does the locked file name a process that lives, or one that we cannot judge? */
static int
names_live_process(const struct otelop_lock *lock)
{
	struct otelop_metadata metadata;

	if (meta_read_fd(&metadata, lock->fd, lock->dir, NULL) < 0 ||
	    meta_state_is(&metadata, "exited"))
		return 0;
	return !meta_is_here(&metadata, NULL) || process_is_alive(meta_pid(&metadata));
}

static int
say_busy(const struct otelop_lock *lock, int waited, struct otelop_message *message)
{
	struct otelop_metadata metadata;

	if (meta_read_fd(&metadata, lock->fd, lock->dir, NULL) == 0)
		message_set(message, "%s/%s: held by process %ld", lock->dir, STATEDIR_METADATA,
		    (long)meta_pid(&metadata));
	else
		message_set(message, "%s/%s: held by a process that has not said who it is",
		    lock->dir, STATEDIR_METADATA);
	errno = waited ? ETIMEDOUT : EWOULDBLOCK;
	return -1;
}

static void
say_shared(const struct otelop_lock *lock, int waited, struct otelop_message *message)
{
	message_set(message, "%s/%s: somebody keeps a shared lock on it, as probes take for a moment",
	    lock->dir, STATEDIR_METADATA);
	errno = waited ? ETIMEDOUT : EWOULDBLOCK;
}

/* What became of one try for the claim. */
enum attempt { CLAIMED, AGAIN, AGAIN_SOON, HELD, FAILED };

static enum attempt
try_claim(struct otelop_lock *lock, struct otelop_message *message)
{
	int same;

	if (io_flock(lock->fd, LOCK_EX | LOCK_NB) == 0) {				/* C2 */
		if ((same = statedir_names(lock->dir_fd, STATEDIR_METADATA, lock->fd)) == 1)
			return CLAIMED;						/* C3 */
		if (same == 0)
			return AGAIN;
	} else if (errno == EWOULDBLOCK) {
		if (io_flock(lock->fd, LOCK_SH | LOCK_NB) == 0)			/* B1 */
			return AGAIN_SOON;
		if (errno == EWOULDBLOCK)
			return HELD;
	}
	message_errno(message, "%s/%s: cannot lock", lock->dir, STATEDIR_METADATA);
	return FAILED;
}

static int
claim_open(struct otelop_lock *lock, int64_t timeout_ms, int create,
    struct otelop_message *message)
{
	int64_t deadline = clock_deadline(timeout_ms);
	int64_t starters = clock_deadline(LOCK_STARTER_MS);
	int64_t probers = clock_deadline(PROBER_PATIENCE_MS);
	int64_t pause = 1;

	for (;; io_close(&lock->fd)) {
		if (open_claim(lock, create, message) < 0)
			return -1;
		switch (try_claim(lock, message)) {
		case CLAIMED:
			return 0;
		case FAILED:
			io_close(&lock->fd);
			return -1;
		case AGAIN:
			continue;
		case AGAIN_SOON:
			io_flock(lock->fd, LOCK_UN);
			if (clock_left_ms(timeout_ms == 0 ? probers : deadline) == 0) {
				say_shared(lock, timeout_ms != 0, message);
				io_close(&lock->fd);
				return -1;
			}
			/* Two claimers must not test each other forever. */
			clock_sleep_ms(pause);
			pause = pause < 16 ? pause * 2 : 20;
			continue;
		case HELD:
			if (!names_live_process(lock) && clock_left_ms(starters) > 0) {	/* B2 */
				clock_sleep_ms(2);
				continue;
			}
			if (timeout_ms == 0)
				break;
			/* The file may be replaced while we wait: the next round looks. */
			switch (lock_wait(lock->fd, LOCK_EX, deadline, -1)) {
			case 1:
				continue;
			case -1:
				message_errno(message, "%s/%s: cannot wait for the lock", lock->dir,
				    STATEDIR_METADATA);
				io_close(&lock->fd);
				return -1;
			}
			break;
		}
		say_busy(lock, timeout_ms != 0, message);
		io_close(&lock->fd);
		return -1;
	}
}

int
lock_claim(struct otelop_lock *lock, const char *dir, int64_t timeout_ms, int create,
    struct otelop_message *message)
{
	lock->fd = lock->next_fd = -1;
	if (io_format(lock->dir, sizeof(lock->dir), "%s", dir) < 0)
		return message_errno(message, "%s: cannot use as state directory", dir);
	if ((lock->dir_fd = statedir_open(dir, message)) < 0)
		return -1;
	if (claim_open(lock, timeout_ms, create, message) < 0) {
		io_close(&lock->dir_fd);
		return -1;
	}
	return 0;
}

int
otelop_lock_metadata(const char *state_dir, int64_t timeout_ms, struct otelop_lock *lock,
    struct otelop_message *message)
{
	return lock_claim(lock, state_dir, timeout_ms, 1, message);
}

/* Forget the prepared file; its name too while it is ours. */
static void
drop_next(struct otelop_lock *lock)
{
	int saved = errno;

	if (lock->next_fd < 0)
		return;
	if (statedir_names(lock->dir_fd, STATEDIR_NEXT, lock->next_fd) == 1)
		unlinkat(lock->dir_fd, STATEDIR_NEXT, 0);
	io_flock(lock->next_fd, LOCK_UN);
	errno = saved;
	io_close(&lock->next_fd);
}

int
lock_prepare_next(struct otelop_lock *lock, struct otelop_message *message)
{
	drop_next(lock);
	if (unlinkat(lock->dir_fd, STATEDIR_NEXT, 0) < 0 && errno != ENOENT)	/* P1 */
		return message_errno(message, "%s/%s: cannot remove", lock->dir, STATEDIR_NEXT);
	lock->next_fd = statedir_open_file(lock->dir_fd, lock->dir, STATEDIR_NEXT,	/* P2 */
	    O_RDWR | O_CREAT | O_EXCL, message);
	if (lock->next_fd < 0)
		return -1;
	if (io_flock(lock->next_fd, LOCK_EX | LOCK_NB) < 0) {			/* P3 */
		message_errno(message, "%s/%s: cannot lock", lock->dir, STATEDIR_NEXT);
		drop_next(lock);
		return -1;
	}
	return 0;
}

/* P4 and the last look before P5: nobody else may have put a file there. */
static int
write_next(struct otelop_lock *lock, const struct otelop_metadata *metadata,
    struct otelop_message *message)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
	int written;

	if (metadata->length > OTELOP_METADATA_MAX) {
		errno = EMSGSIZE;
		return message_set(message, "%s/%s: cannot write: metadata over %d bytes", lock->dir,
		    STATEDIR_NEXT, OTELOP_METADATA_MAX);
	}
	/* RLIMIT_FSIZE is an error here and not the end. */
	sigaction(SIGXFSZ, &ignore, &before);
	written = io_truncate(lock->next_fd) < 0 || lseek(lock->next_fd, 0, SEEK_SET) < 0 ? -1 :
	    io_write_all(lock->next_fd, metadata->json, metadata->length);
	sigaction(SIGXFSZ, &before, NULL);
	if (written < 0)
		return message_errno(message, "%s/%s: cannot write", lock->dir, STATEDIR_NEXT);
	switch (statedir_names(lock->dir_fd, STATEDIR_NEXT, lock->next_fd)) {
	case 1:
		return 0;
	case 0:
		errno = ESTALE;
		return message_set(message, "%s/%s: somebody removed or replaced it", lock->dir,
		    STATEDIR_NEXT);
	default:
		return message_errno(message, "%s/%s: cannot look at", lock->dir, STATEDIR_NEXT);
	}
}

int
lock_publish_next(struct otelop_lock *lock, const struct otelop_metadata *metadata,
    struct otelop_message *message)
{
	if (write_next(lock, metadata, message) < 0) {				/* P4 */
		drop_next(lock);
		return -1;
	}
	if (renameat(lock->dir_fd, STATEDIR_NEXT, lock->dir_fd, STATEDIR_METADATA) < 0) {  /* P5 */
		message_errno(message, "%s/%s: cannot publish", lock->dir, STATEDIR_METADATA);
		drop_next(lock);
		return -1;
	}
	if (!meta_state_is(metadata, "exited"))
		fchmod(lock->fd, REPLACED_MODE);
	io_flock(lock->fd, LOCK_UN);		/* P6: a copy elsewhere must not hold up who waits */
	io_close(&lock->fd);
	lock->fd = lock->next_fd;
	lock->next_fd = -1;
	lock->created = 0;
	return 0;
}

int
lock_was_replaced(int fd)
{
	struct stat found;

	return fstat(fd, &found) == 0 && (found.st_mode & 0777) == REPLACED_MODE;
}

int
otelop_write_metadata(struct otelop_lock *lock, const struct otelop_metadata *metadata,
    struct otelop_message *message)
{
	if (lock->fd < 0) {
		errno = EBADF;
		return message_set(message, "%s/%s: not claimed", lock->dir, STATEDIR_METADATA);
	}
	if (lock_prepare_next(lock, message) < 0)
		return -1;
	return lock_publish_next(lock, metadata, message);
}

void
lock_release(struct otelop_lock *lock)
{
	struct stat found;

	drop_next(lock);
	if (lock->fd >= 0) {
		if (lock->created && fstat(lock->fd, &found) == 0 && found.st_size == 0 &&
		    statedir_names(lock->dir_fd, STATEDIR_METADATA, lock->fd) == 1)
			unlinkat(lock->dir_fd, STATEDIR_METADATA, 0);
		io_flock(lock->fd, LOCK_UN);
	}
	io_close(&lock->fd);
	io_close(&lock->dir_fd);
}

void
otelop_unlock_metadata(struct otelop_lock *lock)
{
	lock_release(lock);
}

int
lock_remove(struct otelop_lock *lock, struct otelop_message *message)
{
	int result = 0, same;

	drop_next(lock);
	/* R1: only under the claim, and only the file that it is on; a forgotten .tmp goes too. */
	if ((same = statedir_names(lock->dir_fd, STATEDIR_METADATA, lock->fd)) < 0)
		result = message_errno(message, "%s/%s: cannot look at", lock->dir,
		    STATEDIR_METADATA);
	if (same == 1) {
		unlinkat(lock->dir_fd, STATEDIR_NEXT, 0);
		if (unlinkat(lock->dir_fd, STATEDIR_METADATA, 0) < 0 && errno != ENOENT)
			result = message_errno(message, "%s/%s: cannot remove", lock->dir,
			    STATEDIR_METADATA);
	}
	lock->created = 0;
	lock_release(lock);
	return result;
}

int
otelop_remove_state(const char *state_dir, struct otelop_lock *lock,
    struct otelop_message *message)
{
	struct otelop_lock own;

	if (lock == NULL) {
		lock = &own;
		if (lock_claim(lock, state_dir, 0, 0, message) < 0)
			return errno == ENOENT ? 0 : -1;
	}
	return lock_remove(lock, message);
}
