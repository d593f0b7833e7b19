/*
 * What only some systems have.  Each system is a set of files in this folder, which make chooses by PLATFORM;
 * no file asks which system it is compiled on, and nobody outside has an #ifdef.
 *
 * A system gives every function declared here, and the rooms of posix are taken one by one where it has
 * nothing better (the Makefile's SYSTEM_...):
 *   posix_handle.c       which process is meant, and its end
 *   posix_watch.c        changes to files
 *   posix_flock.c        waiting for flock(2)
 *   posix_orphans.c      who gets a child whose parent ends
 *   posix_queue.c        signals that carry a number; no_queue.c where there are none
 *   posix_close.c        closing what is not to be kept
 *   posix_process.c      other processes, by ps(1)
 *   posix_descriptors.c  what they have open
 *   posix_files.c        names and file systems
 *   posix_notify.c       the sd_notify socket
 *   posix.c              what only Linux has, so far
 * kqueue.c has the first two by event, on every BSD and macOS.  Where a function cannot do its work it says so with ENOSYS, as a kernel does that lacks the
 * call; every caller knows the way without.  portable.c is the same everywhere.
 */
#ifndef PLATFORM_H
#define PLATFORM_H

#include <sys/stat.h>
#include <sys/types.h>

#include <limits.h>
#include <stddef.h>
#include <time.h>

#include "base/pids.h"

/* So many bytes at once are written to a pipe as a whole. */
#ifdef PIPE_BUF
#define PLATFORM_PIPE_BUF PIPE_BUF
#else
#define PLATFORM_PIPE_BUF _POSIX_PIPE_BUF
#endif

/*
 * A descriptor that means this very process, however often its number is used again; readable
 * once the process has ended, a zombie too.  -1: ESRCH gone, ENOSYS the system has none.
 */
int platform_pidfd_open(pid_t pid);
int platform_pidfd_signal(int pidfd, int signal_number);

/*
 * A signal that carries a number, queued behind those that are pending: pidfd -1 where there is no such descriptor.
 * Which signal that is, the same for programs of every libc here; 0: this system has none, and ENOSYS.  -1: EAGAIN: too many are
 * queued.
 */
int platform_value_signal(void);
int platform_signal_value(pid_t pid, int pidfd, int signal_number, int value);

/* Those that are queued are the last ones of all.  Where there are none, the first is one more than the last. */
#define PLATFORM_SIGNALS_MAX 128
int platform_first_queued_signal(void);
int platform_last_signal(void);

/*
 * A process that waits for flock(fd, operation), on this very description, in our stead: nobody's wait(2)
 * without __WCLONE sees it, no SIGCHLD tells of it, and it dies with the thread that began it.  pidfd is
 * readable when it has ended.  keeps: what it got is ours then; else it has let go of it first.  0; -1: it
 * cannot be had.
 */
struct platform_flock_helper {
	pid_t pid;
	int pidfd;
};

int platform_flock_begin(struct platform_flock_helper *helper, int fd, int operation, int keeps);

/* End it.  1: it got the lock; 0: it did not, or nobody knows. */
int platform_flock_end(struct platform_flock_helper *helper);

/* How this system waits for a lock until a moment. */
enum platform_flock_way {
	PLATFORM_FLOCK_LOOKS,	/* it has no such helper: whoever waits looks again and again */
	PLATFORM_FLOCK_HELPER,
	PLATFORM_FLOCK_EVENT	/* it is only told that somebody let go; another may be quicker, and then one begins again */
};
enum platform_flock_way platform_flock_way(void);

/*
 * Let go of the pages that earlier calls have used of the stack, for a process that stays and is about to sleep.  Only
 * from the first thread.
 */
void platform_give_back_stack(void);

/* Make orphaned descendants children of this process.  -1: ENOSYS. */
int platform_adopt_orphans(void);

/* Do they become so?  1 or 0. */
int platform_adopts_orphans(void);

/* The number that was given to a process last, where the system gives one after the other; 0: that is not known.  A hint. */
pid_t platform_newest_pid(void);

/* Has no child of this process life in it, whoever is a zombie?  1; 0, also where that cannot be told. */
int platform_has_no_living_child(void);

/* The signals of this system alone, which all end a process by default; one without a name is the last. */
struct platform_signal {
	const char *name;
	int number;
};
extern const struct platform_signal platform_signals[];

/*
 * Set to default the signals that libc keeps for itself and whose change sigaction(2) refuses: they
 * may have been ignored by whoever started us.
 */
void platform_reset_hidden_signals(void);

/*
 * Ignore them: for a process that has no use for them, as it has one thread and no timer of libc's, and is not to end
 * by them.  Nothing where the system has none.
 */
void platform_ignore_hidden_signals(void);

/*
 * A pipe by one descriptor that both reads and writes it, without a name.  It is close-on-exec, at 3 or above; -1: errno;
 * the system has none.
 */
int platform_endless_pipe(void);

/* Let a pipe have more room, as far as the system allows that. */
void platform_enlarge_pipe(int fd);

/*
 * A child process as fork(2) makes it, but in our memory until it becomes another program or ends, with the end of this
 * stack for its own, while we go on: run, whose result is the exit status, changes nothing but what is on that stack, and
 * its errno is ours.  The caller waits for the one or the other, with all of it in place.  -1: it cannot be had, and fork(2) can.
 */
pid_t platform_share(int (*run)(void *), void *argument, char *stack, size_t size);

/* Close every descriptor from 3 on but those in keep (sorted, ascending). */
void platform_close_all_but(const int *keep, size_t count);

struct platform_process {
	pid_t pid;
	pid_t parent;
	pid_t group;
	pid_t session;
	char state;	/* as ps shows it; Z is a zombie */
	unsigned long long start_ticks;	/* when it began, in ticks since the boot or another unit of the system; 0: not known */
};

/* All processes, or those that we may see; the caller frees the array.  -1: errno, ENOSYS: never. */
int platform_processes(struct platform_process **list, size_t *count);

/* One of them.  1; 0: there is none; -1: errno. */
int platform_process(pid_t pid, struct platform_process *process);

/*
 * Our children, zombies too, added to those that are there: all of them, if we have one thread and do not ignore
 * SIGCHLD, for then nobody reaps one while they are listed; but for zombies, where /proc is not there and nobody else.
 * -1: errno; ENOSYS: the kernel has no such list; EACCES: it is hidden; ETIMEDOUT: without /proc it takes too long.
 */
enum platform_children {
	CHILDREN_YOUNGER,	/* where it takes long to ask for all, at first those whose numbers come after ours */
	CHILDREN_ALL
};
int platform_children(enum platform_children which, struct pids *children);

/*
 * Call take for each process below top, each once, by those lists: some may be missed, as above.  Of one that may
 * not be looked into only the number and the parent's is known, and its state is ?.  What take returns: 1: look
 * below it too; 0: do not; -1: look no more.  0; -1: errno: take's, or as above.
 */
typedef int platform_take_descendant(void *argument, const struct platform_process *process);
int platform_each_descendant(pid_t top, platform_take_descendant *take, void *argument);

/* When it began, by the wall clock.  1; 0: there is none, or the system does not tell. */
int platform_process_began(pid_t pid, struct timespec *began);

/*
 * The same in ticks since the boot, which no change of the clock touches: together with pid and
 * platform_boot_id it says who somebody is.  1; 0: there is no such process; -1: errno.
 */
int platform_process_start_ticks(pid_t pid, unsigned long long *ticks);

/* A name for this run of the system.  1; 0: the system has none. */
int platform_boot_id(char *name, size_t size);

/*
 * Call take for each descriptor that pid has open, while it returns 0.  directory is the list that has
 * this number in it as a link to the file, target is what the link says.  What take returned last (0:
 * there is none); -1: errno; EACCES or EPERM: it may not be looked into; ENOSYS.
 */
typedef int platform_take_descriptor(void *argument, int directory, const char *number,
    const char *target);
int platform_each_descriptor(pid_t pid, platform_take_descriptor *take, void *argument);

/*
 * Has pid this file open?  Only what has a name that begins with this one is looked at, so that no file
 * server can make us wait.  1 or 0; -1: errno, as above: that cannot be told.
 */
int platform_process_has_open(pid_t pid, const struct stat *file, const char *name);

/* Who has a description of a file open that carries a flock. */
struct platform_holder {
	pid_t pid;
	pid_t taker;	/* who took the lock; it may be dead; 0: dead, or of another PID namespace */
	int is_shared;	/* the lock is */
	int can_write;	/* its description can, as a starter's does and no command's */
	char name[64];	/* pid's, as it chose it: to be cleaned before it is shown */
};

/*
 * All of them that are seen, each once, the caller among them; the caller frees the array.  name is as
 * above.  hidden counts the processes that may have it but may not be looked into, 1 where it is only
 * known that there are such.  0; -1: errno, ENOSYS: nobody's descriptors can be seen.
 */
int platform_lock_holders(const struct stat *file, const char *name,
    struct platform_holder **holders, size_t *count, int *hidden);

/* The effective user of pid.  1; 0: there is no such process; -1: errno, ENOSYS. */
int platform_process_user(pid_t pid, uid_t *user);

/* Was pid started with this variable at this value (NULL: any)?  1, 0; -1: errno: that cannot be told. */
int platform_process_has_variable(pid_t pid, const char *name, const char *value);

/* Exchange two names in a directory, in one step.  0; -1: errno, ENOSYS or EINVAL: it cannot be done here. */
int platform_exchange(int dir_fd, const char *a, const char *b);

/* Rename, unless the new name is there already: EEXIST.  Where that is no one step, it is nearly one. */
int platform_rename_new(int dir_fd, const char *from, const char *to);

/* Has this system a way to do that in one step, whatever kernel and file system say to it?  1 or 0. */
int platform_renames_strictly(void);

/* The same in one step, in which the file has one name all the time.  -1: ENOSYS, EINVAL, EPERM where there is none. */
int platform_rename_strictly(int dir_fd, const char *from, const char *to);

/*
 * A descriptor that becomes readable when a file is removed, renamed, written to or changed in its mode, or its directory
 * is removed or renamed.  directory and name are theirs; a system that can only watch names watches what has them by then,
 * so that whoever calls this looks at them afterwards.  -1: errno; ENOSYS: the system has no such thing, EMFILE: this user
 * has too many.
 */
int platform_watch(int file_fd, int dir_fd, const char *directory, const char *name);

/* Forget what it has told so far; -1 is none. */
void platform_watch_drain(int watch);

/* The name that pid has chosen, to be cleaned before it is shown.  1; 0: there is no such process; -1: errno. */
int platform_process_name(pid_t pid, char *name, size_t size);

/* A socket that listens. */
struct platform_listener {
	int family;			/* AF_INET, AF_INET6, AF_UNIX */
	pid_t pid;			/* who has it open, where the system tells that and not the inode; or 0 */
	unsigned long inode;
	uid_t user;			/* who has made it; of AF_UNIX it is not told */
	unsigned port;
	const unsigned char *address;	/* 4 bytes, or 16, as on the wire */
	int ipv6_alone;			/* AF_INET6: the kernel says that it takes no IPv4 */
	const char *name;		/* AF_UNIX: as in sun_path, not ended by a NUL */
	size_t name_length;
	unsigned long file;		/* AF_UNIX: the last 32 bits of its file's inode number; 0: not known */
};

/*
 * Call take for each socket of this family that listens in our network namespace (of Unix sockets those
 * that have a name), while it does not return -1.  0; -1: errno: take's, or the kernel does not tell.
 */
typedef int platform_take_listener(void *argument, const struct platform_listener *listener);
int platform_each_listener(int family, platform_take_listener *take, void *argument);

/*
 * The same for those that these processes have open, with pid, where the system tells it by process: that is to be tried first.
 * hidden is one that may not be looked into, or is left as it was.  -1: ENOSYS: it tells it by inode.
 */
int platform_each_listener_of(const pid_t *pids, size_t count, platform_take_listener *take, void *argument, pid_t *hidden);

/* A number for the network namespace that pid is in.  0: not known. */
unsigned long platform_net_namespace(pid_t pid);

/* The kernel's text of the sockets there: tcp, tcp6, unix.  A descriptor, or -1: errno. */
int platform_net_table(pid_t pid, const char *table);

/* Is this descriptor of pid a Unix socket?  1; or 0, also where the system does not tell. */
int platform_is_unix_socket(pid_t pid, int number);

/* Who listens at the other end of this Unix socket.  1; 0: the system does not tell. */
int platform_peer(int fd, pid_t *pid, uid_t *user);

/* The directory that pid is in, by its present path.  1; 0: it is not told. */
int platform_process_cwd(pid_t pid, char *path, size_t size);

/* Open the file that fd has open once more, with these flags.  -1: errno. */
int platform_open_again(int fd, int flags);

/* Is this file on a network or FUSE file system, which may ask elsewhere?  1 or 0; -1: errno. */
int platform_is_remote(int fd);

/* Open a directory on whose path there is no link, in one step.  -1: who wants to know why must walk the path. */
int platform_open_linkless(const char *path);

/* Does this errno of an open with O_NOFOLLOW say that it is a link?  1 or 0. */
int platform_is_link_error(int error);

/*
 * Open the directory name in dir_fd only to go on from there: also one that we may enter but not read,
 * where the system can.  flags: O_NOFOLLOW or 0.  -1: ENOTDIR or an errno as above where it is a link.
 */
int platform_open_to_search(int dir_fd, const char *name, int flags);

/*
 * What a link says and whose it is, both of the same link, whatever gets its name meanwhile.  The
 * length; 0: it is one of /proc's, which only the kernel can follow; -1: EINVAL it is no link, …
 */
ssize_t platform_read_link(int dir_fd, const char *name, struct stat *link, char *text, size_t size);

/* A name for the pid namespace that this process is in.  1; 0: the system has none. */
int platform_pid_namespace(char *name, size_t size);

/*
 * A datagram socket for sd_notify at a name of its own, and what to put into $NOTIFY_SOCKET.
 * Nothing is left in the file system where the system has abstract names; else path is used.
 */
int platform_notify_socket(const char *path, char *name, size_t size);

struct platform_sender {
	pid_t pid;	/* -1: the system does not tell */
	uid_t uid;	/* (where it does not, the caller's: nobody else reaches the socket) */
	int attaches;	/* something that is let go of with the datagram */
};

/*
 * The next datagram and who sent it, without waiting; it stays there, and so does what is attached to it.
 * Its length, or -1.
 */
ssize_t platform_notify_peek(int fd, char *bytes, size_t size, struct platform_sender *sender);

/* Take it out, with what is attached: that may last as long as the sender likes. */
void platform_notify_drop(int fd);

#endif
