/*
 * Publish metadata under the claim; lock.h has the invariants.
 *
 * The published file has the lock before it has the name (2), on a description that cannot write (6): so the file is
 * made as otelop.json.next, locked there, written through another description, and only then given its name.  What
 * has lost the name is let go last, and nobody locks it again (8).  Whatever fails before the name is given leaves
 * the old file as it was.
 */
#include "state/lock.h"
#include "base/io.h"
#include "base/message.h"
#include "platform/platform.h"
#include "state/meta.h"

#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define REPLACED_MODE 0400	/* of a file that has lost its name to the next one */

void
lock_drop_next(struct otelop_lock *lock)
{
	int saved = errno;

	if (lock->next_fd >= 0) {
		if (statedir_names(&lock->dir, STATEDIR_NEXT, lock->next_fd) == 1)
			unlinkat(lock->dir.fd, STATEDIR_NEXT, 0);
		io_flock(lock->next_fd, LOCK_UN);
	}
	errno = saved;
	io_close(&lock->next_fd);
	io_close(&lock->next_write_fd);
}

/* P3: lock R, and see that this keeps W from being locked: else no lock means anything here. */
static int
lock_made(struct otelop_lock *lock, const char *name, struct otelop_message *message)
{
	int result = io_flock(lock->next_fd, LOCK_EX | LOCK_NB);

	if (result < 0 && errno == EBADF) {
		/* NFS locks only what can be written: there W is the one that is locked and handed on. */
		int read_fd = lock->next_fd;

		lock->next_fd = lock->next_write_fd;
		lock->next_write_fd = read_fd;
		result = io_flock(lock->next_fd, LOCK_EX | LOCK_NB);
	}
	if (result < 0)
		return message_errno(message, "%s/%s: cannot lock", lock->dir.path, name);
	if (io_flock(lock->next_write_fd, LOCK_SH | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? 0 :
		    message_errno(message, "%s/%s: cannot lock", lock->dir.path, name);
	errno = ENOLCK;
	return message_set(message, "%s: locks do nothing on this file system; choose another state directory "
	    "(-C DIR or OTELOP_STATE_DIR)", lock->dir.path);
}

int
lock_make(struct otelop_lock *lock, const char *name, struct otelop_message *message)
{
	struct stat made, opened;

	lock->next_write_fd = statedir_open_file(&lock->dir, name, O_RDWR | O_CREAT | O_EXCL, message);	/* P2 */
	if (lock->next_write_fd < 0)
		return -1;
	lock->next_fd = statedir_open_file(&lock->dir, name, O_RDONLY, message);
	if (lock->next_fd < 0)
		return -1;
	if (fstat(lock->next_write_fd, &made) < 0 || fstat(lock->next_fd, &opened) < 0)
		return message_errno(message, "%s/%s: cannot look at", lock->dir.path, name);
	if (made.st_dev != opened.st_dev || made.st_ino != opened.st_ino) {
		errno = ESTALE;
		return message_set(message, "%s/%s: somebody removed or replaced it", lock->dir.path, name);
	}
	return lock_made(lock, name, message);
}

int
lock_prepare_next(struct otelop_lock *lock, struct otelop_message *message)
{
	int saved;

	lock_drop_next(lock);
	if (lock_hold_again(lock, message) < 0)
		return -1;
	if (unlinkat(lock->dir.fd, STATEDIR_NEXT, 0) < 0 && errno != ENOENT)	/* P1 */
		return message_errno(message, "%s/%s: cannot remove", lock->dir.path, STATEDIR_NEXT);
	if (lock_make(lock, STATEDIR_NEXT, message) == 0)
		return 0;
	/* Its name is ours to remove, whatever it names: only the claim's holder uses it. */
	saved = errno;
	if (lock->next_write_fd >= 0 && lock->next_fd < 0)
		unlinkat(lock->dir.fd, STATEDIR_NEXT, 0);
	errno = saved;
	lock_drop_next(lock);
	return -1;
}

/* What writes to the file: W, but where W had to be the one that is locked. */
static int
writable_next(const struct otelop_lock *lock)
{
	int flags = fcntl(lock->next_write_fd, F_GETFL);

	return flags >= 0 && (flags & O_ACCMODE) == O_RDWR ? lock->next_write_fd : lock->next_fd;
}

/*
 * Nothing is in it but what somebody else has written, who may do as he likes.  To truncate what is empty is not for
 * nothing: ext4 then begins to write it out as soon as it is closed, and whoever frees it has to wait for the disk.
 */
static int
empty(int fd)
{
	struct stat found;

	if (fstat(fd, &found) < 0 || (found.st_size > 0 && io_truncate(fd) < 0))
		return -1;
	return lseek(fd, 0, SEEK_SET) < 0 ? -1 : 0;
}

int
lock_write(const struct otelop_lock *lock, const char *name, const struct otelop_metadata *metadata,
    struct otelop_message *message)
{
	int fd = writable_next(lock);

	if (metadata->length > OTELOP_METADATA_MAX) {
		errno = EMSGSIZE;
		return message_set(message, "%s/%s: cannot write: metadata over %d bytes", lock->dir.path, name,
		    OTELOP_METADATA_MAX);
	}
	if (empty(fd) < 0 || io_write_unsignalled(fd, metadata->json, metadata->length) < 0)
		return message_errno(message, "%s/%s: cannot write", lock->dir.path, name);
	return 0;
}

/* The last look before P5: both names must be what this claim has made them. */
static int
look_again(const struct otelop_lock *lock, struct otelop_message *message)
{
	int next = statedir_names(&lock->dir, STATEDIR_NEXT, lock->next_fd);

	if (next < 0)
		return message_errno(message, "%s/%s: cannot look at", lock->dir.path, STATEDIR_NEXT);
	if (next == 1)
		return lock_hold_again(lock, message);
	errno = ESTALE;
	return message_set(message, "%s/%s: somebody removed or replaced it", lock->dir.path, STATEDIR_NEXT);
}

/*
 * P5: give the prepared file its name.  By exchange the file that loses it is seen: one that slipped in,
 * as upstream's starter does it, gets its name back.
 */
static int
rename_next(const struct otelop_lock *lock, struct otelop_message *message)
{
	if (platform_exchange(lock->dir.fd, STATEDIR_NEXT, STATEDIR_METADATA) == 0) {
		if (statedir_names(&lock->dir, STATEDIR_NEXT, lock->fd) == 1) {
			unlinkat(lock->dir.fd, STATEDIR_NEXT, 0);	/* what stays, the next claim removes */
			return 0;
		}
		if (statedir_names(&lock->dir, STATEDIR_METADATA, lock->next_fd) == 1 &&
		    platform_exchange(lock->dir.fd, STATEDIR_NEXT, STATEDIR_METADATA) < 0)
			renameat(lock->dir.fd, STATEDIR_NEXT, lock->dir.fd, STATEDIR_METADATA);
		errno = ESTALE;
		return message_set(message, "%s/%s: somebody replaced it", lock->dir.path, STATEDIR_METADATA);
	}
	if (errno == ENOENT) {
		errno = ESTALE;
		return message_set(message, "%s/%s: somebody removed it", lock->dir.path, STATEDIR_METADATA);
	}
	if (errno != ENOSYS && errno != EINVAL && errno != EPERM)
		return message_errno(message, "%s/%s: cannot publish", lock->dir.path, STATEDIR_METADATA);
	/* A kernel, a filter or a file system that does not exchange. */
	if (renameat(lock->dir.fd, STATEDIR_NEXT, lock->dir.fd, STATEDIR_METADATA) < 0)
		return message_errno(message, "%s/%s: cannot publish", lock->dir.path, STATEDIR_METADATA);
	return 0;
}

/*
 * P6: the old file is let go at once, for a copy elsewhere must not hold up who waits; it stays open, so that the file
 * system does not free it before there is time.
 */
static void
replace(struct otelop_lock *lock, int says_exited)
{
	struct stat old;

	/* A name that somebody else has given to it must not lose its mode. */
	if (!says_exited && fstat(lock->fd, &old) == 0 && old.st_nlink == 0)
		fchmod(lock->fd, REPLACED_MODE);
	io_flock(lock->fd, LOCK_UN);
	io_close(&lock->replaced_fds[1]);
	lock->replaced_fds[1] = lock->replaced_fds[0];
	lock->replaced_fds[0] = lock->fd;
	lock->fd = -1;
}

void
lock_take_made(struct otelop_lock *lock)
{
	lock->fd = lock->next_fd;
	lock->next_fd = -1;
	io_close(&lock->next_write_fd);
	lock->created = 0;
}

int
lock_publish_next(struct otelop_lock *lock, const struct otelop_metadata *metadata,
    struct otelop_message *message)
{
	if (lock_write(lock, STATEDIR_NEXT, metadata, message) < 0 || look_again(lock, message) < 0 ||	/* P4 */
	    rename_next(lock, message) < 0) {							/* P5 */
		lock_drop_next(lock);
		return -1;
	}
	replace(lock, meta_state_is(metadata, "exited"));
	lock_take_made(lock);
	return 0;
}

void
lock_forget_replaced(struct otelop_lock *lock)
{
	io_close(&lock->replaced_fds[0]);
	io_close(&lock->replaced_fds[1]);
}

int
lock_publish(struct otelop_lock *lock, const struct otelop_metadata *metadata,
    struct otelop_message *message)
{
	return lock_prepare_next(lock, message) < 0 ? -1 : lock_publish_next(lock, metadata, message);
}

void
lock_announce(struct otelop_lock *lock, const struct otelop_metadata *metadata)
{
	if (lock_prepare_next(lock, NULL) == 0 && lock_write(lock, STATEDIR_NEXT, metadata, NULL) < 0)
		lock_drop_next(lock);
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
	if (lock == NULL || metadata == NULL || metadata->length == 0)
		return message_invalid(message, lock == NULL ? "lock" : "metadata");
	if (lock_publish(lock, metadata, message) < 0)
		return -1;
	lock_forget_replaced(lock);
	return 0;
}
