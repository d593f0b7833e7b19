/* Process numbers, each once, in the order in which they came; however many there are, one is found at once. */
#ifndef PIDS_H
#define PIDS_H

#include <sys/types.h>

#include <stddef.h>

/* Zero-filled it is empty. */
struct pids {
	pid_t *items;
	size_t count;
	size_t room;
	size_t *slots;	/* twice as many as there is room for items: the place of one, from 1, where its number leads */
};

/* errno stays. */
void pids_free(struct pids *pids);

/* Is it one of them? */
int pids_has(const struct pids *pids, pid_t pid);

/* One more.  1; 0: it is there already; -1: ENOMEM. */
int pids_add(struct pids *pids, pid_t pid);

#endif
