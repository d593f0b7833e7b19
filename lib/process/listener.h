/* Who listens at an address of this machine, where the kernel tells. */
#ifndef LISTENER_H
#define LISTENER_H

#include <sys/socket.h>
#include <sys/types.h>

#include <stddef.h>

struct listener {
	int is_known;		/* of the rest, anything is */
	uid_t user;
	pid_t pid;		/* 0: not known, or not looked for yet */
	unsigned long inode;	/* of its socket; 0: not known */
};

/*
 * To whose socket a TCP connection to this address goes; or whose a connected Unix socket's other end is.  Where that is
 * not known, as of another machine, *found says so.
 */
void listener_find(const struct sockaddr *address, struct listener *found);
void listener_find_peer(int fd, struct listener *found);

/* In words: "process 12 (python3)", as far as it can be seen. */
void listener_describe(const struct listener *listener, char *text, size_t size);

#endif
