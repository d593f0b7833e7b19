/* Children without /proc: the kernel is asked about numbers of processes; only the files of this system include it. */
#ifndef LINUX_NUMBERS_H
#define LINUX_NUMBERS_H

#include <sys/types.h>

#include "base/pids.h"
#include "platform/platform.h"

/* platform_children; zombies only while anybody else is left. */
int numbers_children(enum platform_children which, struct pids *children);

/* The number that was given to a process last: to a child that ends at once.  0: none can be made. */
pid_t numbers_newest(void);

#endif
