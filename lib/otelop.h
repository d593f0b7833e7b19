/*
 * libotelop: turn a command into a well-behaved background daemon, or be one.  From C and C++.
 *
 * Two calling sequences.  To start a daemon:
 *
 *	otelop_state_dir(NULL, dir, sizeof(dir), &message);
 *	otelop_ensure_state_dir(dir, &message);
 *	otelop_spawn(&(struct otelop_spawn){ .state_dir = dir }, argv, &result);
 *
 * To be the daemon that such a call started:
 *
 *	otelop_lock_metadata(dir, 0, &lock, &message);	nobody else is the daemon
 *	... bind, listen ...
 *	otelop_metadata_init(&metadata, getpid());
 *	otelop_metadata_set(&metadata, "httpAddr", "127.0.0.1:4319", &message);
 *	otelop_write_metadata(lock, &metadata, &message);	published, never unlocked
 *	otelop_signal_ready(otelop_ready_pipe());
 *	... serve ...
 *	otelop_remove_state(dir, lock, &message);
 *
 * Every function that returns int answers 0 on success and -1 with errno on failure; those
 * whose name is a question answer 1, 0 or -1, and "no" is not an error.  What is no argument
 * is EINVAL in all of them: NULL where it is not said to be allowed, a pid below 1, a timeout
 * below OTELOP_FOREVER.  Times are milliseconds.  Where words are needed, the
 * reason is put into the caller's struct otelop_message as "OBJECT: what failed: reason"; NULL
 * is allowed there.
 *
 * The library never prints, never exits, and keeps no state between calls; whatever it fills
 * belongs to the caller.  Any thread may call it while no other one calls it with the same
 * object, and with less than 64 KiB of stack; the environment is read as getenv(3) does.  It
 * changes no setting of the process: no signal's action, no mask beyond a call, no timer, no
 * directory, no umask.  A timed wait for a lock is a helper process's, which neither wait(2)
 * nor SIGCHLD tells the caller of; where there can be none, the library looks every 20 ms.
 *
 * "Upstream" names the function of the Go package daemon that a function mirrors.
 */
#ifndef OTELOP_H
#define OTELOP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define OTELOP_VERSION "0.1.0"

#define OTELOP_PATH_SIZE 4096		/* bytes that any path buffer here needs */
#define OTELOP_MESSAGE_SIZE 8192	/* holds a path and a whole ready line */
#define OTELOP_METADATA_MAX 65536	/* bytes that a metadata file may have */
#define OTELOP_READY_FD 3		/* where a daemon child finds its ready pipe */
#define OTELOP_FOREVER INT64_C(-1)	/* as a timeout: no limit */

/* Why something failed, as text without a newline; empty where a function has nothing to say. */
struct otelop_message {
	char text[OTELOP_MESSAGE_SIZE];
};

/*
 * One metadata object as JSON text, always valid and in canonical form (upstream's
 * members, ours, the others in order of appearance).  Begin with OTELOP_METADATA_INIT,
 * read it through otelop_metadata_get, change it through otelop_metadata_set, and give
 * its memory back with otelop_metadata_free.  Whatever fills an object replaces what it
 * had, so that one object may be used again and again.
 */
struct otelop_metadata {
	size_t length;			/* bytes in json, without the final NUL; 0: nothing */
	char *json;			/* NULL while nothing was ever in it */
};
#define OTELOP_METADATA_INIT { 0, NULL }

/* The instance lock, from otelop_lock_metadata until it is unlocked or removed. */
struct otelop_lock;

/*
 * Where state lives.  dir: what the user asked for (made absolute), or NULL for the
 * environment: $OTELOP_STATE_DIR, $XDG_STATE_HOME/otelop, $HOME/.local/state/otelop.
 * path: receives the absolute path, of size bytes with its NUL (OTELOP_PATH_SIZE is enough).
 * Nothing is created or looked at.  Errors: ENOENT no HOME; ENAMETOOLONG; those of getcwd.
 * Upstream: StateDir.
 */
int otelop_state_dir(const char *dir, char *path, size_t size,
    struct otelop_message *message);

/*
 * Create the directory path and its parents with mode 0700 where they are missing, and
 * check that path can be trusted: ours or root's, not writable by everyone, and reached by
 * no link of anybody else's.  Where path is the directory that XDG_STATE_HOME or HOME give,
 * or below it, nothing is created in a directory that is neither ours nor root's.  0:
 * message is empty, or a warning that a group may write to the directory.
 * Errors: EPERM not to be trusted; those of mkdir and open.  Upstream: EnsureStateDir.
 */
int otelop_ensure_state_dir(const char *path, struct otelop_message *message);

/*
 * The path of the log, or of the metadata file, into path, of size bytes with its NUL.
 * Error: ENAMETOOLONG.  Upstream: LogFile, MetadataFile.
 */
int otelop_log_file(const char *state_dir, char *path, size_t size);
int otelop_metadata_file(const char *state_dir, char *path, size_t size);

/* Was this process started as a daemon child?  1 or 0.  Upstream: IsDaemonChild. */
int otelop_is_daemon_child(void);

/*
 * The descriptor for the verdict; it belongs to the process, and otelop_signal_ready or
 * otelop_signal_error closes it.  -1: ENOTCONN there is none.  Upstream: ReadyPipe.
 */
int otelop_ready_pipe(void);

/*
 * Write the verdict to fd, which otelop_ready_pipe returned, and close fd.  With fd -1 they
 * do nothing and answer 0.  Newlines in text become spaces; what is over the line's 4,096
 * bytes is cut.  Errors: EPIPE nobody waits any more (there is no SIGPIPE); EBADF; those of
 * write.  Upstream: SignalReady, SignalError.
 */
int otelop_signal_ready(int fd);
int otelop_signal_error(int fd, const char *text);

/*
 * What to start, and how.  Zero-filled, or OTELOP_SPAWN_INIT, is a sensible default: nothing of
 * the caller's reaches the daemon but its environment, directory and umask.
 */
struct otelop_spawn {
	const char *state_dir;		/* exported as OTELOP_STATE_DIR; NULL: left alone, and the name too */
	const char *name;		/* exported as OTELOP_NAME with it: it is this instance of the directory
					   above; NULL: unset */
	const char *log;		/* file that stdout and stderr are appended to */
	int log_fd;			/* the same, already open (it becomes a blocking one), if log is
					   NULL.  0 or less: the log in state_dir; without that, /dev/null */
	int64_t timeout_ms;		/* how long to wait; 0: 60,000; OTELOP_FOREVER: no limit */
	const char *cwd;		/* NULL: the caller's */
	int set_umask;			/* not 0: use umask below */
	mode_t umask;
	const char *const *set_env;	/* VAR=VALUE, NULL-terminated; or NULL */
	const char *const *unset_env;	/* names, NULL-terminated; or NULL */
	/* Called about once a second while it is waited for, or NULL. */
	void (*tick)(void *argument, int64_t waited_ms);
	/* Called when it is ready, or NULL; below 0 makes the start a failed one (125). */
	int (*confirm)(void *argument, pid_t pid);
	void *argument;			/* of both */
	int interrupt_fd;		/* a byte to be read here, a signal's number, gives the start up
					   (128 plus that); it does not block; 0: none */
};
#define OTELOP_SPAWN_INIT { NULL, NULL, NULL, 0, 0, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, 0 }

struct otelop_spawn_result {
	pid_t pid;			/* the daemon's, when it is ready: the child's own, or what
					   the child said (otelop-run's is its command's) */
	pid_t child;			/* the process that argv became; 0: nothing ran */
	int status;			/* the exit status that tells what happened; 0: ready */
	int said;			/* the reason is the daemon's own words (err:) */
	int unstarted;			/* it said that what it was to run never ran (otelop-run does) */
	long long log_start;		/* where in the log this start begins; -1: no regular file */
	struct otelop_message summary;	/* a line about the child, if it said one (otelop-run does) */
	struct otelop_message reason;	/* why it is not ready, without argv[0] in front */
};

/*
 * Start argv as a daemon and wait for its verdict: a session of its own, stdin from /dev/null, stdout and
 * stderr to the log, the ready pipe on 3, no other descriptor, signals reset.  options may be NULL.
 *
 * 0: ready, and the daemon runs; it is init's child and not the caller's to reap.  -1: not ready, and no
 * process is left; result->status is 1, 75, 124, 125, 126, 127 or 128+n as in otelop(7), result->reason
 * says why.  Errors: EINVAL (also argv without a command, set_env without =; status is 125); ETIMEDOUT; ECANCELED by interrupt_fd or confirm; ECHILD it failed by its own words, or ended;
 * EPROTO it said what is no verdict; else those of open, fork and exec.
 *
 * The environment is read once, before the fork.  In between the caller has one child more: who waits
 * for any child may be told of its end, which does no harm.  It does not matter whether SIGCHLD is ignored
 * or handled.  Upstream: Spawn.
 */
int otelop_spawn(const struct otelop_spawn *options, char *const argv[],
    struct otelop_spawn_result *result);

/*
 * Claim the state directory (create it first with otelop_ensure_state_dir), waiting up to
 * timeout_ms (0: not at all; OTELOP_FOREVER: no limit).  On success *lock is the caller's and the
 * claim lasts until otelop_remove_state, otelop_unlock_metadata or the process's end; else it is
 * NULL.  Errors: ENOMEM; EWOULDBLOCK somebody else
 * holds it; ETIMEDOUT still so after timeout_ms; EPERM not to be trusted; those of open.  Upstream:
 * LockMetadata.
 */
int otelop_lock_metadata(const char *state_dir, int64_t timeout_ms, struct otelop_lock **lock,
    struct otelop_message *message);

/*
 * The descriptor that holds the lock, close-on-exec, which belongs to lock; it changes with each
 * otelop_write_metadata.  Never close it.  Once metadata is written it can only be read: a child that gets a copy of it
 * holds the lock as well, and can do nothing else to the file.
 */
int otelop_lock_fd(const struct otelop_lock *lock);

/* Let the claim go, leave the file as it is and free lock; NULL is none. */
void otelop_unlock_metadata(struct otelop_lock *lock);

/*
 * A new object: this pid, started now, on this host, in this pid namespace and directory.  It has
 * memory of its own, which otelop_metadata_free gives back.  Errors: ENOMEM; ESRCH no such process.
 */
int otelop_metadata_init(struct otelop_metadata *metadata, pid_t pid);

/* Give the object's memory back; it is as after OTELOP_METADATA_INIT.  NULL is none. */
void otelop_metadata_free(struct otelop_metadata *metadata);

/*
 * Set member key from text.  Members of ours that are numbers or times are checked, and
 * times written so that Go's package time reads them (T and Z, no second 60); command
 * and listen cannot be set this way.  Errors: EINVAL bad key or value; EILSEQ not UTF-8;
 * EMSGSIZE the object would be over OTELOP_METADATA_MAX; ENOMEM.  On error nothing changed.
 */
int otelop_metadata_set(struct otelop_metadata *metadata, const char *key, const char *value,
    struct otelop_message *message);

/*
 * Is there a member key?  1: value, of size bytes, holds its text and a NUL (a string's characters,
 * an array's strings separated by spaces, else JSON); 0: no, or null; -1: ERANGE value is too small.
 */
int otelop_metadata_get(const struct otelop_metadata *metadata, const char *key, char *value,
    size_t size);

/*
 * Publish metadata under the claim: readers see the old file or the whole new one, and the
 * published file is locked at every moment.  Errors: EBADF no claim; EMSGSIZE metadata over
 * OTELOP_METADATA_MAX; ESTALE somebody meddled with the files; ENOLCK locks
 * do nothing on this file system; those of open, write, rename.
 * Then the old file stands.  Upstream: WriteMetadata.
 */
int otelop_write_metadata(struct otelop_lock *lock, const struct otelop_metadata *metadata,
    struct otelop_message *message);

/*
 * Read the metadata file, locked or not.  Errors: ENOENT none; ENODATA empty; EBADMSG corrupt
 * (the message names file, line and column); EPERM not to be trusted.  Upstream: ReadMetadata.
 */
int otelop_read_metadata(const char *state_dir, struct otelop_metadata *metadata,
    struct otelop_message *message);

/*
 * Does a daemon hold the state directory?  1: yes, and metadata is what it published (length
 * 0: nothing yet); 0: no, and metadata is what a dead one left (length 0: nothing); -1: cannot
 * tell.  metadata may be NULL.  Upstream: Running.
 */
int otelop_running(const char *state_dir, struct otelop_metadata *metadata,
    struct otelop_message *message);

/*
 * Remove the metadata file.  With lock (the caller's claim) the claim ends too and is freed; without, the
 * directory is claimed for the moment: EWOULDBLOCK when a daemon holds it.  Gone already is
 * success.  Upstream: RemoveState.
 */
int otelop_remove_state(const char *state_dir, struct otelop_lock *lock,
    struct otelop_message *message);

/*
 * Does pid run (also if it is not ours to signal)?  1 or 0; a zombie does not, nor does what is no
 * pid (EINVAL).  Upstream: ProcessAlive.
 */
int otelop_process_alive(pid_t pid);

/*
 * Send TERM to pid and wait up to timeout_ms (0: only look; OTELOP_FOREVER: no limit) until it is gone;
 * gone already is success, and so is a zombie.  Errors: ETIMEDOUT; EINVAL pid is 0, 1, negative or the
 * caller; EPERM it is not the caller's to signal.
 * Upstream: StopAndWait.
 */
int otelop_stop_and_wait(pid_t pid, int64_t timeout_ms, struct otelop_message *message);

#ifdef __cplusplus
}
#endif

#endif
