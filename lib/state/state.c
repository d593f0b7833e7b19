/*
 * What a state directory holds: the metadata's words, the lock, and the process that they name, together.
 *
 *	lock	named process			answer
 *	held	is that very process		running, or starting
 *	held	dead, its otelop-run sweeps	stale; starting, where otelop.json.next says that it runs again
 *	held	dead, the lock's taker lives	starting: it has claimed what a dead daemon left
 *	held	dead, so is the taker		kept, and by whom is named
 *	held	dead, and nobody is seen	cannot tell
 *	free	is that very process		running, or starting, with a warning: it has lost its lock
 *	free	dead				stale
 *
 * "exited" is the daemon's last word whatever the lock says.  A moment of a claim, or of somebody's probe,
 * looks like another state: what is doubtful is looked at again for as long as such a moment lasts.
 */
#include "state/state.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/message.h"
#include "platform/platform.h"
#include "process/process.h"
#include "state/holder.h"
#include "state/identity.h"
#include "state/lock.h"
#include "state/meta.h"
#include "state/statedir.h"

#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define LOOK_AGAIN_MS 500

/* What was looked at: the file that the answer is about, still open, in its directory. */
struct look {
	const char *path;	/* the directory's */
	struct statedir dir;
	int fd;			/* -1: there is none */
	int held;
	int is_doubtful;	/* it may be a moment's */
	enum state *state;
	struct otelop_metadata *metadata;
	struct otelop_message *warning;
};

const char *
state_name(enum state state)
{
	static const char *const names[] = { "stopped", "stale", "stale", "starting", "running" };

	return names[state];
}

static int
cannot_see(const struct look *look, const struct holder *holder)
{
	errno = EACCES;
	return message_set(look->warning, "%s/%s: the lock is held, but process %ld, which the file names, is "
	    "dead, and %s", look->path, STATEDIR_METADATA, (long)meta_pid(look->metadata),
	    holder_why_unseen(holder));
}

static int
judge_free(struct look *look)
{
	enum identity_place place = identity_place(look->metadata, look->warning);
	char host[256];

	if (identity_lives_at(look->metadata, place) == 1) {
		message_set(look->warning, "%s: process %ld runs without its lock, which a child of it may have "
		    "let go", look->path, (long)meta_pid(look->metadata));
		return 0;
	}
	*look->state = STATE_STALE;
	if (place != IDENTITY_OTHER_HOST) {
		message_set(look->warning, "%s", "");
		return 0;
	}
	if (platform_is_remote(look->fd) == 1) {
		errno = EREMOTE;
		return -1;	/* its lock may not reach us */
	}
	if (otelop_metadata_get(look->metadata, "host", host, sizeof(host)) == 1)
		message_set(look->warning, "%s: left by host %s", look->path, host);
	return 0;
}

/* The lock stays held, and the process that the file names is dead: by whom? */
static int
judge_holder(struct look *look)
{
	struct holder_daemon daemon;
	struct holder holder;

	if (holder_describe(&daemon, &look->dir, look->fd, look->metadata) < 0 ||
	    holder_find(&daemon, &holder) < 0)
		return errno == ENOSYS ? cannot_see(look, NULL) :
		    message_errno(look->warning, "%s: cannot look for the lock's holder", look->path);
	switch (holder.kind) {
	case HOLDER_UNSEEN:
		look->is_doubtful = 1;
		return cannot_see(look, &holder);
	case HOLDER_KEEPER:
		*look->state = STATE_KEPT;
		message_set(look->warning, "%s: the daemon is dead, its lock kept by process %ld (%s); "
		    "otelop stop ends it", look->path, (long)holder.pid, holder.name);
		return 0;
	case HOLDER_TAKER:
		break;
	}
	*look->state = STATE_STARTING;
	look->metadata->length = 0;	/* these words are nobody's any more */
	return 0;
}

/*
 * The dead one's otelop-run is ending what it has left: does it say in the next file already that it starts the command
 * again?  Its words are taken then.  1 or 0.
 */
static int
is_begun_again(struct look *look)
{
	struct otelop_metadata next = OTELOP_METADATA_INIT;
	int fd, found = 0;

	if ((fd = statedir_open_file(&look->dir, STATEDIR_NEXT, O_RDONLY, NULL)) < 0)
		return 0;
	if (meta_read_fd(&next, &look->dir, fd, NULL) == 0 && meta_state_is(&next, "starting") &&
	    identity_process_lives(&next) != 0) {
		otelop_metadata_free(look->metadata);
		*look->metadata = next;
		next = (struct otelop_metadata)OTELOP_METADATA_INIT;
		found = 1;
	}
	otelop_metadata_free(&next);
	io_close(&fd);
	return found;
}

/* The lock is held, and the process that the file names is dead, or is not that one any more. */
static int
judge_dead_holder(struct look *look, const struct stat *file)
{
	pid_t pid = meta_pid(look->metadata);
	struct json_value respawn;

	*look->state = STATE_STALE;
	if (meta_find(look->metadata, "respawn", &respawn)) {
		if (is_begun_again(look)) {
			*look->state = STATE_STARTING;
			return 0;
		}
		look->is_doubtful = 1;	/* it has not come to saying so yet, perhaps */
	}
	/* A zombie, whose parent has the file: an otelop-run that sweeps. */
	if (!process_is_alive(pid) && process_keeps_open(pid, file, STATEDIR_METADATA) == 1)
		return 0;
	/* A probe of upstream's, or a starter that is about to publish, lets go in a moment. */
	switch (lock_wait(look->fd, LOCK_SH, clock_deadline(LOCK_STARTER_MS), -1)) {
	case 1:
		io_flock(look->fd, LOCK_UN);
		look->held = 0;
		return judge_free(look);
	case 0:
		return judge_holder(look);
	}
	return message_errno(look->warning, "%s/%s: cannot wait for the lock", look->path, STATEDIR_METADATA);
}

/*
 * What upstream writes does not say when its process began.  So it is somebody else if it began after the
 * file was written and has not the file open.
 */
static int
is_somebody_else(pid_t pid, const struct stat *file)
{
	return process_is_younger(pid, file) && process_keeps_open(pid, file, STATEDIR_METADATA) != 1;
}

static int
judge_held(struct look *look)
{
	enum identity_place place = identity_place(look->metadata, look->warning);
	pid_t pid = meta_pid(look->metadata);
	struct stat file;

	if (fstat(look->fd, &file) < 0)
		return message_errno(look->warning, "%s/%s: cannot look at", look->path, STATEDIR_METADATA);
	if (place == IDENTITY_OTHER_HOST) {
		/* Somebody here may just have claimed what another host left; else it is held there. */
		look->is_doubtful = 1;
		errno = EREMOTE;
		return -1;
	}
	message_set(look->warning, "%s", "");
	if (place != IDENTITY_HERE) {
		/* Of another pid namespace: its number says nothing here, the lock does. */
		if (place == IDENTITY_OTHER_NAMESPACE || process_is_alive(pid))
			return 0;
		look->is_doubtful = 1;
		errno = EACCES;
		return message_set(look->warning, "%s/%s: the lock is held, but process %ld, which the file names, "
		    "is not seen, and in which pid namespace this is cannot be read", look->path,
		    STATEDIR_METADATA, (long)pid);
	}
	switch (identity_lives_at(look->metadata, place)) {
	case 1:
		return 0;
	case -1:
		look->is_doubtful = process_keeps_open(pid, &file, STATEDIR_METADATA) == 0;
		if (!is_somebody_else(pid, &file))
			return 0;
	}
	return judge_dead_holder(look, &file);
}

/* 0, or -1 when it cannot be told. */
static int
judge(struct look *look)
{
	if (meta_read_fd(look->metadata, &look->dir, look->fd, look->warning) < 0) {
		look->metadata->length = 0;
		if (errno == ENODATA) {
			*look->state = look->held ? STATE_STARTING : STATE_STOPPED;
			message_set(look->warning, "%s", "");
			return 0;
		}
		*look->state = STATE_STALE;
		return errno == EBADMSG && !look->held ? 0 : -1;
	}
	*look->state = meta_state_is(look->metadata, "starting") ? STATE_STARTING : STATE_RUNNING;
	if (meta_state_is(look->metadata, "exited")) {
		*look->state = STATE_STALE;
		return 0;
	}
	return look->held ? judge_held(look) : judge_free(look);
}

static int
look_once(struct look *look)
{
	int result, saved;

	look->fd = -1;
	look->held = look->is_doubtful = 0;
	look->metadata->length = 0;
	message_set(look->warning, "%s", "");
	*look->state = STATE_STOPPED;
	if (statedir_open(&look->dir, look->path, look->warning) == 0)
		look->held = lock_is_held(&look->dir, &look->fd, look->warning);
	if (look->fd >= 0) {
		result = judge(look);
		saved = errno;
		/* A daemon that has lost its lock may have published, and ended, before its words were read. */
		if (!look->held && statedir_names(&look->dir, STATEDIR_METADATA, look->fd) != 1)
			look->is_doubtful = 1;
		errno = saved;
		return result;
	}
	if (errno != ENOENT)
		return -1;
	look->held = 0;
	message_set(look->warning, "%s", "");
	return 0;
}

static void
look_away(struct look *look)
{
	io_close(&look->fd);
	statedir_close(&look->dir);
}

/* Look until the answer is not a moment's. */
static int
look_at(struct look *look)
{
	int64_t doubt = clock_deadline(2 * LOCK_STARTER_MS);
	int result = look_once(look);

	while (look->is_doubtful && clock_left_ms(doubt) > 0) {
		look_away(look);
		clock_sleep_ms(2);
		result = look_once(look);
	}
	return result;
}

int
state_look(const char *dir, enum state *state, struct otelop_metadata *metadata,
    struct otelop_message *warning)
{
	struct otelop_metadata own = OTELOP_METADATA_INIT;
	struct look look = { .path = dir, .state = state, .metadata = metadata != NULL ? metadata : &own,
	    .warning = warning };
	int saved, result = look_at(&look);

	saved = errno;
	otelop_metadata_free(&own);
	look_away(&look);
	errno = saved;
	return result;
}

/*
 * Is it a start that has the lock?  One that has published is named; upstream's daemon has it while its
 * file is empty.
 */
static int
is_start(const struct look *look)
{
	struct stat file;

	return look->metadata->length > 0 || (fstat(look->fd, &file) == 0 && file.st_size == 0);
}

/* One look of a wait.  1: decided; 0: wait on; -1. */
static int
is_decided(struct look *look, int appear, int *began)
{
	if (look_at(look) < 0)
		return -1;
	if (*look->state == STATE_RUNNING || *look->state == STATE_KEPT)
		return 1;
	if (*look->state == STATE_STARTING && is_start(look))
		*began = 1;
	return !look->held && *look->state != STATE_STARTING && (*began || !appear);
}

/* Until there is something new to see.  -1: cannot wait. */
static int
wait_for_news(const struct look *look, int64_t deadline)
{
	/*
	 * Who holds this very file lets it go or replaces it when there is something new to say.  Unless an
	 * otelop-run is killed, and its command keeps the lock: no event tells that.
	 */
	if (look->held && lock_wait_named(&look->dir, look->fd, LOCK_SH,
	    clock_earlier(deadline, clock_deadline(LOOK_AGAIN_MS))) < 0)
		return message_errno(look->warning, "%s/%s: cannot wait for the lock", look->path,
		    STATEDIR_METADATA);
	if (!look->held)	/* nobody to wait for yet, and no portable event that says so */
		clock_sleep_ms(clock_poll_ms(clock_left_ms(deadline), 20));
	return 0;
}

int
state_wait(const char *dir, int appear, int64_t deadline, const struct state_more *more, int *began,
    enum state *state, struct otelop_metadata *metadata, struct otelop_message *warning)
{
	struct look look = { .path = dir, .state = state, .metadata = metadata, .warning = warning };
	int result;

	*began = 0;
	while ((result = is_decided(&look, appear, began)) == 0) {
		if (more != NULL && *state == STATE_STARTING)
			deadline = more->put_off(more->argument, dir, metadata, deadline);
		if (clock_left_ms(deadline) == 0 || (result = wait_for_news(&look, deadline)) != 0)
			break;
		/* That start has gone on, whatever has become of it by the next look. */
		if (look.held && lock_was_replaced(look.fd))
			*began = 0;
		look_away(&look);
	}
	look_away(&look);
	return result;
}

int
otelop_running(const char *state_dir, struct otelop_metadata *metadata,
    struct otelop_message *message)
{
	enum state state = STATE_STOPPED;

	if (state_dir == NULL)
		return message_invalid(message, "state_dir");
	if (state_look(state_dir, &state, metadata, message) < 0)
		return -1;
	return state == STATE_RUNNING || state == STATE_STARTING;
}
