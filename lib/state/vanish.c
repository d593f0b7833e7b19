/* Notice that the state of a daemon has vanished; vanish.h says what comes of it. */
#include "state/vanish.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/message.h"
#include "platform/platform.h"
#include "state/lock.h"
#include "state/statedir.h"

#include <sys/stat.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOMENT_MS 100		/* between a change and the look at what has come of it */
#define AGAIN_MS 1000		/* where the look, or publishing again, was not possible */

enum finding { AS_PUBLISHED, WRITTEN, REPLACED, DIRECTORY_GONE, CANNOT_LOOK };

void
vanish_watch(struct vanish *vanish, const struct otelop_lock *lock)
{
	vanish_close(vanish);
	vanish->watch_fd = platform_watch(lock->fd, lock->dir.fd, lock->dir.path, STATEDIR_METADATA);
	/* What changed between the publishing and this is not told: so one look follows in any case. */
	vanish->look_at = clock_deadline(MOMENT_MS);
}

void
vanish_close(struct vanish *vanish)
{
	io_close(&vanish->watch_fd);
	vanish->look_at = OTELOP_FOREVER;
}

/* Has the locked file the bytes that were published? */
static enum finding
compare(const struct otelop_lock *lock, const struct otelop_metadata *metadata)
{
	char *bytes = malloc(metadata->length + 1);
	enum finding finding = CANNOT_LOOK;
	ssize_t n;

	if (bytes != NULL && (n = io_read_file(lock->fd, bytes, metadata->length + 1)) >= 0)
		finding = (size_t)n == metadata->length && memcmp(bytes, metadata->json, (size_t)n) == 0 ?
		    AS_PUBLISHED : WRITTEN;
	free(bytes);
	return finding;
}

static enum finding
look(const struct otelop_lock *lock, const struct otelop_metadata *metadata)
{
	struct stat named, ours;

	if (stat(lock->dir.path, &named) < 0)
		return errno == ENOENT || errno == ENOTDIR ? DIRECTORY_GONE : CANNOT_LOOK;
	if (fstat(lock->dir.fd, &ours) < 0)
		return CANNOT_LOOK;
	if (named.st_dev != ours.st_dev || named.st_ino != ours.st_ino)
		return DIRECTORY_GONE;
	switch (statedir_names(&lock->dir, STATEDIR_METADATA, lock->fd)) {
	case 1:
		return compare(lock, metadata);
	case 0:
		return REPLACED;
	}
	return CANNOT_LOOK;
}

/*
 * Claim the directory like anybody and publish there: in this one, whatever has its path by now.  0; -1: errno,
 * EWOULDBLOCK: somebody else has it.
 */
static int
publish_again(struct otelop_lock *lock, const struct otelop_metadata *metadata, pid_t own)
{
	struct lock_request request = { .create = 1, .own = own };
	struct otelop_lock fresh = LOCK_INIT;

	if (statedir_copy(&fresh.dir, &lock->dir) < 0 || lock_start(&fresh, lock->dir.path, &request, metadata, NULL) < 0)
		return -1;
	/* The directory's descriptor stays the one that others were given. */
	statedir_close(&fresh.dir);
	fresh.dir = lock->dir;
	lock->dir = (struct statedir)STATEDIR_INIT;
	lock_release(lock);
	*lock = fresh;
	return 0;
}

static int
say_claimed(const struct otelop_lock *lock, const char *before, struct otelop_message *message)
{
	return message_set(message, "%ssomebody removed or replaced %s/%s, and somebody else has claimed the directory",
	    before, lock->dir.path, STATEDIR_METADATA);
}

static int
say_removed(const struct otelop_lock *lock, const char *before, struct otelop_message *message)
{
	return message_set(message, "%ssomebody removed the state directory %s", before, lock->dir.path);
}

int
vanish_publish(struct otelop_lock *lock, const struct otelop_metadata *metadata, pid_t own,
    struct otelop_message *message)
{
	if (lock_publish(lock, metadata, message) == 0)
		return 0;
	if (errno != ESTALE)
		return -1;
	switch (look(lock, metadata)) {
	case REPLACED:
		if (publish_again(lock, metadata, own) == 0)
			return 0;
		if (errno == EWOULDBLOCK)
			say_claimed(lock, "", message);
		break;
	case DIRECTORY_GONE:
		say_removed(lock, "", message);
		break;
	case AS_PUBLISHED:
	case WRITTEN:
	case CANNOT_LOOK:
		break;
	}
	return -1;
}

int
vanish_look(struct vanish *vanish, struct otelop_lock *lock, const struct otelop_metadata *metadata,
    pid_t own, struct otelop_message *message)
{
	struct pollfd told = { vanish->watch_fd, POLLIN, 0 };
	int result = 0;

	if (poll(&told, 1, 0) > 0) {
		platform_watch_drain(vanish->watch_fd);
		vanish->look_at = clock_earlier(vanish->look_at, clock_deadline(MOMENT_MS));
	}
	if (clock_left_ms(vanish->look_at) != 0)
		return 0;
	vanish->look_at = OTELOP_FOREVER;
	switch (look(lock, metadata)) {
	case AS_PUBLISHED:
		return 0;
	case WRITTEN:
		result = lock_publish(lock, metadata, NULL);
		break;
	case REPLACED:
		if ((result = publish_again(lock, metadata, own)) < 0 && errno == EWOULDBLOCK)
			return say_claimed(lock, "ended: ", message);
		break;
	case DIRECTORY_GONE:
		return say_removed(lock, "ended: ", message);
	case CANNOT_LOOK:
		result = -1;
		break;
	}
	lock_forget_replaced(lock);
	if (result == 0)
		vanish_watch(vanish, lock);
	else
		vanish->look_at = clock_deadline(AGAIN_MS);
	return 0;
}
