/* What a state directory holds: the metadata's words under the lock's rules. */
#include "clock.h"
#include "io.h"
#include "lock.h"
#include "meta.h"
#include "process.h"
#include "statedir.h"

#include <sys/file.h>

#include <errno.h>

/* Is the process that a held file names certainly not the one that published it? */
static int
is_somebody_else(pid_t pid, const struct stat *file)
{
	return process_is_younger(pid, file) && process_keeps_open(pid, file) != 1;
}

/*
 * The state of a held lock whose file is readable.  Its words count only while the process that they
 * name lives.  A zombie whose parent keeps the file is a daemon whose leftovers are being swept; a
 * pid that is gone, or somebody else's by now, means that a starter has claimed what a dead daemon
 * left and has not published yet.
 */
static int
judge_held(int fd, enum meta_state *state, struct otelop_metadata *metadata)
{
	pid_t pid = meta_pid(metadata);
	struct stat file;

	*state = meta_state_is(metadata, "starting") ? META_STARTING : META_RUNNING;
	if (!meta_is_here(metadata, NULL) || fstat(fd, &file) < 0 ||
	    (process_is_alive(pid) && !is_somebody_else(pid, &file)))
		return 0;
	if (!process_is_alive(pid) && process_keeps_open(pid, &file) == 1) {
		*state = META_STALE;
		return 0;
	}
	*state = META_STARTING;
	metadata->length = 0;		/* these words are nobody's any more */
	return 0;
}

/* The state of the file at fd, which is locked or not.  0, or -1 when that cannot be told. */
static int
judge(int held, int fd, const char *dir, enum meta_state *state, struct otelop_metadata *metadata,
    struct otelop_message *warning)
{
	if (meta_read_fd(metadata, fd, dir, warning) < 0) {
		metadata->length = 0;
		if (errno == ENODATA)
			*state = held ? META_STARTING : META_STOPPED;
		else if (errno == EBADMSG && !held)
			*state = META_STALE;
		else
			return -1;
		if (errno == ENODATA && warning != NULL)
			warning->text[0] = '\0';
		return 0;
	}
	/* exited is the daemon's last word, also while its parent still has to let go. */
	if (meta_state_is(metadata, "exited")) {
		*state = META_STALE;
		return 0;
	}
	if (meta_is_other_host(metadata, warning))
		return -1;
	if (held)
		return judge_held(fd, state, metadata);
	*state = META_STALE;
	return 0;
}

/* What was looked at: the file that the answer is about, still open. */
struct look {
	int fd;		/* -1: there is none */
	int held;
};

static int
look_at(const char *dir, struct look *look, enum meta_state *state,
    struct otelop_metadata *metadata, struct otelop_message *warning)
{
	int dir_fd;

	look->fd = -1;
	look->held = 0;
	metadata->length = 0;
	if (warning != NULL)
		warning->text[0] = '\0';
	*state = META_STOPPED;
	if ((dir_fd = statedir_open(dir, warning)) >= 0) {
		look->held = lock_is_held(dir_fd, dir, &look->fd, warning);
		io_close(&dir_fd);
	}
	if (look->fd >= 0) {
		if (judge(look->held, look->fd, dir, state, metadata, warning) == 0)
			return 0;
		io_close(&look->fd);
		return -1;
	}
	if (errno != ENOENT)
		return -1;
	look->held = 0;
	if (warning != NULL)
		warning->text[0] = '\0';
	return 0;
}

/* Does the file name somebody who lives, but is not seen to hold it?  A starter may just have claimed it. */
static int
is_doubtful(const struct look *look, enum meta_state state, const struct otelop_metadata *metadata)
{
	struct stat file;

	return (state == META_RUNNING || state == META_STARTING) && metadata->length > 0 &&
	    meta_is_here(metadata, NULL) && fstat(look->fd, &file) == 0 &&
	    process_keeps_open(meta_pid(metadata), &file) == 0;
}

/* Look again while what is seen may be a claim on another's words; that is over soon. */
static int
look_twice(const char *dir, struct look *look, enum meta_state *state,
    struct otelop_metadata *metadata, struct otelop_message *warning)
{
	int64_t doubt = clock_deadline(LOCK_STARTER_MS);

	for (;; io_close(&look->fd)) {
		if (look_at(dir, look, state, metadata, warning) < 0)
			return -1;
		if (!is_doubtful(look, *state, metadata) || clock_left_ms(doubt) == 0)
			return 0;
		clock_sleep_ms(2);
	}
}

int
meta_look_at(const char *dir, enum meta_state *state, struct otelop_metadata *metadata,
    struct otelop_message *warning)
{
	struct otelop_metadata own = OTELOP_METADATA_INIT;
	struct look look;
	int result = look_twice(dir, &look, state, metadata != NULL ? metadata : &own, warning);

	otelop_metadata_free(&own);
	io_close(&look.fd);
	return result;
}

/*
 * Is it a start that has the lock?  One that has published is named; upstream's daemon has it while its
 * file is empty.  Else it may be a child that outlives its daemon.
 */
static int
is_start(const struct look *look, const struct otelop_metadata *metadata)
{
	struct stat file;

	return metadata->length > 0 || (fstat(look->fd, &file) == 0 && file.st_size == 0);
}

int
meta_wait(const char *dir, int appear, int64_t deadline, int *began, enum meta_state *state,
    struct otelop_metadata *metadata, struct otelop_message *warning)
{
	struct look look;
	int result = 1;

	*began = 0;
	for (;;) {
		if (look_twice(dir, &look, state, metadata, warning) < 0)
			return -1;
		if (*state == META_RUNNING)
			break;
		if (*state == META_STARTING && is_start(&look, metadata))
			*began = 1;
		else if (!look.held && (*began || !appear))
			break;
		if (clock_left_ms(deadline) == 0) {
			result = 0;
			break;
		}
		/* Who holds this very file lets it go or replaces it when there is something new to say. */
		if (look.held)
			result = lock_wait(look.fd, LOCK_SH, deadline, -1);
		else	/* nobody to wait for yet, and no portable event that says so */
			clock_sleep_ms(clock_poll_ms(clock_left_ms(deadline), 20));
		if (result < 0)
			message_errno(warning, "%s/%s: cannot wait for the lock", dir,
			    STATEDIR_METADATA);
		/* That start has gone on, whatever has become of it by the next look. */
		if (look.held && lock_was_replaced(look.fd))
			*began = 0;
		io_close(&look.fd);
		if (result < 0)
			return -1;
		result = 1;
	}
	io_close(&look.fd);
	return result;
}

int
otelop_running(const char *state_dir, struct otelop_metadata *metadata,
    struct otelop_message *message)
{
	enum meta_state state;

	if (meta_look_at(state_dir, &state, metadata, message) < 0)
		return -1;
	return state == META_RUNNING || state == META_STARTING;
}
