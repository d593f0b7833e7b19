/*
 * What only some systems have.  The one file behind this header, platform.c, chooses between the
 * system's own means and a POSIX fallback; nobody else has an #ifdef.
 */
#ifndef PLATFORM_H
#define PLATFORM_H

#include <sys/stat.h>
#include <sys/types.h>

#include <dirent.h>
#include <stddef.h>
#include <time.h>

/*
 * A descriptor that means this very process, however often its number is used again; readable
 * once the process has ended, a zombie too.  -1: ESRCH gone, ENOSYS the system has none.
 */
int platform_pidfd_open(pid_t pid);
int platform_pidfd_signal(int pidfd, int signal_number);

/* Make orphaned descendants children of this process.  -1: ENOSYS. */
int platform_adopt_orphans(void);

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

/* Close every descriptor from 3 on but those in keep (sorted, ascending). */
void platform_close_all_but(const int *keep, size_t count);

struct platform_process {
	pid_t pid;
	pid_t parent;
	pid_t session;
	char state;	/* as ps shows it; Z is a zombie */
};

/* All processes, or those that we may see; the caller frees the array.  -1: errno, ENOSYS: never. */
int platform_processes(struct platform_process **list, size_t *count);

/* One of them.  1; 0: there is none; -1: errno. */
int platform_process(pid_t pid, struct platform_process *process);

/* When it began, by the wall clock.  1; 0: there is none, or the system does not tell. */
int platform_process_began(pid_t pid, struct timespec *began);

/* Has pid this file open, which has this name?  1 or 0; -1: the system does not tell us. */
int platform_process_has_open(pid_t pid, const struct stat *file, const char *name);

/* The list of what pid has open, where there is /proc.  NULL: errno; 0 it has nothing open. */
DIR *platform_open_descriptors(pid_t pid);

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
