/* A double for tests alone: of sysctl(3) and <sys/sysctl.h> of FreeBSD 14 what lib/platform uses. */
#ifndef SYS_SYSCTL_H
#define SYS_SYSCTL_H

#include <sys/types.h>

#define CTL_KERN		1
#define KERN_PROC		14
#define KERN_BOOTTIME		21
#define KERN_PROC_PID		1
#define KERN_PROC_PROC		8
#define KERN_PROC_ENV		35
#define KERN_PROC_CWD		42

int sysctl(const int *name, unsigned name_length, void *old, size_t *old_size, const void *new, size_t new_size);

#endif
