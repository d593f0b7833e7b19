/*
 * Claim the instance lock, and let it go; lock.h has the invariants.
 *
 * A claim is a lock on the file that the path names (1) when both have been seen in this order: first the lock, then
 * that the path still names what it is on; whatever was learnt of a file that has lost its name is no answer (5).
 * The lock alone is not enough, for a daemon may have lost its own (7), and words of upstream's may be about to be
 * locked (9).
 */
#include "state/lock.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/message.h"
#include "platform/platform.h"
#include "process/process.h"
#include "state/identity.h"
#include "state/meta.h"

#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define PROBER_PATIENCE_MS 10000	/* for shared locks that come and go, or stay */

/* C1: the file that the path names now, made if there is none. */
static int
open_claim(struct otelop_lock *lock, int create, struct otelop_message *message)
{
	for (;;) {
		lock->created = 0;
		lock->fd = statedir_open_file(&lock->dir, STATEDIR_METADATA, O_RDWR, message);
		if (lock->fd >= 0 || errno != ENOENT || !create)
			return lock->fd < 0 ? -1 : 0;
		lock->created = 1;
		lock->fd = statedir_open_file(&lock->dir, STATEDIR_METADATA, O_RDWR | O_CREAT | O_EXCL, message);
		if (lock->fd >= 0 || errno != EEXIST)
			return lock->fd < 0 ? -1 : 0;
	}
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

	return pid > 0 && !process_is_alive(pid) && fstat(lock->fd, &file) == 0 &&
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
	enum identity_place place;

	if (lock->created || meta_read_fd(&metadata, &lock->dir, lock->fd, NULL) < 0 ||
	    meta_state_is(&metadata, "exited")) {
		otelop_metadata_free(&metadata);
		return CLAIMED;
	}
	place = identity_place(&metadata, message);
	if (place == IDENTITY_HERE && is_being_settled(lock, &metadata)) {
		message_set(message, "%s/%s: process %ld has ended, and what it left is being ended", lock->dir.path,
		    STATEDIR_METADATA, (long)meta_pid(&metadata));
		errno = EWOULDBLOCK;
		result = ALIVE;
	} else if (identity_lives_at(&metadata, place) == 1 && meta_pid(&metadata) != request->own) {
		message_set(message, "%s/%s: process %ld runs without its lock; otelop stop ends it", lock->dir.path,
		    STATEDIR_METADATA, (long)meta_pid(&metadata));
		errno = EWOULDBLOCK;
		result = ALIVE;
	} else if (!request->any_host && place == IDENTITY_OTHER_HOST && platform_is_remote(lock->fd) == 1) {
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

	if (!lock->created)
		lock_let_settle(&lock->dir, lock->fd, settled);			/* U */
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

/* One claim, from its first try to its last. */
struct claim {
	struct otelop_lock *lock;
	const struct lock_request *request;
	struct otelop_message *message;
	int waits;		/* whoever asks has given a time */
	int64_t deadline;	/* the end of that */
	int64_t starters;	/* by then another claim has published, or is none */
	int64_t probers;	/* by then a shared lock is nobody's who only asks */
	int64_t settled;	/* by then no file of upstream's is let settle any more */
	int64_t pause;
};

/*
 * It has lost its lock, so that its end is no event of the lock's: who waits looks again.  These three answer 1: it is
 * worth another try; -1: it is not, with errno and a message.
 */
static int
wait_for_living(const struct claim *claim)
{
	if (clock_left_ms(claim->deadline) == 0) {
		errno = claim->waits ? ETIMEDOUT : EWOULDBLOCK;
		return -1;	/* it has been said who lives */
	}
	io_flock(claim->lock->fd, LOCK_UN);
	clock_sleep_ms(clock_poll_ms(clock_left_ms(claim->deadline), 20));
	return 1;
}

static int
wait_for_shared(struct claim *claim)
{
	io_flock(claim->lock->fd, LOCK_UN);
	if (clock_left_ms(claim->waits ? claim->deadline : claim->probers) == 0 ||
	    (!claim->waits && clock_left_ms(claim->starters) == 0 && lock_is_held_for_long(claim->lock)))
		return lock_say_busy(claim->lock, 1, claim->waits, claim->message);
	/* Two claimers must not test each other forever. */
	clock_sleep_ms(claim->pause);
	claim->pause = claim->pause < 16 ? claim->pause * 2 : 20;
	return 1;
}

static int
wait_for_held(const struct claim *claim)
{
	struct otelop_lock *lock = claim->lock;

	if (clock_left_ms(claim->starters) > 0 && !lock_is_held_by_live_process(lock)) {	/* B2 */
		clock_sleep_ms(2);
		return 1;
	}
	if (claim->waits)
		/* The file may be replaced while we wait: the next round looks. */
		switch (lock_wait_named(&lock->dir, lock->fd, LOCK_EX, claim->deadline)) {
		case 1:
			return 1;
		case -1:
			return message_errno(claim->message, "%s/%s: cannot wait for the lock", lock->dir.path,
			    STATEDIR_METADATA);
		}
	return lock_say_busy(lock, 0, claim->waits, claim->message);
}

/* Until the lock is ours.  0; -1. */
static int
try_until_claimed(struct claim *claim)
{
	enum attempt attempt = HELD;
	int result = 1;

	for (; result == 1; io_close(&claim->lock->fd)) {
		if (open_claim(claim->lock, claim->request->create, claim->message) < 0)
			return -1;
		if (attempt != AGAIN)
			claim->settled = clock_deadline(LOCK_SETTLE_MS);
		switch ((attempt = try_claim(claim->lock, claim->request, claim->settled, claim->message))) {
		case CLAIMED:
			return 0;
		case AGAIN:
			break;
		case SHARED:
			result = wait_for_shared(claim);
			break;
		case HELD:
			result = wait_for_held(claim);
			break;
		case ALIVE:
			result = wait_for_living(claim);
			break;
		case FAILED:
			result = -1;
			break;
		}
		if (result < 0) {
			int saved = errno;

			io_flock(claim->lock->fd, LOCK_UN);
			errno = saved;
		}
	}
	return -1;
}

int
lock_claim_opened(struct otelop_lock *lock, const struct lock_request *request, struct otelop_message *message)
{
	struct claim claim = { .lock = lock, .request = request, .message = message,
	    .waits = request->timeout_ms != 0, .deadline = clock_deadline(request->timeout_ms),
	    .starters = clock_deadline(LOCK_STARTER_MS), .probers = clock_deadline(PROBER_PATIENCE_MS), .pause = 1 };

	if (try_until_claimed(&claim) == 0)
		return 0;
	statedir_close(&lock->dir);
	return -1;
}

int
lock_claim(struct otelop_lock *lock, const char *path, const struct lock_request *request,
    struct otelop_message *message)
{
	if (lock->dir.fd < 0 && statedir_open(&lock->dir, path, message) < 0)
		return -1;
	return lock_claim_opened(lock, request, message);
}

int
lock_hold_again(const struct otelop_lock *lock, struct otelop_message *message)
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

void
lock_release(struct otelop_lock *lock)
{
	struct stat found;

	lock_drop_next(lock);
	if (lock->fd >= 0) {
		if (lock->created && fstat(lock->fd, &found) == 0 && found.st_size == 0 &&
		    statedir_names(&lock->dir, STATEDIR_METADATA, lock->fd) == 1)
			unlinkat(lock->dir.fd, STATEDIR_METADATA, 0);
		io_flock(lock->fd, LOCK_UN);
	}
	io_close(&lock->fd);
	lock_forget_replaced(lock);
	statedir_close(&lock->dir);
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
	*claim = (struct otelop_lock)LOCK_INIT;
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

void
otelop_unlock_metadata(struct otelop_lock *lock)
{
	if (lock != NULL)
		lock_release(lock);
	free(lock);
}
