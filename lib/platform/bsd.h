/*
 * What the BSDs and macOS tell of processes by sysctl(3), each in structures of its own; nobody else includes it.
 * bsd_process.c makes of it what platform.h promises.
 */
#ifndef BSD_H
#define BSD_H

#include <sys/types.h>

#include <stddef.h>
#include <time.h>

#include "platform/platform.h"

/* One process.  start_ticks are microseconds, from a moment that no change of the clock moves. */
struct bsd_process {
	struct platform_process process;
	uid_t user;
	struct timespec began;	/* by the wall clock */
	char name[64];
};

/* All processes where pid is 0, else that one or none; the caller frees the array.  -1: errno. */
int bsd_read(pid_t pid, struct bsd_process **list, size_t *count);

/* The variables of a process, each ended by a NUL; the caller frees them.  -1: errno. */
int bsd_environment(pid_t pid, char **text, size_t *length);

/* What sysctl(3) has under this name, however much it grows meanwhile; the caller frees it.  NULL: errno. */
void *bsd_sysctl(int *name, unsigned length, size_t *size);

/* Microseconds between the boot, as the clock has it at present, and a time that the kernel gave by the same clock. */
unsigned long long bsd_since_boot(long long seconds, long microseconds);

/*
 * The processes that sysctl(3) has under this name, each a structure of size bytes of which set makes one of ours: for
 * bsd_read, and with its answer.
 */
int bsd_read_by(int *name, unsigned length, size_t size, void (*set)(struct bsd_process *, const void *),
    struct bsd_process **list, size_t *count);

/* The members of a process that every system tells. */
void bsd_set(struct bsd_process *process, pid_t pid, pid_t parent, pid_t group, pid_t session, char state);
void bsd_set_start(struct bsd_process *process, long long seconds, long microseconds);

#endif
