/*
 * /proc on Linux; only the files of this system include it.
 *
 * Invariants:
 *   1. Nothing below /proc is opened but from the descriptor that proc_open has checked: one of
 *      another PID namespace has other processes under our numbers.  Such a one is none (ENOSYS), but
 *      for what needs no number: the names of this boot and of our namespace.
 *   2. What exists but may not be looked into is never "there is nothing": that is -1 with EACCES or
 *      EPERM, also where the mount hides it (hidepid) and its directory seems to be missing.
 */
#ifndef LINUX_PROC_H
#define LINUX_PROC_H

#include <sys/types.h>

#include <dirent.h>
#include <stddef.h>

#include "platform/platform.h"

#define PROC_MAGIC 0x9fa0	/* what statfs(2) calls it */

/* The directory /proc, if it shows the processes of our PID namespace.  -1: errno; ENOSYS: it does not. */
int proc_open(void);

/* Something in a process's directory.  -1: errno; ESRCH: there is no such process, or no such thing. */
int proc_open_of(int proc, pid_t pid, const char *name, int flags);

/*
 * A list in a process's directory; *fd is its descriptor.  NULL: errno as proc_open_of has it, also where the
 * process has ended since it was opened.
 */
DIR *proc_list_of(int proc, pid_t pid, const char *name, int *fd);

/* The next name in a list.  NULL: the end, and errno is 0; or errno. */
const char *proc_next(DIR *list);

/* The beginning of a file, as a string; fd, which may be -1, is closed.  Its length, or -1. */
ssize_t proc_read_text(int fd, char *text, size_t size);

/* Does this errno say that somebody may not be looked into? */
int proc_refused(int error);

/* The directory of pid is not there: does the process exist all the same? */
int proc_hides(int proc, pid_t pid);

struct proc_stat {
	struct platform_process process;
	unsigned flags;
	int threads;	/* 0: it does not say */
	int first_has_ended;	/* the first thread, while others run */
};

/* What /proc/PID/stat says.  1; 0: there is no such process; -1. */
int proc_read_stat(int proc, pid_t pid, struct proc_stat *found);

/*
 * Call take for every process that is listed, while it returns 0.  What it returned last; -1 also when
 * the list cannot be had.
 */
int proc_each(int proc, int (*take)(void *argument, int proc, pid_t pid), void *argument);

#endif
