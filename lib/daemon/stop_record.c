/* What a stopped daemon has left in its directory. */
#include "daemon/stop_record.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/message.h"
#include "daemon/stop_say.h"
#include "daemon/target.h"
#include "state/holder.h"
#include "state/identity.h"
#include "state/lock.h"
#include "state/meta.h"
#include "state/statedir.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#define LINGER_MS 100	/* between two looks at who has the claim */

/*
 * The claim was refused: by whom?  1: by what will let go, after it was waited for, or told to end; 0: it is
 * somebody else's by now; -1.
 */
static int
wait_for_claim(struct target *target, int fd, int held, int64_t deadline, int number)
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	struct holder holder;
	int result = 0;

	if (meta_read_fd(&metadata, &target->dir, fd, NULL) < 0)
		metadata.length = 0;
	if (held && meta_state_is(&metadata, "exited")) {
		result = lock_wait_named(&target->dir, fd, LOCK_SH, deadline) < 0 ? -1 : 1;
	} else if (metadata.length > 0 && identity_place(&metadata, NULL) == IDENTITY_HERE &&
	    identity_lives_at(&metadata, IDENTITY_HERE) == 0 &&
	    holder_describe(&target->named, &target->dir, fd, &metadata) == 0) {
		/* Children of the dead one keep it from being claimed, and may change the lock all the time. */
		if (holder_find(&target->named, &holder) < 0)
			result = errno != ENOSYS;
		else if (holder.kind != HOLDER_TAKER)
			result = holder_signal_keepers(&target->named, number, &target->asked, &target->foreign,
			    NULL) >= 0 ||
			    errno != ENOSYS;
		clock_sleep_ms(LINGER_MS);
	}
	otelop_metadata_free(&metadata);
	return result;
}

/*
 * Claim what the daemon left.  1; 0: it is gone, or somebody else's by now; -1.  otelop-run says that its
 * command has exited and lets go a moment later: that is awaited.
 */
static int
claim_record(struct target *target, const struct stop_options *options, int number, int64_t deadline,
    struct otelop_lock *lock, struct otelop_message *message)
{
	struct lock_request request = { .timeout_ms = LINGER_MS };
	int fd, held, waited;

	for (;;) {
		if (lock_claim(lock, target->dir.path, &request, message) == 0)
			return 1;
		if (errno != EWOULDBLOCK && errno != ETIMEDOUT)
			return errno == ENOENT ? 0 : -1;
		if (clock_left_ms(deadline) == 0) {
			if (!options->kills || number == SIGKILL)
				return stop_say_target(target, options, message);
			number = SIGKILL;
			deadline = clock_deadline(options->kill_wait_ms);
		}
		if ((held = lock_is_held(&target->dir, &fd, message)) < 0)
			return errno == ENOENT ? 0 : -1;
		waited = wait_for_claim(target, fd, held, deadline, number);
		io_close(&fd);
		if (waited < 0)
			return target_cannot_wait(target, message);
		if (waited == 0)
			return 0;
	}
}

/* Its otelop-run has removed the file, mostly. */
static int
is_removed(const struct target *target)
{
	struct stat found;

	return fstatat(target->dir.fd, STATEDIR_METADATA, &found, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;
}

int
stop_remove_record(struct target *target, const struct stop_options *options, int number, int64_t deadline,
    struct otelop_message *message)
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	struct otelop_message why = { "" };
	struct otelop_lock lock = LOCK_INIT;
	char left[256];
	int result, claimed = is_removed(target) ? 0 : claim_record(target, options, number, deadline,
	    &lock, message);

	if (claimed < 0)
		return -1;
	message_set(message, "%s", "");
	if (claimed == 0)
		return 0;
	if (meta_read_fd(&metadata, &target->dir, lock.fd, &why) == 0 || errno == ENODATA)
		*why.text = '\0';
	if (otelop_metadata_get(&metadata, "left", left, sizeof(left)) != 1)
		*left = '\0';
	otelop_metadata_free(&metadata);
	if ((result = lock_remove(&lock, message)) == 0 && *why.text != '\0')
		message_set(message, "removed: %s", why.text);
	else if (result == 0 && *left != '\0')
		message_set(message, "%s: %s", target->dir.path, left);
	return result;
}
