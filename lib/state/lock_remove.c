/*
 * Remove otelop.json under the claim; lock.h has the invariants.
 *
 * Only a file that the remover has locked itself goes (1), and it goes by a name that no claim uses: from the moment
 * in which otelop.json is free others may claim, and what is at otelop.json and at otelop.json.next is theirs.
 */
#include "state/lock.h"
#include "base/message.h"
#include "platform/platform.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

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

	lock_drop_next(lock);
	/* R1: only under the claim, and only the file that it is on; a forgotten .next goes too. */
	if ((result = lock_hold_again(lock, message)) < 0 && errno == ESTALE) {
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
	struct otelop_lock lock = LOCK_INIT;

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
