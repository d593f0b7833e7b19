/* Processes that cannot be mistaken for others: a pidfd where the system has it, else the pid. */
#ifndef PROCESS_H
#define PROCESS_H

#include <sys/stat.h>
#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

/* A process that runs or ran; pidfd is -1 where the system has none. */
struct process {
	pid_t pid;
	int pidfd;
};

/* 1: it is there; 0: no such process; -1. */
int process_open(struct process *process, pid_t pid);
void process_close(struct process *process);

/* -1: ESRCH gone; EPERM. */
int process_signal(const struct process *process, int signal_number);

/* The same with platform_value_signal, or another that is queued, and a number for it.  -1: EAGAIN, ENOSYS too. */
int process_signal_value(const struct process *process, int signal_number, int value);

/* Has it ended (a zombie has)?  1 or 0. */
int process_is_gone(const struct process *process);

/* Wait until it has ended, by event where the system can.  1: gone, 0: deadline. */
int process_wait_gone(const struct process *process, int64_t deadline);

/* The same for the first of two.  1: a is gone, 2: b is and a is not, 0: deadline. */
int process_wait_either(const struct process *a, const struct process *b, int64_t deadline);

/* Does pid run?  1 or 0; a zombie does not, one that is not ours to signal does. */
int process_is_alive(pid_t pid);

/*
 * Has pid this file open, by a name that begins with this one, or has its parent?  1 or 0; -1: the system does
 * not tell.  The daemon that
 * a lock file names does; what got its number after its death does not.
 */
int process_keeps_open(pid_t pid, const struct stat *file, const char *name);

/* Did pid begin only after the file was written?  1; or 0, also when that cannot be told. */
int process_is_younger(pid_t pid, const struct stat *file);

/* Somebody, for people: to be cleaned before it is shown. */
struct process_name {
	pid_t pid;
	char name[64];
};

/* The name that the system has for it; empty, where that is not known. */
void process_name(struct process_name *name, pid_t pid);

/* Who somebody is: his number, and when it became his, for it may be used again; 0: whenever. */
struct process_identity {
	pid_t pid;
	unsigned long long start_ticks;
};

#endif
