/* The instance lock, for who takes it; lock.h has the invariants, lock_probe.c asks and waits. */
#include "state/lock.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/message.h"
#include "platform/platform.h"
#include "process/process.h"
#include "state/holder.h"
#include "state/meta.h"
#include "state/statedir.h"

#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
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
		lock->fd = statedir_open_file(&lock->dir, STATEDIR_METADATA, O_RDWR,
		    message);
		if (lock->fd >= 0 || errno != ENOENT || !create)
			return lock->fd < 0 ? -1 : 0;
		lock->created = 1;
		lock->fd = statedir_open_file(&lock->dir, STATEDIR_METADATA,
		    O_RDWR | O_CREAT | O_EXCL, message);
		if (lock->fd >= 0 || errno != EEXIST)
			return lock->fd < 0 ? -1 : 0;
	}
}

/* B: does the locked file name a process that lives, or one that we cannot judge? */
static int
names_live_process(const struct otelop_metadata *metadata)
{
	return metadata->length > 0 && !meta_state_is(metadata, "exited") &&
	    (!meta_is_here(metadata, NULL) || meta_process_lives(metadata) != 0);
}

/* Why the claim is refused, in words that name the process to look at. */
static void
describe_busy(const struct otelop_lock *lock, const struct otelop_metadata *metadata, int is_shared,
    struct otelop_message *message)
{
	struct holder_daemon daemon;
	struct holder holder;

	if (names_live_process(metadata))
		message_set(message, "%s/%s: held by process %ld", lock->dir.path, STATEDIR_METADATA,
		    (long)meta_pid(metadata));
	else if (holder_describe(&daemon, &lock->dir, lock->fd, metadata) == 0 &&
	    holder_find(&daemon, &holder) == 0 && holder.kind == HOLDER_KEEPER)
		message_set(message, "%s/%s: the daemon is dead, its lock kept by process %ld (%s); "
		    "otelop stop ends it", lock->dir.path, STATEDIR_METADATA, (long)holder.pid, holder.name);
	else
		message_set(message, "%s/%s: held by a process that has not said who it is%s",
		    lock->dir.path, STATEDIR_METADATA, is_shared ? ", with a shared lock" : "");
}

static int
say_busy(const struct otelop_lock *lock, int is_shared, int waited, struct otelop_message *message)
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;

	meta_read_fd(&metadata, &lock->dir, lock->fd, NULL);
	describe_busy(lock, &metadata, is_shared, message);
	otelop_metadata_free(&metadata);
	errno = waited ? ETIMEDOUT : EWOULDBLOCK;
	return -1;
}


/* What became of one try for the claim. */
enum attempt { CLAIMED, AGAIN, SHARED, HELD, ALIVE, FAILED };

/*
 * Has the daemon ended, so that its otelop-run, which is about to publish or remove this file, has lost its
 * lock to a child that let go of it?  It reaps the daemon last.
 */
static int
is_being_settled(const struct otelop_lock *lock, const struct otelop_metadata *metadata)
{
	struct stat file;
	pid_t pid = meta_pid(metadata);

	return pid > 0 && meta_is_here(metadata, NULL) && !process_is_alive(pid) && fstat(lock->fd, &file) == 0 &&
	    process_keeps_open(pid, &file, STATEDIR_METADATA) == 1;
}

/*
 * A: the lock is ours, and the file may still name a daemon that lives and has lost its lock.  And what
 * another host left may be locked there, where locks do not reach us.
 */
static enum attempt
look_at_claimed(const struct otelop_lock *lock, const struct lock_request *request,
    struct otelop_message *message)
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	enum attempt result = CLAIMED;

	if (lock->created || meta_read_fd(&metadata, &lock->dir, lock->fd, NULL) < 0 ||
	    meta_state_is(&metadata, "exited")) {
		otelop_metadata_free(&metadata);
		return CLAIMED;
	}
	if (is_being_settled(lock, &metadata)) {
		message_set(message, "%s/%s: process %ld has ended, and what it left is being ended", lock->dir.path,
		    STATEDIR_METADATA, (long)meta_pid(&metadata));
		errno = EWOULDBLOCK;
		result = ALIVE;
	} else if (meta_process_lives(&metadata) == 1 && meta_pid(&metadata) != request->own) {
		message_set(message, "%s/%s: process %ld runs without its lock; otelop stop ends it", lock->dir.path,
		    STATEDIR_METADATA, (long)meta_pid(&metadata));
		errno = EWOULDBLOCK;
		result = ALIVE;
	} else if (!request->any_host && meta_is_other_host(&metadata, message) &&
	    platform_is_remote(lock->fd) == 1) {
		errno = EREMOTE;
		result = FAILED;
	}
	otelop_metadata_free(&metadata);
	return result;
}

static enum attempt
try_claim(struct otelop_lock *lock, const struct lock_request *request, int64_t settled,
    struct otelop_message *message)
{
	enum attempt claimed;
	int same;

	lock_let_settle(&lock->dir, lock->fd, settled);				/* U */
	if (io_flock(lock->fd, LOCK_EX | LOCK_NB) == 0) {				/* C2 */
		/* In this order: whoever may still take the name of this file away lives, and is named by it. */
		claimed = look_at_claimed(lock, request, message);		/* A */
		if ((same = statedir_names(&lock->dir, STATEDIR_METADATA, lock->fd)) == 1)
			return claimed;						/* C3 */
		if (same == 0)
			return AGAIN;
	} else if (errno == EWOULDBLOCK) {
		claimed = io_flock(lock->fd, LOCK_SH | LOCK_NB) == 0 ? SHARED : HELD;	/* B1 */
		if (claimed == SHARED || errno == EWOULDBLOCK) {
			/* Of a file that has lost its name, it says nothing. */
			if ((same = statedir_names(&lock->dir, STATEDIR_METADATA, lock->fd)) >= 0)
				return same == 1 ? claimed : AGAIN;
		}
	}
	message_errno(message, "%s/%s: cannot lock", lock->dir.path, STATEDIR_METADATA);
	return FAILED;
}

static int
is_held_by_live_process(const struct otelop_lock *lock)
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	int lives = meta_read_fd(&metadata, &lock->dir, lock->fd, NULL) == 0 && names_live_process(&metadata);

	otelop_metadata_free(&metadata);
	return lives;
}

/*
 * Is the shared lock no prober's, which is over in a moment?  A child of a daemon may have made its copy of
 * the lock a shared one.
 */
static int
is_held_for_long(const struct otelop_lock *lock)
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	struct holder_daemon daemon;
	struct holder holder;
	int is_long = meta_read_fd(&metadata, &lock->dir, lock->fd, NULL) == 0 && (names_live_process(&metadata) ||
	    (holder_describe(&daemon, &lock->dir, lock->fd, &metadata) == 0 && holder_find(&daemon, &holder) == 0 &&
	    holder.kind == HOLDER_KEEPER));

	otelop_metadata_free(&metadata);
	return is_long;
}

/* Give this try up: let go of what it has, with errno kept. */
static int
give_up(struct otelop_lock *lock)
{
	int saved = errno;

	io_flock(lock->fd, LOCK_UN);
	errno = saved;
	io_close(&lock->fd);
	return -1;
}

static int
claim_open(struct otelop_lock *lock, const struct lock_request *request, struct otelop_message *message)
{
	int64_t deadline = clock_deadline(request->timeout_ms);
	int64_t starters = clock_deadline(LOCK_STARTER_MS), settled = 0;
	int64_t probers = clock_deadline(PROBER_PATIENCE_MS);
	int64_t pause = 1;
	int waits = request->timeout_ms != 0;
	enum attempt attempt = HELD;

	for (;; io_close(&lock->fd)) {
		if (open_claim(lock, request->create, message) < 0)
			return -1;
		if (attempt != AGAIN)
			settled = clock_deadline(LOCK_SETTLE_MS);
		switch ((attempt = try_claim(lock, request, settled, message))) {
		case CLAIMED:
			return 0;
		case ALIVE:	/* its end is no event of the lock's, so that who waits looks again */
			if (clock_left_ms(deadline) == 0) {
				errno = waits ? ETIMEDOUT : EWOULDBLOCK;
				return give_up(lock);
			}
			io_flock(lock->fd, LOCK_UN);
			clock_sleep_ms(clock_poll_ms(clock_left_ms(deadline), 20));
			continue;
		case FAILED:
			return give_up(lock);
		case AGAIN:
			continue;
		case SHARED:
			io_flock(lock->fd, LOCK_UN);
			if (!waits && clock_left_ms(starters) == 0 && is_held_for_long(lock)) {
				say_busy(lock, 1, waits, message);
				return give_up(lock);
			}
			if (clock_left_ms(waits ? deadline : probers) == 0) {
				say_busy(lock, 1, waits, message);
				return give_up(lock);
			}
			/* Two claimers must not test each other forever. */
			clock_sleep_ms(pause);
			pause = pause < 16 ? pause * 2 : 20;
			continue;
		case HELD:
			if (clock_left_ms(starters) > 0 && !is_held_by_live_process(lock)) {	/* B2 */
				clock_sleep_ms(2);
				continue;
			}
			if (!waits)
				break;
			/* The file may be replaced while we wait: the next round looks. */
			switch (lock_wait_named(&lock->dir, lock->fd, LOCK_EX, deadline)) {
			case 1:
				continue;
			case -1:
				message_errno(message, "%s/%s: cannot wait for the lock", lock->dir.path,
				    STATEDIR_METADATA);
				return give_up(lock);
			}
			break;
		}
		say_busy(lock, 0, waits, message);
		return give_up(lock);
	}
}

int
lock_claim(struct otelop_lock *lock, const char *dir, const struct lock_request *request,
    struct otelop_message *message)
{
	*lock = (struct otelop_lock)LOCK_INIT;
	if (statedir_open(&lock->dir, dir, message) < 0)
		return -1;
	if (claim_open(lock, request, message) < 0) {
		statedir_close(&lock->dir);
		return -1;
	}
	return 0;
}

int
otelop_lock_metadata(const char *state_dir, int64_t timeout_ms, struct otelop_lock **lock,
    struct otelop_message *message)
{
	struct lock_request request = { .timeout_ms = timeout_ms, .create = 1, .own = getpid() };
	struct otelop_lock *claim;

	if (state_dir == NULL || lock == NULL || timeout_ms < OTELOP_FOREVER)
		return message_invalid(message, state_dir == NULL ? "state_dir" : lock == NULL ? "lock" : "timeout_ms");
	*lock = NULL;
	if ((claim = malloc(sizeof(*claim))) == NULL)
		return message_errno(message, "%s: cannot claim", state_dir);
	if (lock_claim(claim, state_dir, &request, message) < 0) {
		int saved = errno;

		free(claim);
		errno = saved;
		return -1;
	}
	*lock = claim;
	return 0;
}

int
otelop_lock_fd(const struct otelop_lock *lock)
{
	return lock == NULL ? message_invalid(NULL, "lock") : lock->fd;
}

/* Forget the prepared file; its name too while it is ours. */
static void
drop_next(struct otelop_lock *lock)
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
lock_next(struct otelop_lock *lock, struct otelop_message *message)
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
		return message_errno(message, "%s/%s: cannot lock", lock->dir.path, STATEDIR_NEXT);
	if (io_flock(lock->next_write_fd, LOCK_SH | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? 0 :
		    message_errno(message, "%s/%s: cannot lock", lock->dir.path, STATEDIR_NEXT);
	errno = ENOLCK;
	return message_set(message, "%s: locks do nothing on this file system; choose another state directory "
	    "(-C DIR or OTELOP_STATE_DIR)", lock->dir.path);
}

/*
 * A child may have let go of our lock, or somebody taken the name of our file: before anything is changed
 * the lock is taken again, and what it is on must have the name.  0; -1: ESTALE it is another's by now.
 */
static int
hold_again(const struct otelop_lock *lock, struct otelop_message *message)
{
	int same = -1;

	if (io_flock(lock->fd, LOCK_EX | LOCK_NB) == 0 &&
	    (same = statedir_names(&lock->dir, STATEDIR_METADATA, lock->fd)) == 1)
		return 0;
	if (same < 0 && errno != EWOULDBLOCK)
		return message_errno(message, "%s/%s: cannot look at", lock->dir.path, STATEDIR_METADATA);
	errno = ESTALE;
	return message_set(message, "%s/%s: somebody %s", lock->dir.path, STATEDIR_METADATA,
	    same == 0 ? "removed or replaced it" : "else has its lock by now");
}

int
lock_prepare_next(struct otelop_lock *lock, struct otelop_message *message)
{
	struct stat made, opened;

	drop_next(lock);
	if (hold_again(lock, message) < 0)
		return -1;
	if (unlinkat(lock->dir.fd, STATEDIR_NEXT, 0) < 0 && errno != ENOENT)	/* P1 */
		return message_errno(message, "%s/%s: cannot remove", lock->dir.path, STATEDIR_NEXT);
	lock->next_write_fd = statedir_open_file(&lock->dir, STATEDIR_NEXT,	/* P2 */
	    O_RDWR | O_CREAT | O_EXCL, message);
	if (lock->next_write_fd < 0)
		return -1;
	lock->next_fd = statedir_open_file(&lock->dir, STATEDIR_NEXT, O_RDONLY, message);
	if (lock->next_fd < 0 || fstat(lock->next_write_fd, &made) < 0 || fstat(lock->next_fd, &opened) < 0) {
		/* Its name is ours to remove, whatever it names: only the claim's holder uses it. */
		int saved = errno;

		unlinkat(lock->dir.fd, STATEDIR_NEXT, 0);
		drop_next(lock);
		errno = saved;
		return -1;
	}
	if (made.st_dev != opened.st_dev || made.st_ino != opened.st_ino) {
		drop_next(lock);
		errno = ESTALE;
		return message_set(message, "%s/%s: somebody removed or replaced it", lock->dir.path, STATEDIR_NEXT);
	}
	if (lock_next(lock, message) < 0) {
		drop_next(lock);
		return -1;
	}
	return 0;
}

/* What writes to the file: W, but where W had to be the one that is locked. */
static int
writable_next(const struct otelop_lock *lock)
{
	int flags = fcntl(lock->next_write_fd, F_GETFL);

	return flags >= 0 && (flags & O_ACCMODE) == O_RDWR ? lock->next_write_fd : lock->next_fd;
}

/* P4 and the last look before P5: both names must be what this claim has made them. */
static int
write_next(struct otelop_lock *lock, const struct otelop_metadata *metadata,
    struct otelop_message *message)
{
	int written, next, fd = writable_next(lock);

	if (metadata->length > OTELOP_METADATA_MAX) {
		errno = EMSGSIZE;
		return message_set(message, "%s/%s: cannot write: metadata over %d bytes", lock->dir.path,
		    STATEDIR_NEXT, OTELOP_METADATA_MAX);
	}
	written = io_truncate(fd) < 0 || lseek(fd, 0, SEEK_SET) < 0 ? -1 :
	    io_write_unsignalled(fd, metadata->json, metadata->length);
	if (written < 0)
		return message_errno(message, "%s/%s: cannot write", lock->dir.path, STATEDIR_NEXT);
	if ((next = statedir_names(&lock->dir, STATEDIR_NEXT, lock->next_fd)) < 0)
		return message_errno(message, "%s/%s: cannot look at", lock->dir.path, STATEDIR_NEXT);
	if (next == 1)
		return hold_again(lock, message);
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

int
lock_publish_next(struct otelop_lock *lock, const struct otelop_metadata *metadata,
    struct otelop_message *message)
{
	struct stat old;

	if (write_next(lock, metadata, message) < 0 || rename_next(lock, message) < 0) {	/* P4, P5 */
		drop_next(lock);
		return -1;
	}
	/* A name that somebody else has given to it must not lose its mode. */
	if (!meta_state_is(metadata, "exited") && fstat(lock->fd, &old) == 0 && old.st_nlink == 0)
		fchmod(lock->fd, REPLACED_MODE);
	io_flock(lock->fd, LOCK_UN);		/* P6: a copy elsewhere must not hold up who waits */
	io_close(&lock->fd);
	lock->fd = lock->next_fd;
	lock->next_fd = -1;
	io_close(&lock->next_write_fd);
	lock->created = 0;
	return 0;
}

int
lock_publish(struct otelop_lock *lock, const struct otelop_metadata *metadata,
    struct otelop_message *message)
{
	return lock_prepare_next(lock, message) < 0 ? -1 : lock_publish_next(lock, metadata, message);
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
	return lock_publish(lock, metadata, message);
}

void
lock_release(struct otelop_lock *lock)
{
	struct stat found;

	drop_next(lock);
	if (lock->fd >= 0) {
		if (lock->created && fstat(lock->fd, &found) == 0 && found.st_size == 0 &&
		    statedir_names(&lock->dir, STATEDIR_METADATA, lock->fd) == 1)
			unlinkat(lock->dir.fd, STATEDIR_METADATA, 0);
		io_flock(lock->fd, LOCK_UN);
	}
	io_close(&lock->fd);
	statedir_close(&lock->dir);
}

void
otelop_unlock_metadata(struct otelop_lock *lock)
{
	if (lock != NULL)
		lock_release(lock);
	free(lock);
}

/*
 * The name is taken away first and what had it is looked at then: a file that slipped in between the last
 * look and this, as upstream's starter puts it there, gets its name back.  From then on others may claim the
 * directory, and otelop.json.next is theirs: so the name that it gets is one that no claim uses.
 */
static int
remove_file(const struct otelop_lock *lock, struct otelop_message *message)
{
	int same;

	if (unlinkat(lock->dir.fd, STATEDIR_NEXT, 0) < 0 && errno != ENOENT)
		return message_errno(message, "%s/%s: cannot remove", lock->dir.path, STATEDIR_NEXT);
	while (platform_rename_new(lock->dir.fd, STATEDIR_METADATA, STATEDIR_GONE) < 0) {
		if (errno == ENOENT)
			return 0;
		/* There may be one that was left by a remover that was killed. */
		if (errno != EEXIST || (unlinkat(lock->dir.fd, STATEDIR_GONE, 0) < 0 && errno != ENOENT))
			return message_errno(message, "%s/%s: cannot remove", lock->dir.path, STATEDIR_METADATA);
	}
	if ((same = statedir_names(&lock->dir, STATEDIR_GONE, lock->fd)) < 0)
		message_errno(message, "%s/%s: cannot look at", lock->dir.path, STATEDIR_GONE);
	if (same != 1 && (platform_rename_new(lock->dir.fd, STATEDIR_GONE, STATEDIR_METADATA) == 0 || errno != EEXIST))
		return same;
	unlinkat(lock->dir.fd, STATEDIR_GONE, 0);	/* what stays, the next remover removes */
	return 0;
}

int
lock_remove(struct otelop_lock *lock, struct otelop_message *message)
{
	int result;

	drop_next(lock);
	/* R1: only under the claim, and only the file that it is on; a forgotten .next goes too. */
	if ((result = hold_again(lock, message)) < 0 && errno == ESTALE) {
		result = 0;	/* it is gone already, or another's */
	} else if (result == 0) {
		result = remove_file(lock, message);
	}
	lock->created = 0;
	lock_release(lock);
	return result;
}

int
lock_remove_free(const char *dir, const struct lock_request *request, struct otelop_message *message)
{
	struct otelop_lock lock;

	if (lock_claim(&lock, dir, request, message) < 0)
		return errno == ENOENT ? 0 : -1;
	return lock_remove(&lock, message);
}

int
otelop_remove_state(const char *state_dir, struct otelop_lock *lock,
    struct otelop_message *message)
{
	struct lock_request request = { .own = getpid(), .any_host = 1 };
	int result, saved;

	if (lock == NULL && state_dir == NULL)
		return message_invalid(message, "state_dir");
	if (lock == NULL)
		return lock_remove_free(state_dir, &request, message);
	result = lock_remove(lock, message);
	saved = errno;
	free(lock);
	errno = saved;
	return result;
}
