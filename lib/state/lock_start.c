/*
 * Claim and publish in one step; lock.h has the invariants.
 *
 * Where there is no otelop.json, the first one appears complete: it is made as otelop.json.first, locked (2) and
 * written there, and takes its name only if nothing has it.  Of two that do so, or of one that does and one that
 * creates the file empty, the kernel lets one have the name; the other then finds it, and claims it like anybody.
 *
 * Nobody holds the claim while this is made, so otelop.json.first needs a rule of its own (10): only who has the lock
 * of the file that the name names, and has looked that it still does, renames or removes it.  Thus what a starter
 * renames is what it made and locked; what one that was killed has left has no lock, and the next start removes it.
 */
#include "state/lock.h"
#include "base/io.h"
#include "platform/platform.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* M1: is the name free, or was what it named left by one that was killed?  1: it is free now; 0. */
static int
sweep_first(const struct otelop_lock *lock)
{
	int is_swept, fd = statedir_open_file(&lock->dir, STATEDIR_FIRST, O_RDWR, NULL);

	if (fd < 0)
		return errno == ENOENT;
	is_swept = io_flock(fd, LOCK_EX | LOCK_NB) == 0 && statedir_names(&lock->dir, STATEDIR_FIRST, fd) == 1 &&
	    unlinkat(lock->dir.fd, STATEDIR_FIRST, 0) == 0;
	io_close(&fd);
	return is_swept;
}

/* Forget the file that was made, and its name while that is ours. */
static void
drop_first(struct otelop_lock *lock)
{
	int fd = lock->next_fd >= 0 ? lock->next_fd : lock->next_write_fd;

	/* Where it cannot be locked, its name may be somebody else's from the next moment on. */
	if (fd >= 0 && io_flock(fd, LOCK_EX | LOCK_NB) == 0) {
		if (statedir_names(&lock->dir, STATEDIR_FIRST, fd) == 1)
			unlinkat(lock->dir.fd, STATEDIR_FIRST, 0);
		io_flock(fd, LOCK_UN);
	}
	io_close(&lock->next_fd);
	io_close(&lock->next_write_fd);
}

static int
is_missing(const struct otelop_lock *lock, const char *name)
{
	struct stat found;

	return fstatat(lock->dir.fd, name, &found, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;
}

/* M2: the file, locked and complete, under its first name.  1; 0: it is not to be had. */
static int
make_first(struct otelop_lock *lock, const struct otelop_metadata *metadata)
{
	if (lock_make(lock, STATEDIR_FIRST, NULL) < 0) {
		if (lock->next_write_fd >= 0 || errno != EEXIST || !sweep_first(lock) ||
		    lock_make(lock, STATEDIR_FIRST, NULL) < 0)
			return 0;
	}
	/* It may have been taken for left behind, before it was locked. */
	return statedir_names(&lock->dir, STATEDIR_FIRST, lock->next_fd) == 1 &&
	    lock_write(lock, STATEDIR_FIRST, metadata, NULL) == 0;
}

/*
 * Publish in a directory that has nothing.  1: it is claimed, too; 0: that cannot be done this way, for whatever
 * reason: whoever claims an empty file first will be told of it.
 */
static int
publish_first(struct otelop_lock *lock, const struct otelop_metadata *metadata)
{
	/* What is left at the next name is removed under a claim. */
	if (!platform_renames_strictly() || !is_missing(lock, STATEDIR_METADATA) || !is_missing(lock, STATEDIR_NEXT))
		return 0;
	if (make_first(lock, metadata)) {
		/* M3.  By a link it would be nearly the same; but the system then shows the name that is gone. */
		platform_rename_strictly(lock->dir.fd, STATEDIR_FIRST, STATEDIR_METADATA);
		/* Only this tells: who renames without looking may have taken the name again (5). */
		if (statedir_names(&lock->dir, STATEDIR_METADATA, lock->next_fd) == 1) {	/* M4 */
			lock_take_made(lock);
			return 1;
		}
	}
	drop_first(lock);
	return 0;
}

int
lock_start(struct otelop_lock *lock, const char *path, const struct lock_request *request,
    const struct otelop_metadata *metadata, struct otelop_message *message)
{
	int saved;

	if (lock->dir.fd < 0 && statedir_open(&lock->dir, path, message) < 0)
		return -1;
	if (request->create && publish_first(lock, metadata))
		return 0;
	if (lock_claim_opened(lock, request, message) < 0)
		return -1;
	sweep_first(lock);
	if (lock_publish(lock, metadata, message) == 0)
		return 0;
	saved = errno;
	lock_release(lock);
	/* Only the claim is busy. */
	errno = saved == EWOULDBLOCK ? EBUSY : saved;
	return -1;
}
