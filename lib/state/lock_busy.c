/*
 * Who has the lock, for who wanted to claim it.
 *
 * The words in a file that another holds are a hint at most: the holder may not have published yet, and then they
 * are a dead daemon's.  So they decide how long it is worth trying, and what is said in the end, and never whether
 * the claim is to be had: that is the lock's answer alone.
 */
#include "state/lock.h"
#include "base/message.h"
#include "process/process.h"
#include "state/holder.h"
#include "state/identity.h"
#include "state/meta.h"

#include <errno.h>

/* B: does the locked file name a process that lives, or one of elsewhere?  1, 0; -1: it cannot be looked at. */
static int
names_live_process(const struct otelop_metadata *metadata)
{
	enum identity_place place;
	struct json_value ticks;

	if (metadata->length == 0 || meta_state_is(metadata, "exited"))
		return 0;
	place = identity_place(metadata, NULL);
	if (place == IDENTITY_OTHER_HOST || place == IDENTITY_OTHER_NAMESPACE)
		return 1;
	/* Where no beginning is recorded, the number has to do. */
	if (place == IDENTITY_HERE && !meta_find(metadata, "startTicks", &ticks))
		return process_is_alive(meta_pid(metadata));
	return identity_lives_at(metadata, place);
}

/* Why the claim is refused, in words that name the process to look at. */
static void
describe_busy(const struct otelop_lock *lock, const struct otelop_metadata *metadata, int is_shared,
    struct otelop_message *message)
{
	struct holder_daemon daemon;
	struct holder holder;
	int lives = names_live_process(metadata);

	if (lives < 0)
		message_set(message, "%s/%s: held by a process that cannot be looked at, maybe process %ld",
		    lock->dir.path, STATEDIR_METADATA, (long)meta_pid(metadata));
	else if (lives)
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

int
lock_say_busy(const struct otelop_lock *lock, int is_shared, int waited, struct otelop_message *message)
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;

	meta_read_fd(&metadata, &lock->dir, lock->fd, NULL);
	describe_busy(lock, &metadata, is_shared, message);
	otelop_metadata_free(&metadata);
	errno = waited ? ETIMEDOUT : EWOULDBLOCK;
	return -1;
}

int
lock_is_held_by_live_process(const struct otelop_lock *lock)
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	/* One that cannot be looked at may live. */
	int lives = meta_read_fd(&metadata, &lock->dir, lock->fd, NULL) == 0 && names_live_process(&metadata) != 0;

	otelop_metadata_free(&metadata);
	return lives;
}

/*
 * Is the shared lock no prober's, which is over in a moment?  A child of a daemon may have made its copy of
 * the lock a shared one.
 */
int
lock_is_held_for_long(const struct otelop_lock *lock)
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	struct holder_daemon daemon;
	struct holder holder;
	int is_long = meta_read_fd(&metadata, &lock->dir, lock->fd, NULL) == 0 && (names_live_process(&metadata) != 0 ||
	    (holder_describe(&daemon, &lock->dir, lock->fd, &metadata) == 0 && holder_find(&daemon, &holder) == 0 &&
	    holder.kind == HOLDER_KEEPER));

	otelop_metadata_free(&metadata);
	return is_long;
}
